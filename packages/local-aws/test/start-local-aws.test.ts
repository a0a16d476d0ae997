import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CreateDeploymentCommand } from '@aws-sdk/client-codedeploy'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { GetSecretValueCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { coreErrors, isDeployError, systemClock } from '@fairlead/core'
import { canary, temporaryFolder } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import { startLocalAws, type BucketSeed, type LocalAwsEvent, type LocalAwsOptions } from '../src/index.ts'
import { zip } from './codedeploy/zip.ts'
import { running, sendSigned } from './running.ts'

const dist = new URL('../dist/index.js', import.meta.url).href
const run = promisify(execFile)

/** Runs a script in a process of its own, from what was built. */
function inProcess(source: string, environment: Readonly<Record<string, string>> = {}) {
  return run(process.execPath, ['--no-warnings', '--input-type=module', '--eval', source], {
    env: { PATH: process.env['PATH'], ...environment },
  })
}

describe('startLocalAws', () => {
  test('answers on loopback alone', async () => {
    const { endpoint } = await running()
    expect(endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    const elsewhere = new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(endpoint).port), '127.0.0.2', () =>
        reject(new Error('it answers there too')),
      )
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
    })
    expect(await elsewhere).toBe('ECONNREFUSED')
  })

  test('runs any number side by side, each with credentials and contents of its own', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => running({ buckets: [{ name: 'bucket' }] })))
    for (const read of [
      (aws: (typeof all)[number]) => aws.endpoint,
      (aws: (typeof all)[number]) => aws.credentials.accessKeyId,
    ]) {
      expect(new Set(all.map(read)).size).toBe(5)
    }
    const [first, second] = all
    await first?.clients.s3.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'k', Body: 'x' }))
    const seen = await second?.clients.s3.send(new ListObjectsV2Command({ Bucket: 'bucket' }))
    expect(seen?.KeyCount).toBe(0)
    const crossed = new S3Client({
      endpoint: second?.endpoint ?? '',
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: first?.credentials ?? { accessKeyId: '', secretAccessKey: '' },
    })
    await expect(crossed.send(new ListObjectsV2Command({ Bucket: 'bucket' }))).rejects.toMatchObject({
      name: 'InvalidAccessKeyId',
    })
    crossed.destroy()
  })

  test('says who calls', async () => {
    const { clients } = await running({ account: '111122223333', region: 'eu-central-1' })
    const identity = await clients.sts.send(new GetCallerIdentityCommand({}))
    expect(identity).toMatchObject({ Account: '111122223333', Arn: 'arn:aws:iam::111122223333:user/local-aws' })
    expect(identity.UserId).toMatch(/^AIDA[A-Z2-7]{17}$/)
  })

  test('refuses an unsigned or unknown question to STS', async () => {
    const aws = await running()
    const ask = (body: string, secretAccessKey = aws.credentials.secretAccessKey) =>
      sendSigned(
        aws,
        { method: 'POST', path: '/', body, headers: { 'content-type': 'application/x-www-form-urlencoded' } },
        { service: 'sts', credentials: { ...aws.credentials, secretAccessKey } },
      )
    const identity = 'Action=GetCallerIdentity&Version=2011-06-15'
    expect((await ask(identity)).status).toBe(200)
    expect(await ask(identity, 'wrong')).toMatchObject({
      status: 403,
      text: expect.stringContaining('<Code>SignatureDoesNotMatch</Code>'),
    })
    expect(await ask('Action=AssumeRole')).toMatchObject({
      status: 501,
      text: expect.stringContaining('sts:AssumeRole'),
    })
  })

  test('records what was called, and no value', async () => {
    const secret = canary()
    const events: LocalAwsEvent[] = []
    const aws = await running({
      buckets: [{ name: 'bucket' }],
      secrets: { name: secret.value },
      onEvent: (event) => events.push(event),
    })
    const { s3, secretsManager } = aws.clients
    await s3.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'a/b', Body: secret.value }))
    await s3.send(new HeadObjectCommand({ Bucket: 'bucket', Key: 'none' })).catch(() => {})
    await secretsManager.send(new GetSecretValueCommand({ SecretId: 'name' }))
    await secretsManager.send(new PutSecretValueCommand({ SecretId: 'name', SecretString: `${secret.value}2` }))
    const { at, ...first } = aws.calls[0] as (typeof aws.calls)[number]
    expect(Number.isNaN(Date.parse(at))).toBe(false)
    expect(first).toEqual({
      service: 's3',
      action: 'PutObject',
      permissions: ['s3:PutObject'],
      resource: 'arn:aws:s3:::bucket/a/b',
      status: 200,
    })
    expect(aws.calls.map(({ action, permissions, status }) => [action, ...permissions, status])).toEqual([
      ['PutObject', 's3:PutObject', 200],
      ['HeadObject', 's3:GetObject', 404],
      ['GetSecretValue', 'secretsmanager:GetSecretValue', 200],
      ['PutSecretValue', 'secretsmanager:PutSecretValue', 200],
    ])
    expect(events.map(({ type }) => type)).toEqual(Array(4).fill('local-aws.call-answered'))
    expect(secret.leaksInto(JSON.stringify([aws.calls, events]))).toBe(false)
  })

  test('dates what it makes by the clock that it is given, and signatures by the real one', async () => {
    const clock = { ...systemClock, now: () => Date.parse('2001-02-03T04:05:06Z') }
    const { clients, calls } = await running({ buckets: [{ name: 'bucket' }], clock })
    await clients.s3.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'k', Body: 'x' }))
    const head = await clients.s3.send(new HeadObjectCommand({ Bucket: 'bucket', Key: 'k' }))
    expect(head.LastModified?.toISOString()).toBe('2001-02-03T04:05:06.000Z')
    expect(calls[0]?.at).toBe('2001-02-03T04:05:06.000Z')
  })

  test('stops before it has begun where it is cancelled', async () => {
    const reason = new Error('no more')
    await expect(startLocalAws({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  test('tells at its end what onEvent threw', async () => {
    const aws = await startLocalAws({
      onEvent: () => {
        throw new Error('the listener failed')
      },
    })
    await aws.clients.sts.send(new GetCallerIdentityCommand({}))
    await expect(aws.close()).rejects.toThrow('the listener failed')
  })

  test('loads no client of the SDK before one is asked for', async () => {
    const loaded = `createRequire(import.meta.url)('node:module')._cache`
    const { stdout } = await inProcess(`
      import { createRequire } from 'node:module'
      const sdk = () => Object.keys(${loaded}).filter((path) => path.includes('/@aws-sdk/')).length > 0
      const { startLocalAws } = await import(${JSON.stringify(dist)})
      const aws = await startLocalAws()
      const before = sdk()
      void aws.clients.sts
      console.log(before, sdk())
      await aws.close()
    `)
    expect(stdout.trim()).toBe('false true')
  })
})

test('a process waits for a large seed, and ends without waiting for the thread that wrote it', async () => {
  const { stdout } = await inProcess(`
    const { startLocalAws } = await import(${JSON.stringify(dist)})
    const aws = await startLocalAws({ buckets: [{ name: 'bucket', objects: { k: new Uint8Array(3_000_000) } }] })
    console.log(aws.inspect.findObject({ bucket: 'bucket', key: 'k' }).sizeBytes)
    await aws.close()
  `)
  expect(stdout.trim()).toBe('3000000')
})

describe('close', () => {
  test('may be called twice, and leaves no folder, no socket and no timer', async () => {
    const folder = temporaryFolder()
    const { stdout } = await inProcess(
      `
      import { readdirSync } from 'node:fs'
      const { startLocalAws } = await import(${JSON.stringify(dist)})
      const aws = await startLocalAws({ buckets: [{ name: 'bucket' }], secrets: { a: 'x' } })
      console.log(readdirSync(process.env.TMPDIR).length)
      await Promise.all([aws.close(), aws.close()])
      await aws[Symbol.asyncDispose]()
      console.log(readdirSync(process.env.TMPDIR).length)
    `,
      { TMPDIR: folder },
    )
    // One for what it keeps, one that leads the CLI here.
    expect(stdout.trim().split('\n')).toEqual(['2', '0'])
  })

  test('cuts a request in the middle of its body, and removes what it had sent', async () => {
    const folder = temporaryFolder()
    const aws = await startLocalAws({ buckets: [{ name: 'bucket' }], folder })
    const url = new URL(aws.endpoint)
    const bodies = join(folder, 's3', 'bodies')
    const path = '/bucket/k'
    const { sign } = await import('./running.ts')
    // Large enough to be written as it comes.
    const { request } = sign(
      aws.endpoint,
      { method: 'PUT', path, headers: { 'content-length': '2000000' } },
      { credentials: aws.credentials, payload: 'UNSIGNED-PAYLOAD' },
    )
    const head = Object.entries(request.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`)
    const cut = new Promise<void>((resolve) => {
      const socket = connect(Number(url.port), url.hostname)
      socket.on('error', () => {})
      socket.on('close', () => resolve())
      socket.write(`PUT ${path} HTTP/1.1\r\n${head.join('')}\r\n${'x'.repeat(1000)}`)
    })
    while (readdirSync(bodies).length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    await aws.close()
    await cut
    expect(readdirSync(bodies)).toEqual([])
  })
})

describe('environment', () => {
  test('points a child process here, whatever credentials it had', async () => {
    const aws = await running({ secrets: { name: 'the value' } })
    const { stdout } = await inProcess(
      `
      import { createRequire } from 'node:module'
      const require = createRequire(${JSON.stringify(import.meta.url)})
      const { SecretsManager } = require('@aws-sdk/client-secrets-manager')
      const { S3 } = require('@aws-sdk/client-s3')
      const { SecretString } = await new SecretsManager({}).getSecretValue({ SecretId: 'name' })
      const { Buckets } = await new S3({}).listBuckets({})
      console.log(SecretString, Buckets?.length ?? 0)
    `,
      { AWS_ACCESS_KEY_ID: 'real', AWS_SESSION_TOKEN: 'real', ...aws.environment },
    )
    expect(stdout.trim()).toBe('the value 0')
  })

  test('of a hook holds the credentials of the role of its host', async () => {
    const root = temporaryFolder()
    mkdirSync(join(root, 'web-1'))
    const aws = await running({
      buckets: [{ name: 'artifacts' }],
      hosts: [
        { name: 'web-1', folder: join(root, 'web-1'), environment: { EXTRA: 'host', TRACE: join(root, 'trace') } },
      ],
      applications: [{ name: 'shop', groups: [{ name: 'dev', hosts: ['web-1'] }] }],
    })
    const script = { text: '#!/bin/sh\nenv > "$TRACE"\n', mode: 0o755 }
    const appSpec = 'version: 0.0\nos: linux\nhooks:\n  AfterInstall:\n    - location: hook.sh\n'
    const Body = zip({ 'appspec.yml': appSpec, 'hook.sh': script })
    await aws.clients.s3.send(new PutObjectCommand({ Bucket: 'artifacts', Key: 'v1.zip', Body }))
    await aws.clients.codeDeploy.send(
      new CreateDeploymentCommand({
        applicationName: 'shop',
        deploymentGroupName: 'dev',
        revision: { revisionType: 'S3', s3Location: { bucket: 'artifacts', key: 'v1.zip', bundleType: 'zip' } },
      }),
    )
    await aws.whenIdle()
    const seen = Object.fromEntries(
      readFileSync(join(root, 'trace'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    )
    expect(seen).toMatchObject({ EXTRA: 'host', AWS_ENDPOINT_URL: aws.endpoint, AWS_REGION: 'us-east-1' })
    expect(seen['AWS_ACCESS_KEY_ID']).not.toBe(aws.credentials.accessKeyId)
    const role = {
      accessKeyId: seen['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: seen['AWS_SECRET_ACCESS_KEY'] ?? '',
    }
    const whoAmI = async (credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }) => {
      const sts = new STSClient({ endpoint: aws.endpoint, region: aws.region, credentials })
      try {
        return (await sts.send(new GetCallerIdentityCommand({}))).Arn
      } finally {
        sts.destroy()
      }
    }
    expect(await whoAmI({ ...role, sessionToken: seen['AWS_SESSION_TOKEN'] ?? '' })).toMatch(
      /^arn:aws:sts::123456789012:assumed-role\/local-aws-host\/i-[0-9a-f]{17}$/,
    )
    await expect(whoAmI(role)).rejects.toMatchObject({ name: 'InvalidClientTokenId' })
  })
})

describe('a folder', () => {
  test('keeps objects, versions and secrets for the next start, and its seeds add to them', async () => {
    const folder = temporaryFolder()
    const options: LocalAwsOptions = {
      folder,
      buckets: [{ name: 'bucket', versioned: true }],
      secrets: { a: 'first' },
    }
    const before = await startLocalAws(options)
    const put = (key: string, body: string) =>
      before.clients.s3.send(
        new PutObjectCommand({ Bucket: 'bucket', Key: key, Body: body, Metadata: { a: '1' }, Tagging: 't=1' }),
      )
    const first = await put('k', 'one')
    await put('k', 'two')
    await put('gone', 'x')
    await before.clients.s3.send(new DeleteObjectCommand({ Bucket: 'bucket', Key: 'gone' }))
    const { ARN } = await before.clients.secretsManager.send(
      new PutSecretValueCommand({ SecretId: 'a', SecretString: 'second' }),
    )
    const versions = await before.clients.s3.send(new ListObjectVersionsCommand({ Bucket: 'bucket' }))
    await before.close()

    const after = await running({ folder, buckets: [{ name: 'bucket' }, { name: 'more' }], secrets: { b: 'new' } })
    const { s3, secretsManager } = after.clients
    const again = await s3.send(new ListObjectVersionsCommand({ Bucket: 'bucket' }))
    expect([again.Versions, again.DeleteMarkers]).toEqual([versions.Versions, versions.DeleteMarkers])
    const old = await s3.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'k', VersionId: first.VersionId }))
    expect(await old.Body?.transformToString()).toBe('one')
    expect(old).toMatchObject({ Metadata: { a: '1' }, TagCount: 1 })
    const { VersionId } = await s3.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'k', Body: 'three' }))
    expect(VersionId).toMatch(/^[A-Za-z0-9._]{32}$/)
    const newest = await s3.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'k' }))
    expect(await newest.Body?.transformToString()).toBe('three')
    const value = await secretsManager.send(new GetSecretValueCommand({ SecretId: 'a' }))
    expect(value).toMatchObject({ SecretString: 'second', ARN })
    const previous = new GetSecretValueCommand({ SecretId: 'a', VersionStage: 'AWSPREVIOUS' })
    expect((await secretsManager.send(previous)).SecretString).toBe('first')
    expect((await secretsManager.send(new GetSecretValueCommand({ SecretId: 'b' }))).SecretString).toBe('new')
    expect(after.credentials).not.toEqual(before.credentials)
  })

  test('keeps no bytes of what was replaced or deleted', async () => {
    const folder = temporaryFolder()
    const aws = await running({ folder, buckets: [{ name: 'bucket' }] })
    const { s3 } = aws.clients
    for (const Body of ['one', 'two']) await s3.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'k', Body }))
    expect(readdirSync(join(folder, 's3', 'bodies'))).toHaveLength(1)
    await s3.send(new DeleteObjectCommand({ Bucket: 'bucket', Key: 'k' }))
    expect(readdirSync(join(folder, 's3', 'bodies'))).toEqual([])
    expect(readdirSync(join(folder, 's3', 'records'))).toEqual(['bucket-bucket.json'])
  })
})

describe('an option that cannot be', () => {
  test.each<[string, string, unknown]>([
    ['an account that is not twelve digits', 'account', { account: '1234' }],
    ['a region that is none', 'region', { region: 'Frankfurt' }],
    ['a port that is none', 'port', { port: 70_000 }],
    ['an empty folder', 'folder', { folder: '' }],
    ['buckets that are no list', 'buckets', { buckets: 'bucket' }],
    ['a bucket whose name S3 refuses', 'buckets[0].name', { buckets: [{ name: 'Bucket' }] }],
    ['two buckets of the same name', 'buckets[1].name', { buckets: [{ name: 'abc' }, { name: 'abc' }] }],
    ['a secret whose name is refused', 'secrets', { secrets: { 'a b': 'x' } }],
    ['an empty secret', 'secrets["a"]', { secrets: { a: '' } }],
    ['a secret that is neither text nor bytes', 'secrets["a"]', { secrets: { a: 1 } }],
    ['a host without a folder', 'hosts[0].folder', { hosts: [{ name: 'web-1' }] }],
    ['null', 'account', { account: null }],
  ])('%s', async (_, option, options) => {
    const error: unknown = await startLocalAws(options as LocalAwsOptions).catch((failure: unknown) => failure)
    expect(isDeployError(error, coreErrors.INVALID_OPTION)).toBe(true)
    expect(error).toMatchObject({ context: { option } })
  })

  test('a name that no option has, with the nearest that one has', async () => {
    const options = { bucket: [] } as LocalAwsOptions
    await expect(startLocalAws(options)).rejects.toMatchObject({
      code: 'UNKNOWN_OPTION',
      context: { nearest: 'buckets' },
    })
    const nested = { buckets: [{ name: 'abc', versioning: true } as BucketSeed] }
    await expect(startLocalAws(nested)).rejects.toMatchObject({
      code: 'UNKNOWN_OPTION',
      context: { nearest: 'versioned' },
    })
  })

  test('never shows the value of a secret', async () => {
    const secret = canary(70_000)
    const error: unknown = await startLocalAws({ secrets: { a: secret.value } }).catch((failure: unknown) => failure)
    expect(String(error)).toContain('1 to 65536 bytes long')
    expect(String(error)).not.toContain(secret.value.slice(0, 4))
  })

  test('leaves nothing running: a group whose host does not exist', async () => {
    const folder = temporaryFolder()
    const { stdout } = await inProcess(
      `
      import { readdirSync } from 'node:fs'
      const { startLocalAws } = await import(${JSON.stringify(dist)})
      const applications = [{ name: 'shop', groups: [{ name: 'dev', hosts: ['web-1'] }] }]
      const code = await startLocalAws({ applications }).catch((error) => error.code)
      console.log(code, readdirSync(process.env.TMPDIR).length)
    `,
      { TMPDIR: folder },
    )
    expect(stdout.trim()).toBe('INVALID_OPTION 0')
  })
})
