import { libraryBuild } from '../../tools/tsup.ts'

export default libraryBuild()
