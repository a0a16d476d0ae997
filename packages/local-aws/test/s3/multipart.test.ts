import { createHash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  type CompletedPart,
  type CreateMultipartUploadCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { running } from '../running.ts'

const Bucket = 'bucket'
const Key = 'big/file'
const buckets = [{ name: Bucket, versioned: true }]
const MiB = 1024 ** 2

async function begin(s3: S3Client, input: Partial<CreateMultipartUploadCommandInput> = {}): Promise<string> {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ...input }))
  return UploadId ?? ''
}

async function upload(s3: S3Client, UploadId: string, PartNumber: number, Body: Buffer, checksum?: 'SHA256' | 'CRC32') {
  const part = await s3.send(
    new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body, ChecksumAlgorithm: checksum }),
  )
  const { ETag, ChecksumSHA256, ChecksumCRC32 } = part
  return { PartNumber, ETag, ChecksumSHA256, ChecksumCRC32 } satisfies CompletedPart
}

function complete(s3: S3Client, UploadId: string, Parts: CompletedPart[], extra: { IfNoneMatch?: string } = {}) {
  return s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts }, ...extra }))
}

const parts = [randomBytes(5 * MiB), randomBytes(5 * MiB + 1), randomBytes(17)] as const
const whole = Buffer.concat(parts)

describe('a multipart upload', () => {
  test('becomes one object of its parts, in the order of their numbers', async () => {
    const { s3 } = (await running({ buckets })).clients
    const id = await begin(s3, { ContentType: 'application/zip', Metadata: { a: '1' } })
    const sent = await Promise.all([2, 0, 1].map((index) => upload(s3, id, index * 10 + 1, parts[index] as Buffer)))
    const listed = await s3.send(new ListPartsCommand({ Bucket, Key, UploadId: id }))
    expect(listed.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
      [1, 5 * MiB],
      [11, 5 * MiB + 1],
      [21, 17],
    ])
    const done = await complete(
      s3,
      id,
      sent.sort((a, b) => a.PartNumber - b.PartNumber),
    )
    const md5s = Buffer.concat(parts.map((part) => createHash('md5').update(part).digest()))
    expect(done.ETag).toBe(`"${createHash('md5').update(md5s).digest('hex')}-3"`)
    expect(done.VersionId).toBeDefined()
    const get = await s3.send(new GetObjectCommand({ Bucket, Key }))
    expect(get).toMatchObject({ ContentType: 'application/zip', Metadata: { a: '1' }, ContentLength: whole.length })
    expect(Buffer.compare(Buffer.from((await get.Body?.transformToByteArray()) ?? []), whole)).toBe(0)
    const across = await s3.send(new GetObjectCommand({ Bucket, Key, Range: `bytes=${5 * MiB - 2}-${10 * MiB + 2}` }))
    expect(
      Buffer.compare(
        Buffer.from((await across.Body?.transformToByteArray()) ?? []),
        whole.subarray(5 * MiB - 2, 10 * MiB + 3),
      ),
    ).toBe(0)
    await expect(complete(s3, id, sent)).rejects.toMatchObject({ name: 'NoSuchUpload' })
  })

  test('has a checksum of the checksums of its parts', async () => {
    const { s3 } = (await running({ buckets })).clients
    const id = await begin(s3, { ChecksumAlgorithm: 'SHA256' })
    const sent: CompletedPart[] = []
    for (const [index, part] of parts.entries()) sent.push(await upload(s3, id, index + 1, part, 'SHA256'))
    const digests = Buffer.concat(parts.map((part) => createHash('sha256').update(part).digest()))
    const expected = `${createHash('sha256').update(digests).digest('base64')}-3`
    const done = await complete(s3, id, sent)
    expect(done).toMatchObject({ ChecksumSHA256: expected, ChecksumType: 'COMPOSITE' })
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }))
    expect(head).toMatchObject({ ChecksumSHA256: expected, ChecksumType: 'COMPOSITE' })
  })

  test('has a checksum of the whole where that was asked for', async () => {
    const { s3 } = (await running({ buckets })).clients
    const id = await begin(s3, { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' })
    const sent: CompletedPart[] = []
    for (const [index, part] of parts.entries()) sent.push(await upload(s3, id, index + 1, part, 'CRC32'))
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(crc32(whole))
    expect(await complete(s3, id, sent)).toMatchObject({
      ChecksumCRC32: bytes.toString('base64'),
      ChecksumType: 'FULL_OBJECT',
    })
  })

  test('is refused at its end where the object exists by then, and can be aborted', async () => {
    const { s3 } = (await running({ buckets })).clients
    const id = await begin(s3)
    const part = await upload(s3, id, 1, parts[2])
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'first' }))
    const refused = complete(s3, id, [part], { IfNoneMatch: '*' })
    await expect(refused).rejects.toMatchObject({ name: 'PreconditionFailed' })
    expect((await s3.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads).toMatchObject([{ Key, UploadId: id }])
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId: id }))
    expect((await s3.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads).toBeUndefined()
    await expect(upload(s3, id, 1, parts[2])).rejects.toMatchObject({ name: 'NoSuchUpload' })
  })

  test('takes the last of two parts with the same number', async () => {
    const { s3 } = (await running({ buckets })).clients
    const id = await begin(s3)
    const first = await upload(s3, id, 1, Buffer.from('first'))
    const second = await upload(s3, id, 1, Buffer.from('second'))
    await expect(complete(s3, id, [first])).rejects.toMatchObject({ name: 'InvalidPart' })
    await complete(s3, id, [second])
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }))
    expect(await Body?.transformToString()).toBe('second')
  })

  test('refuses a list of parts that cannot be right', async () => {
    const { s3 } = (await running({ buckets })).clients
    const id = await begin(s3, { ChecksumAlgorithm: 'SHA256' })
    const small = await upload(s3, id, 1, parts[2], 'SHA256')
    const last = await upload(s3, id, 2, parts[2], 'SHA256')
    const refused = async (list: CompletedPart[]) =>
      complete(s3, id, list).then(
        () => 'accepted',
        (error: Error) => error.name,
      )
    expect(await refused([last, small])).toBe('InvalidPartOrder')
    expect(await refused([small, small])).toBe('InvalidPartOrder')
    expect(await refused([{ ...small, PartNumber: 3 }])).toBe('InvalidPart')
    expect(await refused([{ ...small, ETag: '"abc"' }])).toBe('InvalidPart')
    expect(await refused([{ ...small, ChecksumSHA256: createHash('sha256').digest('base64') }])).toBe('InvalidPart')
    expect(await refused([{ PartNumber: 1, ETag: small.ETag }])).toBe('InvalidRequest')
    expect(await refused([small, last])).toBe('EntityTooSmall')
    expect(await refused([])).toBe('MalformedXML')
    expect(await refused([last])).toBe('accepted')
  })

  test('refuses part numbers that AWS refuses', async () => {
    const { s3 } = (await running({ buckets })).clients
    const id = await begin(s3)
    await expect(upload(s3, id, 10_001, parts[2])).rejects.toMatchObject({ name: 'InvalidArgument' })
    await expect(upload(s3, id, 0, parts[2])).rejects.toMatchObject({ name: 'InvalidArgument' })
  })
})
