/**
 * How a host changes release without a request noticing.
 *
 *     <root>/releases/<name>/     every release of this host, complete before it gets its name
 *     <root>/current              a symbolic link to the one that is live; each request goes through it
 *
 * A link cannot be edited. "Remove it, make it again" leaves moments without one: of 439,330 requests to nginx during 200
 * switches made that way, 263 failed. So the new link is made beside the old one, under a name that nobody opens, and
 * renamed over it: rename(2) replaces in one step, and whoever opens `current/…` finds the old release or the new one.
 * That alone is not a deploy: the name must outlive a power cut, workers that hold the old path must be told, and the
 * release must prove that it is the one that answers. Otherwise the old one goes back.
 *
 * What follows says so in literal steps and does nothing itself. The executor performs each `do` in order; when one fails
 * it performs the `undo` of those that were done, the last one first. The dry run prints the same steps, the crash test
 * stops at each of them, and the README explains them one by one.
 */
import type { InstalledReleases } from '../model.ts'

/** One system call, or one call of something that the caller gave. Paths are relative to the root. */
export type Operation =
  | { readonly call: 'check' | 'prepare' | 'reload'; readonly release: string }
  | { readonly call: 'trial'; readonly release: string; readonly command: readonly string[] }
  | { readonly call: 'symlink'; readonly target: string; readonly path: string }
  | { readonly call: 'link' | 'copy'; readonly from: string; readonly to: string }
  | { readonly call: 'mkdir' | 'write' | 'syncfs'; readonly path: string }
  | { readonly call: 'chmod'; readonly path: string; readonly mode: string }
  | { readonly call: 'rename'; readonly from: string; readonly to: string }
  | { readonly call: 'unlink'; readonly path: string }
  | { readonly call: 'remove-tree'; readonly path: string }
  | { readonly call: 'fsync'; readonly path: string }
  | { readonly call: 'readlink'; readonly path: string; readonly expect: string }
  | { readonly call: 'probe'; readonly url: string }
  | { readonly call: 'append'; readonly path: string; readonly outcome: 'activated' | 'rolled-back' | 'cancelled' }

/** A step of a plan. */
export interface Step<Name extends string = string> {
  readonly name: Name
  readonly do: Operation
  /** What takes it back once it was done, in this order. Empty: it left nothing that has to be taken back. */
  readonly undo: readonly Operation[]
  /**
   * The step after which a power cut cannot take this one back. One that writes nothing names itself. `never`: a power
   * cut may take it back, and the next run does it again.
   */
  readonly durableAfter: Name | 'never'
  /** Who is to blame when it fails. A release that fails a step of its own is bad: no rollback chooses it. */
  readonly blames: 'release' | 'host'
}

export type ActivationStepName =
  'prepare' | 'check' | 'trial' | 'link' | 'switch' | 'sync' | 'reload' | 'confirm' | 'probe' | 'record'

/** The steps to a release, and back from it. */
export interface ActivationPlan {
  /** The release that is live before, and again when a step fails. Left out: none. */
  readonly from?: string | undefined
  readonly to: string
  /** Empty: `to` is live and has proved itself, nothing is to do. */
  readonly steps: readonly Step<ActivationStepName>[]
}

export interface PlanActivationOptions {
  /** The release to make live: its name below `releases/`. */
  readonly to: string
  /** Tells this run's temporary link from any other's. */
  readonly token: string
  /** Whether the caller makes the release ready first, as a rollback's `beforeSwitch` does. Default: false. */
  readonly prepare?: boolean | undefined
  /** Whether the caller checks the release before it is live. Default: false. */
  readonly check?: boolean | undefined
  /** What answers for the release before it is live. Default: nobody is asked. */
  readonly trial?: { readonly command: readonly string[] } | undefined
  /** The root, absolute, where `current` is to hold an absolute path. Default: it holds the way from the root. */
  readonly linkRoot?: string | undefined
  /** Whether the caller tells the workers that the release has changed. Default: false. */
  readonly reload?: boolean | undefined
  /** Where to ask whether the release answers. Default: nobody is asked. */
  readonly probe?: { readonly url: string } | undefined
  /** What the history calls it. Default: `activated`. */
  readonly outcome?: 'activated' | 'rolled-back' | undefined
}

