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
  readonly files: string
  /** For each file: size, modification time, change time (milliseconds), inode, device, 1 where it is executable. */
  readonly fileFacts: Float64Array
  /** Paths and targets in turn. */
  readonly links: string
  readonly others: string
  readonly emptyFolders: string
  readonly folders: readonly FolderPlace[]
  /** SHA-256 of what stands in each folder of the job, 32 bytes each: names, sizes, times, inodes, modes, targets. */
  readonly digests: Uint8Array
}

/** How many numbers there are for each file. */
export const factsPerFile = 6

/** Lists folders, one level deep. */
export const listLane: LaneHandler<ListJob, never, FolderListing> = function* ({ root, folders }, { stopped }) {
  const all = emptyListing()
  const digests = new Uint8Array(folders.length * digestBytes)
  for (const [index, folder] of folders.entries()) {
    if (stopped()) break
    const one = listFolder(root, folder)
    digests.set(digestOf(one), index * digestBytes)
    all.files += one.files
    for (const fact of one.facts) all.facts.push(fact)
    all.links += one.links
    all.others += one.others
    all.emptyFolders += one.emptyFolders
    for (const below of one.folders) all.folders.push(below)
    yield
  }
  const { facts, ...listing } = all
  return { ...listing, fileFacts: new Float64Array(facts), digests }
}

function emptyListing() {
  const facts: number[] = []
  const folders: FolderPlace[] = []
  return { files: '', facts, links: '', others: '', emptyFolders: '', folders }
}

type OpenListing = ReturnType<typeof emptyListing>

function listFolder(root: string, folder: FolderPlace): OpenListing {
  const found = emptyListing()
  const places = namesIn(root, folder)
  if (places.length === 0 && folder.path !== '') found.emptyFolders += `${folder.path}\0`
  for (const { path, bytes } of places) {
    const place = bytes ?? `${root}/${path}`
    const stats = atPath(root, path, () => lstatSync(place))
    if (stats.isFile()) {
      found.files += `${path}\0`
      found.facts.push(stats.size, stats.mtimeMs, stats.ctimeMs, stats.ino, stats.dev, isExecutable(stats) ? 1 : 0)
    } else if (stats.isDirectory()) found.folders.push(bytes ? { path, bytes } : { path })
    else if (stats.isSymbolicLink()) {
      const target = atPath(root, path, () => readlinkSync(place, { encoding: 'buffer' }))
      found.links += `${path}\0${target.toString()}\0`
    } else found.others += `${path}\0`
  }
  return found
}

function digestOf({ files, facts, links, others, emptyFolders, folders }: OpenListing): Buffer {
  const texts = [files, links, others, emptyFolders, ...folders.map(({ path }) => `${path}\0`)]
  return createHash('sha256')
    .update(`${texts.map(({ length }) => length).join()}\n${texts.join('')}`)
    .update(new Float64Array(facts))
    .digest()
}

/** What stands in a folder, in paths below root; git's own folder left out. */
function namesIn(root: string, { path: above, bytes }: FolderPlace): readonly { path: string; bytes?: Buffer }[] {
  const pathOf = (name: string) => (above === '' ? name : `${above}/${name}`)
  const place = bytes ? Buffer.from(bytes) : above === '' ? root : `${root}/${above}`
  if (typeof place === 'string') {
    const names = atPath(root, above || '.', () => readdirSync(place))
    // A decoder puts U+FFFD where bytes are not UTF-8.
    if (!names.some((name) => name.includes('\ufffd'))) {
      return names.filter((name) => name !== '.git').map((name) => ({ path: pathOf(name) }))
    }
  }
  const names = atPath(root, above || '.', () => readdirSync(place, { encoding: 'buffer' }))
  return names
    .filter((name) => name.toString() !== '.git')
    .map((name) => ({
      path: pathOf(name.toString()),
      bytes: Buffer.concat([Buffer.from(place), Buffer.from('/'), name]),
    }))
}

/** By the owner's bit alone, as git sees it: the others follow the umask of whoever checked out. */
export function isExecutable({ mode }: Pick<Stats, 'mode'>): boolean {
  return (mode & constants.S_IXUSR) !== 0
}

function atPath<T>(root: string, path: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw failAtPath(root, path, error)
  }
}
