import { defineConfig } from 'vitest/config'

/** What takes minutes: the demo, killed and whole, and the tarballs in a blank project. `.ci/run` runs it. */
export default defineConfig({
  test: {
    include: ['system/**/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    fileParallelism: false,
    pool: 'forks',
  },
})
