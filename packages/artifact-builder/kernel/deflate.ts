/** Raw deflate (RFC 1951): hash chains and one step of lazy matching, as zlib has them, in memory of its own. */
import { alignBits, endOfBits, startBits } from './bits'
import { writeBlock, writeEmptyStored } from './blocks'
import { leastMatch } from './codes'
import { enterPlace, findMatch, startMatches } from './matches'
import { source, target, tokensInBlock } from './memory'
import { noiseAfter, noiseBytes, startNoise } from './noise'
import { addLiteral, addMatch, distanceLessOneOf, lengthOf, startTokens, tokenCount } from './tokens'

/** From this length on, a match is good: a better one is looked for at a quarter of the places, below it at half of them. */
const goodLength: i32 = 16
/** A match that is long enough for no better one to be looked for. */
const enough: i32 = 64
/** Of a digest that stands there a second time. */
const leastRepeated: i32 = 32
/** Hashes are of four bytes. */
const hashedBytes: i32 = 4

/**
 * Compresses the `bytes` of {@link source} that stand behind a dictionary, to which they may refer, to {@link target};
 * answers how many bytes that takes. What is not the last part of a stream ends at a whole byte. For a match, so many
 * earlier places are tried; `hasNoise` where the content is the lines that were written last.
 */
export function deflate(dictionaryBytes: i32, bytes: i32, isLast: bool, tries: i32, hasNoise: bool): i32 {
  startNoise(hasNoise)
  const total = dictionaryBytes + bytes
  const lowest = startMatches(total)
  const begin = source + dictionaryBytes
  const end = source + total
  if (total >= hashedBytes) enterDictionary(begin, end, lowest)
  startBits(target)
  let at = begin
  do {
    const from = at
    at = tokenize(from, end, lowest, tries)
    writeBlock(from, (at - from) as i32, isLast && at >= end)
  } while (at < end)
  if (!isLast) writeEmptyStored()
  alignBits()
  return (endOfBits() - target) as i32
}

function enterDictionary(begin: usize, end: usize, lowest: i32): void {
  for (let at = source; at < begin && at + hashedBytes <= end; at++) enterPlace(at, lowest)
}

/** Makes the tokens of a block; answers where it ends. */
function tokenize(from: usize, end: usize, lowest: i32, tries: i32): usize {
  startTokens()
  let at = from
  let noise = noiseAfter(at)
  while (at < end && tokenCount() < tokensInBlock - 1) {
    if (at >= noise) {
      if (tokenCount() + (noiseBytes as i32) >= tokensInBlock) break
      at = passNoise(at, noise + noiseBytes, end, lowest)
      noise = noiseAfter(at)
      continue
    }
    if (at + hashedBytes > end) {
      addLiteral(load<u8>(at++))
      continue
    }
    let token = findMatch(at, end, leastMatch - 1, lowest, tries, enough)
    if (token === 0) {
      addLiteral(load<u8>(at++))
      continue
    }
    let entered = at
    while (lengthOf(token) < enough && at + 1 < noise && at + 1 + hashedBytes <= end && tokenCount() < tokensInBlock - 1) {
      const length = lengthOf(token)
      entered = at + 1
      const later = findMatch(entered, end, length - 1, lowest, length < goodLength ? tries >> 1 : tries >> 2, enough)
      if (!isBetter(later, token)) break
      addLiteral(load<u8>(at++))
      token = later
    }
    addMatch(token)
    at += lengthOf(token)
    while (entered + 1 < at && entered + 1 + hashedBytes <= end) enterPlace(++entered, lowest)
    if (at >= noise + noiseBytes) noise = noiseAfter(at)
  }
  return at
}

/** A digest may stand there a second time, of the same content, and is known by its beginning; nothing else of it is. */
function passNoise(from: usize, noiseEnd: usize, end: usize, lowest: i32): usize {
  const until = noiseEnd < end ? noiseEnd : end
  if (from + noiseBytes === noiseEnd && noiseEnd <= end) {
    const token = findMatch(from, end, leastRepeated - 1, lowest, 1, enough)
    if (token !== 0) {
      addMatch(token)
      return from + lengthOf(token)
    }
  }
  for (let at = from; at < until; at++) addLiteral(load<u8>(at))
  return until
}

/** Whether a match that begins a byte later is worth that byte: the bits of four literals for one, less those of the distance. */
// @ts-ignore: decorator
@inline
function isBetter(later: u32, token: u32): bool {
  if (later === 0) return false
  const gain = 4 * (lengthOf(later) - lengthOf(token))
  return gain + (bitsOf(distanceLessOneOf(token) + 1) - bitsOf(distanceLessOneOf(later) + 1)) > 2
}

// @ts-ignore: decorator
@inline
function bitsOf(value: u32): i32 {
  return 32 - (clz(value) as i32)
}
