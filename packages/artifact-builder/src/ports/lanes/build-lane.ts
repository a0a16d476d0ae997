import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { batchMemoryBytes, dictionaryBytes, heldBytesOfLane, scannedBytes, triesForMatch } from '../../limits.ts'
import type { SecretFinding } from '../../model.ts'
import { numbersOfIdentity, runEnd, type CacheIndex, type CacheMatches } from '../../plan/cache-index.ts'
import { findByDigest, isSameDigest, type DigestTable } from '../../plan/digest-table.ts'
import { openKernel } from '../../plan/kernel/kernel.ts'
import { scanSecrets, startSecretScan } from '../../plan/scan-secrets.ts'
import { openTexts } from '../../plan/texts.ts'
import { viewed, type ViewedBytes } from '../../plan/zip/little-endian.ts'
import { localHeaderLengthOf, writeLocalHeader, type DosTime, type ZipColumns } from '../../plan/zip/records.ts'
import type { Batch } from '../../plan/zip/plan-batches.ts'
import { openBatchMemory } from './batch-memory.ts'
import type { LaneContext, LaneHandler } from './lane.ts'
import { readAsListed, readRange, withPlannedFile, type PlannedFile } from './planned-file.ts'
import {
  digestBytes,
  entryTypes,
  fileType,
  origins,
  sharedArray,
  writeDigest,
  type SharedEntries,
  type SharedResults,
} from './shared-entries.ts'
import { giveUp, isGivenUp, openWriteQueue, type SharedOrder } from './write-queue.ts'

export interface BuildJob {
  /** Absolute path of the tree. */
  readonly root: string
  /** Of the output: a number means the same file in every thread. `undefined`: files are only looked at. */
  readonly fd: number | undefined
  readonly entries: SharedEntries
  readonly results: SharedResults
  readonly batches: readonly Batch[]
  /** CRC-32 of the pieces of large files, by batch. */
  readonly pieceChecksums: Uint32Array
  /** Large files: their digests need all of their bytes in order, apart from the pieces. */
  readonly largeFiles: readonly number[]
  /** The next batch and the next large file that no thread has taken. */
  readonly taken: Int32Array
  readonly order: SharedOrder
  /** How many earlier places are tried for a match. */
  readonly tries: number
  readonly dosTime: DosTime
  readonly objectFormat: 'sha1' | 'sha256'
  readonly kept: KeptInLanes | undefined
  /** Neither digests nor a search for secrets: so the benchmark measures the engine alone. No build asks for it. */
  readonly packsOnly?: boolean | undefined
}

/** What an earlier build has left, as the lanes see it. */
export interface KeptInLanes extends CacheMatches {
  readonly index: CacheIndex
  readonly digestTable: DigestTable
  /** Of the pack. */
  readonly fd: number
  /** Whether its index is signed: where a digest is the same, so is all else that it says. */
  readonly isSigned: boolean
  /** Whether its headers have the time that the new ones get. */
  readonly hasSameTime: boolean
  /** Large files that are taken from the pack, and their places in the index. */
  readonly largeFiles: ReadonlyMap<number, number>
}

const sameContent = origins.indexOf('same-content')

const takenBatches = 0
const takenLargeFiles = 1

export function shareTaken(): Int32Array {
  return sharedArray(Int32Array, 2)
}

export type BuildMessage =
  | { readonly type: 'done'; readonly entries: number; readonly bytes: number }
  | { readonly type: 'findings'; readonly findings: readonly SecretFinding[] }

/**
 * Reads, digests, scans and compresses, a batch at a time, and writes each batch at its place in the zip. What comes out
 * does not depend on how many lanes do it.
 */
export const buildLane: LaneHandler<BuildJob, BuildMessage, void> = function* (job, { post, stopped }) {
  const isDone = () => stopped() || isGivenUp(job.order)
  const lane = openBuildLane(job, { post, stopped: isDone })
  try {
    for (
      let taken = take(job, takenLargeFiles, job.largeFiles);
      taken;
      taken = take(job, takenLargeFiles, job.largeFiles)
    ) {
      lane.inspectLargeFile(taken.item)
      if (isDone()) return
      yield
    }
    for (let taken = take(job, takenBatches, job.batches); taken; taken = take(job, takenBatches, job.batches)) {
      lane.packBatch(taken.number, taken.item)
      if (isDone()) return
      yield
    }
    lane.finish()
  } catch (error) {
    giveUp(job.order)
    throw error
  }
}

