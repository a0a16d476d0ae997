import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { isDeepStrictEqual } from 'node:util'
import { createInflateRaw } from 'node:zlib'
import { artifactErrors } from '../errors.ts'
import { batchLimits, directoryPieceBytes, pieceBytes, provedAtOnce, provedBytes } from '../limits.ts'
import type { PlannedEntry, SecretFinding } from '../model.ts'
import { isSettled, matchEntries, numbersOfIdentity, runEnd, type CacheIndex } from '../plan/cache-index.ts'
import type { PlannedEntries } from '../plan/choose-entries.ts'
import { cutEntries } from '../plan/cut-entries.ts'
import type { ManifestEntries } from '../plan/entry-texts.ts'
import { fillDigestTable, findByDigest, slotsFor } from '../plan/digest-table.ts'
import { lengthOf, lengthsOf, openTexts } from '../plan/texts.ts'
import type { TreeListing } from '../plan/tree-listing.ts'
import { combineChecksums } from '../plan/zip/combine-checksums.ts'
import { viewed } from '../plan/zip/little-endian.ts'
import { isLarge, planBatches, type Batch } from '../plan/zip/plan-batches.ts'
import { encodeDirectoryEnd, localHeaderLengthOf, writeLocalHeader, type DosTime } from '../plan/zip/records.ts'
import type { DeflatedText } from './deflate-manifest.ts'
import { shareTaken, type BuildJob, type BuildMessage, type KeptInLanes } from './lanes/build-lane.ts'
import { runInAll, type Lane } from './lanes/pool.ts'
import {
  digestBytes,
  directoryType,
  fileType,
  origins,
  shareEntries,
  sharedArray,
  shareResults,
  type SharedEntries,
  type SharedResults,
} from './lanes/shared-entries.ts'
import { shareOrder, writeWhole } from './lanes/write-queue.ts'

/** How the zip of a plan is to be written. */
export interface ZipWork {
  /** Real path of the tree. */
  readonly root: string
  /** Of the file to write; empty, and open for writing. `undefined`: the entries are looked at, and nothing is written. */
  readonly fd: number | undefined
  readonly entries: PlannedEntries
  /** Where the entries stand in the listing that they were chosen from. */
  readonly rows: Uint32Array
  readonly listing: TreeListing
  /** Whether one of the entries has another path than its source. */
  readonly isMoved: boolean
  /** Paths below root of which git's id is wanted. */
  readonly trackedPaths: readonly string[]
  /** Of the entry that {@link finishZip} writes behind the others. */
  readonly lastPath: string
  readonly objectFormat: 'sha1' | 'sha256'
  /** How many earlier places are tried for a match. */
  readonly tries: number
  readonly dosTime: DosTime
  /** What an earlier build has left, its pack open for reading; left alone where it turns out not to be whole. */
  readonly kept?: KeptWork | undefined
  readonly onProgress: (done: { readonly entries: number; readonly bytes: number }) => void
  /** Told up to where the file has its last bytes. */
  readonly onWritten: (end: number) => void
  /** Neither digests nor a search for secrets, for the benchmark of the engine alone. */
  readonly packsOnly?: boolean | undefined
}

/** What an earlier build has left. */
interface KeptWork extends Pick<KeptInLanes, 'index' | 'fd' | 'isSigned'> {
  readonly isWhole: Promise<boolean>
}

/** The entries of a zip that has no directory yet. */
export interface PackedEntries {
  readonly entries: SharedEntries
  readonly results: SharedResults
  /** Where the last of them ends. */
  readonly end: number
  /** Where each of them stands, and the one behind them. Made when asked for. */
  readonly places: () => ZipPlaces
  readonly findings: readonly SecretFinding[]
  /** How many files' compressed bytes come from where. */
  readonly originCounts: Readonly<Record<(typeof origins)[number], number>>
}

/** Where entries stand in a zip, by number. */
interface ZipPlaces {
  /** The header before the data. */
  readonly headersAt: Float64Array
  readonly dataAt: Float64Array
}

