import { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  GetBucketPolicyCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
  type ChecksumAlgorithm as SdkAlgorithm,
  type CompletedPart,
} from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import { compositeChecksum, digestOf, type ChecksumAlgorithm } from '../../src/checksum/checksums.ts'
import { codeIn } from '../running.ts'
import { casesOf, refused, s3Api, s3Guide, type World } from './suite.ts'

const put = ({ s3 }: World, Bucket: string, Key: string, Body: string | Buffer | Readable = 'x', more: object = {}) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }))
const read = async ({ s3 }: World, Bucket: string, Key: string, more: object = {}) =>
  (await s3.send(new GetObjectCommand({ Bucket, Key, ...more }))).Body?.transformToString()
const head = ({ s3 }: World, Bucket: string, Key: string, more: object = {}) =>
  s3.send(new HeadObjectCommand({ Bucket, Key, ...more }))
const partFloor = Buffer.alloc(5 * 1024 ** 2, 'a')

/** An upload in parts, all but its completion. */
async function uploaded(
  { s3 }: World,
  place: { readonly Bucket: string; readonly Key: string },
  bodies: readonly (string | Buffer)[],
  algorithm: SdkAlgorithm = 'CRC32',
  more: object = {},
): Promise<{ readonly UploadId: string; readonly Parts: CompletedPart[] }> {
  const create = new CreateMultipartUploadCommand({ ...place, ChecksumAlgorithm: algorithm, ...more })
  const { UploadId = '' } = await s3.send(create)
  const Parts: CompletedPart[] = []
  for (const [index, Body] of bodies.entries()) {
    const PartNumber = index + 1
    const answer = await s3.send(
      new UploadPartCommand({ ...place, UploadId, PartNumber, Body, ChecksumAlgorithm: algorithm }),
    )
    const { ETag, ChecksumCRC32, ChecksumCRC32C, ChecksumCRC64NVME, ChecksumSHA1, ChecksumSHA256 } = answer
    const checksums = { ChecksumCRC32, ChecksumCRC32C, ChecksumCRC64NVME, ChecksumSHA1, ChecksumSHA256 }
    Parts.push({ PartNumber, ETag, ...checksums })
  }
  return { UploadId, Parts }
}

const complete = (
  { s3 }: World,
  place: { readonly Bucket: string; readonly Key: string },
  { UploadId, Parts }: { readonly UploadId: string; readonly Parts: CompletedPart[] },
  more: object = {},
) => s3.send(new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload: { Parts }, ...more }))

