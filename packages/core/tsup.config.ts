import { libraryBuild } from '../../tools/tsup.ts'

export default libraryBuild({
  index: 'src/index.ts',
  git: 'src/git.ts',
  files: 'src/files.ts',
  machine: 'src/machine.ts',
})
