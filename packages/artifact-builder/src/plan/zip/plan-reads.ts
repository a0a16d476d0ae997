import { laneBatchBytes, laneBatchEntries, laneEntryBytes } from '../../limits.ts'
import type { ZipExtent } from './read-directory.ts'

/** Who reads which entries of a zip. */
export interface ReadPlan {
  /** Begin and end, in numbers of extents, of runs that lie in one piece; a lane takes one at a time. */
  readonly batches: readonly (readonly [number, number])[]
  /** Entries too large to be held whole, which are streamed. */
  readonly large: readonly number[]
}

/** Splits the entries of a zip among lanes: neighbours together, so that one read of the disk serves many. */
export function planReads(extents: readonly ZipExtent[]): ReadPlan {
  const batches: [number, number][] = []
  const large: number[] = []
  let current: { readonly batch: [number, number]; readonly offset: number; contentBytes: number } | undefined
  extents.forEach(({ entry, end }, index) => {
    const { offset, sizeBytes, packedBytes } = entry
    if (sizeBytes > laneEntryBytes || packedBytes > laneEntryBytes) {
      large.push(index)
      current = undefined
      return
    }
    const fits =
      current !== undefined &&
      index - current.batch[0] < laneBatchEntries &&
      end - current.offset <= laneBatchBytes &&
      current.contentBytes + sizeBytes <= laneEntryBytes
    if (current === undefined || !fits) {
      current = { batch: [index, index], offset, contentBytes: 0 }
      batches.push(current.batch)
    }
    current.batch[1] = index + 1
    current.contentBytes += sizeBytes
  })
  return { batches, large }
}
