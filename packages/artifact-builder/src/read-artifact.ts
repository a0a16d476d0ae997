import { resolve } from 'node:path'
import {
  ambientOptionNames,
  checkOptions,
  coreErrors,
  describeValue,
  systemClock,
  timestamp,
  type AmbientOptions,
  type Artifact,
  type Manifest,
} from '@fairlead/core'
import type { ArtifactEvent } from './model.ts'
import { verifyZip, type VerifiedZip } from './verify-zip.ts'

/**
 * Reads an artifact back, every byte of it, and compares it with the manifest inside: an artifact that was cut,
 * repacked, or changed in one bit is refused.
 *
 * @throws UNKNOWN_OPTION, INVALID_OPTION, ARTIFACT_NOT_FOUND, ARTIFACT_INVALID, ARTIFACT_CORRUPT
 */
export async function readArtifact(
  subject: string | { readonly path: string },
  options: AmbientOptions<ArtifactEvent> = {},
): Promise<{ readonly artifact: Artifact; readonly manifest: Manifest }> {
  checkOptions('readArtifact', options, ambientOptionNames)
  const { signal, onEvent, clock = systemClock } = options
  const path = resolve(pathOf(subject))
  const zip = await verifyZip(path, signal)
  const artifact = artifactOf(path, zip)
  onEvent?.({ ...verifiedEvent(artifact), at: timestamp(clock) })
  return { artifact, manifest: zip.manifest }
}

/** The record of a zip at a path. */
export function artifactOf(path: string, { manifest, sha256, sizeBytes }: VerifiedZip): Artifact {
  const { application, commit, contentDigest, entries } = manifest
  return {
    schema: 'fairlead/artifact/1',
    path,
    format: 'zip',
    application,
    commit,
    sha256,
    contentDigest,
    sizeBytes,
    entryCount: entries.length,
  }
}

/** The event of an artifact that was read whole, without its time. */
export function verifiedEvent({ path, entryCount, sha256, contentDigest }: Artifact) {
  return {
    type: 'artifact.verified' as const,
    summary: `verified ${path}: ${entryCount} entries, sha256 ${sha256}`,
    path,
    entryCount,
    sha256,
    contentDigest,
  }
}

function pathOf(subject: unknown): string {
  const path = typeof subject === 'object' && subject !== null ? (subject as { readonly path?: unknown }).path : subject
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return path
  throw coreErrors.INVALID_OPTION({
    verb: 'readArtifact',
    option: 'path',
    given: describeValue(path),
    expected: 'the path of an artifact, or an object that has it',
  })
}
