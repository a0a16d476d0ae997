import { createHash } from 'node:crypto'
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetBucketLocationCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import { codeIn } from '../running.ts'
import { casesOf, refused, s3Api, s3Guide, type World } from './suite.ts'

const put = ({ s3 }: World, Bucket: string, Key: string, Body: string | Buffer = 'x', more: object = {}) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }))
const read = async ({ s3 }: World, Bucket: string, Key: string, more: object = {}) =>
  (await s3.send(new GetObjectCommand({ Bucket, Key, ...more }))).Body?.transformToString()
const head = ({ s3 }: World, Bucket: string, Key: string, more: object = {}) =>
  s3.send(new HeadObjectCommand({ Bucket, Key, ...more }))

export const bucketCases = [
  ...casesOf(`${s3Api}API_CreateBucket.html`, {
    'a bucket is there once it is created': async (world) => {
      const Bucket = await world.bucket()
      expect((await world.s3.send(new HeadBucketCommand({ Bucket }))).$metadata.httpStatusCode).toBe(200)
    },
    'a bucket name in capitals is refused': async ({ raw }) => {
      const response = await raw({ method: 'PUT', path: '/Bucket-In-Capitals' })
      expect([response.status, codeIn(response)]).toEqual([400, 'InvalidBucketName'])
    },
    'a bucket name of two letters is refused': async ({ raw }) => {
      const response = await raw({ method: 'PUT', path: '/ab' })
      expect([response.status, codeIn(response)]).toEqual([400, 'InvalidBucketName'])
    },
    'the same bucket is created again by its owner: an answer in us-east-1, a refusal elsewhere': async (world) => {
      const Bucket = await world.bucket()
      const again = world.s3.send(new CreateBucketCommand({ Bucket }))
      if (world.endpoint.region === 'us-east-1') await again
      else await refused(again, { status: 409 })
    },
  }),
  ...casesOf(`${s3Api}API_DeleteBucket.html`, {
    'a bucket that is deleted is gone': async (world) => {
      const Bucket = await world.bucket()
      await world.s3.send(new DeleteBucketCommand({ Bucket }))
      await refused(world.s3.send(new HeadBucketCommand({ Bucket })), { status: 404 })
    },
    'a bucket with an object in it stays': async (world) => {
      const Bucket = await world.bucket()
      await put(world, Bucket, 'k')
      await refused(world.s3.send(new DeleteBucketCommand({ Bucket })), { name: 'BucketNotEmpty', status: 409 })
    },
    'a bucket with nothing but a delete marker in it stays': async (world) => {
      const Bucket = await world.bucket({ versioned: true })
      await world.s3.send(new DeleteObjectCommand({ Bucket, Key: 'never' }))
      await refused(world.s3.send(new DeleteBucketCommand({ Bucket })), { name: 'BucketNotEmpty', status: 409 })
    },
    'a bucket that does not exist cannot be deleted': async ({ s3 }) => {
      await refused(s3.send(new DeleteBucketCommand({ Bucket: 'conformance-never-there' })), { name: 'NoSuchBucket' })
    },
  }),
  ...casesOf(`${s3Api}API_ListBuckets.html`, {
    'a bucket is in the list of buckets': async (world) => {
      const Bucket = await world.bucket()
      const { Buckets } = await world.s3.send(new ListBucketsCommand({}))
      expect(Buckets?.map(({ Name }) => Name)).toContain(Bucket)
      expect(Buckets?.[0]?.CreationDate).toBeInstanceOf(Date)
    },
  }),
  ...casesOf(`${s3Api}API_GetBucketLocation.html`, {
    'the location of a bucket is its region, and empty in us-east-1': async (world) => {
      const { LocationConstraint } = await world.s3.send(new GetBucketLocationCommand({ Bucket: await world.bucket() }))
      expect(LocationConstraint ?? 'us-east-1').toBe(world.endpoint.region)
    },
  }),
  ...casesOf(`${s3Api}API_GetBucketVersioning.html`, {
    'a bucket whose versioning was never set says nothing of it': async (world) => {
      const { Status } = await world.s3.send(new GetBucketVersioningCommand({ Bucket: await world.bucket() }))
      expect(Status).toBeUndefined()
    },
    'versioning can be enabled and suspended': async (world) => {
      const Bucket = await world.bucket()
      for (const Status of ['Enabled', 'Suspended'] as const) {
        await world.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }))
        expect((await world.s3.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe(Status)
      }
    },
    'a versioning status that is none is malformed': async (world) => {
      const Bucket = await world.bucket()
      const Status = 'Paused' as 'Enabled'
      await refused(world.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } })), {
        name: 'MalformedXML',
        status: 400,
      })
    },
  }),
]

