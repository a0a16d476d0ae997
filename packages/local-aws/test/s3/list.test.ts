import {
  DeleteObjectCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  paginateListObjectsV2,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { codeIn, running, sendSigned } from '../running.ts'

const Bucket = 'bucket'
const buckets = [{ name: Bucket, versioned: true }]
const keys = ['a', 'a b', 'a&b', 'dir/1', 'dir/2', 'dir/sub/3', 'größe', '\ue000', '🚢']

async function filled() {
  const aws = await running({ buckets })
  await Promise.all(keys.map((Key) => aws.clients.s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }))))
  return aws
}

describe('ListObjectsV2', () => {
  test('lists every key in the order of its bytes, with its size and ETag', async () => {
    const { s3 } = (await filled()).clients
    const { Contents = [], KeyCount, IsTruncated } = await s3.send(new ListObjectsV2Command({ Bucket }))
    expect(Contents.map(({ Key }) => Key)).toEqual(keys)
    expect([KeyCount, IsTruncated]).toEqual([keys.length, false])
    expect(Contents[0]).toMatchObject({ Size: 1, ETag: '"0cc175b9c0f1b6a831c399e269772661"' })
  })

  test.each([1, 2, 4, 100])('lists the same keys in pages of %i', async (pageSize) => {
    const { s3 } = (await filled()).clients
    const seen: string[] = []
    for await (const page of paginateListObjectsV2({ client: s3, pageSize }, { Bucket, EncodingType: 'url' })) {
      seen.push(...(page.Contents ?? []).map(({ Key }) => decodeURIComponent(Key ?? '')))
    }
    expect(seen).toEqual(keys)
  })

  test('takes a prefix, a delimiter and a start', async () => {
    const { s3 } = (await filled()).clients
    const folder = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'dir/', Delimiter: '/' }))
    expect(folder.Contents?.map(({ Key }) => Key)).toEqual(['dir/1', 'dir/2'])
    expect(folder.CommonPrefixes).toEqual([{ Prefix: 'dir/sub/' }])
    const rest = await s3.send(new ListObjectsV2Command({ Bucket, StartAfter: 'dir/2' }))
    expect(rest.Contents?.map(({ Key }) => Key)).toEqual(keys.slice(5))
  })

  test('names an owner where it is asked for', async () => {
    const { s3 } = (await filled()).clients
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket, FetchOwner: true, MaxKeys: 1 }))
    expect(Contents?.[0]?.Owner?.ID).toBe('123456789012')
  })

  test('does not list what is deleted', async () => {
    const { s3 } = (await filled()).clients
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }))
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket, MaxKeys: 1 }))
    expect(Contents?.[0]?.Key).toBe('a b')
  })

  test.each([
    ['continuation-token=bm9uc2Vuc2U', 'InvalidArgument'],
    ['max-keys=many', 'InvalidArgument'],
    ['max-keys=-1', 'InvalidArgument'],
    ['encoding-type=base64', 'InvalidArgument'],
  ])('refuses %s', async (query, code) => {
    const aws = await running({ buckets })
    const response = await sendSigned(aws, { path: `/bucket?list-type=2&${query}` })
    expect([response.status, codeIn(response)]).toEqual([400, code])
  })
})

describe('ListObjects', () => {
  test('pages by marker', async () => {
    const { s3 } = (await filled()).clients
    const seen: string[] = []
    let Marker: string | undefined
    do {
      const page = await s3.send(new ListObjectsCommand({ Bucket, Delimiter: '/', MaxKeys: 2, Marker }))
      seen.push(...(page.Contents ?? []).map(({ Key }) => Key ?? ''))
      seen.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix ?? ''))
      Marker = page.NextMarker
    } while (Marker !== undefined)
    expect(seen).toEqual(['a', 'a b', 'a&b', 'dir/', 'größe', '\ue000', '🚢'])
  })
})
