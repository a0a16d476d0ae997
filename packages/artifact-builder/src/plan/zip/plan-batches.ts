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
export function planBatches(extents: readonly ZipExtent[]): ReadPlan {
  const batches: [number, number][] = []
  const large: number[] = []
  let current: [number, number] | undefined
  extents.forEach((extent, index) => {
    if (isLarge(extent)) {
      large.push(index)
      current = undefined
    } else if (current !== undefined && fits(extents, current, index)) {
      current[1] = index + 1
    } else {
      current = [index, index + 1]
      batches.push(current)
    }
  })
  return { batches, large }
}

function isLarge({ entry }: ZipExtent): boolean {
  return entry.sizeBytes > laneEntryBytes || entry.packedBytes > laneEntryBytes
}

function fits(extents: readonly ZipExtent[], [begin]: readonly [number, number], index: number): boolean {
  const first = extents[begin] as ZipExtent
  const last = extents[index] as ZipExtent
  return index - begin < laneBatchEntries && last.end - first.entry.offset <= laneBatchBytes
}
