/** The headers of a zip's directory (APPNOTE 6.3.10, 4.3.12), from columns of numbers and bytes. */
import { columns } from './memory'

const signature: u32 = 0x02014b50
/** Unix wrote it, and external attributes hold a Unix mode (4.4.2); version 4.5 of the format has zip64. */
const madeByUnix: u16 = (3 << 8) | 45
const needsDeflate: u16 = 20
const needsZip64: u16 = 45
/** The name is UTF-8 (4.4.4, bit 11). */
const nameIsUtf8: u16 = 0x0800
const deflateMethod: u16 = 8
const typeMask: u32 = 0o170000
const folderBits: u32 = 0o040000
/** MS-DOS's bit of a folder, for readers that look at nothing else. */
const dosFolder: u32 = 0x10
/** Stands for «see the zip64 field» (4.4.8). */
const full32: u64 = 0xffffffff
const headerBytes: usize = 46

/**
 * Writes the headers of as many entries as there are, and answers where they end. The columns lie one behind the other:
 * sizes, compressed sizes and places of local headers as f64, checksums and where each name ends as u32, modes as u16,
 * whether each is deflated as u8, and the names, of which the first one begins at `base` of the numbers that say where
 * they end.
 */
export function writeHeaders(count: u32, base: u32, time: u32, date: u32, into: usize): usize {
  const rows = count as usize
  const sizes = columns
  const compressed = sizes + 8 * rows
  const places = compressed + 8 * rows
  const checksums = places + 8 * rows
  const ends = checksums + 4 * rows
  const modes = ends + 4 * rows
  const deflated = modes + 2 * rows
  const names = deflated + rows
  let name = names
  let to = into
  for (let row: usize = 0; row < rows; row++) {
    const nameEnd = names + (load<u32>(ends + 4 * row) - base)
    const size = load<f64>(sizes + 8 * row) as u64
    const compressedSize = load<f64>(compressed + 8 * row) as u64
    const place = load<f64>(places + 8 * row) as u64
    const nameBytes = nameEnd - name
    const field = to + headerBytes + nameBytes
    const fieldEnd = writeZip64Field(size, compressedSize, place, field)
    const hasField = fieldEnd > field
    const sizesIn64 = takesZip64(size)
    const mode = load<u16>(modes + 2 * row) as u32
    store<u32>(to, signature)
    store<u16>(to + 4, madeByUnix)
    store<u16>(to + 6, hasField ? needsZip64 : needsDeflate)
    store<u16>(to + 8, nameIsUtf8)
    store<u16>(to + 10, load<u8>(deflated + row) !== 0 ? deflateMethod : 0)
    store<u16>(to + 12, time as u16)
    store<u16>(to + 14, date as u16)
    store<u32>(to + 16, load<u32>(checksums + 4 * row))
    store<u32>(to + 20, (sizesIn64 ? full32 : compressedSize) as u32)
    store<u32>(to + 24, (sizesIn64 ? full32 : size) as u32)
    store<u16>(to + 28, nameBytes as u16)
    store<u16>(to + 30, (fieldEnd - field) as u16)
    // Comment, disk and internal attributes.
    store<u64>(to + 32, 0)
    store<u32>(to + 38, (mode << 16) | ((mode & typeMask) === folderBits ? dosFolder : 0))
    store<u32>(to + 42, (place < full32 ? place : full32) as u32)
    memory.copy(to + headerBytes, name, nameBytes)
    name = nameEnd
    to = fieldEnd
  }
  return to
}

/** As the header before the data decides it, when it is not known how many bytes those are (plan/zip/records.ts). */
function takesZip64(size: u64): bool {
  return size + (size + 1023) / 1024 + 1024 >= full32
}

/** The extended-information field (4.5.3): the numbers that the header has no room for, in this order. */
function writeZip64Field(size: u64, compressedSize: u64, place: u64, into: usize): usize {
  let to = into + 4
  if (takesZip64(size)) {
    store<u64>(to, size)
    store<u64>(to + 8, compressedSize)
    to += 16
  }
  if (place >= full32) {
    store<u64>(to, place)
    to += 8
  }
  const length = to - into - 4
  if (length === 0) return into
  store<u16>(into, 1)
  store<u16>(into + 2, length as u16)
  return to
}
