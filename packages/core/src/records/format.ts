import { oneOf, withDefault } from '../read.ts'

/** How an artifact is packed, in the words in which CodeDeploy names a bundle's type; `tgz` is a tar inside gzip. */
export type ArtifactFormat = 'zip' | 'tar' | 'tgz'

/** Reads a format. Records from before there was a choice have none: theirs was zip. */
export const artifactFormat = withDefault<ArtifactFormat>(oneOf('zip', 'tar', 'tgz'), 'zip')