export const conditionalWriteCases = casesOf(`${s3Guide}conditional-writes.html`, {
  'If-None-Match: * creates, and refuses what exists': async (world) => {
    const Bucket = await world.bucket()
    await put(world, Bucket, 'k', 'one', { IfNoneMatch: '*' })
    await refused(put(world, Bucket, 'k', 'two', { IfNoneMatch: '*' }), { name: 'PreconditionFailed', status: 412 })
    expect(await read(world, Bucket, 'k')).toBe('one')
  },
  'what was deleted can be created again': async (world) => {
    const Bucket = await world.bucket()
    await put(world, Bucket, 'k', 'one')
    await world.s3.send(new DeleteObjectCommand({ Bucket, Key: 'k' }))
    await put(world, Bucket, 'k', 'two', { IfNoneMatch: '*' })
    expect(await read(world, Bucket, 'k')).toBe('two')
  },
  'a delete marker is no object': async (world) => {
    const Bucket = await world.bucket({ versioned: true })
    await put(world, Bucket, 'k', 'one')
    await world.s3.send(new DeleteObjectCommand({ Bucket, Key: 'k' }))
    await put(world, Bucket, 'k', 'two', { IfNoneMatch: '*' })
    expect(await read(world, Bucket, 'k')).toBe('two')
  },
  'If-None-Match refuses what exists in a bucket with versions, and adds none': async (world) => {
    const Bucket = await world.bucket({ versioned: true })
    await put(world, Bucket, 'k', 'one')
    await refused(put(world, Bucket, 'k', 'two', { IfNoneMatch: '*' }), { status: 412 })
    const { Versions } = await world.s3.send(new ListObjectVersionsCommand({ Bucket }))
    expect(Versions).toHaveLength(1)
  },
  'If-None-Match knows nothing but *': async (world) => {
    await refused(put(world, await world.bucket(), 'k', 'x', { IfNoneMatch: '"0"' }), { status: 501 })
  },
  'If-Match replaces what it names': async (world) => {
    const Bucket = await world.bucket()
    const { ETag } = await put(world, Bucket, 'k', 'one')
    await put(world, Bucket, 'k', 'two', { IfMatch: ETag })
    expect(await read(world, Bucket, 'k')).toBe('two')
  },
  'If-Match refuses another entity tag': async (world) => {
    const Bucket = await world.bucket()
    await put(world, Bucket, 'k', 'one')
    await refused(put(world, Bucket, 'k', 'two', { IfMatch: '"00000000000000000000000000000000"' }), {
      name: 'PreconditionFailed',
      status: 412,
    })
    expect(await read(world, Bucket, 'k')).toBe('one')
  },
  'If-Match of what does not exist is no such key': async (world) => {
    await refused(put(world, await world.bucket(), 'k', 'x', { IfMatch: '"00000000000000000000000000000000"' }), {
      name: 'NoSuchKey',
      status: 404,
    })
  },
  'of ten that create at once, one does': async (world) => {
    const Bucket = await world.bucket()
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        put(world, Bucket, 'k', String(index), { IfNoneMatch: '*' }).then(
          () => index,
          (error: { $metadata: { httpStatusCode: number } }) => {
            expect([409, 412]).toContain(error.$metadata.httpStatusCode)
          },
        ),
      ),
    )
    const winners = outcomes.filter((outcome) => outcome !== undefined)
    expect(winners).toHaveLength(1)
    expect(await read(world, Bucket, 'k')).toBe(String(winners[0]))
  },
  'of ten that replace the same at once, one does': async (world) => {
    const Bucket = await world.bucket()
    const { ETag } = await put(world, Bucket, 'k', 'first')
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        put(world, Bucket, 'k', String(index), { IfMatch: ETag }).then(
          () => true,
          () => false,
        ),
      ),
    )
    expect(outcomes.filter((done) => done)).toHaveLength(1)
  },
  'a completion with If-None-Match refuses what exists, and keeps the upload': async (world) => {
    const place = { Bucket: await world.bucket(), Key: 'k' }
    const upload = await uploaded(world, place, ['parts'])
    await put(world, place.Bucket, 'k', 'put')
    await refused(complete(world, place, upload, { IfNoneMatch: '*' }), { name: 'PreconditionFailed', status: 412 })
    expect(await read(world, place.Bucket, 'k')).toBe('put')
  },
  'a completion with If-None-Match creates': async (world) => {
    const place = { Bucket: await world.bucket(), Key: 'k' }
    await complete(world, place, await uploaded(world, place, ['parts']), { IfNoneMatch: '*' })
    expect(await read(world, place.Bucket, 'k')).toBe('parts')
  },
  'a completion with If-Match replaces what it names, and nothing else': async (world) => {
    const place = { Bucket: await world.bucket(), Key: 'k' }
    const { ETag } = await put(world, place.Bucket, 'k', 'one')
    const upload = await uploaded(world, place, ['two'])
    await refused(complete(world, place, upload, { IfMatch: '"00000000000000000000000000000000"' }), { status: 412 })
    await complete(world, place, await uploaded(world, place, ['three']), { IfMatch: ETag })
    expect(await read(world, place.Bucket, 'k')).toBe('three')
  },
})

const algorithms: readonly ChecksumAlgorithm[] = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256']
const base64 = (algorithm: ChecksumAlgorithm, text: string | Buffer) =>
  digestOf(algorithm, Buffer.from(text)).toString('base64')
const checksumOf = (answer: object, algorithm: ChecksumAlgorithm) =>
  (answer as Record<string, unknown>)[`Checksum${algorithm}`]

