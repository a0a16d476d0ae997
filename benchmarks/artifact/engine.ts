// The engine alone, in a process of its own: node engine.js <options of buildArtifact as JSON>
// What buildArtifact does, with the same functions, but for the digests of contents, the search for secrets, and what
// follows from them: the manifest and the comparison with the commit.
import { checkBuildOptions } from '../../packages/artifact-builder/src/build-options.ts'
import { triesForMatch } from '../../packages/artifact-builder/src/limits.ts'
import { dosTimeOf } from '../../packages/artifact-builder/src/plan/zip/records.ts'
import { deflateText } from '../../packages/artifact-builder/src/ports/deflate-manifest.ts'
import { withLanes, type Lane } from '../../packages/artifact-builder/src/ports/lanes/pool.ts'
import { writeOutput } from '../../packages/artifact-builder/src/ports/output-file.ts'
import { finishZip, packEntries } from '../../packages/artifact-builder/src/ports/zip-engine.ts'
import { gatherInputs, prepareBuild } from '../../packages/artifact-builder/src/prepare-build.ts'

const options = checkBuildOptions({ include: ['**'], requireAppSpec: false, ...JSON.parse(process.argv[2] ?? '{}') })

await withLanes({ threads: options.workers, signal: undefined }, async (lanes, lanesForShortJobs) => {
  for (const lane of lanes) lane.prepare('build')
  const inputs = await gatherInputs(options, { lanes: lanesForShortJobs, signal: undefined })
  const { root, output, plan, rows, isMoved, listing, timeMs } = await prepareBuild(inputs, options, {
    kept: undefined,
    signal: undefined,
  })
  const dosTime = dosTimeOf(timeMs)
  await writeOutput(output, {
    write: async ({ handle: { fd }, reached }) => {
      const packed = await packEntries(lanes, {
        ...{ root, fd, dosTime, entries: plan.entries, rows, isMoved, listing, tries: triesForMatch, packsOnly: true },
        trackedPaths: [],
        lastPath: '.fairlead/manifest.json',
        objectFormat: 'sha1',
        onProgress: () => {},
        onWritten: reached,
      })
      await finishZip(lanes, packed, { fd, dosTime, last: await deflateText(lanes[0] as Lane, '{}') })
    },
    check: () => Promise.resolve(),
    onLeftover: () => {},
  })
})
