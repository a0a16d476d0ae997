import { describe, expect, test } from 'vitest'
import { parseQuery } from '../../src/http.ts'
import { sha256Hex } from '../../src/sigv4/canonical.ts'
import { verifySignature, type VerifyOptions } from '../../src/sigv4/verify.ts'

// The examples of https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html and …/sigv4-query-string-auth.html
const credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
}
const atMs = Date.parse('2013-05-24T00:00:00Z')
const host = 'examplebucket.s3.amazonaws.com'
const empty = sha256Hex('')
const scope = `${credentials.accessKeyId}/20130524/us-east-1/s3/aws4_request`

interface Example {
  readonly method?: string
  readonly path?: string
  readonly query?: string
  readonly headers: Readonly<Record<string, string>>
  readonly signature: string
}

const examples: Readonly<Record<string, Example>> = {
  'a GET of an object': {
    path: '/test.txt',
    headers: { range: 'bytes=0-9', 'x-amz-content-sha256': empty },
    signature: 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  },
  'a PUT whose key needs encoding': {
    method: 'PUT',
    path: '/test$file.text',
    headers: {
      date: 'Fri, 24 May 2013 00:00:00 GMT',
      'x-amz-content-sha256': sha256Hex('Welcome to Amazon S3.'),
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
    },
    signature: '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  },
  'a GET of a subresource without a value': {
    path: '/',
    query: 'lifecycle',
    headers: { 'x-amz-content-sha256': empty },
    signature: 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  },
  'a listing': {
    path: '/',
    query: 'max-keys=2&prefix=J',
    headers: { 'x-amz-content-sha256': empty },
    signature: '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  },
}

function requestOf({ method = 'GET', path = '/', query = '', headers, signature }: Example) {
  const all: Record<string, string> = { host, 'x-amz-date': '20130524T000000Z', ...headers }
  const names = Object.keys(all).sort().join(';')
  all['authorization'] = `AWS4-HMAC-SHA256 Credential=${scope},SignedHeaders=${names},Signature=${signature}`
  return {
    method,
    rawPath: path,
    query: parseQuery(query),
    headers: new Map(Object.entries(all).map(([name, value]) => [name, [value]] as [string, readonly string[]])),
  }
}

function verify(request: Parameters<typeof verifySignature>[0], options: Partial<VerifyOptions> = {}) {
  return verifySignature(request, {
    service: 's3',
    regions: ['us-east-1'],
    payloadHash: request.headers.get('x-amz-content-sha256')?.[0] ?? 'UNSIGNED-PAYLOAD',
    findCredentials: (id) => (id === credentials.accessKeyId ? credentials : undefined),
    nowMs: atMs,
    ...options,
  })
}

describe("AWS's published examples", () => {
  test.each(Object.entries(examples))('%s is accepted', (_, example) => {
    expect(verify(requestOf(example))).toMatchObject({ ok: true })
  })

  const presigned =
    `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encodeURIComponent(scope)}&X-Amz-Date=20130524T000000Z` +
    '&X-Amz-Expires=86400&X-Amz-SignedHeaders=host' +
    '&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404'
  const presignedRequest = {
    method: 'GET',
    rawPath: '/test.txt',
    query: parseQuery(presigned),
    headers: new Map([['host', [host]]]),
  }

  test('a presigned URL is accepted until it expires', () => {
    expect(verify(presignedRequest)).toMatchObject({ ok: true, presigned: true })
    expect(verify(presignedRequest, { nowMs: atMs + 86_400_000 })).toMatchObject({ ok: true })
    expect(verify(presignedRequest, { nowMs: atMs + 86_401_000 })).toMatchObject({ problem: 'expired' })
  })

  test('a presigned URL with another path, method, host or lifetime is refused', () => {
    const tampered = [
      { ...presignedRequest, rawPath: '/test.tx' },
      { ...presignedRequest, method: 'HEAD' },
      { ...presignedRequest, headers: new Map([['host', ['localhost']]]) },
      { ...presignedRequest, query: parseQuery(presigned.replace('86400', '86401')) },
      { ...presignedRequest, query: [...presignedRequest.query, ['versionId', 'x'] as const] },
    ]
    for (const request of tampered) expect(verify(request)).toMatchObject({ ok: false, problem: 'mismatch' })
  })

  test('a presigned URL with a header of AWS that it did not sign is refused', () => {
    const headers = new Map([...presignedRequest.headers, ['x-amz-acl', ['public-read']] as const])
    expect(verify({ ...presignedRequest, headers })).toMatchObject({
      problem: 'header-not-signed',
      detail: 'x-amz-acl',
    })
  })

  test('a presigned URL that lives longer than a week is refused', () => {
    const query = parseQuery(presigned.replace('86400', '604801'))
    expect(verify({ ...presignedRequest, query })).toMatchObject({ problem: 'malformed' })
  })
})

describe('a signature', () => {
  const example = examples['a GET of an object'] as Example
  const request = requestOf(example)
  const withHeader = (name: string, ...values: string[]) => ({
    ...request,
    headers: new Map([...request.headers, [name, values]]),
  })
  const authorization = request.headers.get('authorization')?.[0] ?? ''
  const withAuthorization = (from: string | RegExp, to: string) =>
    withHeader('authorization', authorization.replace(from, to))

  test('covers the value of every header that it names', () => {
    expect(verify(withHeader('range', 'bytes=0-10'))).toMatchObject({ problem: 'mismatch' })
  })

  test('does not cover headers that it does not name', () => {
    expect(verify(withHeader('accept-encoding', 'identity'))).toMatchObject({ ok: true })
  })

  test('covers both values of a repeated header', () => {
    expect(verify(withHeader('range', 'bytes=0-9', 'bytes=5-6'))).toMatchObject({ problem: 'mismatch' })
  })

  test('by a key that nobody has is refused', () => {
    expect(verify(withAuthorization('EXAMPLE/', 'EXAMPLF/'))).toMatchObject({ problem: 'unknown-key' })
  })

  test('with a wrong secret is refused', () => {
    const findCredentials = () => ({ ...credentials, secretAccessKey: 'another' })
    expect(verify(request, { findCredentials })).toMatchObject({ problem: 'mismatch' })
  })

  test('for another region or service is refused', () => {
    expect(verify(request, { regions: ['eu-west-1'] })).toMatchObject({ problem: 'wrong-scope' })
    expect(verify(request, { service: 'codedeploy' })).toMatchObject({ problem: 'wrong-scope' })
  })

  test('is good for fifteen minutes either way', () => {
    expect(verify(request, { nowMs: atMs + 900_000 })).toMatchObject({ ok: true })
    expect(verify(request, { nowMs: atMs - 900_000 })).toMatchObject({ ok: true })
    expect(verify(request, { nowMs: atMs + 900_001 })).toMatchObject({ problem: 'skewed' })
    expect(verify(request, { nowMs: atMs - 900_001 })).toMatchObject({ problem: 'skewed' })
  })

  test('by temporary credentials needs their token', () => {
    const findCredentials = () => ({ ...credentials, sessionToken: 'token' })
    expect(verify(request, { findCredentials })).toMatchObject({ problem: 'wrong-token' })
    expect(verify(withHeader('x-amz-security-token', 'token'))).toMatchObject({ problem: 'wrong-token' })
  })

  test.each([
    ['another algorithm', /^AWS4-HMAC-SHA256/, 'AWS4-HMAC-SHA1'],
    ['no credential', /Credential=[^,]+,/, ''],
    ['a scope that is too short', '/aws4_request', ''],
    ['a date in the scope that is not that of the request', '/20130524/', '/20130525/'],
    ['an unsigned host', 'host;', ''],
    ['a signature that is not hex', /Signature=f/, 'Signature=g'],
    ['no signature', /,Signature=.*$/, ''],
  ])('with %s is malformed', (_, from, to) => {
    expect(verify(withAuthorization(from, to))).toMatchObject({ problem: 'malformed' })
  })

  test('that is missing is said to be missing', () => {
    const headers = new Map([...request.headers].filter(([name]) => name !== 'authorization'))
    expect(verify({ ...request, headers })).toMatchObject({ problem: 'unsigned' })
  })
})
