import { createHash } from 'node:crypto'
import type { ManifestEntry } from '@fairlead/core'
import { sortedByBytes } from './byte-order.ts'
import { inGroups } from './in-groups.ts'

/** The first line of what is digested; another form gets another number. */
const form = 'fairlead/content/1\n'

/** A call for each line would take longer than the digest. */
const entriesAtATime = 1000

/**
 * The digest of an artifact's entries, whatever the commit, the compressor and the times: SHA-256 of the line
 * `fairlead/content/1` and, for each entry in the order of the bytes of its path, of
 * `<type> <mode> <sizeBytes> <sha256, or - for a folder> <path>` and a zero byte.
 */
export function digestContent(entries: readonly ManifestEntry[]): string {
  return digestSorted(sortedByBytes(entries, ({ path }) => path))
}

/** {@link digestContent} of entries that come in the order of the bytes of their paths. */
export function digestSorted(entries: Iterable<ManifestEntry>): string {
  const hash = createHash('sha256').update(form)
  for (const some of inGroups(entries, entriesAtATime)) hash.update(some.map(lineOf).join(''))
  return hash.digest('hex')
}

function lineOf({ type, mode, sizeBytes, sha256, path }: ManifestEntry): string {
  return `${type} ${mode} ${sizeBytes} ${sha256 ?? '-'} ${path}\0`
}
