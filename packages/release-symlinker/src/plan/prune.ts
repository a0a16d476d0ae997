import { inProgressMs } from '../limits.ts'
import type { InstalledRelease, InstalledReleases } from '../model.ts'
import type { Step } from './activate.ts'

export interface PrunePlan {
  readonly keep: readonly { readonly name: string; readonly reason: string }[]
  readonly remove: readonly PrunedRelease[]
}

export interface PrunedRelease {
  readonly name: string
  readonly reason: string
  readonly steps: readonly Step<'discard' | 'sync' | 'forget' | 'delete'>[]
}

export interface PlanPruneOptions {
  /** How many releases stay that could be live: the live one among them, bad ones not counted. At least 1. */
  readonly keep: number
  /** The names of releases that processes work in. Default: nobody was asked. */
  readonly inUse?: readonly string[] | undefined
  /** The time that counts as now: ISO 8601. */
  readonly at: string
  /** Tells this run's names in the trash from any other's. */
  readonly token: string
}

/**
 * Plans which releases go. The live one stays, so does the one that a rollback would go to, and what a deployment may
 * still be working on, whatever `keep` says.
 */
export function planPrune(installed: InstalledReleases, { keep, inUse = [], at, token }: PlanPruneOptions): PrunePlan {
  const protectedBy = ({ name, state, stagedAt, bad }: InstalledRelease) => {
    if (name === installed.current) return 'it is live'
    if (name === installed.previous) return 'a rollback would go to it'
    const mayBeInProgress = state === 'staged' && !bad && Date.parse(at) - Date.parse(stagedAt) < inProgressMs
    if (mayBeInProgress) return 'its deployment may be in progress'
    return inUse.includes(name) ? 'a process works in it' : undefined
  }
  const could = installed.releases.filter(({ state, bad }) => state === 'live' || (state !== 'staged' && !bad))
  const kept = new Set(could.slice(0, keep).map(({ name }) => name))
  const judged = installed.releases.map((release) => {
    const { name, state, bad } = release
    const protection = protectedBy(release)
    if (protection !== undefined) return { name, stays: true, reason: protection }
    if (kept.has(name)) return { name, stays: true, reason: `it is one of the newest ${keep}` }
    if (bad) return { name, stays: false, reason: `it is bad (${bad.reason})` }
    if (state === 'staged') return { name, stays: false, reason: 'it never went live' }
    return { name, stays: false, reason: `it is older than the newest ${keep}` }
  })
  return {
    keep: judged.filter(({ stays }) => stays).map(({ name, reason }) => ({ name, reason })),
    remove: judged
      .filter(({ stays }) => !stays)
      .map(({ name, reason }) => ({ name, reason, steps: removal(name, token) })),
  }
}

/** The rename takes the release away in one step: nobody ever meets half of one below `releases/`. */
function removal(name: string, token: string): PrunedRelease['steps'] {
  const place = `releases/${name}`
  const trash = `.fairlead/trash/${name}.${token}`
  return [
    {
      name: 'discard',
      do: { call: 'rename', from: place, to: trash },
      undo: [{ call: 'rename', from: trash, to: place }],
      durableAfter: 'sync',
      blames: 'host',
    },
    { name: 'sync', do: { call: 'fsync', path: 'releases' }, undo: [], durableAfter: 'sync', blames: 'host' },
    {
      name: 'forget',
      do: { call: 'unlink', path: `.fairlead/releases/${name}.json` },
      // The release is in the trash by now; the next run sweeps a record that has none.
      undo: [],
      durableAfter: 'never',
      blames: 'host',
    },
    {
      name: 'delete',
      do: { call: 'remove-tree', path: trash },
      // Nothing brings it back; the next run sweeps what is left of it when the process dies.
      undo: [],
      durableAfter: 'never',
      blames: 'host',
    },
  ]
}