export const objectCases = [
  ...casesOf(`${s3Api}API_PutObject.html`, {
    'the entity tag of a put is the MD5 of its bytes': async (world) => {
      const { ETag } = await put(world, await world.bucket(), 'k', 'hello')
      expect(ETag).toBe(`"${createHash('md5').update('hello').digest('hex')}"`)
    },
    'an empty object is an object': async (world) => {
      const Bucket = await world.bucket()
      await put(world, Bucket, 'empty', '')
      expect((await head(world, Bucket, 'empty')).ContentLength).toBe(0)
      expect(await read(world, Bucket, 'empty')).toBe('')
    },
    'the last put wins': async (world) => {
      const Bucket = await world.bucket()
      for (const body of ['one', 'two']) await put(world, Bucket, 'k', body)
      expect(await read(world, Bucket, 'k')).toBe('two')
    },
    'an object is encrypted with the keys of S3 by default': async (world) => {
      const Bucket = await world.bucket()
      expect((await put(world, Bucket, 'k')).ServerSideEncryption).toBe('AES256')
      expect((await head(world, Bucket, 'k')).ServerSideEncryption).toBe('AES256')
    },
    'a put into a bucket that does not exist is refused': async (world) => {
      await refused(put(world, 'conformance-never-there', 'k'), { name: 'NoSuchBucket', status: 404 })
    },
    'a Content-MD5 that is right is accepted, and a wrong one refused': async (world) => {
      const Bucket = await world.bucket()
      const md5 = (text: string) => createHash('md5').update(text).digest('base64')
      await put(world, Bucket, 'k', 'hello', { ContentMD5: md5('hello') })
      await refused(put(world, Bucket, 'k', 'hello', { ContentMD5: md5('other') }), { name: 'BadDigest', status: 400 })
      expect(await read(world, Bucket, 'k')).toBe('hello')
    },
    'a Content-MD5 that is no MD5 is invalid': async (world) => {
      const Bucket = await world.bucket()
      await refused(put(world, Bucket, 'k', 'hello', { ContentMD5: 'none' }), { name: 'InvalidDigest', status: 400 })
    },
    'an owner that is not the expected one is refused': async (world) => {
      const Bucket = await world.bucket()
      await refused(put(world, Bucket, 'k', 'x', { ExpectedBucketOwner: '999999999999' }), {
        name: 'AccessDenied',
        status: 403,
      })
    },
  }),
  ...casesOf(`${s3Guide}object-keys.html`, {
    'keys keep every letter': async (world) => {
      const Bucket = await world.bucket()
      const keys = ['ü&+ %/=?#', 'a//b', 'a/../b', './a', 'a b', 'quote\'"', '日本/😀', 'trailing/']
      for (const key of keys) await put(world, Bucket, key, key)
      for (const key of keys) expect(await read(world, Bucket, key)).toBe(key)
      const { Contents } = await world.s3.send(new ListObjectsV2Command({ Bucket }))
      expect(Contents?.map(({ Key }) => Key).sort()).toEqual([...keys].sort())
    },
    'a key may have 1024 bytes': async (world) => {
      const Bucket = await world.bucket()
      await put(world, Bucket, 'k'.repeat(1024))
      expect(await read(world, Bucket, 'k'.repeat(1024))).toBe('x')
    },
    'a key of 1025 bytes is too long': async (world) => {
      await refused(put(world, await world.bucket(), 'k'.repeat(1025)), { name: 'KeyTooLongError', status: 400 })
    },
    'the bytes of a key count, not its letters': async (world) => {
      await refused(put(world, await world.bucket(), 'ü'.repeat(513)), { name: 'KeyTooLongError', status: 400 })
    },
  }),
  ...casesOf(`${s3Guide}UsingMetadata.html`, {
    'metadata come back, their names in lower case': async (world) => {
      const Bucket = await world.bucket()
      await put(world, Bucket, 'k', 'x', { Metadata: { Commit: 'abc', 'build-number': '7' } })
      expect((await head(world, Bucket, 'k')).Metadata).toEqual({ commit: 'abc', 'build-number': '7' })
    },
    'metadata of two kilobytes are accepted': async (world) => {
      const Bucket = await world.bucket()
      await put(world, Bucket, 'k', 'x', { Metadata: { a: 'v'.repeat(2047) } })
      expect((await head(world, Bucket, 'k')).Metadata?.['a']).toHaveLength(2047)
    },
    'metadata of more than two kilobytes are too large': async (world) => {
      await refused(put(world, await world.bucket(), 'k', 'x', { Metadata: { a: 'v'.repeat(2048) } }), {
        name: 'MetadataTooLarge',
        status: 400,
      })
    },
    'the headers that describe a body come back': async (world) => {
      const Bucket = await world.bucket()
      const headers = {
        CacheControl: 'max-age=60',
        ContentDisposition: 'attachment; filename="a.zip"',
        ContentEncoding: 'gzip',
        ContentLanguage: 'de',
        ContentType: 'application/zip',
      }
      await put(world, Bucket, 'k', 'x', headers)
      expect(await head(world, Bucket, 'k')).toMatchObject(headers)
    },
    'a body without a type is binary/octet-stream': async (world) => {
      const Bucket = await world.bucket()
      await world.raw({ method: 'PUT', path: `/${Bucket}/k`, body: 'x', headers: { 'content-length': '1' } })
      expect((await head(world, Bucket, 'k')).ContentType).toBe('binary/octet-stream')
    },
  }),
  ...casesOf(`${s3Api}API_GetObject.html`, {
    'an object that does not exist is no such key': async (world) => {
      await refused(read(world, await world.bucket(), 'none'), { name: 'NoSuchKey', status: 404 })
    },
    'the head of an object that does not exist is 404': async (world) => {
      await refused(head(world, await world.bucket(), 'none'), { name: 'NotFound', status: 404 })
    },
    'the query can choose headers of the answer': async (world) => {
      const Bucket = await world.bucket()
      await put(world, Bucket, 'k', 'x', { ContentType: 'text/plain' })
      const answer = await world.s3.send(
        new GetObjectCommand({
          Bucket,
          Key: 'k',
          ResponseContentType: 'application/zip',
          ResponseContentDisposition: 'inline',
          ResponseCacheControl: 'no-store',
        }),
      )
      expect(answer).toMatchObject({
        ContentType: 'application/zip',
        ContentDisposition: 'inline',
        CacheControl: 'no-store',
      })
    },
    'the time of an answer is that of the put, in whole seconds': async (world) => {
      const Bucket = await world.bucket()
      await put(world, Bucket, 'k')
      const { LastModified } = await head(world, Bucket, 'k')
      expect(Math.abs(Date.now() - Number(LastModified))).toBeLessThan(5 * 60 * 1000)
      expect(LastModified?.getMilliseconds()).toBe(0)
    },
    ...Object.fromEntries(
      (
        [
          ['the first bytes', 'bytes=0-2', '012', 'bytes 0-2/10'],
          ['the rest from a byte on', 'bytes=7-', '789', 'bytes 7-9/10'],
          ['the last bytes', 'bytes=-3', '789', 'bytes 7-9/10'],
          ['more than there is', 'bytes=8-100', '89', 'bytes 8-9/10'],
          ['one byte', 'bytes=4-4', '4', 'bytes 4-4/10'],
          ['a longer end than the object', 'bytes=-100', '0123456789', 'bytes 0-9/10'],
        ] as const
      ).map(([name, Range, body, ContentRange]) => [
        `a range: ${name}`,
        async (world: World) => {
          const Bucket = await world.bucket()
          await put(world, Bucket, 'k', '0123456789')
          const answer = await world.s3.send(new GetObjectCommand({ Bucket, Key: 'k', Range }))
          expect(answer.$metadata.httpStatusCode).toBe(206)
          expect(answer.ContentRange).toBe(ContentRange)
          expect(await answer.Body?.transformToString()).toBe(body)
        },
      ]),
    ),
    'a range behind the end cannot be satisfied': async (world) => {
      const Bucket = await world.bucket()
      await put(world, Bucket, 'k', '0123456789')
      await refused(read(world, Bucket, 'k', { Range: 'bytes=10-' }), { name: 'InvalidRange', status: 416 })
    },
    'a range that is none means the whole': async (world) => {
      const Bucket = await world.bucket()
      await put(world, Bucket, 'k', '0123456789')
      const answer = await world.s3.send(new GetObjectCommand({ Bucket, Key: 'k', Range: 'chars=0-1' }))
      expect(answer.$metadata.httpStatusCode).toBe(200)
      expect(await answer.Body?.transformToString()).toBe('0123456789')
    },
    'the head of a range has its length': async (world) => {
      const Bucket = await world.bucket()
      await put(world, Bucket, 'k', '0123456789')
      const answer = await head(world, Bucket, 'k', { Range: 'bytes=0-3' })
      expect([answer.$metadata.httpStatusCode, answer.ContentLength]).toEqual([206, 4])
    },
    'a read with the right entity tag succeeds, with a wrong one 412': async (world) => {
      const Bucket = await world.bucket()
      const { ETag } = await put(world, Bucket, 'k')
      expect(await read(world, Bucket, 'k', { IfMatch: ETag })).toBe('x')
      await refused(read(world, Bucket, 'k', { IfMatch: '"0"' }), { name: 'PreconditionFailed', status: 412 })
    },
    'a read of what the caller has already is 304': async (world) => {
      const Bucket = await world.bucket()
      const { ETag } = await put(world, Bucket, 'k')
      await refused(read(world, Bucket, 'k', { IfNoneMatch: ETag }), { status: 304 })
      expect(await read(world, Bucket, 'k', { IfNoneMatch: '"0"' })).toBe('x')
    },
    'a read of what did not change since is 304': async (world) => {
      const Bucket = await world.bucket()
      await put(world, Bucket, 'k')
      const { LastModified } = await head(world, Bucket, 'k')
      await refused(read(world, Bucket, 'k', { IfModifiedSince: LastModified }), { status: 304 })
      expect(await read(world, Bucket, 'k', { IfModifiedSince: new Date(0) })).toBe('x')
    },
    'a read of what changed since then is 412': async (world) => {
      const Bucket = await world.bucket()
      await put(world, Bucket, 'k')
      await refused(read(world, Bucket, 'k', { IfUnmodifiedSince: new Date(0) }), { status: 412 })
    },
    'an entity tag that matches outweighs the date beside it': async (world) => {
      const Bucket = await world.bucket()
      const { ETag } = await put(world, Bucket, 'k')
      expect(await read(world, Bucket, 'k', { IfMatch: ETag, IfUnmodifiedSince: new Date(0) })).toBe('x')
    },
    'an entity tag that matches is 304 whatever the date beside it': async (world) => {
      const Bucket = await world.bucket()
      const { ETag } = await put(world, Bucket, 'k')
      await refused(read(world, Bucket, 'k', { IfNoneMatch: ETag, IfModifiedSince: new Date(0) }), { status: 304 })
    },
    'the head obeys conditions, too': async (world) => {
      const Bucket = await world.bucket()
      const { ETag } = await put(world, Bucket, 'k')
      await refused(head(world, Bucket, 'k', { IfMatch: '"0"' }), { status: 412 })
      await refused(head(world, Bucket, 'k', { IfNoneMatch: ETag }), { status: 304 })
    },
  }),
  ...casesOf(`${s3Api}API_DeleteObject.html`, {
    'an object that is deleted is gone': async (world) => {
      const Bucket = await world.bucket()
      await put(world, Bucket, 'k')
      const { $metadata } = await world.s3.send(new DeleteObjectCommand({ Bucket, Key: 'k' }))
      expect($metadata.httpStatusCode).toBe(204)
      await refused(read(world, Bucket, 'k'), { name: 'NoSuchKey' })
    },
    'what does not exist can be deleted': async (world) => {
      const Bucket = await world.bucket()
      const { $metadata } = await world.s3.send(new DeleteObjectCommand({ Bucket, Key: 'none' }))
      expect($metadata.httpStatusCode).toBe(204)
    },
  }),
  ...casesOf(`${s3Guide}conditional-deletes.html`, {
    'a deletion with the right entity tag succeeds, with a wrong one 412': async (world) => {
      const Bucket = await world.bucket()
      const { ETag } = await put(world, Bucket, 'k')
      await refused(world.s3.send(new DeleteObjectCommand({ Bucket, Key: 'k', IfMatch: '"0"' })), { status: 412 })
      expect(await read(world, Bucket, 'k')).toBe('x')
      await world.s3.send(new DeleteObjectCommand({ Bucket, Key: 'k', IfMatch: ETag }))
      await refused(read(world, Bucket, 'k'), { name: 'NoSuchKey' })
    },
  }),
  ...casesOf(`${s3Api}API_DeleteObjects.html`, {
    'many are deleted at once, and one that does not exist is no error': async (world) => {
      const Bucket = await world.bucket()
      for (const key of ['a', 'b', 'c']) await put(world, Bucket, key)
      const Objects = ['a', 'b', 'none'].map((Key) => ({ Key }))
      const { Deleted, Errors } = await world.s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))
      expect(Deleted?.map(({ Key }) => Key).sort()).toEqual(['a', 'b', 'none'])
      expect(Errors ?? []).toEqual([])
      const { Contents } = await world.s3.send(new ListObjectsV2Command({ Bucket }))
      expect(Contents?.map(({ Key }) => Key)).toEqual(['c'])
    },
    'a quiet deletion tells of errors alone': async (world) => {
      const Bucket = await world.bucket()
      await put(world, Bucket, 'a')
      const Delete = { Objects: [{ Key: 'a' }], Quiet: true }
      expect((await world.s3.send(new DeleteObjectsCommand({ Bucket, Delete }))).Deleted ?? []).toEqual([])
      await refused(read(world, Bucket, 'a'), { name: 'NoSuchKey' })
    },
    'no more than a thousand at once': async (world) => {
      const Bucket = await world.bucket()
      const Objects = Array.from({ length: 1001 }, (_, index) => ({ Key: String(index) }))
      await refused(world.s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } })), { name: 'MalformedXML' })
    },
    'a body that is no XML is malformed': async ({ bucket, raw }) => {
      const body = '<Delete><Object>'
      const md5 = createHash('md5').update(body).digest('base64')
      const headers = { 'content-length': String(body.length), 'content-md5': md5 }
      const response = await raw({ method: 'POST', path: `/${await bucket()}?delete`, body, headers })
      expect([response.status, codeIn(response)]).toEqual([400, 'MalformedXML'])
    },
  }),
  ...casesOf(`${s3Api}API_CopyObject.html`, {
    'a copy has the bytes, the metadata and the tags of its source': async (world) => {
      const Bucket = await world.bucket()
      await put(world, Bucket, 'from', 'bytes', { Metadata: { a: '1' }, Tagging: 't=1', ContentType: 'text/plain' })
      await world.s3.send(new CopyObjectCommand({ Bucket, Key: 'to', CopySource: `${Bucket}/from` }))
      expect(await read(world, Bucket, 'to')).toBe('bytes')
      expect(await head(world, Bucket, 'to')).toMatchObject({ Metadata: { a: '1' }, ContentType: 'text/plain' })
      const { TagSet } = await world.s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'to' }))
      expect(TagSet).toEqual([{ Key: 't', Value: '1' }])
    },
    'a copy can replace metadata and tags': async (world) => {
      const Bucket = await world.bucket()
      await put(world, Bucket, 'from', 'bytes', { Metadata: { a: '1' }, Tagging: 't=1' })
      await world.s3.send(
        new CopyObjectCommand({
          Bucket,
          Key: 'to',
          CopySource: `${Bucket}/from`,
          MetadataDirective: 'REPLACE',
          Metadata: { b: '2' },
          TaggingDirective: 'REPLACE',
          Tagging: 'u=2',
        }),
      )
      expect((await head(world, Bucket, 'to')).Metadata).toEqual({ b: '2' })
      const { TagSet } = await world.s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'to' }))
      expect(TagSet).toEqual([{ Key: 'u', Value: '2' }])
    },
    'a copy onto itself that changes nothing is illegal': async (world) => {
      const Bucket = await world.bucket()
      await put(world, Bucket, 'k')
      const copy = new CopyObjectCommand({ Bucket, Key: 'k', CopySource: `${Bucket}/k` })
      await refused(world.s3.send(copy), { name: 'InvalidRequest', status: 400 })
    },
    'a source that does not exist is no such key': async (world) => {
      const Bucket = await world.bucket()
      const copy = new CopyObjectCommand({ Bucket, Key: 'k', CopySource: `${Bucket}/none` })
      await refused(world.s3.send(copy), { name: 'NoSuchKey', status: 404 })
    },
    'a source with an encoded key is found': async (world) => {
      const Bucket = await world.bucket()
      await put(world, Bucket, 'ü &+', 'bytes')
      const CopySource = `${Bucket}/${encodeURIComponent('ü &+')}`
      await world.s3.send(new CopyObjectCommand({ Bucket, Key: 'to', CopySource }))
      expect(await read(world, Bucket, 'to')).toBe('bytes')
    },
    'conditions on the source are 412 where they do not hold': async (world) => {
      const Bucket = await world.bucket()
      const { ETag } = await put(world, Bucket, 'from')
      const copy = (more: object) =>
        world.s3.send(new CopyObjectCommand({ Bucket, Key: 'to', CopySource: `${Bucket}/from`, ...more }))
      await refused(copy({ CopySourceIfMatch: '"0"' }), { status: 412 })
      await refused(copy({ CopySourceIfNoneMatch: ETag }), { status: 412 })
      await refused(copy({ CopySourceIfUnmodifiedSince: new Date(0) }), { status: 412 })
      await copy({ CopySourceIfMatch: ETag })
      await copy({ CopySourceIfModifiedSince: new Date(0) })
    },
  }),
  ...casesOf(`${s3Guide}object-tagging.html`, {
    'tags are put, read and deleted': async (world) => {
      const Bucket = await world.bucket()
      await put(world, Bucket, 'k')
      const TagSet = [
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '' },
      ]
      await world.s3.send(new PutObjectTaggingCommand({ Bucket, Key: 'k', Tagging: { TagSet } }))
      expect((await world.s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'k' }))).TagSet).toEqual(TagSet)
      await world.s3.send(new DeleteObjectTaggingCommand({ Bucket, Key: 'k' }))
      expect((await world.s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'k' }))).TagSet).toEqual([])
    },
    'tags come with the put, and are counted by a read': async (world) => {
      const Bucket = await world.bucket()
      await put(world, Bucket, 'k', 'x', { Tagging: 'a=1&b=%C3%BC' })
      const answer = await world.s3.send(new GetObjectCommand({ Bucket, Key: 'k' }))
      expect(answer.TagCount).toBe(2)
      await answer.Body?.transformToString()
      const { TagSet } = await world.s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'k' }))
      expect(TagSet).toContainEqual({ Key: 'b', Value: 'ü' })
    },
    'eleven tags are too many': async (world) => {
      const Bucket = await world.bucket()
      await put(world, Bucket, 'k')
      const TagSet = Array.from({ length: 11 }, (_, index) => ({ Key: String(index), Value: '' }))
      await refused(world.s3.send(new PutObjectTaggingCommand({ Bucket, Key: 'k', Tagging: { TagSet } })), {
        status: 400,
      })
    },
    'a tag twice is invalid': async (world) => {
      const Bucket = await world.bucket()
      await put(world, Bucket, 'k')
      const TagSet = [
        { Key: 'a', Value: '1' },
        { Key: 'a', Value: '2' },
      ]
      await refused(world.s3.send(new PutObjectTaggingCommand({ Bucket, Key: 'k', Tagging: { TagSet } })), {
        name: 'InvalidTag',
        status: 400,
      })
    },
    'a tag of 129 letters, or a value of 257, is invalid': async (world) => {
      const Bucket = await world.bucket()
      await put(world, Bucket, 'k')
      for (const tag of [
        { Key: 'k'.repeat(129), Value: '' },
        { Key: 'k', Value: 'v'.repeat(257) },
      ]) {
        const Tagging = { TagSet: [tag] }
        await refused(world.s3.send(new PutObjectTaggingCommand({ Bucket, Key: 'k', Tagging })), { name: 'InvalidTag' })
      }
    },
    'the tags of what does not exist are no such key': async (world) => {
      const Bucket = await world.bucket()
      await refused(world.s3.send(new GetObjectTaggingCommand({ Bucket, Key: 'none' })), { name: 'NoSuchKey' })
    },
  }),
]

