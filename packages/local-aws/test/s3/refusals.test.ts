import { describe, expect, test } from 'vitest'
import { codeIn, running, send, sendSigned } from '../running.ts'

const buckets = [{ name: 'bucket' }]

describe('what is not implemented says so by name', () => {
  test.each([
    ['GET', '/bucket?policyStatus', {}, 'the query parameter policyStatus'],
    ['PUT', '/bucket?lifecycle', {}, 'the query parameter lifecycle'],
    ['GET', '/bucket/k?acl', {}, 'the query parameter acl'],
    ['GET', '/bucket/k?legal-hold', {}, 'the query parameter legal-hold'],
    ['POST', '/bucket/k?restore', {}, 'POST of an object'],
    ['PATCH', '/bucket/k', {}, 'PATCH of an object'],
    ['POST', '/bucket', {}, 'POST of a bucket'],
    ['GET', '/bucket?list-type=2&optional-object-attributes=x', {}, 'the query parameter optional-object-attributes'],
    ['PUT', '/bucket/k', { 'x-amz-acl': 'public-read' }, 'x-amz-acl: public-read'],
    ['PUT', '/bucket/k', { 'x-amz-server-side-encryption': 'aws:fsx' }, 'x-amz-server-side-encryption: aws:fsx'],
    [
      'PUT',
      '/bucket/k',
      { 'x-amz-server-side-encryption-customer-algorithm': 'AES256' },
      'the header x-amz-server-side-encryption-customer-algorithm',
    ],
    ['PUT', '/bucket/k', { 'x-amz-storage-class': 'GLACIER' }, 'x-amz-storage-class: GLACIER'],
    ['PUT', '/bucket/k', { 'x-amz-object-lock-mode': 'COMPLIANCE' }, 'the header x-amz-object-lock-mode'],
    ['PUT', '/bucket/k', { 'x-amz-website-redirect-location': '/x' }, 'the header x-amz-website-redirect-location'],
    ['PUT', '/bucket/k', { 'x-amz-grant-read': 'id=x' }, 'the header x-amz-grant-read'],
    ['PUT', '/bucket/k', { 'x-amz-write-offset-bytes': '1' }, 'the header x-amz-write-offset-bytes'],
    ['PUT', '/bucket/k', { range: 'bytes=0-1' }, 'the header range'],
    ['PUT', '/bucket/k', { 'x-amz-checksum-xxhash3': 'x' }, 'the header x-amz-checksum-xxhash3'],
  ])('%s %s %j', async (method, path, headers, what) => {
    const aws = await running({ buckets })
    const refused = await sendSigned(aws, { method, path, headers: { 'content-length': '0', ...headers } })
    expect([refused.status, codeIn(refused)]).toEqual([501, 'NotImplemented'])
    expect(refused.text).toContain(what)
    expect(aws.calls.at(-1)).toMatchObject({ status: 501 })
  })
})

describe('a request that makes no sense', () => {
  test.each([
    ['a path that is not percent-encoded', 'GET', '/bucket/%zz', undefined, 'InvalidURI'],
    ['a path that is not UTF-8', 'GET', '/bucket/%ff', undefined, 'InvalidURI'],
    ['XML that does not end', 'PUT', '/bucket?versioning', '<VersioningConfiguration>', 'MalformedXML'],
    ['XML of another kind', 'PUT', '/bucket?versioning', '<Delete></Delete>', 'MalformedXML'],
    ['no XML', 'PUT', '/bucket?versioning', '', 'MalformedXML'],
    [
      'XML with entities of its own',
      'PUT',
      '/bucket?versioning',
      '<!DOCTYPE a [<!ENTITY b "c">]><VersioningConfiguration/>',
      'MalformedXML',
    ],
    [
      'a deletion without a checksum',
      'POST',
      '/bucket?delete',
      '<Delete><Object><Key>k</Key></Object></Delete>',
      'InvalidRequest',
    ],
  ])('%s', async (_, method, path, body, code) => {
    const aws = await running({ buckets })
    const raw = {
      method,
      path,
      ...(body === undefined ? {} : { body, headers: { 'content-length': String(body.length) } }),
    }
    const refused = code === 'InvalidURI' ? await send(aws.endpoint, raw) : await sendSigned(aws, raw)
    expect([refused.status, codeIn(refused)]).toEqual([400, code])
  })

  test('a put without a length', async () => {
    const aws = await running({ buckets })
    const refused = await sendSigned(
      aws,
      { method: 'PUT', path: '/bucket/k', headers: { 'transfer-encoding': 'chunked' }, body: 'x' },
      { payload: 'UNSIGNED-PAYLOAD' },
    )
    expect([refused.status, codeIn(refused)]).toEqual([411, 'MissingContentLength'])
  })
})
