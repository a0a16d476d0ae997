/** Reads raw deflate (RFC 1951) and compares what it says with bytes that are at hand: nothing is written. */
import {
  codeLengthSymbols,
  distanceSymbols,
  endOfBlock,
  firstLengthSymbol,
  literalSymbols,
  longestCodeLengthCode,
} from './codes'
import { lengthBits, lengthMask, longEntry, makeTables } from './decoder'
import {
  codeLengthBits,
  codeLengthLengths,
  codeLengthOrder,
  describedLengths,
  distanceBases,
  distanceBits,
  distanceExtras,
  distancesInOrder,
  distancesOfLength,
  distanceTable,
  distanceTableBits,
  fixedDistanceLengths,
  fixedLiteralLengths,
  lengthBases,
  lengthExtras,
  literalBits,
  literalsInOrder,
  literalsOfLength,
  literalTable,
  literalTableBits,
  source,
  target,
} from './memory'

/** Where the stream ends, the next byte that is not held, and the held bits. */
let end: usize = 0
let place: usize = 0
let held: u64 = 0
let heldCount: u32 = 0

/** Where the content is read, in {@link source}. */
let at: usize = 0

/**
 * Whether `deflatedBytes` of {@link target}, all of them, inflate to `bytes` of {@link source}, all of those. Also `false`
 * of a stream with an incomplete code, which other compressors may write.
 */
export function inflatesTo(deflatedBytes: i32, bytes: i32): bool {
  place = target
  held = 0
  heldCount = 0
  at = source
  end = target + deflatedBytes
  const contentEnd = source + bytes
  let isLast: u32 = 0
  while (isLast === 0) {
    if (readEnd() >= end) return false
    isLast = take(1)
    const type = take(2)
    const isSame = type === 0 ? compareStored(contentEnd) : type < 3 && makeCodes(type) && compareBlock(contentEnd)
    if (!isSame) return false
  }
  return readEnd() === end && at === contentEnd
}

/** Behind the last byte of which a bit was taken. */
function readEnd(): usize {
  return place - (heldCount >>> 3)
}

/** How far what is held may reach behind the stream's end. */
const heldBytes: usize = 8

/** At least 56 bits are held afterwards; beyond the stream's end they are any, and decide nothing in the end. */
function hold(): void {
  held |= load<u64>(place) << (heldCount as u64)
  place += (63 - heldCount) >>> 3
  heldCount |= 56
}

function take(count: u32): u32 {
  hold()
  const bits = (held as u32) & ((1 << count) - 1)
  held >>= count as u64
  heldCount -= count
  return bits
}

function compareStored(contentEnd: usize): bool {
  const from = readEnd()
  const length = load<u16>(from) as u32
  if ((load<u16>(from + 2) as u32) !== (~length & 0xffff)) return false
  if (from + 4 + length > end || at + length > contentEnd) return false
  if (memory.compare(from + 4, at, length) !== 0) return false
  at += length
  place = from + 4 + length
  held = 0
  heldCount = 0
  return true
}

/** Of a block with the fixed codes (1), or with codes that it describes (2). */
function makeCodes(type: u32): bool {
  if (type === 1) return makeBlockTables(fixedLiteralLengths, 288, fixedDistanceLengths, 32)
  const literals = (257 + take(5)) as i32
  const distances = (1 + take(5)) as i32
  const described = (4 + take(4)) as i32
  if (literals > literalSymbols || distances > distanceSymbols) return false
  memory.fill(codeLengthLengths, 0, codeLengthSymbols)
  for (let index = 0; index < described; index++) {
    store<u8>(codeLengthLengths + load<u8>(codeLengthOrder + index), take(3) as u8)
  }
  const isCode = makeTables(
    codeLengthLengths,
    codeLengthBits,
    codeLengthSymbols,
    distanceTable,
    distanceTableBits,
    distancesOfLength,
    distancesInOrder,
  )
  if (!isCode || !readLengths(literals + distances)) return false
  return makeBlockTables(describedLengths, literals, describedLengths + literals, distances)
}

