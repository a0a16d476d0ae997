import {
  commitId,
  count,
  isoTime,
  list,
  nonEmptyText,
  object,
  oneOf,
  optional,
  recordReader,
  sha256Text,
} from '../read.ts'
import { objectLocationShape } from './location.ts'
import { targetShape, type Target } from './target.ts'

export const ledgerEntryShape = object({
  schema: oneOf('fairlead/ledger-entry/1'),
  /** 1 for the first entry of a target, then without gaps. */
  sequence: count,
  target: targetShape,
  deploymentId: nonEmptyText,
  commit: commitId,
  sha256: sha256Text,
  location: objectLocationShape,
  tag: optional(nonEmptyText),
  /** How CodeDeploy says that it ended. */
  status: oneOf('succeeded', 'failed', 'stopped'),
  /** The deployment that put the previous revision back, and how that ended. */
  rollback: optional(object({ deploymentId: nonEmptyText, status: oneOf('succeeded', 'failed', 'stopped') })),
  startedAt: isoTime,
  endedAt: optional(isoTime),
  recordedAt: isoTime,
  /** Who recorded it: a user of a machine or a job of a CI server, as the caller names it. */
  by: nonEmptyText,
})

/** One deployment in the history of a target. Written once. */
export type LedgerEntry = ReturnType<typeof ledgerEntryShape>

/** @throws INVALID_RECORD */
export const parseLedgerEntry = recordReader('ledger entry', ledgerEntryShape)

export const ledgerHeadShape = object({
  schema: oneOf('fairlead/ledger-head/1'),
  target: targetShape,
  /** The newest entry. */
  latest: ledgerEntryShape,
  /** The newest entry that succeeded: what the target runs, unless somebody deployed past the ledger. */
  current: optional(ledgerEntryShape),
  /** The ids of the newest entries, newest first, at most 100: enough to find a deployment without listing. */
  recent: list(object({ sequence: count, deploymentId: nonEmptyText })),
})

/** The state of a target in the ledger; replaced by compare-and-swap. */
export type LedgerHead = ReturnType<typeof ledgerHeadShape>

/** @throws INVALID_RECORD */
export const parseLedgerHead = recordReader('ledger head', ledgerHeadShape)

function ledgerFolder({ account, region, application, deploymentGroup }: Target): string {
  const parts = [account ?? '-', region ?? '-', application, deploymentGroup]
  return `ledger/${parts.map(encodeURIComponent).join('/')}`
}

/** The key of a target's head in a store. */
export function ledgerHeadKey(target: Target): string {
  return `${ledgerFolder(target)}/head.json`
}

/** The key of an entry in a store; ten digits, so that a listing is in order. */
export function ledgerEntryKey(target: Target, sequence: number): string {
  return `${ledgerFolder(target)}/history/${String(sequence).padStart(10, '0')}.json`
}
