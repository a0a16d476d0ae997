import { resolve } from 'node:path'
import { checkOptions, parseManifest, type AmbientOptions, type Manifest } from '@fairlead/core'
import { diffEntries, type EntryDifference } from './plan/diff-entries.ts'
import { checkManifest } from './plan/match-manifest.ts'
import { readFormat } from './ports/artifact-format.ts'
import { checkSubject } from './read-options.ts'
import { verifyTar } from './verify-tar.ts'
import { readZipManifest } from './verify-zip.ts'

/** What tells one artifact from another. */
export interface ArtifactDifference {
  /** Whether both hold the same, whatever their commits. */
  readonly isSame: boolean
  readonly before: DifferenceSide
  readonly after: DifferenceSide
  /** In the order of the bytes of the paths. */
  readonly entries: readonly EntryDifference[]
}

/** Which artifact stands on a side. */
export interface DifferenceSide {
  readonly application: string
  readonly commit: string
  readonly contentDigest: string
  readonly entryCount: number
  /** Of all files and links, unpacked. */
  readonly contentBytes: number
}

/** An artifact: its path, an object that has it, or its manifest. */
export type DiffSubject = string | { readonly path: string } | Manifest

const verb = 'diffArtifacts'

/**
 * What a deploy of `after` would change where `before` is. Of a zip the directory and the manifest are read, and must
 * agree; that its bytes are those of its manifest is what `verifyArtifact` finds out. A tar is read whole.
 *
 * @throws UNKNOWN_OPTION, INVALID_OPTION, INVALID_RECORD (a manifest), ARTIFACT_NOT_FOUND, ARTIFACT_INVALID, ARTIFACT_CORRUPT
 */
export async function diffArtifacts(
  sides: { readonly before: DiffSubject; readonly after: DiffSubject },
  options: Pick<AmbientOptions, 'signal'> = {},
): Promise<ArtifactDifference> {
  checkOptions(verb, options, ['signal'])
  const old = await manifestOf('before', sides?.before, options.signal)
  const current = await manifestOf('after', sides?.after, options.signal)
  const entries = diffEntries(old.entries, current.entries)
  return { isSame: entries.length === 0, before: sideOf(old), after: sideOf(current), entries }
}

async function manifestOf(side: string, subject: DiffSubject, signal: AbortSignal | undefined): Promise<Manifest> {
  if (typeof subject === 'object' && subject !== null && 'entries' in subject) {
    const manifest = parseManifest(subject, verb)
    checkManifest('the manifest', manifest)
    return manifest
  }
  const path = resolve(checkSubject(verb, subject, side))
  return (await readFormat(path)) === 'zip' ? readZipManifest(path, signal) : (await verifyTar(path, signal)).manifest
}

function sideOf({ application, commit, contentDigest, entries }: Manifest): DifferenceSide {
  const contentBytes = entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  return { application, commit, contentDigest, entryCount: entries.length, contentBytes }
}
