import { hash } from 'node:crypto'
import { numbersOfIdentity } from '../../plan/cache-index.ts'
import { eachPlanned, type PlannedEntries } from '../../plan/choose-entries.ts'
import { bufferOf, lengthOf, lengthsOf, openTexts, startOf, type Texts } from '../../plan/texts.ts'
import { factsPerPath, identityAt, pathTypes, type TreeListing } from '../../plan/tree-listing.ts'
import { typeBits } from '../../plan/zip/records.ts'

/** A typed array that every thread sees. */
export function sharedArray<T>(
  kind: { readonly BYTES_PER_ELEMENT: number; new (buffer: SharedArrayBuffer): T },
  length: number,
): T {
  return new kind(new SharedArrayBuffer(length * kind.BYTES_PER_ELEMENT))
}

/** A copy that every thread sees: one that is sent is copied twice more, and a view takes all along that it is of. */
export function shareBytes(bytes: Uint8Array): Uint8Array {
  const shared = sharedArray(Uint8Array, bytes.length)
  shared.set(bytes)
  return shared
}

/** Texts in memory that every thread sees. */
export function shareTexts(texts: readonly string[]): Texts {
  const joined = texts.join('')
  const bytes = sharedArray(Uint8Array, Buffer.byteLength(joined))
  bufferOf(bytes).write(joined)
  const ends = sharedArray(Uint32Array, texts.length)
  // Most names are ASCII, and asking for the bytes of each takes longer than all else here.
  const isAscii = bytes.length === joined.length
  let end = 0
  texts.forEach((text, index) => {
    end += isAscii ? text.length : Buffer.byteLength(text)
    ends[index] = end
  })
  return { bytes, ends }
}

export const entryTypes = ['file', 'symlink', 'directory'] as const
export const fileType = entryTypes.indexOf('file')
export const symlinkType = entryTypes.indexOf('symlink')
export const directoryType = entryTypes.indexOf('directory')

/**
 * The entries of a plan, by number, in memory that every thread sees; behind them, with the number {@link count}, the one
 * that is written last.
 */
export interface SharedEntries {
  readonly count: number
  /** Names as they stand in a zip: that of a folder ends with `/`. */
  readonly names: Texts
  /** Where files stand below root. */
  readonly sources: Texts
  /** Targets of links, by entry. */
  readonly targets: ReadonlyMap<number, string>
  /** Index into {@link entryTypes}. */
  readonly types: Uint8Array
  /** Unix modes with their type bits, as they stand in a zip. */
  readonly modes: Uint16Array
  /** 1 where git's id of the bytes is wanted. */
  readonly tracked: Uint8Array
  readonly sizeBytes: Float64Array
  /** {@link numbersOfIdentity} for each, as they were listed; NaN of what is no file. */
  readonly identities: Float64Array
}

/** By the numbers of {@link pathTypes}; of a file also where it is executable. What stands in no artifact has none. */
const typeOfPath = pathTypes.map((type) => entryTypes.indexOf(type === 'empty folder' ? 'directory' : (type as 'file')))
const modeOfType = [typeBits.file | 0o644, typeBits.symlink | 0o777, typeBits.directory | 0o755]
const executableMode = typeBits.file | 0o755

/** Where entries stand in the listing that they were chosen from. */
interface ChosenRows {
  readonly listing: TreeListing
  readonly rows: Uint32Array
}

/** What is shared is made from the listing, without an object for each entry; only names that are moved are asked for. */
export function shareEntries(
  entries: PlannedEntries,
  options: ChosenRows & {
    /** Whether one of the entries has another path than its source. */
    readonly isMoved: boolean
    /** Paths below root of which git's id is wanted. */
    readonly trackedPaths: readonly string[]
    readonly lastPath: string
  },
): SharedEntries {
  const { listing, rows, isMoved, trackedPaths, lastPath } = options
  const { facts } = listing
  const { length: count } = entries
  const targets = new Map<number, string>()
  const types = sharedArray(Uint8Array, count + 1)
  const modes = sharedArray(Uint16Array, count + 1)
  const tracked = sharedArray(Uint8Array, count + 1)
  const sizeBytes = sharedArray(Float64Array, count + 1)
  const identities = sharedArray(Float64Array, (count + 1) * numbersOfIdentity).fill(Number.NaN)
  const isTracked = trackedJudge(listing.paths, trackedPaths)
  modes[count] = typeBits.file | 0o644
  for (let index = 0; index < count; index++) {
    const row = rows[index] as number
    const at = row * factsPerPath
    const size = facts[at + 1] as number
    const type = typeOfPath[facts[at] as number] as number
    types[index] = type
    modes[index] = type === fileType && facts[at + 6] === 1 ? executableMode : (modeOfType[type] as number)
    tracked[index] = isTracked(row) ? 1 : 0
    if (type === fileType) {
      sizeBytes[index] = size
      for (let number = 0; number < numbersOfIdentity; number++) {
        identities[index * numbersOfIdentity + number] = facts[at + identityAt + number] as number
      }
    }
    if (type === symlinkType) {
      const target = listing.targets[size] ?? ''
      targets.set(index, target)
      sizeBytes[index] = Buffer.byteLength(target)
    }
  }
  const shared = { count, targets, types, modes, tracked, sizeBytes, identities }
  if (isMoved) return { ...shared, ...shareMovedNames(entries, lastPath) }
  const names = shareListedNames({ listing, rows }, types, lastPath)
  return { ...shared, names, sources: names }
}

