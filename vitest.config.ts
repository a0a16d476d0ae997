import { defineConfig } from 'vitest/config'

/** One configuration for every package: `packages/<name>/vitest.config.ts` re-exports it. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The tests talk to real processes and sockets on machines that may have two busy cores.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    // tools/test.js adds the results of all packages up.
    reporters: ['default', ['json', { outputFile: 'test-results.json' }]],
  },
})
