/**
 * The records of a zip as this library writes them, after PKWARE's APPNOTE.TXT 6.3.10
 * (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT). Sizes and checksum stand in the local header: a data
 * descriptor behind the data is what stream readers stumble over (https://github.com/archiverjs/node-compress-commons/pull/27).
 */

import { setU16, setU32, type ViewedBytes } from './little-endian.ts'

/** What the headers of a zip say of its entries, by number: objects for a hundred thousand would take longer than the headers. */
export interface ZipColumns {
  /** Names in UTF-8, one behind the other, and where each ends; that of a folder has a `/` at its end. */
  readonly names: { readonly bytes: Uint8Array; readonly ends: Uint32Array }
  /** Unix modes with their type bits. */
  readonly modes: Uint16Array
  /** 1 where the bytes are deflated, 0 where they are stored. */
  readonly deflated: Uint8Array
  /** CRC-32 of the bytes as they are outside of the zip. */
  readonly checksums: Uint32Array
  readonly compressedBytes: Float64Array
  readonly sizeBytes: Float64Array
}

/** A moment as the headers have it: 16 bits each (APPNOTE 4.4.6). */
export interface DosTime {
  readonly date: number
  readonly time: number
}

const localSignature = 0x04034b50
const endSignature = 0x06054b50
const end64Signature = 0x06064b50
const locator64Signature = 0x07064b50

/** The name is UTF-8 (APPNOTE 4.4.4, bit 11): said of every name, so that no reader guesses. */
const nameIsUtf8 = 0x0800

/** Unix wrote it, and external attributes hold a Unix mode (APPNOTE 4.4.2); version 4.5 of the format has zip64. */
const madeByUnix = (3 << 8) | 45

const needsDeflate = 20
const needsZip64 = 45

/** The type bits of a Unix mode (inode(7)). */
export const typeBits = { file: 0o100000, symlink: 0o120000, directory: 0o040000 } as const

/** The largest number that 32 bits hold stands for «see the zip64 field» (APPNOTE 4.4.8). */
const full32 = 0xffffffff
const full16 = 0xffff

const localHeaderBytes = 30
const localZip64Bytes = 20

/**
 * Whether both headers of a file take its sizes in 64 bits. Decided from the file's size alone, before it is compressed,
 * because the length of its header must be known by then: bytes that do not compress grow a little.
 */
export function takesZip64(sizeBytes: number): boolean {
  return sizeBytes + Math.ceil(sizeBytes / 1024) + 1024 >= full32
}

/** How many bytes the header before an entry's data has. */
export function localHeaderLength(nameBytes: number, sizeBytes: number): number {
  return localHeaderBytes + nameBytes + (takesZip64(sizeBytes) ? localZip64Bytes : 0)
}

/** How many bytes the header before the data of an entry has. */
export function localHeaderLengthOf({ names, sizeBytes }: ZipColumns, index: number): number {
  return localHeaderLength(nameEnd(names, index) - nameStart(names, index), sizeBytes[index] as number)
}

function nameStart({ ends }: ZipColumns['names'], index: number): number {
  return index === 0 ? 0 : (ends[index - 1] as number)
}

function nameEnd({ ends }: ZipColumns['names'], index: number): number {
  return ends[index] as number
}

/** Writes the header that stands before an entry's data, and answers where it ends. */
export function writeLocalHeader(
  into: ViewedBytes,
  at: number,
  columns: ZipColumns,
  index: number,
  time: DosTime,
): number {
  const { view } = into
  const sizeBytes = columns.sizeBytes[index] as number
  const compressedBytes = columns.compressedBytes[index] as number
  const zip64 = takesZip64(sizeBytes)
  setU32(view, at, localSignature)
  setU16(view, at + 4, zip64 ? needsZip64 : needsDeflate)
  writeShared(view, at + 6, columns, index, time)
  setU32(view, at + 18, zip64 ? full32 : compressedBytes)
  setU32(view, at + 22, zip64 ? full32 : sizeBytes)
  setU16(view, at + 28, zip64 ? localZip64Bytes : 0)
  const nameBytes = writeName(into.bytes, at + localHeaderBytes, columns, index)
  setU16(view, at + 26, nameBytes)
  const end = at + localHeaderBytes + nameBytes
  return zip64 ? writeZip64Field(view, end, [sizeBytes, compressedBytes]) : end
}

