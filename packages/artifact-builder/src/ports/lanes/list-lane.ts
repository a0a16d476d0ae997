import { createHash } from 'node:crypto'
import { constants, lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs'
import { failAtPath } from '../path-failure.ts'
import type { LaneHandler } from './lane.ts'
import { digestBytes } from './shared-entries.ts'

/** A folder of a tree. */
export interface FolderPlace {
  /** Below root; empty for root itself. */
  readonly path: string
  /** Its absolute path in bytes, where {@link path} is not UTF-8 and says only how it looks. */
  readonly bytes?: Uint8Array | undefined
}

export interface ListJob {
  /** Absolute path of the tree. */
  readonly root: string
  readonly folders: readonly FolderPlace[]
}

/**
 * What stands in folders. Paths in one text, each ended by a zero byte, and numbers in one array: copying a hundred
 * thousand objects from thread to thread takes longer than listing them.
 */
export interface FolderListing {
  readonly paths: string
  /** For each path {@link factsPerPath} numbers, in the order of {@link factNames}. */
  readonly facts: Float64Array
  /** Of the links among them, in the same order. */
  readonly targets: string
  /** Absolute paths of folders whose path is not UTF-8, by the number of the path. */
  readonly bytes: ReadonlyMap<number, Uint8Array>
  /** Folders of the job in which nothing stands, root never. */
  readonly emptyFolders: string
  /** SHA-256 of what stands in each folder of the job, 32 bytes each: names, sizes, times, inodes, modes, targets. */
  readonly digests: Uint8Array
}

export const pathTypes = ['file', 'folder', 'symlink', 'other'] as const

/** What is known of a path: index into {@link pathTypes}; of files also size, times in milliseconds, 1 where executable. */
export const factNames = ['type', 'sizeBytes', 'mtimeMs', 'ctimeMs', 'inode', 'device', 'executable'] as const
export const factsPerPath = factNames.length

/** Lists folders, one level deep. */
export const listLane: LaneHandler<ListJob, never, FolderListing> = function* ({ root, folders }, { stopped }) {
  const listed: ListedFolder[] = []
  for (const folder of folders) {
    if (stopped()) break
    listed.push(listFolder(root, folder.path, folder.bytes))
    yield
  }
  return joinFolders(folders, listed)
}

/** A folder's part of the answer. */
interface ListedFolder {
  readonly paths: readonly string[]
  readonly facts: Float64Array
  readonly targets: readonly string[]
  /** Of each path, where one of them is not UTF-8. */
  readonly bytes: readonly Buffer[] | undefined
}

/**
 * Called for each folder of a tree, and shaped for V8: every value has one type and one kind of elements from the start.
 * With texts and arrays that grew, it was compiled again and again, for a quarter of a build in which nothing had changed.
 */
function listFolder(root: string, above: string, aboveBytes: Uint8Array | undefined): ListedFolder {
  const { names, bytes } = namesIn(root, above, aboveBytes)
  const facts = new Float64Array(names.length * factsPerPath)
  const paths: string[] = []
  const targets: string[] = []
  for (let index = 0; index < names.length; index++) {
    const path = above === '' ? (names[index] as string) : `${above}/${names[index]}`
    const place = bytes === undefined ? `${root}/${path}` : (bytes[index] as Buffer)
    paths.push(path)
    writeFacts(facts, index * factsPerPath, atPath(root, path, place, lstatSync) as Stats)
    if (facts[index * factsPerPath] === typeSymlink) targets.push(atPath(root, path, place, readTarget))
  }
  return { paths, facts, targets, bytes }
}

const typeFile = pathTypes.indexOf('file')
const typeFolder = pathTypes.indexOf('folder')
const typeSymlink = pathTypes.indexOf('symlink')
const typeOther = pathTypes.indexOf('other')

function writeFacts(facts: Float64Array, at: number, stats: Stats): void {
  const isFile = stats.isFile()
  facts[at] = isFile ? typeFile : typeOf(stats)
  if (!isFile) return
  facts[at + 1] = stats.size
  facts[at + 2] = stats.mtimeMs
  facts[at + 3] = stats.ctimeMs
  facts[at + 4] = stats.ino
  facts[at + 5] = stats.dev
  facts[at + 6] = isExecutable(stats) ? 1 : 0
}

function typeOf(stats: Stats): number {
  if (stats.isDirectory()) return typeFolder
  return stats.isSymbolicLink() ? typeSymlink : typeOther
}

function readTarget(place: string | Buffer): string {
  return readlinkSync(place, { encoding: 'buffer' }).toString()
}

function joinFolders(folders: readonly FolderPlace[], listed: readonly ListedFolder[]): FolderListing {
  const texts = listed.map(({ paths }) => endEach(paths))
  const targets = listed.map((folder) => endEach(folder.targets))
  const facts = new Float64Array(listed.reduce((sum, folder) => sum + folder.facts.length, 0))
  const digests = new Uint8Array(folders.length * digestBytes)
  const bytes = new Map<number, Uint8Array>()
  const emptyFolders: string[] = []
  let at = 0
  for (const [index, folder] of listed.entries()) {
    folder.bytes?.forEach((some, number) => bytes.set(at / factsPerPath + number, some))
    facts.set(folder.facts, at)
    at += folder.facts.length
    const { path } = folders[index] as FolderPlace
    if (folder.paths.length === 0 && path !== '') emptyFolders.push(path)
    // A path is never empty: two zero bytes stand nowhere else.
    const digest = createHash('sha256').update(`${texts[index]}\0${targets[index]}\0`).update(folder.facts).digest()
    digests.set(digest, index * digestBytes)
  }
  return {
    paths: texts.join(''),
    facts,
    targets: targets.join(''),
    bytes,
    emptyFolders: endEach(emptyFolders),
    digests,
  }
}

function endEach(texts: readonly string[]): string {
  return texts.length === 0 ? '' : `${texts.join('\0')}\0`
}

/** What stands in a folder, git's own folder left out; the absolute paths in bytes where the names are not all UTF-8. */
function namesIn(
  root: string,
  above: string,
  bytes: Uint8Array | undefined,
): { readonly names: readonly string[]; readonly bytes: readonly Buffer[] | undefined } {
  const place = bytes ? Buffer.from(bytes) : above === '' ? root : `${root}/${above}`
  if (typeof place === 'string') {
    const names = atPath(root, above || '.', place, readNames)
    // A decoder puts U+FFFD where bytes are not UTF-8.
    if (!names.some((name) => name.includes('\ufffd'))) {
      return { names: names.includes('.git') ? names.filter(isNotGit) : names, bytes: undefined }
    }
  }
  const names = atPath(root, above || '.', place, readNamesInBytes).filter((name) => isNotGit(name.toString()))
  return {
    names: names.map((name) => name.toString()),
    bytes: names.map((name) => Buffer.concat([Buffer.from(place), Buffer.from('/'), name])),
  }
}

function isNotGit(name: string): boolean {
  return name !== '.git'
}

function readNames(place: string | Buffer): string[] {
  return readdirSync(place)
}

function readNamesInBytes(place: string | Buffer): Buffer[] {
  return readdirSync(place, { encoding: 'buffer' })
}

/** By the owner's bit alone, as git sees it: the others follow the umask of whoever checked out. */
export function isExecutable({ mode }: Pick<Stats, 'mode'>): boolean {
  return (mode & constants.S_IXUSR) !== 0
}

function atPath<T>(root: string, path: string, place: string | Buffer, look: (place: string | Buffer) => T): T {
  try {
    return look(place)
  } catch (error) {
    throw failAtPath(root, path, error)
  }
}
