import { constants, lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs'
import { rowsBeforeSharing } from '../../limits.ts'
import type { Texts } from '../../plan/texts.ts'
import { factsPerPath, pathTypes } from '../../plan/tree-listing.ts'
import { failAtPath } from '../path-failure.ts'
import type { LaneHandler } from './lane.ts'
import { sharedArray, shareTexts } from './shared-entries.ts'

/** A folder of a tree. */
export interface FolderPlace {
  /** Below root; empty for root itself. */
  readonly path: string
  /** Its absolute path in bytes, where {@link path} is not UTF-8 and says only how it looks. */
  readonly bytes?: Uint8Array | undefined
  /** Whether what stands in its folders is wanted too, however deep. */
  readonly isDeep: boolean
}

export interface ListJob {
  /** Absolute path of the tree. */
  readonly root: string
  readonly folders: readonly FolderPlace[]
  /** How many lanes have nothing to list. */
  readonly idle: Int32Array
}

/**
 * What stands in folders, a row for each path. Paths and numbers in memory that every thread sees: copying a hundred
 * thousand objects from thread to thread takes longer than listing them.
 */
export interface FolderListing {
  /** A folder's rows are in the order of the names, and those of a folder in it stand in its place. */
  readonly paths: Texts
  /** For each path {@link factsPerPath} numbers, in the order of the names of the facts. */
  readonly facts: Float64Array
  /** The rows of folders in which nobody has looked yet, and of links, of which these are the targets. */
  readonly folders: readonly number[]
  readonly links: readonly number[]
  readonly targets: readonly string[]
  /** Absolute paths of folders whose path is not UTF-8, by the number of the path. */
  readonly bytes: ReadonlyMap<number, Uint8Array>
  /** Where the rows of each folder of the job end. Fewer than there are folders: the last ones are still to be listed. */
  readonly ends: readonly number[]
}

/** What a job works with. */
interface Work extends Pick<ListJob, 'root' | 'idle'> {
  readonly rows: Rows
  readonly stopped: () => boolean
}

/** Lists folders until it has some rows and another lane has nothing to do, so that what is left can be shared out anew. */
export const listLane: LaneHandler<ListJob, never, FolderListing> = function* ({ root, folders, idle }, { stopped }) {
  const work = { root, idle, stopped, rows: new Rows() }
  const ends: number[] = []
  for (const folder of folders) {
    if (isEnough(work)) break
    yield* listFolder(work, folder)
    ends.push(work.rows.count)
  }
  return work.rows.close(ends)
}

function isEnough({ rows, idle, stopped }: Work): boolean {
  return stopped() || (rows.count >= rowsBeforeSharing && Atomics.load(idle, 0) > 0)
}

/** A folder whose names are gone through. */
interface OpenFolder {
  readonly path: string
  /** Those of folders end with a slash, so that what is in a folder stands where its path does among the others. */
  readonly names: readonly string[]
  /** Absolute paths, where one of the names is not UTF-8. */
  readonly bytes: readonly Buffer[] | undefined
  /** The next of the names. */
  next: number
}

/**
 * Called for all of a tree, and shaped for V8: every value has one type and one kind of elements from the start. With
 * texts and arrays that grew, it was compiled again and again, for a quarter of a build in which nothing had changed.
 */
function* listFolder(work: Work, { path: top, bytes, isDeep }: FolderPlace): Generator<void, void, void> {
  const { root, rows } = work
  const open: OpenFolder[] = [openFolder(root, top, bytes)]
  for (let folder = open.at(-1); folder !== undefined; folder = open.at(-1)) {
    const within = listUpToFolder(root, folder, rows)
    if (within === undefined) open.pop()
    else if (!isDeep || isEnough(work)) rows.addFolder(within.path, within.bytes)
    else {
      const next = openFolder(root, within.path, within.bytes)
      if (next.names.length > 0) open.push(next)
      else rows.addEmptyFolder(within.path)
    }
    yield
  }
}

/** Adds what stands in a folder up to the next folder in it, which it answers; `undefined` at the end. */
function listUpToFolder(root: string, folder: OpenFolder, rows: Rows): Omit<FolderPlace, 'isDeep'> | undefined {
  const { names, bytes } = folder
  while (folder.next < names.length) {
    const index = folder.next++
    const name = names[index] as string
    if (name.endsWith('/')) return { path: below(folder.path, name.slice(0, -1)), bytes: bytes?.[index] }
    const path = below(folder.path, name)
    const place = bytes === undefined ? `${root}/${path}` : (bytes[index] as Buffer)
    const stats = statsAt(root, path, place)
    if (stats.isFile()) rows.addFile(path, stats)
    else if (stats.isDirectory()) return { path, bytes: bytes?.[index] }
    else if (stats.isSymbolicLink()) rows.addLink(path, atPath(root, path, place, readTarget))
    else rows.addOther(path)
  }
  return undefined
}

function below(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`
}

const typeFile = pathTypes.indexOf('file')
const typeFolder = pathTypes.indexOf('folder')
const typeEmptyFolder = pathTypes.indexOf('empty folder')
const typeSymlink = pathTypes.indexOf('symlink')
const typeOther = pathTypes.indexOf('other')

/** A class, whose methods are the same for each job: V8 compiles again what calls a function that was made anew. */
class Rows {
  /** How many there are. */
  count = 0
  private readonly paths: string[] = []
  private readonly targets: string[] = []
  private readonly folders: number[] = []
  private readonly links: number[] = []
  private readonly bytesOf = new Map<number, Uint8Array>()
  // Grows early: code that V8 has not seen when it compiles makes it compile anew.
  private facts = new Float64Array(64 * factsPerPath)

  addFile(path: string, stats: Stats): void {
    const at = this.add(path, typeFile)
    const { facts } = this
    facts[at + 1] = stats.size
    facts[at + 2] = stats.mtimeMs
    facts[at + 3] = stats.ctimeMs
    facts[at + 4] = stats.ino
    facts[at + 5] = stats.dev
    facts[at + 6] = isExecutable(stats) ? 1 : 0
  }

  /** In which nobody has looked yet. */
  addFolder(path: string, bytes: Uint8Array | undefined): void {
    if (bytes) this.bytesOf.set(this.count, bytes)
    this.folders.push(this.count)
    this.add(path, typeFolder)
  }

  addEmptyFolder(path: string): void {
    this.add(path, typeEmptyFolder)
  }

  addLink(path: string, target: string): void {
    this.links.push(this.count)
    this.targets.push(target)
    this.add(path, typeSymlink)
  }

  addOther(path: string): void {
    this.add(path, typeOther)
  }

  close(ends: readonly number[]): FolderListing {
    const { targets, folders, links, bytesOf } = this
    const facts = sharedArray(Float64Array, this.count * factsPerPath)
    facts.set(this.facts.subarray(0, facts.length))
    return { paths: shareTexts(this.paths), facts, targets, folders, links, bytes: bytesOf, ends }
  }

  private add(path: string, type: number): number {
    const at = this.count * factsPerPath
    if (at === this.facts.length) {
      const more = new Float64Array(2 * this.facts.length)
      more.set(this.facts)
      this.facts = more
    }
    this.count++
    this.paths.push(path)
    this.facts[at] = type
    return at
  }
}

function readTarget(place: string | Buffer): string {
  return readlinkSync(place, { encoding: 'buffer' }).toString()
}

/** Git's own folder is left out. The names are in an order that is always the same. */
function openFolder(root: string, path: string, bytes: Uint8Array | undefined): OpenFolder {
  const place = bytes ? Buffer.from(bytes) : path === '' ? root : `${root}/${path}`
  if (typeof place === 'string') {
    const names = atPath(root, path || '.', place, readNames)
    // A decoder puts U+FFFD where bytes are not UTF-8.
    if (!names.some((name) => name.includes('\ufffd'))) return { path, names: names.sort(), bytes: undefined, next: 0 }
  }
  const names = atPath(root, path || '.', place, readNamesInBytes).sort((a, b) => a.compare(b))
  return {
    path,
    names: names.map((name) => name.toString()),
    bytes: names.map((name) => Buffer.concat([Buffer.from(place), Buffer.from('/'), name])),
    next: 0,
  }
}

/** What the system says of the types costs nothing: what is a folder need not be asked for its facts. */
function readNames(place: string | Buffer): string[] {
  try {
    const names: string[] = []
    for (const entry of readdirSync(place as string, { withFileTypes: true })) {
      if (entry.name !== '.git') names.push(entry.isDirectory() ? `${entry.name}/` : entry.name)
    }
    return names
  } catch {
    // Where a file system tells no types (ext4 and XFS can be made so), Node asks for the facts of each name, and does
    // not find one that is not UTF-8. Of a folder that cannot be read, this says why.
    return readdirSync(place as string).filter((name) => name !== '.git')
  }
}

function readNamesInBytes(place: string | Buffer): Buffer[] {
  return readdirSync(place, { encoding: 'buffer' }).filter((name) => name.toString() !== '.git')
}

/** By the owner's bit alone, as git sees it: the others follow the umask of whoever checked out. */
export function isExecutable({ mode }: Pick<Stats, 'mode'>): boolean {
  return (mode & constants.S_IXUSR) !== 0
}

/** A function of its own, not one of those that {@link atPath} calls: V8 compiles in what is always the same. */
function statsAt(root: string, path: string, place: string | Buffer): Stats {
  try {
    return lstatSync(place)
  } catch (error) {
    throw failAtPath(root, path, error)
  }
}

function atPath<T>(root: string, path: string, place: string | Buffer, look: (place: string | Buffer) => T): T {
  try {
    return look(place)
  } catch (error) {
    throw failAtPath(root, path, error)
  }
}
