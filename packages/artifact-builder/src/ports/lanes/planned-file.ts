import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'
import { artifactErrors } from '../../errors.ts'
import { numbersOfIdentity } from '../../plan/cache-index.ts'
import { failAtPath } from '../path-failure.ts'
import { isExecutable } from './list-lane.ts'
import { bytesOfText, writeIdentity, type SharedEntries, type SharedResults } from './shared-entries.ts'

/** A file that is open and is the one that was planned. */
export interface PlannedFile {
  readonly fd: number
  readonly path: string
  readonly sizeBytes: number
}

/**
 * Opens a planned file, hands it over and closes it. The file must be the one that was listed, no link in its place, and
 * must not have changed since: its size, times and exec bit are looked at when it has been read, and are those of the
 * listing. Where that did not say, they are looked at before too.
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
      const isListed = !Number.isNaN(entries.identities[index * numbersOfIdentity] as number)
      const before = isListed ? undefined : fstatSync(fd)
      const answer = use({ fd, path, sizeBytes: entries.sizeBytes[index] as number })
      const after = fstatSync(fd)
      const change = changeOf(after, entries, index) ?? (before && changeBetween(before, after))
      if (change !== undefined) throw artifactErrors.ARTIFACT_FILE_CHANGED({ root, path, change })
      const { mtimeMs, ctimeMs, ino: inode, dev: device } = after
      writeIdentity(results.identities, index, { mtimeMs, ctimeMs, inode, device })
      return answer
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    throw typeof (error as NodeJS.ErrnoException).syscall === 'string' ? failAtPath(root, path, error) : error
  }
}

/** What has changed about a file since it was listed. */
function changeOf(facts: Stats, entries: SharedEntries, index: number): string | undefined {
  if (!facts.isFile()) return 'changed its type'
  if (isExecutable(facts) !== isExecutable({ mode: entries.modes[index] as number })) return 'changed its mode'
  const sizeBytes = entries.sizeBytes[index] as number
  if (facts.size !== sizeBytes) return facts.size > sizeBytes ? 'grew' : 'shrank'
  const [mtimeMs, ctimeMs] = entries.identities.subarray(index * numbersOfIdentity)
  if (Number.isNaN(mtimeMs)) return undefined
  return facts.mtimeMs === mtimeMs && facts.ctimeMs === ctimeMs ? undefined : 'changed'
}

function changeBetween(before: Stats, after: Stats): string | undefined {
  return before.mtimeMs === after.mtimeMs && before.ctimeMs === after.ctimeMs ? undefined : 'changed'
}

/** Reads a range of a file; what is missing of a file that was cut off is left as it is, and found out afterwards. */
export function readRange(
  { fd }: Pick<PlannedFile, 'fd'>,
  into: Uint8Array,
  range: { at: number; bytes: number },
): void {
  const { at, bytes } = range
  for (let done = 0; done < bytes;) {
    const read = readSync(fd, into, done, bytes - done, at + done)
    if (read === 0) return
    done += read
  }
}
