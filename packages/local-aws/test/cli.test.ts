import { execFile, execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, realpathSync, utimesSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import { missingTools, temporaryFolder, withTools } from '@fairlead/test-support'
import { describe, expect } from 'vitest'
import { zip } from './codedeploy/zip.ts'
import { running } from './running.ts'

const run = promisify(execFile)
const buckets = [{ name: 'bucket', versioned: true }]

/** Every `aws` of the PATH: Debian's, which is old, and a newer one where somebody installed it. */
const installed = [
  ...new Set(
    (process.env['PATH'] ?? '')
      .split(delimiter)
      .map((folder) => join(folder, 'aws'))
      .filter((path) => existsSync(path))
      .map((path) => realpathSync(path)),
  ),
]
/** A CLI takes a second to start: where nobody asked for all of them, the first has to do. */
const all = process.env['FAIRLEAD_REQUIRE_TOOLS'] ?? process.env['FAIRLEAD_LONG']
const programs = all === undefined ? installed.slice(0, 1) : installed

/** Whether it is as new as these: versions 1 and 2 gain the same things at different times. */
function isSince(program: string, minors: { readonly 1: number; readonly 2: number }): boolean {
  const version = execFileSync(program, ['--version']).toString()
  const [, major = '0', minor = '0'] = /aws-cli\/(\d+)\.(\d+)/.exec(version) ?? []
  return Number(minor) >= minors[major === '1' ? 1 : 2]
}

/** The CLI against a server. Debian's ignores the endpoint variables, so that the flag is always given. */
async function cli(program: string, options: Parameters<typeof running>[0] = {}) {
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
      (await run(program, ['--endpoint-url', server.endpoint, '--output', 'json', ...words], { env })).stdout,
  }
}

const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex')

/** Puts the folder into the bucket as a revision of shop; answers its location in the words of create-deployment. */
async function push(
  aws: (...words: readonly string[]) => Promise<string>,
  program: string,
  source: string,
): Promise<string> {
  // `deploy push` makes an S3 client of its own, which knows the endpoint by its variable alone; that came with 1.29 and 2.13.
  if (isSince(program, { 1: 29, 2: 13 })) {
    const to = ['--application-name', 'shop', '--s3-location', 's3://bucket/v1.zip'] as const
    const pushed = await aws('deploy', 'push', ...to, '--source', source)
    // It says which command deploys what it pushed.
    const [, location = ''] = /--s3-location (\S+)/.exec(pushed) ?? []
    expect(location).toMatch(/^bucket=bucket,key=v1\.zip,bundleType=zip,eTag=[0-9a-f]{32},version=.{32}$/)
    return location
  }
  const bundle = join(temporaryFolder(), 'v1.zip')
  const files = ['appspec.yml', 'hook.sh'].map((name) => [
    name,
    { text: readFileSync(join(source, name), 'utf8'), mode: 0o755 },
  ])
  writeFileSync(bundle, zip(Object.fromEntries(files) as Parameters<typeof zip>[0]))
  await aws('s3', 'cp', bundle, 's3://bucket/v1.zip')
  const location = 'bucket=bucket,key=v1.zip,bundleType=zip'
  await aws('deploy', 'register-application-revision', '--application-name', 'shop', '--s3-location', location)
  return location
}

