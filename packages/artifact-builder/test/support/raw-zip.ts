import { crc32 } from 'node:zlib'

/** An entry of a zip that is written by hand, so that it can be wrong in one place. */
export interface RawEntry {
  readonly name: string
  readonly data?: string | Uint8Array | undefined
  /** Unix mode with its type bits. Default: a file of 0644. */
  readonly mode?: number | undefined
  /** The name in the header before the data. Default: the same. */
  readonly localName?: string | undefined
  /** Default: that of the data. */
  readonly checksum?: number | undefined
  /** Flag bits. Default: UTF-8 names. */
  readonly flags?: number | undefined
  /** 0: stored. */
  readonly method?: number | undefined
  /** 3: Unix. */
  readonly madeBy?: number | undefined
}

export const fileMode = 0o100644
export const folderMode = 0o040755
export const linkMode = 0o120777

/** A zip with stored entries, after APPNOTE.TXT 4.3. */
export function rawZip(entries: readonly RawEntry[]): Buffer {
  const locals: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const entry of entries) {
    const data = Buffer.from(entry.data ?? '')
    const { flags = 0x800, method = 0, checksum = crc32(data), mode = fileMode, madeBy = 3 } = entry
    const shared = Buffer.alloc(22)
    shared.writeUInt16LE(flags, 0)
    shared.writeUInt16LE(method, 2)
    shared.writeUInt32LE(0x00210000, 4)
    shared.writeUInt32LE(checksum, 8)
    shared.writeUInt32LE(data.length, 12)
    shared.writeUInt32LE(data.length, 16)
    const localName = Buffer.from(entry.localName ?? entry.name)
    const local = Buffer.concat([
      u32(0x04034b50),
      u16(20),
      shared.subarray(0, 20),
      u16(localName.length),
      u16(0),
      localName,
      data,
    ])
    const name = Buffer.from(entry.name)
    directory.push(
      Buffer.concat([
        u32(0x02014b50),
        u16((madeBy << 8) | 20),
        u16(20),
        shared.subarray(0, 20),
        u16(name.length),
        u16(0),
        u16(0),
        u16(0),
        u16(0),
        u32((mode << 16) >>> 0),
        u32(offset),
        name,
      ]),
    )
    locals.push(local)
    offset += local.length
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0)
  return Buffer.concat([
    ...locals,
    ...directory,
    u32(0x06054b50),
    u16(0),
    u16(0),
    u16(entries.length),
    u16(entries.length),
    u32(size),
    u32(offset),
    u16(0),
  ])
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16LE(value)
  return bytes
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
