import { randomBytes } from 'node:crypto'
import { chmodSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  artifactKey,
  commitRecordKey,
  parseCommitRecord,
  parsePublication,
  readStoredText,
  type ArtifactStore,
  type CommitRecord,
} from '@fairlead/core'
import { temporaryFolder } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import { folderStore, publishArtifact, type PublicationEvent } from '../src/index.ts'
import { artifactOf, commit } from './artifact.ts'
import { bodyOf } from './store-conformance.ts'

const clock = {
  now: () => Date.parse('2026-11-22T10:00:00.000Z'),
  monotonic: () => 0,
  sleep: () => Promise.resolve(),
}

function recorder() {
  const events: PublicationEvent[] = []
  return {
    events,
    onEvent: (event: PublicationEvent) => void events.push(event),
    types: () => events.map(({ type }) => type),
  }
}

/** The store, and the keys that were written through it. */
function watched(store: ArtifactStore): { store: ArtifactStore; puts: string[] } {
  const puts: string[] = []
  return {
    puts,
    store: {
      ...store,
      put: (key, ...rest) => {
        puts.push(key)
        return store.put(key, ...rest)
      },
    },
  }
}

describe('publishArtifact', () => {
  test('puts the bytes under their digest, then the record of the commit, and answers where they lie', async () => {
    const root = temporaryFolder()
    const { store, puts } = watched(folderStore(root))
    const artifact = artifactOf(randomBytes(3_000_000))
    const { events, onEvent, types } = recorder()
    const publication = await publishArtifact(artifact, { store, onEvent, clock })
    const { path: _path, ...facts } = artifact
    const location = { kind: 'folder', path: join(root, artifactKey(artifact)) }
    expect(publication).toEqual({ schema: 'fairlead/publication/1', ...facts, location, alreadyPublished: false })
    expect(parsePublication(JSON.stringify(publication))).toEqual(publication)
    expect(puts).toEqual([artifactKey(artifact), commitRecordKey(commit)])
    expect(parseCommitRecord(await readStoredText(store, commitRecordKey(commit)))).toEqual({
      schema: 'fairlead/commit/1',
      ...facts,
      location,
      recordedAt: '2026-11-22T10:00:00.000Z',
    })
    expect(new Set(types())).toEqual(
      new Set([
        'publication.artifact-checked',
        'publication.upload-started',
        'publication.upload-progressed',
        'publication.bytes-stored',
        'publication.commit-recorded',
      ]),
    )
    expect(types().filter((type) => type === 'publication.upload-progressed').length).toBeLessThanOrEqual(10)
    for (const event of events) {
      expect(event.at).toBe('2026-11-22T10:00:00.000Z')
      expect(event.summary).not.toBe('')
      expect(JSON.parse(JSON.stringify(event))).toEqual(event)
    }
  })

  test('publishing the same again sends nothing, says so and answers the same place', async () => {
    const root = temporaryFolder()
    const artifact = artifactOf('bytes')
    const first = await publishArtifact(artifact, { store: folderStore(root) })
    const { store, puts } = watched(folderStore(root))
    const { onEvent, types } = recorder()
    expect(await publishArtifact(artifact, { store, onEvent })).toEqual({ ...first, alreadyPublished: true })
    expect(puts).toEqual([])
    expect(types()).toEqual(['publication.artifact-checked', 'publication.already-published'])
  })

  test('a run that was killed after the bytes and before the record is finished by the next one', async () => {
    const store = folderStore(temporaryFolder())
    const artifact = artifactOf('bytes')
    await store.put(artifactKey(artifact), bodyOf('bytes'))
    const { events, onEvent } = recorder()
    const publication = await publishArtifact(artifact, { store, onEvent })
    expect(publication.alreadyPublished).toBe(false)
    expect(events.find(({ type }) => type === 'publication.bytes-stored')).toMatchObject({ created: false })
    expect(events.some(({ type }) => type === 'publication.upload-started')).toBe(false)
    expect(await store.find(commitRecordKey(commit))).toBeDefined()
  })

  test('two commits of the same bytes share them', async () => {
    const store = folderStore(temporaryFolder())
    const other = { ...artifactOf('bytes'), commit: commit.replace('4', '5') }
    const first = await publishArtifact(artifactOf('bytes'), { store })
    const second = await publishArtifact(other, { store })
    expect(second).toEqual({ ...first, commit: other.commit })
  })

  describe('where the commit was published before with other bytes', () => {
    const publishFirst = async (facts = {}) => {
      const root = temporaryFolder()
      const existing = await publishArtifact(artifactOf('first', facts), { store: folderStore(root) })
      return { existing, ...watched(folderStore(root)) }
    }

    test('it refuses before anything is sent, naming both digests', async () => {
      const { store, puts, existing } = await publishFirst()
      const artifact = artifactOf('second')
      await expect(publishArtifact(artifact, { store })).rejects.toMatchObject({
        code: 'ARTIFACT_CONFLICT',
        context: { commit, sha256: artifact.sha256, publishedSha256: existing.sha256, sameTree: false },
        message: expect.stringMatching(new RegExp(`${artifact.sha256}.*${existing.sha256}`)),
        hint: expect.stringMatching(/trees differ/),
      })
      expect(puts).toEqual([])
    })

    test('and the tree is the same, the hint says that using the existing bytes is safe', async () => {
      const contentDigest = 'c'.repeat(64)
      const { store } = await publishFirst({ contentDigest })
      await expect(publishArtifact(artifactOf('second', { contentDigest }), { store })).rejects.toMatchObject({
        code: 'ARTIFACT_CONFLICT',
        context: { sameTree: true },
        hint: expect.stringMatching(/whenDifferent: 'use-existing'.*safely/),
      })
    })

    test('use-existing answers the publication that is there', async () => {
      const { store, puts, existing } = await publishFirst()
      const { onEvent, types } = recorder()
      const publication = await publishArtifact(artifactOf('second'), { store, whenDifferent: 'use-existing', onEvent })
      expect(publication).toEqual({ ...existing, alreadyPublished: true })
      expect(puts).toEqual([])
      expect(types()).toEqual(['publication.artifact-checked', 'publication.existing-used'])
    })

    test('a record of another application is refused, use-existing or not', async () => {
      const { store, puts } = await publishFirst({ application: 'blog' })
      for (const whenDifferent of ['fail', 'use-existing'] as const) {
        await expect(publishArtifact(artifactOf('first'), { store, whenDifferent })).rejects.toMatchObject({
          code: 'APPLICATION_CONFLICT',
          context: { application: 'shop', publishedApplication: 'blog' },
        })
      }
      expect(puts).toEqual([])
    })
  })

  describe('where another writer is first between the look and the record', () => {
    /** A store in which the rival's record appears just before ours is put. */
    const raced = async (rivalBytes: string) => {
      const root = temporaryFolder()
      const rival = artifactOf(rivalBytes)
      const store = folderStore(root)
      const put: ArtifactStore['put'] = async (key, ...rest) => {
        if (key === commitRecordKey(commit)) await publishArtifact(rival, { store: folderStore(root) })
        return store.put(key, ...rest)
      }
      return { rival, store: { ...store, put } }
    }

    test('with the same bytes, its publication is answered', async () => {
      const { store } = await raced('bytes')
      expect(await publishArtifact(artifactOf('bytes'), { store })).toMatchObject({ alreadyPublished: true })
    })

    test('with other bytes, the conflict is told', async () => {
      const { store, rival } = await raced('rival')
      await expect(publishArtifact(artifactOf('bytes'), { store })).rejects.toMatchObject({
        code: 'ARTIFACT_CONFLICT',
        context: { publishedSha256: rival.sha256 },
      })
    })

    test('with other bytes and use-existing, its publication is answered', async () => {
      const { store, rival } = await raced('rival')
      const publication = await publishArtifact(artifactOf('bytes'), { store, whenDifferent: 'use-existing' })
      expect(publication).toMatchObject({ sha256: rival.sha256, alreadyPublished: true })
    })
  })

  test('of many writers of one commit one wins, and everybody answers its bytes or the conflict', async () => {
    const root = temporaryFolder()
    const answers = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) =>
        publishArtifact(artifactOf(`bytes ${index % 2}`), { store: folderStore(root) }),
      ),
    )
    const record = parseCommitRecord(await readStoredText(folderStore(root), commitRecordKey(commit)))
    for (const answer of answers) {
      if (answer.status === 'fulfilled') expect(answer.value.sha256).toBe(record.sha256)
      else
        expect(answer.reason).toMatchObject({ code: 'ARTIFACT_CONFLICT', context: { publishedSha256: record.sha256 } })
    }
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(4)
    expect(answers.filter((answer) => answer.status === 'fulfilled' && !answer.value.alreadyPublished)).toHaveLength(1)
  })

  describe('refuses', () => {
    test('a file that is not there: ARTIFACT_MISSING', async () => {
      const artifact = artifactOf('bytes')
      rmSync(artifact.path)
      const { store, puts } = watched(folderStore(temporaryFolder()))
      await expect(publishArtifact(artifact, { store })).rejects.toMatchObject({ code: 'ARTIFACT_MISSING' })
      expect(puts).toEqual([])
    })

    test('a file without bytes: ARTIFACT_EMPTY', async () => {
      const { store, puts } = watched(folderStore(temporaryFolder()))
      await expect(publishArtifact(artifactOf(''), { store })).rejects.toMatchObject({ code: 'ARTIFACT_EMPTY' })
      expect(puts).toEqual([])
    })

    test.each([
      ['of the same length', 'bytez'],
      ['and longer', 'bytes and more'],
      ['and empty', ''],
    ])('a file that was changed after it was built, %s: ARTIFACT_CHANGED', async (_case, changed) => {
      const artifact = artifactOf('bytes')
      writeFileSync(artifact.path, changed)
      const { store, puts } = watched(folderStore(temporaryFolder()))
      await expect(publishArtifact(artifact, { store })).rejects.toMatchObject({
        code: 'ARTIFACT_CHANGED',
        context: { expectedSha256: artifact.sha256, sizeBytes: Buffer.byteLength(changed) },
      })
      expect(puts).toEqual([])
    })

    test('a file that changes while it is sent: ARTIFACT_CHANGED, and nothing is stored', async () => {
      const artifact = artifactOf('0'.repeat(5_000_000))
      const root = temporaryFolder()
      const onEvent = ({ type }: PublicationEvent) => {
        if (type === 'publication.upload-started') writeFileSync(artifact.path, '1'.repeat(5_000_000))
      }
      await expect(publishArtifact(artifact, { store: folderStore(root), onEvent })).rejects.toMatchObject({
        code: 'ARTIFACT_CHANGED',
      })
      expect(await folderStore(root).find(artifactKey(artifact))).toBeUndefined()
      expect(await folderStore(root).find(commitRecordKey(commit))).toBeUndefined()
      expect(readdirSync(join(root, '.pending'))).toEqual([])
    })

    test('to say "already published" when the bytes are gone: PUBLISHED_BYTES_MISSING', async () => {
      const store = folderStore(temporaryFolder())
      const artifact = artifactOf('bytes')
      await publishArtifact(artifact, { store })
      await store.delete(artifactKey(artifact))
      await expect(publishArtifact(artifact, { store })).rejects.toMatchObject({
        code: 'PUBLISHED_BYTES_MISSING',
        context: { commit, key: artifactKey(artifact) },
      })
    })

    test('bytes under the right name that are other bytes: PUBLISHED_BYTES_DIFFER', async () => {
      const root = temporaryFolder()
      const store = folderStore(root)
      const artifact = artifactOf('bytes')
      await store.put(artifactKey(artifact), bodyOf('wrong'))
      await expect(publishArtifact(artifact, { store })).rejects.toMatchObject({ code: 'PUBLISHED_BYTES_DIFFER' })
      expect(await store.find(commitRecordKey(commit))).toBeUndefined()

      const other = artifactOf('other bytes', { commit: commit.replace('4', '5') })
      await publishArtifact(other, { store })
      chmodSync(join(root, artifactKey(other)), 0o644)
      writeFileSync(join(root, artifactKey(other)), 'OTHER BYTES')
      await expect(publishArtifact(other, { store })).rejects.toMatchObject({ code: 'PUBLISHED_BYTES_DIFFER' })
    })

    test('a record that is no record, or that of another commit: INVALID_RECORD', async () => {
      const artifact = artifactOf('bytes')
      const garbage = folderStore(temporaryFolder())
      await garbage.put(commitRecordKey(commit), bodyOf('{}'))
      await expect(publishArtifact(artifact, { store: garbage })).rejects.toMatchObject({ code: 'INVALID_RECORD' })

      const swapped = folderStore(temporaryFolder())
      const record: CommitRecord = {
        ...artifact,
        schema: 'fairlead/commit/1',
        commit: commit.replace('4', '5'),
        location: { kind: 'folder', path: '/srv/x' },
        recordedAt: '2026-01-01T00:00:00Z',
      }
      await swapped.put(commitRecordKey(commit), bodyOf(JSON.stringify(record)))
      await expect(publishArtifact(artifact, { store: swapped })).rejects.toMatchObject({
        code: 'INVALID_RECORD',
        context: { path: 'commit', expected: commit },
      })
    })

    test.each([
      ['a short commit', { commit: 'abc123' }],
      ['a branch for a commit', { commit: 'main' }],
      ['a digest in capitals', { sha256: 'A'.repeat(64) }],
      ['no application', { application: '' }],
      ['a negative size', { sizeBytes: -1 }],
    ])('%s: INVALID_RECORD', async (_case, facts) => {
      const store = folderStore(temporaryFolder())
      await expect(publishArtifact(artifactOf('bytes', facts), { store })).rejects.toMatchObject({
        code: 'INVALID_RECORD',
      })
    })

    test.each([
      ['no options', undefined],
      ['no store', {}],
      ['a path for a store', { store: '/srv/artifacts' }],
      ['another word for whenDifferent', { store: folderStore('/srv'), whenDifferent: 'overwrite' }],
    ])('%s: INVALID_OPTION', async (_case, options) => {
      await expect(publishArtifact(artifactOf('bytes'), options as never)).rejects.toMatchObject({
        code: 'INVALID_OPTION',
      })
    })

    test('an option that it does not have, with the nearest one: UNKNOWN_OPTION', async () => {
      const options = { store: folderStore('/srv'), whenDiffers: 'fail' }
      await expect(publishArtifact(artifactOf('bytes'), options as never)).rejects.toMatchObject({
        code: 'UNKNOWN_OPTION',
        context: { nearest: 'whenDifferent' },
      })
    })
  })

  test.each(['publication.artifact-checked', 'publication.upload-started', 'publication.bytes-stored'])(
    'cancelled at %s, it rejects with the reason itself, and the next run succeeds',
    async (moment) => {
      const root = temporaryFolder()
      const artifact = artifactOf(randomBytes(3_000_000))
      const stop = new AbortController()
      const reason = new Error('the job was cancelled')
      const onEvent = ({ type }: PublicationEvent) => {
        if (type === moment) stop.abort(reason)
      }
      const store = folderStore(root)
      await expect(publishArtifact(artifact, { store, signal: stop.signal, onEvent })).rejects.toBe(reason)
      expect(await store.find(commitRecordKey(commit))).toBeUndefined()
      expect(await publishArtifact(artifact, { store })).toMatchObject({ alreadyPublished: false })
      expect(readdirSync(join(root, '.pending'))).toEqual([])
    },
  )

  test('an exception of onEvent reaches the caller', async () => {
    const trouble = new Error('no paper in the printer')
    const onEvent = () => {
      throw trouble
    }
    await expect(publishArtifact(artifactOf('bytes'), { store: folderStore(temporaryFolder()), onEvent })).rejects.toBe(
      trouble,
    )
  })
})
