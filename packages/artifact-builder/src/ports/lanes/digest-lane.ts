import { createHash } from 'node:crypto'
import { digestedBytes } from '../../limits.ts'
import type { LaneHandler } from './lane.ts'
import { readRange } from './planned-file.ts'

export interface DigestJob {
  /** Of a file that is open for reading: a number means the same file in every thread. */
  readonly fd: number
  readonly sizeBytes: number
}

/** The SHA-256 of a file, in hexadecimal digits. */
export const digestLane: LaneHandler<DigestJob, never, string> = function* ({ fd, sizeBytes }, { stopped }) {
  const hash = createHash('sha256')
  const piece = Buffer.allocUnsafeSlow(Math.min(digestedBytes, sizeBytes))
  for (let at = 0; at < sizeBytes && !stopped(); at += piece.length) {
    const bytes = Math.min(piece.length, sizeBytes - at)
    readRange({ fd }, piece, { at, bytes })
    hash.update(piece.subarray(0, bytes))
    yield
  }
  return hash.digest('hex')
}
