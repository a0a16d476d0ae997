import { constants, deflateRawSync } from 'node:zlib'
import type { LaneHandler } from './lane.ts'

/** One piece of what is to be one stream. */
export interface DeflateJob {
  readonly bytes: Uint8Array
  /** The bytes before it, to which it may refer; none for the first one. */
  readonly dictionary: Uint8Array
  readonly isLast: boolean
  readonly level: number
}

/** Deflates a piece of bytes in memory: joined in their order, the pieces are one stream. */
export const deflateLane: LaneHandler<DeflateJob, never, Uint8Array> = function* (job) {
  const { bytes, dictionary, isLast, level } = job
  yield
  return deflateRawSync(bytes, {
    level,
    finishFlush: isLast ? constants.Z_FINISH : constants.Z_SYNC_FLUSH,
    ...(dictionary.length > 0 && { dictionary }),
  })
}
