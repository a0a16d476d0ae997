import { describe, expect, test } from 'vitest'
import { findDisagreement, outcomeOf, type DeploymentFacts } from '../../src/plan/deployment.ts'

const facts: DeploymentFacts = {
  deploymentId: 'd-ABCDEF123',
  application: 'shop',
  deploymentGroup: 'dev',
  status: 'Succeeded',
  revision: { bucket: 'artifacts', key: 'k.zip', versionId: 'v1', eTag: 'e1' },
  createdAt: undefined,
  completedAt: undefined,
  rollbackDeploymentId: undefined,
}
const target = { application: 'shop', deploymentGroup: 'dev' }
const location = { kind: 's3', bucket: 'artifacts', key: 'k.zip', versionId: 'v1', eTag: 'e1' } as const
const { versionId: _versionId, ...withoutVersion } = location

describe('outcomeOf', () => {
  test.each([
    ['Succeeded', 'succeeded'],
    ['Failed', 'failed'],
    ['Stopped', 'stopped'],
  ])('%s is %s', (status, expected) => {
    expect(outcomeOf({ status })).toBe(expected)
  })

  test.each(['Created', 'Queued', 'InProgress', 'Baking', 'Ready', 'SomethingNew'])('%s is no end', (status) => {
    expect(outcomeOf({ status })).toBeUndefined()
  })
})

describe('findDisagreement', () => {
  test('finds none where CodeDeploy was given what the record pins', () => {
    expect(findDisagreement(facts, { target, location })).toBeUndefined()
  })

  const revision = { bucket: 'artifacts', key: 'k.zip', versionId: 'v1', eTag: 'e1' }
  test.each([
    ['another application', { application: 'blog' }, location, 'application'],
    ['another group', { deploymentGroup: 'production' }, location, 'deployment group'],
    ['another bucket', { revision: { ...revision, bucket: 'other' } }, location, 'bucket'],
    ['another key', { revision: { ...revision, key: 'x.zip' } }, location, 'key'],
    ['another version', { revision: { ...revision, versionId: 'v2' } }, location, 'version'],
    ['no version where one is pinned', { revision: { ...revision, versionId: undefined } }, location, 'version'],
    ['a version where none is pinned', {}, withoutVersion, 'version'],
    ['another ETag', { revision: { ...revision, eTag: 'e2' } }, location, 'eTag'],
    ['no ETag where one is pinned', { revision: { ...revision, eTag: undefined } }, location, 'eTag'],
    ['a revision that is not in S3', { revision: undefined }, location, 'bucket'],
    ['bytes that were never in S3', {}, { kind: 'folder', path: '/srv/k.zip' } as const, 'revision'],
  ])('finds %s', (_name, changed, place, field) => {
    expect(findDisagreement({ ...facts, ...changed }, { target, location: place })).toMatchObject({ field })
  })
})
