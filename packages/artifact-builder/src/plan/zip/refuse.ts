import { artifactErrors } from '../../errors.ts'

/** The error for a zip that is no artifact, whatever its manifest says. */
export function invalid(path: string, problem: string, cause?: unknown) {
  return artifactErrors.ARTIFACT_INVALID({ path, problem }, { cause })
}

/** The error for an entry that is not what the manifest, or a header, says of it. */
export function corrupt(path: string, entry: string, problem: string, cause?: unknown) {
  return artifactErrors.ARTIFACT_CORRUPT({ path, entry, problem }, { cause })
}
