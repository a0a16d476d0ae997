import { describe, expect, test } from 'vitest'
import type { HistoryEntry } from '../../src/model.ts'
import { describeInstalled, type HostFacts } from '../../src/plan/installed.ts'

type Line = Pick<HistoryEntry, 'outcome' | 'to'> & Partial<HistoryEntry>
const at = '2026-11-22T12:00:00.000Z'
const line = (entry: Line): HistoryEntry => ({ schema: 'fairlead/history/1', at, by: 'deploy', ...entry })
const went = (to: string, from?: string) => line({ outcome: 'activated', to, from })
const back = (to: string, from?: string) => line({ outcome: 'rolled-back', to, from })
const failed = (to: string, from?: string) =>
  line({ outcome: 'failed', to, from, live: from, step: 'probe', reason: 'status 500', bad: true })

/** Releases of ours, staged one second after the other, in the order of their letters. */
function host(letters: string, current: string | undefined, history: readonly HistoryEntry[], foreign = '') {
  const names = [...letters]
  const secondOf = (name: string) => name.charCodeAt(0) % 60
  const time = (name: string) => `2026-11-22T10:00:${String(secondOf(name)).padStart(2, '0')}.000Z`
  const facts: HostFacts = {
    root: '/srv/shop',
    currentLink: current === undefined ? undefined : `releases/${current}`,
    currentName: current,
    folders: names.map((name) => ({ name, path: `/srv/shop/releases/${name}`, changedAt: time(name) })),
    records: names
      .filter((name) => !foreign.includes(name))
      .map((name) => ({ name, id: `d-${name}`, commit: 'c', contentDigest: 'x', stagedAt: time(name) })),
    history,
  }
  return describeInstalled(facts)
}

describe('where a rollback would go', () => {
  test.each([
    ['to the one before', host('ABC', 'C', [went('A'), went('B', 'A'), went('C', 'B')]), ['B', 'A']],
    [
      'further back after a rollback, not forth again',
      host('ABC', 'B', [went('A'), went('B', 'A'), went('C', 'B'), back('B', 'C')]),
      ['A'],
    ],
    [
      'past what was rolled back, after the next deploy',
      host('ABCD', 'D', [went('A'), went('B', 'A'), went('C', 'B'), back('B', 'C'), went('D', 'B')]),
      ['B', 'A'],
    ],
    ['nowhere from the first release', host('A', 'A', [went('A')]), []],
    ['not to a release that was never live', host('ABC', 'C', [went('A'), went('C', 'A')]), ['A']],
    [
      'not to one that failed and went away again',
      host('ABC', 'C', [went('A'), failed('B', 'A'), went('C', 'A')]),
      ['A'],
    ],
    ['not to a folder that is gone', host('AC', 'C', [went('A'), went('B', 'A'), went('C', 'B')]), ['A']],
    ['to what another tool had live before us', host('ABC', 'C', [went('C', 'B')], 'AB'), ['B', 'A']],
    ["to another tool's older releases when there is no history", host('ABC', 'B', [], 'ABC'), ['A']],
    [
      'to what was switched by hand between two deploys',
      host('ABC', 'C', [went('A'), went('C', 'B')], 'B'),
      ['B', 'A'],
    ],
    [
      'back to the place in the history when somebody switched back by hand',
      host('ABC', 'B', [went('A'), went('B', 'A'), went('C', 'B')]),
      ['A'],
    ],
    [
      'to the release before one that is live a second time',
      host('AB', 'A', [went('A'), went('B', 'A'), went('A', 'B')]),
      ['B'],
    ],
    [
      'forth again when that is named',
      host('AB', 'B', [went('A'), went('B', 'A'), back('A', 'B'), back('B', 'A')]),
      ['A'],
    ],
  ])('%s', (_name, installed, earlier) => {
    expect(installed.earlier).toEqual(earlier)
  })
})

describe('bad releases', () => {
  test('a release is bad when it failed by its own fault, and is passed over', () => {
    const installed = host('ABC', 'C', [went('A'), went('B', 'A'), went('C', 'B'), failed('B', 'C')])
    expect(installed.releases.find(({ name }) => name === 'B')?.bad).toEqual({ at, reason: 'probe: status 500' })
    expect(installed).toMatchObject({ previous: 'A', earlier: ['B', 'A'] })
  })

  test('one that goes live afterwards is good again', () => {
    const installed = host('AB', 'B', [went('A'), failed('B', 'A'), went('B', 'A')])
    expect(installed.releases.find(({ name }) => name === 'B')?.bad).toBeUndefined()
  })

  test.each([
    ['of the host', line({ outcome: 'failed', to: 'B', from: 'A', step: 'sync', reason: 'EIO', bad: false })],
    [
      'to go on, since somebody cancelled it',
      line({ outcome: 'cancelled', to: 'B', from: 'A', step: 'probe', bad: false }),
    ],
  ])('a failure %s says nothing about the release', (_name, entry) => {
    expect(host('AB', 'A', [went('A'), entry]).releases.every(({ bad }) => bad === undefined)).toBe(true)
  })
})

describe('whether the history ends with what is live', () => {
  test.each([
    ['after an activation', host('AB', 'B', [went('A'), went('B', 'A')]), true],
    ['after one that failed and was taken back', host('AB', 'A', [went('A'), failed('B', 'A')]), true],
    ['on an empty host', host('', undefined, []), true],
    ['not after a run that was killed behind its switch', host('AB', 'B', [went('A')]), false],
    ["not with another tool's release live", host('A', 'A', [], 'A'), false],
    ['not with a link to nothing', host('A', 'X', [went('A')]), false],
    ['not when taking back did not work', host('AB', 'B', [went('A'), { ...failed('B', 'A'), live: 'B' }]), false],
  ])('%s', (_name, installed, settled) => {
    expect(installed.settled).toBe(settled)
  })
})

test('each release says what it is, the newest first', () => {
  const installed = host('ABCDE', 'C', [went('A'), went('B', 'A'), went('D', 'B'), back('B', 'D'), went('C', 'B')])
  expect(installed.releases.map(({ name, state }) => `${name} ${state}`)).toEqual([
    'E staged',
    'D past',
    'C live',
    'B previous',
    'A past',
  ])
})

test("another tool's release has no commit, and its time from its name", () => {
  const [release] = describeInstalled({
    root: '/srv/shop',
    folders: [{ name: '20260102030405', path: '/srv/shop/releases/20260102030405', changedAt: at }],
    records: [],
    history: [],
  }).releases
  expect(release).toMatchObject({
    commit: undefined,
    id: undefined,
    stagedAt: '2026-01-02T03:04:05.000Z',
    state: 'previous',
  })
})

test('a link to a folder that is gone is a link to nothing', () => {
  expect(host('A', 'X', [])).toMatchObject({ current: undefined, currentLink: 'releases/X' })
})
