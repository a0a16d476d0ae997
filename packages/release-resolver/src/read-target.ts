import { checkOptions, parseTarget, type LedgerHead, type Target } from '@fairlead/core'
import { requireStore } from './given.ts'
import { readLedger } from './ledger.ts'
import type { ReadTargetOptions } from './model.ts'

/**
 * What the ledger says of a target: the newest deployment, and the newest that succeeded. `undefined` where none was
 * recorded.
 *
 * @throws INVALID_RECORD, INVALID_OPTION, UNKNOWN_OPTION, and what the store throws; `signal.reason` when cancelled
 */
export async function readTarget(target: Target, options: ReadTargetOptions): Promise<LedgerHead | undefined> {
  checkOptions('readTarget', options ?? {}, ['store', 'signal'])
  const { store, signal } = options ?? {}
  requireStore('readTarget', store)
  return await readLedger({ store, target: parseTarget(target), signal })
}
