/** Earlier places with the same bytes, by hashes of three and of four bytes. */
import { leastMatch, mostMatch } from './codes'
import {
  chains,
  fourByteHashBits,
  fourByteHeads,
  source,
  threeByteHashBits,
  threeByteHeads,
  windowBytes,
} from './memory'
import { matchToken } from './tokens'

/** From this length on, a match is worth it however far away it is. */
const lengthWorthAnyDistance: i32 = 6
/** What a literal takes where nothing is known yet, in sixteenths of bits: with it, zlib's line for three bytes is about right. */
const usualLiteral: u32 = 7 * 16
/** What the codes of a match's length and distance take, in bits, without the extra bits of the distance. */
const matchCodes: i32 = 10

/** Farther away, a match of so many bytes takes more bits than the bytes as literals. */
let farthestOfThree: i32 = 0
let farthestOfFour: i32 = 0
let farthestOfFive: i32 = 0

/** The position of {@link source}: it grows with each content, so that what earlier ones left in the tables is out of reach. */
let first: i32 = 1
const largestPosition: i32 = 0x40000000

/**
 * Takes in what a literal took in the block before, in sixteenths of bits. Where there are few of them, as in digests in
 * hexadecimal digits, short matches are everywhere, and nearly all of them are larger than what they stand for.
 */
export function weighLiterals(literal: u32): void {
  farthestOfThree = farthestWorth(3, literal)
  farthestOfFour = farthestWorth(4, literal)
  farthestOfFive = farthestWorth(5, literal)
}

function farthestWorth(length: u32, literal: u32): i32 {
  const extraBits = (((length * literal) >>> 4) as i32) - matchCodes
  return extraBits < 0 ? 0 : extraBits < 15 ? 1 << extraBits : windowBytes
}

/** Forgets all earlier content; answers the lowest position that may be referred to. */
export function startMatches(bytes: i32): i32 {
  weighLiterals(usualLiteral)
  if (first > largestPosition - bytes) clearMatches()
  const lowest = first
  first += bytes
  return lowest
}

/** What lies in memory at the start are no positions. */
export function clearMatches(): void {
  memory.fill(fourByteHeads, 0, 4 << fourByteHashBits)
  memory.fill(threeByteHeads, 0, 4 << threeByteHashBits)
  first = 1
}

// @ts-ignore: decorator
@inline
function headOfFour(bytes: u32): usize {
  return fourByteHeads + 4 * ((bytes * 0x9e3779b1) >>> (32 - fourByteHashBits))
}

// @ts-ignore: decorator
@inline
function headOfThree(bytes: u32): usize {
  return threeByteHeads + 4 * (((bytes << 8) * 0x9e3779b1) >>> (32 - threeByteHashBits))
}

/** Makes a place known to later ones. Four bytes must follow. */
// @ts-ignore: decorator
@inline
export function enterPlace(at: usize, lowest: i32): void {
  const position = ((at - source) as i32) + lowest
  const bytes = load<u32>(at)
  const head = headOfFour(bytes)
  store<i32>(chains + 4 * (position & (windowBytes - 1)), load<i32>(head))
  store<i32>(head, position)
  store<i32>(headOfThree(bytes), position)
}

/**
 * Enters a place, and looks at earlier ones for a match that is longer than `least`, and worth it: at so many, or until it
 * is `enough`. Answers its token, or zero. Four bytes must follow.
 */
// @ts-ignore: decorator
@inline
export function findMatch(at: usize, end: usize, least: i32, lowest: i32, tries: i32, enough: i32): u32 {
  const position = ((at - source) as i32) + lowest
  const bytes = load<u32>(at)
  const head = headOfFour(bytes)
  let earlier = load<i32>(head)
  store<i32>(head, position)
  store<i32>(chains + 4 * (position & (windowBytes - 1)), earlier)
  const headThree = headOfThree(bytes)
  const earlierOfThree = load<i32>(headThree)
  store<i32>(headThree, position)

  const reach = position - (windowBytes - 1)
  const earliest = reach > lowest ? reach : lowest
  const most = end - at < (mostMatch as usize) ? ((end - at) as i32) : mostMatch
  let length = least
  let distance = 0
  if (length < leastMatch) {
    length = leastMatch
    const away = position - earlierOfThree
    if (earlierOfThree >= earliest && away <= farthestOfThree && (load<u32>(at - away) ^ bytes) << 8 === 0) distance = away
  }
  let left = tries
  while (earlier >= earliest) {
    const there = at - (position - earlier)
    // The last bytes of a longer match first: they differ most often.
    if (load<u32>(there + length - 3) === load<u32>(at + length - 3) && load<u32>(there) === bytes) {
      const found = commonLength(there, at, most)
      if (found > length) {
        length = found
        distance = position - earlier
        if (length >= enough || length === most) break
      }
    }
    if (--left <= 0) break
    earlier = load<i32>(chains + 4 * (earlier & (windowBytes - 1)))
  }
  if (distance === 0 || (length < lengthWorthAnyDistance && distance > farthestOf(length))) return 0
  return matchToken(length, distance)
}

// @ts-ignore: decorator
@inline
function farthestOf(length: i32): i32 {
  return length === 3 ? farthestOfThree : length === 4 ? farthestOfFour : farthestOfFive
}

/** How many bytes two places have in common, of which the first four are known. */
// @ts-ignore: decorator
@inline
function commonLength(there: usize, at: usize, most: i32): i32 {
  let length = 4
  while (length < most) {
    const difference = load<u64>(there + length) ^ load<u64>(at + length)
    if (difference !== 0) {
      length += (ctz(difference) >>> 3) as i32
      break
    }
    length += 8
  }
  return length < most ? length : most
}
