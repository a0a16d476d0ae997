import { defineConfig } from 'tsup'

/** Everything that a host runs, each one file with its dependencies inside: a host needs Node and no `npm install`. */
export default defineConfig({
  entry: {
    app: 'src/app.ts',
    'hooks/before-install': 'hooks/before-install.ts',
    'hooks/after-install': 'hooks/after-install.ts',
    'hooks/validate-service': 'hooks/validate-service.ts',
  },
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
  clean: true,
  silent: true,
})
