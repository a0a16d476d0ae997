/**
 * Finds literals in bytes, many at once, without making a string of them. Every window of four bytes holds exactly one
 * pair of bytes that begins at a multiple of three, so that looking at each third pair misses no literal; most pairs are
 * in no literal, and the search goes on. It is sampled q-grams (Sutinen and Tarhio, 1995) in place of Wu and Manber's
 * shifts: each step of theirs waits for the table's answer to the one before, these do not.
 */
export interface Literal {
  /** ASCII, three characters at least. */
  readonly text: string
  /** Whether a letter stands for its other case too. */
  readonly anyCase?: boolean | undefined
  /** Of a text of three characters: the bytes that may stand before it. Default: whatever is no letter or digit. */
  readonly after?: RegExp | undefined
}

export interface LiteralSearch {
  /**
   * Calls `onHit` for each literal that begins in `bytes` from `from` up to and without `to`, with its index in the
   * list. A literal that bytes beyond `to` complete is a hit.
   */
  readonly search: (
    bytes: Uint8Array,
    from: number,
    to: number,
    onHit: (literal: number, start: number) => void,
  ) => void
}

const windowBytes = 4
const step = 3

/** A literal and which of its bytes the table knows. */
interface Anchored {
  readonly index: number
  readonly text: string
  readonly anyCase: boolean
  /** Where the window begins in the text; -1 where it takes in the byte before. */
  readonly at: number
  /** The bytes that may stand at each place of the window. */
  readonly window: readonly (readonly number[])[]
}

/** Makes the tables for a list of literals. */
export function literalSearch(literals: readonly Literal[]): LiteralSearch {
  const anchored = literals.map(anchor)
  /** For each pair of bytes: bit N is set where some window has it at its byte N. */
  const places = new Uint8Array(0x10000)
  /** By the last pair of a window. */
  const buckets = new Map<number, Anchored[]>()
  for (const literal of anchored) {
    for (let place = 0; place < step; place++) {
      for (const pair of pairsAt(literal, place)) places[pair] = (places[pair] as number) | (1 << place)
    }
    for (const pair of new Set(pairsAt(literal, step - 1))) buckets.set(pair, [...(buckets.get(pair) ?? []), literal])
  }

  const search: LiteralSearch['search'] = (bytes, from, to, onHit) => {
    const tryWindow = (start: number) => {
      const bucket = buckets.get(pairOf(bytes, start + 2))
      if (bucket === undefined) return
      for (const literal of bucket) {
        const begin = start - literal.at
        if (begin >= from && begin < to && standsAt(literal, bytes, begin)) onHit(literal.index, begin)
      }
    }
    const hasAll = (start: number) =>
      start + windowBytes <= bytes.length &&
      ((places[pairOf(bytes, start)] as number) & 1) !== 0 &&
      ((places[pairOf(bytes, start + 1)] as number) & 2) !== 0 &&
      ((places[pairOf(bytes, start + 2)] as number) & 4) !== 0
    const look = (pair: number, seen: number) => {
      if (seen & 4 && pair >= 2 && hasAll(pair - 2)) tryWindow(pair - 2)
      if (seen & 2 && pair >= 1 && hasAll(pair - 1)) tryWindow(pair - 1)
      if (seen & 1 && hasAll(pair)) tryWindow(pair)
    }

    // A text of three characters at the very beginning has no byte before it.
    if (from === 0) tryWindow(-1)
    // A window may begin a whole literal behind the literal's own beginning.
    const end = Math.min(bytes.length, to + longest) - 1
    const begin = Math.max(0, from - 1)
    for (let pair = begin; pair < end; pair += step) {
      const seen = places[((bytes[pair] as number) << 8) | (bytes[pair + 1] as number)] as number
      if (seen !== 0) look(pair, seen)
    }
  }
  const longest = Math.max(0, ...literals.map(({ text }) => text.length)) + windowBytes
  return { search }
}

function pairOf(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
}

function standsAt({ text, anyCase }: Anchored, bytes: Uint8Array, start: number): boolean {
  for (let at = 0; at < text.length; at++) {
    const wanted = text.charCodeAt(at)
    const found = bytes[start + at]
    if (found !== wanted && !(anyCase && found === otherCase(wanted))) return false
  }
  return true
}

function anchor(literal: Literal, index: number): Anchored {
  const { text, anyCase = false, after = /[^A-Za-z0-9]/ } = literal
  if (text.length < step) throw new Error(`a literal needs ${step} characters: ${text}`)
  const bytes = [...text].map((letter) => variants(letter.charCodeAt(0), anyCase))
  if (text.length === step) {
    const before = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) =>
      after.test(String.fromCharCode(byte)),
    )
    return { index, text, anyCase, at: -1, window: [before, ...bytes] }
  }
  const at = rarestWindow(text)
  return { index, text, anyCase, at, window: bytes.slice(at, at + windowBytes) }
}

/** Where a literal looks least like prose and code: the fewer windows of other texts look alike, the faster. */
function rarestWindow(text: string): number {
  const cost = (at: number) =>
    [...text.slice(at, at + windowBytes)].reduce((sum, letter) => sum + commonness(letter), 0)
  const starts = Array.from({ length: text.length - windowBytes + 1 }, (_, at) => at)
  return starts.reduce((best, at) => (cost(at) < cost(best) ? at : best), 0)
}

function commonness(letter: string): number {
  if (/[ /]/.test(letter)) return 5
  if (/[etaoinsrlcdu]/.test(letter)) return 4
  if (/[a-z]/.test(letter)) return 3
  return /[._:="-]/.test(letter) ? 2 : 1
}

function pairsAt({ window }: Anchored, place: number): readonly number[] {
  const [first = [], second = []] = window.slice(place, place + 2)
  return first.flatMap((high) => second.map((low) => (high << 8) | low))
}

function variants(byte: number, anyCase: boolean): readonly number[] {
  return anyCase && otherCase(byte) !== byte ? [byte, otherCase(byte)] : [byte]
}

function otherCase(byte: number): number {
  const isLetter = (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)
  return isLetter ? byte ^ 0x20 : byte
}
