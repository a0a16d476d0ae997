import { randomBytes } from 'node:crypto'
import { ambientOptionNames, checkOptions, coreErrors, describeValue, type StagedRelease } from '@fairlead/core'
import { errors } from './errors.ts'
import { requireLayout, requireTrustedLayout } from './layout.ts'
import { withLock } from './lock.ts'
import type {
  ActivationReport,
  LockOptions,
  ProbeOptions,
  ReleaseAction,
  ReleaseAmbientOptions,
  TrialOptions,
} from './model.ts'
import { planActivation } from './plan/activate.ts'
import { systemDisk, type Disk } from './ports/disk.ts'
import { readProbe } from './probe.ts'
import { readInstalled, requireRoot, requireRootFolder } from './read-installed-releases.ts'
import { switchRelease } from './switch-release.ts'
import { sweepLeftovers } from './sweep.ts'
import { readTrial } from './trial.ts'

export interface ActivateReleaseOptions extends LockOptions, ReleaseAmbientOptions {
  /** Called first, with the old release live: fresh secrets. Its failure does not speak against the release. Default: nothing. */
  readonly beforeSwitch?: ReleaseAction | undefined
  /** Asked before the switch, with the old release still live: a warm-up, a configuration test. Default: nothing. */
  readonly check?: ReleaseAction | undefined
  /** How the release has to prove over HTTP, before the switch and on a port of its own, that it answers. Default: nobody is asked. */
  readonly trial?: TrialOptions | undefined
  /** What `current` holds: the way from the root, which survives a move of the root, or an absolute path. Default: `relative`. */
  readonly link?: 'relative' | 'absolute' | undefined
  /** Called after the switch, and again with the old release when that comes back: reload php-fpm, pm2, systemd. Default: nothing. */
  readonly reload?: ReleaseAction | undefined
  /** How the release has to prove over HTTP that it answers. Default: nobody is asked. */
  readonly probe?: ProbeOptions | undefined
  /** Why, for the history. Default: it says nothing. */
  readonly why?: string | undefined
}

/** What is activated: a {@link StagedRelease}, of which this much is read. */
export type ReleaseToActivate = Pick<StagedRelease, 'root' | 'name' | 'commit'>

/**
 * Makes a staged release live by renaming a new link over `current`. Where it does not prove itself, the release before
 * goes back. A repeat succeeds and says that nothing was to do.
 *
 * Cancelled before the switch, the old release stays; cancelled after it, the old release goes back. Either way the
 * promise rejects with `signal.reason`.
 *
 * @throws RELEASE_ROOT_MISSING, CURRENT_NOT_A_LINK, LAYOUT_NOT_UNDERSTOOD, FOLDER_NOT_TRUSTED, RELEASE_LOCKED,
 * RELEASE_NOT_INSTALLED, ACTIVATION_FAILED, FILE_OPERATION_FAILED, INVALID_OPTION
 */
export async function activateRelease(
  staged: ReleaseToActivate,
  options: ActivateReleaseOptions = {},
): Promise<ActivationReport> {
  return await activateOn(systemDisk, staged, options)
}

export async function activateOn(
  disk: Disk,
  staged: ReleaseToActivate,
  options: ActivateReleaseOptions,
): Promise<ActivationReport> {
  const verb = 'activateRelease'
  const known = ['beforeSwitch', 'check', 'trial', 'link', 'reload', 'probe', 'why']
  checkOptions(verb, options, [...known, ...lockOptionNames, ...ambientOptionNames])
  checkLockOptions(verb, options)
  checkSwitchOptions(verb, options)
  const layout = requireRoot(verb, staged.root)
  const { name, commit } = staged
  const probe = options.probe && readProbe(verb, options.probe, commit)
  const trial = options.trial && (await readTrial(verb, options.trial, commit))
  const { beforeSwitch, check, link, reload, why } = options
  requireFunctions(verb, { beforeSwitch, check, reload })
  options.signal?.throwIfAborted()
  await requireRootFolder(disk, layout)
  await requireLayout(disk, layout)
  await requireTrustedLayout(disk, layout)
  return await withLock(disk, layout, { verb, ...options }, async () => {
    await sweepLeftovers(disk, layout, options)
    const installed = await readInstalled(disk, layout)
    const names = installed.releases.map((release) => release.name)
    if (!names.includes(name)) throw errors.RELEASE_NOT_INSTALLED({ root: layout.root, name, installed: names })
    const plan = planActivation(installed, {
      to: name,
      token: randomBytes(8).toString('hex'),
      prepare: beforeSwitch !== undefined,
      check: check !== undefined,
      trial,
      linkRoot: link === 'absolute' ? layout.root : undefined,
      reload: reload !== undefined,
      probe: probe && { url: probe.url.href },
    })
    return await switchRelease(
      disk,
      layout,
      installed,
      plan,
      { prepare: beforeSwitch, check, trial, reload, probe, why },
      options,
    )
  })
}

export const lockOptionNames = ['whenLocked', 'lockTimeoutMs'] as const satisfies readonly (keyof LockOptions)[]

/** @throws INVALID_OPTION */
export function checkLockOptions(verb: string, { whenLocked, lockTimeoutMs }: LockOptions): void {
  const refuse = (option: string, given: unknown, expected: string) => {
    throw coreErrors.INVALID_OPTION({ verb, option, given: describeValue(given), expected })
  }
  if (whenLocked !== undefined && whenLocked !== 'fail' && whenLocked !== 'wait') {
    refuse('whenLocked', whenLocked, '"fail" or "wait"')
  }
  if (lockTimeoutMs !== undefined && !(Number.isFinite(lockTimeoutMs) && lockTimeoutMs >= 0)) {
    refuse('lockTimeoutMs', lockTimeoutMs, 'a number of milliseconds, 0 or more')
  }
}

/** @throws INVALID_OPTION */
export function checkSwitchOptions(verb: string, { link, why }: Pick<ActivateReleaseOptions, 'link' | 'why'>): void {
  if (link !== undefined && link !== 'relative' && link !== 'absolute') {
    const expected = '"relative" or "absolute"'
    throw coreErrors.INVALID_OPTION({ verb, option: 'link', given: describeValue(link), expected })
  }
  if (why !== undefined && (typeof why !== 'string' || why === '')) {
    throw coreErrors.INVALID_OPTION({ verb, option: 'why', given: describeValue(why), expected: 'some words' })
  }
}

/** @throws INVALID_OPTION */
export function requireFunctions(verb: string, actions: Readonly<Record<string, unknown>>): void {
  for (const [option, given] of Object.entries(actions)) {
    if (given === undefined || typeof given === 'function') continue
    throw coreErrors.INVALID_OPTION({ verb, option, given: describeValue(given), expected: 'a function' })
  }
}
