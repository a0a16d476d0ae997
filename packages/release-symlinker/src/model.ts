import type { AmbientOptions, DeployEvent } from '@fairlead/core'

/** Which folder of `releases/` is meant, for a function of the caller's. */
export interface ReleaseFolder {
  /** The folder that holds `releases`, `shared` and `current`. Absolute. */
  readonly root: string
  /** Its name below `releases`. */
  readonly name: string
  /** Its folder, absolute. It stays the same whatever `current` says. */
  readonly path: string
  /** The full commit id. Left out: another tool made this release. */
  readonly commit?: string | undefined
  /** The deployment that brought it. Left out: another tool made this release. */
  readonly id?: string | undefined
}

/** A release that stands on the host. */
export interface InstalledRelease extends ReleaseFolder {
  /**
   * `live`: `current` names it. `previous`: a rollback would go to it. `staged`: ours, and it never went live.
   * `past`: any other; it was live once, or another tool made it.
   */
  readonly state: 'live' | 'previous' | 'staged' | 'past'
  /** When it was staged: ISO 8601, UTC. Of another tool's release: what its name says, or when the folder last changed. */
  readonly stagedAt: string
  /** Of the artifact. Left out: another tool made this release. */
  readonly contentDigest?: string | undefined
  /** Why no rollback chooses it by itself: it failed when it last was to go live. */
  readonly bad?: { readonly at: string; readonly reason: string } | undefined
}

/** What stands on a host. */
export interface InstalledReleases {
  readonly root: string
  /** The release that `current` names, where its folder exists. */
  readonly current?: string | undefined
  /** The text of the link `current`. Left out: there is none. */
  readonly currentLink?: string | undefined
  /** The release that is live by the history, where its folder exists. */
  readonly recorded?: string | undefined
  /** Whether the history ends with `current` live. False: a run was stopped half way, or another tool switched. */
  readonly settled: boolean
  /** The release that a rollback would go to: the last one before `current` that was live and is not bad. */
  readonly previous?: string | undefined
  /** All that a rollback could go to, bad ones too, the last one first. */
  readonly earlier: readonly string[]
  /** Newest first. */
  readonly releases: readonly InstalledRelease[]
}

/** How a release proves over HTTP that it is live. */
export interface ProbeOptions {
  /** `http:` or `https:`. Redirects are not followed. */
  readonly url: string
  /**
   * The commit that must answer: in the response header `header`, in full or its first 12 digits or more, or in full in
   * the body. `true`: the commit of the release. Default: any answer with the expected status passes.
   */
  readonly expectCommit?: string | true | undefined
  /** The response header that carries the commit. Default: `x-release-commit`. */
  readonly header?: string | undefined
  /** Default: any from 200 to 299. */
  readonly expectStatus?: number | undefined
  /** Of one attempt. Default: 5000. */
  readonly timeoutMs?: number | undefined
  /** Default: 10. */
  readonly attempts?: number | undefined
  /** Between two attempts. Default: 500. */
  readonly intervalMs?: number | undefined
  /** Sent with the request, for example `{ host: 'shop.example.com' }`. */
  readonly requestHeaders?: Readonly<Record<string, string>> | undefined
}

/** How a release proves that it answers before it is live: a program of its own, on a port that nobody else uses. */
export interface TrialOptions extends Omit<ProbeOptions, 'url'> {
  /**
   * The program and its arguments, without a shell, started in the release and stopped again with what it started. The
   * port is in `PORT` and where an argument holds `{port}`. What it prints is thrown away: it may hold anything.
   */
  readonly command: readonly string[]
  /** The path that is asked for. Default: `/`. */
  readonly path?: string | undefined
  /** Environment variables besides those of this process. Default: none. */
  readonly environment?: Readonly<Record<string, string>> | undefined
  /** Whom it runs as: a name or a number; only root can choose. Default: who runs this. */
  readonly user?: string | number | undefined
}

/** The answer that passed a probe. */
export interface ProbeReport {
  readonly url: string
  readonly status: number
  /** 1 for the first. */
  readonly attempt: number
  /** Where the commit was found; left out where none was expected. */
  readonly commitIn?: 'header' | 'body' | undefined
}

/** What a change of release did. */
export interface ActivationReport {
  readonly root: string
  /** The release that was live before. Left out: none. */
  readonly from?: string | undefined
  readonly to: string
  /** Whether it was live before and had proved itself: nothing was to do. */
  readonly alreadyLive: boolean
  /** When `current` was replaced: ISO 8601, UTC. Left out: it was live before. */
  readonly switchedAt?: string | undefined
  readonly trial?: ProbeReport | undefined
  readonly probe?: ProbeReport | undefined
}

/** How an installed release compares with its manifest. */
export interface InstalledReleaseReport {
  readonly root: string
  readonly name: string
  readonly path: string
  readonly commit: string
  /** Files that were read. */
  readonly fileCount: number
  /** Whether there is no difference. What is in `extra` does not count. */
  readonly matches: boolean
  /** By path: entries that are missing, have other contents, another mode or another type. */
  readonly differences: readonly { readonly path: string; readonly problem: string }[]
  /** What the manifest does not list and no writable folder holds: injected secrets, caches, and what nobody put there. */
  readonly extra: readonly string[]
}

