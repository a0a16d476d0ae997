import { crc32, gunzipSync, inflateRawSync, type Zlib } from 'node:zlib'
import type { ZipEntry } from '../../plan/zip/read-directory.ts'
import { corrupt, otherChecksum, trailing, unreadable } from '../../plan/refuse.ts'
import { codeOf } from '../path-failure.ts'

/** An entry with the bytes that the zip holds for it. */
export interface PackedEntry {
  readonly entry: ZipEntry
  readonly packed: Buffer
}

/** The header of a gzip member without a name (RFC 1952), and the two bytes by which one is known. */
const gzipHeader = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])
const gzipMagic = gzipHeader.subarray(0, 2)
const gzipTrailerBytes = 8

/**
 * Unpacks entries: many small ones with one call. Making a decompressor costs more than what most files take to
 * unpack, but `gunzip` goes on with the next member of a file of many, and checks length and checksum of each: the
 * entries become such a file. It is exact, since no member can begin but where one was put: entries in whose bytes the
 * two that begin one occur are unpacked alone, as are those without content, which could be skipped unnoticed.
 *
 * @throws ARTIFACT_CORRUPT, ARTIFACT_INVALID
 */
export function unpackAll(path: string, entries: readonly PackedEntry[]): readonly Buffer[] {
  const members = entries.map(memberOf)
  const sizeBytes = entries.reduce((sum, { entry }, index) => sum + (members[index] ? entry.sizeBytes : 0), 0)
  const whole =
    sizeBytes === 0 ? undefined : gunzipWhole(Buffer.concat(members.flatMap((parts) => parts ?? [])), sizeBytes)
  let at = 0
  return entries.map((packed, index) => {
    // Without the whole: which entry it was, and what is wrong with it, is found one by one.
    if (whole === undefined || members[index] === undefined) return unpack(path, packed)
    return whole.subarray(at, (at += packed.entry.sizeBytes))
  })
}

function memberOf({ entry, packed }: PackedEntry): readonly Buffer[] | undefined {
  if (!entry.isDeflated || entry.sizeBytes === 0) return undefined
  const trailer = Buffer.allocUnsafe(gzipTrailerBytes)
  trailer.writeUInt32LE(entry.checksum, 0)
  trailer.writeUInt32LE(entry.sizeBytes, 4)
  // Not in one of the parts, and not where two of them meet.
  const isPlain = !packed.includes(gzipMagic) && !trailer.includes(gzipMagic) && !meetsMagic(packed, trailer)
  return isPlain ? [gzipHeader, packed, trailer] : undefined
}

function meetsMagic(packed: Buffer, trailer: Buffer): boolean {
  return packed[packed.length - 1] === gzipMagic[0] && trailer[0] === gzipMagic[1]
}

/** All of the members' contents, or undefined where one of them is not what its trailer says. */
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

function unpack(path: string, { entry, packed }: PackedEntry): Buffer {
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
