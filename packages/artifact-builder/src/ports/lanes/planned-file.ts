import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'
import { artifactErrors } from '../../errors.ts'
import { failAtPath } from '../path-failure.ts'
import { isExecutable } from './list-lane.ts'
import { bytesOfText, numbersOfIdentity, type SharedEntries, type SharedResults } from './shared-entries.ts'

/** A file that is open and is the one that was planned. */
export interface PlannedFile {
  readonly fd: number
  readonly path: string
  readonly sizeBytes: number
}

/**
 * Opens a planned file, hands it over and closes it. The file must be the one that was listed, no link in its place,
 * and must not change meanwhile: size, times and exec bit are compared before and behind.
 *
 * @throws ARTIFACT_FILE_CHANGED, ARTIFACT_FILE_UNREADABLE
 */
export function withPlannedFile<T>(
  from: { readonly root: string; readonly entries: SharedEntries; readonly results: SharedResults },
  index: number,
  use: (file: PlannedFile) => T,
): T {
  const { root, entries, results } = from
  const path = bytesOfText(entries.sources, index).toString()
  try {
    const fd = openSync(`${root}/${path}`, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const before = fstatSync(fd)
      const change = changeSinceListed(before, entries, index)
      if (change !== undefined) throw artifactErrors.ARTIFACT_FILE_CHANGED({ root, path, change })
      const answer = use({ fd, path, sizeBytes: before.size })
      const after = fstatSync(fd)
      if (after.size !== before.size || after.mtimeMs !== before.mtimeMs || after.ctimeMs !== before.ctimeMs) {
        throw artifactErrors.ARTIFACT_FILE_CHANGED({ root, path, change: 'changed' })
      }
      const { mtimeMs, ctimeMs, ino, dev } = before
      results.identities.set([mtimeMs, ctimeMs, ino, dev], index * numbersOfIdentity)
      return answer
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    throw typeof (error as NodeJS.ErrnoException).syscall === 'string' ? failAtPath(root, path, error) : error
  }
}

function changeSinceListed(facts: Stats, entries: SharedEntries, index: number): string | undefined {
  if (!facts.isFile()) return 'changed its type'
  if (isExecutable(facts) !== (entries.executable[index] === 1)) return 'changed its mode'
  const sizeBytes = entries.sizeBytes[index] as number
  if (facts.size !== sizeBytes) return facts.size > sizeBytes ? 'grew' : 'shrank'
  const mtimeMs = entries.mtimeMs[index] as number
  return Number.isNaN(mtimeMs) || facts.mtimeMs === mtimeMs ? undefined : 'changed'
}

/** Reads a range of a file. */
export function readRange(
  file: PlannedFile,
  root: string,
  into: Uint8Array,
  range: { at: number; bytes: number },
): void {
  const { at, bytes } = range
  for (let done = 0; done < bytes;) {
    const read = readSync(file.fd, into, done, bytes - done, at + done)
    if (read === 0) throw artifactErrors.ARTIFACT_FILE_CHANGED({ root, path: file.path, change: 'shrank' })
    done += read
  }
}