describe.each(programs.length > 0 ? programs : ['aws'])('%s', (program) => {
  withTools(
    ['aws'],
    'copies files up and down, small, and large in parts',
    async () => {
      const { aws } = await cli(program)
      const [up, down] = [temporaryFolder(), temporaryFolder()]
      const contents = {
        'small.bin': randomBytes(1),
        'large.bin': randomBytes(9 * 1024 ** 2),
        'larger.bin': Buffer.alloc(200 * 1024 ** 2, randomBytes(1024)),
      }
      for (const [name, bytes] of Object.entries(contents)) writeFileSync(join(up, name), bytes)
      await aws('s3', 'mb', 's3://made')
      await aws('s3', 'cp', '--recursive', up, 's3://made/a b')
      expect(await aws('s3', 'ls', 's3://made/a b/')).toMatch(
        / 9437184 large\.bin\n.* 209715200 larger\.bin\n.* 1 small\.bin\n$/,
      )
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
      const { aws, env } = await cli(program, { buckets, region: 'eu-central-1' })
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
      if (missingTools('curl').length === 0) {
        expect((await run('curl', ['--silent', '--show-error', '--fail', url])).stdout).toBe('two')
      }
      expect(url).toContain(env['AWS_ACCESS_KEY_ID'])
    },
    60_000,
  )

  withTools(
    ['aws'],
    'reads secrets and says who it is',
    async () => {
      const { aws } = await cli(program, { secrets: { 'shop/dev/env': 'A=1\n' } })
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
      const { aws, env, server } = await cli(program, { buckets })
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
      const refused = run(program, ['--endpoint-url', server.endpoint, 's3', 'ls'], { env: forged })
      await expect(refused).rejects.toThrow('SignatureDoesNotMatch')
    },
    60_000,
  )

  withTools(
    ['aws'],
    'uploads in parts, completes them, and refuses what a condition refuses',
    async () => {
      const { aws } = await cli(program, { buckets })
      const folder = temporaryFolder()
      writeFileSync(join(folder, 'part'), 'only part')
      const place = ['--bucket', 'bucket', '--key', 'k'] as const
      const { UploadId } = JSON.parse(await aws('s3api', 'create-multipart-upload', ...place)) as { UploadId: string }
      const upload = [...place, '--upload-id', UploadId] as const
      const part = await aws('s3api', 'upload-part', ...upload, '--part-number', '1', '--body', join(folder, 'part'))
      const { ETag } = JSON.parse(part) as { ETag: string }
      expect(JSON.parse(await aws('s3api', 'list-parts', ...upload))).toMatchObject({
        Parts: [{ PartNumber: 1, ETag }],
      })
      const checksums = Object.entries(JSON.parse(part) as Record<string, string>).filter(([name]) =>
        name.startsWith('Checksum'),
      )
      const parts = JSON.stringify({ Parts: [{ PartNumber: 1, ETag, ...Object.fromEntries(checksums) }] })
      const completed = await aws('s3api', 'complete-multipart-upload', ...upload, '--multipart-upload', parts)
      const { ETag: whole } = JSON.parse(completed) as { ETag: string }
      await aws('s3api', 'get-object', ...place, join(folder, 'down'))
      expect(readFileSync(join(folder, 'down'), 'utf8')).toBe('only part')
      // https://github.com/aws/aws-cli: conditional puts came with 1.34.3 and 2.17.34.
      if (!isSince(program, { 1: 35, 2: 18 })) return
      const put = ['s3api', 'put-object', ...place, '--body', join(folder, 'part')] as const
      await expect(aws(...put, '--if-none-match', '*')).rejects.toThrow('PreconditionFailed')
      const { ETag: replaced } = JSON.parse(await aws(...put, '--if-match', whole)) as { ETag: string }
      expect(replaced).toBe(`"${createHash('md5').update('only part').digest('hex')}"`)
      await expect(aws(...put, '--if-match', whole)).rejects.toThrow('PreconditionFailed')
    },
    60_000,
  )

  withTools(
    ['aws'],
    'rotates a secret by the function of the test',
    async () => {
      const { aws, server } = await cli(program, {
        secrets: { a: 'first' },
        rotate: async ({ Step, SecretId, ClientRequestToken }, { clients }) => {
          if (Step !== 'createSecret') return
          // The shortest rotation there is: the new value is current at once.
          await clients.secretsManager.send(
            new PutSecretValueCommand({ SecretId, ClientRequestToken, SecretString: 'second' }),
          )
        },
      })
      const RotationLambdaARN = 'arn:aws:lambda:us-east-1:123456789012:function:rotate'
      const rotate = ['rotate-secret', '--secret-id', 'a', '--rotation-lambda-arn', RotationLambdaARN] as const
      await aws('secretsmanager', ...rotate, '--rotation-rules', 'AutomaticallyAfterDays=30')
      await server.whenIdle()
      const described: unknown = JSON.parse(await aws('secretsmanager', 'describe-secret', '--secret-id', 'a'))
      expect(described).toMatchObject({ RotationEnabled: true, RotationLambdaARN })
      const value = await aws('secretsmanager', 'get-secret-value', '--secret-id', 'a')
      expect(JSON.parse(value)).toMatchObject({ SecretString: 'second' })
    },
    60_000,
  )

  withTools(
    ['aws'],
    'pushes a revision, deploys it and waits for its success',
    async () => {
      const root = temporaryFolder()
      const [source, host] = [join(root, 'source'), join(root, 'web-1')]
      for (const folder of [source, host]) mkdirSync(folder)
      writeFileSync(
        join(source, 'appspec.yml'),
        'version: 0.0\nos: linux\nhooks:\n  AfterInstall:\n    - location: hook.sh\n',
      )
      writeFileSync(join(source, 'hook.sh'), '#!/bin/sh\necho ran > "$TRACE"\n', { mode: 0o755 })
      const { aws, server } = await cli(program, {
        buckets,
        hosts: [{ name: 'web-1', folder: host, environment: { TRACE: join(root, 'trace') } }],
        applications: [{ name: 'shop', groups: [{ name: 'dev', hosts: ['web-1'] }] }],
      })
      const location = await push(aws, program, source)
      const created = await aws(
        'deploy',
        'create-deployment',
        '--application-name',
        'shop',
        '--deployment-group-name',
        'dev',
        '--s3-location',
        location,
      )
      const { deploymentId } = JSON.parse(created) as { deploymentId: string }
      await server.whenIdle()
      await aws('deploy', 'wait', 'deployment-successful', '--deployment-id', deploymentId)
      const answer: unknown = JSON.parse(await aws('deploy', 'get-deployment', '--deployment-id', deploymentId))
      expect(answer).toMatchObject({ deploymentInfo: { deploymentId, status: 'Succeeded', applicationName: 'shop' } })
      expect(readFileSync(join(root, 'trace'), 'utf8')).toBe('ran\n')
    },
    90_000,
  )
})
