/** Blocks in the form that takes the fewest bits: with codes of their own, with the fixed ones, or stored (RFC 1951, 3.2.3). */
import { addBits, alignBits, heldBits, writeBits, writeBytes } from './bits'
import {
  codeLengthSymbols,
  distanceCodeOf,
  distanceSymbols,
  endOfBlock,
  firstLengthSymbol,
  lengthCodeOf,
  literalSymbols,
  longestCode,
  longestCodeLengthCode,
} from './codes'
import { assignCodes, buildCodeLengths } from './huffman'
import { weighLiterals } from './matches'
import {
  codeLengthBits,
  codeLengthCounts,
  codeLengthLengths,
  codeLengthOrder,
  describedLengths,
  distanceBases,
  distanceBits,
  distanceCounts,
  distanceExtras,
  distanceLengths,
  fixedDistanceBits,
  fixedDistanceLengths,
  fixedLiteralBits,
  fixedLiteralLengths,
  lengthBases,
  lengthExtras,
  literalBits,
  literalCounts,
  literalLengths,
  runs,
  tokens,
} from './memory'
import { distanceLessOneOf, lengthOf, tokenCount } from './tokens'

const storedForm: u32 = 0
const fixedForm: u32 = 1
const dynamicForm: u32 = 2
const mostStored: i32 = 0xffff
/** Fewer literals in a block say nothing of those in the next one. */
const leastLiterals: u32 = 64

/** Symbols that repeat the length before, or say a few or many zeros; with them the least that they say. */
const repeatLength: i32 = 16
const fewZeros: i32 = 17
const manyZeros: i32 = 18

/** Writes the tokens of a block, which say the bytes from a place on. */
export function writeBlock(from: usize, bytes: i32, isLast: bool): void {
  buildCodeLengths(literalCounts, literalLengths, literalSymbols, longestCode)
  buildCodeLengths(distanceCounts, distanceLengths, distanceSymbols, longestCode)
  if (!isLast) weighOwnLiterals()
  const literals = usedLengths(literalLengths, literalSymbols, firstLengthSymbol)
  const distances = usedLengths(distanceLengths, distanceSymbols, 1)
  const runCount = describeLengths(literals, distances)
  const dynamicCost = descriptionCost() + contentCost(literalLengths, distanceLengths)
  const fixedCost = contentCost(fixedLiteralLengths, fixedDistanceLengths)
  // Three bits, up to seven that align, and two lengths of two bytes, for every block that it takes.
  const storedCost: u32 = 8 * bytes + 42 * (1 + bytes / mostStored)
  if (storedCost < dynamicCost && storedCost < fixedCost) writeStored(from, bytes, isLast)
  else if (fixedCost <= dynamicCost) {
    startBlock(fixedForm, isLast)
    writeTokens(fixedLiteralBits, fixedLiteralLengths, fixedDistanceBits, fixedDistanceLengths)
  } else {
    startBlock(dynamicForm, isLast)
    writeDescription(literals, distances, runCount)
    assignCodes(literalLengths, literalBits, literalSymbols, longestCode)
    assignCodes(distanceLengths, distanceBits, distanceSymbols, longestCode)
    writeTokens(literalBits, literalLengths, distanceBits, distanceLengths)
  }
}

/** Tells the search for matches what a literal takes: the next block is mostly like this one. */
function weighOwnLiterals(): void {
  let count: u32 = 0
  let cost: u32 = 0
  for (let symbol = 0; symbol < endOfBlock; symbol++) {
    const times = load<u32>(literalCounts + 4 * symbol)
    count += times
    cost += times * load<u8>(literalLengths + symbol)
  }
  if (count >= leastLiterals) weighLiterals((16 * cost) / count)
}

/** A block without content, which ends at a whole byte and lets a stream be continued there. */
export function writeEmptyStored(): void {
  writeStored(0, 0, false)
}

function startBlock(form: u32, isLast: bool): void {
  addBits((isLast ? 1 : 0) | (form << 1), 3)
}

function writeStored(from: usize, bytes: i32, isLast: bool): void {
  let at = from
  let left = bytes
  do {
    const part = left < mostStored ? left : mostStored
    left -= part
    startBlock(storedForm, isLast && left === 0)
    alignBits()
    addBits(part | ((part ^ 0xffff) << 16), 32)
    writeBits()
    writeBytes(at, part)
    at += part
  } while (left > 0)
}

/** How many lengths need to be said: those behind the last used one are left out. */
function usedLengths(lengths: usize, symbols: i32, least: i32): i32 {
  let used = symbols
  while (used > least && load<u8>(lengths + used - 1) === 0) used--
  return used
}

/** The lengths of both codes as runs (RFC 1951, 3.2.7), and the code of these; answers how many runs there are. */
function describeLengths(literals: i32, distances: i32): i32 {
  memory.copy(describedLengths, literalLengths, literals)
  memory.copy(describedLengths + literals, distanceLengths, distances)
  memory.fill(codeLengthCounts, 0, 4 * codeLengthSymbols)
  const count = literals + distances
  let at = runs
  for (let index = 0; index < count;) {
    const length = load<u8>(describedLengths + index) as i32
    let run = 1
    while (index + run < count && (load<u8>(describedLengths + index + run) as i32) === length) run++
    index += run
    at = length === 0 ? addZeros(at, run) : addRepeats(at, length, run)
  }
  buildCodeLengths(codeLengthCounts, codeLengthLengths, codeLengthSymbols, longestCodeLengthCode)
  return ((at - runs) as i32) >> 1
}

