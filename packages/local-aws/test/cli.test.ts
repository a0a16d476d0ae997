import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { temporaryFolder, withTools } from '@fairlead/test-support'
import { describe, expect } from 'vitest'
import { running } from './running.ts'

const run = promisify(execFile)
const buckets = [{ name: 'bucket', versioned: true }]

/** The `aws` CLI against a server. Debian's ignores the endpoint variables, so that the flag is always given. */
async function cli(options: Parameters<typeof running>[0] = {}) {
  const server = await running(options)
  const env: NodeJS.ProcessEnv = {
    PATH: process.env['PATH'],
    HOME: temporaryFolder(),
    ...server.environment,
    AWS_PAGER: '',
  }
  return {
    server,
    env,
    aws: async (...words: readonly string[]) =>
      (await run('aws', ['--endpoint-url', server.endpoint, '--output', 'json', ...words], { env })).stdout,
  }
}

const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex')

describe('the aws CLI', () => {
  withTools(
    ['aws'],
    'copies files up and down, small, and large in parts',
    async () => {
      const { aws } = await cli()
      const [up, down] = [temporaryFolder(), temporaryFolder()]
      const contents = { 'small.bin': randomBytes(1), 'large.bin': randomBytes(9 * 1024 ** 2) }
      for (const [name, bytes] of Object.entries(contents)) writeFileSync(join(up, name), bytes)
      await aws('s3', 'mb', 's3://made')
      await aws('s3', 'cp', '--recursive', up, 's3://made/a b')
      expect(await aws('s3', 'ls', 's3://made/a b/')).toMatch(/ 9437184 large\.bin\n.* 1 small\.bin\n$/)
      await aws('s3', 'cp', '--recursive', 's3://made/a b', down)
      for (const [name, bytes] of Object.entries(contents)) {
        expect(md5(readFileSync(join(down, name)))).toBe(md5(bytes))
      }
      await aws('s3', 'rb', '--force', 's3://made')
    },
    60_000,
  )

  withTools(
    ['aws'],
    'synchronises a folder, and presigns what anybody fetches',
    async () => {
      // In us-east-1 the older CLI presigns with Signature Version 2 as long as nobody says otherwise.
      const { aws, env } = await cli({ buckets, region: 'eu-central-1' })
      const folder = temporaryFolder()
      mkdirSync(join(folder, 'sub'))
      writeFileSync(join(folder, 'one.txt'), 'one')
      writeFileSync(join(folder, 'sub', 'zwei ü&+.txt'), 'two')
      // S3 keeps whole seconds: a file of this very second looks newer than what was made of it.
      const minuteAgo = new Date(Date.now() - 60_000)
      for (const name of ['one.txt', 'sub/zwei ü&+.txt']) utimesSync(join(folder, name), minuteAgo, minuteAgo)
      await aws('s3', 'sync', folder, 's3://bucket/prefix')
      expect(await aws('s3', 'sync', folder, 's3://bucket/prefix')).toBe('')
      const url = (await aws('s3', 'presign', 's3://bucket/prefix/sub/zwei ü&+.txt')).trim()
      const fetched = await fetch(url)
      expect([fetched.status, await fetched.text()]).toEqual([200, 'two'])
      expect(url).toContain(env['AWS_ACCESS_KEY_ID'])
    },
    60_000,
  )

  withTools(
    ['aws'],
    'reads secrets and says who it is',
    async () => {
      const { aws } = await cli({ secrets: { 'shop/dev/env': 'A=1\n' } })
      const read = ['secretsmanager', 'get-secret-value', '--secret-id', 'shop/dev/env']
      expect(JSON.parse(await aws(...read))).toMatchObject({ SecretString: 'A=1\n', VersionStages: ['AWSCURRENT'] })
      await aws('secretsmanager', 'create-secret', '--name', 'made', '--secret-string', 'x')
      await expect(aws('secretsmanager', 'create-secret', '--name', 'made', '--secret-string', 'y')).rejects.toThrow(
        'ResourceExistsException',
      )
      const identity: unknown = JSON.parse(await aws('sts', 'get-caller-identity'))
      expect(identity).toMatchObject({ Account: '123456789012', Arn: 'arn:aws:iam::123456789012:user/local-aws' })
    },
    60_000,
  )

  withTools(
    ['aws'],
    'sees versions and markers, and is refused with a wrong secret',
    async () => {
      const { aws, env, server } = await cli({ buckets })
      const file = join(temporaryFolder(), 'f')
      writeFileSync(file, 'x')
      const put: unknown = JSON.parse(
        await aws('s3api', 'put-object', '--bucket', 'bucket', '--key', 'k', '--body', file),
      )
      await aws('s3api', 'delete-object', '--bucket', 'bucket', '--key', 'k')
      expect(JSON.parse(await aws('s3api', 'list-object-versions', '--bucket', 'bucket'))).toMatchObject({
        Versions: [{ Key: 'k', VersionId: (put as { VersionId: string }).VersionId, IsLatest: false }],
        DeleteMarkers: [{ Key: 'k', IsLatest: true }],
      })
      const forged = { ...env, AWS_SECRET_ACCESS_KEY: 'wrong' }
      const refused = run('aws', ['--endpoint-url', server.endpoint, 's3', 'ls'], { env: forged })
      await expect(refused).rejects.toThrow('SignatureDoesNotMatch')
    },
    60_000,
  )
})
