import { crc32, deflateRawSync } from 'node:zlib'

/** An entry of a zip that is written by hand, so that it can be wrong in one place. */
export interface RawEntry {
  readonly name: string | Uint8Array
  readonly data?: string | Uint8Array | undefined
  /** Unix mode with its type bits. Default: a file of 0644. */
  readonly mode?: number | undefined
  /** The name in the header before the data. Default: the same. */
  readonly localName?: string | undefined
  /** Default: that of the data. */
  readonly checksum?: number | undefined
  /** Flag bits. Default: UTF-8 names. */
  readonly flags?: number | undefined
  /** 0: stored, the default. 8: deflated. */
  readonly method?: number | undefined
  /** 3: Unix. */
  readonly madeBy?: number | undefined
  /** What stands in the zip for the data. Default: the data, or what deflate makes of them. */
  readonly packed?: Uint8Array | undefined
  /** The size that both headers say. Default: that of the data. */
  readonly sizeBytes?: number | undefined
  /** What the header before the data says else, as bytes laid over it: place and bytes. */
  readonly local?: readonly [number, Uint8Array] | undefined
  /** The extra field of the directory's header, and of the one before the data. */
  readonly extra?: Uint8Array | undefined
  readonly localExtra?: Uint8Array | undefined
  readonly comment?: string | undefined
  /** Bytes behind the data: a descriptor, or something that does not belong there. */
  readonly behind?: Uint8Array | undefined
  /** Where its header says that it begins. Default: where it does. */
  readonly offset?: number | undefined
  /** Whether its sizes and its offset stand in zip64 fields. */
  readonly zip64?: boolean | undefined
}

/** What is odd about a zip as a whole. */
export interface RawZipOptions {
  /** Before the first entry; the offsets count from the beginning of the file. */
  readonly before?: Uint8Array | undefined
  /** Between the last entry and the directory, and between the directory and the end. */
  readonly beforeDirectory?: Uint8Array | undefined
  readonly behindDirectory?: Uint8Array | undefined
  readonly comment?: string | undefined
  /** Default: the number of entries. */
  readonly entryCount?: number | undefined
  /** Whether there are zip64 records, and what the old one says. */
  readonly zip64?: boolean | undefined
  readonly statedOffset?: number | undefined
}

export const fileMode = 0o100644
export const folderMode = 0o040755
export const linkMode = 0o120777

const none = Buffer.alloc(0)

/** A zip after APPNOTE.TXT 4.3. */
export function rawZip(entries: readonly RawEntry[], options: RawZipOptions = {}): Buffer {
  const { before = none, beforeDirectory = none, behindDirectory = none, comment = '', zip64 = false } = options
  const locals: Buffer[] = [Buffer.from(before)]
  const directory: Buffer[] = []
  let offset = before.length
  for (const entry of entries) {
    const local = localOf(entry)
    directory.push(headerOf(entry, entry.offset ?? offset))
    locals.push(local)
    offset += local.length
  }
  offset += beforeDirectory.length
  const size = directory.reduce((sum, { length }) => sum + length, 0)
  const { entryCount = entries.length, statedOffset = offset } = options
  const end = offset + size + behindDirectory.length
  const zip64Records = [
    u32(0x06064b50),
    u64(44),
    u16(0x031e),
    u16(45),
    u32(0),
    u32(0),
    u64(entryCount),
    u64(entryCount),
    u64(size),
    u64(offset),
    u32(0x07064b50),
    u32(0),
    u64(end),
    u32(1),
  ]
  return Buffer.concat([
    ...locals,
    beforeDirectory,
    ...directory,
    behindDirectory,
    ...(zip64 ? zip64Records : []),
    u32(0x06054b50),
    u16(0),
    u16(0),
    u16(zip64 ? 0xffff : entryCount),
    u16(zip64 ? 0xffff : entryCount),
    u32(zip64 ? 0xffffffff : size),
    u32(zip64 && options.statedOffset === undefined ? 0xffffffff : statedOffset),
    u16(comment.length),
    Buffer.from(comment),
  ])
}

function packedOf({ data = '', method = 0, packed }: RawEntry): Buffer {
  const bytes = Buffer.from(data)
  return Buffer.from(packed ?? (method === 8 ? deflateRawSync(bytes) : bytes))
}

/** Flags, method, time, checksum and sizes, which both headers have. */
function sharedOf(entry: RawEntry, escaped: boolean): Buffer {
  const data = Buffer.from(entry.data ?? '')
  const { flags = 0x800, method = 0, checksum = crc32(data), sizeBytes = data.length } = entry
  return Buffer.concat([
    u16(flags),
    u16(method),
    u32(0x00210000),
    u32(checksum),
    u32(escaped ? 0xffffffff : packedOf(entry).length),
    u32(escaped ? 0xffffffff : sizeBytes),
  ])
}

function localOf(entry: RawEntry): Buffer {
  const { zip64 = false, behind = none, local } = entry
  const data = Buffer.from(entry.data ?? '')
  const packed = packedOf(entry)
  const field = Buffer.concat([u16(1), u16(16), u64(data.length), u64(packed.length)])
  const extra = entry.localExtra ?? (zip64 ? field : none)
  const name = Buffer.from(entry.localName ?? entry.name)
  const shared = sharedOf(entry, zip64)
  const bytes = [u32(0x04034b50), u16(20), shared, u16(name.length), u16(extra.length), name, extra, packed, behind]
  const whole = Buffer.concat(bytes)
  if (local) whole.set(local[1], local[0])
  return whole
}

function headerOf(entry: RawEntry, offset: number): Buffer {
  const { zip64 = false, mode = fileMode, madeBy = 3, comment = '' } = entry
  const data = Buffer.from(entry.data ?? '')
  const field = Buffer.concat([u16(1), u16(24), u64(data.length), u64(packedOf(entry).length), u64(offset)])
  const extra = entry.extra ?? (zip64 ? field : none)
  const name = Buffer.from(entry.name)
  return Buffer.concat([
    u32(0x02014b50),
    u16((madeBy << 8) | 20),
    u16(20),
    sharedOf(entry, zip64),
    u16(name.length),
    u16(extra.length),
    u16(comment.length),
    u16(0),
    u16(0),
    u32((mode << 16) >>> 0),
    u32(zip64 ? 0xffffffff : offset),
    name,
    extra,
    Buffer.from(comment),
  ])
}

/** The descriptor of an entry (APPNOTE.TXT 4.3.9). */
export function descriptor(data: string, packedBytes: number): Buffer {
  return Buffer.concat([u32(0x08074b50), u32(crc32(data)), u32(packedBytes), u32(data.length)])
}

export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}
