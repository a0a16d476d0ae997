import type { Manifest } from '@fairlead/core'
import { cutEntries } from './cut-entries.ts'
import { openKernel } from './kernel/kernel.ts'
import type { EntryRange, LineColumns, LinePatterns } from './kernel/lines.ts'

/** A manifest without the entries, which may be many. */
export type ManifestFacts = Omit<Manifest, 'entries'>

const closing = ']}\n'

/** What stands before the lines. A manifest has one for each entry: any tool that compares texts shows what differs. */
export function manifestHead(facts: ManifestFacts, entryCount: number): string {
  return `${JSON.stringify(facts).slice(0, -1)},"entries":[\n${entryCount === 0 ? closing : ''}`
}

const separator = ','

const beforeDigest = [
  '{"path":"',
  { field: 'json-path' },
  '","type":"',
  { field: 'type' },
  '","mode":"',
  { field: 'mode' },
  '","sizeBytes":',
  { field: 'size' },
] as const

const patterns: LinePatterns = {
  file: [...beforeDigest, ',"sha256":"', { field: 'digest' }, `"}${separator}\n`],
  folder: [...beforeDigest, `}${separator}\n`],
}

/** Of a line without its path, at least. */
const shortestLineBytes = '{"path":"","type":"file","mode":"0644","sizeBytes":0},\n'.length

/**
 * Writes the lines of a range into the kernel's source, and what follows the last line of all. They stand behind `before`
 * bytes of the lines before them, as many as there are up to a bound.
 */
export function writeManifestLines(
  columns: LineColumns,
  range: EntryRange,
  { atMostBefore, isLast }: { readonly atMostBefore: number; readonly isLast: boolean },
): { readonly before: number; readonly end: number } {
  const { source, takeColumns } = openKernel()
  const first = firstBefore(columns, range.first, atMostBefore)
  const write = takeColumns(columns, { first, end: range.end }, patterns)
  const written = write({ first, end: range.first }, 0)
  const before = Math.min(written, atMostBefore)
  source.copyWithin(0, written - before, written)
  const linesEnd = write(range, before)
  if (!isLast) return { before, end: linesEnd }
  const lastEnd = linesEnd - `${separator}\n`.length
  return { before, end: lastEnd + source.write(`\n${closing}`, lastEnd) }
}

/** Before which entry to begin, so that there are at least so many bytes of lines. */
function firstBefore({ names: { ends } }: LineColumns, end: number, bytes: number): number {
  let first = end
  for (let found = 0; first > 0 && found < bytes; first--) {
    found += shortestLineBytes + (ends[first - 1] as number) - startOf(ends, first - 1)
  }
  return first
}

function startOf(ends: Uint32Array, index: number): number {
  return index === 0 ? 0 : (ends[index - 1] as number)
}

/** All of a manifest, in pieces of about so many bytes. */
export function* encodeManifest(
  facts: ManifestFacts,
  columns: LineColumns,
  { entryCount, pieceBytes }: { readonly entryCount: number; readonly pieceBytes: number },
): Generator<Buffer, void, undefined> {
  yield Buffer.from(manifestHead(facts, entryCount))
  for (const range of cutEntries(columns.names, entryCount, pieceBytes)) {
    const { end } = writeManifestLines(columns, range, { atMostBefore: 0, isLast: range.end === entryCount })
    yield Buffer.from(openKernel().source.subarray(0, end))
  }
}
