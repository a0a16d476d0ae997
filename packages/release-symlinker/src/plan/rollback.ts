import { errors } from '../errors.ts'
import type { InstalledReleases } from '../model.ts'
import { planActivation, type ActivationPlan, type PlanActivationOptions } from './activate.ts'

export interface PlanRollbackOptions extends Omit<PlanActivationOptions, 'to' | 'outcome'> {
  /** Default: the last release before the live one that was live and is not bad; a rollback that was killed is finished. */
  readonly to?: string | undefined
  /** Whether a release that failed when it last was to go live may be chosen. Default: false. */
  readonly allowBad?: boolean | undefined
}

/**
 * Plans a rollback: an activation of a release that is there already, recorded as what it is.
 *
 * @throws ROLLBACK_NO_TARGET, RELEASE_NOT_INSTALLED
 */
export function planRollback(installed: InstalledReleases, options: PlanRollbackOptions): ActivationPlan {
  const { to, allowBad = false, ...rest } = options
  const target = to === undefined ? chooseTarget(installed, allowBad) : namedTarget(installed, to, allowBad)
  return planActivation(installed, { ...rest, to: target, outcome: 'rolled-back' })
}

function chooseTarget(installed: InstalledReleases, allowBad: boolean): string {
  const { root, current, previous, earlier, releases } = installed
  // A rollback that was killed behind its switch is finished, not taken one release further.
  if (wentBackUnrecorded(installed)) return installed.current
  const target = allowBad ? earlier[0] : previous
  if (target !== undefined) return target
  const bad = releases.filter(({ name, bad }) => bad && earlier.includes(name))
  const reason =
    bad.length === 0
      ? 'no release that is still there was live before this one'
      : `each release that was live before is bad (${bad.map(({ name, bad }) => `${name}: ${bad?.reason}`).join('; ')})`
  throw errors.ROLLBACK_NO_TARGET({ root, current, reason })
}

/** Going back leaves what the history has live out of what lies before `current`; going on does not. */
function wentBackUnrecorded(installed: InstalledReleases): installed is InstalledReleases & { current: string } {
  const { current, recorded, settled, earlier } = installed
  return !settled && current !== undefined && recorded !== undefined && !earlier.includes(recorded)
}

function namedTarget({ root, current, releases }: InstalledReleases, to: string, allowBad: boolean): string {
  const release = releases.find(({ name }) => name === to)
  if (!release) throw errors.RELEASE_NOT_INSTALLED({ root, name: to, installed: releases.map(({ name }) => name) })
  if (release.bad && !allowBad) {
    throw errors.ROLLBACK_NO_TARGET({ root, current, to, reason: `it is bad (${release.bad.reason})` })
  }
  return to
}
