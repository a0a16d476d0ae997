import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open, stat, realpath } from 'node:fs/promises'
import { artifactErrors } from '../errors.ts'
import { foldersAtOnce, streamPieceBytes } from '../limits.ts'
import type { PlannedEntry, TreeEntry } from '../model.ts'
import { sortedByBytes } from '../plan/byte-order.ts'
import { isSettled } from '../plan/cache-index.ts'
import { factsPerPath, isExecutable, pathTypes, type FolderListing, type FolderPlace } from './lanes/list-lane.ts'
import type { Lane } from './lanes/pool.ts'
import { digestBytes } from './lanes/shared-entries.ts'
import { codeOf, failAtPath } from './path-failure.ts'

/** @throws ARTIFACT_ROOT_MISSING, ARTIFACT_ROOT_NOT_A_FOLDER, ARTIFACT_FILE_UNREADABLE */
export async function readRoot(root: string): Promise<string> {
  try {
    const real = await realpath(root)
    if ((await stat(real)).isDirectory()) return real
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw artifactErrors.ARTIFACT_ROOT_MISSING({ root })
    if (codeOf(error) === 'ENOTDIR') throw artifactErrors.ARTIFACT_ROOT_NOT_A_FOLDER({ root })
    throw artifactErrors.ARTIFACT_FILE_UNREADABLE({ root, path: '.', reason: codeOf(error) }, { cause: error })
  }
  throw artifactErrors.ARTIFACT_ROOT_NOT_A_FOLDER({ root })
}

/** What stands below a root, as the lanes listed it: in parts of several folders each, in no particular order. */
export interface TreeListing {
  readonly parts: readonly ListedFolders[]
}

interface ListedFolders extends Omit<FolderListing, 'paths' | 'targets' | 'emptyFolders'> {
  /** Paths of the folders that were listed. */
  readonly of: readonly string[]
  readonly paths: readonly string[]
  readonly targets: readonly string[]
  readonly emptyFolders: readonly string[]
}

/**
 * Lists what stands below root. Links are not followed, and git's own folders not entered. Each lane gets the next
 * folders as soon as it is done with its last ones; `starter` begins, and stops when one of the others is up.
 *
 * @throws ARTIFACT_FILE_UNREADABLE, ARTIFACT_FILE_CHANGED
 */
export function listTree(
  root: string,
  toList: (folder: string) => boolean,
  { lanes, starter }: ListingLanes,
): Promise<TreeListing> {
  return new Promise((resolve, reject) => {
    const parts: ListedFolders[] = []
    const waiting: FolderPlace[] = [{ path: '' }]
    const idle = starter === undefined ? [...lanes] : [...lanes, starter]
    let running = 0
    let isUp = false
    const start = (lane: Lane, folders: readonly FolderPlace[]) => {
      running++
      lane.run('list', { root, folders }).then((found) => {
        const part = splitListing(found, folders)
        parts.push(part)
        for (const folder of foldersOf(part)) if (toList(folder.path)) waiting.push(folder)
        running--
        if (lane !== starter) isUp = true
        if (lane !== starter || !isUp) idle.push(lane)
        startIdle()
      }, reject)
    }
    const startIdle = () => {
      if (waiting.length === 0 && running === 0) return resolve({ parts })
      while (waiting.length > 0 && idle.length > 0) {
        const share = Math.min(foldersAtOnce, Math.ceil(waiting.length / idle.length))
        start(idle.pop() as Lane, waiting.splice(0, share))
      }
    }
    startIdle()
  })
}

export interface ListingLanes {
  readonly lanes: readonly Lane[]
  /** A lane that need not start first: the caller's own thread, whose memory and time are for others. */
  readonly starter: Lane | undefined
}

/** What was listed, entry by entry. */
export function entriesOf({ parts }: TreeListing): readonly TreeEntry[] {
  const entries: TreeEntry[] = []
  for (const part of parts) addEntries(entries, part)
  return entries
}

/** The same for the same names, sizes, times, inodes and links, whichever lanes listed them. */
export function digestListing({ parts }: TreeListing): string {
  const folders = parts.flatMap(({ of, digests }) =>
    of.map((path, index) => ({ path, digest: digests.subarray(index * digestBytes, (index + 1) * digestBytes) })),
  )
  const all = createHash('sha256')
  for (const { path, digest } of sortedByBytes(folders, ({ path }) => path)) all.update(`${path}\0`).update(digest)
  return all.digest('hex')
}

/** Whether every file has had its state for so long that a later change would show in its times. */
export function isListingSettled({ parts }: TreeListing, readFromMs: number): boolean {
  return parts.every(({ paths, facts }) =>
    paths.every((_path, index) => {
      const at = index * factsPerPath
      return isSettled(facts[at + 2] as number, facts[at + 3] as number, readFromMs)
    }),
  )
}