/**
 * Reads, digests, looks through, compresses and writes the entries of a plan, once, in all lanes at the same time; what
 * an earlier build has left of an entry is taken from there.
 *
 * @throws ARTIFACT_FILE_CHANGED, ARTIFACT_FILE_UNREADABLE; what the system says of a write
 */
export async function packEntries(lanes: readonly Lane[], work: ZipWork): Promise<PackedEntries> {
  const { root, fd, tries, dosTime, objectFormat, onProgress, onWritten, packsOnly } = work
  const entries = shareEntries(work.entries, work)
  const results = shareResults(entries.count, objectFormat)
  const findings: SecretFinding[] = []
  const onMessage = (message: BuildMessage) => {
    if (message.type === 'done') onProgress(message)
    // One by one: a file of a hundred thousand secrets has more than a call takes arguments.
    else for (const finding of message.findings) findings.push(finding)
  }
  const run = (job: BuildJob) => {
    const tellWritten = writtenTeller(job, onWritten)
    const onMessageOfJob = (message: BuildMessage) => {
      onMessage(message)
      tellWritten()
    }
    return runInAll(lanes, 'build', job, onMessageOfJob)
  }
  const plain = { root, fd, entries, results, tries, dosTime, objectFormat, packsOnly }

  const matched = matchKept(work, entries)
  const kept = (await work.kept?.isWhole) ? matched : undefined
  if (kept) takeUnchanged(kept, results)
  const large = largeOf(entries)
  const candidates = kept === undefined ? [] : large.filter((index) => mayBeKept(kept, index, sizeOf(entries, index)))
  // Whether a large file is the one of an earlier build is known when it is digested, and decides how it is cut.
  if (kept) await run({ ...plain, ...planJob([], candidates), kept })
  const keptLarge = kept ? await keptLargeFiles(kept, large, results) : new Map<number, number>()
  const keptBytes = new Map(
    [...keptLarge].map(([index, place]) => [index, kept?.index.compressedBytes[place] as number]),
  )
  const batches = planBatches({ ...entries, keptBytes }, batchLimits)
  const unread = large.filter((index) => !isUnchanged(kept, index) && !candidates.includes(index))
  const job: BuildJob = {
    ...plain,
    ...planJob(batches, unread),
    kept: kept && { ...kept, largeFiles: keptLarge },
  }
  await run(job)
  if (fd !== undefined) for (const index of large) if (!keptLarge.has(index)) completeLargeFile(job, fd, index)
  let places: ZipPlaces | undefined
  return {
    entries,
    results,
    end: job.order.ends.at(-1) ?? 0,
    places: () => (places ??= placesOf(entries, results)),
    findings,
    originCounts: countOrigins(entries, results),
  }
}

/** Tells up to where batches are in the output one behind the other, before the first piece, whose header comes last. */
function writtenTeller({ batches, order }: BuildJob, tell: (end: number) => void): () => void {
  let next = 0
  const isWritten = () => batches[next]?.type !== 'piece' && Atomics.load(order.written, next) === 1
  return () => {
    const before = next
    while (next < batches.length && isWritten()) next++
    if (next > before) tell(order.ends[next - 1] as number)
  }
}

function countOrigins({ types, count }: SharedEntries, results: SharedResults) {
  const counts = { compressed: 0, unchanged: 0, 'same-content': 0 }
  types.subarray(0, count).forEach((type, index) => {
    if (type === fileType) counts[origins[results.origins[index] as number] as (typeof origins)[number]] += 1
  })
  return counts
}

function planJob(batches: readonly Batch[], largeFiles: readonly number[]) {
  return {
    batches,
    largeFiles,
    pieceChecksums: sharedArray(Uint32Array, batches.length),
    order: shareOrder(batches.length),
    taken: shareTaken(),
  }
}

/** The numbers of the large files. */
function largeOf(entries: SharedEntries): readonly number[] {
  const large: number[] = []
  for (let index = 0; index < entries.count; index++) {
    if (isLarge(sizeOf(entries, index), pieceBytes)) large.push(index)
  }
  return large
}

function sizeOf(entries: SharedEntries, index: number): number {
  return entries.sizeBytes[index] as number
}

/** Whether an earlier build may have had a large file, by its size. */
function mayBeKept(kept: KeptInLanes, index: number, sizeBytes: number): boolean {
  return !isUnchanged(kept, index) && kept.index.sizeBytes.includes(sizeBytes)
}

