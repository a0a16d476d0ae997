/** Literals and matches in the order of the content: `length << 16 | distance - 1` for a match, the byte for a literal. */
import { distanceCodeOf, endOfBlock, firstLengthSymbol, lengthCodeOf } from './codes'
import { distanceCounts, literalCounts, tokens } from './memory'

let count: i32 = 0

/** Forgets the tokens of the block before. */
export function startTokens(): void {
  memory.fill(literalCounts, 0, 4 * (288 + 32))
  // It ends every block.
  store<u32>(literalCounts + 4 * endOfBlock, 1)
  count = 0
}

// @ts-ignore: decorator
@inline
export function tokenCount(): i32 {
  return count
}

// @ts-ignore: decorator
@inline
export function matchToken(length: u32, distance: u32): u32 {
  return (length << 16) | (distance - 1)
}

// @ts-ignore: decorator
@inline
export function lengthOf(token: u32): i32 {
  return token >>> 16
}

// @ts-ignore: decorator
@inline
export function distanceLessOneOf(token: u32): u32 {
  return token & 0xffff
}

// @ts-ignore: decorator
@inline
function countSymbol(counts: usize, symbol: u32): void {
  const at = counts + 4 * symbol
  store<u32>(at, load<u32>(at) + 1)
}

// @ts-ignore: decorator
@inline
export function addLiteral(byte: u32): void {
  store<u32>(tokens + 4 * count, byte)
  count++
  countSymbol(literalCounts, byte)
}

// @ts-ignore: decorator
@inline
export function addMatch(token: u32): void {
  store<u32>(tokens + 4 * count, token)
  count++
  countSymbol(literalCounts, firstLengthSymbol + lengthCodeOf(lengthOf(token)))
  countSymbol(distanceCounts, distanceCodeOf(distanceLessOneOf(token)))
}
