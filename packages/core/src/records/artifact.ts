import { commitId, count, nonEmptyText, object, oneOf, recordReader, sha256Text } from '../read.ts'
import { artifactFormat } from './format.ts'

export const artifactShape = object({
  schema: oneOf('fairlead/artifact/1'),
  /** Absolute path of the file. */
  path: nonEmptyText,
  /** How it is packed. Default: zip. */
  format: artifactFormat,
  application: nonEmptyText,
  /** The full id of the commit that the tree stands at. */
  commit: commitId,
  /** Of the file's bytes, lowercase hex. */
  sha256: sha256Text,
  /** Of the entries' names, modes and contents, the manifest left out: the same for the same tree. */
  contentDigest: sha256Text,
  sizeBytes: count,
  /** How many entries it has, the manifest left out. */
  entryCount: count,
})

/** An archive on this machine and what is in it. */
export type Artifact = ReturnType<typeof artifactShape>

/** @throws INVALID_RECORD */
export const parseArtifact = recordReader('artifact', artifactShape)