/** What a repair found and did. */
export interface RepairReport {
  readonly root: string
  /** The release that is live now. */
  readonly live?: string | undefined
  /** In words, what was wrong and what was done; empty: nothing was wrong. */
  readonly repaired: readonly string[]
  /** What is wrong still, with what a person can do. */
  readonly problems: readonly string[]
}

/** What was found of a host. */
export interface HostFinding {
  /** What was looked at, the same in every version: `node`, `agent`, `space`, … */
  readonly subject: string
  /** `problem`: a deploy will fail. `warning`: it may, or is slower than it could be. */
  readonly state: 'fine' | 'warning' | 'problem'
  readonly found: string
  /** What a person can do. Left out: nothing is to do. */
  readonly cure?: string | undefined
}

/** What became of a lock. */
export interface UnlockReport {
  readonly root: string
  /** Who held it. Left out: nobody. */
  readonly owner?: LockOwner | undefined
  readonly removed: boolean
}

/** What a prune did. */
export interface PruneReport {
  readonly root: string
  /** The names of the releases that stayed, the newest first, and of those that went; `planPrune` says why. */
  readonly kept: readonly string[]
  readonly removed: readonly string[]
  /** What could not be removed, and why; the next prune tries again. */
  readonly warnings: readonly { readonly path: string; readonly reason: string }[]
}

/** A line of `.fairlead/history.jsonl`. */
export interface HistoryEntry {
  readonly schema: 'fairlead/history/1'
  readonly at: string
  /** `failed` and `cancelled`: the release `from` is live again, unless `live` says otherwise. */
  readonly outcome: 'activated' | 'rolled-back' | 'failed' | 'cancelled'
  readonly from?: string | undefined
  readonly to: string
  /** What `current` named when the line was written. */
  readonly live?: string | undefined
  /** The user of the machine who ran it. */
  readonly by: string
  /** What the caller gave as the cause of the change. */
  readonly why?: string | undefined
  readonly commit?: string | undefined
  readonly contentDigest?: string | undefined
  /** The step that failed, and why. */
  readonly step?: string | undefined
  readonly reason?: string | undefined
  /** Whether the failure speaks against the release. */
  readonly bad?: boolean | undefined
}

/** Who holds the lock of a root. */
export interface LockOwner {
  readonly pid: number
  readonly host: string
  /** ISO 8601, UTC. */
  readonly since: string
  /** The verb that holds it. */
  readonly verb: string
}

interface EventOf<Type extends `${string}.${string}`> extends DeployEvent {
  readonly type: Type
}

/** What the verbs of this package tell while they work. */
export type ReleaseEvent =
  | (EventOf<'lock.waiting'> & { readonly owner: LockOwner })
  | (EventOf<'lock.taken-over'> & { readonly owner: LockOwner })
  | (EventOf<'lock.left-behind'> & { readonly path: string; readonly reason: string })
  | (EventOf<'leftover.removed'> & { readonly path: string })
  | (EventOf<'release.staging'> & { readonly name: string; readonly entries: number; readonly sizeBytes: number })
  | (EventOf<'release.left-out'> & { readonly count: number; readonly examples: readonly string[] })
  | (EventOf<'release.shared-seeded'> & { readonly path: string; readonly from: 'release' | 'nothing' })
  | (EventOf<'release.labels-kept'> & { readonly path: string; readonly reason: string })
  | (EventOf<'release.staged'> & {
      readonly name: string
      readonly path: string
      /** How many files came in which way. */
      readonly moved: number
      readonly linked: number
      readonly cloned: number
      readonly copied: number
    })
  | (EventOf<'release.already-staged'> & { readonly name: string; readonly state: 'staged' | 'live' })
  | (EventOf<'activation.failed-before'> & { readonly to: string; readonly release: string; readonly reason: string })
  | (EventOf<'activation.already-live'> & { readonly to: string })
  | (EventOf<'activation.step-done'> & { readonly step: string; readonly operation: string })
  | (EventOf<'activation.step-failed'> & { readonly step: string; readonly reason: string })
  | (EventOf<'activation.step-undone'> & { readonly step: string; readonly operation: string })
  | (EventOf<'activation.live'> & { readonly from?: string | undefined; readonly to: string })
  | (EventOf<'activation.returned'> & { readonly to: string; readonly live?: string | undefined })
  | (EventOf<'probe.refused'> & { readonly url: string; readonly attempt: number; readonly reason: string })
  | (EventOf<'repair.done'> & { readonly step: string; readonly operation: string })
  | (EventOf<'prune.removed'> & { readonly name: string; readonly reason: string })
  | (EventOf<'prune.warned'> & { readonly path: string; readonly reason: string })

/** The ambient options of this package's verbs. */
export type ReleaseAmbientOptions = AmbientOptions<ReleaseEvent>

/** How long a verb waits for another run on the same root. */
export interface LockOptions {
  /** What happens while another run holds the lock. Default: `fail`, with RELEASE_LOCKED. */
  readonly whenLocked?: 'fail' | 'wait' | undefined
  /** How long `wait` waits before it fails. Default: five minutes. */
  readonly lockTimeoutMs?: number | undefined
}

/** A function of the caller's; it fails by throwing. `signal` aborts when the verb is cancelled. */
export type ReleaseAction = (
  release: ReleaseFolder,
  context: { readonly signal?: AbortSignal | undefined },
) => Promise<void> | void
