import { Agent } from 'node:http'
import type { Socket } from 'node:net'
import { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { codeIn, running, send, sendSigned, sign } from '../running.ts'

const Bucket = 'bucket'
const buckets = [{ name: Bucket }]
const versioned = [{ name: Bucket, versioned: true }]

describe('If-None-Match: * on a put', () => {
  test('creates what is not there, and leaves alone what is', async () => {
    const { s3 } = (await running({ buckets })).clients
    const put = (Body: string) => s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body, IfNoneMatch: '*' }))
    await put('first')
    await expect(put('second')).rejects.toMatchObject({
      name: 'PreconditionFailed',
      $metadata: { httpStatusCode: 412 },
    })
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: 'k' }))
    expect(await Body?.transformToString()).toBe('first')
  })

  test('lets exactly one of twenty writers at once through', async () => {
    const { s3 } = (await running({ buckets })).clients
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: `writer ${index}`, IfNoneMatch: '*' })),
      ),
    )
    const winners = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []))
    expect(winners).toHaveLength(1)
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ name: 'PreconditionFailed' })
    }
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: 'k' }))
    expect(await Body?.transformToString()).toBe(`writer ${winners[0]}`)
  })

  test('creates behind a delete marker', async () => {
    const { s3 } = (await running({ buckets: versioned })).clients
    const put = () => s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x', IfNoneMatch: '*' }))
    await put()
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'k' }))
    await put()
    await expect(put()).rejects.toMatchObject({ name: 'PreconditionFailed' })
  })

  test('answers 409 where the key was deleted while the body came in', async () => {
    const aws = await running({ buckets })
    const { request } = sign(
      aws.endpoint,
      { method: 'PUT', path: '/bucket/k', headers: { 'if-none-match': '*', 'content-length': '5' } },
      { credentials: aws.credentials, payload: 'UNSIGNED-PAYLOAD' },
    )
    const { request: open } = await import('node:http')
    const url = new URL(aws.endpoint)
    const answered = new Promise<number>((resolve, reject) => {
      const outgoing = open(
        {
          host: url.hostname,
          port: url.port,
          method: 'PUT',
          path: '/bucket/k',
          headers: { ...request.headers, expect: '100-continue' },
        },
        (response) => {
          response.resume()
          resolve(response.statusCode ?? 0)
        },
      )
      outgoing.on('error', reject)
      // The server says so when the write has begun.
      outgoing.on('continue', () => {
        aws.clients.s3.send(new DeleteObjectCommand({ Bucket, Key: 'k' })).then(() => outgoing.end('hello'), reject)
      })
      outgoing.flushHeaders()
    })
    expect(await answered).toBe(409)
    await expect(aws.clients.s3.send(new HeadObjectCommand({ Bucket, Key: 'k' }))).rejects.toMatchObject({
      name: 'NotFound',
    })
  })

  test('with an ETag in place of the star is not implemented, as on AWS', async () => {
    const aws = await running({ buckets })
    const response = await sendSigned(aws, {
      method: 'PUT',
      path: '/bucket/k',
      headers: { 'if-none-match': '"abc"', 'content-length': '0' },
    })
    expect([response.status, codeIn(response)]).toEqual([501, 'NotImplemented'])
  })
})

describe('If-Match on a put', () => {
  test('replaces the object of that ETag, once', async () => {
    const { s3 } = (await running({ buckets })).clients
    const { ETag } = await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'first' }))
    const put = (Body: string) => s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body, IfMatch: ETag }))
    await put('second')
    await expect(put('third')).rejects.toMatchObject({ name: 'PreconditionFailed' })
  })

  test('lets exactly one of twenty writers at once through', async () => {
    const { s3 } = (await running({ buckets })).clients
    const { ETag } = await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'first' }))
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: `writer ${index}`, IfMatch: ETag })),
      ),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('answers 404 where there is no object', async () => {
    const { s3 } = (await running({ buckets: versioned })).clients
    const put = () => s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x', IfMatch: '"abc"' }))
    await expect(put()).rejects.toMatchObject({ name: 'NoSuchKey' })
    await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }))
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'k' }))
    await expect(put()).rejects.toMatchObject({ name: 'NoSuchKey' })
  })
})

describe('If-Match on a deletion', () => {
  test('deletes the object of that ETag only', async () => {
    const { s3 } = (await running({ buckets })).clients
    const { ETag } = await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }))
    const remove = (IfMatch: string | undefined) => s3.send(new DeleteObjectCommand({ Bucket, Key: 'k', IfMatch }))
    await expect(remove('"abc"')).rejects.toMatchObject({ name: 'PreconditionFailed' })
    await remove(ETag)
    await expect(remove(ETag)).rejects.toMatchObject({ name: 'NoSuchKey' })
  })
})

describe('a conditional read', () => {
  const past = 'Thu, 01 Jan 2015 00:00:00 GMT'
  const future = 'Fri, 01 Jan 2100 00:00:00 GMT'
  const eTag = '"9dd4e461268c8034f5c8564e155c67a6"' // of "x"

  test.each([
    [200, { 'if-match': eTag }],
    [200, { 'if-match': '*' }],
    [200, { 'if-match': `"abc", ${eTag}` }],
    [412, { 'if-match': '"abc"' }],
    [304, { 'if-none-match': eTag }],
    [304, { 'if-none-match': '*' }],
    [200, { 'if-none-match': '"abc"' }],
    [304, { 'if-modified-since': future }],
    [200, { 'if-modified-since': past }],
    [412, { 'if-unmodified-since': past }],
    [200, { 'if-unmodified-since': future }],
    // RFC 9110: the tag decides where both are sent.
    [200, { 'if-match': eTag, 'if-unmodified-since': past }],
    [304, { 'if-none-match': eTag, 'if-modified-since': past }],
    [200, { 'if-none-match': '"abc"', 'if-modified-since': future }],
  ])('answers %i to %j', async (status, headers) => {
    const aws = await running({ buckets })
    await aws.clients.s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }))
    for (const method of ['GET', 'HEAD']) {
      const response = await sendSigned(aws, { method, path: '/bucket/k', headers: { ...headers } })
      expect(response.status).toBe(status)
      if (status === 304) expect(response).toMatchObject({ text: '', headers: { etag: eTag } })
    }
  })
})

test('a request that is refused before its body was read leaves the connection usable', async () => {
  const aws = await running({ buckets })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ports = new Set<number | undefined>()
  agent.on('free', (socket: Socket) => ports.add(socket.localPort))
  const body = Buffer.alloc(2_000_000)
  const put = { method: 'PUT', path: '/nowhere/k', body, headers: { 'content-length': String(body.length) } }
  const { request } = sign(aws.endpoint, put, { credentials: aws.credentials })
  for (let round = 0; round < 2; round++) {
    const refused = await send(aws.endpoint, request, agent)
    expect([refused.status, codeIn(refused)]).toEqual([404, 'NoSuchBucket'])
  }
  await new Promise((resolve) => setImmediate(resolve))
  expect(ports.size).toBe(1)
  agent.destroy()
})
