/** How lengths and distances are said by codes with extra bits (RFC 1951, 3.2.5). */
import {
  codeLengthOrder,
  distanceBases,
  distanceCodes,
  distanceExtras,
  fixedDistanceBits,
  fixedDistanceLengths,
  fixedLiteralBits,
  fixedLiteralLengths,
  lengthBases,
  lengthCodes,
  lengthExtras,
} from './memory'
import { assignCodes } from './huffman'

export const endOfBlock: i32 = 256
export const firstLengthSymbol: i32 = 257
export const literalSymbols: i32 = 286
export const distanceSymbols: i32 = 30
export const codeLengthSymbols: i32 = 19
export const longestCode: i32 = 15
export const longestCodeLengthCode: i32 = 7

export const leastMatch: i32 = 3
export const mostMatch: i32 = 258

// @ts-ignore: decorator
@inline
export function lengthCodeOf(length: u32): u32 {
  return load<u8>(lengthCodes + length)
}

// @ts-ignore: decorator
@inline
export function distanceCodeOf(distanceLessOne: u32): u32 {
  const index: u32 = distanceLessOne < 256 ? distanceLessOne : 256 + (distanceLessOne >>> 7)
  return load<u8>(distanceCodes + index)
}

export function makeCodeTables(): void {
  makeLengthCodes()
  makeDistanceCodes()
  makeFixedCodes()
  makeCodeLengthOrder()
}

function makeLengthCodes(): void {
  const last = 28
  let length: i32 = leastMatch
  for (let code = 0; code < last; code++) {
    const extra = code < 8 ? 0 : (code >> 2) - 1
    store<u16>(lengthBases + 2 * code, length as u16)
    store<u8>(lengthExtras + code, extra as u8)
    for (let step = 0; step < 1 << extra; step++) store<u8>(lengthCodes + length++, code as u8)
  }
  // The longest match has a code of its own.
  store<u16>(lengthBases + 2 * last, mostMatch as u16)
  store<u8>(lengthExtras + last, 0)
  store<u8>(lengthCodes + mostMatch, last as u8)
}

function makeDistanceCodes(): void {
  let distance = 0
  for (let code = 0; code < distanceSymbols; code++) {
    const extra = code < 4 ? 0 : (code >> 1) - 1
    store<u16>(distanceBases + 2 * code, distance as u16)
    store<u8>(distanceExtras + code, extra as u8)
    const isNear = distance < 256
    const index: i32 = isNear ? distance : 256 + (distance >> 7)
    memory.fill(distanceCodes + index, code as u8, 1 << (isNear ? extra : extra - 7))
    distance += 1 << extra
  }
}

function makeFixedCodes(): void {
  for (let symbol = 0; symbol < 288; symbol++) {
    const length = symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8
    store<u8>(fixedLiteralLengths + symbol, length as u8)
  }
  memory.fill(fixedDistanceLengths, 5, 32)
  assignCodes(fixedLiteralLengths, fixedLiteralBits, 288, longestCode)
  assignCodes(fixedDistanceLengths, fixedDistanceBits, 32, longestCode)
}

/** 16, 17, 18, 0, and then the lengths around 8, from the nearest to the farthest. */
function makeCodeLengthOrder(): void {
  for (let step = 0; step < 3; step++) store<u8>(codeLengthOrder + step, (16 + step) as u8)
  store<u8>(codeLengthOrder + 3, 0)
  for (let step = 0; step < 15; step++) {
    const away = (step + 1) >> 1
    store<u8>(codeLengthOrder + 4 + step, ((step & 1) === 1 ? 8 - away : 8 + away) as u8)
  }
}