function isUnchanged(kept: KeptInLanes | undefined, index: number): boolean {
  return (kept?.unchanged[index] ?? -1) >= 0
}

function matchKept({ kept, dosTime }: ZipWork, entries: SharedEntries): KeptInLanes | undefined {
  if (kept === undefined) return undefined
  const { index, fd, isSigned } = kept
  const matches = matchEntries(index, entries, {
    unchanged: sharedArray(Int32Array, entries.count),
    alike: sharedArray(Int32Array, entries.count),
    sameName: sharedArray(Int32Array, entries.count),
  })
  const hasSameTime = isDeepStrictEqual(index.dosTime, dosTime)
  const digestTable = fillDigestTable(index.digests, sharedArray(Uint32Array, slotsFor(index.count)))
  return { ...matches, index, fd, isSigned, hasSameTime, digestTable, largeFiles: new Map() }
}

/** What is known of files that have not changed is their result. */
function takeUnchanged({ index, unchanged }: KeptInLanes, results: SharedResults): void {
  for (let number = 0; number < unchanged.length;) {
    const place = unchanged[number] as number
    const count = runEnd(unchanged, number, unchanged.length) - number
    if (count > 0) takeResults(index, results, { number, place, count })
    number += Math.max(1, count)
  }
}

const unchangedOrigin = origins.indexOf('unchanged')

/** Takes the results of so many entries from a place in the index on. */
function takeResults(
  index: CacheIndex,
  results: SharedResults,
  { number, place, count }: { readonly number: number; readonly place: number; readonly count: number },
): void {
  results.origins.fill(unchangedOrigin, number, number + count)
  results.clean.fill(1, number, number + count)
  results.compressedBytes.set(index.compressedBytes.subarray(place, place + count), number)
  results.deflated.set(index.deflated.subarray(place, place + count), number)
  results.checksums.set(index.checksums.subarray(place, place + count), number)
  const takeWide = (from: Uint8Array | Float64Array, to: Uint8Array | Float64Array, width: number) =>
    to.set(from.subarray(place * width, (place + count) * width), number * width)
  takeWide(index.digests, results.digests, digestBytes)
  takeWide(index.blobIds, results.blobIds, results.idBytes)
  takeWide(index.identities, results.identities, numbersOfIdentity)
}

/** Large files whose compressed bytes are in the pack, and their places in the index; some are looked at side by side. */
async function keptLargeFiles(
  kept: KeptInLanes,
  large: readonly number[],
  results: SharedResults,
): Promise<Map<number, number>> {
  const found = new Map<number, number>()
  const waiting = large.values()
  const look = async () => {
    for (const number of waiting) {
      const place = isUnchanged(kept, number) ? kept.unchanged[number] : await findLargeFile(kept, number, results)
      if (place === undefined) continue
      found.set(number, place)
      if (!isUnchanged(kept, number)) takeSameContent(kept, results, number, place)
    }
  }
  await Promise.all(Array.from({ length: provedAtOnce }, look))
  return found
}

function takeSameContent({ index }: KeptInLanes, results: SharedResults, number: number, place: number): void {
  results.origins[number] = origins.indexOf('same-content')
  results.compressedBytes[number] = index.compressedBytes[place] as number
  results.deflated[number] = index.deflated[place] as number
}

/** The place of a kept file that has the digest of a large one, and indeed its bytes, which a signed index need not prove. */
async function findLargeFile(kept: KeptInLanes, number: number, results: SharedResults): Promise<number | undefined> {
  const { index, fd } = kept
  const place = findByDigest(kept.digestTable, results.digests, number)
  if (place === undefined) return undefined
  if (kept.isSigned) return place
  const digest = results.digests.subarray(number * digestBytes, (number + 1) * digestBytes)
  const from = { fd, offset: index.dataOffsets[place] as number, bytes: index.compressedBytes[place] as number }
  return index.deflated[place] === 1 && (await digestDeflated(from))?.equals(digest) ? place : undefined
}

