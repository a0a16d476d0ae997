import { openKernel } from '../../plan/kernel/kernel.ts'
import type { LaneHandler } from './lane.ts'

/** One piece of what is to be one stream. */
export interface DeflateJob {
  readonly bytes: Uint8Array
  /** The bytes before it, to which it may refer; none for the first one. */
  readonly dictionary: Uint8Array
  readonly isLast: boolean
  readonly tries: number
}

/** Deflates a piece of bytes in memory: joined in their order, the pieces are one stream. */
export const deflateLane: LaneHandler<DeflateJob, never, Uint8Array> = function* (job) {
  const { bytes, dictionary, isLast, tries } = job
  yield
  const { source, deflate } = openKernel()
  source.set(dictionary)
  source.set(bytes, dictionary.length)
  // A copy of its own: sent to another thread, a view takes all of the memory along that it is of.
  return Uint8Array.from(deflate({ dictionaryBytes: dictionary.length, bytes: bytes.length, isLast, tries }))
}
