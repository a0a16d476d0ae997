import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { checksumHeader, startDigest, type ChecksumAlgorithm } from '../../src/checksum/checksums.ts'
import { scopeOf, sha256Hex, signatureOf } from '../../src/sigv4/canonical.ts'
import { codeIn, presign, running, send, sendSigned, sign, type RawRequest } from '../running.ts'

const Bucket = 'bucket'
const buckets = [{ name: Bucket }]
const hello = 'hello'
const path = '/bucket/k'

function digestOf(algorithm: ChecksumAlgorithm | 'MD5', text: string): string {
  const digest = startDigest(algorithm)
  digest.update(Buffer.from(text))
  return digest.digest().toString('base64')
}

const put = (headers: Readonly<Record<string, string>> = {}): RawRequest => ({
  method: 'PUT',
  path,
  body: hello,
  headers: { 'content-length': '5', ...headers },
})

async function exists(aws: Awaited<ReturnType<typeof running>>): Promise<boolean> {
  return aws.clients.s3.send(new HeadObjectCommand({ Bucket, Key: 'k' })).then(
    () => true,
    () => false,
  )
}

describe('a checksum', () => {
  test.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const)(
    '%s is verified, kept and given back',
    async (algorithm) => {
      const aws = await running({ buckets })
      const name = checksumHeader(algorithm)
      const wrong = await sendSigned(aws, put({ [name]: digestOf(algorithm, 'other') }))
      expect([wrong.status, codeIn(wrong)]).toEqual([400, 'BadDigest'])
      expect(await exists(aws)).toBe(false)
      const value = digestOf(algorithm, hello)
      expect(await sendSigned(aws, put({ [name]: value }))).toMatchObject({ status: 200, headers: { [name]: value } })
      const asked = await sendSigned(aws, { path, headers: { 'x-amz-checksum-mode': 'ENABLED' } })
      expect(asked).toMatchObject({ text: hello, headers: { [name]: value, 'x-amz-checksum-type': 'FULL_OBJECT' } })
      expect((await sendSigned(aws, { path })).headers[name]).toBeUndefined()
    },
  )

  test('is what the SDK itself sends and checks', async () => {
    const { s3 } = (await running({ buckets })).clients
    for (const ChecksumAlgorithm of ['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const) {
      await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: hello, ChecksumAlgorithm }))
      const get = await s3.send(new GetObjectCommand({ Bucket, Key: 'k', ChecksumMode: 'ENABLED' }))
      expect(await get.Body?.transformToString()).toBe(hello)
      expect(get[`Checksum${ChecksumAlgorithm}`]).toBe(digestOf(ChecksumAlgorithm, hello))
    }
  })

  test('Content-MD5 is verified', async () => {
    const aws = await running({ buckets })
    const wrong = await sendSigned(aws, put({ 'content-md5': digestOf('MD5', 'other') }))
    expect(codeIn(wrong)).toBe('BadDigest')
    expect(codeIn(await sendSigned(aws, put({ 'content-md5': 'abc' })))).toBe('InvalidDigest')
    expect(await exists(aws)).toBe(false)
    expect((await sendSigned(aws, put({ 'content-md5': digestOf('MD5', hello) }))).status).toBe(200)
  })

  test.each([
    [
      'of two algorithms',
      { 'x-amz-checksum-crc32': digestOf('CRC32', hello), 'x-amz-checksum-sha1': digestOf('SHA1', hello) },
    ],
    ['that is not one', { 'x-amz-checksum-sha256': 'abc' }],
    ['that was announced and is not there', { 'x-amz-sdk-checksum-algorithm': 'SHA256' }],
  ])('%s is refused', async (_, headers) => {
    const aws = await running({ buckets })
    expect(codeIn(await sendSigned(aws, put(headers)))).toBe('InvalidRequest')
    expect(await exists(aws)).toBe(false)
  })
})

describe('the hash of the body', () => {
  test('is verified', async () => {
    const aws = await running({ buckets })
    const refused = await sendSigned(aws, put(), { payload: sha256Hex('other') })
    expect(codeIn(refused)).toBe('XAmzContentSHA256Mismatch')
    expect(await exists(aws)).toBe(false)
  })

  test('may be left out, said aloud', async () => {
    const aws = await running({ buckets })
    expect((await sendSigned(aws, put(), { payload: 'UNSIGNED-PAYLOAD' })).status).toBe(200)
    expect(codeIn(await sendSigned(aws, put(), { payload: 'SOMETHING' }))).toBe('InvalidArgument')
  })
})

