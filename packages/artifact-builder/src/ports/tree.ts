import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open, stat, realpath } from 'node:fs/promises'
import { artifactErrors } from '../errors.ts'
import { foldersAtOnce, streamPieceBytes } from '../limits.ts'
import type { PlannedEntry, TreeEntry } from '../model.ts'
import { isSettled } from '../plan/cache-index.ts'
import type { Listing } from '../plan/choose-entries.ts'
import { factsPerPath, isExecutable, pathTypes, type FolderListing, type FolderPlace } from './lanes/list-lane.ts'
import type { Lane } from './lanes/pool.ts'
import type { ListingDepth } from './globs.ts'
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

/** What tells a folder from every other, on this machine and elsewhere: nobody can know when it will be made. */
export async function readBirth(root: string) {
  const { dev, ino, birthtimeMs } = await stat(root)
  return { dev, ino, birthtimeMs }
}

/**
 * What stands below a root, a row for each path; git's own folders are left out, and folders that hold something. The
 * order is the same whoever lists it, and nearly that of the bytes of the paths.
 */
export interface TreeListing {
  readonly paths: readonly string[]
  /** For each path {@link factsPerPath} numbers; the size of a link is the number of its target. */
  readonly facts: Float64Array
  readonly targets: readonly string[]
}

/** A folder that is to be listed, and what was found in it. */
interface WantedFolder extends FolderPlace {
  found: FoundRows | undefined
}

/** Some of the rows that a lane answered. */
interface FoundRows {
  readonly paths: readonly string[]
  readonly facts: Float64Array
  readonly first: number
  readonly end: number
  readonly targets: readonly string[]
  readonly firstTarget: number
  /** What is known of folders in which the lane did not look, by row; those that nobody wants are missing. */
  readonly within: ReadonlyMap<number, WantedFolder>
}

/**
 * Lists what stands below root. Links are not followed, and git's own folders not entered. Each lane gets the next
 * folders as soon as it is done with its last ones.
 *
 * @throws ARTIFACT_FILE_UNREADABLE, ARTIFACT_FILE_CHANGED
 */
export function listTree(
  root: string,
  depthOf: (folder: string) => ListingDepth,
  lanes: readonly Lane[],
): Promise<TreeListing> {
  return new Promise((resolve, reject) => {
    const top: WantedFolder = { path: '', bytes: undefined, isDeep: depthOf('') === 'all below it', found: undefined }
    const waiting = [top]
    const idle = [...lanes]
    let rowCount = 0
    let running = 0
    const start = (lane: Lane, folders: readonly WantedFolder[]) => {
      running++
      const places = folders.map(({ path, bytes, isDeep }) => ({ path, bytes, isDeep }))
      const take = (listing: FolderListing) => {
        rowCount += listing.facts.length / factsPerPath
        // One by one: a folder of a hundred thousand folders has more than a call takes arguments.
        for (const folder of takeListing(listing, folders, depthOf)) waiting.push(folder)
        running--
        idle.push(lane)
        startIdle()
      }
      lane.run('list', { root, folders: places }).then(take).catch(reject)
    }
    const startIdle = () => {
      if (waiting.length === 0 && running === 0) return resolve(joinFound(top, rowCount))
      while (waiting.length > 0 && idle.length > 0) {
        const share = Math.min(foldersAtOnce, Math.ceil(waiting.length / idle.length))
        start(idle.pop() as Lane, waiting.splice(0, share))
      }
    }
    startIdle()
  })
}

const typeFile = pathTypes.indexOf('file')
const typeFolder = pathTypes.indexOf('folder')
const typeEmptyFolder = pathTypes.indexOf('empty folder')
const typeSymlink = pathTypes.indexOf('symlink')

/** Notes what was found in folders, and answers which are still to be listed. */
function takeListing(
  { paths, facts, targets, bytes, ends }: FolderListing,
  folders: readonly WantedFolder[],
  depthOf: (folder: string) => ListingDepth,
): readonly WantedFolder[] {
  // One kind of object, whichever thread it comes from: V8 compiles what takes it once.
  return takeRows({ paths: listOf(paths), facts, targets: listOf(targets), bytes, ends }, folders, depthOf)
}

interface ListedRows extends Pick<FolderListing, 'facts' | 'bytes' | 'ends'> {
  readonly paths: readonly string[]
  readonly targets: readonly string[]
}

