import { randomBytes } from 'node:crypto'
import { ambientOptionNames, checkOptions, coreErrors, describeValue } from '@fairlead/core'
import { checkLockOptions, checkSwitchOptions, lockOptionNames, requireFunctions } from './activate-release.ts'
import { requireLayout, requireTrustedLayout } from './layout.ts'
import { withLock } from './lock.ts'
import type { ActivationReport, LockOptions, ProbeOptions, ReleaseAction, ReleaseAmbientOptions } from './model.ts'
import { planRollback } from './plan/rollback.ts'
import { systemDisk, type Disk } from './ports/disk.ts'
import { readProbe } from './probe.ts'
import { readInstalled, requireRoot, requireRootFolder } from './read-installed-releases.ts'
import { switchRelease } from './switch-release.ts'
import { sweepLeftovers } from './sweep.ts'

export interface RollbackReleaseOptions extends LockOptions, ReleaseAmbientOptions {
  /** The folder that holds `releases`, `shared` and `current`. */
  readonly root: string
  /** The name of the release to go to. Default: the last one before the live one that was live and is not bad. */
  readonly to?: string | undefined
  /** Whether a release may be chosen that failed when it last was to go live. Default: false. */
  readonly allowBad?: boolean | undefined
  /** Called before the switch with the release that will be live, to put in fresh secrets. Default: nothing. */
  readonly beforeSwitch?: ReleaseAction | undefined
  /** As in `activateRelease`. */
  readonly reload?: ReleaseAction | undefined
  /** As in `activateRelease`. */
  readonly link?: 'relative' | 'absolute' | undefined
  /** As in `activateRelease`. */
  readonly why?: string | undefined
  /** As in `activateRelease`; `expectCommit: true` expects the commit of whichever release was chosen. */
  readonly probe?: ProbeOptions | undefined
}

/**
 * Makes an earlier release live again, in the same steps as an activation: where it does not prove itself, what was live
 * goes back. A second rollback goes further back, not forth again.
 *
 * @throws ROLLBACK_NO_TARGET, and what `activateRelease` throws
 */
export async function rollbackRelease(options: RollbackReleaseOptions): Promise<ActivationReport> {
  return await rollbackOn(systemDisk, options)
}

export async function rollbackOn(disk: Disk, options: RollbackReleaseOptions): Promise<ActivationReport> {
  const verb = 'rollbackRelease'
  const known = ['root', 'to', 'allowBad', 'beforeSwitch', 'link', 'reload', 'probe', 'why']
  checkOptions(verb, options, [...known, ...lockOptionNames, ...ambientOptionNames])
  checkLockOptions(verb, options)
  checkSwitchOptions(verb, options)
  const layout = requireRoot(verb, options.root)
  const { to, allowBad, beforeSwitch, link, reload, why } = options
  if (to !== undefined && (typeof to !== 'string' || to === '')) {
    const expected = 'the name of a release'
    throw coreErrors.INVALID_OPTION({ verb, option: 'to', given: describeValue(to), expected })
  }
  requireFunctions(verb, { beforeSwitch, reload })
  options.signal?.throwIfAborted()
  await requireRootFolder(disk, layout)
  await requireLayout(disk, layout)
  await requireTrustedLayout(disk, layout)
  return await withLock(disk, layout, { verb, ...options }, async () => {
    await sweepLeftovers(disk, layout, options)
    const installed = await readInstalled(disk, layout)
    const plan = planRollback(installed, {
      to,
      allowBad,
      token: randomBytes(8).toString('hex'),
      prepare: beforeSwitch !== undefined,
      linkRoot: link === 'absolute' ? layout.root : undefined,
      reload: reload !== undefined,
      probe: options.probe && { url: options.probe.url },
    })
    const target = installed.releases.find(({ name }) => name === plan.to)
    // Which commit the probe has to expect is known only now; nothing has changed yet.
    const probe = options.probe && readProbe(verb, options.probe, target?.commit)
    return await switchRelease(disk, layout, installed, plan, { prepare: beforeSwitch, reload, probe, why }, options)
  })
}
