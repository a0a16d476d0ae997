// Runs extractArtifact of the built package in a process of its own:
// node extract-in-child.mjs <zip> <options as JSON> [kill after this event [n-th]]
import { extractArtifact } from '@fairlead/artifact-builder'

const [zip, options = '{}', killAfter, nth = '1'] = process.argv.slice(2)
let seen = 0

try {
  const { path } = await extractArtifact(zip, {
    ...JSON.parse(options),
    onEvent: ({ type }) => {
      if (type === killAfter && ++seen === Number(nth)) process.kill(process.pid, 'SIGKILL')
    },
  })
  console.log(JSON.stringify({ path }))
} catch (error) {
  console.log(JSON.stringify({ code: error.code, context: error.context }))
  process.exitCode = 1
}
