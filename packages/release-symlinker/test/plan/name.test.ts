import { describe, expect, test } from 'vitest'
import { parseReleaseName, releaseName, timeOfDigits } from '../../src/plan/name.ts'

const commit = '4f3c2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f'

test('a name says when in UTC, which commit and which deployment', () => {
  const name = releaseName({ stagedAt: '2026-11-22T23:59:58.123Z', commit, id: 'd-ABC123XYZ' })
  expect(name).toBe('20261122235958-4f3c2a1b0c9d-d-ABC123XYZ')
  expect(parseReleaseName(name)).toEqual({
    stagedAt: '2026-11-22T23:59:58.000Z',
    commitPrefix: '4f3c2a1b0c9d',
    id: 'd-ABC123XYZ',
  })
})

test('a time zone in the given time changes nothing', () => {
  expect(releaseName({ stagedAt: '2026-11-23T00:59:58+01:00', commit, id: 'x' })).toMatch(/^20261122235958-/)
})

describe('names of other tools are not ours', () => {
  test.each([
    ['20261122235958', "Capistrano's"],
    ['42', "Deployer's"],
    ['20261122235958-4f3c2a1b0c9d', 'without a deployment'],
    ['20261122235958-4F3C2A1B0C9D-x', 'with capitals'],
    ['20261322235958-4f3c2a1b0c9d-x', 'of a thirteenth month'],
    ['20260230000000-4f3c2a1b0c9d-x', 'of the 30th of February'],
  ])('%s, %s', (name) => {
    expect(parseReleaseName(name)).toBeUndefined()
  })
})

test("Capistrano's name is a time in UTC", () => {
  expect(timeOfDigits('20260102030405')).toBe('2026-01-02T03:04:05.000Z')
  expect(timeOfDigits('20260102030465')).toBeUndefined()
  expect(timeOfDigits('7')).toBeUndefined()
})