function splitListing(found: FolderListing, folders: readonly FolderPlace[]): ListedFolders {
  return {
    ...found,
    of: folders.map(({ path }) => path),
    paths: listOf(found.paths),
    targets: listOf(found.targets),
    emptyFolders: listOf(found.emptyFolders),
  }
}

function foldersOf({ paths, facts, bytes }: ListedFolders): readonly FolderPlace[] {
  const folders: FolderPlace[] = []
  paths.forEach((path, index) => {
    if (facts[index * factsPerPath] === typeFolder) folders.push({ path, bytes: bytes.get(index) })
  })
  return folders
}

const typeFolder = pathTypes.indexOf('folder')

function addEntries(listing: TreeEntry[], { paths, facts, targets, emptyFolders }: ListedFolders): void {
  let links = 0
  paths.forEach((path, index) => {
    const at = index * factsPerPath
    const type = pathTypes[facts[at] as number]
    if (type === 'file') listing.push(fileEntry(path, facts, at))
    else if (type === 'symlink') listing.push({ path, type, target: targets[links++] ?? '' })
    else if (type === 'other') listing.push({ path, type })
  })
  for (const path of emptyFolders) listing.push({ path, type: 'directory', empty: true })
}

function fileEntry(path: string, facts: Float64Array, at: number): TreeEntry {
  const identity = {
    device: facts[at + 5] as number,
    inode: facts[at + 4] as number,
    mtimeMs: facts[at + 2] as number,
    ctimeMs: facts[at + 3] as number,
  }
  return { path, type: 'file', executable: facts[at + 6] === 1, sizeBytes: facts[at + 1] as number, identity }
}

/** Texts that were each ended by a zero byte, which no path has. */
function listOf(texts: string): readonly string[] {
  return texts === '' ? [] : texts.slice(0, -1).split('\0')
}

/**
 * The bytes of a planned file, in pieces of always the same size. The file must be the one that was planned: no link
 * in its place, of that size, that mode.
 *
 * @throws ARTIFACT_FILE_CHANGED, ARTIFACT_FILE_UNREADABLE
 */
export async function* readPlannedFile(
  root: string,
  planned: PlannedEntry & { readonly type: 'file' },
): AsyncGenerator<Uint8Array, void, undefined> {
  const { source: path, sizeBytes, mode } = planned
  const file = await named(root, path, () =>
    open(`${root}/${path}`, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK),
  )
  try {
    const facts = await file.stat()
    if (!facts.isFile()) throw artifactErrors.ARTIFACT_FILE_CHANGED({ root, path, change: 'changed its type' })
    if (isExecutable(facts) !== (mode === '0755')) {
      throw artifactErrors.ARTIFACT_FILE_CHANGED({ root, path, change: 'changed its mode' })
    }
    let done = 0
    for (;;) {
      // One byte more than there should be shows that the file grew, and its end, in one call.
      const piece = Buffer.allocUnsafe(Math.min(streamPieceBytes, sizeBytes - done + 1))
      const filled = await fill(piece, (into, at) => file.read(into, at, into.length - at, done + at), root, path)
      done += filled
      if (done > sizeBytes) throw artifactErrors.ARTIFACT_FILE_CHANGED({ root, path, change: 'grew' })
      if (filled > 0) yield piece.subarray(0, filled)
      if (filled < piece.length) break
    }
    if (done < sizeBytes) throw artifactErrors.ARTIFACT_FILE_CHANGED({ root, path, change: 'shrank' })
  } finally {
    await file.close()
  }
}

/** A read may answer less than was asked for; pieces are filled, so that they are the same each time. */
async function fill(
  piece: Buffer,
  read: (into: Buffer, at: number) => Promise<{ readonly bytesRead: number }>,
  root: string,
  path: string,
): Promise<number> {
  let filled = 0
  while (filled < piece.length) {
    const { bytesRead } = await named(root, path, () => read(piece, filled))
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return filled
}

/**
 * The text of a small file of root, or undefined where there is none.
 *
 * @throws ARTIFACT_FILE_UNREADABLE
 */
export async function findRootFile(root: string, name: string): Promise<string | undefined> {
  try {
    const file = await open(`${root}/${name}`, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      return await file.readFile('utf8')
    } finally {
      await file.close()
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw artifactErrors.ARTIFACT_FILE_UNREADABLE({ root, path: name, reason: codeOf(error) }, { cause: error })
  }
}

/** Does something to a path below root, and names the path where that fails. */
async function named<T>(root: string, path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    throw failAtPath(root, path, error)
  }
}
