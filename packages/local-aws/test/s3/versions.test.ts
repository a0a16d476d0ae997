import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type DeleteMarkerEntry,
  type S3Client,
} from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { running } from '../running.ts'

const Bucket = 'bucket'
const versioned = [{ name: Bucket, versioned: true }]

async function put(s3: S3Client, Key: string, Body: string): Promise<string> {
  const { VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key, Body }))
  return VersionId ?? ''
}

async function read(s3: S3Client, Key: string, VersionId?: string): Promise<string | undefined> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, VersionId }))
  return Body?.transformToString()
}

async function history(s3: S3Client): Promise<readonly string[]> {
  const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }))
  const describe = (kind: string) => (entry: Pick<DeleteMarkerEntry, 'Key' | 'VersionId' | 'IsLatest'>) =>
    `${kind} ${entry.Key} ${entry.VersionId}${entry.IsLatest ? ' latest' : ''}`
  return [...Versions.map(describe('version')), ...DeleteMarkers.map(describe('marker'))]
}

describe('a bucket with versions', () => {
  test('keeps each under an id of its own', async () => {
    const { s3 } = (await running({ buckets: versioned })).clients
    const [first, second] = [await put(s3, 'k', 'first'), await put(s3, 'k', 'second')]
    expect(first).not.toBe(second)
    expect(await read(s3, 'k')).toBe('second')
    expect(await read(s3, 'k', first)).toBe('first')
    expect(await history(s3)).toEqual([`version k ${second} latest`, `version k ${first}`])
  })

  test('hides a deleted object behind a marker', async () => {
    const { s3 } = (await running({ buckets: versioned })).clients
    const version = await put(s3, 'k', 'x')
    const deleted = await s3.send(new DeleteObjectCommand({ Bucket, Key: 'k' }))
    expect(deleted).toMatchObject({ DeleteMarker: true })
    await expect(read(s3, 'k')).rejects.toMatchObject({ name: 'NoSuchKey' })
    expect(await read(s3, 'k', version)).toBe('x')
    await expect(read(s3, 'k', deleted.VersionId)).rejects.toMatchObject({
      name: 'MethodNotAllowed',
      $metadata: { httpStatusCode: 405 },
    })
    expect(await history(s3)).toEqual([`version k ${version}`, `marker k ${deleted.VersionId} latest`])
    const undo = await s3.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId: deleted.VersionId }))
    expect(undo).toMatchObject({ DeleteMarker: true, VersionId: deleted.VersionId })
    expect(await read(s3, 'k')).toBe('x')
  })

  test('deletes one version for good', async () => {
    const { s3 } = (await running({ buckets: versioned })).clients
    const [first, second] = [await put(s3, 'k', 'first'), await put(s3, 'k', 'second')]
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId: second }))
    expect(await read(s3, 'k')).toBe('first')
    await expect(read(s3, 'k', second)).rejects.toMatchObject({ name: 'NoSuchVersion' })
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId: first }))
    expect(await history(s3)).toEqual([])
  })

  test('refuses an id that cannot be one', async () => {
    const { s3 } = (await running({ buckets: versioned })).clients
    await put(s3, 'k', 'x')
    await expect(read(s3, 'k', 'no-such-form')).rejects.toMatchObject({ name: 'InvalidArgument' })
    const head = new HeadObjectCommand({ Bucket, Key: 'k', VersionId: 'a'.repeat(32) })
    await expect(s3.send(head)).rejects.toMatchObject({ $metadata: { httpStatusCode: 404 } })
  })

  test('deletes many at once, markers and versions and what is not there', async () => {
    const { s3 } = (await running({ buckets: versioned })).clients
    const a = await put(s3, 'a', 'x')
    await put(s3, 'b & <c>', 'x')
    const { Deleted, Errors } = await s3.send(
      new DeleteObjectsCommand({
        Bucket,
        Delete: {
          Objects: [
            { Key: 'a', VersionId: a },
            { Key: 'b & <c>' },
            { Key: 'none' },
            { Key: 'a', VersionId: 'no-such-form' },
          ],
        },
      }),
    )
    expect(Deleted).toMatchObject([
      { Key: 'a', VersionId: a },
      { Key: 'b & <c>', DeleteMarker: true },
      { Key: 'none', DeleteMarker: true },
    ])
    expect(Errors).toMatchObject([{ Key: 'a', Code: 'InvalidArgument' }])
    const quiet = { Objects: [{ Key: 'b & <c>' }], Quiet: true }
    expect((await s3.send(new DeleteObjectsCommand({ Bucket, Delete: quiet }))).Deleted).toBeUndefined()
  })

  test('writes the null version while versioning is suspended, and keeps the others', async () => {
    const { s3 } = (await running({ buckets: [{ name: Bucket }] })).clients
    const versioning = (Status: 'Enabled' | 'Suspended') =>
      s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }))
    await put(s3, 'k', 'before')
    await versioning('Enabled')
    const kept = await put(s3, 'k', 'kept')
    expect(await history(s3)).toEqual([`version k ${kept} latest`, 'version k null'])
    expect(await read(s3, 'k', 'null')).toBe('before')
    await versioning('Suspended')
    expect(await put(s3, 'k', 'after')).toBe('null')
    expect(await history(s3)).toEqual(['version k null latest', `version k ${kept}`])
    expect(await read(s3, 'k', 'null')).toBe('after')
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'k' }))
    expect(await history(s3)).toEqual([`version k ${kept}`, 'marker k null latest'])
  })

  test('lists its versions page by page', async () => {
    const { s3 } = (await running({ buckets: versioned })).clients
    const ids: string[] = []
    for (const key of ['a', 'a', 'a', 'b', 'dir/1', 'dir/2']) ids.push(await put(s3, key, 'x'))
    const seen: string[] = []
    let KeyMarker: string | undefined
    let VersionIdMarker: string | undefined
    do {
      const page = await s3.send(
        new ListObjectVersionsCommand({ Bucket, MaxKeys: 2, Delimiter: '/', KeyMarker, VersionIdMarker }),
      )
      seen.push(...(page.Versions ?? []).map(({ VersionId }) => VersionId ?? ''))
      seen.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix ?? ''))
      KeyMarker = page.NextKeyMarker
      VersionIdMarker = page.NextVersionIdMarker
    } while (KeyMarker !== undefined)
    expect(seen).toEqual([ids[2], ids[1], ids[0], ids[3], 'dir/'])
  })
})
