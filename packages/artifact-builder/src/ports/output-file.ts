import { createHash } from 'node:crypto'
import { lstat, mkdir, open, readdir, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import { isDeployError } from '@fairlead/core'
import { syncFolder, temporaryPath } from '@fairlead/core/files'
import { artifactErrors } from '../errors.ts'
import { digestedBytes, syncedBytes } from '../limits.ts'
import { waitForBoth } from '../wait-for-both.ts'
import { codeOf } from './path-failure.ts'

/**
 * Refuses an output that a rename must not replace: a folder, a device, a link to a folder.
 *
 * @throws ARTIFACT_OUTPUT_NOT_A_FILE, ARTIFACT_OUTPUT_UNWRITABLE
 */
export async function checkOutput(output: string): Promise<void> {
  for (const look of [lstat, stat]) {
    const facts = await orMissing(output, () => look(output))
    if (facts?.isDirectory()) throw artifactErrors.ARTIFACT_OUTPUT_NOT_A_FILE({ output, found: 'a folder' })
    if (facts && !facts.isFile() && !facts.isSymbolicLink()) {
      throw artifactErrors.ARTIFACT_OUTPUT_NOT_A_FILE({ output, found: 'a device, a pipe or a socket' })
    }
  }
}

/** The output and a temporary name of it as paths below root, links on the way resolved; none where they lie elsewhere. */
export async function pathsBelow(root: string, output: string): Promise<readonly string[]> {
  const folder = await realFolder(dirname(output), output)
  const real = join(folder, basename(output))
  return [real, temporaryPath(temporaryStem(real))].flatMap((path) => {
    const below = relative(root, path)
    return below === '' || below === '..' || below.startsWith(`..${sep}`) ? [] : [below.split(sep).join('/')]
  })
}

/** The real path of a folder, of which the last parts need not be there yet. */
async function realFolder(folder: string, output: string): Promise<string> {
  const real = await orMissing(output, () => realpath(folder))
  if (real !== undefined) return real
  const above = dirname(folder)
  return above === folder ? folder : join(await realFolder(above, output), basename(folder))
}

async function orMissing<T>(output: string, look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw unwritable(output, error)
  }
}

/** The name under which this process writes: it says whose it is, so that nobody sweeps what a live build writes. */
export function temporaryStem(output: string, pid: number | string = process.pid): string {
  return join(dirname(output), `${basename(output)}.${pid}`)
}

/**
 * Writes a file whole or not at all: under a temporary name in its folder, to disk, checked, renamed. Whatever ends it
 * early, the temporary file goes; one of a process that was killed goes at the next call.
 *
 * @throws ARTIFACT_OUTPUT_UNWRITABLE, and what `write` and `check` throw
 */
