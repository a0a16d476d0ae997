import { artifactErrors } from '../errors.ts'

/** What the caller knows of an artifact. */
export interface Expectations {
  readonly sha256?: string | undefined
  readonly contentDigest?: string | undefined
}

/** @throws ARTIFACT_UNEXPECTED */
export function requireExpected(path: string, fact: string, expected: string | undefined, found: string): void {
  if (expected !== undefined && expected !== found) {
    throw artifactErrors.ARTIFACT_UNEXPECTED({ path, fact, expected, found })
  }
}
