import { createHash } from 'node:crypto'
import type { ManifestEntry } from '@fairlead/core'
import { compareBytes } from './byte-order.ts'

/** The first line of what is digested; another form gets another number. */
const form = 'fairlead/content/1\n'

/**
 * The digest of an artifact's entries, whatever the commit, the compressor and the times: SHA-256 of the line
 * `fairlead/content/1` and, for each entry in the order of the bytes of its path, of
 * `<type> <mode> <sizeBytes> <sha256, or - for a folder> <path>` and a zero byte.
 */
export function digestContent(entries: readonly ManifestEntry[]): string {
  const hash = createHash('sha256').update(form)
  const sorted = [...entries].sort((a, b) => compareBytes(a.path, b.path))
  for (const { type, mode, sizeBytes, sha256, path } of sorted) {
    hash.update(`${type} ${mode} ${sizeBytes} ${sha256 ?? '-'} ${path}\0`)
  }
  return hash.digest('hex')
}
