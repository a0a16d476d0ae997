import { isUtf8 } from 'node:buffer'
import type { ManifestEntry } from '@fairlead/core'
import { maxLinkTargetBytes } from '../../limits.ts'
import { inZip64, readLong, type ZipEnd } from './read-end.ts'
import { invalid } from './refuse.ts'

/** An entry as the directory of a zip describes it. */
export interface ZipEntry {
  /** Without the `/` that ends the name of a directory. */
  readonly path: string
  readonly type: ManifestEntry['type']
  /** Permission bits, with set-id and sticky bits. */
  readonly mode: number
  readonly sizeBytes: number
  readonly packedBytes: number
  /** CRC-32 of the content. */
  readonly checksum: number
  readonly isDeflated: boolean
  /** Whether its checksum and sizes are repeated behind its data, and not before it. */
  readonly hasDescriptor: boolean
  /** Where its local header begins in the zip. */
  readonly offset: number
  /** Where its header begins in the directory. */
  readonly headerAt: number
  readonly nameBytes: number
}

/** Where an entry lies in the zip, all of it: local header, data, descriptor. */
export interface ZipExtent {
  readonly entry: ZipEntry
  readonly end: number
}

export const headerBytes = 46

/** The flags that an artifact may have (APPNOTE.TXT 4.4.4). */
const flagBits = { encrypted: 0x1, descriptor: 0x8, utf8: 0x800 }
const methods = { stored: 0, deflated: 8 }
/** The number of the system whose modes are Unix modes (APPNOTE.TXT 4.4.2). */
const madeByUnix = 3

/** The type bits of a Unix mode (inode(7)). */
const typeBits: Readonly<Record<number, ZipEntry['type']>> = {
  0o100000: 'file',
  0o040000: 'directory',
  0o120000: 'symlink',
}

/**
 * Reads the directory of a zip (APPNOTE.TXT 4.3.12) and refuses what two readers could read in two ways.
 *
 * @throws ARTIFACT_INVALID
 */
export function readDirectory(path: string, directory: Buffer, { entryCount }: ZipEnd): readonly ZipEntry[] {
  const entries: ZipEntry[] = []
  const paths = new Set<string>()
  let at = 0
  while (at < directory.length) {
    const entry = readHeader(path, directory, at)
    if (paths.has(entry.path)) throw invalid(path, `it has two entries ${JSON.stringify(entry.path)}`)
    paths.add(entry.path)
    entries.push(entry)
    at += headerLength(directory, at)
  }
  if (entries.length !== entryCount) throw invalid(path, `it has ${entries.length} entries, not ${entryCount}`)
  return entries
}

/** @throws ARTIFACT_INVALID */
export function readHeader(path: string, directory: Buffer, at: number): ZipEntry {
  const rest = directory.length - at
  if (rest < headerBytes || directory.readUInt32LE(at) !== 0x02014b50 || rest < headerLength(directory, at)) {
    throw invalid(path, 'its directory is cut or holds something else')
  }
  const nameBytes = directory.readUInt16LE(at + 28)
  const name = directory.subarray(at + headerBytes, at + headerBytes + nameBytes)
  const text = name.toString()
  const shown = JSON.stringify(text)
  const flags = directory.readUInt16LE(at + 8)
  requireName(path, name, text, (flags & flagBits.utf8) !== 0)
  if (directory.readUInt16LE(at + 32) !== 0) throw invalid(path, `${shown} has a comment`)
  if (directory.readUInt16LE(at + 34) !== 0) throw invalid(path, `${shown} is in another part of a zip`)
  const method = directory.readUInt16LE(at + 10)
  if ((flags & ~(flagBits.utf8 | flagBits.descriptor)) !== 0 || !Object.values(methods).includes(method)) {
    throw invalid(path, `${shown} is encrypted or compressed in an unusual way`)
  }
  const unixMode = directory.readUInt16LE(at + 40)
  const type = typeBits[unixMode & 0o170000]
  if (directory.readUInt8(at + 5) !== madeByUnix || type === undefined) {
    throw invalid(path, `${shown} has no Unix file type`)
  }
  if ((type === 'directory') !== text.endsWith('/')) throw invalid(path, `${shown} is no name of a ${type}`)
  const entry = {
    path: type === 'directory' ? text.slice(0, -1) : text,
    type,
    mode: unixMode & 0o7777,
    checksum: directory.readUInt32LE(at + 16),
    isDeflated: method === methods.deflated,
    hasDescriptor: (flags & flagBits.descriptor) !== 0,
    headerAt: at,
    nameBytes,
    ...readSizes(path, shown, directory, at),
  }
  requireSizes(path, shown, entry)
  return entry
}

