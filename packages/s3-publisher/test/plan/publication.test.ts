import type { CommitRecord } from '@fairlead/core'
import { describe, expect, test } from 'vitest'
import { planPublication } from '../../src/index.ts'

const artifact = {
  application: 'shop',
  commit: '4'.repeat(40),
  sha256: 'a'.repeat(64),
  contentDigest: 'c'.repeat(64),
}
const record: CommitRecord = {
  schema: 'fairlead/commit/1',
  format: 'zip',
  ...artifact,
  sizeBytes: 1000,
  location: { kind: 's3', bucket: 'artifacts', key: 'k', versionId: 'v1' },
  recordedAt: '2026-01-01T00:00:00.000Z',
}
const otherBytes = { ...record, sha256: 'b'.repeat(64) }

describe('planPublication', () => {
  test.each([
    ['a commit without a record is uploaded', undefined, 'fail', 'upload'],
    ['a commit with these bytes is left alone', record, 'fail', 'nothing'],
    ['a commit with these bytes is left alone whatever was asked for', record, 'use-existing', 'nothing'],
    ['a commit with other bytes keeps them where that was asked for', otherBytes, 'use-existing', 'use-existing'],
  ] as const)('%s', (_name, given, whenDifferent, expected) => {
    const plan = planPublication({ artifact, record: given, whenDifferent, store: 's3://artifacts' })
    expect(plan.do).toBe(expected)
    if (plan.do !== 'upload') {
      expect(plan.publication).toMatchObject({
        sha256: given?.sha256,
        location: record.location,
        alreadyPublished: true,
      })
    }
  })

  test.each([
    ['other bytes are a conflict', otherBytes, 'fail', 'ARTIFACT_CONFLICT'],
    ['another application is refused', { ...record, application: 'blog' }, 'fail', 'APPLICATION_CONFLICT'],
    [
      'another application is refused before bytes are compared',
      { ...otherBytes, application: 'blog' },
      'use-existing',
      'APPLICATION_CONFLICT',
    ],
  ] as const)('%s', (_name, given, whenDifferent, code) => {
    const plan = () => planPublication({ artifact, record: given, whenDifferent, store: 's3://artifacts' })
    expect(plan).toThrow(expect.objectContaining({ code }))
  })
})