describe('a body in chunks', () => {
  const streamed = (
    aws: { endpoint: string; credentials: { accessKeyId: string; secretAccessKey: string } },
    tamper = (text: string) => text,
    hasTrailer = false,
  ) => {
    const payload = `STREAMING-AWS4-HMAC-SHA256-PAYLOAD${hasTrailer ? '-TRAILER' : ''}`
    const headers: Record<string, string> = {
      'content-encoding': 'aws-chunked',
      'x-amz-decoded-content-length': '5',
      ...(hasTrailer ? { 'x-amz-trailer': 'x-amz-checksum-sha256' } : {}),
    }
    const { request, claim, key } = sign(
      aws.endpoint,
      { method: 'PUT', path, headers },
      { credentials: aws.credentials, payload },
    )
    let previous = claim.signature
    const next = (kind: string, ...hashes: string[]) =>
      (previous = signatureOf(key, [kind, claim.timestamp, scopeOf(claim), previous, ...hashes].join('\n')))
    const chunk = (text: string) =>
      `${text.length.toString(16)};chunk-signature=${next('AWS4-HMAC-SHA256-PAYLOAD', sha256Hex(''), sha256Hex(text))}\r\n${text}`
    const trailer = `x-amz-checksum-sha256:${digestOf('SHA256', hello)}`
    const body = [
      `${chunk('hel')}\r\n`,
      `${chunk('lo')}\r\n`,
      chunk(''),
      hasTrailer
        ? `${trailer}\r\nx-amz-trailer-signature:${next('AWS4-HMAC-SHA256-TRAILER', sha256Hex(`${trailer}\n`))}\r\n`
        : '',
      '\r\n',
    ].join('')
    const bytes = tamper(body)
    return send(aws.endpoint, {
      ...request,
      body: bytes,
      headers: { ...request.headers, 'content-length': String(bytes.length) },
    })
  }

  test.each([false, true])('is accepted where every chunk is signed (trailer: %s)', async (hasTrailer) => {
    const aws = await running({ buckets })
    expect((await streamed(aws, undefined, hasTrailer)).status).toBe(200)
    const get = await sendSigned(aws, { path })
    expect(get.text).toBe(hello)
    expect(get.headers['content-encoding']).toBeUndefined()
  })

  test.each([
    ['a byte differs', (text: string) => text.replace('hel', 'hex'), 'SignatureDoesNotMatch'],
    ['the trailer differs', (text: string) => text.replace('sha256:', 'sha256:A'), 'SignatureDoesNotMatch'],
    ['it ends early', (text: string) => text.slice(0, 100), 'IncompleteBody'],
  ])('is refused where %s', async (_, tamper, code) => {
    const aws = await running({ buckets })
    expect(codeIn(await streamed(aws, tamper, true))).toBe(code)
    expect(await exists(aws)).toBe(false)
  })

  const unsigned = (text: string, declared = '5') => ({
    method: 'PUT',
    path,
    body: text,
    headers: {
      'content-encoding': 'gzip,aws-chunked',
      'content-length': String(text.length),
      'x-amz-decoded-content-length': declared,
      'x-amz-trailer': 'x-amz-checksum-crc32',
    },
  })
  const crc = digestOf('CRC32', hello)

  test('may be unsigned, with a checksum behind it', async () => {
    const aws = await running({ buckets })
    const payload = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'
    const body = `5\r\nhello\r\n0\r\nx-amz-checksum-crc32:${crc}\r\n\r\n`
    expect((await sendSigned(aws, unsigned(body), { payload })).status).toBe(200)
    expect((await sendSigned(aws, { path })).headers['content-encoding']).toBe('gzip')
  })

  test.each([
    ['the checksum behind it is wrong', `5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n`, '5', 'BadDigest'],
    ['the checksum behind it is missing', `5\r\nhello\r\n0\r\n\r\n`, '5', 'MalformedTrailerError'],
    ['it is longer than it said', `5\r\nhello\r\n0\r\nx-amz-checksum-crc32:${crc}\r\n\r\n`, '4', 'IncompleteBody'],
    ['the framing is broken', 'hello', '5', 'IncompleteBody'],
  ])('is refused where %s', async (_, body, declared, code) => {
    const aws = await running({ buckets })
    const payload = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'
    expect(codeIn(await sendSigned(aws, unsigned(body, declared), { payload }))).toBe(code)
    expect(await exists(aws)).toBe(false)
  })
})

