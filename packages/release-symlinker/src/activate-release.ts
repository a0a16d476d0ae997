import { randomBytes } from 'node:crypto'
import { ambientOptionNames, checkOptions, coreErrors, describeValue, type StagedRelease } from '@fairlead/core'
import { errors } from './errors.ts'
import { requireLayout, requireTrustedLayout } from './layout.ts'
import { withLock } from './lock.ts'
import type { ActivationReport, LockOptions, ProbeOptions, ReleaseAction, ReleaseAmbientOptions } from './model.ts'
import { planActivation } from './plan/activate.ts'
import { systemDisk, type Disk } from './ports/disk.ts'
import { readProbe } from './probe.ts'
import { readInstalled, requireRoot, requireRootFolder } from './read-installed-releases.ts'
import { switchRelease } from './switch-release.ts'
import { sweepLeftovers } from './sweep.ts'

export interface ActivateReleaseOptions extends LockOptions, ReleaseAmbientOptions {
  /** Asked before the switch, with the old release still live: a warm-up, a configuration test. Default: nothing. */
  readonly check?: ReleaseAction | undefined
  /** Called after the switch, and again with the old release when that comes back: reload php-fpm, pm2, systemd. Default: nothing. */
  readonly reload?: ReleaseAction | undefined
  /** How the release has to prove over HTTP that it answers. Default: nobody is asked. */
  readonly probe?: ProbeOptions | undefined
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
  checkOptions(verb, options, ['check', 'reload', 'probe', ...lockOptionNames, ...ambientOptionNames])
  checkLockOptions(verb, options)
  const layout = requireRoot(verb, staged.root)
  const { name, commit } = staged
  const probe = options.probe && readProbe(verb, options.probe, commit)
  const { check, reload } = options
  requireFunctions(verb, { check, reload })
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
      check: check !== undefined,
      reload: reload !== undefined,
      probe: probe && { url: probe.url.href },
    })
    return await switchRelease(disk, layout, installed, plan, { check, reload, probe }, options)
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
export function requireFunctions(verb: string, actions: Readonly<Record<string, unknown>>): void {
  for (const [option, given] of Object.entries(actions)) {
    if (given === undefined || typeof given === 'function') continue
    throw coreErrors.INVALID_OPTION({ verb, option, given: describeValue(given), expected: 'a function' })
  }
}
