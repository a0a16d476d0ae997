import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { isDeployError } from '@fairlead/core'
import { artifactErrors } from '../errors.ts'
import { maxTarExtensionBytes } from '../limits.ts'
import {
  parseTarExtension,
  parseTarHeader,
  tarBlockBytes,
  type TarEntryFacts,
  type TarExtension,
} from '../plan/tar-header.ts'
import { codeOf } from './path-failure.ts'

/** Is given each entry with its content, which it may leave unread. */
export type TarVisitor = (facts: TarEntryFacts, content: AsyncIterable<Uint8Array>) => Promise<void>

/** Larger pieces than a stream's default: a tar is read from its begin to its end. */
const readBytes = 256 * 1024

/**
 * Reads a tar from its begin to its end, in gzip where it begins like that, and shows each entry in its place. Nothing is
 * kept in memory. Answers the size and digest of the file's bytes, which were read only once.
 *
 * @throws ARTIFACT_NOT_FOUND, ARTIFACT_INVALID, and what `visit` throws; `signal.reason` when cancelled
 */
export async function readTar(
  path: string,
  signal: AbortSignal | undefined,
  visit: TarVisitor,
): Promise<{ readonly sizeBytes: number; readonly sha256: string }> {
  signal?.throwIfAborted()
  const digest = createHash('sha256')
  const file = { sizeBytes: 0 }
  const source = digested(path, file, digest)
  const bytes = (await isGzip(path)) ? unzipped(path, source) : source
  try {
    await visitEntries(cursorOf(path, signal, bytes), path, visit)
  } catch (error) {
    throw signal?.aborted ? signal.reason : error
  } finally {
    await bytes.return()
  }
  return { sizeBytes: file.sizeBytes, sha256: digest.digest('hex') }
}

async function visitEntries(cursor: Cursor, path: string, visit: TarVisitor): Promise<void> {
  let extension: TarExtension | undefined
  for (;;) {
    const header = parseTarHeader(await cursor.take(tarBlockBytes), extension)
    if (header.type === 'fault') throw invalid(path, header.fault)
    if (header.type === 'end') break
    if (header.type === 'extension') {
      extension = await readExtension(cursor, path, header.sizeBytes)
      continue
    }
    extension = undefined
    await visitEntry(cursor, header.facts, visit)
  }
  if (extension) throw invalid(path, 'it ends after an extended header')
  await cursor.requireZeros()
}

async function readExtension(cursor: Cursor, path: string, sizeBytes: number): Promise<TarExtension> {
  if (sizeBytes > maxTarExtensionBytes) throw invalid(path, `it has an extended header of ${sizeBytes} bytes`)
  const bytes = await cursor.take(sizeBytes)
  await cursor.requirePadding(sizeBytes)
  const extension = parseTarExtension(bytes)
  if ('fault' in extension) throw invalid(path, extension.fault)
  return extension
}

async function visitEntry(cursor: Cursor, facts: TarEntryFacts, visit: TarVisitor): Promise<void> {
  const contentBytes = facts.type === 'file' ? facts.sizeBytes : 0
  const content = cursor.pieces(contentBytes)
  await visit(facts, content)
  // What the visitor left.
  for await (const _piece of content);
  await cursor.requirePadding(contentBytes)
}

/** A place in a stream of bytes. */
interface Cursor {
  /** Exactly so many bytes. */
  readonly take: (count: number) => Promise<Buffer>
  /** Exactly so many bytes, as they come. */
  readonly pieces: (count: number) => AsyncIterable<Uint8Array>
  /** Passes over what fills a content up to whole blocks. */
  readonly requirePadding: (contentBytes: number) => Promise<void>
  /** The end of a tar: a second block of zeros, and nothing else behind it. */
  readonly requireZeros: () => Promise<void>
}

function cursorOf(path: string, signal: AbortSignal | undefined, source: AsyncIterable<Buffer>): Cursor {
  const incoming = source[Symbol.asyncIterator]()
  let rest: Buffer = Buffer.alloc(0)
  /** At least a byte, or the end. */
  const fill = async () => {
    while (rest.length === 0) {
      signal?.throwIfAborted()
      const next = await incoming.next()
      if (next.done) return false
      rest = next.value
    }
    return true
  }
  const next = async (most: number) => {
    if (!(await fill())) throw invalid(path, 'it is cut off')
    const piece = rest.subarray(0, most)
    rest = rest.subarray(piece.length)
    return piece
  }
  const take = async (count: number) => {
    const pieces: Buffer[] = []
    for (let left = count; left > 0; left -= pieces.at(-1)?.length ?? 0) pieces.push(await next(left))
    return Buffer.concat(pieces)
  }
  return {
    take,
    pieces: (count) => {
      let left = count
      const step = async (): Promise<IteratorResult<Uint8Array, undefined>> => {
        if (left === 0) return { done: true, value: undefined }
        const value = await next(left)
        left -= value.length
        return { done: false, value }
      }
      // Not a generator: one that is left early ends, and the rest of the content could not be passed over.
      return { [Symbol.asyncIterator]: () => ({ next: step }) }
    },
    requirePadding: async (contentBytes) => {
      requireZeroBytes(path, await take((tarBlockBytes - (contentBytes % tarBlockBytes)) % tarBlockBytes))
    },
    requireZeros: async () => {
      requireZeroBytes(path, await take(tarBlockBytes))
      while (await fill()) requireZeroBytes(path, await next(rest.length))
    },
  }
}

function requireZeroBytes(path: string, bytes: Buffer): void {
  if (bytes.some((byte) => byte !== 0)) throw invalid(path, 'it has bytes that belong to no entry')
}

async function isGzip(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'r')
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0)
      return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
    } finally {
      await file.close()
    }
  } catch (error) {
    throw unreadable(path, error)
  }
}

async function* digested(
  path: string,
  file: { sizeBytes: number },
  digest: Hash,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    for await (const piece of createReadStream(path, { highWaterMark: readBytes })) {
      const bytes = piece as Buffer
      file.sizeBytes += bytes.length
      digest.update(bytes)
      yield bytes
    }
  } catch (error) {
    throw unreadable(path, error)
  }
}

async function* unzipped(path: string, source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  const gunzip = createGunzip({ chunkSize: readBytes })
  const ended = pipeline(Readable.from(source), gunzip)
  ended.catch(() => undefined)
  try {
    yield* gunzip as AsyncIterable<Buffer>
  } catch (error) {
    throw isDeployError(error) ? error : invalid(path, `its gzip cannot be read (${(error as Error).message})`, error)
  } finally {
    gunzip.destroy()
    await ended.catch(() => undefined)
  }
}

function unreadable(path: string, error: unknown) {
  return artifactErrors.ARTIFACT_NOT_FOUND({ path, reason: codeOf(error) }, { cause: error })
}

function invalid(path: string, problem: string, cause?: unknown) {
  return artifactErrors.ARTIFACT_INVALID({ path, problem }, { cause })
}
