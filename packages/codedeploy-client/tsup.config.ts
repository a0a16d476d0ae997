import { libraryBuild } from '../../tools/tsup.ts'

export default libraryBuild({ index: 'src/index.ts', hook: 'src/hook.ts' })