/** Packs a small text, for nothing but what V8 compiles and what is computed at the first use of each part. */
export function prepareToBuild(): void {
  const { source, deflate } = openKernel()
  const bytes = source.subarray(0, source.write('A first file, to be ready for the next one. '.repeat(64)))
  scanSecrets('first.txt', bytes)
  deflate({ dictionaryBytes: 0, bytes: bytes.length, isLast: true, tries: triesForMatch })
}

function take<T>(job: BuildJob, counter: number, items: readonly T[]): { item: T; number: number } | undefined {
  const number = Atomics.add(job.taken, counter, 1)
  return number < items.length ? { item: items[number] as T, number } : undefined
}

function openBuildLane(job: BuildJob, { post, stopped }: LaneContext<BuildMessage>) {
  const { entries, results, tries, dosTime, kept, packsOnly } = job
  const { source, deflate, inflatesTo } = openKernel()
  /** Memory for a file's bytes, until the next call: where the kernel takes them from. */
  const sourceOf = (length: number) => source.subarray(0, length)
  const memory = openBatchMemory(batchMemoryBytes)
  const queue =
    job.fd === undefined
      ? undefined
      : openWriteQueue({
          fd: job.fd,
          order: job.order,
          heldBytes: heldBytesOfLane,
          stopped,
          release: memory.release,
        })
  const columns = { ...entries, ...results }
  const nameOf = openTexts(entries.names)
  const planned = { ...job, pathOf: openTexts(entries.sources) }
  const digests = Buffer.from(results.digests.buffer, results.digests.byteOffset, results.digests.byteLength)
  const sizeOf = (index: number) => entries.sizeBytes[index] as number

  /** A function of its own: what V8 has compiled for entries is of use whatever the other batches look like. */
  const packBatch = (number: number, batch: Batch) => {
    if (batch.type === 'piece') packPiece(number, batch)
    else if (batch.type === 'copy') copyPiece(number, batch)
    else packEntries(number, batch.first, batch.end)
  }

  const packEntries = (number: number, first: number, end: number) => {
    if (kept?.isSigned) for (let index = first; index < end && !stopped(); index++) takeAlike(kept, index)
    let bytes = 0
    let at = 0
    // Nothing is stored larger than it is.
    const into = viewed(memory.room(lengthOf(columns, columns.sizeBytes, first, end)))
    for (let index = first; index < end;) {
      if (stopped()) return
      const next = kept?.hasSameTime ? runEnd(kept.unchanged, index, end) : index
      const copied = next > index ? copyRun(index, next, into.bytes, at) : undefined
      at = copied ?? packEntry(index, into, at)
      for (const until = copied === undefined ? index + 1 : next; index < until; index++) bytes += sizeOf(index)
    }
    queue?.add(number, memory.keep(at))
    post({ type: 'done', entries: end - first, bytes })
  }

  /** Reads a file that may be one of a signed index: where it is, it is copied as the unchanged ones are. */
  const takeAlike = (kept: KeptInLanes, index: number) => {
    const place = placeOfAlike(kept, index)
    if (place < 0) return
    const bytes = readAsListed(`${job.root}/${planned.pathOf(index)}`, entries, index, source)
    if (bytes === undefined) return
    writeDigest(digests, index, bytes)
    if (!isSameDigest(kept.index.digests, place, digests, index)) return
    takeKnown(kept, index, place)
    for (let at = index * numbersOfIdentity; at < (index + 1) * numbersOfIdentity; at++) {
      results.identities[at] = entries.identities[at] as number
    }
    kept.unchanged[index] = place
  }

  /** Where a file stands in a signed index that is the same if its digest is; -1 where it need not be read. */
  const placeOfAlike = ({ isSigned, unchanged, alike }: KeptInLanes, index: number): number =>
    isSigned && entries.types[index] === fileType && unchanged[index] === -1 ? (alike[index] as number) : -1

  /** Takes all that is known of a kept file with the same digest. */
  const takeKnown = ({ index: known }: KeptInLanes, index: number, place: number) => {
    results.checksums[index] = known.checksums[place] as number
    results.compressedBytes[index] = known.compressedBytes[place] as number
    results.deflated[index] = known.deflated[place] as number
    const { idBytes } = results
    if (entries.tracked[index] === 1) {
      results.blobIds.set(known.blobIds.subarray(place * idBytes, (place + 1) * idBytes), index * idBytes)
    }
    results.origins[index] = sameContent
    results.clean[index] = 1
  }

  /**
   * Copies entries that stand one behind the other in the pack, their headers too: of an unchanged file, those are the
   * same. `undefined`: an index whose places and sizes do not fit together.
   */
  const copyRun = (first: number, end: number, into: Buffer, at: number): number | undefined => {
    const { index, fd, unchanged } = kept as KeptInLanes
    const [place, last] = [unchanged[first] as number, unchanged[end - 1] as number]
    const from = (index.dataOffsets[place] as number) - localHeaderLengthOf(columns, first)
    const bytes = (index.dataOffsets[last] as number) + (index.compressedBytes[last] as number) - from
    if (bytes !== lengthOf(columns, results.compressedBytes, first, end)) return undefined
    readRange({ fd }, into.subarray(at, at + bytes), { at: from, bytes })
    return at + bytes
  }

  const packEntry = (index: number, into: ViewedBytes, at: number): number => {
    const dataAt = at + localHeaderLengthOf(columns, index)
    const unchanged = kept?.unchanged[index] ?? -1
    if (unchanged >= 0) readKept(unchanged, into.bytes, dataAt)
    else {
      const bytes = readEntry(index)
      const same = inspectEntry(index, bytes)
      if (queue === undefined) return at
      const place = { bytes, into: into.bytes, at: dataAt }
      if (same === undefined || !placeKept(index, same, place)) placeCompressed(index, place)
    }
    writeLocalHeader(into, at, columns, index, dosTime)
    return dataAt + (results.compressedBytes[index] as number)
  }

  /** The bytes of an entry, until the next call. */
  const readEntry = (index: number): Buffer => {
    const type = entryTypes[entries.types[index] as number]
    if (type === 'directory') return sourceOf(0)
    if (type === 'symlink') return sourceOf(source.write(entries.targets.get(index) ?? ''))
    return withPlannedFile(planned, index, (file) => {
      const bytes = sourceOf(file.sizeBytes)
      readRange(file, bytes, { at: 0, bytes: file.sizeBytes })
      return bytes
    })
  }

  /** Digests an entry and looks through it; answers the place of a kept entry with the same bytes. */
  const inspectEntry = (index: number, bytes: Buffer): number | undefined => {
    const type = entryTypes[entries.types[index] as number]
    if (type === 'directory') return undefined
    results.checksums[index] = crc32(bytes)
    if (packsOnly) return undefined
    writeDigest(digests, index, bytes)
    if (entries.tracked[index] === 1) {
      const id = createHash(job.objectFormat).update(`blob ${bytes.length}\0`).update(bytes).digest()
      results.blobIds.set(id, index * results.idBytes)
    }
    const same = kept && findSame(kept, digests, index)
    // Of what was read, no verdict of the cache counts but that of a signed one, by the same name: see takeAlike.
    if (type === 'file') report(index, scanSecrets(nameOf(index), bytes))
    return same
  }

  const report = (index: number, findings: readonly SecretFinding[]) => {
    if (findings.length > 0) post({ type: 'findings', findings })
    else results.clean[index] = 1
  }

  const placeCompressed = (index: number, place: Place) => {
    const { bytes, into, at } = place
    const deflated = deflate({ dictionaryBytes: 0, bytes: bytes.length, isLast: true, tries })
    const isSmaller = deflated.length < bytes.length
    const data = isSmaller ? deflated : bytes
    into.set(data, at)
    results.compressedBytes[index] = data.length
    results.deflated[index] = isSmaller ? 1 : 0
  }

  /** Takes kept bytes that are said to be those of an entry, if they are. */
  const placeKept = (index: number, same: number, { bytes, into, at }: Place): boolean => {
    if (kept === undefined) return false
    const data = readKept(same, into, at)
    const isDeflated = kept.index.deflated[same] === 1
    // A cache that came from elsewhere, as CI servers restore them, may be whole and hold other bytes under a digest.
    if (!kept.isSigned && !(isDeflated ? inflatesTo(data, bytes.length) : data.equals(bytes))) return false
    results.compressedBytes[index] = data.length
    results.deflated[index] = isDeflated ? 1 : 0
    results.origins[index] = sameContent
    return true
  }

  const readKept = (place: number, into: Buffer, at: number): Buffer => {
    const { index, fd } = kept as KeptInLanes
    const data = into.subarray(at, at + (index.compressedBytes[place] as number))
    readRange({ fd }, data, { at: index.dataOffsets[place] as number, bytes: data.length })
    return data
  }

  const packPiece = (number: number, piece: Batch & { readonly type: 'piece' }) => {
    const { entry: index, offset, sizeBytes, isLast } = piece
    if (queue !== undefined) {
      const before = Math.min(dictionaryBytes, offset)
      const bytes = withPlannedFile(planned, index, (file) => readPiece(file, offset, before, sizeBytes))
      // A piece ends at a whole byte, and may refer to the bytes before it: joined, the pieces are one stream, hardly
      // larger than if it had been made at once.
      const deflated = deflate({ dictionaryBytes: before, bytes: sizeBytes, isLast, tries })
      // The sizes in the header are known when all pieces are done: its place is left free.
      const dataAt = offset === 0 ? localHeaderLengthOf(columns, index) : 0
      const into = memory.room(dataAt + deflated.length)
      into.fill(0, 0, dataAt)
      into.set(deflated, dataAt)
      job.pieceChecksums[number] = crc32(bytes)
      queue.add(number, memory.keep(into.length))
    }
    post({ type: 'done', entries: isLast ? 1 : 0, bytes: sizeBytes })
  }

  /** A piece, behind so many bytes that stand before it. */
  const readPiece = (file: PlannedFile, offset: number, before: number, sizeBytes: number) => {
    const bytes = sourceOf(before + sizeBytes)
    readRange(file, bytes, { at: offset - before, bytes: before + sizeBytes })
    return bytes.subarray(before)
  }

  const copyPiece = (
    number: number,
    { entry: index, offset, sizeBytes, isLast }: Batch & { readonly type: 'copy' },
  ) => {
    const { index: keptIndex, fd, largeFiles } = kept as KeptInLanes
    const headerBytes = offset === 0 ? localHeaderLengthOf(columns, index) : 0
    const into = memory.room(headerBytes + sizeBytes)
    if (headerBytes > 0) writeLocalHeader(viewed(into), 0, columns, index, dosTime)
    const place = largeFiles.get(index) as number
    const at = (keptIndex.dataOffsets[place] as number) + offset
    readRange({ fd }, into.subarray(headerBytes, headerBytes + sizeBytes), { at, bytes: sizeBytes })
    queue?.add(number, memory.keep(into.length))
    post({ type: 'done', entries: isLast ? 1 : 0, bytes: isLast ? sizeOf(index) : 0 })
  }

  const inspectLargeFile = (index: number) => {
    const place = kept === undefined ? -1 : placeOfAlike(kept, index)
    if (kept !== undefined && place >= 0) {
      digestLargeFile(index)
      if (isSameDigest(kept.index.digests, place, digests, index)) return takeKnown(kept, index, place)
    }
    lookThroughLargeFile(index)
  }

  const digestLargeFile = (index: number) =>
    withPlannedFile(planned, index, (file) => {
      const digest = createHash('sha256')
      for (const piece of piecesOf(file)) digest.update(piece)
      digests.set(digest.digest(), index * digestBytes)
    })

  /** A file in pieces, each until the next one. */
  function* piecesOf(file: PlannedFile): Generator<Buffer, void, undefined> {
    for (let at = 0; at < file.sizeBytes && !stopped(); at += scannedBytes) {
      const piece = sourceOf(Math.min(scannedBytes, file.sizeBytes - at))
      readRange(file, piece, { at, bytes: piece.length })
      yield piece
    }
  }

  const lookThroughLargeFile = (index: number) =>
    withPlannedFile(planned, index, (file) => {
      const digest = createHash('sha256')
      const blob = createHash(job.objectFormat).update(`blob ${file.sizeBytes}\0`)
      const isTracked = entries.tracked[index] === 1
      const scan = startSecretScan(nameOf(index))
      let checksum = 0
      for (const piece of piecesOf(file)) {
        checksum = crc32(piece, checksum)
        if (packsOnly) continue
        digest.update(piece)
        if (isTracked) blob.update(piece)
        scan.add(piece)
      }
      results.checksums[index] = checksum
      digests.set(digest.digest(), index * digestBytes)
      if (isTracked) results.blobIds.set(blob.digest(), index * results.idBytes)
      report(index, scan.finish())
    })

  return { packBatch, inspectLargeFile, finish: () => queue?.finish() }
}

/** An entry's bytes, and where they go. */
interface Place {
  readonly bytes: Buffer
  readonly into: Buffer
  readonly at: number
}

/** The place of a kept entry that has the digest of an entry: the one of the same name, if it has. */
function findSame({ index, digestTable, sameName }: KeptInLanes, digests: Buffer, entry: number): number | undefined {
  const place = sameName[entry] as number
  const isSame = place >= 0 && isSameDigest(index.digests, place, digests, entry)
  return isSame ? place : findByDigest(digestTable, digests, entry)
}

/** The bytes of entries in a zip, their headers and so many for each. */
function lengthOf(columns: ZipColumns, dataBytes: Float64Array, first: number, end: number): number {
  let length = 0
  for (let index = first; index < end; index++) {
    length += localHeaderLengthOf(columns, index) + (dataBytes[index] as number)
  }
  return length
}
