import { createHash } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { crc32, createInflateRaw } from 'node:zlib'
import { isDeployError } from '@fairlead/core'
import { artifactErrors } from '../errors.ts'
import { streamPieceBytes } from '../limits.ts'
import { viewed } from '../plan/zip/little-endian.ts'
import { readEnd, tailBytes } from '../plan/zip/read-end.ts'
import { descriptorBytes, layOut, readDirectory, type ZipEntry, type ZipExtent } from '../plan/zip/read-directory.ts'
import { checkFoot, findData, maxHeadBytes } from '../plan/zip/read-local-header.ts'
import { corrupt, invalid, otherChecksum, overlapping, trailing, unreadable } from '../plan/refuse.ts'
import { codeOf } from './path-failure.ts'

/** A zip that is open for reading, its directory read and found sound. */
export interface OpenZip {
  readonly path: string
  /** Shared with the lanes: what they read is the file that was opened, whatever happens to its name. */
  readonly fd: number
  readonly sizeBytes: number
  /** The bytes of the directory, in memory that the lanes share. */
  readonly directory: Buffer<SharedArrayBuffer>
  /** In the order of the directory. */
  readonly entries: readonly ZipEntry[]
  /** In the order in which they lie in the zip. */
  readonly extents: readonly ZipExtent[]
  /**
   * Streams the content of an entry, checked against its headers and checksum: its digest.
   *
   * @throws ARTIFACT_INVALID, ARTIFACT_CORRUPT, ARTIFACT_NOT_FOUND, and what `onPiece` throws
   */
  readonly stream: (extent: ZipExtent, options: StreamOptions) => Promise<Buffer>
  /** SHA-256 of the whole file, lowercase hex. */
  readonly digest: (signal: AbortSignal | undefined) => Promise<string>
}

export interface StreamOptions {
  readonly signal?: AbortSignal | undefined
  /** Given each piece in turn; the next one waits for it. */
  readonly onPiece?: ((piece: Buffer) => Promise<void> | void) | undefined
}

/**
 * Opens a zip, refuses what two readers could read in two ways, and hands it over.
 *
 * @throws ARTIFACT_NOT_FOUND, ARTIFACT_INVALID, and what `use` throws
 */
export async function withZip<T>(
  path: string,
  signal: AbortSignal | undefined,
  use: (zip: OpenZip) => Promise<T>,
): Promise<T> {
  return withZipFile(path, signal, async (read) => use(await read()))
}

/** {@link withZip} for a `use` that begins something before the directory is read, which what it is given does. */
export async function withZipFile<T>(
  path: string,
  signal: AbortSignal | undefined,
  use: (read: () => Promise<OpenZip>) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted()
  const file = await openFile(path)
  try {
    return await use(() => readZip(path, file))
  } finally {
    await file.close()
  }
}

async function openFile(path: string): Promise<FileHandle> {
  const file = await asMissing(path, () => open(path, 'r'))
  const isFile = await asMissing(path, async () => (await file.stat()).isFile()).catch(async (error: unknown) => {
    await file.close()
    throw error
  })
  if (isFile) return file
  await file.close()
  throw artifactErrors.ARTIFACT_NOT_FOUND({ path, reason: 'not a file' })
}

async function readZip(path: string, file: FileHandle): Promise<OpenZip> {
  const { size: sizeBytes } = await asMissing(path, () => file.stat())
  const tail = Buffer.alloc(Math.min(sizeBytes, tailBytes))
  await readAt(path, file, tail, sizeBytes - tail.length)
  const end = readEnd(path, tail, sizeBytes)
  const directory = Buffer.from(new SharedArrayBuffer(end.directoryBytes))
  await readAt(path, file, directory, end.directoryOffset)
  const entries = readDirectory(path, directory, end)
  return {
    path,
    fd: file.fd,
    sizeBytes,
    directory,
    entries,
    extents: layOut(path, entries, end),
    stream: (extent, options) => streamEntry({ path, file, directory }, extent, options),
    digest: (signal) => digestFile(path, file, sizeBytes, signal),
  }
}

