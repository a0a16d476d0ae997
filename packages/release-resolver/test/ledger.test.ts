import {
  ledgerEntryKey,
  ledgerHeadKey,
  parseLedgerHead,
  systemClock,
  type ArtifactStore,
  type LedgerEntry,
} from '@fairlead/core'
import { folderStore } from '@fairlead/s3-publisher'
import { temporaryFolder } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import { readTarget, readTargetHistory } from '../src/index.ts'
import { appendEntry, findRecorded } from '../src/ledger.ts'
import { entryOf } from './entries.ts'

const target = { application: 'shop', deploymentGroup: 'dev' }

async function append(store: ArtifactStore, entry: LedgerEntry, repaired: LedgerEntry[] = []) {
  const { sequence: _sequence, ...facts } = entry
  const options = { clock: systemClock, onRepair: (other: LedgerEntry) => void repaired.push(other) }
  return appendEntry({ store, target }, facts, options)
}

async function historyOf(store: ArtifactStore): Promise<string[]> {
  const ids: string[] = []
  for await (const { deploymentId } of readTargetHistory(target, { store })) ids.push(deploymentId)
  return ids
}

/** A store that fails at its Nth write, before or after the write took effect. */
function failing(store: ArtifactStore, at: number, when: 'before' | 'after'): ArtifactStore {
  let writes = 0
  const guard = async <T>(write: () => Promise<T>): Promise<T> => {
    const fails = ++writes === at
    if (fails && when === 'before') throw new Error('the machine went down')
    const answer = await write()
    if (fails) throw new Error('the machine went down')
    return answer
  }
  return {
    ...store,
    put: (...args) => guard(() => store.put(...args)),
    swapHead: (...args) => guard(() => store.swapHead(...args)),
  }
}

