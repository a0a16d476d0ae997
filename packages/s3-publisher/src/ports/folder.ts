import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isDeployError } from '@fairlead/core'
import { syncFolder } from '@fairlead/core/files'
import { errors } from '../errors.ts'
import { abandonedAfterMs, readChunkBytes } from '../limits.ts'

/** A file of a folder store. */
export interface FolderFile {
  readonly path: string
  readonly sizeBytes: number
}

/** Whether a path is a folder. */
export async function isFolder(path: string): Promise<boolean> {
  const found = await attempt('look at', path, () => stat(path), ['ENOENT', 'ENOTDIR'])
  return found?.isDirectory() ?? false
}

/** The file at a path; a folder or nothing is `undefined`. */
export async function findFile(path: string): Promise<FolderFile | undefined> {
  const found = await attempt('look at', path, () => stat(path), ['ENOENT', 'ENOTDIR'])
  return found?.isFile() ? { path, sizeBytes: found.size } : undefined
}

export async function digestOf(path: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of readPieces(path, signal)) hash.update(piece)
  return hash.digest('hex')
}

export async function* readPieces(path: string, signal?: AbortSignal): AsyncGenerator<Uint8Array, void> {
  signal?.throwIfAborted()
  const stream = createReadStream(path, { highWaterMark: readChunkBytes })
  try {
    for await (const piece of stream) {
      signal?.throwIfAborted()
      yield piece as Uint8Array
    }
  } catch (error) {
    signal?.throwIfAborted()
    throw failure('read', path, error)
  } finally {
    stream.destroy()
  }
}

/** A small file as text; `undefined` where there is none. */
export function readText(path: string): Promise<string | undefined> {
  return attempt('read', path, () => readFile(path, 'utf8'), ['ENOENT', 'ENOTDIR'])
}

/** The names in a folder; none where there is no folder. */
export async function namesIn(path: string): Promise<readonly { readonly name: string; readonly folder: boolean }[]> {
  const entries = await attempt('list', path, () => readdir(path, { withFileTypes: true }), ['ENOENT', 'ENOTDIR'])
  return (entries ?? []).map((entry) => ({ name: entry.name, folder: entry.isDirectory() }))
}

/** Makes a folder and those above it; each new name is durable. */
export async function makeFolder(path: string): Promise<void> {
  const first = await attempt('make', path, () => mkdir(path, { recursive: true }))
  if (first === undefined) return
  for (let folder = path; folder.length >= first.length; folder = dirname(folder)) await syncFolder(dirname(folder))
}

/**
 * Writes a file under its final name, whole or not at all, and only where that name is free: a temporary file, fsync,
 * link(2), fsync of the folder. link never replaces a name, which rename does, and it does so in one step for every
 * process on the machine. Answers whether the name was free.
 */
export async function createFile(
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  options: { readonly pending: string; readonly signal?: AbortSignal | undefined },
): Promise<boolean> {
  const temporary = await writeTemporary(options.pending, pieces, options.signal)
  try {
    await makeFolder(dirname(path))
    await sweep(options.pending, temporary)
    options.signal?.throwIfAborted()
    const taken = await attempt('create', path, () => link(temporary, path).then(() => false), ['EEXIST'])
    if (taken === undefined) return false
    await attempt('sync', dirname(path), () => syncFolder(dirname(path)))
    return true
  } finally {
    await rm(temporary, { force: true })
  }
}

/** Empties a file under its name, which is never free in between. */
export async function emptyFile(path: string, options: { readonly pending: string }): Promise<void> {
  const temporary = await writeTemporary(options.pending, [], undefined)
  try {
    await attempt('empty', path, () => rename(temporary, path))
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Removes a file; one that is not there is no failure. */
export async function removeFile(path: string): Promise<void> {
  const removed = await attempt('delete', path, () => rm(path).then(() => true), ['ENOENT', 'ENOTDIR'])
  if (removed) await attempt('sync', dirname(path), () => syncFolder(dirname(path)))
}

async function writeTemporary(
  pending: string,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<string> {
  await makeFolder(pending)
  const path = join(pending, `${randomBytes(12).toString('hex')}.tmp`)
  try {
    // Nobody has a reason to write to it again: its name will mean these bytes for ever.
    const file = await open(path, 'wx', 0o444)
    try {
      for await (const piece of pieces) {
        signal?.throwIfAborted()
        await file.writeFile(piece)
      }
      await file.sync()
    } finally {
      await file.close()
    }
    return path
  } catch (error) {
    await rm(path, { force: true })
    throw isSystemError(error) ? failure('write', path, error) : error
  }
}

/**
 * Removes what crashed writers left. The age is measured against the file that this writer has just written, so that
 * the clock of the file system is compared with itself.
 */
async function sweep(pending: string, own: string): Promise<void> {
  const now = (await attempt('look at', own, () => stat(own)))?.mtimeMs ?? 0
  for (const { name } of await namesIn(pending)) {
    const path = join(pending, name)
    const found = await attempt('look at', path, () => stat(path), ['ENOENT'])
    if (found && now - found.mtimeMs > abandonedAfterMs) await rm(path, { force: true, recursive: true })
  }
}

/** Runs one operation; the codes in `absent` are an answer, everything else is a failure with its path. */
async function attempt<T>(
  operation: string,
  path: string,
  run: () => Promise<T>,
  absent: readonly string[] = [],
): Promise<T | undefined> {
  try {
    return await run()
  } catch (error) {
    if (absent.includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw failure(operation, path, error)
  }
}

function failure(operation: string, path: string, error: unknown): unknown {
  if (isDeployError(error) || !isSystemError(error)) return error
  return errors.FOLDER_STORE_FAILED({ operation, path, reason: error.code ?? error.message }, { cause: error })
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}
