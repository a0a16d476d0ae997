import { join } from 'node:path'
import { systemClock, timestamp } from '@fairlead/core'
import { errors } from './errors.ts'
import { executeSteps, messageOf } from './execute-steps.ts'
import { appendHistory } from './history.ts'
import { readCurrent, type Layout } from './layout.ts'
import type {
  ActivationReport,
  HistoryEntry,
  InstalledRelease,
  InstalledReleases,
  ProbeReport,
  ReleaseAction,
  ReleaseAmbientOptions,
  ReleaseFolder,
} from './model.ts'
import type { ActivationPlan, Operation } from './plan/activate.ts'
import { formatOperation } from './plan/format.ts'
import type { Disk } from './ports/disk.ts'
import { userName } from './ports/process.ts'
import { runProbe, type Probe } from './probe.ts'
import { runTrial, type Trial } from './trial.ts'

/** What the caller gave to an activation or a rollback. */
export interface SwitchActions {
  readonly prepare?: ReleaseAction | undefined
  readonly check?: ReleaseAction | undefined
  readonly trial?: Trial | undefined
  readonly reload?: ReleaseAction | undefined
  readonly probe?: Probe | undefined
  /** For the history. */
  readonly why?: string | undefined
}

/**
 * Carries out a plan to change the release, under the lock.
 *
 * @throws ACTIVATION_FAILED; `signal.reason` when cancelled
 */
