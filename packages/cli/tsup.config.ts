import { defineConfig } from 'tsup'
import { chunksOf } from './host-file/chunks.ts'
import { libraryBuild } from '../../tools/tsup.ts'

// The host's file is written beside the library, at the same time.
const library = libraryBuild({ index: 'src/index.ts', fairlead: 'src/fairlead.ts' }, { clean: ['!fairlead-host.mjs'] })

/**
 * One file with everything inside, for a machine image or an artifact: a host needs Node and no `npm install`. It starts in a hook,
 * many times in a deploy: docs/decisions/0015 says what its form is for.
 */
const hostFile = defineConfig({
  entry: { 'fairlead-host': 'host-file/main.ts' },
  format: ['esm'],
  target: 'node20',
  platform: 'node',
  outExtension: () => ({ js: '.mjs' }),
  esbuildPlugins: [chunksOf('src/fairlead-host.ts')],
  splitting: false,
  minify: true,
  // Tools that go by the words of a file would take it for CommonJS, which its texts are.
  footer: { js: 'export {}' },
  silent: true,
})

export default [library, hostFile].flat()
