import { manifestPieceBytes, triesInManifest } from '../limits.ts'
import { cutEntries } from '../plan/cut-entries.ts'
import { combineChecksums } from '../plan/zip/combine-checksums.ts'
import type { DeflatedPiece, ManifestJob } from './lanes/manifest-lane.ts'
import { runInAll, type Lane } from './lanes/pool.ts'
import { sharedArray } from './lanes/shared-entries.ts'
import type { PackedEntries } from './zip-engine.ts'

/** A text as one deflated stream. */
export interface DeflatedText {
  readonly pieces: readonly Uint8Array[]
  readonly compressedBytes: number
  /** CRC-32 of the text, and its length in bytes. */
  readonly checksum: number
  readonly sizeBytes: number
}

/** What the manifest of packed entries says of them. */
export interface DeflatedLines {
  readonly contentDigest: string
  readonly pieces: readonly DeflatedPiece[]
}

/** Digests the entries, and makes and deflates their lines, in all lanes at the same time. */
export async function deflateLines(
  lanes: readonly Lane[],
  { entries, results }: PackedEntries,
  pieceBytes: number = manifestPieceBytes,
): Promise<DeflatedLines> {
  const { names, modes, sizeBytes } = entries
  const columns = { names, modes, sizeBytes, digests: results.digests }
  const ranges = cutEntries(names, entries.count, pieceBytes)
  const job: ManifestJob = { type: 'lines', columns, ranges, taken: sharedArray(Int32Array, 1), tries: triesInManifest }
  const answers = await runInAll(lanes, 'manifest', job)
  return {
    // One of the lanes took it.
    contentDigest: answers.find(({ contentDigest }) => contentDigest !== undefined)?.contentDigest ?? '',
    pieces: answers.flatMap(({ pieces }) => pieces).sort((a, b) => a.number - b.number),
  }
}

/** A text that stands before some pieces, or all by itself. */
export async function deflateText(
  lane: Lane,
  text: string,
  following: readonly DeflatedPiece[] = [],
): Promise<DeflatedText> {
  const first: DeflatedPiece[] = []
  const parts = cutText(text)
  for (const [number, part] of parts.entries()) {
    const isLast = following.length === 0 && number === parts.length - 1
    const { pieces } = await lane.run('manifest', { type: 'text', text: part, isLast, tries: triesInManifest })
    first.push(...pieces)
  }
  const pieces = [...first, ...following]
  return {
    pieces: pieces.map(({ deflated }) => deflated),
    compressedBytes: pieces.reduce((sum, { deflated }) => sum + deflated.length, 0),
    checksum: pieces.reduce((sum, { checksum, sizeBytes }) => combineChecksums(sum, checksum, sizeBytes), 0),
    sizeBytes: pieces.reduce((sum, piece) => sum + piece.sizeBytes, 0),
  }
}

/** Three bytes of UTF-8 for each unit of a text at most: so many fit. A pair of units is not cut. */
function cutText(text: string): readonly string[] {
  const parts: string[] = []
  for (let from = 0; from < text.length || parts.length === 0;) {
    let end = Math.min(text.length, from + manifestPieceBytes)
    if (end < text.length && /[\ud800-\udbff]/.test(text[end - 1] as string)) end--
    parts.push(text.slice(from, end))
    from = end
  }
  return parts
}