export async function switchRelease(
  disk: Disk,
  layout: Layout,
  installed: InstalledReleases,
  plan: ActivationPlan,
  actions: SwitchActions,
  ambient: ReleaseAmbientOptions,
): Promise<ActivationReport> {
  const { signal, onEvent, clock = systemClock } = ambient
  const { root } = layout
  const { from, to } = plan
  const at = () => timestamp(clock)
  if (plan.steps.length === 0) {
    onEvent?.({ type: 'activation.already-live', at: at(), summary: `${to} is live already, nothing to do`, to })
    return { root, from, to, alreadyLive: true }
  }

  const target = installed.releases.find(({ name }) => name === to)
  warnOfFailureBefore(installed, to, ambient)
  let switchedAt: string | undefined
  let tried: ProbeReport | undefined
  let probed: ProbeReport | undefined
  const history = (facts: Pick<HistoryEntry, 'outcome'> & Partial<HistoryEntry>): HistoryEntry => ({
    schema: 'fairlead/history/1',
    at: at(),
    from,
    to,
    by: userName(),
    why: actions.why,
    commit: target?.commit,
    contentDigest: target?.contentDigest,
    ...facts,
  })

  const call = async (action: ReleaseAction | undefined, name: string, direction: 'do' | 'undo') => {
    await action?.(folderOf(layout, installed, name), { signal: direction === 'do' ? signal : undefined })
  }
  const perform = async (operation: Operation, direction: 'do' | 'undo'): Promise<void> => {
    switch (operation.call) {
      case 'prepare':
      case 'check':
      case 'reload':
        return await call(actions[operation.call], operation.release, direction)
      case 'trial':
        if (actions.trial) {
          const folder = join(layout.releases, operation.release)
          tried = await runTrial(disk, layout, actions.trial, folder, ambient)
        }
        return
      case 'symlink':
        if (await disk.makeLink(operation.target, join(root, operation.path))) return
        throw errors.FILE_OPERATION_FAILED({
          operation: 'symlink',
          path: join(root, operation.path),
          code: 'EEXIST',
        })
      case 'rename':
        await disk.rename(join(root, operation.from), join(root, operation.to))
        if (direction === 'do') switchedAt = at()
        return
      case 'unlink':
        await disk.removeFile(join(root, operation.path))
        return
      case 'remove-tree':
        return await disk.removeTree(join(root, operation.path))
      case 'fsync':
        return await disk.syncFolder(join(root, operation.path))
      case 'readlink': {
        const path = join(root, operation.path)
        const found = (await disk.linkTarget(path)) ?? 'nothing'
        if (found !== operation.expect) throw errors.CURRENT_CHANGED({ path, found, expected: operation.expect })
        return
      }
      case 'probe':
        if (actions.probe) probed = await runProbe(actions.probe, ambient)
        return
      case 'mkdir':
      case 'chmod':
      case 'write':
      case 'copy':
      case 'link':
      case 'syncfs':
        throw new Error(`a change of release does not ${operation.call}`)
      case 'append':
        return await appendHistory(disk, layout, history({ outcome: operation.outcome, live: to }))
    }
  }
  const happened = async (operation: Operation): Promise<boolean> => {
    if (operation.call === 'symlink') return (await disk.linkTarget(join(root, operation.path))) === operation.target
    // The temporary link is gone when it has become `current`.
    if (operation.call === 'rename') return (await disk.entry(join(root, operation.from))) === undefined
    return false
  }

  const outcome = await executeSteps(plan.steps, {
    perform,
    happened,
    signal,
    onDone: ({ name, do: operation }) => {
      const words = formatOperation(operation)
      onEvent?.({ type: 'activation.step-done', at: at(), summary: `${name}: ${words}`, step: name, operation: words })
    },
  })
  if (outcome.completed) {
    onEvent?.({ type: 'activation.live', at: at(), summary: `${to} is live`, from, to })
    return { root, from, to, alreadyLive: false, switchedAt, trial: tried, probe: probed }
  }

  const { step, error, stoppedBy, undone } = outcome
  const problems = [...outcome.problems]
  const reason = messageOf(error)
  const live = await noting(problems, async () => (await readCurrent(disk, layout))?.name)
  const bad = stoppedBy === 'step' && step.blames === 'release'
  const verdict = stoppedBy === 'step' ? 'failed' : 'cancelled'
  await noting(problems, () =>
    appendHistory(disk, layout, history({ outcome: verdict, live, step: step.name, reason: reason || verdict, bad })),
  )
  onEvent?.({
    type: 'activation.step-failed',
    at: at(),
    summary: `${step.name} ${stoppedBy === 'step' ? 'failed' : 'was stopped'}: ${reason}`,
    step: step.name,
    reason,
  })
  for (const { step: back, operation } of undone) {
    const words = formatOperation(operation)
    const summary = `undid ${back.name}: ${words}`
    onEvent?.({ type: 'activation.step-undone', at: at(), summary, step: back.name, operation: words })
  }
  const standing = live === undefined ? 'no release is live' : `live is ${live}`
  onEvent?.({ type: 'activation.returned', at: at(), summary: `${to} did not go live; ${standing}`, to, live })
  if (stoppedBy === 'caller' && problems.length === 0) throw error
  throw errors.ACTIVATION_FAILED({ root, to, from, step: step.name, reason, live, problems }, { cause: error })
}

/**
 * A mark warns and no more: CodeDeploy's own rollback deploys an earlier artifact, and a host that refused it would leave
 * the group without any.
 */
function warnOfFailureBefore(
  { releases }: InstalledReleases,
  to: string,
  { onEvent, clock = systemClock }: ReleaseAmbientOptions,
): void {
  const target = releases.find(({ name }) => name === to)
  const isSame = ({ name, contentDigest }: InstalledRelease) =>
    name === to || (contentDigest !== undefined && contentDigest === target?.contentDigest)
  const failed = releases.find((release) => release.bad && isSame(release))
  if (failed?.bad === undefined) return
  const { reason } = failed.bad
  const summary = `${failed.name === to ? to : `${failed.name}, which has the same content,`} failed before: ${reason}`
  onEvent?.({ type: 'activation.failed-before', at: timestamp(clock), summary, to, release: failed.name, reason })
}

/** Of what is done while a failure is handled: it must not hide the failure. */
async function noting<T>(problems: string[], action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action()
  } catch (problem) {
    problems.push(messageOf(problem))
    return undefined
  }
}

function folderOf({ root, releases }: Layout, installed: InstalledReleases, name: string): ReleaseFolder {
  const release = installed.releases.find((candidate) => candidate.name === name)
  return { root, name, path: join(releases, name), commit: release?.commit, id: release?.id }
}