function addZeros(from: usize, count: i32): usize {
  let at = from
  let left = count
  while (left >= 11) {
    const part = left < 138 ? left : 138
    at = addRun(at, manyZeros, part - 11)
    left -= part
  }
  if (left >= 3) return addRun(at, fewZeros, left - 3)
  for (; left > 0; left--) at = addRun(at, 0, 0)
  return at
}

function addRepeats(from: usize, length: i32, count: i32): usize {
  let at = addRun(from, length, 0)
  let left = count - 1
  while (left >= 3) {
    const part = left < 6 ? left : 6
    at = addRun(at, repeatLength, part - 3)
    left -= part
  }
  for (; left > 0; left--) at = addRun(at, length, 0)
  return at
}

function addRun(at: usize, symbol: i32, extra: i32): usize {
  store<u16>(at, (symbol | (extra << 5)) as u16)
  const counter = codeLengthCounts + 4 * symbol
  store<u32>(counter, load<u32>(counter) + 1)
  return at + 2
}

// @ts-ignore: decorator
@inline
function extraBitsOfRun(symbol: i32): u32 {
  return symbol < repeatLength ? 0 : symbol === repeatLength ? 2 : symbol === fewZeros ? 3 : 7
}

function describedCodeLengths(): i32 {
  let count = codeLengthSymbols
  while (count > 4 && load<u8>(codeLengthLengths + load<u8>(codeLengthOrder + count - 1)) === 0) count--
  return count
}

function descriptionCost(): u32 {
  let cost: u32 = 14 + 3 * describedCodeLengths()
  for (let symbol = 0; symbol < codeLengthSymbols; symbol++) {
    cost +=
      load<u32>(codeLengthCounts + 4 * symbol) * (load<u8>(codeLengthLengths + symbol) + extraBitsOfRun(symbol))
  }
  return cost
}

function contentCost(literals: usize, distances: usize): u32 {
  let cost: u32 = 0
  for (let symbol = 0; symbol <= endOfBlock; symbol++) {
    cost += load<u32>(literalCounts + 4 * symbol) * load<u8>(literals + symbol)
  }
  for (let code = 0; code < literalSymbols - firstLengthSymbol; code++) {
    const bits = (load<u8>(literals + firstLengthSymbol + code) as u32) + load<u8>(lengthExtras + code)
    cost += load<u32>(literalCounts + 4 * (firstLengthSymbol + code)) * bits
  }
  for (let code = 0; code < distanceSymbols; code++) {
    const bits = (load<u8>(distances + code) as u32) + load<u8>(distanceExtras + code)
    cost += load<u32>(distanceCounts + 4 * code) * bits
  }
  return cost
}

function writeDescription(literals: i32, distances: i32, runCount: i32): void {
  const codeLengths = describedCodeLengths()
  addBits((literals - 257) | ((distances - 1) << 5) | ((codeLengths - 4) << 10), 14)
  for (let index = 0; index < codeLengths; index++) {
    writeBits()
    addBits(load<u8>(codeLengthLengths + load<u8>(codeLengthOrder + index)), 3)
  }
  assignCodes(codeLengthLengths, codeLengthBits, codeLengthSymbols, longestCodeLengthCode)
  for (let index = 0; index < runCount; index++) {
    const run = load<u16>(runs + 2 * index) as u32
    const symbol = run & 31
    writeBits()
    addBits(load<u16>(codeLengthBits + 2 * symbol), load<u8>(codeLengthLengths + symbol))
    addBits(run >>> 5, extraBitsOfRun(symbol))
  }
  writeBits()
}

function writeTokens(literals: usize, literalSizes: usize, distances: usize, distanceSizes: usize): void {
  const end = tokens + 4 * tokenCount()
  for (let at = tokens; at < end; at += 4) {
    const token = load<u32>(at)
    const length = lengthOf(token)
    // A match takes 48 bits at most, a literal 15: together with those that are held, never more than 63.
    if (length === 0) {
      addBits(load<u16>(literals + 2 * token), load<u8>(literalSizes + token))
      if (heldBits() > 48) writeBits()
      continue
    }
    if (heldBits() > 15) writeBits()
    const lengthCode = lengthCodeOf(length)
    const symbol = firstLengthSymbol + lengthCode
    addBits(load<u16>(literals + 2 * symbol), load<u8>(literalSizes + symbol))
    addBits(length - load<u16>(lengthBases + 2 * lengthCode), load<u8>(lengthExtras + lengthCode))
    const distance = distanceLessOneOf(token)
    const code = distanceCodeOf(distance)
    addBits(load<u16>(distances + 2 * code), load<u8>(distanceSizes + code))
    addBits(distance - load<u16>(distanceBases + 2 * code), load<u8>(distanceExtras + code))
    writeBits()
  }
  writeBits()
  addBits(load<u16>(literals + 2 * endOfBlock), load<u8>(literalSizes + endOfBlock))
  writeBits()
}
