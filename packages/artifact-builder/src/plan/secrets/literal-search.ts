/** One of the texts that are looked for. */
export interface Literal {
  /** ASCII, three characters at least. */
  readonly text: string
  /** Whether a letter stands for its other case too. */
  readonly anyCase?: boolean | undefined
  /** Of a text of three characters: what may stand before it, the file's beginning too. Default: no letter, no digit. */
  readonly after?: RegExp | undefined
}

export interface LiteralSearch {
  /**
   * Calls `onHit` for each literal that begins in `bytes` from `from` up to and without `to`, with its index in the
   * list, more or less in order of place. A literal that bytes beyond `to` complete is a hit.
   */
  readonly search: (
    bytes: Uint8Array,
    from: number,
    to: number,
    onHit: (literal: number, start: number) => void,
  ) => void
}

/** Four bytes of a literal, by which it is found. */
interface Anchor {
  readonly index: number
  readonly text: string
  readonly anyCase: boolean
  /** Where they begin in the text; -1 where they take in the byte before it. */
  readonly at: number
  /** The pairs of bytes that may begin at each of the first three. */
  readonly pairs: readonly (readonly number[])[]
}

const windowBytes = 4
const step = 3

/**
 * Finds literals in bytes, many at once, without making a string of them. Each window of four bytes has exactly one pair
 * that begins at a multiple of three, so that looking at every third pair misses no literal; nearly all pairs are in no
 * literal. It is a search by sampled q-grams (Sutinen and Tarhio, 1995) and not by shifts as Wu and Manber's: each step
 * of theirs has to wait for what the table says of the one before.
 */
export function literalSearch(literals: readonly Literal[]): LiteralSearch {
  const anchors = chooseAnchors(literals)
  const places = tableOfPlaces(anchors)
  const buckets = bucketsByLastPair(anchors)
  const longest = Math.max(...literals.map(({ text }) => text.length)) + windowBytes
  return {
    search: (bytes, from, to, onHit) => {
      const tryWindow = (start: number) => {
        for (const anchor of buckets.get(pairAt(bytes, start + 2)) ?? []) {
          const begin = start - anchor.at
          if (begin >= from && begin < to && standsAt(anchor, bytes, begin)) onHit(anchor.index, begin)
        }
      }
      // A literal at the file's very beginning has no byte before it. A read out of bounds, even once, would make V8
      // compile the slow kind of read into the loop.
      if (from === 0 && bytes.length >= step) tryWindow(-1)
      searchWindows(places, bytes, Math.max(0, from - 1), Math.min(bytes.length, to + longest), tryWindow)
    },
  }
}

/** Calls `tryWindow` for each place whose three pairs all stand in the table, at their own places. */
function searchWindows(
  places: Uint8Array,
  bytes: Uint8Array,
  from: number,
  to: number,
  tryWindow: (start: number) => void,
): void {
  // The hottest loop of a build. It looks at the pairs that end the windows at from, from + 3, …, and asks one question
  // about four of them, which is twice as fast as four questions.
  let at = from + 2
  for (const end = to - 4 * step; at < end; at += 4 * step) {
    const seen =
      (places[pairAt(bytes, at)] as number) |
      (places[pairAt(bytes, at + 3)] as number) |
      (places[pairAt(bytes, at + 6)] as number) |
      (places[pairAt(bytes, at + 9)] as number)
    if (seen === 0) continue
    for (let near = at; near < at + 4 * step; near += step) {
      if (!isInWindow(places, bytes, near)) continue
      for (let start = near - 2; start <= near; start++) tryWindow(start)
    }
  }
  for (let start = at - 2; start <= to - windowBytes; start++) tryWindow(start)
}

/** Whether the pairs around one are those of a window too. Without branches: a guess that fails costs more than a look. */
function isInWindow(places: Uint8Array, bytes: Uint8Array, at: number): boolean {
  const seen = places[pairAt(bytes, at)] as number
  if (seen === 0) return false
  const before = places[pairAt(bytes, at - 1)] as number
  const behind = places[pairAt(bytes, at + 1)] as number
  const begun = seen & (behind >> 1) & ((places[pairAt(bytes, at + 2)] as number) >> 2)
  const between = (seen >> 1) & before & (behind >> 2)
  const ended = (seen >> 2) & (before >> 1) & (places[pairAt(bytes, at - 2)] as number)
  return ((begun | between | ended) & 1) !== 0
}

function pairAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
}

function standsAt({ text, anyCase }: Anchor, bytes: Uint8Array, start: number): boolean {
  for (let at = 0; at < text.length; at++) {
    const wanted = text.charCodeAt(at)
    const found = bytes[start + at]
    if (found !== wanted && !(anyCase && found === otherCase(wanted))) return false
  }
  return true
}

/** For each pair of bytes: bit N is set where an anchor has it at its byte N. */
function tableOfPlaces(anchors: readonly Anchor[]): Uint8Array {
  const places = new Uint8Array(0x10000)
  for (const { pairs } of anchors) {
    for (const [place, atPlace] of pairs.entries()) {
      for (const pair of atPlace) places[pair] = (places[pair] as number) | (1 << place)
    }
  }
  return places
}

function bucketsByLastPair(anchors: readonly Anchor[]): ReadonlyMap<number, readonly Anchor[]> {
  const buckets = new Map<number, Anchor[]>()
  for (const anchor of anchors) {
    for (const pair of anchor.pairs[step - 1] ?? []) buckets.set(pair, [...(buckets.get(pair) ?? []), anchor])
  }
  return buckets
}

/** Of each literal the window whose pairs are rare, or are in the table already: the fewer pairs, the faster. */
function chooseAnchors(literals: readonly Literal[]): readonly Anchor[] {
  const taken = new Set<number>()
  const cost = ({ pairs }: Anchor) =>
    [...new Set(pairs.flat())].filter((pair) => !taken.has(pair)).reduce((sum, pair) => sum + commonness(pair), 0)
  return literals.map((literal, index) => {
    const [first, ...others] = possibleAnchors(literal, index)
    if (first === undefined) throw new Error(`a literal needs ${step} characters: ${literal.text}`)
    const best = others.reduce((best, other) => (cost(other) < cost(best) ? other : best), first)
    for (const pair of best.pairs.flat()) taken.add(pair)
    return best
  })
}

function possibleAnchors(literal: Literal, index: number): readonly Anchor[] {
  const { text, anyCase = false, after = /[^A-Za-z0-9]/ } = literal
  const bytes = [...text].map((letter) => variants(letter.charCodeAt(0), anyCase))
  const anchorAt = (at: number, window: readonly (readonly number[])[]) => ({
    index,
    text,
    anyCase,
    at,
    pairs: [0, 1, 2].map((place) => pairsOf(window[place] ?? [], window[place + 1] ?? [])),
  })
  if (text.length === step) return [anchorAt(-1, [bytesLike(after), ...bytes])]
  const count = Math.max(0, text.length - windowBytes + 1)
  return Array.from({ length: count }, (_, at) => anchorAt(at, bytes.slice(at, at + windowBytes)))
}

/** The bytes of a folder of packages, the most frequent first. */
const byFrequency = ' \0etrnosiaHAlcu\npd,\u0001\u00ff$(f.)m\u0002hg_LI"=0EDByC;:bx1/SvQNTF\t{}'
const ranks = new Map([...byFrequency].map((letter, rank) => [letter.charCodeAt(0), rank]))

/** How often a pair of bytes stands in a text, by Zipf's law. */
function commonness(pair: number): number {
  const frequency = (byte: number) => 1 / ((ranks.get(byte) ?? byFrequency.length) + 3)
  return frequency(pair >> 8) * frequency(pair & 0xff)
}

function pairsOf(first: readonly number[], second: readonly number[]): readonly number[] {
  return first.flatMap((high) => second.map((low) => (high << 8) | low))
}

function bytesLike(pattern: RegExp): readonly number[] {
  return Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => pattern.test(String.fromCharCode(byte)))
}

function variants(byte: number, anyCase: boolean): readonly number[] {
  return anyCase && otherCase(byte) !== byte ? [byte, otherCase(byte)] : [byte]
}

function otherCase(byte: number): number {
  const isLetter = (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)
  return isLetter ? byte ^ 0x20 : byte
}
