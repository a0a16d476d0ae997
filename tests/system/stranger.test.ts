import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
/** The kit and what it leans on: nothing else of the workspace is there. */
const names = ['core', 'appspec', 'host-agent', 'local-aws']
let project = ''

function run(command: string, args: readonly string[], folder = project): string {
  // A runner of tests that starts another one must not pass on what it told its own workers.
  const { PATH, HOME } = process.env
  return execFileSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH, HOME, NO_COLOR: '1' },
  })
}

/** Somebody else's repository: a deploy library of its own, vitest, and the kit from its tarball. */
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'stranger-test-'))
  const tarballs = join(project, 'tarballs')
  mkdirSync(tarballs)
  for (const name of names)
    run('npm', ['pack', '--silent', '--pack-destination', tarballs], join(root, 'packages', name))
  const dependencies = Object.fromEntries(
    names.map((name) => {
      const tarball = readdirSync(tarballs).find((file) => new RegExp(`^fairlead-${name}-\\d`).test(file))
      return [`@fairlead/${name}`, `file:tarballs/${tarball}`]
    }),
  )
  const vitest = (
    JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { devDependencies: { vitest: string } }
  ).devDependencies.vitest
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({
      name: 'stranger',
      private: true,
      type: 'module',
      devDependencies: { '@fairlead/local-aws': dependencies['@fairlead/local-aws'], vitest },
      overrides: dependencies,
    }),
  )
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund'])
})
afterAll(() => rmSync(project, { recursive: true, force: true }))

/** The block of the README that shows a test. */
function testOfReadme(): string {
  const readme = readFileSync(join(project, 'node_modules/@fairlead/local-aws/README.md'), 'utf8')
  const blocks = [...readme.matchAll(/```ts\n([^]*?)```/g)].map(([, block = '']) => block)
  const block = blocks.find((text) => text.includes("from '@fairlead/local-aws/vitest'"))
  if (block === undefined) throw new Error('the README shows no test')
  return block
}

test("the README's test passes in vitest", () => {
  writeFileSync(join(project, 'release.test.ts'), testOfReadme())
  expect(run('npx', ['--no-install', 'vitest', 'run', 'release.test.ts'])).toMatch(/Tests\s+1 passed/)
})

test('it fails where the code under test overwrites what it should not', () => {
  const overwriting = testOfReadme().replace(", IfNoneMatch: '*'", '')
  expect(overwriting).not.toBe(testOfReadme())
  writeFileSync(join(project, 'overwriting.test.ts'), overwriting)
  expect(() => run('npx', ['--no-install', 'vitest', 'run', 'overwriting.test.ts'])).toThrow()
})

test('the same runs in node:test', () => {
  const text = testOfReadme()
    .replace('@fairlead/local-aws/vitest', '@fairlead/local-aws/node-test')
    .replace("import { expect } from 'vitest'", "import assert from 'node:assert'")
    .replace(
      "await expect(aws.clients.s3.send(put)).rejects.toMatchObject({ name: 'PreconditionFailed' })",
      "await assert.rejects(aws.clients.s3.send(put), { name: 'PreconditionFailed' })",
    )
    .replace(/expect\((.*)\)\.toBe\((.*)\)/, 'assert.equal($1, $2)')
  expect(text).not.toContain('expect')
  writeFileSync(join(project, 'release.test.mjs'), text)
  expect(run(process.execPath, ['--test', '--test-reporter=tap', 'release.test.mjs'])).toMatch(/^# pass 1$/m)
})

test('a deploy library proves which permissions it needs, and that a lost reply does no harm', () => {
  writeFileSync(
    join(project, 'publish.mjs'),
    `
    import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
    /** Puts a release once. A repeat of the same is no error. */
    export async function publish(s3, { bucket, key, body }) {
      try {
        await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, IfNoneMatch: '*' }))
        return 'published'
      } catch (error) {
        if (error.name !== 'PreconditionFailed') throw error
        const { ContentLength } = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }))
        if (ContentLength !== body.length) throw error
        return 'there already'
      }
    }
    `,
  )
  writeFileSync(
    join(project, 'publish.test.mjs'),
    `
    import { expect } from 'vitest'
    import { localAwsTest } from '@fairlead/local-aws/vitest'
    import { publish } from './publish.mjs'

    const test = localAwsTest({ buckets: [{ name: 'artifacts', versioned: true }] })
    const release = { bucket: 'artifacts', key: 'v1.zip', body: 'bytes' }
    const allow = ['s3:PutObject on arn:aws:s3:::artifacts/*', 's3:GetObject on arn:aws:s3:::artifacts/*']

    test('the policy of the README suffices', async ({ aws }) => {
      const { clients } = aws.addUser({ name: 'deployer', allow })
      expect(await publish(clients.s3, release)).toBe('published')
      expect(await publish(clients.s3, release)).toBe('there already')
      expect(aws.inspect.versions({ bucket: 'artifacts' })).toHaveLength(1)
    })
    test.for(allow)('and nothing of it can be left out: %s', async (permission, { aws }) => {
      const { clients } = aws.addUser({ name: 'deployer', allow: allow.filter((other) => other !== permission) })
      const twice = async () => {
        await publish(clients.s3, release)
        await publish(clients.s3, release)
      }
      // A head has no body, so that its refusal has no name but the status.
      await expect(twice()).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } })
    })
    test('a reply that is lost is no failure', async ({ aws }) => {
      aws.faults.add({ action: 'PutObject', fault: { kind: 'lost-reply' } })
      expect(await publish(aws.clients.s3, release)).toBe('there already')
      expect(aws.calls.map(({ action, status }) => action + ' ' + status)).toEqual([
        'PutObject 0',
        'PutObject 412',
        'HeadObject 200',
      ])
    })
    `,
  )
  expect(run('npx', ['--no-install', 'vitest', 'run', 'publish.test.mjs'])).toMatch(/Tests\s+4 passed/)
})