/** The digest of what a range of a file inflates to; `undefined` where it is not deflated bytes. */
async function digestDeflated(range: { fd: number; offset: number; bytes: number }): Promise<Buffer | undefined> {
  const hash = createHash('sha256')
  const { fd, offset: start, bytes } = range
  const end = start + bytes - 1
  const compressed = createReadStream('', { fd, start, end, autoClose: false, highWaterMark: provedBytes })
  try {
    await pipeline(compressed, createInflateRaw({ chunkSize: provedBytes }), hash)
  } catch {
    return undefined
  }
  return hash.read() as Buffer
}

/** Writes the header of a file that was compressed in pieces, now that the sizes are known. */
function completeLargeFile(job: BuildJob, fd: number, index: number): void {
  const { root, entries, results, batches, pieceChecksums, order, dosTime } = job
  const pieces = batches.flatMap((batch, number) => (isPieceOf(batch, index) ? [{ batch, number }] : []))
  const first = pieces[0]?.number ?? 0
  const start = first === 0 ? 0 : (order.ends[first - 1] as number)
  const end = order.ends[pieces.at(-1)?.number ?? 0] as number
  const checksum = pieces.reduce(
    (sum, { batch, number }) => combineChecksums(sum, pieceChecksums[number] as number, batch.sizeBytes),
    0,
  )
  // The pieces and the digest come of two readings of the file.
  if (checksum !== results.checksums[index]) {
    const path = openTexts(entries.sources)(index)
    throw artifactErrors.ARTIFACT_FILE_CHANGED({ root, path, change: 'changed' })
  }
  const columns = { ...entries, ...results }
  const headerBytes = localHeaderLengthOf(columns, index)
  results.compressedBytes[index] = end - start - headerBytes
  results.deflated[index] = 1
  const header = viewed(Buffer.alloc(headerBytes))
  writeLocalHeader(header, 0, columns, index, dosTime)
  writeWhole(fd, header.bytes, start)
}

function isPieceOf(batch: Batch, entry: number): batch is Batch & { readonly type: 'piece' } {
  return batch.type === 'piece' && batch.entry === entry
}

/** What the manifest says of the packed entries. */
export function manifestEntriesOf(planned: PlannedEntries, { entries, results }: PackedEntries): ManifestEntries {
  let digests: string | undefined
  const digitsOf = 2 * digestBytes
  return {
    count: planned.length,
    at: (index) => {
      const { path, type, mode } = planned.at(index) as PlannedEntry
      if (type === 'directory') return { path, type, mode, sizeBytes: 0 }
      // Of all of them at once: a call for each would take longer than what is made of them.
      digests ??= Buffer.from(results.digests.buffer).toString('hex')
      const sha256 = digests.slice(index * digitsOf, (index + 1) * digitsOf)
      return { path, type, mode, sizeBytes: sizeOf(entries, index), sha256 }
    },
  }
}

/**
 * Entries that may come from one of some paths below root, all of those that do among them: by the lengths, since few of a
 * hundred thousand are tracked, mostly.
 */
export function entriesLike(
  paths: readonly string[],
  planned: PlannedEntries,
  { entries: { sources, types } }: PackedEntries,
): readonly PlannedEntry[] {
  const lengths = lengthsOf(paths)
  const found: PlannedEntry[] = []
  for (let index = 0; index < planned.length; index++) {
    // The source of a folder has a slash, or is not said.
    const isLike = types[index] === directoryType || lengths.has(lengthOf(sources, index))
    if (isLike) found.push(planned.at(index) as PlannedEntry)
  }
  return found
}

/** Git's ids of the tracked entries, by path. */
export function blobIdsOf(planned: PlannedEntries, { entries, results }: PackedEntries) {
  const ids = Buffer.from(results.blobIds.buffer)
  const { idBytes } = results
  const found = new Map<string, string>()
  for (let index = 0; index < entries.count; index++) {
    if (entries.tracked[index] === 1) {
      found.set(planned.at(index)?.path ?? '', ids.toString('hex', index * idBytes, (index + 1) * idBytes))
    }
  }
  return found
}

/**
 * Writes the last entry, whose bytes are known only when all others are packed, and the directory of all.
 *
 * @throws what the system says of a write
 */
