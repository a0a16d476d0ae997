import { describe, expect, test } from 'vitest'
import type { Deployment, Revision, TargetLabel } from '../../../src/codedeploy/model.ts'
import { healthOf, orderByHealth, outdatedHosts } from '../../../src/codedeploy/plan/host-health.ts'

const v1: Revision = { type: 'S3', bucket: 'artifacts', key: 'v1.zip', bundleType: 'zip' }
const v2: Revision = { ...v1, key: 'v2.zip' }
const commit: Revision = { type: 'GitHub', repository: 'acme/shop', commitId: 'a'.repeat(40) }

type Status = 'Succeeded' | 'Failed' | 'Skipped'

function deployment(
  revision: Revision,
  hosts: Readonly<Record<string, Status>>,
  fields: Partial<Deployment> = {},
  label?: TargetLabel,
): Deployment {
  const targets = Object.entries(hosts).map(([targetId, status]) => ({
    targetId,
    status,
    label,
    lastUpdatedAt: 1,
    events: [],
  }))
  const style = { type: 'IN_PLACE', option: 'WITHOUT_TRAFFIC_CONTROL' } as const
  return { revision, targets, creator: 'user', style, ...fields } as Deployment
}

describe('the health of a host', () => {
  const rows: readonly (readonly [string, readonly Deployment[], ReturnType<ReturnType<typeof healthOf>>])[] = [
    ['a host that was never deployed to is healthy, its revision unknown', [], { isUnhealthy: false }],
    ['a success leaves its revision', [deployment(v1, { a: 'Succeeded' })], { isUnhealthy: false, revision: v1 }],
    [
      'a failure leaves the revision of before, and an unhealthy host',
      [deployment(v1, { a: 'Succeeded' }), deployment(v2, { a: 'Failed' })],
      { isUnhealthy: true, revision: v1 },
    ],
    [
      'a success heals',
      [deployment(v1, { a: 'Failed' }), deployment(v2, { a: 'Succeeded' })],
      { isUnhealthy: false, revision: v2 },
    ],
    [
      'a deployment that did not get to a host says nothing of it',
      [deployment(v1, { a: 'Succeeded' }), deployment(v2, { a: 'Skipped' })],
      { isUnhealthy: false, revision: v1 },
    ],
    [
      'an original host that let go of its traffic was given no revision',
      [deployment(v1, { a: 'Succeeded' }), deployment(v2, { a: 'Succeeded' }, {}, 'Blue')],
      { isUnhealthy: false, revision: v1 },
    ],
    [
      'a changeover back installs nothing',
      [
        deployment(v1, { a: 'Succeeded' }),
        deployment(
          v2,
          { a: 'Succeeded' },
          {
            creator: 'codeDeployRollback',
            style: { type: 'BLUE_GREEN', option: 'WITH_TRAFFIC_CONTROL' },
          },
        ),
      ],
      { isUnhealthy: false, revision: v1 },
    ],
  ]
  for (const [title, deployments, expected] of rows) {
    test(title, () => expect(healthOf(deployments)('a')).toEqual(expected))
  }
})

test('hosts are ordered unhealthy, unknown, old, current, and otherwise stay as they are', () => {
  const health = healthOf([
    deployment(v1, { old: 'Succeeded', sick: 'Succeeded' }),
    deployment(v2, { current: 'Succeeded', other: 'Succeeded', sick: 'Failed' }),
  ])
  const hosts = ['current', 'old', 'new-1', 'other', 'sick', 'new-2']
  expect(orderByHealth(hosts, health, v2)).toEqual(['sick', 'new-1', 'new-2', 'old', 'current', 'other'])
})

test('outdated are those without the revision, and those that failed', () => {
  const health = healthOf([
    deployment(commit, { current: 'Succeeded', sick: 'Succeeded' }),
    deployment(v1, { old: 'Succeeded' }),
    deployment(commit, { sick: 'Failed' }),
  ])
  expect(outdatedHosts(['current', 'old', 'sick', 'new'], health, { ...commit })).toEqual(['old', 'sick', 'new'])
})
