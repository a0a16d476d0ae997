// Ours, in a process of its own: node build.mjs <options of buildArtifact as JSON>
import { buildArtifact } from '@fairlead/artifact-builder'

await buildArtifact({ include: ['**'], requireAppSpec: false, ...JSON.parse(process.argv[2] ?? '{}') })
