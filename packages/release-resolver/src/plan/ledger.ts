import type { LedgerEntry, LedgerHead } from '@fairlead/core'
import { maxRecentEntries } from '../limits.ts'

/**
 * The head of a ledger after its next entry. `latest` is the newest by sequence. `current` is what the target runs: the
 * success that began last, since a deployment may be recorded long after it ended, and CodeDeploy runs one at a time.
 */
export function planLedgerHead(head: LedgerHead | undefined, entry: LedgerEntry): LedgerHead {
  const { sequence, deploymentId, target } = entry
  const before = head?.current
  const succeeded = entry.status === 'succeeded'
  const current = succeeded && (!before || beganBefore(before, entry)) ? entry : before
  return {
    schema: 'fairlead/ledger-head/1',
    target,
    latest: entry,
    ...(current ? { current } : {}),
    recent: [{ sequence, deploymentId }, ...(head?.recent ?? [])].slice(0, maxRecentEntries),
  }
}

/** Whether `a` began no later than `b`. */
export function beganBefore(a: Pick<LedgerEntry, 'startedAt'>, b: Pick<LedgerEntry, 'startedAt'>): boolean {
  return Date.parse(a.startedAt) <= Date.parse(b.startedAt)
}
