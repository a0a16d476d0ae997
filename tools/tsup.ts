import { defineConfig, type Options } from 'tsup'

/**
 * The build of a library: ESM with declarations, one file for each entry point, dependencies left to the installer.
 * `import()` stays as it is written, so that an AWS SDK client is loaded by the first call that needs it.
 */
export function libraryBuild(entry: Record<string, string> = { index: 'src/index.ts' }, extra: Options = {}) {
  return defineConfig({
    entry,
    format: ['esm'],
    target: 'node20',
    platform: 'node',
    dts: true,
    sourcemap: true,
    clean: true,
    splitting: true,
    treeshake: true,
    silent: true,
    ...extra,
  })
}

/**
 * The build of a file for worker threads, beside the library: one CommonJS file with everything inside, and nothing of it
 * run before a job asks for it. A thread starts in 40 ms with it, and took 65 with modules of its own (Node 20).
 */
export function workerBuild(entry: Record<string, string>) {
  return defineConfig({
    entry,
    format: ['cjs'],
    outExtension: () => ({ js: '.cjs' }),
    target: 'node20',
    platform: 'node',
    noExternal: [/./],
    sourcemap: true,
    splitting: false,
    treeshake: false,
    silent: true,
  })
}
