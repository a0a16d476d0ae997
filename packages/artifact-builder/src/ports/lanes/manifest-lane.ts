import { crc32 } from 'node:zlib'
import { dictionaryBytes } from '../../limits.ts'
import { digestColumns } from '../../plan/content-digest.ts'
import { writeManifestLines } from '../../plan/encode-manifest.ts'
import { openKernel, type DeflatedContent } from '../../plan/kernel/kernel.ts'
import type { EntryRange, LineColumns } from '../../plan/kernel/lines.ts'
import type { LaneHandler } from './lane.ts'
import { shareBytes } from './shared-entries.ts'

export type ManifestJob =
  /** What stands before the lines, or all of a small text, of no more than fits into the kernel. */
  | { readonly type: 'text'; readonly text: string; readonly isLast: boolean; readonly tries: number }
  /** The digest of the entries, and their lines in ranges; each lane takes the next one of these. */
  | {
      readonly type: 'lines'
      readonly columns: LineColumns
      readonly ranges: readonly EntryRange[]
      /** How many of them are taken: the digest first. */
      readonly taken: Int32Array
      readonly tries: number
    }

/** A piece of a text that is one deflated stream. */
export interface DeflatedPiece {
  /** Its place among the pieces of its job. */
  readonly number: number
  readonly deflated: Uint8Array
  /** CRC-32 of the bytes before they were deflated, and how many those are. */
  readonly checksum: number
  readonly sizeBytes: number
}

export interface ManifestAnswer {
  readonly pieces: readonly DeflatedPiece[]
  /** Where this lane took it. */
  readonly contentDigest: string | undefined
}

/** Makes and deflates pieces of a manifest: joined in their order, the pieces are one stream. */
export const manifestLane: LaneHandler<ManifestJob, never, ManifestAnswer> = function* (job, { stopped }) {
  if (job.type === 'text') {
    const { text, isLast, tries } = job
    const bytes = openKernel().source.write(text)
    return { pieces: [deflatePiece(0, { dictionaryBytes: 0, bytes, isLast, tries })], contentDigest: undefined }
  }
  const { columns, ranges } = job
  const pieces: DeflatedPiece[] = []
  let contentDigest: string | undefined
  for (let next = take(job); next <= ranges.length && !stopped(); next = take(job)) {
    if (next === 0) contentDigest = digestColumns(columns, ranges)
    else pieces.push(deflateLines(job, next - 1))
    yield
  }
  return { pieces, contentDigest }
}

function take({ taken }: ManifestJob & { readonly type: 'lines' }): number {
  return Atomics.add(taken, 0, 1)
}

/** Refers to the lines before it, which it makes once more: no piece waits for another. */
function deflateLines(
  { columns, ranges, tries }: ManifestJob & { readonly type: 'lines' },
  number: number,
): DeflatedPiece {
  const isLast = number === ranges.length - 1
  const lines = writeManifestLines(columns, ranges[number] as EntryRange, { atMostBefore: dictionaryBytes, isLast })
  return deflatePiece(number, {
    dictionaryBytes: lines.before,
    bytes: lines.end - lines.before,
    isLast,
    tries,
    areLines: true,
  })
}

function deflatePiece(number: number, content: DeflatedContent): DeflatedPiece {
  const { source, deflate } = openKernel()
  const { dictionaryBytes: from, bytes: sizeBytes } = content
  const checksum = crc32(source.subarray(from, from + sizeBytes))
  return { number, deflated: shareBytes(deflate(content)), checksum, sizeBytes }
}