export const checksumCases = [
  ...casesOf(`${s3Guide}checking-object-integrity-upload.html`, {
    ...Object.fromEntries(
      algorithms.flatMap((algorithm) => [
        [
          `${algorithm} in a header is verified, kept and told`,
          async (world: World) => {
            const Bucket = await world.bucket()
            const right = base64(algorithm, 'hello')
            const answer = await put(world, Bucket, 'k', 'hello', { [`Checksum${algorithm}`]: right })
            expect(checksumOf(answer, algorithm)).toBe(right)
            const kept = await head(world, Bucket, 'k', { ChecksumMode: 'ENABLED' })
            expect([checksumOf(kept, algorithm), kept.ChecksumType]).toEqual([right, 'FULL_OBJECT'])
            expect(checksumOf(await head(world, Bucket, 'k'), algorithm)).toBeUndefined()
          },
        ],
        [
          `${algorithm} that is not that of the body is refused, and nothing is kept`,
          async (world: World) => {
            const Bucket = await world.bucket()
            const wrong = { [`Checksum${algorithm}`]: base64(algorithm, 'other') }
            await refused(put(world, Bucket, 'k', 'hello', wrong), { name: 'BadDigest', status: 400 })
            await refused(head(world, Bucket, 'k'), { status: 404 })
          },
        ],
        [
          `${algorithm} in a trailer of a stream is verified and kept, and its framing is no part of the object`,
          async (world: World) => {
            const Bucket = await world.bucket()
            const body = Buffer.alloc(200_000, 'stream')
            await put(world, Bucket, 'k', Readable.from([body.subarray(0, 70_000), body.subarray(70_000)]), {
              ChecksumAlgorithm: algorithm,
              ContentLength: body.length,
            })
            expect(await read(world, Bucket, 'k')).toBe(body.toString())
            const kept = await head(world, Bucket, 'k', { ChecksumMode: 'ENABLED' })
            expect(checksumOf(kept, algorithm)).toBe(base64(algorithm, body))
          },
        ],
      ]),
    ),
    'an object that came without a checksum has CRC64NVME': async (world) => {
      const Bucket = await world.bucket()
      const response = await world.raw({
        method: 'PUT',
        path: `/${Bucket}/k`,
        body: 'hello',
        headers: { 'content-length': '5' },
      })
      expect(response.status).toBe(200)
      const kept = await head(world, Bucket, 'k', { ChecksumMode: 'ENABLED' })
      expect(kept.ChecksumCRC64NVME).toBe(base64('CRC64NVME', 'hello'))
    },
    'a checksum of the wrong length is invalid': async (world) => {
      const Bucket = await world.bucket()
      await refused(put(world, Bucket, 'k', 'hello', { ChecksumSHA256: 'AAAA' }), {
        name: 'InvalidRequest',
        status: 400,
      })
    },
    'two checksums at once are one too many': async (world) => {
      const headers = {
        'content-length': '5',
        'x-amz-checksum-crc32': base64('CRC32', 'hello'),
        'x-amz-checksum-sha1': base64('SHA1', 'hello'),
      }
      const path = `/${await world.bucket()}/k`
      const response = await world.raw({ method: 'PUT', path, body: 'hello', headers })
      expect([response.status, codeIn(response)]).toEqual([400, 'InvalidRequest'])
    },
    'a range is told without the checksum of the whole': async (world) => {
      const Bucket = await world.bucket()
      await put(world, Bucket, 'k', 'hello', { ChecksumSHA256: base64('SHA256', 'hello') })
      const answer = await world.s3.send(
        new GetObjectCommand({ Bucket, Key: 'k', Range: 'bytes=0-1', ChecksumMode: 'ENABLED' }),
      )
      expect(answer.ChecksumSHA256).toBeUndefined()
      expect(await answer.Body?.transformToString()).toBe('he')
    },
    ...Object.fromEntries(
      (['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const).map((algorithm) => [
        `${algorithm} of an object in parts is that of the checksums of its parts`,
        async (world: World) => {
          const place = { Bucket: await world.bucket(), Key: 'k' }
          const bodies = [partFloor, Buffer.from('end')]
          const answer = await complete(world, place, await uploaded(world, place, bodies, algorithm))
          const digests = bodies.map((body) => digestOf(algorithm, body))
          const expected = `${compositeChecksum(algorithm, digests).toString('base64')}-2`
          expect(checksumOf(answer, algorithm)).toBe(expected)
          const kept = await head(world, place.Bucket, 'k', { ChecksumMode: 'ENABLED' })
          expect([checksumOf(kept, algorithm), kept.ChecksumType]).toEqual([expected, 'COMPOSITE'])
        },
      ]),
    ),
    ...Object.fromEntries(
      (['CRC32', 'CRC32C', 'CRC64NVME'] as const).map((algorithm) => [
        `${algorithm} of an object in parts can be that of the whole`,
        async (world: World) => {
          const place = { Bucket: await world.bucket(), Key: 'k' }
          const bodies = [partFloor, Buffer.from('end')]
          const upload = await uploaded(world, place, bodies, algorithm, { ChecksumType: 'FULL_OBJECT' })
          const right = base64(algorithm, Buffer.concat(bodies))
          await complete(world, place, upload, { ChecksumType: 'FULL_OBJECT', [`Checksum${algorithm}`]: right })
          const kept = await head(world, place.Bucket, 'k', { ChecksumMode: 'ENABLED' })
          expect([checksumOf(kept, algorithm), kept.ChecksumType]).toEqual([right, 'FULL_OBJECT'])
        },
      ]),
    ),
    'SHA256 of an object in parts cannot be that of the whole': async (world) => {
      const place = { Bucket: await world.bucket(), Key: 'k' }
      await refused(uploaded(world, place, ['x'], 'SHA256', { ChecksumType: 'FULL_OBJECT' }), {
        name: 'InvalidRequest',
        status: 400,
      })
    },
    'a checksum of the whole that is wrong refuses the completion': async (world) => {
      const place = { Bucket: await world.bucket(), Key: 'k' }
      const upload = await uploaded(world, place, ['x'], 'CRC32', { ChecksumType: 'FULL_OBJECT' })
      const ChecksumCRC32 = base64('CRC32', 'other')
      await refused(complete(world, place, upload, { ChecksumType: 'FULL_OBJECT', ChecksumCRC32 }), { status: 400 })
    },
    'a part whose checksum is wrong is refused': async (world) => {
      const place = { Bucket: await world.bucket(), Key: 'k' }
      const { UploadId } = await uploaded(world, place, [])
      const ChecksumCRC32 = base64('CRC32', 'other')
      const part = new UploadPartCommand({ ...place, UploadId, PartNumber: 1, Body: 'x', ChecksumCRC32 })
      await refused(world.s3.send(part), { name: 'BadDigest', status: 400 })
    },
  }),
  ...casesOf(`${s3Api}API_GetObjectAttributes.html`, {
    'the attributes of an object are those that were asked for': async (world) => {
      const Bucket = await world.bucket()
      const { ETag } = await put(world, Bucket, 'k', 'hello', { ChecksumSHA256: base64('SHA256', 'hello') })
      const all = await world.s3.send(
        new GetObjectAttributesCommand({
          Bucket,
          Key: 'k',
          ObjectAttributes: ['ETag', 'Checksum', 'ObjectSize', 'StorageClass', 'ObjectParts'],
        }),
      )
      expect(all).toMatchObject({
        ETag: ETag?.replaceAll('"', ''),
        ObjectSize: 5,
        StorageClass: 'STANDARD',
        Checksum: { ChecksumSHA256: base64('SHA256', 'hello'), ChecksumType: 'FULL_OBJECT' },
      })
      expect(all.ObjectParts).toBeUndefined()
      expect(all.LastModified).toBeInstanceOf(Date)
      const one = await world.s3.send(
        new GetObjectAttributesCommand({ Bucket, Key: 'k', ObjectAttributes: ['ObjectSize'] }),
      )
      expect([one.ObjectSize, one.ETag, one.Checksum]).toEqual([5, undefined, undefined])
    },
    'the attributes tell the parts, page by page': async (world) => {
      const place = { Bucket: await world.bucket(), Key: 'k' }
      await complete(world, place, await uploaded(world, place, [partFloor, 'end'], 'SHA256'))
      const page = (more: object) =>
        world.s3.send(new GetObjectAttributesCommand({ ...place, ObjectAttributes: ['ObjectParts'], ...more }))
      const { ObjectParts } = await page({ MaxParts: 1 })
      expect(ObjectParts).toMatchObject({ TotalPartsCount: 2, IsTruncated: true, MaxParts: 1 })
      expect(ObjectParts?.Parts).toMatchObject([{ PartNumber: 1, Size: partFloor.length }])
      const next = await page({ PartNumberMarker: '1' })
      expect(next.ObjectParts?.Parts).toEqual([{ PartNumber: 2, Size: 3, ChecksumSHA256: base64('SHA256', 'end') }])
    },
    'the attributes of what does not exist are no such key': async (world) => {
      const Bucket = await world.bucket()
      const attributes = new GetObjectAttributesCommand({ Bucket, Key: 'none', ObjectAttributes: ['ETag'] })
      await refused(world.s3.send(attributes), { name: 'NoSuchKey', status: 404 })
    },
  }),
]

