import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { DeleteSecretCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import { temporaryFolder } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import { running } from './running.ts'

describe('what there is to begin with', () => {
  test('is there for the SDK as if it had been put', async () => {
    const aws = await running({
      buckets: [
        {
          name: 'bucket',
          versioned: true,
          objects: {
            text: 'one',
            bytes: new Uint8Array([1, 2, 3]),
            whole: { body: 'two', contentType: 'text/plain', metadata: { Origin: 'seed' }, tags: { a: '1' } },
          },
        },
      ],
    })
    const got = await aws.clients.s3.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'whole' }))
    expect(got).toMatchObject({ ContentType: 'text/plain', Metadata: { origin: 'seed' }, TagCount: 1 })
    expect(got.VersionId).toMatch(/^.{32}$/)
    expect(await got.Body?.transformToString()).toBe('two')
  })

  test('adds no second version where a folder keeps it already', async () => {
    const folder = temporaryFolder()
    const start = (body: string) =>
      running({ folder, buckets: [{ name: 'bucket', versioned: true, objects: { k: body } }] })
    for (const body of ['one', 'one', 'two']) {
      const aws = await start(body)
      const count = aws.inspect.versions({ bucket: 'bucket' }).length
      await aws.close()
      expect(count).toBe(body === 'two' ? 2 : 1)
    }
  })

  test.each([
    ['an empty key', { '': 'x' }, 'buckets[0].objects[""]'],
    ['a body that is a number', { k: { body: 1 } }, 'buckets[0].objects["k"].body'],
  ])('is refused with %s', async (_, objects, option) => {
    await expect(running({ buckets: [{ name: 'bucket', objects: objects as never }] })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      context: { option },
    })
  })

  test('is refused with a policy that cannot be evaluated', async () => {
    const policy = { Statement: [] }
    await expect(running({ buckets: [{ name: 'bucket', policy }] })).rejects.toMatchObject({
      context: { option: 'buckets[0].policy' },
    })
  })
})

describe('looking at what is there', () => {
  test('shows objects, versions and markers, and records no call', async () => {
    const aws = await running({ buckets: [{ name: 'bucket', versioned: true, objects: { 'a/1': 'x', 'b/2': 'yy' } }] })
    const { s3 } = aws.clients
    await s3.send(new PutObjectCommand({ Bucket: 'bucket', Key: 'a/1', Body: 'zzz', Metadata: { m: 'v' } }))
    await s3.send(new DeleteObjectCommand({ Bucket: 'bucket', Key: 'b/2' }))
    const calls = aws.calls.length
    expect(aws.inspect.buckets()).toEqual(['bucket'])
    expect(aws.inspect.objects({ bucket: 'bucket' })).toMatchObject([
      { key: 'a/1', sizeBytes: 3, metadata: { m: 'v' }, isLatest: true, isDeleteMarker: false },
    ])
    expect(aws.inspect.versions({ bucket: 'bucket', key: 'b/2' })).toMatchObject([
      { isDeleteMarker: true, isLatest: true },
      { isDeleteMarker: false, isLatest: false, sizeBytes: 2 },
    ])
    expect(aws.inspect.findObject({ bucket: 'bucket', key: 'b/2' })).toBeUndefined()
    const [, old] = aws.inspect.versions({ bucket: 'bucket', key: 'a/1' })
    const place = { bucket: 'bucket', key: 'a/1' }
    expect((await aws.inspect.readObject({ ...place, versionId: old?.versionId })).toString()).toBe('x')
    expect((await aws.inspect.readObject(place)).toString()).toBe('zzz')
    expect(aws.calls).toHaveLength(calls)
  })

  test('shows secrets with their stages, and reads values when it is asked to', async () => {
    const aws = await running({ secrets: { text: 'one', bytes: new Uint8Array([1, 2]) } })
    const { secretsManager } = aws.clients
    await secretsManager.send(new PutSecretValueCommand({ SecretId: 'text', SecretString: 'two' }))
    await secretsManager.send(new DeleteSecretCommand({ SecretId: 'bytes' }))
    expect(aws.inspect.secrets()).toEqual(['bytes', 'text'])
    expect(aws.inspect.readSecret({ name: 'text' })).toBe('two')
    expect(aws.inspect.readSecret({ name: 'text', stage: 'AWSPREVIOUS' })).toBe('one')
    expect(aws.inspect.readSecret({ name: 'bytes' })).toEqual(Buffer.from([1, 2]))
    const found = aws.inspect.findSecret({ name: 'text' })
    expect(found?.versions.map(({ stages }) => stages)).toEqual([['AWSPREVIOUS'], ['AWSCURRENT']])
    expect(JSON.stringify(found)).not.toMatch(/one|two/)
    expect(aws.inspect.findSecret({ name: 'bytes' })?.deletesAt).toMatch(/^\d{4}-/)
  })

  test.each([
    [
      'a bucket that is none',
      'inspect.objects',
      (aws: Awaited<ReturnType<typeof running>>) => aws.inspect.objects({ bucket: 'b' }),
    ],
    [
      'a secret that is none',
      'inspect.readSecret',
      (aws: Awaited<ReturnType<typeof running>>) => aws.inspect.readSecret({ name: 's' }),
    ],
  ])('%s is refused', async (_, verb, look) => {
    const aws = await running()
    expect(() => look(aws)).toThrow(expect.objectContaining({ context: expect.objectContaining({ verb }) }))
  })
})
