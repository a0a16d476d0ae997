import type { Release } from '@fairlead/core'
import { folderStore } from '@fairlead/s3-publisher'
import { describe, expect, test } from 'vitest'
import {
  checkPromotable,
  requirePromotable,
  type CheckPromotableOptions,
  type Gate,
  type GateContext,
  type ReleaseEvent,
} from '../src/index.ts'
import { releaseOf } from './world.ts'

const store = folderStore('/srv/artifacts')
const release = releaseOf({
  schema: 'fairlead/publication/1',
  format: 'zip',
  application: 'shop',
  commit: '4'.repeat(40),
  sha256: 'a'.repeat(64),
  contentDigest: 'c'.repeat(64),
  sizeBytes: 1,
  location: { kind: 's3', bucket: 'artifacts', key: 'k.zip' },
  alreadyPublished: true,
})

const open: Gate = { name: 'always open', check: () => [] }
const freeze: Gate = {
  name: 'no freeze',
  check: () => [{ code: 'FROZEN', message: 'there is a freeze until Monday', hint: 'Wait until Monday.' }],
}
const approvals: Gate = {
  name: 'approved by two',
  check: async () => [
    { code: 'NOT_APPROVED', message: 'Ada has not approved', hint: 'Ask for approval.' },
    { code: 'NOT_APPROVED', message: 'Grace has not approved', hint: 'Ask for approval.' },
  ],
}

describe('checkPromotable', () => {
  test('answers nothing where every gate is open', async () => {
    expect(await checkPromotable(release, { store, gates: [open, open] })).toEqual([])
  })

  test('asks every gate and answers all that they find, with their names', async () => {
    const events: ReleaseEvent[] = []
    const onEvent = (event: ReleaseEvent) => void events.push(event)
    const findings = await checkPromotable(release, { store, gates: [freeze, open, approvals], onEvent })
    expect(findings.map(({ gate, code }) => `${gate}: ${code}`)).toEqual([
      'no freeze: FROZEN',
      'approved by two: NOT_APPROVED',
      'approved by two: NOT_APPROVED',
    ])
    expect(events).toMatchObject([
      { type: 'promotion.gate-refused', gate: 'no freeze', codes: ['FROZEN'] },
      { type: 'promotion.gate-passed', gate: 'always open' },
      { type: 'promotion.gate-refused', gate: 'approved by two', codes: ['NOT_APPROVED', 'NOT_APPROVED'] },
    ])
  })

  test('hands a gate the release and what it may use', async () => {
    const seen: [Release, GateContext][] = []
    const gate: Gate = {
      name: 'a team of its own',
      check: (given, context) => {
        seen.push([given, context])
        return []
      },
    }
    const client = { send: () => Promise.resolve({}) }
    const { signal } = new AbortController()
    await checkPromotable(release, { store, gates: [gate] })
    await checkPromotable(release, { store, gates: [gate], repository: '.', client, signal })
    expect(seen[0]).toEqual([release, expect.objectContaining({ store, repository: release.repository })])
    expect(seen[1]).toEqual([release, expect.objectContaining({ repository: '.', client, signal })])
  })

  test('passes on what a gate throws: it could not find out', async () => {
    const trouble = new Error('the calendar does not answer')
    const gate: Gate = { name: 'calendar', check: () => Promise.reject(trouble) }
    await expect(checkPromotable(release, { store, gates: [open, gate] })).rejects.toBe(trouble)
  })

  test('rejects with the reason itself when it is cancelled, and asks no further gate', async () => {
    const stop = new AbortController()
    const reason = new Error('enough')
    const stopping: Gate = {
      name: 'stops',
      check: () => {
        stop.abort(reason)
        return []
      },
    }
    let asked = false
    const next: Gate = {
      name: 'next',
      check: () => {
        asked = true
        return []
      },
    }
    await expect(checkPromotable(release, { store, gates: [stopping, next], signal: stop.signal })).rejects.toBe(reason)
    expect(asked).toBe(false)
  })

  test.each<[string, unknown, string]>([
    ['no options', undefined, 'INVALID_OPTION'],
    ['no store', { gates: [open] }, 'INVALID_OPTION'],
    ['no gates', { store }, 'INVALID_OPTION'],
    ['an empty list of gates, which would let everything through', { store, gates: [] }, 'INVALID_OPTION'],
    ['one gate instead of a list', { store, gates: open }, 'INVALID_OPTION'],
    ['a hole in the list', { store, gates: [open, undefined] }, 'INVALID_OPTION'],
    ['a gate without a name', { store, gates: [{ check: () => [] }] }, 'INVALID_OPTION'],
    ['a gate that was not called', { store, gates: [() => open] }, 'INVALID_OPTION'],
    ['a number as the repository', { store, gates: [open], repository: 1 }, 'INVALID_OPTION'],
    ['a client that cannot send', { store, gates: [open], client: {} }, 'INVALID_OPTION'],
    ['an option that it does not have', { store, gate: [open] }, 'UNKNOWN_OPTION'],
  ])('refuses %s', async (_name, options, code) => {
    await expect(checkPromotable(release, options as CheckPromotableOptions)).rejects.toMatchObject({ code })
    await expect(requirePromotable(release, options as CheckPromotableOptions)).rejects.toMatchObject({ code })
  })

  test('refuses what is no release', async () => {
    const { commit: _commit, ...broken } = release
    await expect(checkPromotable(broken as never, { store, gates: [open] })).rejects.toMatchObject({
      code: 'INVALID_RECORD',
    })
  })
})

describe('requirePromotable', () => {
  test('resolves where every gate is open', async () => {
    await expect(requirePromotable(release, { store, gates: [open] })).resolves.toBeUndefined()
  })

  test('throws with every finding in message and context, and each hint once: RELEASE_NOT_PROMOTABLE', async () => {
    await expect(requirePromotable(release, { store, gates: [freeze, approvals] })).rejects.toMatchObject({
      code: 'RELEASE_NOT_PROMOTABLE',
      message: [
        `the release v1.0.0 (commit ${release.commit}) may not be promoted:`,
        '  no freeze: there is a freeze until Monday',
        '  approved by two: Ada has not approved',
        '  approved by two: Grace has not approved',
      ].join('\n'),
      hint: 'Wait until Monday. Ask for approval.',
      context: { tag: 'v1.0.0', findings: [{ code: 'FROZEN' }, { code: 'NOT_APPROVED' }, { code: 'NOT_APPROVED' }] },
    })
  })
})
