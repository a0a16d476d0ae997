import { artifactErrors } from '../errors.ts'
import type { ZipEntry } from './zip/read-directory.ts'

/** The error for a zip that is no artifact, whatever its manifest says. */
export function invalid(path: string, problem: string, cause?: unknown) {
  return artifactErrors.ARTIFACT_INVALID({ path, problem }, { cause })
}

/** The error for an entry that is not what the manifest, or a header, says of it. */
export function corrupt(path: string, entry: string, problem: string, cause?: unknown) {
  return artifactErrors.ARTIFACT_CORRUPT({ path, entry, problem }, { cause })
}

/** The error for bytes that cannot be unpacked. */
export function unreadable(path: string, entry: ZipEntry, error: unknown) {
  const problem = error instanceof Error ? error.message : String(error)
  return corrupt(path, entry.path, `cannot be read (${problem})`, error)
}

/** The error for packed bytes that go on where their content ends: room for something that nobody sees. */
export function trailing(path: string, entry: ZipEntry) {
  return invalid(path, `${JSON.stringify(entry.path)} has bytes behind the end of its compressed data`)
}

/** The error for data that reaches into what follows it. */
export function overlapping(path: string, entry: ZipEntry) {
  return invalid(path, `${JSON.stringify(entry.path)} overlaps with what follows it`)
}

/** The error for a wrong CRC-32. */
export function otherChecksum(path: string, entry: ZipEntry) {
  return corrupt(path, entry.path, 'has another checksum than its header says')
}
