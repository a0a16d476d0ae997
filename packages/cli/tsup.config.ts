import { defineConfig, type Options } from 'tsup'
import { libraryBuild } from '../../tools/tsup.ts'

// The host's file is written beside the library, at the same time.
const library = libraryBuild({ index: 'src/index.ts', fairlead: 'src/fairlead.ts' }, { clean: ['!fairlead-host.mjs'] })

type Plugin = NonNullable<Options['esbuildPlugins']>[number]

/** commander loads node:child_process for subcommands that are programs of their own, and has none here: a fifth of the start. */
const withoutPrograms: Plugin = {
  name: 'without-programs',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^(?:node:)?child_process$/ }, ({ importer }) =>
      importer.includes('/node_modules/commander/') ? { path: 'child_process', namespace: 'unused' } : undefined,
    )
    onLoad({ filter: /^/, namespace: 'unused' }, () => ({ contents: 'module.exports = {}' }))
  },
}

/**
 * The SDK is two thirds of the file, and most commands make no call. As a text it is read past; as code the engine looks through all
 * of it before the first line runs. It becomes code when it is loaded.
 */
const sdkOnUse: Plugin = {
  name: 'sdk-on-use',
  setup: ({ onResolve, onLoad, esbuild }) => {
    onResolve({ filter: /^@aws-sdk\/client-secrets-manager$/ }, ({ path, resolveDir, namespace }) =>
      namespace === 'file' ? { path, namespace: 'on-use', pluginData: resolveDir } : undefined,
    )
    onLoad({ filter: /^/, namespace: 'on-use' }, async ({ path, pluginData: resolveDir }) => {
      const used = 'BatchGetSecretValueCommand, GetSecretValueCommand, SecretsManagerClient'
      const { outputFiles } = await esbuild.build({
        stdin: { contents: `export { ${used} } from '${path}'`, resolveDir: String(resolveDir) },
        bundle: true,
        format: 'cjs',
        platform: 'node',
        target: 'node20',
        minify: true,
        write: false,
      })
      const text = JSON.stringify(outputFiles[0]?.text)
      return { contents: `new Function('require', 'module', 'exports', ${text})(require, module, exports)` }
    })
  },
}

/**
 * One file with everything inside, for a machine image or an artifact: a host needs Node and no `npm install`.
 *
 * It starts in a hook, many times in a deploy. As ES module code every module of Node that anything inside imports would be loaded
 * before the first line runs, TLS and HTTP/2 among them, which takes longer than most commands; as CommonJS code inside an ES module
 * each is loaded by the code that needs it.
 */
const hostFile = defineConfig({
  entry: { 'fairlead-host': 'src/fairlead-host.ts' },
  format: ['cjs'],
  target: 'node20',
  platform: 'node',
  outExtension: () => ({ js: '.mjs' }),
  noExternal: [/.*/],
  banner: {
    js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url), module = { exports: {} }, __fileUrl = import.meta.url;",
  },
  define: { 'import.meta.url': '__fileUrl' },
  // tsup would resolve Node's modules itself, before the plugin.
  removeNodeProtocol: false,
  esbuildPlugins: [withoutPrograms, sdkOnUse],
  splitting: false,
  minify: true,
  silent: true,
})

export default [library, hostFile].flat()
