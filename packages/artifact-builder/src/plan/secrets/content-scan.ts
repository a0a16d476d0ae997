import type { SecretMatch } from '../secret-rules.ts'
import { connectionRules } from './connection-strings.ts'
import { isSecretMatch, valueOf, type ContentRule } from './content-rule.ts'
import { literalSearch, type LiteralSearch } from './literal-search.ts'
import { privateKeyRules } from './private-keys.ts'
import { latin1 } from './text-bytes.ts'
import { tokenRules } from './token-rules.ts'

/** The rules for files of every name. */
export const contentRules: readonly ContentRule[] = [...privateKeyRules, ...connectionRules, ...tokenRules]

const literals = contentRules.flatMap((rule) => rule.literals.map((literal) => ({ rule, literal })))

let opened: LiteralSearch | undefined

/** Made by the first search of a thread: the caller's own has none to do. */
function openSearch(): LiteralSearch {
  return (opened ??= literalSearch(literals.map(({ literal }) => literal)))
}

/** How far a rule looks back from a literal's beginning, and ahead. */
export const lookBehindBytes = Math.max(...contentRules.map(({ before }) => before))
export const lookAheadBytes = Math.max(...contentRules.map(({ after }) => after))

/**
 * The secrets whose literals begin in `bytes` from `from` up to and without `to`. Where {@link lookBehindBytes} and
 * {@link lookAheadBytes} around them are in sight, the answer does not depend on where `bytes` begins and ends.
 */
export function secretsInBytes(bytes: Uint8Array, from: number, to: number): readonly SecretMatch[] {
  const found: SecretMatch[] = []
  openSearch().search(bytes, from, to, (index, start) => {
    const { rule } = literals[index] as (typeof literals)[number]
    const place = secretAt(rule, bytes, start)
    if (place !== undefined) found.push({ rule: rule.rule, index: place })
  })
  return found
}

/** Where the value of the match that covers a literal begins. */
function secretAt(rule: ContentRule, bytes: Uint8Array, start: number): number | undefined {
  const { pattern, before, after } = rule
  const from = Math.max(0, start - before)
  const text = latin1(bytes, from, Math.min(bytes.length, start + after))
  const at = start - from
  pattern.lastIndex = pattern.sticky ? at : 0
  for (let match = pattern.exec(text); match !== null && match.index <= at; match = pattern.exec(text)) {
    if (match.index + match[0].length <= at || !isSecretMatch(rule, match)) continue
    return from + match.index + match[0].lastIndexOf(valueOf(match))
  }
  return undefined
}
