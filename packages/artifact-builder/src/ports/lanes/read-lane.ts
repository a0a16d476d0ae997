import { readSync } from 'node:fs'
import { artifactErrors } from '../../errors.ts'
import type { ArtifactLink } from '../../plan/match-manifest.ts'
import { viewed, type ViewedBytes } from '../../plan/zip/little-endian.ts'
import { findPacked } from '../../plan/zip/read-local-header.ts'
import { invalid } from '../../plan/refuse.ts'
import { openFolderWriter, type FolderTarget } from '../folder-writer.ts'
import { codeOf } from '../path-failure.ts'
import type { LaneHandler } from './lane.ts'
import { writeDigest } from './shared-entries.ts'
import { extentAt } from './shared-extents.ts'
import { unpackAll, type PackedEntry } from './unpack.ts'

/** A zip to read, in memory that all lanes share. */
export interface ReadJob {
  /** For messages. */
  readonly path: string
  /** A file is open in all threads alike. */
  readonly fd: number
  /** The bytes of the zip's directory. */
  readonly directory: SharedArrayBuffer
  /** What {@link shareExtents} made of them. */
  readonly extents: SharedArrayBuffer
  /** Room for the SHA-256 of the content of each extent, 32 bytes; that of a folder is left as it is. */
  readonly digests: SharedArrayBuffer
  /** For each batch two unsigned numbers of 32 bits: its first extent and the one after its last. */
  readonly batches: SharedArrayBuffer
  /** The number of the next batch that nobody has taken. */
  readonly cursor: SharedArrayBuffer
  /** Where to write the entries; without it they are only read. */
  readonly into?: FolderTarget | undefined
}

/** How much was read since the last time. */
export interface ReadProgress {
  readonly entries: number
  readonly bytes: number
}

/** Reads batches of entries until none is left, leaves the digest of each, and answers the links among them. */
export const readLane: LaneHandler<ReadJob, ReadProgress, readonly ArtifactLink[]> = function* (
  job,
  { post, stopped },
) {
  const batches = new Uint32Array(job.batches)
  const cursor = new Int32Array(job.cursor)
  const reader = openReader(job)
  const links: ArtifactLink[] = []
  while (!stopped()) {
    const next = Atomics.add(cursor, 0, 1) * 2
    if (next >= batches.length) break
    post(reader.readBatch(batches[next] as number, batches[next + 1] as number, links))
    yield
  }
  return links
}

function openReader(job: ReadJob) {
  const { path } = job
  const directory = viewed(Buffer.from(job.directory))
  const digests = Buffer.from(job.digests)
  const extents = new Float64Array(job.extents)
  const folder = job.into && openFolderWriter(job.into)
  let buffer = viewed(Buffer.alloc(0))

  const readBytes = (offset: number, end: number): ViewedBytes => {
    if (buffer.bytes.length < end - offset) buffer = viewed(Buffer.allocUnsafeSlow(end - offset))
    readAll(path, job.fd, buffer.bytes.subarray(0, end - offset), offset)
    return buffer
  }

  const readPacked = (begin: number, end: number): readonly PackedEntry[] => {
    const batch = Array.from({ length: end - begin }, (_, index) => extentAt(extents, directory.bytes, begin + index))
    const base = batch[0]?.entry.offset ?? 0
    const bytes = readBytes(base, batch.at(-1)?.end ?? base)
    return batch.map(({ entry, end: extentEnd }) => {
      const place = { at: entry.offset - base, end: extentEnd - base }
      return { entry, at: findPacked(path, bytes, place, directory, entry) }
    })
  }

  const readBatch = (begin: number, end: number, links: ArtifactLink[]): ReadProgress => {
    const entries = readPacked(begin, end)
    const contents = unpackAll(path, buffer.bytes, entries)
    let contentBytes = 0
    entries.forEach(({ entry }, index) => {
      const content = contents[index] as Buffer
      contentBytes += content.length
      if (entry.type !== 'directory') writeDigest(digests, begin + index, content)
      if (entry.type === 'symlink') links.push({ path: entry.path, target: content.toString() })
      folder?.write(entry, content)
    })
    return { entries: entries.length, bytes: contentBytes }
  }
  return { readBatch }
}

function readAll(path: string, fd: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length;) {
    const count = readSome(path, fd, bytes.subarray(done), position + done)
    if (count === 0) throw invalid(path, 'it was cut while it was read')
    done += count
  }
}

function readSome(path: string, fd: number, bytes: Buffer, position: number): number {
  try {
    return readSync(fd, bytes, 0, bytes.length, position)
  } catch (error) {
    throw artifactErrors.ARTIFACT_NOT_FOUND({ path, reason: codeOf(error) }, { cause: error })
  }
}
