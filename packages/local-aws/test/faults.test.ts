import { CreateDeploymentCommand } from '@aws-sdk/client-codedeploy'
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import { systemClock } from '@fairlead/core'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Fault, LocalAws, LocalAwsOptions } from '../src/index.ts'
import { running, send, sendSigned } from './running.ts'

const buckets = [{ name: 'bucket', objects: { k: 'x'.repeat(100_000) } }]

/** A client that tries once, so that each fault is seen. */
async function single(options: LocalAwsOptions = {}): Promise<{ readonly aws: LocalAws; readonly s3: S3Client }> {
  const aws = await running({ buckets, ...options })
  const { endpoint, region, credentials } = aws
  const s3 = new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1 })
  onTestFinished(() => s3.destroy())
  return { aws, s3 }
}

const get = new GetObjectCommand({ Bucket: 'bucket', Key: 'k' })
const read = async (s3: S3Client) => (await s3.send(get)).Body?.transformToByteArray()

describe('a fault on order', () => {
  test('meets the third call of an action and no other', async () => {
    const { aws, s3 } = await single()
    const fault: Fault = { kind: 'error', code: 'InternalError', message: 'as ordered' }
    const ordered = aws.faults.add({ action: 'HeadObject', nth: 3, fault })
    const outcomes: string[] = []
    for (let call = 1; call <= 5; call++) {
      await read(s3)
      await s3.send(new HeadObjectCommand({ Bucket: 'bucket', Key: 'k' })).then(
        () => outcomes.push('done'),
        (error: { $metadata: { httpStatusCode: number } }) => outcomes.push(String(error.$metadata.httpStatusCode)),
      )
    }
    expect(outcomes).toEqual(['done', 'done', '500', 'done', 'done'])
    expect(ordered.hits).toBe(1)
    expect(aws.calls.flatMap(({ fault: kind, action }) => (kind ? [`${action} ${kind}`] : []))).toEqual([
      'HeadObject error',
    ])
  })

  test('is an error of any name, with the status that AWS gives it', async () => {
    const { aws, s3 } = await single()
    aws.faults.add({ action: 's3:GetObject', fault: { kind: 'error', code: 'SlowDown' } })
    await expect(s3.send(get)).rejects.toMatchObject({ name: 'SlowDown', $metadata: { httpStatusCode: 503 } })
    aws.faults.add({ action: 's3:*', fault: { kind: 'error', code: 'Teapot', status: 418 } })
    await expect(s3.send(get)).rejects.toMatchObject({ name: 'Teapot', $metadata: { httpStatusCode: 418 } })
    await expect(read(s3)).resolves.toHaveLength(100_000)
  })

  test('is throttling, which the SDK waits out', async () => {
    const aws = await running({ buckets, secrets: { a: 'value' } })
    aws.faults.add({ action: 'GetSecretValue', fault: { kind: 'throttled' } })
    aws.faults.add({ action: 'GetObject', fault: { kind: 'throttled' } })
    await read(aws.clients.s3)
    await aws.clients.secretsManager.send(new GetSecretValueCommand({ SecretId: 'a' }))
    expect(aws.calls.map(({ status }) => status)).toEqual([503, 200, 400, 200])
  })

  test('of CodeDeploy is thrown as its own exception', async () => {
    const aws = await running({ buckets })
    aws.faults.add({ action: 'CreateDeployment', fault: { kind: 'error', code: 'DeploymentLimitExceededException' } })
    const create = new CreateDeploymentCommand({ applicationName: 'shop' })
    await expect(aws.clients.codeDeploy.send(create)).rejects.toMatchObject({
      name: 'DeploymentLimitExceededException',
    })
  })

  test('is a delay by the clock of the server', async () => {
    const slept: number[] = []
    const clock = { ...systemClock, sleep: async (ms: number) => void slept.push(ms) }
    const { aws, s3 } = await single({ clock })
    aws.faults.add({ action: 'GetObject', fault: { kind: 'delayed', delayMs: 3_600_000 } })
    await expect(read(s3)).resolves.toHaveLength(100_000)
    expect(slept).toEqual([3_600_000])
  })

  test('cuts a put in the middle of its body, and nothing of it is there', async () => {
    const { aws, s3 } = await single()
    aws.faults.add({ action: 'PutObject', fault: { kind: 'cut-request', afterBytes: 200_000 } })
    const put = new PutObjectCommand({ Bucket: 'bucket', Key: 'new', Body: Buffer.alloc(1_000_000) })
    await expect(s3.send(put)).rejects.toThrow()
    expect(aws.inspect.findObject({ bucket: 'bucket', key: 'new' })).toBeUndefined()
    expect(aws.calls.at(-1)).toMatchObject({ action: 'PutObject', status: 0, fault: 'cut-request' })
  })

  test('cuts an answer after so many bytes', async () => {
    const { aws } = await single()
    aws.faults.add({ action: 'GetObject', fault: { kind: 'cut-answer', afterBytes: 70_000 } })
    const response = await fetchSigned(aws, '/bucket/k')
    await expect(response.arrayBuffer()).rejects.toThrow()
  })

  test('truncates an answer so that its length agrees', async () => {
    const { aws } = await single()
    aws.faults.add({ action: 'GetObject', fault: { kind: 'truncated' } })
    const response = await fetchSigned(aws, '/bucket/k')
    expect(response.headers.get('content-length')).toBe('50000')
    expect((await response.arrayBuffer()).byteLength).toBe(50_000)
    aws.faults.add({ action: 'ListObjectsV2', fault: { kind: 'truncated' } })
    const { text } = await sendSigned(aws, { path: '/bucket?list-type=2' })
    expect(text).toContain('<ListBucketResult')
    expect(text).not.toContain('</ListBucketResult>')
  })

  test('corrupts an answer, which the checksum of the SDK finds', async () => {
    const { aws, s3 } = await single()
    aws.faults.add({ action: 'GetObject', fault: { kind: 'corrupt' } })
    await expect(read(s3)).rejects.toThrow(/checksum/i)
  })

  test('is a page of HTML', async () => {
    const { aws, s3 } = await single()
    aws.faults.add({ action: '*', times: Infinity, fault: { kind: 'html', status: 502 } })
    const page = await send(aws.endpoint, { path: '/bucket/k' })
    expect([page.status, page.headers['content-type']]).toEqual([502, 'text/html; charset=utf-8'])
    expect(page.text).toMatch(/^<!DOCTYPE html>/)
    await expect(s3.send(new ListObjectsV2Command({ Bucket: 'bucket' }))).rejects.toThrow()
    aws.faults.clear()
    await s3.send(new ListObjectsV2Command({ Bucket: 'bucket' }))
  })

  test('loses a reply after the call took effect, so that a conditional put finds its own object', async () => {
    const { aws } = await single()
    aws.faults.add({ action: 'PutObject', fault: { kind: 'lost-reply' } })
    const put = new PutObjectCommand({ Bucket: 'bucket', Key: 'once', Body: 'x', IfNoneMatch: '*' })
    await expect(aws.clients.s3.send(put)).rejects.toMatchObject({ name: 'PreconditionFailed' })
    expect(aws.calls.map(({ status, fault }) => [status, fault])).toEqual([
      [0, 'lost-reply'],
      [412, undefined],
    ])
    expect(aws.inspect.findObject({ bucket: 'bucket', key: 'once' })?.sizeBytes).toBe(1)
  })

  test('meets only the resource that it names, and can be taken back', async () => {
    const { aws, s3 } = await single()
    const ordered = aws.faults.add({
      action: 'PutObject',
      resource: 'arn:aws:s3:::bucket/locks/*',
      times: Infinity,
      fault: { kind: 'error', code: 'ConditionalRequestConflict' },
    })
    const put = (Key: string) => s3.send(new PutObjectCommand({ Bucket: 'bucket', Key, Body: 'x' }))
    await put('other')
    await expect(put('locks/a')).rejects.toMatchObject({ $metadata: { httpStatusCode: 409 } })
    ordered.remove()
    await put('locks/a')
  })

  test('can wait from the start, as an option', async () => {
    const { s3 } = await single({ faults: [{ action: 'GetObject', fault: { kind: 'throttled' } }] })
    await expect(s3.send(get)).rejects.toMatchObject({ name: 'SlowDown' })
  })

  test.each([
    ['a kind that is none', { action: '*', fault: { kind: 'slow' } }, 'fault.kind'],
    ['no code', { action: '*', fault: { kind: 'error' } }, 'fault.code'],
    ['no action', { fault: { kind: 'html' } }, 'action'],
    ['a call before the first', { action: '*', nth: 0, fault: { kind: 'html' } }, 'nth'],
    ['a delay that is none', { action: '*', fault: { kind: 'delayed', delayMs: -1 } }, 'fault.delayMs'],
    ['a status that is none', { action: '*', fault: { kind: 'html', status: 99 } }, 'fault.status'],
  ])('is refused with %s', async (_, rule, option) => {
    const aws = await running()
    expect(() => aws.faults.add(rule as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', context: expect.objectContaining({ option }) }),
    )
  })
})

describe('a storm', () => {
  const outcomes = async (seed: number) => {
    const { aws, s3 } = await single()
    aws.faults.storm({ seed, rate: 0.4, actions: ['HeadObject'] })
    for (let call = 0; call < 40; call++) {
      await s3.send(new HeadObjectCommand({ Bucket: 'bucket', Key: 'k' })).catch(() => {})
    }
    return aws.calls.map(({ fault }) => fault ?? '-').join(' ')
  }

  test('is the same for the same seed', async () => {
    const [first, again, other] = [await outcomes(7), await outcomes(7), await outcomes(8)]
    expect(again).toBe(first)
    expect(other).not.toBe(first)
    const met = first.split(' ').filter((kind) => kind !== '-')
    expect(met.length).toBeGreaterThan(5)
    expect(met.length).toBeLessThan(35)
    expect(new Set(met).size).toBeGreaterThan(2)
  })

  test('leaves nothing half done: whatever was acknowledged is whole', async () => {
    const { aws, s3 } = await single()
    aws.faults.storm({ seed: 42, rate: 0.5 })
    const acknowledged: string[] = []
    for (let index = 0; index < 60; index++) {
      const Body = Buffer.alloc(10_000, index)
      const put = new PutObjectCommand({ Bucket: 'bucket', Key: `n/${index}`, Body, IfNoneMatch: '*' })
      await s3.send(put).then(
        () => acknowledged.push(`n/${index}`),
        () => {},
      )
    }
    aws.faults.clear()
    expect(acknowledged.length).toBeGreaterThan(10)
    for (const { key } of aws.inspect.objects({ bucket: 'bucket', prefix: 'n/' })) {
      const bytes = await aws.inspect.readObject({ bucket: 'bucket', key })
      expect(bytes.equals(Buffer.alloc(10_000, Number(key.slice(2))))).toBe(true)
    }
    const keys = aws.inspect.objects({ bucket: 'bucket', prefix: 'n/' }).map(({ key }) => key)
    expect(acknowledged.filter((key) => !keys.includes(key))).toEqual([])
  })

  test.each([
    ['a rate above one', { seed: 1, rate: 2 }, 'rate'],
    ['no seed', { rate: 0.5 }, 'seed'],
    ['no fault', { seed: 1, rate: 0.5, faults: [] }, 'faults'],
  ])('is refused with %s', async (_, storm, option) => {
    const aws = await running()
    expect(() => aws.faults.storm(storm as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', context: expect.objectContaining({ option }) }),
    )
  })
})

/** A signed GET by `fetch`, whose body comes as a stream. */
async function fetchSigned(aws: LocalAws, path: string): Promise<Response> {
  const { sign } = await import('./running.ts')
  const { request } = sign(aws.endpoint, { path }, { credentials: aws.credentials })
  const { host: _host, ...headers } = request.headers ?? {}
  return fetch(aws.endpoint + path, { headers })
}
