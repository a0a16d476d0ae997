import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import { signatureOf, scopeOf, sha256Hex } from '../../src/sigv4/canonical.ts'
import { codeIn, presign, send, sign } from '../running.ts'
import { casesOf, refused, s3Api, type World } from './suite.ts'

const seed = (world: World, Bucket: string) => world.s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'hello' }))
const keyOf = ({ endpoint }: World) => ({
  endpoint: endpoint.s3,
  region: endpoint.region,
  credentials: endpoint.credentials,
})

/** A put in two signed chunks; `spoil` changes what is sent after it was signed. */
async function putInChunks(world: World, Bucket: string, spoil: (body: string) => string = (body) => body) {
  const { s3: endpoint, credentials, region } = world.endpoint
  const payload = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'
  const pieces = ['a'.repeat(8192), 'end', '']
  const lengthOf = (piece: string) => piece.length.toString(16)
  const framed = pieces.reduce((sum, piece) => sum + lengthOf(piece).length + 85 + piece.length, 0)
  const { request, claim, key } = sign(
    endpoint,
    {
      method: 'PUT',
      path: `/${Bucket}/chunks`,
      headers: {
        'content-encoding': 'aws-chunked',
        'content-length': String(framed),
        'x-amz-decoded-content-length': String(8192 + 3),
      },
    },
    { credentials, region, payload },
  )
  let previous = claim.signature
  const chunks = pieces.map((piece) => {
    const text = [
      'AWS4-HMAC-SHA256-PAYLOAD',
      claim.timestamp,
      scopeOf(claim),
      previous,
      sha256Hex(''),
      sha256Hex(piece),
    ]
    previous = signatureOf(key, text.join('\n'))
    return `${lengthOf(piece)};chunk-signature=${previous}\r\n${piece}\r\n`
  })
  return send(endpoint, { ...request, body: spoil(chunks.join('')) })
}

