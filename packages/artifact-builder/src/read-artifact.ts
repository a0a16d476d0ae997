import type { AmbientOptions } from '@fairlead/core'
import type { ArtifactEvent } from './model.ts'
import { verifyFor, type VerifiedArtifact } from './verify-artifact.ts'

/**
 * Reads an artifact back, every byte of it, and compares it with the manifest inside: `verifyArtifact` without
 * anything to expect.
 *
 * @throws UNKNOWN_OPTION, INVALID_OPTION, ARTIFACT_NOT_FOUND, ARTIFACT_INVALID, ARTIFACT_CORRUPT
 */
export async function readArtifact(
  subject: string | { readonly path: string },
  options: AmbientOptions<ArtifactEvent> & { readonly workers?: number | undefined } = {},
): Promise<VerifiedArtifact> {
  return verifyFor('readArtifact', subject, options)
}
