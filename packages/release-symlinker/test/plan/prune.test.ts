import { describe, expect, test } from 'vitest'
import type { InstalledRelease, InstalledReleases } from '../../src/model.ts'
import { planPrune } from '../../src/plan/prune.ts'

const now = '2026-11-22T12:00:00.000Z'
const bad = { at: now, reason: 'probe: status 500' }
const hoursAgo = (hours: number) => new Date(Date.parse(now) - hours * 3_600_000).toISOString()

type Given = readonly [name: string, state: InstalledRelease['state'], hours: number, isBad?: 'bad']

function host(...given: readonly Given[]): InstalledReleases {
  const releases = given.map(([name, state, hours, isBad]): InstalledRelease => ({
    root: '/srv/shop',
    name,
    path: `/srv/shop/releases/${name}`,
    state,
    stagedAt: hoursAgo(hours),
    bad: isBad && bad,
  }))
  const named = (state: string) => releases.find((release) => release.state === state)?.name
  return {
    root: '/srv/shop',
    current: named('live'),
    currentLink: named('live') && `releases/${named('live')}`,
    previous: named('previous'),
    settled: true,
    earlier: [],
    releases,
  }
}

const ordinary = host(['E', 'live', 1], ['D', 'previous', 20], ['C', 'past', 40], ['B', 'past', 60], ['A', 'past', 80])

describe('what goes', () => {
  test.each<[string, InstalledReleases, number, string[]]>([
    ['everything older than the newest three', ordinary, 3, ['B', 'A']],
    ['nothing while there are no more than that', ordinary, 5, []],
    ['not what a rollback would go to, even where one is kept', ordinary, 1, ['C', 'B', 'A']],
    [
      'not the live one after a rollback to an old release',
      host(['E', 'past', 1], ['D', 'past', 20], ['C', 'past', 40], ['B', 'live', 60], ['A', 'previous', 80]),
      2,
      ['C'],
    ],
    [
      'bad ones, and they take no place of a good one',
      host(['E', 'live', 1], ['D', 'past', 2, 'bad'], ['C', 'previous', 40], ['B', 'past', 60]),
      3,
      ['D'],
    ],
    [
      'ones that never went live and are older than the longest deployment',
      host(['E', 'live', 1], ['D', 'staged', 12.1], ['C', 'previous', 40]),
      5,
      ['D'],
    ],
    [
      'not one that never went live and may be of a deployment in progress',
      host(['F', 'staged', 0.1], ['E', 'live', 1], ['D', 'staged', 11.9], ['C', 'previous', 40]),
      1,
      [],
    ],
    ['bad ones that never went live, young or not', host(['F', 'staged', 0.1, 'bad'], ['E', 'live', 1]), 5, ['F']],
    ['nothing of a live one that is bad', host(['E', 'live', 1, 'bad'], ['D', 'previous', 20]), 1, []],
    ['nothing on an empty host', host(), 1, []],
  ])('%s', (_name, installed, keep, removed) => {
    const plan = planPrune(installed, { keep, at: now, token: '0' })
    expect(plan.remove.map(({ name }) => name)).toEqual(removed)
    expect([...plan.keep, ...plan.remove].map(({ name }) => name).sort()).toEqual(
      installed.releases.map(({ name }) => name).sort(),
    )
  })
})

test('each one says why it stays or goes', () => {
  const installed = host(
    ['F', 'staged', 0.1],
    ['E', 'live', 1],
    ['D', 'past', 2, 'bad'],
    ['C', 'previous', 3],
    ['B', 'past', 4],
  )
  const plan = planPrune(installed, { keep: 1, at: now, token: '0' })
  expect([...plan.keep, ...plan.remove].map(({ name, reason }) => `${name}: ${reason}`)).toEqual([
    'F: its deployment may be in progress',
    'E: it is live',
    'C: a rollback would go to it',
    'D: it is bad (probe: status 500)',
    'B: it is older than the newest 1',
  ])
})

test('a release leaves in one step and is deleted out of sight', () => {
  const [removed] = planPrune(ordinary, { keep: 4, at: now, token: 't' }).remove
  expect(removed?.steps.map((step) => step.do)).toEqual([
    { call: 'rename', from: 'releases/A', to: '.fairlead/trash/A.t' },
    { call: 'fsync', path: 'releases' },
    { call: 'unlink', path: '.fairlead/releases/A.json' },
    { call: 'remove-tree', path: '.fairlead/trash/A.t' },
  ])
})
