import { createHash } from 'node:crypto'
import type { ManifestEntry } from '@fairlead/core'
import { sortedByBytes } from './byte-order.ts'
import { textsOf, type ManifestEntries } from './entry-texts.ts'
import { openKernel } from './kernel/kernel.ts'
import type { EntryRange, LineColumns, LinePatterns } from './kernel/lines.ts'

/** The first line of what is digested; another form gets another number. */
const form = 'fairlead/content/1\n'

/**
 * The digest of an artifact's entries, whatever the commit, the compressor and the times: SHA-256 of the line
 * `fairlead/content/1` and, for each entry in the order of the bytes of its path, of
 * `<type> <mode> <sizeBytes> <sha256, or - for a folder> <path>` and a zero byte.
 */
export function digestContent(entries: readonly ManifestEntry[]): string {
  const sorted = sortedByBytes(entries, ({ path }) => path)
  return digestSorted({ count: sorted.length, at: (index) => sorted[index] as ManifestEntry })
}

/** {@link digestContent} of entries that come in the order of the bytes of their paths. */
export function digestSorted(entries: ManifestEntries): string {
  const hash = createHash('sha256').update(form)
  for (const text of textsOf(entries, lineOf)) hash.update(text)
  return hash.digest('hex')
}

function lineOf({ type, mode, sizeBytes, sha256, path }: ManifestEntry): string {
  return `${type} ${mode} ${sizeBytes} ${sha256 ?? '-'} ${path}\0`
}

const beforeDigest = [{ field: 'type' }, ' ', { field: 'mode' }, ' ', { field: 'size' }, ' '] as const
const patterns: LinePatterns = {
  file: [...beforeDigest, { field: 'digest' }, ' ', { field: 'path' }, '\0'],
  folder: [...beforeDigest, '- ', { field: 'path' }, '\0'],
}

/** {@link digestSorted} of entries in columns, so many at a time as the kernel has room for. */
export function digestColumns(columns: LineColumns, ranges: readonly EntryRange[]): string {
  const { source, takeColumns } = openKernel()
  const hash = createHash('sha256').update(form)
  for (const range of ranges) hash.update(source.subarray(0, takeColumns(columns, range, patterns)(range, 0)))
  return hash.digest('hex')
}
