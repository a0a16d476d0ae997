import type { ZipEntry, ZipExtent } from '../../plan/zip/read-directory.ts'
import { headerBytes } from '../../plan/zip/read-directory.ts'
import { entryTypes, sharedArray } from './shared-entries.ts'

/** The numbers of an extent, one behind the other; its name stands in the directory. */
const columnCount = 11

/**
 * The entries of a zip, by number, in memory that every thread sees: they were read and found sound once, and a thread
 * that read their headers again would compile for it what the caller's compiled.
 */
export function shareExtents(extents: readonly ZipExtent[]): Float64Array<SharedArrayBuffer> {
  const numbers = sharedArray(Float64Array<SharedArrayBuffer>, extents.length * columnCount)
  extents.forEach(({ entry, end }, index) => {
    const at = index * columnCount
    numbers[at] = entry.offset
    numbers[at + 1] = end
    numbers[at + 2] = entry.headerAt
    numbers[at + 3] = entry.nameBytes
    numbers[at + 4] = entry.packedBytes
    numbers[at + 5] = entry.sizeBytes
    numbers[at + 6] = entry.checksum
    numbers[at + 7] = entry.mode
    numbers[at + 8] = entryTypes.indexOf(entry.type)
    numbers[at + 9] = entry.isDeflated ? 1 : 0
    numbers[at + 10] = entry.hasDescriptor ? 1 : 0
  })
  return numbers
}

/** @param directory the bytes of the zip's directory */
export function extentAt(numbers: Float64Array, directory: Buffer, index: number): Pick<ZipExtent, 'entry' | 'end'> {
  const at = index * columnCount
  const number = (column: number) => numbers[at + column] as number
  const type = entryTypes[number(8)] as ZipEntry['type']
  const headerAt = number(2)
  const nameBytes = number(3)
  const nameAt = headerAt + headerBytes
  const pathEnd = nameAt + nameBytes - (type === 'directory' ? 1 : 0)
  const entry = {
    path: directory.toString('utf8', nameAt, pathEnd),
    type,
    mode: number(7),
    sizeBytes: number(5),
    packedBytes: number(4),
    checksum: number(6),
    isDeflated: number(9) === 1,
    hasDescriptor: number(10) === 1,
    offset: number(0),
    headerAt,
    nameBytes,
  }
  return { entry, end: number(1) }
}
