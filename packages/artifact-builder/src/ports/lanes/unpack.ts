import { crc32, gunzipSync, inflateRawSync, type Zlib } from 'node:zlib'
import { viewed } from '../../plan/zip/little-endian.ts'
import type { ZipEntry } from '../../plan/zip/read-directory.ts'
import { corrupt, otherChecksum, trailing, unreadable } from '../../plan/refuse.ts'
import { codeOf } from '../path-failure.ts'

/** An entry and where its packed bytes begin among those that were read. */
export interface PackedEntry {
  readonly entry: ZipEntry
  readonly at: number
}

/** The header of a gzip member without a name (RFC 1952), and the bytes by which one is known. */
const gzipHeader = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])
const gzipMagic = gzipHeader.subarray(0, 3)
const gzipTrailerBytes = 8

/**
 * Unpacks entries: many small ones with one call. Making a decompressor costs more than what most files take to
 * unpack, but `gunzip` goes on with the next member of a file of many, and checks length and checksum of each: the
 * entries become such a file. It is exact, since no member can begin but where one was put: where the bytes that begin
 * one occur elsewhere too, all are unpacked alone, as are those without content, which could be skipped unnoticed.
 *
 * @param bytes hold the packed bytes of the entries
 * @throws ARTIFACT_CORRUPT, ARTIFACT_INVALID
 */
export function unpackAll(path: string, bytes: Buffer, entries: readonly PackedEntry[]): readonly Buffer[] {
  const whole = unpackMembers(bytes, entries.filter(isMember))
  let at = 0
  return entries.map((packed) => {
    // Without the whole: which entry it was, and what is wrong with it, is found one by one.
    if (whole === undefined || !isMember(packed)) return unpack(path, packed.entry, packedBytesOf(bytes, packed))
    return whole.subarray(at, (at += packed.entry.sizeBytes))
  })
}

function isMember({ entry }: PackedEntry): boolean {
  return entry.isDeflated && entry.sizeBytes > 0
}

function packedBytesOf(bytes: Buffer, { entry, at }: PackedEntry): Buffer {
  return bytes.subarray(at, at + entry.packedBytes)
}

/** All of the entries' contents, or undefined where that is to be found one by one. */
function unpackMembers(bytes: Buffer, entries: readonly PackedEntry[]): Buffer | undefined {
  if (entries.length === 0) return undefined
  const members = joinMembers(bytes, entries)
  if (countOf(gzipMagic, members) > entries.length) return undefined
  return gunzipWhole(
    members,
    entries.reduce((sum, { entry }) => sum + entry.sizeBytes, 0),
  )
}

/** A gzip file with a member for each entry. */
function joinMembers(bytes: Buffer, entries: readonly PackedEntry[]): Buffer {
  const aroundBytes = gzipHeader.length + gzipTrailerBytes
  const members = Buffer.allocUnsafe(entries.reduce((sum, { entry }) => sum + aroundBytes + entry.packedBytes, 0))
  const { view } = viewed(members)
  let at = 0
  for (const packed of entries) {
    const { checksum, sizeBytes, packedBytes } = packed.entry
    members.set(gzipHeader, at)
    members.set(packedBytesOf(bytes, packed), at + gzipHeader.length)
    at += gzipHeader.length + packedBytes
    view.setUint32(at, checksum, true)
    view.setUint32(at + 4, sizeBytes, true)
    at += gzipTrailerBytes
  }
  return members
}

function countOf(wanted: Buffer, bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + wanted.length)) count++
  return count
}

/** The contents, or undefined where one of the members is not what its trailer says. */
function gunzipWhole(members: Buffer, sizeBytes: number): Buffer | undefined {
  try {
    const whole = gunzipSync(members, { maxOutputLength: sizeBytes, chunkSize: chunkFor(sizeBytes) })
    return whole.length === sizeBytes ? whole : undefined
  } catch {
    return undefined
  }
}

/** One byte more than the content, so that no buffer is filled to its end and asks for a second one; 64 is zlib's least. */
function chunkFor(sizeBytes: number): number {
  return Math.max(sizeBytes + 1, 64)
}

function unpack(path: string, entry: ZipEntry, packed: Buffer): Buffer {
  const content = entry.isDeflated ? inflate(path, entry, packed) : packed
  if (content.length !== entry.sizeBytes) {
    throw corrupt(path, entry.path, `has ${content.length} bytes, not ${entry.sizeBytes}`)
  }
  if (crc32(content) !== entry.checksum) throw otherChecksum(path, entry)
  return content
}

function inflate(path: string, entry: ZipEntry, packed: Buffer): Buffer {
  const { buffer, engine } = inflateWithin(path, entry, packed)
  if (engine.bytesWritten !== packed.length) throw trailing(path, entry)
  return buffer
}

/** No more memory than the size that the manifest states, whatever the data would become. */
function inflateWithin(path: string, entry: ZipEntry, packed: Buffer) {
  const room = Math.max(entry.sizeBytes, 1)
  try {
    const options = { info: true, maxOutputLength: room, chunkSize: chunkFor(room) }
    return inflateRawSync(packed, options) as unknown as { readonly buffer: Buffer; readonly engine: Zlib }
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') {
      throw corrupt(path, entry.path, `has more than ${entry.sizeBytes} bytes`, error)
    }
    throw unreadable(path, entry, error)
  }
}
