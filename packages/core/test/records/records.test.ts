import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  artifactKey,
  commitRecordKey,
  ledgerEntryKey,
  ledgerHeadKey,
  parseArtifact,
  parseCommitRecord,
  parseDeployment,
  parseLedgerEntry,
  parseLedgerHead,
  parseManifest,
  parsePublication,
  parseRelease,
  parseStagedRelease,
  parseTarget,
  publicationOf,
  type RecordReader,
} from '../../src/index.ts'

const commit = 'a'.repeat(40)
const sha256 = 'b'.repeat(64)
const contentDigest = 'c'.repeat(64)
const time = '2026-11-22T10:20:30.456Z'
const target = { application: 'shop', deploymentGroup: 'dev' }
const location = { kind: 's3', bucket: 'artifacts', key: 'shop/artifacts/b.zip', versionId: 'v1', eTag: 'e1' }
const published = { application: 'shop', commit, format: 'zip', sha256, contentDigest, sizeBytes: 12, location }
const publication = { schema: 'fairlead/publication/1', ...published, alreadyPublished: false }
const entry = {
  schema: 'fairlead/ledger-entry/1',
  sequence: 1,
  target,
  deploymentId: 'd-ABCDEFGHI',
  commit,
  sha256,
  location,
  status: 'succeeded',
  startedAt: time,
  recordedAt: time,
  by: 'ci',
}

const records: Record<string, [RecordReader<unknown>, Record<string, unknown>]> = {
  artifact: [
    parseArtifact,
    {
      schema: 'fairlead/artifact/1',
      path: '/a.zip',
      format: 'zip',
      application: 'shop',
      commit,
      sha256,
      contentDigest,
      sizeBytes: 12,
      entryCount: 0,
    },
  ],
  manifest: [
    parseManifest,
    {
      schema: 'fairlead/manifest/1',
      application: 'shop',
      commit,
      contentDigest,
      entries: [{ path: 'a', type: 'file', mode: '0644', sizeBytes: 0, sha256 }],
      allowances: [{ path: 'a', rule: 'private-key', reason: 'a test key' }],
    },
  ],
  publication: [parsePublication, publication],
  'commit record': [parseCommitRecord, { schema: 'fairlead/commit/1', ...published, recordedAt: time }],
  release: [parseRelease, { schema: 'fairlead/release/1', tag: 'v1', commit, repository: '.', publication }],
  deployment: [
    parseDeployment,
    {
      schema: 'fairlead/deployment/1',
      deploymentId: 'd-1',
      target,
      commit,
      sha256,
      location,
      runToken: 't',
      alreadyStarted: false,
      startedAt: time,
    },
  ],
  'ledger entry': [parseLedgerEntry, entry],
  'ledger head': [
    parseLedgerHead,
    { schema: 'fairlead/ledger-head/1', target, latest: entry, recent: [{ sequence: 1, deploymentId: 'd-ABCDEFGHI' }] },
  ],
  'staged release': [
    parseStagedRelease,
    {
      schema: 'fairlead/staged-release/1',
      root: '/srv',
      name: 'n',
      id: 'd-1',
      path: '/srv/releases/n',
      commit,
      contentDigest,
      state: 'staged',
    },
  ],
}

describe.each(Object.entries(records))('a %s', (name, [parse, value]) => {
  test('comes back equal from JSON text and from the value', () => {
    expect(parse(JSON.stringify(value))).toEqual(value)
    expect(parse(value)).toEqual(value)
  })

  test('may have gained facts, which are left out', () => {
    expect(parse({ ...value, laterFact: 1 })).toEqual(value)
  })

  test.each(Object.keys(value).filter((field) => field !== 'format'))(
    'is refused without its %s, with the path of the field',
    (field) => {
      const { [field]: _left, ...rest } = value
      expect(() => parse(rest, 'job.json')).toThrow(
        expect.objectContaining({
          code: 'INVALID_RECORD',
          context: expect.objectContaining({ record: name, path: field, from: 'job.json' }),
        }),
      )
    },
  )

  test.each(Object.keys(value))('is refused with null for its %s', (field) => {
    expect(() => parse({ ...value, [field]: null })).toThrow(expect.objectContaining({ code: 'INVALID_RECORD' }))
  })
})

test('a record from before there were formats is that of a zip', () => {
  const { format: _left, ...older } = publication
  expect(parsePublication(older).format).toBe('zip')
  expect(parseArtifact({ ...older, schema: 'fairlead/artifact/1', path: '/a.zip', entryCount: 1 }).format).toBe('zip')
  expect(parsePublication({ ...older, format: 'tgz' }).format).toBe('tgz')
})

test.each([
  ['a branch name for a commit', { ...publication, commit: 'main' }, 'commit'],
  ['a short commit', { ...publication, commit: 'abc1234' }, 'commit'],
  ['a format that CodeDeploy does not take', { ...publication, format: 'rar' }, 'format'],
  ['a digest in upper case', { ...publication, sha256: 'B'.repeat(64) }, 'sha256'],
  ['a negative size', { ...publication, sizeBytes: -1 }, 'sizeBytes'],
  ['an unknown kind of place', { ...publication, location: { kind: 'ftp' } }, 'location.kind'],
  ['a bucket that is empty', { ...publication, location: { ...location, bucket: '' } }, 'location.bucket'],
  ['a record of a later version', { ...publication, schema: 'fairlead/publication/2' }, 'schema'],
])('a publication is refused with %s', (_name, value, path) => {
  expect(() => parsePublication(value)).toThrow(expect.objectContaining({ context: expect.objectContaining({ path }) }))
})

test('text that is not JSON is refused without a word of it', () => {
  expect.assertions(2)
  try {
    parsePublication('{"password": "hunter2')
  } catch (error) {
    expect(error).toMatchObject({ code: 'INVALID_RECORD' })
    expect(String(error) + JSON.stringify(error)).not.toContain('hunter2')
  }
})

test('a field that comes from the prototype does not count', () => {
  expect(() => parseTarget(Object.create(target))).toThrow(expect.objectContaining({ code: 'INVALID_RECORD' }))
})

test('a commit record stands for a publication that was made before', () => {
  const record = parseCommitRecord({ schema: 'fairlead/commit/1', ...published, recordedAt: time })
  expect(publicationOf(record)).toEqual({ ...publication, alreadyPublished: true })
})

describe('keys', () => {
  test('bytes lie under their digest, records under their commit', () => {
    expect(artifactKey({ sha256, format: 'zip' })).toBe(`artifacts/${sha256}.zip`)
    expect(artifactKey({ sha256, format: 'tar' })).toBe(`artifacts/${sha256}.tar`)
    expect(artifactKey({ sha256, format: 'tgz' })).toBe(`artifacts/${sha256}.tgz`)
    expect(commitRecordKey(commit)).toBe(`commits/${commit}.json`)
  })

  test('two targets never share a ledger, whatever their names', () => {
    const name = fc.string({ minLength: 1 })
    fc.assert(
      fc.property(name, name, name, name, (a, b, c, d) => {
        fc.pre(a !== c || b !== d)
        const first = ledgerHeadKey({ application: a, deploymentGroup: b })
        const second = ledgerHeadKey({ application: c, deploymentGroup: d })
        expect(first).not.toBe(second)
      }),
    )
  })

  test('entries list in the order of their numbers', () => {
    expect([ledgerEntryKey(target, 10), ledgerEntryKey(target, 9)].sort()[0]).toBe(ledgerEntryKey(target, 9))
  })
})
