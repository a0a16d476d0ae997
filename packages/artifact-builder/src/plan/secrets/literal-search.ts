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
  /** The triples of bytes that may begin at each of the first two. */
  readonly triples: readonly (readonly number[])[]
}

const windowBytes = 4
const tripleBytes = 3
const step = 2

/** What the table says of a triple: that an anchor has it at its first byte, at its second one. */
const atFirst = 1
const atSecond = 2

/**
 * Finds literals in bytes, many at once, without making a string of them. Each window of four bytes has exactly one
 * triple that begins at a multiple of two, so that looking at every second triple misses no literal; nearly all triples
 * are in no literal, other than pairs, of which one in nine was. It is a search by sampled q-grams (Sutinen and Tarhio,
 * 1995) and not by shifts as Wu and Manber's: each step of theirs has to wait for what the table says of the one before.
 */
export function literalSearch(literals: readonly Literal[]): LiteralSearch {
  const anchors = chooseAnchors(literals)
  const places = tableOfPlaces(anchors)
  const buckets = bucketsBySecondTriple(anchors)
  const longest = Math.max(...literals.map(({ text }) => text.length)) + windowBytes
  return {
    search: (bytes, from, to, onHit) => {
      const tryWindow = (start: number) => {
        for (const anchor of buckets.get(slotAt(bytes, start + 1)) ?? []) {
          const begin = start - anchor.at
          if (begin >= from && begin < to && standsAt(anchor, bytes, begin)) onHit(anchor.index, begin)
        }
      }
      // A literal at the file's very beginning has no byte before it. A read out of bounds, even once, would make V8
      // compile the slow kind of read into the loop.
      if (from === 0 && bytes.length >= tripleBytes) tryWindow(-1)
      searchWindows(places, bytes, Math.max(0, from - 1), Math.min(bytes.length, to + longest), tryWindow)
    },
  }
}

/** Calls `tryWindow` for each place whose two triples both stand in the table, at their own places. */
function searchWindows(
  places: Uint8Array,
  bytes: Uint8Array,
  from: number,
  to: number,
  tryWindow: (start: number) => void,
): void {
  let at = from
  for (;;) {
    at = nextCandidate(places, bytes, at, to - tripleBytes)
    if (at < 0) return
    const seen = places[slotAt(bytes, at)] as number
    if (seen & atFirst && at + windowBytes <= to && (places[slotAt(bytes, at + 1)] as number) & atSecond) tryWindow(at)
    if (seen & atSecond && at > from && (places[slotAt(bytes, at - 1)] as number) & atFirst) tryWindow(at - 1)
    at += step
  }
}

/**
 * The next place, in steps, whose triple is in the table; -1 where none is up to and with `last`. The hottest loop of a
 * build: it calls nothing, and asks one question about four triples.
 */
function nextCandidate(places: Uint8Array, bytes: Uint8Array, from: number, last: number): number {
  let at = from
  for (const end = last - 3 * step; at <= end; at += 4 * step) {
    const seen =
      (places[slotAt(bytes, at)] as number) |
      (places[slotAt(bytes, at + 2)] as number) |
      (places[slotAt(bytes, at + 4)] as number) |
      (places[slotAt(bytes, at + 6)] as number)
    if (seen !== 0) break
  }
  for (; at <= last; at += step) if (places[slotAt(bytes, at)] !== 0) return at
  return -1
}

function slotAt(bytes: Uint8Array, at: number): number {
  return slotOf(((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number))
}

/** The place of a triple in the table, which is smaller than the number of triples: few share one (Fibonacci hashing). */
function slotOf(triple: number): number {
  return Math.imul(triple, 0x9e3779b1) >>> 16
}

function standsAt({ text, anyCase }: Anchor, bytes: Uint8Array, start: number): boolean {
  for (let at = 0; at < text.length; at++) {
    const wanted = text.charCodeAt(at)
    const found = bytes[start + at]
    if (found !== wanted && !(anyCase && found === otherCase(wanted))) return false
  }
  return true
}

/** For each triple of bytes whether, and where, an anchor has it. */
function tableOfPlaces(anchors: readonly Anchor[]): Uint8Array {
  const places = new Uint8Array(0x10000)
  for (const { triples } of anchors) {
    for (const [place, atPlace] of triples.entries()) {
      for (const triple of atPlace) {
        places[slotOf(triple)] = (places[slotOf(triple)] as number) | (place === 0 ? atFirst : atSecond)
      }
    }
  }
  return places
}

function bucketsBySecondTriple(anchors: readonly Anchor[]): ReadonlyMap<number, readonly Anchor[]> {
  const buckets = new Map<number, Set<Anchor>>()
  for (const anchor of anchors) {
    for (const triple of anchor.triples[1] ?? []) {
      const slot = slotOf(triple)
      buckets.set(slot, (buckets.get(slot) ?? new Set()).add(anchor))
    }
  }
  return new Map([...buckets].map(([slot, some]) => [slot, [...some]]))
}

/** Of each literal the window whose triples are rare, or are in the table already: the fewer triples, the faster. */
function chooseAnchors(literals: readonly Literal[]): readonly Anchor[] {
  const taken = new Set<number>()
  const cost = ({ triples }: Anchor) =>
    [...new Set(triples.flat())].filter((one) => !taken.has(one)).reduce((sum, one) => sum + commonness(one), 0)
  return literals.map((literal, index) => {
    const [first, ...others] = possibleAnchors(literal, index)
    if (first === undefined) throw new Error(`a literal needs ${tripleBytes} characters: ${literal.text}`)
    const best = others.reduce((best, other) => (cost(other) < cost(best) ? other : best), first)
    for (const triple of best.triples.flat()) taken.add(triple)
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
    triples: [0, 1].map((place) => triplesOf(window[place] ?? [], window[place + 1] ?? [], window[place + 2] ?? [])),
  })
  if (text.length === tripleBytes) return [anchorAt(-1, [bytesLike(after), ...bytes])]
  const count = Math.max(0, text.length - windowBytes + 1)
  return Array.from({ length: count }, (_, at) => anchorAt(at, bytes.slice(at, at + windowBytes)))
}

/** The bytes of a folder of packages, the most frequent first. */
const byFrequency = ' \0etrnosiaHAlcu\npd,\u0001\u00ff$(f.)m\u0002hg_LI"=0EDByC;:bx1/SvQNTF\t{}'
const ranks = new Map([...byFrequency].map((letter, rank) => [letter.charCodeAt(0), rank]))

/** How often a triple of bytes stands in a text, by Zipf's law. */
function commonness(triple: number): number {
  const frequency = (byte: number) => 1 / ((ranks.get(byte) ?? byFrequency.length) + 3)
  return frequency(triple >> 16) * frequency((triple >> 8) & 0xff) * frequency(triple & 0xff)
}

function triplesOf(first: readonly number[], second: readonly number[], third: readonly number[]): readonly number[] {
  return first.flatMap((high) => second.flatMap((middle) => third.map((low) => (high << 16) | (middle << 8) | low)))
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