export const multipartCases = [
  ...casesOf(`${s3Api}API_CompleteMultipartUpload.html`, {
    'parts become one object, its entity tag that of theirs': async (world) => {
      const place = { Bucket: await world.bucket(), Key: 'k' }
      const { ETag } = await complete(world, place, await uploaded(world, place, [partFloor, 'end']))
      const digests = [partFloor, Buffer.from('end')].map((body) => digestOf('MD5', body))
      expect(ETag).toBe(`"${digestOf('MD5', Buffer.concat(digests)).toString('hex')}-2"`)
      const body = await read(world, place.Bucket, 'k')
      expect([body?.length, body?.slice(-4)]).toEqual([partFloor.length + 3, 'aend'])
    },
    'metadata and type come from the beginning of the upload': async (world) => {
      const place = { Bucket: await world.bucket(), Key: 'k' }
      const more = { Metadata: { a: '1' }, ContentType: 'application/zip' }
      await complete(world, place, await uploaded(world, place, ['x'], 'CRC32', more))
      expect(await head(world, place.Bucket, 'k')).toMatchObject(more)
    },
    'parts that are not listed are left out': async (world) => {
      const place = { Bucket: await world.bucket(), Key: 'k' }
      const { UploadId, Parts } = await uploaded(world, place, ['one', 'two'])
      await complete(world, place, { UploadId, Parts: Parts.slice(1) })
      expect(await read(world, place.Bucket, 'k')).toBe('two')
    },
    'a part that is sent again is replaced': async (world) => {
      const place = { Bucket: await world.bucket(), Key: 'k' }
      const { UploadId } = await uploaded(world, place, ['one'])
      const again = await world.s3.send(new UploadPartCommand({ ...place, UploadId, PartNumber: 1, Body: 'two' }))
      const { ETag, ChecksumCRC32 } = again
      await complete(world, place, { UploadId, Parts: [{ PartNumber: 1, ETag, ChecksumCRC32 }] })
      expect(await read(world, place.Bucket, 'k')).toBe('two')
    },
    'a part that is not the last is at least five megabytes': async (world) => {
      const place = { Bucket: await world.bucket(), Key: 'k' }
      const upload = await uploaded(world, place, ['one', 'two'])
      await refused(complete(world, place, upload), { name: 'EntityTooSmall', status: 400 })
    },
    'parts are listed in their order': async (world) => {
      const place = { Bucket: await world.bucket(), Key: 'k' }
      const { UploadId, Parts } = await uploaded(world, place, [partFloor, partFloor])
      await refused(complete(world, place, { UploadId, Parts: Parts.toReversed() }), {
        name: 'InvalidPartOrder',
        status: 400,
      })
    },
    'a part with another entity tag is invalid': async (world) => {
      const place = { Bucket: await world.bucket(), Key: 'k' }
      const { UploadId, Parts } = await uploaded(world, place, ['one'])
      const wrong = Parts.map((part) => ({ ...part, ETag: '"00000000000000000000000000000000"' }))
      await refused(complete(world, place, { UploadId, Parts: wrong }), { name: 'InvalidPart', status: 400 })
    },
    'a part that was never sent is invalid': async (world) => {
      const place = { Bucket: await world.bucket(), Key: 'k' }
      const { UploadId, Parts } = await uploaded(world, place, ['one'])
      const wrong = Parts.map((part) => ({ ...part, PartNumber: 7 }))
      await refused(complete(world, place, { UploadId, Parts: wrong }), { name: 'InvalidPart', status: 400 })
    },
    'a completion without parts is malformed': async (world) => {
      const place = { Bucket: await world.bucket(), Key: 'k' }
      const { UploadId } = await uploaded(world, place, ['one'])
      await refused(complete(world, place, { UploadId, Parts: [] }), { name: 'MalformedXML', status: 400 })
    },
    'an upload that does not exist cannot be completed': async (world) => {
      const place = { Bucket: await world.bucket(), Key: 'k' }
      const { Parts } = await uploaded(world, place, ['one'])
      await refused(complete(world, place, { UploadId: 'none', Parts }), { name: 'NoSuchUpload', status: 404 })
    },
    'a size that was promised is held to': async (world) => {
      const place = { Bucket: await world.bucket(), Key: 'k' }
      const upload = await uploaded(world, place, ['one'], 'CRC32', { ChecksumType: 'FULL_OBJECT' })
      const ChecksumCRC32 = base64('CRC32', 'one')
      const more = { ChecksumType: 'FULL_OBJECT', ChecksumCRC32, MpuObjectSize: 4 }
      await refused(complete(world, place, upload, more), { name: 'InvalidRequest', status: 400 })
    },
  }),
  ...casesOf(`${s3Api}API_UploadPart.html`, {
    'parts are numbered from 1 to 10,000': async (world) => {
      const place = { Bucket: await world.bucket(), Key: 'k' }
      const { UploadId } = await uploaded(world, place, [])
      for (const PartNumber of [0, 10_001]) {
        const part = new UploadPartCommand({ ...place, UploadId, PartNumber, Body: 'x' })
        await refused(world.s3.send(part), { name: 'InvalidArgument', status: 400 })
      }
      await world.s3.send(new UploadPartCommand({ ...place, UploadId, PartNumber: 10_000, Body: 'x' }))
    },
    'a part of an upload that does not exist is refused': async (world) => {
      const place = { Bucket: await world.bucket(), Key: 'k' }
      const part = new UploadPartCommand({ ...place, UploadId: 'none', PartNumber: 1, Body: 'x' })
      await refused(world.s3.send(part), { name: 'NoSuchUpload', status: 404 })
    },
  }),
  ...casesOf(`${s3Api}API_AbortMultipartUpload.html`, {
    'an upload that is aborted is gone': async (world) => {
      const place = { Bucket: await world.bucket(), Key: 'k' }
      const upload = await uploaded(world, place, ['one'])
      await world.s3.send(new AbortMultipartUploadCommand({ ...place, UploadId: upload.UploadId }))
      await refused(complete(world, place, upload), { name: 'NoSuchUpload', status: 404 })
      await refused(head(world, place.Bucket, 'k'), { status: 404 })
    },
  }),
  ...casesOf(`${s3Api}API_ListParts.html`, {
    'parts are listed page by page': async (world) => {
      const place = { Bucket: await world.bucket(), Key: 'k' }
      const { UploadId } = await uploaded(world, place, ['one', 'two', 'three'])
      const list = (more: object) => world.s3.send(new ListPartsCommand({ ...place, UploadId, ...more }))
      const first = await list({ MaxParts: 2 })
      expect(first.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
        [1, 3],
        [2, 3],
      ])
      expect([first.IsTruncated, first.NextPartNumberMarker]).toEqual([true, '2'])
      const rest = await list({ PartNumberMarker: '2' })
      expect([rest.Parts?.map(({ PartNumber }) => PartNumber), rest.IsTruncated]).toEqual([[3], false])
    },
  }),
  ...casesOf(`${s3Api}API_ListMultipartUploads.html`, {
    'uploads in progress are listed by key, and pages of them follow each other': async (world) => {
      const Bucket = await world.bucket()
      for (const Key of ['b', 'a/1', 'a/2']) await uploaded(world, { Bucket, Key }, [])
      const list = (more: object) => world.s3.send(new ListMultipartUploadsCommand({ Bucket, ...more }))
      expect((await list({})).Uploads?.map(({ Key }) => Key)).toEqual(['a/1', 'a/2', 'b'])
      const rolled = await list({ Delimiter: '/' })
      expect([rolled.Uploads?.map(({ Key }) => Key), rolled.CommonPrefixes]).toEqual([['b'], [{ Prefix: 'a/' }]])
      const first = await list({ MaxUploads: 1 })
      expect([first.Uploads?.map(({ Key }) => Key), first.IsTruncated]).toEqual([['a/1'], true])
      const { NextKeyMarker, NextUploadIdMarker } = first
      const rest = await list({ KeyMarker: NextKeyMarker, UploadIdMarker: NextUploadIdMarker })
      expect(rest.Uploads?.map(({ Key }) => Key)).toEqual(['a/2', 'b'])
    },
  }),
  ...casesOf(`${s3Api}API_UploadPartCopy.html`, {
    'a part can be a copy, or a range of one': async (world) => {
      const place = { Bucket: await world.bucket(), Key: 'k' }
      await put(world, place.Bucket, 'source', '0123456789')
      await put(world, place.Bucket, 'large', partFloor)
      const { UploadId = '' } = await world.s3.send(new CreateMultipartUploadCommand(place))
      const Parts: CompletedPart[] = []
      for (const [index, [key, CopySourceRange]] of (
        [
          ['large', undefined],
          ['source', 'bytes=2-4'],
        ] as const
      ).entries()) {
        const PartNumber = index + 1
        const { CopyPartResult } = await world.s3.send(
          new UploadPartCopyCommand({
            ...place,
            UploadId,
            PartNumber,
            CopySource: `${place.Bucket}/${key}`,
            CopySourceRange,
          }),
        )
        const { ETag, ChecksumCRC32 } = CopyPartResult ?? {}
        Parts.push({ PartNumber, ETag, ChecksumCRC32 })
      }
      await complete(world, place, { UploadId, Parts })
      expect((await read(world, place.Bucket, 'k'))?.slice(-4)).toBe('a234')
    },
    'a range of a copy lies inside its source': async (world) => {
      const place = { Bucket: await world.bucket(), Key: 'k' }
      await put(world, place.Bucket, 'source', '0123456789')
      const { UploadId } = await uploaded(world, place, [])
      const copy = new UploadPartCopyCommand({
        ...place,
        UploadId,
        PartNumber: 1,
        CopySource: `${place.Bucket}/source`,
        CopySourceRange: 'bytes=5-10',
      })
      await refused(world.s3.send(copy), { status: 400 })
    },
  }),
  ...casesOf(`${s3Api}API_GetObject.html`, {
    'a part can be read by its number': async (world) => {
      const place = { Bucket: await world.bucket(), Key: 'k' }
      await complete(world, place, await uploaded(world, place, [partFloor, 'end']))
      const part = await world.s3.send(new GetObjectCommand({ ...place, PartNumber: 2 }))
      expect([part.$metadata.httpStatusCode, part.PartsCount, part.ContentRange]).toEqual([
        206,
        2,
        `bytes ${partFloor.length}-${partFloor.length + 2}/${partFloor.length + 3}`,
      ])
      expect(await part.Body?.transformToString()).toBe('end')
      expect((await head(world, place.Bucket, 'k', { PartNumber: 1 })).ContentLength).toBe(partFloor.length)
    },
    'a part that there is not cannot be satisfied': async (world) => {
      const place = { Bucket: await world.bucket(), Key: 'k' }
      await complete(world, place, await uploaded(world, place, ['only']))
      await refused(world.s3.send(new GetObjectCommand({ ...place, PartNumber: 2 })), { status: 416 })
    },
  }),
]

