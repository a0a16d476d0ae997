import { isDeployError } from '@fairlead/core'
import { describe, expect, test } from 'vitest'
import { errors } from '../../src/errors.ts'
import type { InstalledRelease, InstalledReleases } from '../../src/model.ts'
import { planRollback, type PlanRollbackOptions } from '../../src/plan/rollback.ts'

const bad = { at: '2026-11-22T12:00:00.000Z', reason: 'probe: status 500' }
const release = (name: string, more: Partial<InstalledRelease> = {}): InstalledRelease => ({
  root: '/srv/shop',
  name,
  path: `/srv/shop/releases/${name}`,
  state: 'past',
  stagedAt: '2026-11-22T10:00:00.000Z',
  ...more,
})
const installed: InstalledReleases = {
  root: '/srv/shop',
  current: 'D',
  currentLink: 'releases/D',
  settled: true,
  previous: 'B',
  earlier: ['C', 'B', 'A'],
  releases: [release('D', { state: 'live' }), release('C', { bad }), release('B', { state: 'previous' }), release('A')],
}
const nothingGood = { ...installed, previous: undefined, earlier: ['C'] }
const halfBack = { ...installed, current: 'B', recorded: 'D', settled: false, previous: 'A', earlier: ['A'] }
const halfOn = { ...installed, recorded: 'C', settled: false, previous: 'C', earlier: ['C', 'B', 'A'] }
const alone = { ...installed, previous: undefined, earlier: [], releases: [release('D', { state: 'live' })] }

function outcome(host: InstalledReleases, options: Omit<PlanRollbackOptions, 'token'>): string {
  try {
    return planRollback(host, { token: '0', ...options }).to
  } catch (error) {
    if (isDeployError(error)) return `${error.code}: ${error.message}`
    throw error
  }
}

describe('the target', () => {
  test.each([
    ['is the last good release', installed, {}, 'B'],
    ['is the named one', installed, { to: 'A' }, 'A'],
    ['is the live one, where a rollback to it was killed before its end', halfBack, {}, 'B'],
    ['is the one before, where an activation was killed before its end', halfOn, {}, 'C'],
    ['is a bad one only when that is allowed', installed, { to: 'C', allowBad: true }, 'C'],
    ['is the last one, bad or not, when that is allowed', installed, { allowBad: true }, 'C'],
  ])('%s', (_name, host, options, expected) => {
    expect(outcome(host, options)).toBe(expected)
  })

  test.each([
    ['a named one that is bad', installed, { to: 'C' }, /^ROLLBACK_NO_TARGET: .* under the name C: it is bad \(probe/],
    ['one that is not there', installed, { to: 'X' }, /^RELEASE_NOT_INSTALLED: .*"X"; it has D, C, B, A$/],
    [
      'none, where all that were live are bad',
      nothingGood,
      {},
      /^ROLLBACK_NO_TARGET: .*is bad \(C: probe: status 500\)/,
    ],
    [
      'none, where no other was live',
      alone,
      {},
      /^ROLLBACK_NO_TARGET: .*no release that is still there was live before/,
    ],
  ])('is not %s', (_name, host, options, expected) => {
    expect(outcome(host, options)).toMatch(expected)
  })
})

test('it is an activation in the same steps, prepared first and recorded as what it is', () => {
  const plan = planRollback(installed, { token: '0', prepare: true })
  expect(plan).toMatchObject({ from: 'D', to: 'B' })
  expect(plan.steps.map(({ name }) => name)).toEqual(['prepare', 'link', 'switch', 'sync', 'confirm', 'record'])
  expect(plan.steps.at(-1)?.do).toMatchObject({ outcome: 'rolled-back' })
})

test('to the live release there is nothing to do', () => {
  expect(planRollback(installed, { token: '0', to: 'D' }).steps).toEqual([])
})

test('the errors are recognised by their entries', () => {
  const attempt = () => planRollback(alone, { token: '0' })
  expect(attempt).toThrow(expect.toSatisfy((error: unknown) => isDeployError(error, errors.ROLLBACK_NO_TARGET)))
})
