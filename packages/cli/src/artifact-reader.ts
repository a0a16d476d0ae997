import { extractArtifact, readArtifact } from '@fairlead/artifact-builder'
import type { ArtifactReader } from '@fairlead/release-symlinker'

/**
 * What a host needs of the artifact builder: a bundler leaves the rest of it out. Without worker threads: the program of
 * one is a file of its own, which the one file for hosts has not.
 */
export const artifactReader: ArtifactReader = {
  readArtifact: (path, { signal }) => readArtifact(path, { signal, workers: 0 }),
  extractArtifact: (path, { into, signal }) => extractArtifact(path, { into, signal, workers: 0 }),
}
