import { resolve } from 'node:path'
import {
  ambientOptionNames,
  checkOptions,
  systemClock,
  timestamp,
  type AmbientOptions,
  type Artifact,
  type ArtifactFormat,
  type Clock,
  type Manifest,
} from '@fairlead/core'
import type { ArtifactEvent } from './model.ts'
import { readFormat } from './ports/artifact-format.ts'
import type { ReadProgress } from './ports/lanes/read-lane.ts'
import { checkReadOptions, checkSubject } from './read-options.ts'
import { verifyTar, type VerifiedTar } from './verify-tar.ts'
import { verifyZip, type ReadTotals, type VerifiedZip } from './verify-zip.ts'

export interface VerifyArtifactOptions extends AmbientOptions<ArtifactEvent> {
  /** SHA-256 of the artifact's bytes, lowercase hex. Default: any. */
  readonly expectedSha256?: string | undefined
  /** Digest of the entries, whatever the commit and the compressor. Default: any. */
  readonly expectedContentDigest?: string | undefined
  /** Worker threads. Default: one for each core, four at the most. 0: the caller's own thread. */
  readonly workers?: number | undefined
}

/** An artifact and what it says of itself. */
export interface VerifiedArtifact {
  readonly artifact: Artifact
  readonly manifest: Manifest
}

/**
 * Reads an artifact back, every byte of it, and compares it with the manifest inside and with the digests that the
 * caller knows: an artifact that was cut, repacked, changed in one bit, or is another one is refused.
 *
 * @throws UNKNOWN_OPTION, INVALID_OPTION, ARTIFACT_NOT_FOUND, ARTIFACT_INVALID, ARTIFACT_CORRUPT, ARTIFACT_UNEXPECTED
 */
export async function verifyArtifact(
  subject: string | { readonly path: string },
  options: VerifyArtifactOptions = {},
): Promise<VerifiedArtifact> {
  return verifyFor('verifyArtifact', subject, options)
}

const optionNames = ['expectedSha256', 'expectedContentDigest', 'workers', ...ambientOptionNames]

/** {@link verifyArtifact} under the name by which the caller knows it. */
export async function verifyFor(
  verb: string,
  subject: string | { readonly path: string },
  options: VerifyArtifactOptions,
): Promise<VerifiedArtifact> {
  checkOptions(verb, options, optionNames)
  const { expected, workers } = checkReadOptions(verb, options)
  const { signal, onEvent, clock = systemClock } = options
  const path = resolve(checkSubject(verb, subject))
  const onProgress = onEvent && tellProgress(path, onEvent, clock)
  const format = await readFormat(path)
  const verified =
    format === 'zip'
      ? await verifyZip(path, signal, { expected, workers, onProgress })
      : await verifyTar(path, signal, { expected })
  const artifact = artifactOf(path, format, verified)
  onEvent?.({ ...verifiedEvent(artifact), at: timestamp(clock) })
  return { artifact, manifest: verified.manifest }
}

/** Adds up what was read, and tells it. */
export function tellProgress(path: string, onEvent: (event: ArtifactEvent) => void, clock: Clock) {
  let entriesDone = 0
  let bytesDone = 0
  return ({ entries, bytes, entryCount, contentBytes }: ReadProgress & ReadTotals) => {
    entriesDone += entries
    bytesDone += bytes
    onEvent({
      type: 'artifact.reading',
      at: timestamp(clock),
      summary: `read ${entriesDone} of ${entryCount} entries, ${bytesDone} of ${contentBytes} bytes`,
      path,
      entriesDone,
      entryCount,
      bytesDone,
      contentBytes,
    })
  }
}

/** The record of an archive at a path. */
export function artifactOf(
  path: string,
  format: ArtifactFormat,
  { manifest, sha256, sizeBytes }: VerifiedZip | VerifiedTar,
): Artifact {
  const { application, commit, contentDigest, entries } = manifest
  return {
    schema: 'fairlead/artifact/1',
    path,
    format,
    application,
    commit,
    sha256,
    contentDigest,
    sizeBytes,
    entryCount: entries.length,
  }
}

/** The event of an artifact that was read whole, without its time. */
export function verifiedEvent({
  path,
  entryCount,
  sha256,
  contentDigest,
}: Pick<Artifact, 'path' | 'entryCount' | 'sha256' | 'contentDigest'>) {
  return {
    type: 'artifact.verified' as const,
    summary: `verified ${path}: ${entryCount} entries, sha256 ${sha256}`,
    path,
    entryCount,
    sha256,
    contentDigest,
  }
}
