import { chmod, lstat, mkdir, readdir, realpath, rename, rm, stat, statfs } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { syncFolder, temporaryPath } from '@fairlead/core/files'
import { artifactErrors } from '../errors.ts'
import { failToWrite, folderMode, type FolderTarget } from './folder-writer.ts'
import { isSystemError, leftovers, temporaryStem } from './output-file.ts'
import { codeOf } from './path-failure.ts'

/** What is there before a folder is written. */
interface Standing {
  /** Of the empty folder that stands there. */
  readonly mode: number | undefined
}

/**
 * Fills a folder whole or not at all: under a temporary name beside it, then renamed. Whatever ends it early, the
 * temporary folder goes; one of a process that was killed goes at the next call.
 *
 * @throws ARTIFACT_FOLDER_OCCUPIED, ARTIFACT_FOLDER_UNWRITABLE, and what `fill` throws
 */
export async function writeFolder<T>(
  into: string,
  options: {
    readonly durable: boolean
    /** Is given what makes the temporary folder, for as many bytes as it will hold. */
    readonly fill: (prepare: (contents: { readonly contentBytes: number }) => Promise<FolderTarget>) => Promise<T>
    readonly onLeftover: (path: string) => void
    readonly signal: AbortSignal | undefined
  },
): Promise<T> {
  const { durable, fill, onLeftover, signal } = options
  const above = dirname(into)
  const stem = join(above, `${basename(into)}.extract`)
  const temporary = temporaryPath(temporaryStem(stem))
  try {
    const { mode } = await requireFree(into)
    await mkdir(above, { recursive: true })
    for (const leftover of await leftovers(stem)) {
      await rm(leftover, { recursive: true, force: true })
      onLeftover(leftover)
    }
    try {
      const answer = await fill(async ({ contentBytes }) => {
        await requireRoom(into, contentBytes)
        await mkdir(temporary, folderMode)
        const keepsModes = ((await stat(temporary)).mode & folderMode) === folderMode
        return { folder: temporary, into, keepsModes, durable }
      })
      await chmod(temporary, mode ?? folderMode)
      if (durable) await syncFolder(temporary)
      signal?.throwIfAborted()
      await place(temporary, into)
      if (durable) await syncFolder(above)
      return answer
    } catch (error) {
      await rm(temporary, { recursive: true, force: true })
      throw error
    }
  } catch (error) {
    throw isSystemError(error) ? failToWrite(into, '.', error) : error
  }
}

/** Nothing, or an empty folder; not the one that this process works in, which a rename would pull away under it. */
async function requireFree(into: string): Promise<Standing> {
  const facts = await orMissing(() => lstat(into))
  if (facts === undefined) return { mode: undefined }
  if (!facts.isDirectory()) throw occupied(into, facts.isSymbolicLink() ? 'a link is there' : 'it is no folder')
  if ((await readdir(into)).length > 0) throw occupied(into, 'the folder is not empty')
  if ((await realpath(into)) === (await realpath('.'))) throw occupied(into, 'it is the working directory')
  return { mode: facts.mode & 0o7777 }
}

async function orMissing<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** A disk that is too small is not filled first. What each file takes beside its bytes is left to be found out. */
async function requireRoom(into: string, contentBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(into))
  if (contentBytes > bavail * bsize) {
    throw artifactErrors.ARTIFACT_FOLDER_UNWRITABLE({ into, path: '.', reason: 'ENOSPC' })
  }
}

/** A rename replaces an empty folder and nothing else (rename(2)): what came there meanwhile stays. */
async function place(temporary: string, into: string): Promise<void> {
  try {
    await rename(temporary, into)
  } catch (error) {
    const isTaken = ['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(codeOf(error))
    throw isTaken ? occupied(into, 'something came there meanwhile') : error
  }
}

function occupied(into: string, found: string) {
  return artifactErrors.ARTIFACT_FOLDER_OCCUPIED({ into, found })
}