describe('the ledger of a target', () => {
  test('is empty to begin with', async () => {
    const store = folderStore(temporaryFolder())
    expect(await readTarget(target, { store })).toBeUndefined()
    expect(await historyOf(store)).toEqual([])
  })

  test('takes entries in order, without gaps, and reads them newest first', async () => {
    const store = folderStore(temporaryFolder())
    for (const sequence of [1, 2, 3]) {
      const { entry, already } = await append(store, entryOf({ sequence }))
      expect(entry).toEqual(entryOf({ sequence }))
      expect(already).toBe(false)
    }
    expect(await historyOf(store)).toEqual(['d-3', 'd-2', 'd-1'])
    expect(await readTarget(target, { store })).toMatchObject({ latest: { sequence: 3 }, current: { sequence: 3 } })
  })

  test('keeps targets apart, account and region included', async () => {
    const store = folderStore(temporaryFolder())
    await append(store, entryOf({ sequence: 1 }))
    expect(await readTarget({ ...target, region: 'eu-central-1' }, { store })).toBeUndefined()
    expect(await readTarget({ ...target, deploymentGroup: 'production' }, { store })).toBeUndefined()
  })

  test('answers an entry that was recorded before', async () => {
    const store = folderStore(temporaryFolder())
    await append(store, entryOf({ sequence: 1 }))
    await append(store, entryOf({ sequence: 2 }))
    const again = await append(store, { ...entryOf({ sequence: 9 }), deploymentId: 'd-1' })
    expect(again).toEqual({ entry: entryOf({ sequence: 1 }), already: true })
    expect(await historyOf(store)).toEqual(['d-2', 'd-1'])
  })

  test('finds an entry behind the hundred that the head names, and reads no history for a newer deployment', async () => {
    const store = folderStore(temporaryFolder())
    for (let sequence = 1; sequence <= 105; sequence++) await append(store, entryOf({ sequence }))
    const head = await readTarget(target, { store })
    expect(head?.recent).toHaveLength(100)
    let reads = 0
    const counting: ArtifactStore = {
      ...store,
      open: (...args) => {
        reads++
        return store.open(...args)
      },
    }
    expect(await findRecorded({ store: counting, target }, head, entryOf({ sequence: 2 }))).toEqual(
      entryOf({ sequence: 2 }),
    )
    reads = 0
    expect(await findRecorded({ store: counting, target }, head, entryOf({ sequence: 106 }))).toBeUndefined()
    expect(reads).toBe(1)
    const unknown = { deploymentId: 'd-unknown', startedAt: entryOf({ sequence: 1 }).startedAt }
    expect(await findRecorded({ store: counting, target }, head, unknown)).toBeUndefined()
  })

  test('of many writers at once loses none, and gives each its own number', async () => {
    const root = temporaryFolder()
    const placed = await Promise.all(
      Array.from({ length: 12 }, (_, index) => append(folderStore(root), entryOf({ sequence: index + 1 }))),
    )
    expect(placed.map(({ entry }) => entry.sequence).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 12 }, (_, i) => i + 1),
    )
    expect(placed.every(({ already }) => !already)).toBe(true)
    const ids = await historyOf(folderStore(root))
    expect(new Set(ids).size).toBe(12)
    const head = await folderStore(root).readHead(ledgerHeadKey(target))
    expect(parseLedgerHead(head?.value).latest.sequence).toBe(12)
    for (const { entry } of placed) expect(ids[12 - entry.sequence]).toBe(entry.deploymentId)
  })

  test('of several writers of one deployment takes one entry, and all answer it', async () => {
    const root = temporaryFolder()
    const placed = await Promise.all(
      Array.from({ length: 6 }, () => append(folderStore(root), entryOf({ sequence: 1 }))),
    )
    expect(await historyOf(folderStore(root))).toEqual(['d-1'])
    for (const { entry } of placed) expect(entry).toEqual(entryOf({ sequence: 1 }))
    expect(placed.filter(({ already }) => !already)).toHaveLength(1)
  })

  const writes = [1, 2].flatMap((at) => (['before', 'after'] as const).map((when) => ({ at, when })))
  test.each(writes)(
    'whose writer went down $when its write $at counts the entry from the moment it was written, and the next writer finishes',
    async ({ at, when }) => {
      const store = folderStore(temporaryFolder())
      await append(store, entryOf({ sequence: 1 }))
      await expect(append(failing(store, at, when), entryOf({ sequence: 2, status: 'failed' }))).rejects.toThrow()
      const written = at > 1 || when === 'after'
      const ids = written ? ['d-2', 'd-1'] : ['d-1']
      expect(await historyOf(store)).toEqual(ids)
      expect(await readTarget(target, { store })).toMatchObject({
        latest: { deploymentId: ids[0] },
        current: { deploymentId: 'd-1' },
      })
      const repaired: LedgerEntry[] = []
      await append(store, entryOf({ sequence: 3 }), repaired)
      expect(repaired.map(({ deploymentId }) => deploymentId)).toEqual(
        written && !(at === 2 && when === 'after') ? ['d-2'] : [],
      )
      expect(await historyOf(store)).toEqual(['d-3', ...ids])
    },
  )

  test.each(writes)(
    'whose writer went down $when its write $at has one entry when it tries again',
    async ({ at, when }) => {
      const store = folderStore(temporaryFolder())
      await expect(append(failing(store, at, when), entryOf({ sequence: 1 }))).rejects.toThrow()
      const { entry } = await append(store, entryOf({ sequence: 1 }))
      expect(entry).toEqual(entryOf({ sequence: 1 }))
      expect(await historyOf(store)).toEqual(['d-1'])
      expect(parseLedgerHead((await store.readHead(ledgerHeadKey(target)))?.value).latest).toEqual(entry)
    },
  )

  test('gives up after a hundred races that others won: LEDGER_BUSY', async () => {
    const store: ArtifactStore = { ...folderStore(temporaryFolder()), swapHead: () => Promise.resolve(undefined) }
    const { sequence: _sequence, ...facts } = entryOf({ sequence: 1 })
    const clock = { ...systemClock, sleep: () => Promise.resolve() }
    await expect(appendEntry({ store, target }, facts, { clock, onRepair: () => undefined })).rejects.toMatchObject({
      code: 'LEDGER_BUSY',
      retryable: true,
      context: { races: 100 },
    })
  })

  test('that somebody damaged is refused, and names the key', async () => {
    const store = folderStore(temporaryFolder())
    await store.swapHead(ledgerHeadKey(target), { expected: undefined, value: '{}' })
    await expect(readTarget(target, { store })).rejects.toMatchObject({
      code: 'INVALID_RECORD',
      message: expect.stringContaining(ledgerHeadKey(target)),
    })
    const gap = folderStore(temporaryFolder())
    for (const sequence of [1, 2, 3]) await append(gap, entryOf({ sequence }))
    await gap.delete(ledgerEntryKey(target, 2))
    await expect(historyOf(gap)).rejects.toMatchObject({
      code: 'OBJECT_NOT_FOUND',
      context: { key: ledgerEntryKey(target, 2) },
    })
  })

  test('that is read with a wrong option or target, or cancelled, is refused', async () => {
    const store = folderStore(temporaryFolder())
    await expect(readTarget(target, { stor: store } as never)).rejects.toMatchObject({ code: 'UNKNOWN_OPTION' })
    await expect(readTarget(target, {} as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(readTarget({ application: 'shop' } as never, { store })).rejects.toMatchObject({
      code: 'INVALID_RECORD',
    })
    await expect(readTargetHistory(target, {} as never).next()).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    const reason = new Error('enough')
    await expect(readTarget(target, { store, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    await expect(readTargetHistory(target, { store, signal: AbortSignal.abort(reason) }).next()).rejects.toBe(reason)
  })
})