export const versionCases = [
  ...casesOf(`${s3Guide}versioning-workflows.html`, {
    'each put makes a version, and each can be read': async (world) => {
      const Bucket = await world.bucket({ versioned: true })
      const one = await put(world, Bucket, 'k', 'one')
      const two = await put(world, Bucket, 'k', 'two')
      expect(one.VersionId).toMatch(/./)
      expect(two.VersionId).not.toBe(one.VersionId)
      expect(await read(world, Bucket, 'k')).toBe('two')
      expect(await read(world, Bucket, 'k', { VersionId: one.VersionId })).toBe('one')
      expect((await head(world, Bucket, 'k', { VersionId: one.VersionId })).VersionId).toBe(one.VersionId)
    },
    'a bucket without versions tells no version': async (world) => {
      const Bucket = await world.bucket()
      expect((await put(world, Bucket, 'k')).VersionId).toBeUndefined()
      expect((await head(world, Bucket, 'k')).VersionId).toBeUndefined()
    },
    'what was there before versioning is the version null': async (world) => {
      const Bucket = await world.bucket()
      await put(world, Bucket, 'k', 'before')
      const VersioningConfiguration = { Status: 'Enabled' } as const
      await world.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }))
      await put(world, Bucket, 'k', 'after')
      expect(await read(world, Bucket, 'k', { VersionId: 'null' })).toBe('before')
    },
    'suspended versioning replaces the version null, and no other': async (world) => {
      const Bucket = await world.bucket({ versioned: true })
      const { VersionId } = await put(world, Bucket, 'k', 'kept')
      const VersioningConfiguration = { Status: 'Suspended' } as const
      await world.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }))
      for (const body of ['one', 'two']) await put(world, Bucket, 'k', body)
      const { Versions } = await world.s3.send(new ListObjectVersionsCommand({ Bucket }))
      expect(Versions?.map((version) => version.VersionId)).toEqual(['null', VersionId])
      expect(await read(world, Bucket, 'k', { VersionId })).toBe('kept')
    },
  }),
  ...casesOf(`${s3Guide}DeleteMarker.html`, {
    'a deletion makes a marker, and deleting the marker brings the object back': async (world) => {
      const Bucket = await world.bucket({ versioned: true })
      await put(world, Bucket, 'k', 'one')
      const marker = await world.s3.send(new DeleteObjectCommand({ Bucket, Key: 'k' }))
      expect(marker.DeleteMarker).toBe(true)
      await refused(read(world, Bucket, 'k'), { name: 'NoSuchKey', status: 404 })
      const gone = await world.s3.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId: marker.VersionId }))
      expect(gone).toMatchObject({ DeleteMarker: true, VersionId: marker.VersionId })
      expect(await read(world, Bucket, 'k')).toBe('one')
    },
    'a marker itself cannot be read': async (world) => {
      const Bucket = await world.bucket({ versioned: true })
      const { VersionId } = await world.s3.send(new DeleteObjectCommand({ Bucket, Key: 'k' }))
      await refused(read(world, Bucket, 'k', { VersionId }), { name: 'MethodNotAllowed', status: 405 })
    },
    'a read behind a marker says that it is there': async (world) => {
      const Bucket = await world.bucket({ versioned: true })
      await put(world, Bucket, 'k')
      await world.s3.send(new DeleteObjectCommand({ Bucket, Key: 'k' }))
      const response = await world.raw({ path: `/${Bucket}/k` })
      expect([response.status, response.headers['x-amz-delete-marker']]).toEqual([404, 'true'])
    },
  }),
  ...casesOf(`${s3Guide}DeletingObjectVersions.html`, {
    'a version that is deleted is gone for good': async (world) => {
      const Bucket = await world.bucket({ versioned: true })
      const { VersionId } = await put(world, Bucket, 'k', 'one')
      await put(world, Bucket, 'k', 'two')
      await world.s3.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId }))
      await refused(read(world, Bucket, 'k', { VersionId }), { name: 'NoSuchVersion', status: 404 })
      expect(await read(world, Bucket, 'k')).toBe('two')
    },
    'the one before is current when the newest is deleted': async (world) => {
      const Bucket = await world.bucket({ versioned: true })
      await put(world, Bucket, 'k', 'one')
      const { VersionId } = await put(world, Bucket, 'k', 'two')
      await world.s3.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId }))
      expect(await read(world, Bucket, 'k')).toBe('one')
    },
    'a version id that is none is invalid': async (world) => {
      const Bucket = await world.bucket({ versioned: true })
      await put(world, Bucket, 'k')
      await refused(read(world, Bucket, 'k', { VersionId: 'no-such-id' }), { name: 'InvalidArgument', status: 400 })
    },
  }),
  ...casesOf(`${s3Api}API_ListObjectVersions.html`, {
    'versions and markers are listed, the newest first': async (world) => {
      const Bucket = await world.bucket({ versioned: true })
      const one = await put(world, Bucket, 'a')
      const two = await put(world, Bucket, 'a')
      const marker = await world.s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }))
      await put(world, Bucket, 'b')
      const { Versions, DeleteMarkers } = await world.s3.send(new ListObjectVersionsCommand({ Bucket }))
      expect(Versions?.map(({ Key, VersionId, IsLatest }) => [Key, VersionId, IsLatest]).slice(0, 2)).toEqual([
        ['a', two.VersionId, false],
        ['a', one.VersionId, false],
      ])
      expect(DeleteMarkers).toMatchObject([{ Key: 'a', VersionId: marker.VersionId, IsLatest: true }])
      expect(Versions?.[2]).toMatchObject({ Key: 'b', IsLatest: true })
    },
    'versions are listed page by page': async (world) => {
      const Bucket = await world.bucket({ versioned: true })
      for (const key of ['a', 'a', 'b']) await put(world, Bucket, key)
      const seen: (string | undefined)[] = []
      let next: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {}
      for (let page = 0; page < 5; page++) {
        const list = await world.s3.send(new ListObjectVersionsCommand({ Bucket, MaxKeys: 1, ...next }))
        seen.push(...(list.Versions ?? []).map(({ Key }) => Key))
        if (!list.IsTruncated) break
        next = { KeyMarker: list.NextKeyMarker, VersionIdMarker: list.NextVersionIdMarker }
      }
      expect(seen).toEqual(['a', 'a', 'b'])
    },
    'a version marker needs a key marker': async (world) => {
      const Bucket = await world.bucket({ versioned: true })
      const list = new ListObjectVersionsCommand({ Bucket, VersionIdMarker: 'x' })
      await refused(world.s3.send(list), { name: 'InvalidArgument', status: 400 })
    },
  }),
  ...casesOf(`${s3Api}API_CopyObject.html`, {
    'a version can be copied': async (world) => {
      const Bucket = await world.bucket({ versioned: true })
      const { VersionId } = await put(world, Bucket, 'k', 'one')
      await put(world, Bucket, 'k', 'two')
      const CopySource = `${Bucket}/k?versionId=${VersionId}`
      const copy = await world.s3.send(new CopyObjectCommand({ Bucket, Key: 'k', CopySource }))
      expect(copy.CopySourceVersionId).toBe(VersionId)
      expect(await read(world, Bucket, 'k')).toBe('one')
    },
  }),
]