function takeRows(
  { paths, facts, targets, bytes, ends }: ListedRows,
  folders: readonly WantedFolder[],
  depthOf: (folder: string) => ListingDepth,
): readonly WantedFolder[] {
  const within = new Map<number, WantedFolder>()
  let first = 0
  let firstTarget = 0
  for (const [index, end] of ends.entries()) {
    const folder = folders[index] as WantedFolder
    folder.found = { paths, facts, first, end, targets, firstTarget, within }
    for (let row = first; row < end; row++) {
      const type = facts[row * factsPerPath]
      if (type === typeSymlink) firstTarget++
      if (type !== typeFolder) continue
      const path = paths[row] as string
      const depth = folder.isDeep ? 'all below it' : depthOf(path)
      const isDeep = depth === 'all below it'
      if (depth !== 'nothing') within.set(row, { path, bytes: bytes.get(row), isDeep, found: undefined })
    }
    first = end
  }
  return [...within.values(), ...folders.slice(ends.length)]
}

/** Puts the rows of each folder in its place among those of the folder that it is in. */
function joinFound(top: WantedFolder, atMost: number): TreeListing {
  const paths: string[] = []
  const allFacts = new Float64Array(atMost * factsPerPath)
  const allTargets: string[] = []
  const addRows = ({ found }: WantedFolder): void => {
    const { facts, targets, within, first, end, ...rows } = found as FoundRows
    let target = rows.firstTarget
    for (let row = first; row < end; row++) {
      const type = facts[row * factsPerPath]
      const folder = type === typeFolder ? within.get(row) : undefined
      if (folder?.found && folder.found.first < folder.found.end) addRows(folder)
      else if (type !== typeFolder || folder) {
        const at = paths.push(rows.paths[row] as string) - 1
        for (let fact = 0; fact < factsPerPath; fact++) {
          allFacts[at * factsPerPath + fact] = facts[row * factsPerPath + fact] as number
        }
        if (folder) allFacts[at * factsPerPath] = typeEmptyFolder
        if (type === typeSymlink) allFacts[at * factsPerPath + 1] = allTargets.push(targets[target++] as string) - 1
      }
    }
  }
  addRows(top)
  return { paths, facts: allFacts.subarray(0, paths.length * factsPerPath), targets: allTargets }
}

export function isFile({ facts }: TreeListing, row: number): boolean {
  return facts[row * factsPerPath] === typeFile
}

/** What was listed, an entry at a time: as long as each of a hundred thousand is kept, so are its facts a second time. */
export function entriesOf(listing: TreeListing): Listing {
  return { length: listing.paths.length, at: (row) => entryAt(listing, row) }
}

function entryAt({ paths, facts, targets }: TreeListing, row: number): TreeEntry | undefined {
  const path = paths[row]
  if (path === undefined) return undefined
  const at = row * factsPerPath
  const size = facts[at + 1] as number
  const type = pathTypes[facts[at] as number]
  if (type === 'file') return { path, type, executable: facts[at + 6] === 1, sizeBytes: size }
  if (type === 'symlink') return { path, type, target: targets[size] ?? '' }
  return type === 'other' ? { path, type } : { path, type: 'directory', empty: true }
}

/**
 * `names`: the same for the same names of the same types, the exec bit and the target of a link among them. `states`: the
 * same where sizes, times and inodes are too.
 */
export function digestListing({ paths, facts, targets }: TreeListing): {
  readonly names: string
  readonly states: string
} {
  const types = new Uint8Array(paths.length)
  for (let row = 0; row < types.length; row++) {
    const at = row * factsPerPath
    types[row] = 2 * (facts[at] as number) + (facts[at + 6] as number)
  }
  // A path is never empty: two zero bytes stand nowhere else.
  const texts = `${paths.join('\0')}\0\0${targets.join('\0')}\0`
  const names = createHash('sha256').update(texts).update(types).digest()
  const states = createHash('sha256').update(names).update(facts)
  return { names: names.toString('hex'), states: states.digest('hex') }
}

/** Whether every file has had its state for so long that a later change would show in its times. */
export function isListingSettled({ paths, facts }: TreeListing, readFromMs: number): boolean {
  return paths.every((_path, row) => {
    const at = row * factsPerPath
    return isSettled(facts[at + 2] as number, facts[at + 3] as number, readFromMs)
  })
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