const listed = async (world: World, keys: readonly string[], more: object) => {
  const Bucket = await world.bucket()
  for (const key of keys) await put(world, Bucket, key)
  return world.s3.send(new ListObjectsV2Command({ Bucket, ...more }))
}
const keysOf = ({ Contents = [] }: { Contents?: { Key?: string | undefined }[] | undefined }) =>
  Contents.map(({ Key }) => Key)

export const listCases = [
  ...casesOf(`${s3Api}API_ListObjectsV2.html`, {
    'keys are listed in the order of their bytes in UTF-8': async (world) => {
      const list = await listed(world, ['b', 'a/b', 'B', 'ü', 'a', '😀', '\uff5e'], {})
      expect(keysOf(list)).toEqual(['B', 'a', 'a/b', 'b', 'ü', '\uff5e', '😀'])
    },
    'an entry has entity tag, size, time and class': async (world) => {
      const { Contents, KeyCount, MaxKeys, IsTruncated } = await listed(world, ['k'], {})
      expect(Contents?.[0]).toMatchObject({ Key: 'k', Size: 1, StorageClass: 'STANDARD' })
      expect(Contents?.[0]?.ETag).toMatch(/^"[0-9a-f]{32}"$/)
      expect(Contents?.[0]?.LastModified).toBeInstanceOf(Date)
      expect([KeyCount, MaxKeys, IsTruncated]).toEqual([1, 1000, false])
    },
    'an empty bucket lists nothing': async (world) => {
      expect(await listed(world, [], {})).toMatchObject({ KeyCount: 0, IsTruncated: false })
    },
    'a prefix chooses': async (world) => {
      expect(keysOf(await listed(world, ['a/1', 'a/2', 'b/1'], { Prefix: 'a/' }))).toEqual(['a/1', 'a/2'])
    },
    'a delimiter rolls keys up': async (world) => {
      const list = await listed(world, ['a/1', 'a/2', 'b', 'c/d/e'], { Delimiter: '/' })
      expect(keysOf(list)).toEqual(['b'])
      expect(list.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(['a/', 'c/'])
      expect(list.KeyCount).toBe(3)
    },
    'a delimiter is looked for behind the prefix': async (world) => {
      const list = await listed(world, ['p/a/1', 'p/b', 'q'], { Prefix: 'p/', Delimiter: '/' })
      expect([keysOf(list), list.CommonPrefixes]).toEqual([['p/b'], [{ Prefix: 'p/a/' }]])
    },
    'a delimiter may have several letters': async (world) => {
      const list = await listed(world, ['a--b', 'a-c'], { Delimiter: '--' })
      expect([keysOf(list), list.CommonPrefixes]).toEqual([['a-c'], [{ Prefix: 'a--' }]])
    },
    'pages follow each other by their tokens': async (world) => {
      const Bucket = await world.bucket()
      for (const key of ['a', 'b', 'c', 'd', 'e']) await put(world, Bucket, key)
      const pages: unknown[] = []
      let ContinuationToken: string | undefined
      do {
        const page = await world.s3.send(new ListObjectsV2Command({ Bucket, MaxKeys: 2, ContinuationToken }))
        pages.push(keysOf(page))
        ContinuationToken = page.NextContinuationToken
      } while (ContinuationToken !== undefined)
      expect(pages).toEqual([['a', 'b'], ['c', 'd'], ['e']])
    },
    'pages count rolled up prefixes, and never begin with one again': async (world) => {
      const Bucket = await world.bucket()
      for (const key of ['a/1', 'a/2', 'b/1', 'b/2', 'c']) await put(world, Bucket, key)
      const pages: unknown[] = []
      let ContinuationToken: string | undefined
      do {
        const page = await world.s3.send(
          new ListObjectsV2Command({ Bucket, MaxKeys: 1, Delimiter: '/', ContinuationToken }),
        )
        pages.push([...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix), ...keysOf(page)])
        ContinuationToken = page.NextContinuationToken
      } while (ContinuationToken !== undefined)
      expect(pages).toEqual([['a/'], ['b/'], ['c']])
    },
    'a listing can start behind a key that need not exist': async (world) => {
      expect(keysOf(await listed(world, ['a', 'c', 'd'], { StartAfter: 'b' }))).toEqual(['c', 'd'])
    },
    'no keys at all can be asked for': async (world) => {
      expect(await listed(world, ['a'], { MaxKeys: 0 })).toMatchObject({ KeyCount: 0, IsTruncated: false })
    },
    'a page has at most a thousand keys whatever was asked for': async (world) => {
      expect((await listed(world, ['a'], { MaxKeys: 5000 })).MaxKeys).toBe(1000)
    },
    'keys can be asked for in an encoding of URLs': async (world) => {
      const list = await listed(world, ['a b/ü'], { EncodingType: 'url' })
      expect(list.EncodingType).toBe('url')
      expect(keysOf(list)[0]?.replaceAll('+', '%20')).toBe('a%20b/%C3%BC')
    },
    'the owner is told when it is asked for': async (world) => {
      expect((await listed(world, ['a'], {})).Contents?.[0]?.Owner).toBeUndefined()
      expect((await listed(world, ['a'], { FetchOwner: true })).Contents?.[0]?.Owner?.ID).toMatch(/./)
    },
    'a token that is none is refused': async (world) => {
      await refused(listed(world, [], { ContinuationToken: 'no token' }), { name: 'InvalidArgument', status: 400 })
    },
    'a bucket that does not exist cannot be listed': async ({ s3 }) => {
      await refused(s3.send(new ListObjectsV2Command({ Bucket: 'conformance-never-there' })), { name: 'NoSuchBucket' })
    },
  }),
  ...casesOf(`${s3Api}API_ListObjects.html`, {
    'the older listing goes on behind a marker': async (world) => {
      const Bucket = await world.bucket()
      for (const key of ['a', 'b', 'c']) await put(world, Bucket, key)
      const page = await world.s3.send(new ListObjectsCommand({ Bucket, Marker: 'a', MaxKeys: 1 }))
      expect([keysOf(page), page.IsTruncated, page.Marker]).toEqual([['b'], true, 'a'])
    },
    'the older listing names the next marker where it rolls up': async (world) => {
      const Bucket = await world.bucket()
      for (const key of ['a/1', 'b/1']) await put(world, Bucket, key)
      const page = await world.s3.send(new ListObjectsCommand({ Bucket, Delimiter: '/', MaxKeys: 1 }))
      expect(page).toMatchObject({ CommonPrefixes: [{ Prefix: 'a/' }], NextMarker: 'a/', IsTruncated: true })
    },
  }),
]
