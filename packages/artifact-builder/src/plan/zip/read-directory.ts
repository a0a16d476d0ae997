import { isAscii, isUtf8 } from 'node:buffer'
import type { ManifestEntry } from '@fairlead/core'
import { maxLinkTargetBytes } from '../../limits.ts'
import { u16, u32, viewed, type ViewedBytes } from './little-endian.ts'
import { inZip64, readLong, type ZipEnd } from './read-end.ts'
import { invalid, overlapping } from '../refuse.ts'

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
  /** Its number in the directory. */
  readonly index: number
  readonly end: number
}

export const headerBytes = 46

/** The flags that an artifact may have (APPNOTE.TXT 4.4.4). */
const flagBits = { encrypted: 0x1, descriptor: 0x8, utf8: 0x800 }
const knownFlags = flagBits.utf8 | flagBits.descriptor
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
  const headers = viewed(directory)
  let at = 0
  while (at < directory.length) {
    const entry = readHeader(path, headers, at)
    if (paths.has(entry.path)) throw invalid(path, `it has two entries ${JSON.stringify(entry.path)}`)
    paths.add(entry.path)
    entries.push(entry)
    at += headerLength(headers.view, at)
  }
  if (entries.length !== entryCount) throw invalid(path, `it has ${entries.length} entries, not ${entryCount}`)
  return entries
}

function readHeader(path: string, headers: ViewedBytes, at: number): ZipEntry {
  const { bytes, view } = headers
  const rest = bytes.length - at
  if (rest < headerBytes || u32(view, at) !== 0x02014b50 || rest < headerLength(view, at)) {
    throw invalid(path, 'its directory is cut or holds something else')
  }
  const nameBytes = u16(view, at + 28)
  const name = bytes.toString('utf8', at + headerBytes, at + headerBytes + nameBytes)
  const refuse = (problem: string) => invalid(path, `${JSON.stringify(name)} ${problem}`)
  const flags = u16(view, at + 8)
  const method = u16(view, at + 10)
  const unixMode = u16(view, at + 40)
  const type = typeBits[unixMode & 0o170000]
  requireName(refuse, name, headers, at)
  if (u16(view, at + 32) !== 0) throw refuse('has a comment')
  if (u16(view, at + 34) !== 0) throw refuse('is in another part of a zip')
  if ((flags & ~knownFlags) !== 0 || (method !== methods.stored && method !== methods.deflated)) {
    throw refuse('is encrypted or compressed in an unusual way')
  }
  if (view.getUint8(at + 5) !== madeByUnix || type === undefined) throw refuse('has no Unix file type')
  if ((type === 'directory') !== name.endsWith('/')) throw refuse(`is no name of a ${type}`)
  const sizes = readSizes(path, refuse, view, at)
  const entry = {
    path: type === 'directory' ? name.slice(0, -1) : name,
    type,
    mode: unixMode & 0o7777,
    sizeBytes: sizes.sizeBytes,
    packedBytes: sizes.packedBytes,
    checksum: u32(view, at + 16),
    isDeflated: method === methods.deflated,
    hasDescriptor: (flags & flagBits.descriptor) !== 0,
    offset: sizes.offset,
    headerAt: at,
    nameBytes,
  }
  requireSizes(refuse, entry)
  return entry
}

type Refuse = (problem: string) => Error

function headerLength(view: DataView, at: number): number {
  const lengths = u16(view, at + 28) + u16(view, at + 30) + u16(view, at + 32)
  return headerBytes + lengths
}

/** A part that is empty, `.` or `..`; the slash that ends the name of a folder has nothing behind it. */
const strayPart = /(?:^|\/)\.{0,2}(?:\/|$)/

function requireName(refuse: Refuse, name: string, headers: ViewedBytes, at: number): void {
  const isMarked = (u16(headers.view, at + 8) & flagBits.utf8) !== 0
  // A decoder puts U+FFFD where bytes are not UTF-8; a name may also have that character.
  if (name.includes('\ufffd') && !isUtf8(nameOf(headers, at))) throw refuse('is no name in UTF-8')
  // Without the mark it is in code page 437 for some readers; ASCII is the same there.
  if (!isMarked && !isAscii(nameOf(headers, at))) throw refuse('does not say that it is UTF-8')
  if (name.startsWith('/')) throw refuse('is an absolute path')
  if (name.includes('\0') || strayPart.test(name.endsWith('/') ? name.slice(0, -1) : name)) {
    throw refuse('is no relative path')
  }
}

function nameOf({ bytes, view }: ViewedBytes, at: number): Buffer {
  return Buffer.from(bytes.subarray(at + headerBytes, at + headerBytes + u16(view, at + 28)))
}

/** Sizes and offset, from the zip64 field where they do not fit: that field alone, and only where one of them asks for it. */
function readSizes(path: string, refuse: Refuse, view: DataView, at: number) {
  const packedBytes = u32(view, at + 20)
  const sizeBytes = u32(view, at + 24)
  const offset = u32(view, at + 42)
  const extraBytes = u16(view, at + 30)
  if (extraBytes === 0 && Math.max(sizeBytes, packedBytes, offset) < inZip64.long) {
    return { sizeBytes, packedBytes, offset }
  }
  const asked = [sizeBytes, packedBytes, offset].filter((value) => value === inZip64.long).length
  let field = at + headerBytes + u16(view, at + 28)
  const isField =
    asked > 0 && extraBytes === 4 + 8 * asked && u16(view, field) === 1 && u16(view, field + 2) === 8 * asked
  if (!isField) throw refuse('has an extra field that an artifact does not have')
  field += 4
  // In this order, and only those that do not fit (APPNOTE.TXT 4.5.3).
  const next = (value: number) => {
    if (value !== inZip64.long) return value
    field += 8
    return readLong(path, view, field - 8)
  }
  return { sizeBytes: next(sizeBytes), packedBytes: next(packedBytes), offset: next(offset) }
}

function requireSizes(refuse: Refuse, { type, sizeBytes, packedBytes, isDeflated }: ZipEntry): void {
  if (!isDeflated && sizeBytes !== packedBytes) throw refuse('is stored in another number of bytes')
  if (type === 'directory' && sizeBytes !== 0) throw refuse('is a directory with content')
  if (type === 'symlink' && sizeBytes > maxLinkTargetBytes) throw refuse(`is a link of ${sizeBytes} bytes`)
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
  const sorted = entries.map((entry, index) => ({ entry, index })).sort((a, b) => a.entry.offset - b.entry.offset)
  if ((sorted[0]?.entry.offset ?? directoryOffset) !== 0) throw invalid(path, 'it does not begin with an entry')
  return sorted.map(({ entry, index }, place) => {
    const end = sorted[place + 1]?.entry.offset ?? directoryOffset
    const slack = end - entry.offset - localHeaderBytes - entry.nameBytes - entry.packedBytes
    if (slack < 0) throw overlapping(path, entry)
    if (slack > maxSlackBytes) {
      throw invalid(path, `bytes behind ${JSON.stringify(entry.path)} belong to no entry`)
    }
    return { entry, index, end }
  })
}
