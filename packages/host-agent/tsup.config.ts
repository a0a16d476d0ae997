import { libraryBuild } from '../../tools/tsup.ts'

export default libraryBuild({ index: 'src/index.ts', events: 'src/events.ts' })