function headerLength(directory: Buffer, at: number): number {
  const lengths = directory.readUInt16LE(at + 28) + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32)
  return headerBytes + lengths
}

function requireName(path: string, name: Buffer, text: string, isMarked: boolean): void {
  const shown = JSON.stringify(text)
  if (!isUtf8(name)) throw invalid(path, `${shown} is no name in UTF-8`)
  // Without the mark it is in code page 437 for some readers; the first 127 characters are the same there.
  if (!isMarked && name.some((byte) => byte > 0x7e)) throw invalid(path, `${shown} does not say that it is UTF-8`)
  if (text.startsWith('/')) throw invalid(path, `${shown} is an absolute path`)
  const parts = (text.endsWith('/') ? text.slice(0, -1) : text).split('/')
  if (text.includes('\0') || parts.some((part) => part === '' || part === '.' || part === '..')) {
    throw invalid(path, `${shown} is no relative path`)
  }
}

/** Sizes and offset, from the zip64 field where they do not fit: that field alone, and only where one of them asks for it. */
function readSizes(path: string, shown: string, directory: Buffer, at: number) {
  const packedBytes = directory.readUInt32LE(at + 20)
  const sizeBytes = directory.readUInt32LE(at + 24)
  const offset = directory.readUInt32LE(at + 42)
  const extraBytes = directory.readUInt16LE(at + 30)
  const asked = [sizeBytes, packedBytes, offset].filter((value) => value === inZip64.long).length
  if (asked === 0 && extraBytes === 0) return { sizeBytes, packedBytes, offset }
  let field = at + headerBytes + directory.readUInt16LE(at + 28)
  const isField =
    asked > 0 &&
    extraBytes === 4 + 8 * asked &&
    directory.readUInt16LE(field) === 1 &&
    directory.readUInt16LE(field + 2) === 8 * asked
  if (!isField) throw invalid(path, `${shown} has an extra field that an artifact does not have`)
  field += 4
  // In this order, and only those that do not fit (APPNOTE.TXT 4.5.3).
  const next = (value: number) => {
    if (value !== inZip64.long) return value
    field += 8
    return readLong(path, directory, field - 8)
  }
  return { sizeBytes: next(sizeBytes), packedBytes: next(packedBytes), offset: next(offset) }
}

function requireSizes(path: string, shown: string, entry: ZipEntry): void {
  const { type, sizeBytes, packedBytes, isDeflated } = entry
  if (!isDeflated && sizeBytes !== packedBytes) throw invalid(path, `${shown} is stored in another number of bytes`)
  if (type === 'directory' && sizeBytes !== 0) throw invalid(path, `${shown} is a directory with content`)
  if (type === 'symlink' && sizeBytes > maxLinkTargetBytes) {
    throw invalid(path, `its link ${shown} has a target of ${sizeBytes} bytes`)
  }
}

/** What a local header has before the name, and what an entry has at most besides its name and its data. */
export const localHeaderBytes = 30
export const zip64FieldBytes = 20
export const descriptorBytes = { short: 16, long: 24 }
const maxSlackBytes = zip64FieldBytes + descriptorBytes.long

/**
 * Lays the entries out in the order in which they lie in the zip. From its first byte to its directory all of it belongs
 * to one entry each: nothing before them, between them or shared. That each extent is filled is seen where its local
 * header is read.
 *
 * @throws ARTIFACT_INVALID
 */
export function layOut(path: string, entries: readonly ZipEntry[], { directoryOffset }: ZipEnd): readonly ZipExtent[] {
  const sorted = [...entries].sort((a, b) => a.offset - b.offset)
  if ((sorted[0]?.offset ?? directoryOffset) !== 0) throw invalid(path, 'it does not begin with an entry')
  return sorted.map((entry, index) => {
    const end = sorted[index + 1]?.offset ?? directoryOffset
    const slack = end - entry.offset - localHeaderBytes - entry.nameBytes - entry.packedBytes
    if (slack < 0) throw invalid(path, `${JSON.stringify(entry.path)} overlaps with what follows it`)
    if (slack > maxSlackBytes) {
      throw invalid(path, `bytes behind ${JSON.stringify(entry.path)} belong to no entry`)
    }
    return { entry, end }
  })
}
