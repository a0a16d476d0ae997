import { constants } from 'node:fs'
import { open, stat, realpath } from 'node:fs/promises'
import { artifactErrors } from '../errors.ts'
import { foldersAtOnce, streamPieceBytes } from '../limits.ts'
import type { PlannedEntry } from '../model.ts'
import { openTexts, startOf } from '../plan/texts.ts'
import { factsPerPath, pathTypes, type TreeListing } from '../plan/tree-listing.ts'
import { isExecutable, type FolderListing, type FolderPlace } from './lanes/list-lane.ts'
import type { Lane } from './lanes/pool.ts'
import { sharedArray } from './lanes/shared-entries.ts'
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

/** A folder that is to be listed, and what was found in it. */
interface WantedFolder extends FolderPlace {
  found: FoundRows | undefined
}

/** Some of the rows that a lane answered, and of its folders and links those from a place on. */
interface FoundRows {
  readonly listing: FolderListing
  readonly first: number
  readonly end: number
  readonly firstFolder: number
  readonly firstLink: number
  /** What is known of folders in which the lane did not look, by row; those that nobody wants are missing. */
  readonly within: ReadonlyMap<number, WantedFolder>
}

/**
 * Lists what stands below root. Links are not followed, and git's own folders not entered. Each lane gets the next
 * folders as soon as it is done with its last ones; where one fails, none lists anything afterwards.
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
    const idleCount = sharedArray(Int32Array, 1)
    const size = { rows: 0, bytes: 0 }
    let running = 0
    let failure: { readonly reason: unknown } | undefined
    const run = async (lane: Lane, folders: readonly WantedFolder[]) => {
      running++
      const places = folders.map(({ path, bytes, isDeep }) => ({ path, bytes, isDeep }))
      try {
        const listing = await lane.run('list', { root, folders: places, idle: idleCount })
        size.rows += listing.paths.ends.length
        size.bytes += listing.paths.bytes.length
        // One by one: a folder of a hundred thousand folders has more than a call takes arguments.
        for (const folder of takeListing(listing, folders, depthOf)) waiting.push(folder)
      } catch (reason) {
        failure ??= { reason }
      }
      running--
      idle.push(lane)
      startIdle()
    }
    const startIdle = () => {
      if (running === 0 && failure) return reject(failure.reason as Error)
      if (running === 0 && waiting.length === 0) return resolve(joinFound(top, size))
      while (waiting.length > 0 && idle.length > 0 && !failure) {
        const share = Math.min(foldersAtOnce, Math.ceil(waiting.length / idle.length))
        run(idle.pop() as Lane, waiting.splice(0, share)).catch(reject)
      }
      Atomics.store(idleCount, 0, idle.length)
    }
    startIdle()
  })
}

/** Notes what was found in folders, and answers which are still to be listed. */
function takeListing(
  listing: FolderListing,
  wanted: readonly WantedFolder[],
  depthOf: (folder: string) => ListingDepth,
): readonly WantedFolder[] {
  const { paths, folders, links, bytes, ends } = listing
  const within = new Map<number, WantedFolder>()
  const pathOf = openTexts(paths)
  let folder = 0
  let link = 0
  let first = 0
  for (const [index, end] of ends.entries()) {
    const place = wanted[index] as WantedFolder
    place.found = { listing, first, end, firstFolder: folder, firstLink: link, within }
    for (; folder < folders.length && (folders[folder] as number) < end; folder++) {
      const row = folders[folder] as number
      const path = pathOf(row)
      const depth = place.isDeep ? 'all below it' : depthOf(path)
      const isDeep = depth === 'all below it'
      if (depth !== 'nothing') within.set(row, { path, bytes: bytes.get(row), isDeep, found: undefined })
    }
    while (link < links.length && (links[link] as number) < end) link++
    first = end
  }
  return [...within.values(), ...wanted.slice(ends.length)]
}

/** What was listed, and how much of it there is so far. */
interface Joined {
  readonly bytes: Uint8Array
  readonly ends: Uint32Array
  readonly facts: Float64Array
  readonly targets: string[]
  count: number
  bytesEnd: number
}

/** Puts the rows of each folder in its place among those of the folder that it is in. */
function joinFound(top: WantedFolder, atMost: { readonly rows: number; readonly bytes: number }): TreeListing {
  const joined: Joined = {
    bytes: new Uint8Array(atMost.bytes),
    ends: new Uint32Array(atMost.rows),
    facts: new Float64Array(atMost.rows * factsPerPath),
    targets: [],
    count: 0,
    bytesEnd: 0,
  }
  joinRows(joined, top.found as FoundRows)
  const { count, bytesEnd, targets } = joined
  return {
    paths: { bytes: joined.bytes.subarray(0, bytesEnd), ends: joined.ends.subarray(0, count) },
    facts: joined.facts.subarray(0, count * factsPerPath),
    targets,
  }
}

const typeEmptyFolder = pathTypes.indexOf('empty folder')

function joinRows(joined: Joined, found: FoundRows): void {
  const { listing, end, firstFolder, within } = found
  const { folders } = listing
  let first = found.first
  let link = found.firstLink
  for (let next = firstFolder; next < folders.length && (folders[next] as number) < end; next++) {
    const row = folders[next] as number
    link = joinRun(joined, listing, { first, end: row, link })
    first = row + 1
    const folder = within.get(row)
    if (folder?.found && folder.found.first < folder.found.end) joinRows(joined, folder.found)
    else if (folder) {
      joinRun(joined, listing, { first: row, end: first, link })
      joined.facts[(joined.count - 1) * factsPerPath] = typeEmptyFolder
    }
  }
  joinRun(joined, listing, { first, end, link })
}

/** Joins rows that stay one behind the other, and answers which link comes behind them. */
function joinRun(
  joined: Joined,
  { paths, facts, links, targets }: FolderListing,
  { first, end, link }: { readonly first: number; readonly end: number; readonly link: number },
): number {
  if (first === end) return link
  const from = startOf(paths, first)
  const to = paths.ends[end - 1] as number
  joined.bytes.set(paths.bytes.subarray(from, to), joined.bytesEnd)
  joined.facts.set(facts.subarray(first * factsPerPath, end * factsPerPath), joined.count * factsPerPath)
  let next = link
  for (; next < links.length && (links[next] as number) < end; next++) {
    const row = joined.count + (links[next] as number) - first
    joined.facts[row * factsPerPath + 1] = joined.targets.push(targets[next] as string) - 1
  }
  moveEnds(paths.ends.subarray(first, end), joined.bytesEnd - from, joined.ends.subarray(joined.count))
  joined.count += end - first
  joined.bytesEnd += to - from
  return next
}

function moveEnds(ends: Uint32Array, by: number, into: Uint32Array): void {
  for (let index = 0; index < ends.length; index++) into[index] = (ends[index] as number) + by
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
