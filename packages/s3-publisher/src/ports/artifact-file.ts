import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { errors } from '../errors.ts'
import { readChunkBytes } from '../limits.ts'

/** What a file holds now. */
export interface FileDigest {
  readonly sha256: string
  readonly sizeBytes: number
}

/**
 * Reads a file once and answers the digest of its bytes.
 *
 * @throws ARTIFACT_MISSING; `signal.reason` when cancelled
 */
export async function digestFile(path: string, signal: AbortSignal | undefined): Promise<FileDigest> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const piece of readFile(path, signal)) {
    hash.update(piece)
    sizeBytes += piece.byteLength
  }
  return { sha256: hash.digest('hex'), sizeBytes }
}

/** The bytes of a file, opened anew for each call. */
export async function* readFile(path: string, signal?: AbortSignal): AsyncGenerator<Uint8Array, void> {
  signal?.throwIfAborted()
  const stream = createReadStream(path, { highWaterMark: readChunkBytes })
  try {
    for await (const piece of stream) {
      signal?.throwIfAborted()
      yield piece as Uint8Array
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw errors.ARTIFACT_MISSING({ path }, { cause: error })
    throw error
  } finally {
    stream.destroy()
  }
}