export const signatureCases = [
  ...casesOf(`${s3Api}sig-v4-authenticating-requests.html`, {
    'a request without a signature is denied': async (world) => {
      const Bucket = await world.bucket()
      await seed(world, Bucket)
      const response = await send(world.endpoint.s3, { path: `/${Bucket}/k` })
      expect([response.status, codeIn(response)]).toEqual([403, 'AccessDenied'])
    },
    'a wrong secret is refused': async (world) => {
      const credentials = { ...world.endpoint.credentials, secretAccessKey: 'wrong' }
      const response = await world.raw({ path: `/${await world.bucket()}/k` }, { credentials })
      expect([response.status, codeIn(response)]).toEqual([403, 'SignatureDoesNotMatch'])
    },
    'a key that does not exist is refused': async (world) => {
      const credentials = { accessKeyId: 'AKIAAAAAAAAAAAAAAAAA', secretAccessKey: 'wrong' }
      const response = await world.raw({ path: `/${await world.bucket()}/k` }, { credentials })
      expect([response.status, codeIn(response)]).toEqual([403, 'InvalidAccessKeyId'])
    },
    'a request of an hour ago is skewed': async (world) => {
      const response = await world.raw({ path: `/${await world.bucket()}/k` }, { atMs: Date.now() - 60 * 60 * 1000 })
      expect([response.status, codeIn(response)]).toEqual([403, 'RequestTimeTooSkewed'])
    },
    'a path that was changed after it was signed is refused': async (world) => {
      const Bucket = await world.bucket()
      await seed(world, Bucket)
      const { s3: endpoint, credentials, region } = world.endpoint
      const { request } = sign(endpoint, { path: `/${Bucket}/other` }, { credentials, region })
      const response = await send(endpoint, { ...request, path: `/${Bucket}/k` })
      expect([response.status, codeIn(response)]).toEqual([403, 'SignatureDoesNotMatch'])
    },
    'a body that is not the one that was signed is refused': async (world) => {
      const Bucket = await world.bucket()
      const raw = { method: 'PUT', path: `/${Bucket}/k`, body: 'hello', headers: { 'content-length': '5' } }
      const response = await world.raw(raw, { payload: sha256Hex('other') })
      expect([response.status, codeIn(response)]).toEqual([400, 'XAmzContentSHA256Mismatch'])
      await refused(world.s3.send(new GetObjectCommand({ Bucket, Key: 'k' })), { name: 'NoSuchKey' })
    },
    'another region is refused': async (world) => {
      const response = await world.raw({ path: `/${await world.bucket()}/k` }, { region: 'ap-south-1' })
      expect([response.status, codeIn(response)]).toEqual([400, 'AuthorizationHeaderMalformed'])
    },
  }),
  ...casesOf(`${s3Api}sigv4-streaming.html`, {
    'a put in signed chunks is the object without their framing': async (world) => {
      const Bucket = await world.bucket()
      expect((await putInChunks(world, Bucket)).status).toBe(200)
      const { Body, ContentEncoding } = await world.s3.send(new GetObjectCommand({ Bucket, Key: 'chunks' }))
      expect(await Body?.transformToString()).toBe(`${'a'.repeat(8192)}end`)
      expect(ContentEncoding ?? '').not.toContain('aws-chunked')
    },
    'a chunk that was changed after it was signed is refused': async (world) => {
      const Bucket = await world.bucket()
      const response = await putInChunks(world, Bucket, (body) => body.replace('\r\nend\r\n', '\r\nEND\r\n'))
      expect([response.status, codeIn(response)]).toEqual([403, 'SignatureDoesNotMatch'])
      await refused(world.s3.send(new GetObjectCommand({ Bucket, Key: 'chunks' })), { name: 'NoSuchKey' })
    },
  }),
  ...casesOf(`${s3Api}sigv4-query-string-auth.html`, {
    'a presigned URL reads': async (world) => {
      const Bucket = await world.bucket()
      await seed(world, Bucket)
      const path = presign(keyOf(world), { method: 'GET', path: `/${Bucket}/k` })
      expect((await send(world.endpoint.s3, { path })).text).toBe('hello')
    },
    'a presigned URL writes': async (world) => {
      const Bucket = await world.bucket()
      const path = presign(keyOf(world), { method: 'PUT', path: `/${Bucket}/put` })
      const headers = { 'content-length': '2' }
      expect((await send(world.endpoint.s3, { method: 'PUT', path, headers, body: 'hi' })).status).toBe(200)
      const { Body } = await world.s3.send(new GetObjectCommand({ Bucket, Key: 'put' }))
      expect(await Body?.transformToString()).toBe('hi')
    },
    'a presigned URL is good for no other method': async (world) => {
      const Bucket = await world.bucket()
      await seed(world, Bucket)
      const path = presign(keyOf(world), { method: 'GET', path: `/${Bucket}/k` })
      const response = await send(world.endpoint.s3, { method: 'DELETE', path })
      expect([response.status, codeIn(response)]).toEqual([403, 'SignatureDoesNotMatch'])
    },
    'a presigned URL is good for no other key': async (world) => {
      const Bucket = await world.bucket()
      await seed(world, Bucket)
      const path = presign(keyOf(world), { method: 'GET', path: `/${Bucket}/other` }).replace('/other', '/k')
      const response = await send(world.endpoint.s3, { path })
      expect([response.status, codeIn(response)]).toEqual([403, 'SignatureDoesNotMatch'])
    },
    'a presigned URL expires': async (world) => {
      const Bucket = await world.bucket()
      await seed(world, Bucket)
      const path = presign(keyOf(world), {
        method: 'GET',
        path: `/${Bucket}/k`,
        expiresSeconds: 60,
        atMs: Date.now() - 120_000,
      })
      const response = await send(world.endpoint.s3, { path })
      expect([response.status, codeIn(response)]).toEqual([403, 'AccessDenied'])
    },
    'a presigned URL lasts no longer than a week': async (world) => {
      const path = presign(keyOf(world), {
        method: 'GET',
        path: `/${await world.bucket()}/k`,
        expiresSeconds: 7 * 24 * 60 * 60 + 1,
      })
      const response = await send(world.endpoint.s3, { path })
      expect([response.status, codeIn(response)]).toEqual([400, 'AuthorizationQueryParametersError'])
    },
  }),
]
