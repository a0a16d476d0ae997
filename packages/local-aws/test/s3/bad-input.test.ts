import { existsSync, readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { temporaryFolder } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import { codeIn, running, send, sendSigned, sign } from '../running.ts'

const buckets = [{ name: 'bucket' }]

describe('what nobody should send', () => {
  test('writes nothing outside the folder, whatever buckets and keys are called', async () => {
    const root = temporaryFolder()
    const folder = join(root, 'data')
    const aws = await running({ folder, buckets })
    for (const key of [
      '../../escape',
      '/etc/passwd',
      '..',
      'a/../../../escape',
      '%2e%2e/escape',
      'a\0b',
      '..\\escape',
    ]) {
      const Body = 'x'
      await aws.clients.s3.send(new PutObjectCommand({ Bucket: 'bucket', Key: key, Body }))
      expect((await aws.inspect.readObject({ bucket: 'bucket', key })).toString()).toBe('x')
    }
    for (const path of ['/..', '/../../escape', '/%2e%2e%2fescape', '/.hidden', '/a%00b', `/${'b'.repeat(64)}`]) {
      const refused = await sendSigned(aws, { method: 'PUT', path, headers: { 'content-length': '0' } })
      expect([400, 404]).toContain(refused.status)
    }
    expect(readdirSync(root)).toEqual(['data'])
    expect(existsSync(join(root, '..', 'escape'))).toBe(false)
    const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => name.split('/').at(-1))
    expect(names.filter((name) => /escape|passwd/.test(name ?? ''))).toEqual([])
  })

  test('is a header section that is too large', async () => {
    const aws = await running({ buckets })
    const refused = await send(aws.endpoint, { path: '/bucket', headers: { 'x-amz-meta-a': 'v'.repeat(20_000) } })
    expect([refused.status, codeIn(refused)]).toEqual([400, 'RequestHeaderSectionTooLarge'])
    expect((await sendSigned(aws, { path: '/bucket?list-type=2' })).status).toBe(200)
  })

  test.each([
    ['no HTTP', 'HELLO\r\n\r\n'],
    ['a length that is none', 'PUT /bucket/k HTTP/1.1\r\nhost: localhost\r\ncontent-length: many\r\n\r\n'],
    [
      'a length and chunks at once',
      'PUT /bucket/k HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n',
    ],
  ])('is %s', async (_, text) => {
    const aws = await running({ buckets })
    expect(await exchange(aws.endpoint, text)).toMatch(/^HTTP\/1\.1 400 [^]*<Code>BadRequest<\/Code>/)
    expect((await sendSigned(aws, { path: '/bucket?list-type=2' })).status).toBe(200)
  })

  test.each([
    ['text that is no JSON', '{"SecretId": '],
    ['a list', '[]'],
    ['null', 'null'],
    ['a value of the wrong type', '{"SecretId": 7}'],
  ])('of Secrets Manager is %s', async (_, body) => {
    const aws = await running()
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'secretsmanager.GetSecretValue' }
    const raw = { method: 'POST', path: '/', headers, body }
    const refused = await sendSigned(aws, raw, { service: 'secretsmanager' })
    expect(refused.status).toBe(400)
    expect(JSON.parse(refused.text)).toMatchObject({ __type: 'SerializationException' })
  })

  test('is XML that nests without an end', async () => {
    const aws = await running({ buckets })
    const body = '<Delete>'.repeat(10_000)
    const headers = { 'content-length': String(body.length), 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' }
    const refused = await sendSigned(aws, { method: 'POST', path: '/bucket?delete', body, headers })
    expect([refused.status, codeIn(refused)]).toEqual([400, 'BadDigest'])
  })

  // S3's own patience is twenty seconds.
  if (process.env['FAIRLEAD_LONG']) {
    test('is a body that stands still: the caller is told, and nothing of it is kept', async () => {
      const folder = temporaryFolder()
      const aws = await running({ folder, buckets })
      const { request } = sign(
        aws.endpoint,
        { method: 'PUT', path: '/bucket/k', headers: { 'content-length': '1000' } },
        { credentials: aws.credentials, payload: 'UNSIGNED-PAYLOAD' },
      )
      const head = Object.entries(request.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`)
      const answer = await exchange(aws.endpoint, `PUT /bucket/k HTTP/1.1\r\n${head.join('')}\r\nhalf`)
      expect(answer).toMatch(/^HTTP\/1\.1 400 [^]*<Code>RequestTimeout<\/Code>/)
      expect(readdirSync(join(folder, 's3', 'bodies'))).toEqual([])
    })
  }
})

/** Sends this text, and answers what came before the connection ended. */
function exchange(endpoint: string, text: string): Promise<string> {
  const { port, hostname } = new URL(endpoint)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(text))
    const pieces: Buffer[] = []
    socket.on('data', (piece: Buffer) => pieces.push(piece))
    socket.on('error', reject)
    socket.on('close', () => resolve(Buffer.concat(pieces).toString('utf8')))
  })
}