/** The fields that both headers of an entry have in a row: flags, method, time, date, checksum. */
function writeShared(
  view: DataView,
  at: number,
  { deflated, checksums }: ZipColumns,
  index: number,
  time: DosTime,
): void {
  setU16(view, at, nameIsUtf8)
  setU16(view, at + 2, deflated[index] === 1 ? 8 : 0)
  setU16(view, at + 4, time.time)
  setU16(view, at + 6, time.date)
  setU32(view, at + 8, checksums[index] as number)
}

function writeName(into: Buffer, at: number, { names }: ZipColumns, index: number): number {
  const end = nameEnd(names, index)
  let to = at
  for (let from = nameStart(names, index); from < end; from++) into[to++] = names.bytes[from] as number
  return to - at
}

/** The extended-information field (APPNOTE 4.5.3): the numbers that the header has no room for, in this order. */
function writeZip64Field(view: DataView, at: number, numbers: readonly number[]): number {
  setU16(view, at, 1)
  setU16(view, at + 2, numbers.length * 8)
  let end = at + 4
  for (const number of numbers) {
    view.setBigUint64(end, BigInt(number), true)
    end += 8
  }
  return end
}

/** The records behind a directory of so many headers and bytes that begins at an offset. */
export function encodeDirectoryEnd(directory: {
  readonly count: number
  readonly sizeBytes: number
  readonly offset: number
}): Buffer {
  const { count, sizeBytes, offset } = directory
  // 65,535 itself stands for «see the zip64 record»: exactly so many entries need it (APPNOTE 4.4.22).
  const zip64 = count >= full16 || sizeBytes >= full32 || offset >= full32
  const end = Buffer.alloc(22)
  end.writeUInt32LE(endSignature, 0)
  end.writeUInt16LE(Math.min(count, full16), 8)
  end.writeUInt16LE(Math.min(count, full16), 10)
  end.writeUInt32LE(Math.min(sizeBytes, full32), 12)
  end.writeUInt32LE(Math.min(offset, full32), 16)
  return zip64 ? Buffer.concat([encodeEnd64(directory), end]) : end
}

/** The zip64 record and its locator (APPNOTE 4.3.14 and 4.3.15). */
function encodeEnd64({ count, sizeBytes, offset }: { count: number; sizeBytes: number; offset: number }): Buffer {
  const record = Buffer.alloc(56 + 20)
  record.writeUInt32LE(end64Signature, 0)
  record.writeBigUInt64LE(44n, 4)
  record.writeUInt16LE(madeByUnix, 12)
  record.writeUInt16LE(needsZip64, 14)
  record.writeBigUInt64LE(BigInt(count), 24)
  record.writeBigUInt64LE(BigInt(count), 32)
  record.writeBigUInt64LE(BigInt(sizeBytes), 40)
  record.writeBigUInt64LE(BigInt(offset), 48)
  record.writeUInt32LE(locator64Signature, 56)
  record.writeBigUInt64LE(BigInt(offset + sizeBytes), 64)
  record.writeUInt32LE(1, 72)
  return record
}

/** A moment in UTC as a header has it: 1980 to 2107, in steps of two seconds; what lies outside is the nearest that fits. */
export function dosTimeOf(ms: number): DosTime {
  const moment = new Date(Math.min(Math.max(ms, Date.UTC(1980, 0, 1)), Date.UTC(2107, 11, 31, 23, 59, 58)))
  return {
    date: ((moment.getUTCFullYear() - 1980) << 9) | ((moment.getUTCMonth() + 1) << 5) | moment.getUTCDate(),
    time: (moment.getUTCHours() << 11) | (moment.getUTCMinutes() << 5) | (moment.getUTCSeconds() >> 1),
  }
}
