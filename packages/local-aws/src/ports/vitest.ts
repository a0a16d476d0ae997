import { test as base, type TestAPI } from 'vitest'
import type { LocalAws, LocalAwsOptions } from '../model.ts'
import { startLocalAws } from '../start-local-aws.ts'

/**
 * A `test` of vitest whose `aws` is a server of its own for each test that asks for it, closed when the test ends.
 *
 * @example
 * const test = localAwsTest({ buckets: [{ name: 'artifacts' }] })
 * test('publishes', async ({ aws }) => { … })
 */
export function localAwsTest(options: LocalAwsOptions = {}): TestAPI<{ aws: LocalAws }> {
  return base.extend<{ aws: LocalAws }>({
    // vitest reads the names in the braces: this fixture needs no other.
    aws: async ({}, use) => {
      const aws = await startLocalAws(options)
      try {
        await use(aws)
      } finally {
        await aws.close()
      }
    },
  })
}
