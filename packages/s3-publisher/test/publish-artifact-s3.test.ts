import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { DeleteObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3'
import { artifactKey, commitRecordKey, parseCommitRecord, readStoredText, type S3Location } from '@fairlead/core'
import { describe, expect, test } from 'vitest'
import { publishArtifact, s3Store } from '../src/index.ts'
import { artifactOf, commit } from './artifact.ts'
import { useLocalS3 } from './local-s3.ts'

const s3 = useLocalS3()

describe('publishArtifact to S3', () => {
  test('pins the version of the bytes in the answer and in the record', async () => {
    const bucket = await s3.makeBucket()
    const store = s3Store({ bucket, prefix: 'shop' })
    const artifact = artifactOf(randomBytes(3_000_000))
    const publication = await publishArtifact(artifact, { store })
    expect(publication.location).toEqual({
      kind: 's3',
      bucket,
      key: `shop/${artifactKey(artifact)}`,
      versionId: expect.any(String),
      eTag: expect.any(String),
    })
    const record = parseCommitRecord(await readStoredText(store, commitRecordKey(commit)))
    expect(record.location).toEqual(publication.location)
  })

  test.each([
    ['zip', 'application/zip'],
    ['tar', 'application/x-tar'],
    ['tgz', 'application/gzip'],
  ] as const)('names the key and the type of a %s after its format', async (format, contentType) => {
    const bucket = await s3.makeBucket()
    const artifact = artifactOf(randomBytes(100), { format })
    const publication = await publishArtifact(artifact, { store: s3Store({ bucket }) })
    const Key = `artifacts/${artifact.sha256}.${format}`
    expect(publication).toMatchObject({ format, location: { key: Key } })
    const head = await s3.aws.clients.s3.send(new HeadObjectCommand({ Bucket: bucket, Key }))
    expect(head.ContentType).toBe(contentType)
    const again = await publishArtifact(artifact, { store: s3Store({ bucket }) })
    expect(again).toEqual({ ...publication, alreadyPublished: true })
  })

  test('sends an artifact once, however often it is published', async () => {
    const store = s3Store({ bucket: await s3.makeBucket() })
    const artifact = artifactOf('bytes')
    const first = await publishArtifact(artifact, { store })
    const before = s3.aws.calls.length
    expect(await publishArtifact(artifact, { store })).toEqual({ ...first, alreadyPublished: true })
    const actions = s3.aws.calls.slice(before).map(({ action }) => action)
    expect(actions).not.toContain('PutObject')
    expect(actions.length).toBeGreaterThan(0)
  })

  test('of many writers of one commit one wins, and everybody answers its bytes or the conflict', async () => {
    const bucket = await s3.makeBucket()
    const answers = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) =>
        publishArtifact(artifactOf(`bytes ${index % 2}`), { store: s3Store({ bucket }) }),
      ),
    )
    const record = parseCommitRecord(await readStoredText(s3Store({ bucket }), commitRecordKey(commit)))
    for (const answer of answers) {
      if (answer.status === 'fulfilled') expect(answer.value).toMatchObject({ location: record.location })
      else
        expect(answer.reason).toMatchObject({ code: 'ARTIFACT_CONFLICT', context: { publishedSha256: record.sha256 } })
    }
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(4)
    expect(answers.filter((answer) => answer.status === 'fulfilled' && !answer.value.alreadyPublished)).toHaveLength(1)
  })

  test('says that the pinned version is gone, though another one has the same bytes', async () => {
    const bucket = await s3.makeBucket()
    const store = s3Store({ bucket })
    const artifact = artifactOf('bytes')
    const { key: Key, versionId: VersionId } = (await publishArtifact(artifact, { store })).location as S3Location
    await s3.aws.clients.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key, VersionId }))
    const other = { ...artifact, commit: commit.replace('4', '5') }
    await publishArtifact(other, { store })
    await expect(publishArtifact(artifact, { store })).rejects.toMatchObject({ code: 'PUBLISHED_BYTES_MISSING' })
  })

  test('an artifact that is deleted behind a marker is still published: its version is there', async () => {
    const store = s3Store({ bucket: await s3.makeBucket() })
    const artifact = artifactOf('bytes')
    const first = await publishArtifact(artifact, { store })
    await store.delete(artifactKey(artifact))
    expect(await publishArtifact(artifact, { store })).toEqual({ ...first, alreadyPublished: true })
  })

  test('a bucket that is not there is told before anything is sent', async () => {
    await expect(
      publishArtifact(artifactOf('bytes'), { store: s3Store({ bucket: 'artefacts' }) }),
    ).rejects.toMatchObject({
      code: 'S3_BUCKET_NOT_FOUND',
    })
  })
})

test('the IAM table of the README is what S3 is asked for', async () => {
  const bucket = await s3.makeBucket()
  const store = s3Store({ bucket, prefix: 'shop' })
  const artifact = artifactOf('bytes')
  const from = s3.aws.calls.length
  const { location } = await publishArtifact(artifact, { store })
  await publishArtifact(artifact, { store })
  const key = artifactKey(artifact)
  for await (const _piece of await store.open(key, { location })) continue
  for await (const object of store.list('')) await store.delete(object.key)
  const head = await store.swapHead('h', { expected: undefined, value: '1' })
  await store.swapHead('h', { expected: head?.revision, value: '2' })
  await store.readHead('h')
  const asked = s3.aws.calls.slice(from).flatMap(({ permissions }) => permissions)
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const table = readme.slice(readme.indexOf('## IAM permissions'), readme.indexOf('## Testing'))
  const documented = [...table.matchAll(/^\| `(s3:\w+)`/gm)].map(([, action]) => action)
  expect([...new Set(asked)].sort()).toEqual(documented.sort())
})
