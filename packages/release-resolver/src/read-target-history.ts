import { checkOptions, parseTarget, type LedgerEntry, type Target } from '@fairlead/core'
import { requireStore } from './given.ts'
import { readEntriesBefore, readLedger } from './ledger.ts'
import type { ReadTargetOptions } from './model.ts'

/**
 * The deployments of a target, the one that was recorded last first. Reads one at a time: leave the loop when you have
 * seen enough.
 *
 * @throws INVALID_RECORD, INVALID_OPTION, UNKNOWN_OPTION, and what the store throws; `signal.reason` when cancelled
 */
export async function* readTargetHistory(
  target: Target,
  options: ReadTargetOptions,
): AsyncGenerator<LedgerEntry, void> {
  checkOptions('readTargetHistory', options ?? {}, ['store', 'signal'])
  const { store, signal } = options ?? {}
  requireStore('readTargetHistory', store)
  const place = { store, target: parseTarget(target), signal }
  const head = await readLedger(place)
  if (!head) return
  yield head.latest
  yield* readEntriesBefore(place, head.latest.sequence)
}
