import { descriptorBytes, headerBytes, localHeaderBytes, zip64FieldBytes, type ZipEntry } from './read-directory.ts'
import { inZip64, readLong } from './read-end.ts'
import { invalid } from '../refuse.ts'

/** The most that lies before the data of an entry. */
export function maxHeadBytes({ nameBytes }: ZipEntry): number {
  return localHeaderBytes + nameBytes + zip64FieldBytes
}

/**
 * How many bytes stand before the data of an entry whose extent begins with `head`. Some readers go by the header before
 * the data, some by the directory: both must say the same of name, flags, method, time, checksum and sizes.
 *
 * @throws ARTIFACT_INVALID
 */
export function measureHead(path: string, head: Buffer, directory: Buffer, entry: ZipEntry): number {
  const { headerAt: at, nameBytes } = entry
  const named = localHeaderBytes + nameBytes
  const isSame =
    head.length >= named &&
    head.readUInt32LE(0) === 0x04034b50 &&
    // Flags, method, time and date; those of the directory stand two bytes further on.
    head.readUInt32LE(6) === directory.readUInt32LE(at + 8) &&
    head.readUInt32LE(10) === directory.readUInt32LE(at + 12) &&
    head.readUInt16LE(26) === nameBytes &&
    head.compare(directory, at + headerBytes, at + headerBytes + nameBytes, localHeaderBytes, named) === 0
  const bytes = named + (isSame ? head.readUInt16LE(28) : 0)
  if (!isSame || bytes > head.length || !saysSizes(path, head, named, entry)) {
    throw invalid(path, `${JSON.stringify(entry.path)} has two headers that contradict each other`)
  }
  return bytes
}

function saysSizes(path: string, head: Buffer, fieldAt: number, entry: ZipEntry): boolean {
  const checksum = head.readUInt32LE(14)
  const packedBytes = head.readUInt32LE(18)
  const sizeBytes = head.readUInt32LE(22)
  const fieldBytes = head.readUInt16LE(28)
  if (entry.hasDescriptor) return checksum === 0 && packedBytes === 0 && sizeBytes === 0 && fieldBytes === 0
  if (checksum !== entry.checksum) return false
  if (fieldBytes === 0) return packedBytes === entry.packedBytes && sizeBytes === entry.sizeBytes
  // Both sizes stand in the field, whichever of them does not fit (APPNOTE.TXT 4.5.3).
  return (
    fieldBytes === zip64FieldBytes &&
    packedBytes === inZip64.long &&
    sizeBytes === inZip64.long &&
    head.readUInt32LE(fieldAt) === 0x00100001 &&
    readLong(path, head, fieldAt + 4) === entry.sizeBytes &&
    readLong(path, head, fieldAt + 12) === entry.packedBytes
  )
}

/**
 * Checks what stands between the data of an entry and the next one: its descriptor, with its signature (APPNOTE.TXT
 * 4.3.9), or nothing.
 *
 * @throws ARTIFACT_INVALID
 */
export function checkFoot(path: string, foot: Buffer, entry: ZipEntry): void {
  if (!isFoot(path, foot, entry)) {
    throw invalid(path, `bytes behind ${JSON.stringify(entry.path)} are not what its header announces`)
  }
}

function isFoot(path: string, foot: Buffer, { hasDescriptor, checksum, packedBytes, sizeBytes }: ZipEntry): boolean {
  if (!hasDescriptor) return foot.length === 0
  const isLong = foot.length === descriptorBytes.long
  if (!isLong && foot.length !== descriptorBytes.short) return false
  const read = (at: number) => (isLong ? readLong(path, foot, at) : foot.readUInt32LE(at))
  return (
    foot.readUInt32LE(0) === 0x08074b50 &&
    foot.readUInt32LE(4) === checksum &&
    read(8) === packedBytes &&
    read(isLong ? 16 : 12) === sizeBytes
  )
}

/** The packed bytes of an entry whose whole extent is at hand. */
export function packedBytesOf(path: string, extent: Buffer, directory: Buffer, entry: ZipEntry): Buffer {
  const start = measureHead(path, extent, directory, entry)
  const end = start + entry.packedBytes
  if (end > extent.length) {
    throw invalid(path, `${JSON.stringify(entry.path)} overlaps with what follows it`)
  }
  checkFoot(path, extent.subarray(end), entry)
  return extent.subarray(start, end)
}