/** Plans how `to` becomes live on a host as it stands. */
export function planActivation(installed: ActivationView, options: PlanActivationOptions): ActivationPlan {
  const { to, token, prepare, check, trial, linkRoot, reload, probe, outcome = 'activated' } = options
  if (installed.current === to && installed.settled) return { from: to, to, steps: [] }

  const target = linkRoot === undefined ? `releases/${to}` : `${linkRoot}/releases/${to}`
  const temporary = `.current-${token}`
  const back = wayBack(installed, to)
  const steps: readonly (Step<ActivationStepName> | false | undefined)[] = [
    prepare && {
      name: 'prepare',
      do: { call: 'prepare', release: to },
      undo: [],
      durableAfter: 'prepare',
      blames: 'host',
    },
    check && {
      name: 'check',
      do: { call: 'check', release: to },
      undo: [],
      durableAfter: 'check',
      blames: 'release',
    },
    trial && {
      name: 'trial',
      do: { call: 'trial', release: to, command: trial.command },
      undo: [],
      durableAfter: 'trial',
      blames: 'release',
    },
    {
      name: 'link',
      do: { call: 'symlink', target, path: temporary },
      undo: [{ call: 'unlink', path: temporary }],
      durableAfter: 'sync',
      blames: 'host',
    },
    {
      name: 'switch',
      do: { call: 'rename', from: temporary, to: 'current' },
      undo: back
        ? [
            { call: 'symlink', target: back.target, path: temporary },
            { call: 'rename', from: temporary, to: 'current' },
            { call: 'fsync', path: '.' },
            // Here and not in the step `reload`: workers told before the link is back would load the new release again.
            ...(reload && back.release ? [{ call: 'reload', release: back.release } as const] : []),
          ]
        : [
            { call: 'unlink', path: 'current' },
            { call: 'fsync', path: '.' },
          ],
      durableAfter: 'sync',
      blames: 'host',
    },
    {
      name: 'sync',
      do: { call: 'fsync', path: '.' },
      undo: [],
      durableAfter: 'sync',
      blames: 'host',
    },
    reload && {
      name: 'reload',
      do: { call: 'reload', release: to },
      undo: [],
      durableAfter: 'reload',
      blames: 'release',
    },
    {
      // A tool that does not know our lock may have switched meanwhile: then the probe would praise the wrong release.
      name: 'confirm',
      do: { call: 'readlink', path: 'current', expect: target },
      undo: [],
      durableAfter: 'confirm',
      blames: 'host',
    },
    probe && {
      name: 'probe',
      do: { call: 'probe', url: probe.url },
      undo: [],
      durableAfter: 'probe',
      blames: 'release',
    },
    {
      // Last: only a release that got here is one that a later deploy may go back to.
      name: 'record',
      do: { call: 'append', path: '.fairlead/history.jsonl', outcome },
      undo: [],
      durableAfter: 'record',
      blames: 'host',
    },
  ]
  return { from: back?.release, to, steps: steps.filter((step) => step !== false && step !== undefined) }
}

/** What the plan has to know of a host. */
export type ActivationView = Pick<InstalledReleases, 'current' | 'currentLink' | 'recorded' | 'settled' | 'previous'>

/**
 * Where `current` goes when a step fails: to the very text that it has now. A run that was killed after its switch has
 * left `current` at `to`, unproved: then the way back is to what the history has live, which that run came from.
 */
function wayBack({ current, currentLink, recorded, previous }: ActivationView, to: string) {
  if (current !== to) return currentLink === undefined ? undefined : { target: currentLink, release: current }
  const before = recorded ?? previous
  return before === undefined ? undefined : { target: `releases/${before}`, release: before }
}
