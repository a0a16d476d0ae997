import { libraryBuild } from '../../tools/tsup.ts'

export default libraryBuild(
  {
    index: 'src/index.ts',
    'node-test': 'src/ports/node-test.ts',
    vitest: 'src/ports/vitest.ts',
    'body-worker': 'src/ports/bodies/worker.ts',
  },
  // There is a package called test, and node:test is the one module that cannot be named without its prefix.
  { removeNodeProtocol: false },
)
