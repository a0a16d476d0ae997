import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { running, send, sendSigned } from '../running.ts'

const buckets = [{ name: 'bucket' }]
const Bucket = 'bucket'

async function textOf(s3: S3Client, Key: string, extra: { Range?: string; VersionId?: string } = {}): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, ...extra }))
  return (await Body?.transformToString()) ?? ''
}

describe('an object', () => {
  test('comes back with its bytes and everything that was said of it', async () => {
    const { s3 } = (await running({ buckets })).clients
    const put = await s3.send(
      new PutObjectCommand({
        Bucket,
        Key: 'k',
        Body: 'hello',
        ContentType: 'text/plain',
        CacheControl: 'no-store',
        ContentDisposition: 'attachment',
        ContentLanguage: 'en',
        ContentEncoding: 'identity',
        Metadata: { Commit: 'abc', empty: '' },
        Tagging: 'a=1&b=2%202',
      }),
    )
    expect(put.ETag).toBe('"5d41402abc4b2a76b9719d911017c592"')
    expect(put.VersionId).toBeUndefined()
    const get = await s3.send(new GetObjectCommand({ Bucket, Key: 'k' }))
    expect(await get.Body?.transformToString()).toBe('hello')
    const facts = {
      ETag: '"5d41402abc4b2a76b9719d911017c592"',
      ContentLength: 5,
      ContentType: 'text/plain',
      CacheControl: 'no-store',
      ContentDisposition: 'attachment',
      ContentLanguage: 'en',
      ContentEncoding: 'identity',
      Metadata: { commit: 'abc', empty: '' },
    }
    expect(get).toMatchObject({ ...facts, TagCount: 2 })
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'k' }))
    expect(head).toMatchObject(facts)
    expect(Math.abs(Date.now() - (head.LastModified?.getTime() ?? 0))).toBeLessThan(60_000)
    const { TagSet } = await s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'k' }))
    expect(TagSet).toEqual([
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: '2 2' },
    ])
  })

  test.each([
    'a/b',
    ' leading and trailing ',
    'a//b/',
    '/slash',
    'a+b=c&d?e#f%g',
    'quote\'"<>',
    'größe/🚢',
    '../../etc/passwd',
    './a',
    '..',
    'a'.repeat(1024),
    '~!@$^*()_-[]{}|\\`:;,.',
    'line\nbreak',
  ])('lives under the key %j', async (key) => {
    const { s3 } = (await running({ buckets })).clients
    await s3.send(new PutObjectCommand({ Bucket, Key: key, Body: key }))
    expect(await textOf(s3, key)).toBe(key)
    await s3.send(new DeleteObjectCommand({ Bucket, Key: key }))
    await expect(s3.send(new HeadObjectCommand({ Bucket, Key: key }))).rejects.toMatchObject({ name: 'NotFound' })
  })

  test('may be empty', async () => {
    const { s3 } = (await running({ buckets })).clients
    const { ETag } = await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: '' }))
    expect(ETag).toBe('"d41d8cd98f00b204e9800998ecf8427e"')
    expect(await textOf(s3, 'k')).toBe('')
    expect(await s3.send(new HeadObjectCommand({ Bucket, Key: 'k' }))).toMatchObject({ ContentLength: 0 })
  })

  test('of many pieces comes back whole', async () => {
    const { s3 } = (await running({ buckets })).clients
    const body = randomBytes(3_000_001)
    const cut = Array.from({ length: 47 }, (_, index) => body.subarray(index * 65_537, (index + 1) * 65_537))
    await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: Readable.from(cut), ContentLength: body.length }))
    const { Body, ETag } = await s3.send(new GetObjectCommand({ Bucket, Key: 'k' }))
    expect(Buffer.compare(Buffer.from((await Body?.transformToByteArray()) ?? []), body)).toBe(0)
    expect(ETag).toBe(`"${createHash('md5').update(body).digest('hex')}"`)
  })

  test('keeps no trace of the framing that a streamed body came in', async () => {
    const { s3 } = (await running({ buckets })).clients
    const Body = Readable.from([Buffer.from('stre'), Buffer.from('amed')])
    const put = await s3.send(
      new PutObjectCommand({ Bucket, Key: 'k', Body, ContentLength: 8, ChecksumAlgorithm: 'SHA256' }),
    )
    expect(put.ChecksumSHA256).toBe(createHash('sha256').update('streamed').digest('base64'))
    const get = await s3.send(new GetObjectCommand({ Bucket, Key: 'k', ChecksumMode: 'ENABLED' }))
    expect(await get.Body?.transformToString()).toBe('streamed')
    expect(get.ContentEncoding).toBeUndefined()
    expect(get.ChecksumSHA256).toBe(put.ChecksumSHA256)
  })

  test('that does not exist, in a bucket that does or does not', async () => {
    const { s3 } = (await running({ buckets })).clients
    const get = (bucket: string) => s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'none' }))
    await expect(get(Bucket)).rejects.toMatchObject({ name: 'NoSuchKey', $metadata: { httpStatusCode: 404 } })
    await expect(get('nowhere')).rejects.toMatchObject({ name: 'NoSuchBucket' })
    const put = new PutObjectCommand({ Bucket: 'nowhere', Key: 'k', Body: 'x' })
    await expect(s3.send(put)).rejects.toMatchObject({ name: 'NoSuchBucket' })
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'none' }))
  })

  test('under a key of more than 1024 bytes is refused', async () => {
    const { s3 } = (await running({ buckets })).clients
    const put = new PutObjectCommand({ Bucket, Key: 'ü'.repeat(513), Body: 'x' })
    await expect(s3.send(put)).rejects.toMatchObject({ name: 'KeyTooLongError' })
  })

  test('with more than 2 KB of metadata is refused', async () => {
    const { s3 } = (await running({ buckets })).clients
    const put = (length: number) =>
      s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x', Metadata: { a: 'b'.repeat(length) } }))
    await put(2047)
    await expect(put(2048)).rejects.toMatchObject({ name: 'MetadataTooLarge' })
  })

  test('answers a HEAD without a body, errors too', async () => {
    const aws = await running({ buckets })
    const response = await sendSigned(aws, { method: 'HEAD', path: '/bucket/none' })
    expect(response).toMatchObject({ status: 404, text: '' })
  })

  test('is found under a name of its bucket', async () => {
    const aws = await running({ buckets })
    const { credentials, region, endpoint } = aws
    await aws.clients.s3.send(new PutObjectCommand({ Bucket, Key: 'a/b', Body: 'hosted' }))
    const { sign } = await import('../running.ts')
    const host = `bucket.localhost:${new URL(endpoint).port}`
    const { request } = sign(endpoint, { path: '/a/b', headers: { host } }, { credentials, region })
    expect(await send(endpoint, request)).toMatchObject({ status: 200, text: 'hosted' })
  })
})

