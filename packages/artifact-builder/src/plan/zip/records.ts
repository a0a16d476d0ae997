/**
 * The records of a zip as this library writes them, after PKWARE's APPNOTE.TXT 6.3.10
 * (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT). Sizes and checksum stand in the local header: a data
 * descriptor behind the data is what stream readers stumble over (https://github.com/archiverjs/node-compress-commons/pull/27).
 */

/** How an entry's bytes lie in the zip. */
export type ZipMethod = 'stored' | 'deflated'

/** What a zip's two headers of an entry say of it. */
export interface ZipEntryRecord {
  /** UTF-8; that of a folder ends with `/`. */
  readonly name: Uint8Array
  readonly type: 'file' | 'symlink' | 'directory'
  /** Permission bits. */
  readonly mode: number
  readonly method: ZipMethod
  /** CRC-32 of the bytes as they are outside of the zip. */
  readonly checksum: number
  readonly compressedBytes: number
  readonly sizeBytes: number
}

/** A moment as the headers have it: 16 bits each (APPNOTE 4.4.6). */
export interface DosTime {
  readonly date: number
  readonly time: number
}

const localSignature = 0x04034b50
const centralSignature = 0x02014b50
const endSignature = 0x06054b50
const end64Signature = 0x06064b50
const locator64Signature = 0x07064b50

/** The name is UTF-8 (APPNOTE 4.4.4, bit 11): said of every name, so that no reader guesses. */
const nameIsUtf8 = 0x0800

/** Unix wrote it, and external attributes hold a Unix mode (APPNOTE 4.4.2); version 4.5 of the format has zip64. */
const madeByUnix = (3 << 8) | 45

const needsDeflate = 20
const needsZip64 = 45

const typeBits = { file: 0o100000, symlink: 0o120000, directory: 0o040000 } as const

/** MS-DOS's bit of a folder, for readers that look at nothing else. */
const dosFolder = 0x10

/** The largest number that 32 bits hold stands for «see the zip64 field» (APPNOTE 4.4.8). */
const full32 = 0xffffffff
const full16 = 0xffff

const localHeaderBytes = 30
const localZip64Bytes = 20
const centralHeaderBytes = 46

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

/** Writes the header that stands before an entry's data, and answers where it ends. */
export function writeLocalHeader(into: Buffer, at: number, entry: ZipEntryRecord, { date, time }: DosTime): number {
  const { name, method, checksum, compressedBytes, sizeBytes } = entry
  const zip64 = takesZip64(sizeBytes)
  into.writeUInt32LE(localSignature, at)
  into.writeUInt16LE(zip64 ? needsZip64 : needsDeflate, at + 4)
  into.writeUInt16LE(nameIsUtf8, at + 6)
  into.writeUInt16LE(method === 'deflated' ? 8 : 0, at + 8)
  into.writeUInt16LE(time, at + 10)
  into.writeUInt16LE(date, at + 12)
  into.writeUInt32LE(checksum, at + 14)
  into.writeUInt32LE(zip64 ? full32 : compressedBytes, at + 18)
  into.writeUInt32LE(zip64 ? full32 : sizeBytes, at + 22)
  into.writeUInt16LE(name.length, at + 26)
  into.writeUInt16LE(zip64 ? localZip64Bytes : 0, at + 28)
  into.set(name, at + localHeaderBytes)
  const end = at + localHeaderBytes + name.length
  return zip64 ? writeZip64Field(into, end, [sizeBytes, compressedBytes]) : end
}

/** The extended-information field (APPNOTE 4.5.3): the numbers that the header has no room for, in this order. */
function writeZip64Field(into: Buffer, at: number, numbers: readonly number[]): number {
  into.writeUInt16LE(1, at)
  into.writeUInt16LE(numbers.length * 8, at + 2)
  let end = at + 4
  for (const number of numbers) end = into.writeBigUInt64LE(BigInt(number), end)
  return end
}

/** An entry of the directory at a zip's end. */
export interface CentralEntry extends ZipEntryRecord {
  /** Where its local header begins. */
  readonly offset: number
}

/** The directory at a zip's end, with the records behind it, for a directory that begins at `offset`. */
export function encodeDirectory(entries: readonly CentralEntry[], offset: number, dosTime: DosTime): Buffer {
  const sizeBytes = entries.reduce((sum, entry) => sum + centralHeaderLength(entry), 0)
  const end = encodeEnd({ count: entries.length, sizeBytes, offset })
  const directory = Buffer.alloc(sizeBytes + end.length)
  let at = 0
  for (const entry of entries) at = writeCentralHeader(directory, at, entry, dosTime)
  end.copy(directory, at)
  return directory
}

/** The numbers of an entry that its header in the directory takes in 64 bits, in the order of APPNOTE 4.5.3. */
function numbersIn64({ sizeBytes, compressedBytes, offset }: CentralEntry): readonly number[] {
  return [...(takesZip64(sizeBytes) ? [sizeBytes, compressedBytes] : []), ...(offset >= full32 ? [offset] : [])]
}

function centralHeaderLength(entry: CentralEntry): number {
  const numbers = numbersIn64(entry)
  return centralHeaderBytes + entry.name.length + (numbers.length === 0 ? 0 : 4 + numbers.length * 8)
}

function writeCentralHeader(into: Buffer, at: number, entry: CentralEntry, { date, time }: DosTime): number {
  const { name, type, mode, method, checksum, compressedBytes, sizeBytes, offset } = entry
  const numbers = numbersIn64(entry)
  const sizesIn64 = takesZip64(sizeBytes)
  into.writeUInt32LE(centralSignature, at)
  into.writeUInt16LE(madeByUnix, at + 4)
  into.writeUInt16LE(numbers.length > 0 ? needsZip64 : needsDeflate, at + 6)
  into.writeUInt16LE(nameIsUtf8, at + 8)
  into.writeUInt16LE(method === 'deflated' ? 8 : 0, at + 10)
  into.writeUInt16LE(time, at + 12)
  into.writeUInt16LE(date, at + 14)
  into.writeUInt32LE(checksum, at + 16)
  into.writeUInt32LE(sizesIn64 ? full32 : compressedBytes, at + 20)
  into.writeUInt32LE(sizesIn64 ? full32 : sizeBytes, at + 24)
  into.writeUInt16LE(name.length, at + 28)
  into.writeUInt16LE(numbers.length === 0 ? 0 : 4 + numbers.length * 8, at + 30)
  // Comment, disk and internal attributes stay zero.
  into.writeUInt32LE((((typeBits[type] | mode) << 16) | (type === 'directory' ? dosFolder : 0)) >>> 0, at + 38)
  into.writeUInt32LE(Math.min(offset, full32), at + 42)
  into.set(name, at + centralHeaderBytes)
  const end = at + centralHeaderBytes + name.length
  return numbers.length === 0 ? end : writeZip64Field(into, end, numbers)
}

function encodeEnd(directory: { readonly count: number; readonly sizeBytes: number; readonly offset: number }): Buffer {
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