/** Few of a hundred thousand paths are tracked, mostly. */
function trackedJudge(paths: Texts, trackedPaths: readonly string[]): (row: number) => boolean {
  const tracked = new Set(trackedPaths)
  const lengths = lengthsOf(trackedPaths)
  const pathOf = openTexts(paths)
  return (row) => lengths.has(lengthOf(paths, row)) && tracked.has(pathOf(row))
}

function shareMovedNames(entries: PlannedEntries, lastPath: string): Pick<SharedEntries, 'names' | 'sources'> {
  const names: string[] = []
  const sources: string[] = []
  for (const { type, path, source } of eachPlanned(entries)) {
    names.push(type === 'directory' ? `${path}/` : path)
    sources.push(type === 'directory' ? '' : source)
  }
  return { names: shareTexts([...names, lastPath]), sources: shareTexts(sources) }
}

const slash = 0x2f

/** The names of what stands at rows, that of a folder with a slash, and the last one. Most rows follow one another. */
function shareListedNames({ listing: { paths }, rows }: ChosenRows, types: Uint8Array, lastPath: string): Texts {
  const last = Buffer.from(lastPath)
  const ends = sharedArray(Uint32Array, rows.length + 1)
  let end = 0
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] as number
    end += lengthOf(paths, row) + (types[index] === directoryType ? 1 : 0)
    ends[index] = end
  }
  ends[rows.length] = end + last.length
  const bytes = sharedArray(Uint8Array, end + last.length)
  for (let first = 0; first < rows.length;) {
    const row = rows[first] as number
    let next = first
    do next++
    while (next < rows.length && types[next - 1] !== directoryType && rows[next] === row + next - first)
    const run = paths.bytes.subarray(startOf(paths, row), paths.ends[row + next - first - 1])
    bytes.set(run, startOf({ ends }, first))
    if (types[next - 1] === directoryType) bytes[(ends[next - 1] as number) - 1] = slash
    first = next
  }
  bytes.set(last, end)
  return { bytes, ends }
}

/** What threads found out about the entries, by number. */
export interface SharedResults {
  readonly checksums: Uint32Array
  readonly compressedBytes: Float64Array
  /** 1 where the bytes are deflated, 0 where they are stored. */
  readonly deflated: Uint8Array
  /** SHA-256, 32 bytes each. */
  readonly digests: Uint8Array
  /** Git's ids of the tracked ones, {@link idBytes} each. */
  readonly blobIds: Uint8Array
  readonly idBytes: number
  /** Where compressed bytes come from: index into {@link origins}. */
  readonly origins: Uint8Array
  /** 1 where a file was looked through for secrets and none found. */
  readonly clean: Uint8Array
  /** Modification time, change time, inode and device of files as they were read, four numbers each. */
  readonly identities: Float64Array
}

/**
 * `compressed`: by this build. `unchanged`: nothing about the file has changed since an earlier build, it was not read.
 * `same-content`: it was read, and has the bytes that an earlier build compressed.
 */
export const origins = ['compressed', 'unchanged', 'same-content'] as const

export const digestBytes = 32

/** Puts the SHA-256 of bytes at a place among digests. As a text: to make a buffer for each takes half of the time. */
export function writeDigest(digests: Buffer, place: number, bytes: Uint8Array): void {
  digests.write(hash('sha256', bytes, 'binary'), place * digestBytes, digestBytes, 'latin1')
}

/** Room for the results of so many entries, and of the one behind them. */
export function shareResults(entryCount: number, objectFormat: 'sha1' | 'sha256'): SharedResults {
  const count = entryCount + 1
  const idBytes = objectFormat === 'sha256' ? 32 : 20
  return {
    checksums: sharedArray(Uint32Array, count),
    compressedBytes: sharedArray(Float64Array, count),
    deflated: sharedArray(Uint8Array, count),
    digests: sharedArray(Uint8Array, count * digestBytes),
    blobIds: sharedArray(Uint8Array, count * idBytes),
    idBytes,
    origins: sharedArray(Uint8Array, count),
    clean: sharedArray(Uint8Array, count),
    identities: sharedArray(Float64Array, count * numbersOfIdentity),
  }
}
