import { constants, deflateRawSync } from 'node:zlib'
import { dictionaryBytes, manifestPieceBytes } from '../../limits.ts'
import type { LaneHandler } from './lane.ts'

export interface DeflateJob {
  /** All bytes, in memory that every thread sees. */
  readonly bytes: Uint8Array
  readonly level: number
  /** Numbers of the pieces to do. */
  readonly pieces: readonly number[]
}

/** Deflates pieces of bytes in memory: joined in their order, the pieces are one stream. */
export const deflateLane: LaneHandler<DeflateJob, never, readonly Uint8Array[]> = function* (job) {
  const { bytes, level, pieces } = job
  const last = Math.ceil(bytes.length / manifestPieceBytes) - 1
  const deflated: Uint8Array[] = []
  for (const piece of pieces) {
    const at = piece * manifestPieceBytes
    const dictionary = bytes.subarray(Math.max(0, at - dictionaryBytes), at)
    deflated.push(
      deflateRawSync(bytes.subarray(at, at + manifestPieceBytes), {
        level,
        finishFlush: piece === last ? constants.Z_FINISH : constants.Z_SYNC_FLUSH,
        ...(dictionary.length > 0 && { dictionary }),
      }),
    )
    yield
  }
  return deflated
}
