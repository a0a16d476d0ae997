import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { temporaryFolder } from '@fairlead/test-support'
import { expect, test } from 'vitest'

const fixture = new URL('../dist/node-test.js', import.meta.url).href

test('a test of node:test is given a server, and one that fails says so', async () => {
  const file = join(temporaryFolder(), 'publish.test.mjs')
  writeFileSync(
    file,
    `
    import assert from 'node:assert'
    import { localAwsTest } from ${JSON.stringify(fixture)}
    const test = localAwsTest({ buckets: [{ name: 'artifacts', objects: { k: 'seed' } }] })
    test('is given a server', async ({ aws }) => {
      assert.equal((await aws.inspect.readObject({ bucket: 'artifacts', key: 'k' })).toString(), 'seed')
    })
    test('fails', async ({ aws, context }) => {
      context.diagnostic(aws.endpoint)
      assert.fail('as it should')
    })
    `,
  )
  // Of the runner that runs this test, nothing is inherited: node:test would report to it.
  const run = promisify(execFile)(process.execPath, ['--test', '--test-reporter=tap', file], {
    env: { PATH: process.env['PATH'] },
  })
  const failed = await run.then(
    () => undefined,
    (error: { stdout: string }) => error.stdout,
  )
  expect(failed).toMatch(/^\s*ok 1 - is given a server/m)
  expect(failed).toMatch(/^\s*not ok 2 - fails/m)
  expect(failed).toContain('as it should')
})
