import { commitId, nonEmptyText, object, oneOf, recordReader } from '../read.ts'
import { publicationShape } from './publication.ts'

export const releaseShape = object({
  schema: oneOf('fairlead/release/1'),
  /** The tag's short name, for example `v1.0.0`. */
  tag: nonEmptyText,
  /** The commit that the tag points to, annotated tags peeled. */
  commit: commitId,
  /** The repository that was asked: a path or an address without credentials. */
  repository: nonEmptyText,
  publication: publicationShape,
})

/** A tag resolved to its commit and that commit's publication. */
export type Release = ReturnType<typeof releaseShape>

/** @throws INVALID_RECORD */
export const parseRelease = recordReader('release', releaseShape)
