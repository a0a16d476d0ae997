import { parseLedgerHead, type LedgerEntry, type LedgerHead } from '@fairlead/core'
import { describe, expect, test } from 'vitest'
import { planLedgerHead } from '../../src/plan/ledger.ts'
import { entryOf } from '../entries.ts'

const headOf = (...entries: readonly LedgerEntry[]) =>
  entries.reduce<LedgerHead | undefined>((head, entry) => planLedgerHead(head, entry), undefined)

describe('planLedgerHead', () => {
  test('the first entry makes the head', () => {
    const entry = entryOf({ sequence: 1 })
    expect(headOf(entry)).toEqual({
      schema: 'fairlead/ledger-head/1',
      target: entry.target,
      latest: entry,
      current: entry,
      recent: [{ sequence: 1, deploymentId: 'd-1' }],
    })
  })

  test('a failure is the latest, and the target runs what it ran', () => {
    const good = entryOf({ sequence: 1 })
    const bad = entryOf({ sequence: 2, status: 'failed' })
    expect(headOf(good, bad)).toMatchObject({ latest: bad, current: good })
  })

  test('where nothing succeeded yet, nothing is current', () => {
    expect(headOf(entryOf({ sequence: 1, status: 'stopped' }))).not.toHaveProperty('current')
  })

  test('an old success that is recorded late is the latest, and not current', () => {
    const newer = entryOf({ sequence: 1, startedAt: '2026-11-22T12:00:00.000Z' })
    const older = entryOf({ sequence: 2, startedAt: '2026-11-22T11:00:00.000Z' })
    expect(headOf(newer, older)).toMatchObject({ latest: older, current: newer })
  })

  test('keeps the hundred newest ids, newest first, and stays readable', () => {
    const head = headOf(...Array.from({ length: 130 }, (_, index) => entryOf({ sequence: index + 1 })))
    expect(head?.recent).toHaveLength(100)
    expect(head?.recent[0]).toEqual({ sequence: 130, deploymentId: 'd-130' })
    expect(head?.recent.at(-1)).toEqual({ sequence: 31, deploymentId: 'd-31' })
    expect(parseLedgerHead(JSON.stringify(head))).toEqual(head)
  })
})
