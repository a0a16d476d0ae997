import { commitId, count, flag, isoTime, nonEmptyText, object, oneOf, recordReader, sha256Text } from '../read.ts'
import { artifactFormat, type ArtifactFormat } from './format.ts'
import { objectLocationShape } from './location.ts'

const publishedFacts = {
  application: nonEmptyText,
  commit: commitId,
  /** How the bytes are packed. Default: zip. */
  format: artifactFormat,
  sha256: sha256Text,
  contentDigest: sha256Text,
  sizeBytes: count,
  location: objectLocationShape,
}

export const publicationShape = object({
  schema: oneOf('fairlead/publication/1'),
  ...publishedFacts,
  /** Whether the store had it before: nothing was to do. */
  alreadyPublished: flag,
})

/** Where the bytes of an artifact lie, pinned. */
export type Publication = ReturnType<typeof publicationShape>

/** @throws INVALID_RECORD */
export const parsePublication = recordReader('publication', publicationShape)

export const commitRecordShape = object({
  schema: oneOf('fairlead/commit/1'),
  ...publishedFacts,
  recordedAt: isoTime,
})

/** Which bytes a commit led to; written once, the first writer wins. */
export type CommitRecord = ReturnType<typeof commitRecordShape>

/** @throws INVALID_RECORD */
export const parseCommitRecord = recordReader('commit record', commitRecordShape)

/** The key of a commit's record in a store. */
export function commitRecordKey(commit: string): string {
  return `commits/${commit}.json`
}

/**
 * The key of an artifact's bytes in a store: content-addressed, so that a key can only ever mean one thing. Its ending
 * says how they are packed, to people and to what unpacks them.
 */
export function artifactKey({ sha256, format }: { readonly sha256: string; readonly format: ArtifactFormat }): string {
  return `artifacts/${sha256}.${format}`
}

/** A commit's record as the publication that it stands for. */
export function publicationOf(record: CommitRecord): Publication {
  const { application, commit, format, sha256, contentDigest, sizeBytes, location } = record
  return {
    schema: 'fairlead/publication/1',
    application,
    commit,
    format,
    sha256,
    contentDigest,
    sizeBytes,
    location,
    alreadyPublished: true,
  }
}