async function readAt(path: string, file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesRead } = await asMissing(path, () => file.read(bytes, done, bytes.length - done, position + done))
    if (bytesRead === 0) throw invalid(path, 'it was cut while it was read')
    done += bytesRead
  }
}

async function digestFile(
  path: string,
  file: FileHandle,
  sizeBytes: number,
  signal: AbortSignal | undefined,
): Promise<string> {
  const hash = createHash('sha256')
  const buffer = Buffer.allocUnsafe(Math.min(sizeBytes, streamPieceBytes))
  for (let done = 0; done < sizeBytes;) {
    signal?.throwIfAborted()
    const piece = buffer.subarray(0, Math.min(buffer.length, sizeBytes - done))
    await readAt(path, file, piece, done)
    hash.update(piece)
    done += piece.length
  }
  return hash.digest('hex')
}

type ZipSource = Pick<OpenZip, 'path' | 'directory'> & { readonly file: FileHandle }

async function streamEntry(zip: ZipSource, { entry, end }: ZipExtent, options: StreamOptions): Promise<Buffer> {
  const { path, file, directory } = zip
  const { signal, onPiece } = options
  signal?.throwIfAborted()
  const head = Buffer.alloc(Math.min(maxHeadBytes(entry), end - entry.offset))
  await readAt(path, file, head, entry.offset)
  const headPlace = { at: 0, end: head.length }
  const start = entry.offset + findData(path, viewed(head), headPlace, viewed(directory), entry)
  const packedEnd = start + entry.packedBytes
  if (packedEnd > end) throw overlapping(path, entry)
  const foot = Buffer.alloc(Math.min(end - packedEnd, descriptorBytes.long + 1))
  await readAt(path, file, foot, packedEnd)
  checkFoot(path, viewed(foot).view, { at: 0, end: foot.length }, entry)
  const hash = createHash('sha256')
  let sizeBytes = 0
  let checksum = 0
  let failure: unknown
  const take = async (pieces: AsyncIterable<Buffer>) => {
    for await (const piece of pieces) {
      sizeBytes += piece.length
      if (sizeBytes > entry.sizeBytes) throw corrupt(path, entry.path, `has more than ${entry.sizeBytes} bytes`)
      hash.update(piece)
      checksum = crc32(piece, checksum)
      try {
        await onPiece?.(piece)
      } catch (error) {
        failure = error
        throw error
      }
    }
  }
  const unpack = entry.isDeflated ? createInflateRaw({ chunkSize: streamPieceBytes }) : new PassThrough()
  try {
    await pipeline(readRange(path, file, start, packedEnd), unpack, take, { signal })
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    throw failure ?? (isDeployError(error) ? error : unreadable(path, entry, error))
  }
  if ('bytesWritten' in unpack && unpack.bytesWritten !== entry.packedBytes) throw trailing(path, entry)
  if (sizeBytes !== entry.sizeBytes) throw corrupt(path, entry.path, `has ${sizeBytes} bytes, not ${entry.sizeBytes}`)
  if (checksum !== entry.checksum) throw otherChecksum(path, entry)
  return hash.digest()
}

/** By position, and no stream of the handle: each of those adds a listener to it. */
async function* readRange(
  path: string,
  file: FileHandle,
  start: number,
  end: number,
): AsyncGenerator<Buffer, void, undefined> {
  for (let at = start; at < end;) {
    const piece = Buffer.allocUnsafe(Math.min(end - at, streamPieceBytes))
    await readAt(path, file, piece, at)
    at += piece.length
    yield piece
  }
}

async function asMissing<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    throw artifactErrors.ARTIFACT_NOT_FOUND({ path, reason: codeOf(error) }, { cause: error })
  }
}
