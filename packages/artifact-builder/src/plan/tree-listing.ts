import { createHash } from 'node:crypto'
import type { TreeEntry } from '../model.ts'
import { isSettled } from './cache-index.ts'
import type { Listing } from './choose-entries.ts'
import { bufferOf, openTexts, startOf, type Texts } from './texts.ts'

/** A `folder` is one in which nobody has looked yet. */
export const pathTypes = ['file', 'folder', 'empty folder', 'symlink', 'other'] as const

/** What is known of a path: index into {@link pathTypes}; of files also size, times in milliseconds, 1 where executable. */
export const factNames = ['type', 'sizeBytes', 'mtimeMs', 'ctimeMs', 'inode', 'device', 'executable'] as const
export const factsPerPath = factNames.length
/** Where the facts begin that tell one state of a file from every other one, in the order in which a cache keeps them. */
export const identityAt = factNames.indexOf('mtimeMs')

const typeFile = pathTypes.indexOf('file')
const typeSymlink = pathTypes.indexOf('symlink')
const typeOther = pathTypes.indexOf('other')

/**
 * What stands below a root, a row for each path; git's own folders are left out, and folders that hold something. The
 * order is the same whoever lists it, and nearly that of the bytes of the paths.
 */
export interface TreeListing {
  readonly paths: Texts
  /** For each path {@link factsPerPath} numbers; the size of a link is the number of its target. */
  readonly facts: Float64Array
  readonly targets: readonly string[]
}

export function rowCountOf({ paths }: TreeListing): number {
  return paths.ends.length
}

export function isFile({ facts }: TreeListing, row: number): boolean {
  return facts[row * factsPerPath] === typeFile
}

/** Whether something stands at a row that an artifact can have. */
export function canBePacked(listing: TreeListing, row: number): boolean {
  return row < rowCountOf(listing) && listing.facts[row * factsPerPath] !== typeOther
}

/** What was listed, an entry at a time: as long as each of a hundred thousand is kept, so are its facts a second time. */
export function entriesOf(listing: TreeListing): Listing {
  const pathOf = openTexts(listing.paths)
  return { length: rowCountOf(listing), at: (row) => entryAt(listing, row, pathOf) }
}

function entryAt(
  { paths, facts, targets }: TreeListing,
  row: number,
  pathOf: (row: number) => string,
): TreeEntry | undefined {
  if (row >= paths.ends.length) return undefined
  const path = pathOf(row)
  const at = row * factsPerPath
  const size = facts[at + 1] as number
  const type = pathTypes[facts[at] as number]
  if (type === 'file') return { path, type, executable: facts[at + 6] === 1, sizeBytes: size }
  if (type === 'symlink') return { path, type, target: targets[size] ?? '' }
  return type === 'other' ? { path, type } : { path, type: 'directory', empty: true }
}

/** Paths of the files that have a name, in whichever folder. */
export function filesNamed(listing: TreeListing, name: string): readonly string[] {
  const { bytes, ends } = listing.paths
  const pathOf = openTexts(listing.paths)
  const wanted = Buffer.from(`/${name}`)
  const whole = bufferOf(bytes)
  const found: string[] = []
  for (let row = 0; row < ends.length; row++) {
    const start = startOf(listing.paths, row)
    const end = ends[row] as number
    const isAtTop = end - start === wanted.length - 1
    const length = isAtTop ? wanted.length - 1 : wanted.length
    // Most paths end otherwise, and a call for each takes longer.
    if (end - start < length || bytes[end - 1] !== wanted.at(-1)) continue
    const isNamed = whole.compare(wanted, isAtTop ? 1 : 0, wanted.length, end - length, end) === 0
    if (isNamed && isFile(listing, row)) found.push(pathOf(row))
  }
  return found
}

/** Of files' contents and links' targets, of so many rows. */
export function contentBytesOf({ facts, targets }: TreeListing, rows: Uint32Array): number {
  let bytes = 0
  for (const row of rows) {
    const at = row * factsPerPath
    const size = facts[at + 1] as number
    if (facts[at] === typeFile) bytes += size
    else if (facts[at] === typeSymlink) bytes += Buffer.byteLength(targets[size] ?? '')
  }
  return bytes
}

/**
 * `names`: the same for the same names of the same types, the exec bit and the target of a link among them. `states`: the
 * same where sizes, times and inodes are too.
 */
export function digestListing({ paths, facts, targets }: TreeListing): {
  readonly names: string
  readonly states: string
} {
  const types = new Uint8Array(paths.ends.length)
  for (let row = 0; row < types.length; row++) {
    const at = row * factsPerPath
    types[row] = 2 * (facts[at] as number) + (facts[at + 6] as number)
  }
  // No target has a zero byte, and where each path ends is said.
  const digest = createHash('sha256')
    .update(`${types.length}\0${targets.join('\0')}\0`)
    .update(types)
  const names = digest.update(paths.ends).update(paths.bytes).digest()
  const states = createHash('sha256').update(names).update(facts)
  return { names: names.toString('hex'), states: states.digest('hex') }
}

/** Whether every file has had its state for so long that a later change would show in its times. */
export function isListingSettled({ facts }: TreeListing, readFromMs: number): boolean {
  for (let at = 0; at < facts.length; at += factsPerPath) {
    if (!isSettled(facts[at + 2] as number, facts[at + 3] as number, readFromMs)) return false
  }
  return true
}
