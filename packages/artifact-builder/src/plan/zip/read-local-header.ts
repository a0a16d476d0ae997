import { descriptorBytes, headerBytes, localHeaderBytes, zip64FieldBytes, type ZipEntry } from './read-directory.ts'
import { u16, u32, type ViewedBytes } from './little-endian.ts'
import { inZip64, readLong } from './read-end.ts'
import { invalid, overlapping } from '../refuse.ts'

/** The most that lies before the data of an entry. */
export function maxHeadBytes({ nameBytes }: ZipEntry): number {
  return localHeaderBytes + nameBytes + zip64FieldBytes
}

/** Where an entry lies, header, data and descriptor, in bytes that may hold more. */
export interface Place {
  readonly at: number
  readonly end: number
}

/**
 * Where the data begins of an entry whose header is `place` of these bytes, or stands at its begin. Some readers go by the
 * header before the data, some by the directory: both must say the same of name, flags, method, time, checksum and sizes.
 *
 * @throws ARTIFACT_INVALID
 */
export function findData(
  path: string,
  { bytes, view }: ViewedBytes,
  { at, end }: Place,
  directory: ViewedBytes,
  entry: ZipEntry,
): number {
  const { headerAt, nameBytes } = entry
  const nameAt = at + localHeaderBytes
  const nameEnd = nameAt + nameBytes
  const nameInDirectory = headerAt + headerBytes
  const isSame =
    end >= nameEnd &&
    u32(view, at) === 0x04034b50 &&
    // Flags, method, time and date; those of the directory stand two bytes further on.
    u32(view, at + 6) === u32(directory.view, headerAt + 8) &&
    u32(view, at + 10) === u32(directory.view, headerAt + 12) &&
    u16(view, at + 26) === nameBytes &&
    bytes.compare(directory.bytes, nameInDirectory, nameInDirectory + nameBytes, nameAt, nameEnd) === 0
  const dataAt = nameEnd + (isSame ? u16(view, at + 28) : 0)
  if (!isSame || dataAt > end || !saysSizes(path, view, at, entry)) {
    throw invalid(path, `${JSON.stringify(entry.path)} has two headers that contradict each other`)
  }
  return dataAt
}

function saysSizes(path: string, view: DataView, at: number, entry: ZipEntry): boolean {
  const checksum = u32(view, at + 14)
  const packedBytes = u32(view, at + 18)
  const sizeBytes = u32(view, at + 22)
  const fieldBytes = u16(view, at + 28)
  if (entry.hasDescriptor) return checksum === 0 && packedBytes === 0 && sizeBytes === 0 && fieldBytes === 0
  if (checksum !== entry.checksum) return false
  if (fieldBytes === 0) return packedBytes === entry.packedBytes && sizeBytes === entry.sizeBytes
  const fieldAt = at + localHeaderBytes + entry.nameBytes
  // Both sizes stand in the field, whichever of them does not fit (APPNOTE.TXT 4.5.3).
  return (
    fieldBytes === zip64FieldBytes &&
    packedBytes === inZip64.long &&
    sizeBytes === inZip64.long &&
    u32(view, fieldAt) === 0x00100001 &&
    readLong(path, view, fieldAt + 4) === entry.sizeBytes &&
    readLong(path, view, fieldAt + 12) === entry.packedBytes
  )
}

/**
 * Checks what stands between the data of an entry and the next one: its descriptor, with its signature (APPNOTE.TXT
 * 4.3.9), or nothing.
 *
 * @throws ARTIFACT_INVALID
 */
export function checkFoot(path: string, view: DataView, foot: Place, entry: ZipEntry): void {
  if (!isFoot(path, view, foot, entry)) {
    throw invalid(path, `bytes behind ${JSON.stringify(entry.path)} are not what its header announces`)
  }
}

function isFoot(path: string, view: DataView, { at, end }: Place, entry: ZipEntry): boolean {
  const { hasDescriptor, checksum, packedBytes, sizeBytes } = entry
  if (!hasDescriptor) return at === end
  const isLong = end - at === descriptorBytes.long
  if (!isLong && end - at !== descriptorBytes.short) return false
  const read = (offset: number) => (isLong ? readLong(path, view, at + offset) : u32(view, at + offset))
  return (
    u32(view, at) === 0x08074b50 &&
    u32(view, at + 4) === checksum &&
    read(8) === packedBytes &&
    read(isLong ? 16 : 12) === sizeBytes
  )
}

/**
 * Where the packed bytes begin of an entry of which all is at hand, found sound before and behind them.
 *
 * @throws ARTIFACT_INVALID
 */
export function findPacked(
  path: string,
  batch: ViewedBytes,
  place: Place,
  directory: ViewedBytes,
  entry: ZipEntry,
): number {
  const at = findData(path, batch, place, directory, entry)
  const packedEnd = at + entry.packedBytes
  if (packedEnd > place.end) throw overlapping(path, entry)
  checkFoot(path, batch.view, { at: packedEnd, end: place.end }, entry)
  return at
}
