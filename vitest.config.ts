import { defineConfig } from 'vitest/config'

/** One configuration for every package: `packages/<name>/vitest.config.ts` re-exports it. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The tests talk to real processes, sockets and disks on machines that may have two busy cores: a test that fails a
    // call at every point took 12 s alone and more than 30 s beside other work.
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // nx asks for colours, and Node then colours what a child process of a test prints: `console.log(1)` is no number.
    env: { FORCE_COLOR: '0', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    pool: 'forks',
    maxWorkers: 2,
    // tools/test.js adds the results of all packages up.
    reporters: ['default', ['json', { outputFile: 'test-results.json' }]],
  },
})
