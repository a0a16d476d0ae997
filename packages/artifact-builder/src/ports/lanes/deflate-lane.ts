import { openKernel } from '../../plan/kernel/kernel.ts'
import type { LaneHandler } from './lane.ts'

/** One piece of what is to be one stream. */
export interface DeflateJob {
  /** Seen by every thread, and left alone until the answer is there. */
  readonly memory: Uint8Array
  /** How many bytes at its beginning stand before the piece, which may refer to them; none before the first one. */
  readonly dictionaryBytes: number
  /** Of the piece, behind those. */
  readonly bytes: number
  readonly isLast: boolean
  readonly tries: number
}

/** Deflates a piece of bytes in memory: joined in their order, the pieces are one stream. */
export const deflateLane: LaneHandler<DeflateJob, never, Uint8Array> = function* ({ memory, ...piece }) {
  yield
  const { source, deflate } = openKernel()
  source.set(memory.subarray(0, piece.dictionaryBytes + piece.bytes))
  // A copy of its own: sent to another thread, a view takes all of the memory along that it is of.
  return Uint8Array.from(deflate(piece))
}
