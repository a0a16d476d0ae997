import { openKernel } from '../../plan/kernel/kernel.ts'
import type { EntryRange, HeaderColumns } from '../../plan/kernel/lines.ts'
import type { DosTime } from '../../plan/zip/records.ts'
import type { LaneHandler } from './lane.ts'
import { shareBytes } from './shared-entries.ts'

export interface DirectoryJob {
  readonly columns: HeaderColumns
  readonly ranges: readonly EntryRange[]
  /** How many of them are taken. */
  readonly taken: Int32Array
  readonly dosTime: DosTime
}

/** The headers of one of the ranges. */
export interface DirectoryPart {
  readonly number: number
  readonly headers: Uint8Array
}

/** Makes headers of the directory, of the next range each time. */
export const directoryLane: LaneHandler<DirectoryJob, never, readonly DirectoryPart[]> = function* (job, { stopped }) {
  const { columns, ranges, taken, dosTime } = job
  const parts: DirectoryPart[] = []
  for (let number = Atomics.add(taken, 0, 1); number < ranges.length; number = Atomics.add(taken, 0, 1)) {
    const headers = openKernel().writeHeaders(columns, ranges[number] as EntryRange, dosTime)
    parts.push({ number, headers: shareBytes(headers) })
    if (stopped()) break
    yield
  }
  return parts
}
