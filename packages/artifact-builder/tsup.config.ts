import { libraryBuild } from '../../tools/tsup.ts'

export default libraryBuild({ index: 'src/index.ts', 'lane-worker': 'src/ports/lanes/worker.ts' })
