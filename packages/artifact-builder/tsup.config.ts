import { libraryBuild, workerBuild } from '../../tools/tsup.ts'

// The threads' file is written at the same time.
const library = libraryBuild({ index: 'src/index.ts' }, { clean: ['!lane-worker.cjs*'] })

export default [library, workerBuild({ 'lane-worker': 'src/ports/lanes/worker.ts' })]
