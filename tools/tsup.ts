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