export async function finishZip(
  lanes: readonly Lane[],
  packed: PackedEntries,
  options: { readonly fd: number; readonly dosTime: DosTime; readonly last: DeflatedText },
): Promise<void> {
  const { fd, dosTime, last } = options
  const { entries, results, end } = packed
  const { count } = entries
  entries.sizeBytes[count] = last.sizeBytes
  results.checksums[count] = last.checksum
  results.compressedBytes[count] = last.compressedBytes
  results.deflated[count] = 1
  const columns = { ...entries, ...results }
  const localHeader = viewed(Buffer.alloc(localHeaderLengthOf(columns, count)))
  writeLocalHeader(localHeader, 0, columns, count, dosTime)
  const offset = writeAll(fd, [localHeader.bytes, ...last.pieces], end)
  const directory = await makeDirectory(lanes, packed, dosTime)
  const sizeBytes = directory.reduce((sum, { length }) => sum + length, 0)
  writeAll(fd, [...directory, encodeDirectoryEnd({ count: count + 1, sizeBytes, offset })], offset)
}

async function makeDirectory(
  lanes: readonly Lane[],
  packed: PackedEntries,
  dosTime: DosTime,
): Promise<readonly Uint8Array[]> {
  const { names, modes, sizeBytes, count } = packed.entries
  const { checksums, compressedBytes, deflated } = packed.results
  const columns = {
    names,
    modes,
    sizeBytes,
    checksums,
    compressedBytes,
    deflated,
    headersAt: packed.places().headersAt,
  }
  const ranges = cutEntries(names, count + 1, directoryPieceBytes)
  const job = { columns, ranges, taken: sharedArray(Int32Array, 1), dosTime }
  const parts = await runInAll(lanes, 'directory', job)
  return parts
    .flat()
    .sort((a, b) => a.number - b.number)
    .map(({ headers }) => headers)
}

/** Writes parts one behind the other, and answers where the last one ends. */
function writeAll(fd: number, parts: Iterable<Uint8Array>, position: number): number {
  let end = position
  for (const part of parts) {
    writeWhole(fd, part, end)
    end += part.length
  }
  return end
}

function placesOf(entries: SharedEntries, results: SharedResults): ZipPlaces {
  const columns = { ...entries, ...results }
  const headersAt = sharedArray(Float64Array, entries.count + 1)
  const dataAt = new Float64Array(entries.count + 1)
  let offset = 0
  for (let index = 0; index <= entries.count; index++) {
    headersAt[index] = offset
    offset += localHeaderLengthOf(columns, index)
    dataAt[index] = offset
    offset += results.compressedBytes[index] as number
  }
  return { headersAt, dataAt }
}

/** What an index says of entries, which is known before they are a whole zip. */
export type IndexedEntries = Omit<
  CacheIndex,
  'key' | 'pack' | 'packBytes' | 'packSha256' | 'dosTime' | 'whole' | 'choice'
>

/**
 * What the next build may take from packed entries. The columns are those of the entries, into which {@link finishZip}
 * puts the last one.
 *
 * @param readFromMs when the files began to be read, on the system's clock
 * @param rows where the entries stand in the listing; `undefined` where no later build may take that over
 */
export function indexEntries(
  packed: PackedEntries,
  { readFromMs, rows }: { readonly readFromMs: number; readonly rows: Uint32Array | undefined },
): IndexedEntries {
  const { entries, results, places } = packed
  const identities = new Float64Array(results.identities)
  for (let at = 0; at < identities.length; at += numbersOfIdentity) {
    if (!isSettled(identities[at] as number, identities[at + 1] as number, readFromMs)) identities[at] = Number.NaN
  }
  return {
    count: entries.count + 1,
    idBytes: results.idBytes,
    names: entries.names.bytes,
    nameEnds: entries.names.ends,
    sizeBytes: entries.sizeBytes,
    hasBlobId: entries.tracked,
    ...{ checksums: results.checksums, compressedBytes: results.compressedBytes, deflated: results.deflated },
    ...{ digests: results.digests, blobIds: results.blobIds, clean: results.clean, identities },
    dataOffsets: places().dataAt,
    rows: rows ?? new Uint32Array(),
  }
}
