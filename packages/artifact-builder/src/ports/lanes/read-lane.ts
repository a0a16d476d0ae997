import { hash } from 'node:crypto'
import { readSync } from 'node:fs'
import { artifactErrors } from '../../errors.ts'
import type { ArtifactLink } from '../../plan/match-manifest.ts'
import { readHeader, type ZipEntry } from '../../plan/zip/read-directory.ts'
import { packedBytesOf } from '../../plan/zip/read-local-header.ts'
import { corrupt, invalid } from '../../plan/refuse.ts'
import { openFolderWriter, type FolderTarget } from '../folder-writer.ts'
import { codeOf } from '../path-failure.ts'
import type { LaneHandler } from './lane.ts'
import { unpackAll, type PackedEntry } from './unpack.ts'

/** A zip to read, in memory that all lanes share. */
export interface ReadJob {
  /** For messages. */
  readonly path: string
  /** A file is open in all threads alike. */
  readonly fd: number
  /** The bytes of the zip's directory. */
  readonly directory: SharedArrayBuffer
  /** For each extent two doubles: where its header stands in the directory, and where it ends in the zip. */
  readonly extents: SharedArrayBuffer
  /** For each extent the 32 bytes of the SHA-256 that its content must have. */
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

export const digestBytes = 32

/** Reads batches of entries until none is left, compares each with its digest, and answers the links among them. */
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
  const directory = Buffer.from(job.directory)
  const digests = Buffer.from(job.digests)
  const extents = new Float64Array(job.extents)
  const folder = job.into && openFolderWriter(job.into)
  const headerAt = (index: number) => extents[2 * index] as number
  const endOf = (index: number) => extents[2 * index + 1] as number
  let buffer = Buffer.alloc(0)

  const readExtents = (offset: number, end: number): Buffer => {
    if (buffer.length < end - offset) buffer = Buffer.allocUnsafeSlow(end - offset)
    const bytes = buffer.subarray(0, end - offset)
    readAll(path, job.fd, bytes, offset)
    return bytes
  }

  const packedIn = (begin: number, end: number): readonly PackedEntry[] => {
    const entries: ZipEntry[] = []
    for (let index = begin; index < end; index++) entries.push(readHeader(path, directory, headerAt(index)))
    const base = entries[0]?.offset ?? 0
    const bytes = readExtents(base, endOf(end - 1))
    return entries.map((entry, index) => {
      const extent = bytes.subarray(entry.offset - base, endOf(begin + index) - base)
      return { entry, packed: packedBytesOf(path, extent, directory, entry) }
    })
  }

  const readBatch = (begin: number, end: number, links: ArtifactLink[]): ReadProgress => {
    const entries = packedIn(begin, end)
    const contents = unpackAll(path, entries)
    let contentBytes = 0
    entries.forEach(({ entry }, index) => {
      const content = contents[index] as Buffer
      const at = (begin + index) * digestBytes
      checkDigest(path, entry, content, digests.subarray(at, at + digestBytes))
      contentBytes += content.length
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

function checkDigest(path: string, entry: ZipEntry, content: Buffer, digest: Buffer): void {
  if (entry.type !== 'directory' && !hash('sha256', content, 'buffer').equals(digest)) {
    throw corrupt(path, entry.path, 'has other bytes')
  }
}