export const policyCases = [
  ...casesOf(`${s3Api}API_PutBucketPolicy.html`, {
    'a policy is put, read and deleted': async (world) => {
      const Bucket = await world.bucket()
      const Statement = [
        { Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource: `arn:aws:s3:::${Bucket}/closed/*` },
      ]
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement })
      await world.s3.send(new PutBucketPolicyCommand({ Bucket, Policy }))
      const kept = await world.s3.send(new GetBucketPolicyCommand({ Bucket }))
      expect(JSON.parse(kept.Policy ?? '')).toMatchObject({ Statement })
      await world.s3.send(new DeleteBucketPolicyCommand({ Bucket }))
      await refused(world.s3.send(new GetBucketPolicyCommand({ Bucket })), { name: 'NoSuchBucketPolicy', status: 404 })
    },
    'a policy that is no JSON is malformed': async (world) => {
      const Bucket = await world.bucket()
      await refused(world.s3.send(new PutBucketPolicyCommand({ Bucket, Policy: '{' })), {
        name: 'MalformedPolicy',
        status: 400,
      })
    },
    'a policy about another bucket is malformed': async (world) => {
      const Bucket = await world.bucket()
      const Statement = { Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::other/*' }
      const Policy = JSON.stringify({ Version: '2012-10-17', Statement })
      await refused(world.s3.send(new PutBucketPolicyCommand({ Bucket, Policy })), { name: 'MalformedPolicy' })
    },
  }),
  ...casesOf(`${s3Guide}conditional-writes-enforce.html`, {
    'a policy can refuse a put that has no condition': async (world) => {
      const Bucket = await world.bucket()
      const Policy = JSON.stringify({
        Version: '2012-10-17',
        Statement: {
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:PutObject',
          Resource: `arn:aws:s3:::${Bucket}/*`,
          Condition: { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } },
        },
      })
      await world.s3.send(new PutBucketPolicyCommand({ Bucket, Policy }))
      await refused(put(world, Bucket, 'k'), { name: 'AccessDenied', status: 403 })
      await put(world, Bucket, 'k', 'x', { IfNoneMatch: '*' })
      const place = { Bucket, Key: 'parts' }
      await complete(world, place, await uploaded(world, place, ['x']), { IfNoneMatch: '*' })
    },
  }),
]
