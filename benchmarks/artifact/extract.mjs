// Ours, in a process of its own: node extract.mjs <{ path, into } as JSON>
import * as artifactBuilder from '@fairlead/artifact-builder'

const { path, into } = JSON.parse(process.argv[2] ?? '{}')
await artifactBuilder.extractArtifact(path, { into })
