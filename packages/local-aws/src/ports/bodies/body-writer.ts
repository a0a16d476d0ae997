import { rm, writeFile } from 'node:fs/promises'
import type { TakePiece } from '../../body.ts'
import { startDigest, type DigestName } from '../../checksum/checksums.ts'
import { startBodyThread, type BodyThread } from './body-thread.ts'

/** A file that is being written. */
export interface BodyWriter {
  readonly take: TakePiece
  /** The digests in the order of their names, when every byte is in the file; call it once, after the last piece. */
  readonly end: () => Promise<readonly Buffer[]>
  /** Forgets a body that did not come to its end; the file is gone when it resolves. */
  readonly abandon: () => Promise<void>
}

export interface BodyWriters {
  /** Begins a new file with a body of at most so many bytes; `path` must not exist. */
  readonly start: (
    path: string,
    body: { readonly digests: readonly DigestName[]; readonly sizeBytes: number },
  ) => BodyWriter
  readonly close: () => Promise<void>
}

/** Below it, handing a body to another thread costs more than its digests. */
const threadFloorBytes = 256 * 1024

/**
 * Writers of bodies: small ones are written at once, large ones by a thread, which is started for the first of them and
 * anew where it ended.
 * The MD5 of a large body takes longer than all else that a put does, and needs a processor of its own.
 */
export function openBodyWriters(): BodyWriters {
  let thread: BodyThread | undefined
  /** A thread that crashed takes its bodies with it, and no later one. */
  const runningThread = () => (thread = thread && !thread.hasEnded() ? thread : startBodyThread())
  return {
    start: (path, { digests, sizeBytes }) =>
      sizeBytes < threadFloorBytes ? writeAtOnce(path, digests) : runningThread().start(path, digests),
    close: async () => {
      await thread?.close()
    },
  }
}

function writeAtOnce(path: string, algorithms: readonly DigestName[]): BodyWriter {
  const digests = algorithms.map(startDigest)
  const pieces: Buffer[] = []
  return {
    take: (piece) => {
      for (const digest of digests) digest.update(piece)
      pieces.push(piece)
      return undefined
    },
    end: async () => {
      await writeFile(path, Buffer.concat(pieces), { flag: 'wx', mode: 0o600 })
      return digests.map((digest) => digest.digest())
    },
    abandon: () => rm(path, { force: true }),
  }
}
