import {
  CreateBucketCommand,
  DeleteBucketCommand,
  GetBucketLocationCommand,
  GetBucketVersioningCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { running, sendSigned } from '../running.ts'

describe('a bucket', () => {
  test('is created, seen, listed and deleted', async () => {
    const { s3 } = (await running()).clients
    await s3.send(new CreateBucketCommand({ Bucket: 'beta' }))
    await s3.send(new CreateBucketCommand({ Bucket: 'alpha' }))
    const { Buckets } = await s3.send(new ListBucketsCommand({}))
    expect(Buckets?.map(({ Name }) => Name)).toEqual(['alpha', 'beta'])
    expect(await s3.send(new HeadBucketCommand({ Bucket: 'alpha' }))).toMatchObject({ BucketRegion: 'us-east-1' })
    await s3.send(new DeleteBucketCommand({ Bucket: 'alpha' }))
    await expect(s3.send(new HeadBucketCommand({ Bucket: 'alpha' }))).rejects.toMatchObject({ name: 'NotFound' })
    await expect(s3.send(new DeleteBucketCommand({ Bucket: 'alpha' }))).rejects.toMatchObject({ name: 'NoSuchBucket' })
  })

  test('is created a second time without harm in us-east-1, and nowhere else', async () => {
    const east = await running({ buckets: [{ name: 'alpha' }] })
    await east.clients.s3.send(new CreateBucketCommand({ Bucket: 'alpha' }))
    const west = await running({ region: 'eu-west-1', buckets: [{ name: 'alpha' }] })
    const again = new CreateBucketCommand({ Bucket: 'alpha' })
    await expect(west.clients.s3.send(again)).rejects.toMatchObject({ name: 'BucketAlreadyOwnedByYou' })
  })

  test('must be created in the region of the server', async () => {
    const { s3 } = (await running({ region: 'eu-west-1' })).clients
    const elsewhere = new CreateBucketCommand({
      Bucket: 'alpha',
      CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' },
    })
    await expect(s3.send(elsewhere)).rejects.toMatchObject({ name: 'IllegalLocationConstraintException' })
    await s3.send(
      new CreateBucketCommand({ Bucket: 'alpha', CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }),
    )
    const location = await s3.send(new GetBucketLocationCommand({ Bucket: 'alpha' }))
    expect(location.LocationConstraint).toBe('eu-west-1')
  })

  test('has no location constraint in us-east-1', async () => {
    const { s3 } = (await running({ buckets: [{ name: 'alpha' }] })).clients
    const location = await s3.send(new GetBucketLocationCommand({ Bucket: 'alpha' }))
    expect(location.LocationConstraint).toBeUndefined()
  })

  test.each(['ab', 'Upper', '-dash', 'dash-', 'a..b', '192.168.0.1', 'under_score', 'a'.repeat(64)])(
    'is refused under the name %s',
    async (name) => {
      const aws = await running()
      const response = await sendSigned(aws, { method: 'PUT', path: `/${name}` })
      expect(response).toMatchObject({ status: 400 })
      expect(response.text).toContain('<Code>InvalidBucketName</Code>')
    },
  )

  test('with an object is not deleted', async () => {
    const { s3 } = (await running({ buckets: [{ name: 'alpha' }] })).clients
    await s3.send(new PutObjectCommand({ Bucket: 'alpha', Key: 'k', Body: 'x' }))
    await expect(s3.send(new DeleteBucketCommand({ Bucket: 'alpha' }))).rejects.toMatchObject({
      name: 'BucketNotEmpty',
    })
  })

  test('has the versioning that it was given', async () => {
    const { s3 } = (await running({ buckets: [{ name: 'plain' }, { name: 'kept', versioned: true }] })).clients
    const read = async (Bucket: string) => (await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status
    expect(await read('plain')).toBeUndefined()
    expect(await read('kept')).toBe('Enabled')
    for (const Status of ['Enabled', 'Suspended'] as const) {
      await s3.send(new PutBucketVersioningCommand({ Bucket: 'plain', VersioningConfiguration: { Status } }))
      expect(await read('plain')).toBe(Status)
    }
    const empty = new PutBucketVersioningCommand({ Bucket: 'plain', VersioningConfiguration: {} })
    await expect(s3.send(empty)).rejects.toMatchObject({ name: 'MalformedXML' })
  })
})