function makeBlockTables(literalLengths: usize, literals: i32, distanceLengths: usize, distances: i32): bool {
  return (
    makeTables(
      literalLengths,
      literalBits,
      literals,
      literalTable,
      literalTableBits,
      literalsOfLength,
      literalsInOrder,
    ) &&
    makeTables(
      distanceLengths,
      distanceBits,
      distances,
      distanceTable,
      distanceTableBits,
      distancesOfLength,
      distancesInOrder,
    )
  )
}

/** The lengths of both codes, in runs (RFC 1951, 3.2.7). The table of distances holds the code that they are written in. */
function readLengths(count: i32): bool {
  let done = 0
  while (done < count) {
    hold()
    const entry = load<u16>(distanceTable + 2 * ((held as u32) & ((1 << longestCodeLengthCode) - 1))) as u32
    const length = entry & lengthMask
    if (length === 0) return false
    held >>= length as u64
    heldCount -= length
    const symbol = entry >>> lengthBits
    if (symbol < 16) {
      store<u8>(describedLengths + done++, symbol as u8)
      continue
    }
    if (symbol === 16 && done === 0) return false
    const value: u8 = symbol === 16 ? load<u8>(describedLengths + done - 1) : 0
    const run = symbol === 16 ? 3 + take(2) : symbol === 17 ? 3 + take(3) : 11 + take(7)
    if (done + (run as i32) > count) return false
    memory.fill(describedLengths + done, value, run)
    done += run as i32
  }
  return true
}

/** Compares the symbols of a block with the content, up to the block's end. The state is in locals: they are registers. */
function compareBlock(contentEnd: usize): bool {
  let from = place
  let bits = held
  let count = heldCount
  let to = at
  for (;;) {
    bits |= load<u64>(from) << (count as u64)
    from += (63 - count) >>> 3
    count |= 56
    // Behind the stream there is always something, and content could go on with it to where memory ends.
    if (from > end + heldBytes) return false
    let entry = load<u16>(literalTable + 2 * ((bits as u32) & ((1 << literalTableBits) - 1))) as u32
    if (entry === 0) entry = longEntry(bits, literalsOfLength, literalsInOrder)
    bits >>= (entry & lengthMask) as u64
    count -= entry & lengthMask
    const symbol = entry >>> lengthBits
    if (symbol < (endOfBlock as u32)) {
      if (to >= contentEnd || (load<u8>(to) as u32) !== symbol) return false
      to++
      continue
    }
    if (symbol === (endOfBlock as u32)) break
    if (symbol >= (literalSymbols as u32)) return false
    const lengthCode = symbol - firstLengthSymbol
    const lengthExtra = load<u8>(lengthExtras + lengthCode) as u32
    const length = (load<u16>(lengthBases + 2 * lengthCode) as u32) + ((bits as u32) & ((1 << lengthExtra) - 1))
    bits >>= lengthExtra as u64
    count -= lengthExtra
    entry = load<u16>(distanceTable + 2 * ((bits as u32) & ((1 << distanceTableBits) - 1))) as u32
    if (entry === 0) entry = longEntry(bits, distancesOfLength, distancesInOrder)
    bits >>= (entry & lengthMask) as u64
    count -= entry & lengthMask
    const distanceCode = entry >>> lengthBits
    if (distanceCode >= (distanceSymbols as u32)) return false
    const distanceExtra = load<u8>(distanceExtras + distanceCode) as u32
    const lessOne = (load<u16>(distanceBases + 2 * distanceCode) as u32) + ((bits as u32) & ((1 << distanceExtra) - 1))
    bits >>= distanceExtra as u64
    count -= distanceExtra
    if (to + length > contentEnd || to - source <= (lessOne as usize)) return false
    if (!repeats(to, lessOne + 1, length)) return false
    to += length
  }
  place = from
  held = bits
  heldCount = count
  at = to
  return true
}

/** Whether bytes are those that stand so far before them. */
// @ts-ignore: decorator
@inline
function repeats(to: usize, distance: u32, length: u32): bool {
  let done: u32 = 0
  for (; done + 8 <= length; done += 8) {
    if (load<u64>(to + done) !== load<u64>(to + done - distance)) return false
  }
  if (done === length) return true
  const unused = (8 * (8 - (length - done))) as u64
  return (load<u64>(to + done) ^ load<u64>(to + done - distance)) << unused === 0
}
