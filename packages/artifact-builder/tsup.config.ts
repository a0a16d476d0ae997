import { libraryBuild, workerBuild } from '../../tools/tsup.ts'

// One file: to find and load a dozen took a quarter of the import's 70 ms. The threads' file is written at the same time.
const library = libraryBuild({ index: 'src/index.ts' }, { splitting: false, clean: ['!lane-worker.cjs*'] })

export default [library, workerBuild({ 'lane-worker': 'src/ports/lanes/worker.ts' })]
