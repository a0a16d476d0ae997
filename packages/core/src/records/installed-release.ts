import { commitId, nonEmptyText, object, oneOf, recordReader, sha256Text } from '../read.ts'

export const stagedReleaseShape = object({
  schema: oneOf('fairlead/staged-release/1'),
  /** The folder that holds `releases`, `shared` and `current`. Absolute. */
  root: nonEmptyText,
  /** `<time>-<commit>-<deployment>`: the name of its folder below `releases`. */
  name: nonEmptyText,
  /** The deployment that brought it: the idempotency key. */
  id: nonEmptyText,
  /** Absolute path of its folder. */
  path: nonEmptyText,
  commit: commitId,
  contentDigest: sha256Text,
  /** `staged`: not live yet; `live`: `current` points to it. */
  state: oneOf('staged', 'live'),
})

/** A release that stands on a host, complete, behind `current` or ready to go there. */
export type StagedRelease = ReturnType<typeof stagedReleaseShape>

/** @throws INVALID_RECORD */
export const parseStagedRelease = recordReader('staged release', stagedReleaseShape)