describe('who may ask', () => {
  test('nobody without a signature', async () => {
    const aws = await running({ buckets })
    const refused = await send(aws.endpoint, put())
    expect([refused.status, codeIn(refused)]).toEqual([403, 'AccessDenied'])
    expect(await exists(aws)).toBe(false)
  })

  test.each([
    [
      'an unknown key',
      { credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'x' } },
      403,
      'InvalidAccessKeyId',
    ],
    ['another region', { region: 'eu-west-1' }, 400, 'AuthorizationHeaderMalformed'],
    ['another service', { service: 'codedeploy' }, 400, 'AuthorizationHeaderMalformed'],
    ['a clock that is an hour behind', { atMs: Date.now() - 3_600_000 }, 403, 'RequestTimeTooSkewed'],
  ])('not with %s', async (_, options, status, code) => {
    const aws = await running({ buckets })
    const refused = await sendSigned(aws, put(), options)
    expect([refused.status, codeIn(refused)]).toEqual([status, code])
    expect(await exists(aws)).toBe(false)
  })

  test.each([
    ['in the header', '/bucket/k', { authorization: 'AWS AKIAIOSFODNN7EXAMPLE:c2lnbmF0dXJl' }],
    ['in the query', '/bucket/k?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=c2ln&Expires=4102444800', {}],
  ])('nobody with Signature Version 2, %s', async (_, target, headers) => {
    const aws = await running({ buckets })
    const refused = await send(aws.endpoint, { path: target, headers })
    expect([refused.status, codeIn(refused)]).toEqual([400, 'InvalidRequest'])
    expect(refused.text).toContain('Please use AWS4-HMAC-SHA256')
  })

  test('not with a wrong secret', async () => {
    const aws = await running({ buckets })
    const credentials = { ...aws.credentials, secretAccessKey: 'wrong' }
    const refused = await sendSigned(aws, put(), { credentials })
    expect([refused.status, codeIn(refused)]).toEqual([403, 'SignatureDoesNotMatch'])
  })

  test('not where the request was changed on its way', async () => {
    const aws = await running({ buckets })
    const { request } = sign(aws.endpoint, put({ 'x-amz-meta-a': '1' }), { credentials: aws.credentials })
    const changed: readonly RawRequest[] = [
      { ...request, path: '/bucket/other' },
      { ...request, path: `${path}?versionId=null` },
      { ...request, method: 'GET' },
      { ...request, headers: { ...request.headers, 'x-amz-meta-a': '2' } },
    ]
    for (const raw of changed) expect(codeIn(await send(aws.endpoint, raw))).toBe('SignatureDoesNotMatch')
    const added = { ...request, headers: { ...request.headers, 'x-amz-acl': 'private' } }
    expect(codeIn(await send(aws.endpoint, added))).toBe('AccessDenied')
    expect(await exists(aws)).toBe(false)
  })

  test('only the account that the request expects', async () => {
    const aws = await running({ buckets })
    const expecting = (owner: string) => sendSigned(aws, put({ 'x-amz-expected-bucket-owner': owner }))
    expect(codeIn(await expecting('999999999999'))).toBe('AccessDenied')
    expect((await expecting('123456789012')).status).toBe(200)
  })
})

describe('a presigned URL', () => {
  test('puts and gets without further credentials', async () => {
    const aws = await running({ buckets })
    const putPath = presign(aws, { method: 'PUT', path, query: { 'x-amz-meta-a': '1' } })
    expect((await send(aws.endpoint, { ...put(), path: putPath })).status).toBe(200)
    const get = await send(aws.endpoint, { path: presign(aws, { method: 'GET', path }) })
    expect(get).toMatchObject({ status: 200, text: hello, headers: { 'x-amz-meta-a': '1' } })
  })

  test('may name headers of the answer', async () => {
    const aws = await running({ buckets })
    await sendSigned(aws, put())
    const query = { 'response-content-disposition': 'attachment; filename="a.txt"' }
    const get = await send(aws.endpoint, { path: presign(aws, { method: 'GET', path, query }) })
    expect(get.headers['content-disposition']).toBe('attachment; filename="a.txt"')
  })

  test('is refused when it has expired, was changed, or is for another method', async () => {
    const aws = await running({ buckets })
    await sendSigned(aws, put())
    const old = presign(aws, { method: 'GET', path, expiresSeconds: 10, atMs: Date.now() - 60_000 })
    const expired = await send(aws.endpoint, { path: old })
    expect([expired.status, codeIn(expired)]).toEqual([403, 'AccessDenied'])
    expect(expired.text).toContain('Request has expired')
    const fresh = presign(aws, { method: 'GET', path })
    expect(codeIn(await send(aws.endpoint, { path: fresh.replace('/k?', '/l?') }))).toBe('SignatureDoesNotMatch')
    expect(codeIn(await send(aws.endpoint, { ...put(), path: fresh }))).toBe('SignatureDoesNotMatch')
    expect(codeIn(await send(aws.endpoint, { path: fresh.replace('Expires=60', 'Expires=600') }))).toBe(
      'SignatureDoesNotMatch',
    )
  })
})

test('a body that is cut leaves nothing behind', async () => {
  const aws = await running({ buckets })
  const { request } = sign(aws.endpoint, put({ 'content-length': '500' }), { credentials: aws.credentials })
  const { connect } = await import('node:net')
  const url = new URL(aws.endpoint)
  await new Promise<void>((resolve, reject) => {
    const socket = connect(Number(url.port), url.hostname, () => {
      const head = Object.entries(request.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`)
      socket.end(`PUT ${path} HTTP/1.1\r\n${head.join('')}\r\nhel`, () => socket.destroy())
    })
    socket.on('close', () => resolve())
    socket.on('error', reject)
  })
  expect(await exists(aws)).toBe(false)
})
