import { openKernel } from '../kernel/kernel.ts'

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
  const { triplePlaces, findWindows } = openKernel()
  // Those of another search only make for windows in which no literal of this one is found.
  enterTriples(triplePlaces, anchors)
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
      // A literal at the file's very beginning has no byte before it.
      if (from === 0 && bytes.length >= tripleBytes) tryWindow(-1)
      findWindows(bytes, Math.max(0, from - 1), Math.min(bytes.length, to + longest) - windowBytes, tryWindow)
    },
  }
}

function slotAt(bytes: Uint8Array, at: number): number {
  return slotOf(tripleOf(bytes[at] as number, bytes[at + 1] as number, bytes[at + 2] as number))
}

/** As it stands in memory, the first byte lowest. */
function tripleOf(first: number, second: number, third: number): number {
  return first | (second << 8) | (third << 16)
}

/** The place of a triple in the kernel's table, which is smaller than the number of triples: few share one (Fibonacci hashing). */
function slotOf(triple: number): number {
  return Math.imul(triple << 8, 0x9e3779b1) >>> 16
}

function standsAt({ text, anyCase }: Anchor, bytes: Uint8Array, start: number): boolean {
  for (let at = 0; at < text.length; at++) {
    const wanted = text.charCodeAt(at)
    const found = bytes[start + at]
    if (found !== wanted && !(anyCase && found === otherCase(wanted))) return false
  }
  return true
}

/** Notes for each triple of bytes whether, and where, an anchor has it. */
function enterTriples(places: Uint8Array, anchors: readonly Anchor[]): void {
  for (const { triples } of anchors) {
    for (const [place, atPlace] of triples.entries()) {
      for (const triple of atPlace) {
        places[slotOf(triple)] = (places[slotOf(triple)] as number) | (place === 0 ? atFirst : atSecond)
      }
    }
  }
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
  const cost = ({ triples }: Anchor) => {
    let sum = 0
    for (const some of triples) for (const triple of some) if (!taken.has(triple)) sum += commonness(triple)
    return sum
  }
  return literals.map((literal, index) => {
    let best: Anchor | undefined
    let least = Number.POSITIVE_INFINITY
    for (const anchor of possibleAnchors(literal, index)) {
      const own = cost(anchor)
      if (own < least) [best, least] = [anchor, own]
    }
    if (best === undefined) throw new Error(`a literal needs ${tripleBytes} characters: ${literal.text}`)
    for (const some of best.triples) for (const triple of some) taken.add(triple)
    return best
  })
}

function possibleAnchors(literal: Literal, index: number): readonly Anchor[] {
  const { text, anyCase = false, after = /[^A-Za-z0-9]/ } = literal
  const bytes = [...text].map((letter) => variants(letter.charCodeAt(0), anyCase))
  const anchorAt = (at: number, [one = [], two = [], three = [], four = []]: readonly (readonly number[])[]) => {
    const triples = [triplesOf(one, two, three), triplesOf(two, three, four)]
    return { index, text, anyCase, at, triples }
  }
  if (text.length === tripleBytes) return [anchorAt(-1, [bytesLike(after), ...bytes])]
  const count = Math.max(0, text.length - windowBytes + 1)
  return Array.from({ length: count }, (_, at) => anchorAt(at, bytes.slice(at, at + windowBytes)))
}

/** The bytes of a folder of packages, the most frequent first. */
const byFrequency = ' \0etrnosiaHAlcu\npd,\u0001\u00ff$(f.)m\u0002hg_LI"=0EDByC;:bx1/SvQNTF\t{}'

/** Of each byte, how often it stands in a text, by Zipf's law. */
const frequencies = new Float64Array(256).fill(1 / (byFrequency.length + 3))
for (const [rank, letter] of [...byFrequency].entries()) frequencies[letter.charCodeAt(0)] = 1 / (rank + 3)

/** How often a triple of bytes stands in a text. */
function commonness(triple: number): number {
  const frequency = (byte: number) => frequencies[byte] as number
  return frequency(triple & 0xff) * frequency((triple >> 8) & 0xff) * frequency(triple >> 16)
}

/** All that can be made of the bytes at three places. */
function triplesOf(first: readonly number[], second: readonly number[], third: readonly number[]): readonly number[] {
  const triples: number[] = []
  for (const one of first) for (const two of second) for (const three of third) triples.push(tripleOf(one, two, three))
  return triples
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
