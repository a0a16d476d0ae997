import { coreErrors } from './core-errors.ts'

/**
 * Rejects, at run time, an option that a verb does not have, with the nearest name that it has; and `null`, which is
 * never a value here (`undefined` means the default). JavaScript callers and misspelt keys in spread objects get past
 * the compiler; a deploy must not run with an option that nobody read.
 *
 * @throws UNKNOWN_OPTION, INVALID_OPTION
 */
export function checkOptions(verb: string, options: unknown, known: readonly string[]): void {
  if (options === undefined) return
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw coreErrors.INVALID_OPTION({ verb, option: 'options', given: describeValue(options), expected: 'an object' })
  }
  for (const [option, value] of Object.entries(options)) {
    if (!known.includes(option)) {
      throw coreErrors.UNKNOWN_OPTION({ verb, option, nearest: nearestName(option, known), known })
    }
    if (value === null) {
      throw coreErrors.INVALID_OPTION({ verb, option, given: 'null', expected: 'a value, or nothing for the default' })
    }
  }
}

/** A short, bounded description of a value that was given; never call it with a secret. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'missing'
  // JSON has no NaN and no Infinity, and would call them null.
  if (typeof value === 'number') return String(value)
  const text = asJson(value) ?? (typeof value === 'object' ? 'an object' : `a ${typeof value}`)
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}

function asJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    // A cycle or a bigint: bad input is described, whatever it is.
    return undefined
  }
}

/** The known name that is nearest to a misspelt one, if any is near enough to be meant. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const wanted = name.toLowerCase()
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(wanted, candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)
  const best = ranked[0]
  return best && best.distance <= Math.max(2, Math.floor(name.length / 3)) ? best.candidate : undefined
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min((row[j - 1] ?? 0) + 1, (previous[j] ?? 0) + 1, substitution))
    }
    previous = row
  }
  return previous[b.length] ?? 0
}
