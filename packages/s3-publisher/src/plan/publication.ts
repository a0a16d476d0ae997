import { publicationOf, type CommitRecord, type Publication } from '@fairlead/core'
import { errors } from '../errors.ts'
import type { PublishableArtifact, WhenDifferent } from '../model.ts'

/** What is to do to publish an artifact. */
export type PublicationPlan =
  | { readonly do: 'upload' }
  | { readonly do: 'nothing'; readonly publication: Publication }
  | { readonly do: 'use-existing'; readonly publication: Publication }

/** The artifact, what the store says of its commit, and what the caller wants where the two differ. */
export interface PublicationQuestion {
  readonly artifact: Pick<PublishableArtifact, 'application' | 'commit' | 'sha256' | 'contentDigest'>
  /** The commit's record, where the store has one. */
  readonly record: CommitRecord | undefined
  readonly whenDifferent: WhenDifferent
  /** Where the record was read, for messages. */
  readonly store: string
}

/**
 * Decides what publishing means: the first writer of a commit's record won, and everybody after it gets the same bytes
 * or is told.
 *
 * @throws APPLICATION_CONFLICT, ARTIFACT_CONFLICT
 */
export function planPublication({ artifact, record, whenDifferent, store }: PublicationQuestion): PublicationPlan {
  if (record === undefined) return { do: 'upload' }
  const { application, commit, sha256 } = artifact
  if (record.application !== application) {
    throw errors.APPLICATION_CONFLICT({ store, commit, application, publishedApplication: record.application })
  }
  const publication = publicationOf(record)
  if (record.sha256 === sha256) return { do: 'nothing', publication }
  if (whenDifferent === 'use-existing') return { do: 'use-existing', publication }
  const sameTree = record.contentDigest === artifact.contentDigest
  throw errors.ARTIFACT_CONFLICT({ store, application, commit, sha256, publishedSha256: record.sha256, sameTree })
}