export async function writeOutput<W, T>(
  output: string,
  steps: {
    readonly write: (file: OutputFile) => Promise<W>
    /** Looks at what was written while it goes to disk. */
    readonly check: (facts: { readonly path: string; readonly written: W }) => Promise<T>
    readonly onLeftover: (path: string) => void
  },
): Promise<T> {
  const folder = dirname(output)
  try {
    await mkdir(folder, { recursive: true })
    for (const leftover of await leftovers(output)) {
      await rm(leftover, { force: true })
      steps.onLeftover(leftover)
    }
    const temporary = temporaryPath(temporaryStem(output))
    const file = await open(temporary, 'wx+', 0o644)
    try {
      const answer = await writeAndSync(file, temporary, steps)
      await rename(temporary, output)
      await syncFolder(folder)
      return answer
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
  } catch (error) {
    throw isSystemError(error) ? unwritable(output, error) : error
  }
}

async function writeAndSync<W, T>(
  handle: FileHandle,
  path: string,
  steps: {
    readonly write: (file: OutputFile) => Promise<W>
    readonly check: (facts: { readonly path: string; readonly written: W }) => Promise<T>
  },
): Promise<T> {
  const { sync, ...file } = syncedOnTheWay(handle)
  try {
    const written = await steps.write(file)
    const [synced, checked] = await Promise.allSettled([sync(), steps.check({ path, written })])
    if (synced.status === 'rejected') throw synced.reason
    if (checked.status === 'rejected') throw checked.reason
    return checked.value
  } finally {
    await handle.close()
  }
}

/** A file that is being written. */
export interface OutputFile {
  /** Open for writing and reading. */
  readonly handle: FileHandle
  /** Says up to where the file has its last bytes: they go to disk while others are made. */
  readonly reached: (end: number) => void
}

/** The last sync of a file has little left to do where earlier ones went on beside the writing. */
function syncedOnTheWay(handle: FileHandle): OutputFile & { readonly sync: () => Promise<void> } {
  let syncing: Promise<unknown> | undefined
  let syncedTo = 0
  let failure: { readonly reason: unknown } | undefined
  return {
    handle,
    reached: (end) => {
      if (syncing !== undefined || end - syncedTo < syncedBytes) return
      syncedTo = end
      // The system tells each failure once: the last sync would know nothing of it.
      syncing = handle.datasync().then(
        () => (syncing = undefined),
        (reason: unknown) => (failure = { reason }),
      )
    },
    sync: async () => {
      await syncing
      if (failure) throw failure.reason
      await handle.sync()
    },
  }
}

/** The digest of a whole file. */
export interface DigestedFile {
  readonly sizeBytes: number
  readonly sha256: string
}

/** The digest of an open file, which may begin while the file is still being written. */
export interface FileDigest {
  /** Says up to where the file has its last bytes. */
  readonly follow: (end: number) => void
  /** When the whole file has its last bytes. */
  readonly finish: (signal: AbortSignal | undefined) => Promise<DigestedFile>
}

export function startFileDigest(file: FileHandle): FileDigest {
  const hash = createHash('sha256')
  let done = 0
  let known = 0
  // Piece by piece: where a read fails, and the next one does not, none may be digested twice.
  const take = pieceTaker(file, (piece) => {
    hash.update(piece)
    done += piece.length
  })
  let following = Promise.resolve()
  let isFollowing = false
  const followOn = async () => {
    for (let before = -1; before < done && known - done >= digestedBytes;) {
      before = done
      await take({ from: done, to: known }, undefined)
    }
  }
  return {
    follow: (end) => {
      known = end
      if (isFollowing) return
      isFollowing = true
      // What goes wrong here goes wrong at the end too.
      following = followOn().then(
        () => void (isFollowing = false),
        () => undefined,
      )
    },
    finish: async (signal) => {
      known = 0
      await following
      await take({ from: done, to: Number.POSITIVE_INFINITY }, signal)
      return { sizeBytes: done, sha256: hash.digest('hex') }
    },
  }
}

/** Copies a file that is open into an empty one; the digest is that of the bytes that were written. */
export async function copyAndDigest(
  from: FileHandle,
  to: OutputFile,
  signal: AbortSignal | undefined,
): Promise<DigestedFile> {
  const hash = createHash('sha256')
  const take = pieceTaker(from, async (piece, position) => {
    const written = writeWhole(to.handle, piece, position)
    hash.update(piece)
    await written
    to.reached(position + piece.length)
  })
  const sizeBytes = await take({ from: 0, to: Number.POSITIVE_INFINITY }, signal)
  return { sizeBytes, sha256: hash.digest('hex') }
}

/** Hands out a range of a file piece by piece, and answers where it ended. The next piece is read while one is used. */
function pieceTaker(file: FileHandle, use: (piece: Uint8Array, position: number) => Promise<void> | void) {
  const buffers = [Buffer.allocUnsafeSlow(digestedBytes), Buffer.allocUnsafeSlow(digestedBytes)] as const
  return async (
    { from, to }: { readonly from: number; readonly to: number },
    signal: AbortSignal | undefined,
  ): Promise<number> => {
    const read = async (number: number, position: number) => {
      const buffer = buffers[number % 2] as Buffer
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, to - position), position)
      return buffer.subarray(0, bytesRead)
    }
    let end = from
    let piece = await read(0, end)
    for (let number = 1; piece.length > 0; number++) {
      signal?.throwIfAborted()
      const position = end
      end += piece.length
      const next = read(number, end)
      piece = (await waitForBoth(next, Promise.resolve(use(piece, position))))[0]
    }
    return end
  }
}

async function writeWhole(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten
  }
}

/** Temporary files of this output whose process is gone. */
export async function leftovers(output: string): Promise<readonly string[]> {
  const prefix = `.${basename(output)}.`
  const found: string[] = []
  for (const name of await readdir(dirname(output))) {
    const pid = name.startsWith(prefix) ? /^(\d+)\.[0-9a-f]{12}\.tmp$/.exec(name.slice(prefix.length))?.[1] : undefined
    const path = join(dirname(output), name)
    if (pid !== undefined && (await isAbandoned(Number(pid), path))) found.push(path)
  }
  return found
}

async function isAbandoned(pid: number, path: string): Promise<boolean> {
  if (pid !== process.pid) return !isRunning(pid)
  // A container gives the same number to the same job each time: a file from before this process is not ours.
  const facts = await orMissing(path, () => lstat(path))
  return facts !== undefined && facts.mtimeMs < performance.timeOrigin
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) !== 'ESRCH'
  }
}

export function isSystemError(error: unknown): boolean {
  return !isDeployError(error) && typeof (error as NodeJS.ErrnoException | undefined)?.syscall === 'string'
}

function unwritable(output: string, error: unknown) {
  return artifactErrors.ARTIFACT_OUTPUT_UNWRITABLE({ output, reason: codeOf(error) }, { cause: error })
}
