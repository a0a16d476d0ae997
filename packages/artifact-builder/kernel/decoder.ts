/** Tables by which the symbols of a code are read (RFC 1951, 3.2.2). */
import { longestCode } from './codes'
import { assignCodes } from './huffman'
import { lengthTotals } from './memory'

/** A symbol of a table's entry stands above the length of its code. */
export const lengthBits: u32 = 4
export const lengthMask: u32 = (1 << lengthBits) - 1

/** Stands for no symbol. */
const noSymbol: u32 = 0xffff

/**
 * Makes the tables of a code from the lengths of its symbols; `false` where they are not those of a complete code, which
 * our own compressor always writes.
 */
export function makeTables(
  lengths: usize,
  bits: usize,
  symbols: i32,
  table: usize,
  tableBits: u32,
  ofLength: usize,
  inOrder: usize,
): bool {
  assignCodes(lengths, bits, symbols, longestCode)
  if (!isComplete(ofLength)) return false
  orderSymbols(lengths, symbols, ofLength, inOrder)
  memory.fill(table, 0, 2 << tableBits)
  for (let symbol = 0; symbol < symbols; symbol++) {
    const length = load<u8>(lengths + symbol) as u32
    if (length === 0 || length > tableBits) continue
    const entry = ((symbol as u32) << lengthBits) | length
    for (let at = load<u16>(bits + 2 * symbol) as u32; at < (1 as u32) << tableBits; at += 1 << length) {
      store<u16>(table + 2 * at, entry as u16)
    }
  }
  return true
}

/** Notes how many codes of each length there are, and whether they are neither too few nor too many. */
function isComplete(ofLength: usize): bool {
  let share: u32 = 0
  store<u16>(ofLength, 0)
  for (let length = 1; length <= longestCode; length++) {
    const count = load<u32>(lengthTotals + 4 * length)
    store<u16>(ofLength + 2 * length, count as u16)
    share += count << (longestCode - length)
  }
  return share === (1 as u32) << longestCode
}

function orderSymbols(lengths: usize, symbols: i32, ofLength: usize, inOrder: usize): void {
  let at = inOrder
  for (let length = 1; length <= longestCode; length++) {
    if (load<u16>(ofLength + 2 * length) === 0) continue
    for (let symbol = 0; symbol < symbols; symbol++) {
      if ((load<u8>(lengths + symbol) as i32) !== length) continue
      store<u16>(at, symbol as u16)
      at += 2
    }
  }
}

/** The entry of a code that is longer than its table, from the next bits of the stream. */
export function longEntry(next: u64, ofLength: usize, inOrder: usize): u32 {
  let code: u32 = 0
  let first: u32 = 0
  let index: u32 = 0
  for (let length: u32 = 1; length <= (longestCode as u32); length++) {
    code = (code << 1) | (((next >>> (length - 1)) & 1) as u32)
    const count = load<u16>(ofLength + 2 * length) as u32
    if (code < first + count) return ((load<u16>(inOrder + 2 * (index + code - first)) as u32) << lengthBits) | length
    index += count
    first = (first + count) << 1
  }
  return noSymbol << lengthBits
}
