import { defineConfig } from 'tsup'
import { libraryBuild } from '../../tools/tsup.ts'

// The host's file is written beside the library, at the same time.
const library = libraryBuild({ index: 'src/index.ts', fairlead: 'src/fairlead.ts' }, { clean: ['!fairlead-host.mjs'] })

/** One file with everything inside, for a machine image or an artifact: a host needs Node and no `npm install`. */
const hostFile = defineConfig({
  entry: { 'fairlead-host': 'src/fairlead-host.ts' },
  format: ['esm'],
  target: 'node20',
  platform: 'node',
  outExtension: () => ({ js: '.mjs' }),
  noExternal: [/.*/],
  // Some dependencies are CommonJS inside and call require() for Node's own modules.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  splitting: false,
  minify: true,
  silent: true,
})

export default [library, hostFile].flat()
