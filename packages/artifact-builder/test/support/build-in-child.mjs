// Runs buildArtifact of the built package in a process of its own: node build-in-child.mjs <options as JSON> [kill after this event [n-th]]
import { buildArtifact } from '@fairlead/artifact-builder'

const [options = '{}', killAfter, nth = '1'] = process.argv.slice(2)
let seen = 0

try {
  const artifact = await buildArtifact({
    ...JSON.parse(options),
    onEvent: ({ type }) => {
      if (type === killAfter && ++seen === Number(nth)) process.kill(process.pid, 'SIGKILL')
    },
  })
  console.log(JSON.stringify(artifact))
} catch (error) {
  console.log(JSON.stringify({ code: error.code, context: error.context }))
  process.exitCode = 1
}