describe('a range', () => {
  test.each([
    ['bytes=0-0', '0', 'bytes 0-0/10'],
    ['bytes=2-5', '2345', 'bytes 2-5/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=-100', '0123456789', 'bytes 0-9/10'],
    ['bytes=5-100', '56789', 'bytes 5-9/10'],
  ])('%s is %s', async (range, text, contentRange) => {
    const { s3 } = (await running({ buckets })).clients
    await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: '0123456789' }))
    const get = await s3.send(new GetObjectCommand({ Bucket, Key: 'k', Range: range }))
    expect(await get.Body?.transformToString()).toBe(text)
    expect(get).toMatchObject({
      ContentRange: contentRange,
      ContentLength: text.length,
      $metadata: { httpStatusCode: 206 },
    })
  })

  test.each(['bytes=10-', 'bytes=10-12', 'bytes=-0'])('%s is not satisfiable', async (Range) => {
    const { s3 } = (await running({ buckets })).clients
    await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: '0123456789' }))
    const get = new GetObjectCommand({ Bucket, Key: 'k', Range })
    await expect(s3.send(get)).rejects.toMatchObject({ name: 'InvalidRange', $metadata: { httpStatusCode: 416 } })
  })

  test.each(['bytes=5-2', 'bytes=0-1,3-4', 'lines=1-2', 'bytes=-'])('%s means the whole object', async (Range) => {
    const { s3 } = (await running({ buckets })).clients
    await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: '0123456789' }))
    const get = await s3.send(new GetObjectCommand({ Bucket, Key: 'k', Range }))
    expect(await get.Body?.transformToString()).toBe('0123456789')
    expect(get.$metadata.httpStatusCode).toBe(200)
  })
})

describe('a copy', () => {
  test('has the bytes and the headers of its source, or headers of its own', async () => {
    const { s3 } = (await running({ buckets })).clients
    const source = { Bucket, Key: 'so urce/+', Body: 'bytes', Metadata: { a: '1' }, ContentType: 'text/x' }
    await s3.send(new PutObjectCommand(source))
    const CopySource = `bucket/${encodeURIComponent('so urce/+')}`
    const copy = await s3.send(new CopyObjectCommand({ Bucket, Key: 'same', CopySource }))
    expect(copy.CopyObjectResult?.ETag).toBe(`"${createHash('md5').update('bytes').digest('hex')}"`)
    const own = { MetadataDirective: 'REPLACE', Metadata: { b: '2' }, ContentType: 'text/y' } as const
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'own', CopySource, ...own }))
    expect(await textOf(s3, 'same')).toBe('bytes')
    expect(await s3.send(new HeadObjectCommand({ Bucket, Key: 'same' }))).toMatchObject({
      Metadata: { a: '1' },
      ContentType: 'text/x',
    })
    expect(await s3.send(new HeadObjectCommand({ Bucket, Key: 'own' }))).toMatchObject({
      Metadata: { b: '2' },
      ContentType: 'text/y',
    })
  })

  test('of nothing, of a source that is not the expected one, or onto itself is refused', async () => {
    const { s3 } = (await running({ buckets })).clients
    await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }))
    const copy = (input: Partial<CopyObjectCommand['input']>) =>
      s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: 'bucket/k', ...input }))
    await expect(copy({ CopySource: 'bucket/none' })).rejects.toMatchObject({ name: 'NoSuchKey' })
    await expect(copy({ CopySource: 'nowhere/k' })).rejects.toMatchObject({ name: 'NoSuchBucket' })
    await expect(copy({ CopySourceIfMatch: '"other"' })).rejects.toMatchObject({ name: 'PreconditionFailed' })
    await expect(copy({ Key: 'k' })).rejects.toMatchObject({ name: 'InvalidRequest' })
  })
})

describe('tags', () => {
  test('are replaced, and held to their limits', async () => {
    const { s3 } = (await running({ buckets })).clients
    await s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x', Tagging: 'a=1' }))
    const put = (TagSet: { Key: string; Value: string }[]) =>
      s3.send(new PutObjectTaggingCommand({ Bucket, Key: 'k', Tagging: { TagSet } }))
    await put([{ Key: 'b', Value: '' }])
    expect((await s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'k' }))).TagSet).toEqual([{ Key: 'b', Value: '' }])
    const eleven = Array.from({ length: 11 }, (_, index) => ({ Key: String(index), Value: 'x' }))
    await expect(put(eleven)).rejects.toMatchObject({ name: 'BadRequest' })
    await expect(put([{ Key: 'a'.repeat(129), Value: '' }])).rejects.toMatchObject({ name: 'InvalidTag' })
  })
})
