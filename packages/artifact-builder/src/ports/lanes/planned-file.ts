import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'
import { artifactErrors } from '../../errors.ts'
import { numbersOfIdentity } from '../../plan/cache-index.ts'
import { failAtPath } from '../path-failure.ts'
import { isExecutable } from './list-lane.ts'
import type { SharedEntries, SharedResults } from './shared-entries.ts'

/** A file that is open and is the one that was planned. */
export interface PlannedFile {
  readonly fd: number
  readonly path: string
  readonly sizeBytes: number
}

/** No link in its place is followed, and nothing is waited for that has become a pipe. */
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/**
 * Opens a planned file, hands it over and closes it. The file must be the one that was listed, no link in its place, and
 * must not have changed since: its size, times and exec bit are looked at when it has been read, and are those of the
 * listing.
 *
 * @throws ARTIFACT_FILE_CHANGED, ARTIFACT_FILE_UNREADABLE
 */
export function withPlannedFile<T>(
  from: {
    readonly root: string
    readonly entries: SharedEntries
    readonly results: SharedResults
    /** Where entries stand below root. */
    readonly pathOf: (index: number) => string
  },
  index: number,
  use: (file: PlannedFile) => T,
): T {
  const { root, entries, results } = from
  const path = from.pathOf(index)
  try {
    const fd = openSync(`${root}/${path}`, openFlags)
    try {
      const answer = use({ fd, path, sizeBytes: entries.sizeBytes[index] as number })
      const facts = fstatSync(fd)
      const change = changeOf(facts, entries, index)
      if (change !== undefined) throw artifactErrors.ARTIFACT_FILE_CHANGED({ root, path, change })
      writeIdentity(results.identities, index, facts)
      return answer
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    throw typeof (error as NodeJS.ErrnoException).syscall === 'string' ? failAtPath(root, path, error) : error
  }
}

/**
 * Reads a file, with one call for its bytes and one for its state, into memory that has room for them. `undefined` where it
 * cannot be read, or is not as it was listed: what that means is for {@link withPlannedFile} to say, which takes longer.
 */
export function readAsListed(place: string, entries: SharedEntries, index: number, into: Buffer): Buffer | undefined {
  const sizeBytes = entries.sizeBytes[index] as number
  try {
    const fd = openSync(place, openFlags)
    try {
      const isWhole = readSync(fd, into, 0, sizeBytes, 0) === sizeBytes
      return isWhole && isAsListed(fstatSync(fd), entries, index) ? into.subarray(0, sizeBytes) : undefined
    } finally {
      closeSync(fd)
    }
  } catch {
    return undefined
  }
}

function isAsListed(facts: Stats, entries: SharedEntries, index: number): boolean {
  const at = index * numbersOfIdentity
  const { identities } = entries
  return (
    changeOf(facts, entries, index) === undefined &&
    facts.ino === identities[at + 2] &&
    facts.dev === identities[at + 3]
  )
}

/** What has changed about a file since it was listed. */
function changeOf(facts: Stats, entries: SharedEntries, index: number): string | undefined {
  if (!facts.isFile()) return 'changed its type'
  if (isExecutable(facts) !== isExecutable({ mode: entries.modes[index] as number })) return 'changed its mode'
  const sizeBytes = entries.sizeBytes[index] as number
  if (facts.size !== sizeBytes) return facts.size > sizeBytes ? 'grew' : 'shrank'
  const at = index * numbersOfIdentity
  const { identities } = entries
  return facts.mtimeMs === identities[at] && facts.ctimeMs === identities[at + 1] ? undefined : 'changed'
}

/** In the order of the facts of a listing. */
function writeIdentity(identities: Float64Array, index: number, { mtimeMs, ctimeMs, ino, dev }: Stats): void {
  const at = index * numbersOfIdentity
  identities[at] = mtimeMs
  identities[at + 1] = ctimeMs
  identities[at + 2] = ino
  identities[at + 3] = dev
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
