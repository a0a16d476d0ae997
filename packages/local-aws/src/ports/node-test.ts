import { test as base, type TestContext } from 'node:test'
import type { LocalAws, LocalAwsOptions } from '../model.ts'
import { startLocalAws } from '../start-local-aws.ts'

/** A test of `node:test` that is given a server. */
export type LocalAwsTest = (
  name: string,
  body: (fixture: { readonly aws: LocalAws; readonly context: TestContext }) => void | Promise<void>,
) => Promise<void>

/**
 * A `test` of `node:test` whose `aws` is a server of its own for each test, closed when the test ends.
 *
 * @example
 * const test = localAwsTest({ buckets: [{ name: 'artifacts' }] })
 * test('publishes', async ({ aws }) => { … })
 */
export function localAwsTest(options: LocalAwsOptions = {}): LocalAwsTest {
  return (name, body) =>
    base(name, async (context) => {
      const aws = await startLocalAws(options)
      try {
        await body({ aws, context })
      } finally {
        await aws.close()
      }
    })
}
