/** The changes that a deployment goes through, each from one value to the next. */
import type {
  Deployment,
  DeploymentEnd,
  DeploymentError,
  Diagnostics,
  MinimumHealthyHosts,
  Target,
  TargetEvent,
  TargetLabel,
} from '../model.ts'
import { eventsOf, type Phase } from './lifecycle.ts'
import { healthConstraints, nextHosts, type Fleet } from './next-hosts.ts'

export type NextStep =
  | { readonly do: 'start'; readonly targetIds: readonly string[] }
  | { readonly do: 'wait' }
  /** The phase came to a good end. */
  | { readonly do: 'pass' }
  | { readonly do: 'end'; readonly end: DeploymentEnd }

export function isActive({ status }: Deployment): boolean {
  return status === 'Created' || status === 'Queued' || status === 'InProgress' || status === 'Ready'
}

export function queueDeployment(deployment: Deployment): Deployment {
  return { ...deployment, status: 'Queued' }
}

/** A host that takes part, and as what. */
export interface Participant {
  readonly targetId: string
  readonly label?: TargetLabel | undefined
}

/** Gives the deployment its hosts, every event of every host pending. */
export function beginDeployment(deployment: Deployment, participants: readonly Participant[], at: number): Deployment {
  const targets = participants.map(({ targetId, label }): Target => {
    const events = eventsOf(deployment, label).map((name): TargetEvent => ({ name, status: 'Pending' }))
    return { targetId, status: 'Pending', lastUpdatedAt: at, events, ...(label ? { label } : {}) }
  })
  return { ...deployment, status: 'InProgress', startTime: at, targets }
}

/** What the runner does next in a phase: start hosts, wait for those that run, pass to the next phase, or end. */
export function nextStep(deployment: Deployment, phase: Phase): NextStep {
  const fleet = countTargets(deployment, phase)
  if (deployment.stop) return fleet.inProgress > 0 ? { do: 'wait' } : { do: 'end', end: stoppedEnd(deployment) }
  if (phase.minimumHealthyHosts === 'none') return everyHost(deployment, phase, fleet)
  const next = nextHosts(fleet, minimumOf(phase.minimumHealthyHosts, phase, fleet))
  switch (next.do) {
    case 'start':
      return { do: 'start', targetIds: waitingHosts(deployment, phase).slice(0, next.count) }
    case 'wait':
      return next
    case 'succeed':
      return { do: 'pass' }
    case 'fail':
      return { do: 'end', end: { status: 'Failed', error: next.error } }
  }
}

/** Of the replacement hosts that failed before, no traffic can be asked: a count of hosts must not demand theirs. */
function minimumOf(minimum: MinimumHealthyHosts, { from }: Phase, fleet: Fleet): MinimumHealthyHosts {
  const total = fleet.pending + fleet.inProgress + fleet.succeeded + fleet.failed
  const isReroute = from === 'Ready'
  return isReroute && minimum.type === 'HOST_COUNT'
    ? { ...minimum, value: Math.min(minimum.value, total - 1) }
    : minimum
}

function everyHost(deployment: Deployment, phase: Phase, { pending, inProgress, failed }: Fleet): NextStep {
  if (pending > 0) return { do: 'start', targetIds: waitingHosts(deployment, phase) }
  if (inProgress > 0) return { do: 'wait' }
  return failed > 0 ? { do: 'end', end: { status: 'Failed', error: healthConstraints } } : { do: 'pass' }
}

function waitingHosts({ targets }: Deployment, phase: Phase): readonly string[] {
  return targets.filter((target) => isWaiting(target, phase)).map(({ targetId }) => targetId)
}

function isWaiting({ label, status }: Target, phase: Phase): boolean {
  return label === phase.label && status === phase.from
}

/** How a deployment ends that somebody stopped, or an alarm. */
function stoppedEnd({ stop }: Deployment): DeploymentEnd {
  const alarm = stop?.alarm
  const error: DeploymentError =
    alarm === undefined
      ? { code: 'MANUAL_STOP', message: 'The deployment was stopped on request.' }
      : {
          code: 'ALARM_ACTIVE',
          message: `One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, and the affected deployments have been stopped. Activated alarms: <${alarm}>`,
        }
  return { status: 'Stopped', error }
}

/** The hosts of a phase, without those that failed in an earlier one. */
export function countTargets({ targets }: Deployment, phase: Phase): Fleet {
  const fleet = { pending: 0, inProgress: 0, succeeded: 0, failed: 0 }
  for (const { label, status, events } of targets) {
    if (label !== phase.label) continue
    if (status === phase.from) fleet.pending += 1
    else if (status === phase.to) fleet.succeeded += 1
    else if (status === 'InProgress') fleet.inProgress += 1
    else if (status === 'Failed' && hasFailedIn(phase, events)) fleet.failed += 1
  }
  return fleet
}

function hasFailedIn(phase: Phase, events: readonly TargetEvent[]): boolean {
  const names: readonly string[] = phase.events
  return events.some(({ name, status }) => status === 'Failed' && names.includes(name))
}

/** Lets a blue/green deployment wait for somebody to reroute its traffic. */
export function awaitContinuation(deployment: Deployment): Deployment {
  return { ...deployment, status: 'Ready' }
}

export function resumeDeployment(deployment: Deployment): Deployment {
  return { ...deployment, status: 'InProgress' }
}

export function beginTerminationWait(deployment: Deployment): Deployment {
  return { ...deployment, terminationWaitStarted: true }
}

export function requestContinuation(deployment: Deployment, wait: 'ready' | 'termination'): Deployment {
  const { ready = false, termination = false } = deployment.continued ?? {}
  return {
    ...deployment,
    continued: { ready: ready || wait === 'ready', termination: termination || wait === 'termination' },
  }
}

export function beginTarget(deployment: Deployment, targetId: string, at: number): Deployment {
  return changeTarget(deployment, targetId, at, (target) => ({ ...target, status: 'InProgress' }))
}

export function beginEvent(deployment: Deployment, targetId: string, name: string, at: number): Deployment {
  return changeEvent(deployment, targetId, name, at, (event) => ({ ...event, status: 'InProgress', startTime: at }))
}

export function endEvent(
  deployment: Deployment,
  targetId: string,
  name: string,
  outcome: { readonly status: 'Succeeded' | 'Failed'; readonly diagnostics: Diagnostics },
  at: number,
): Deployment {
  return changeEvent(deployment, targetId, name, at, (event) => ({ ...event, ...outcome, endTime: at }))
}

/** Ends a host's part; the events that did not run are skipped. */
export function endTarget(
  deployment: Deployment,
  targetId: string,
  status: 'Succeeded' | 'Failed' | 'Skipped',
  at: number,
): Deployment {
  return changeTarget(deployment, targetId, at, (target) => ({ ...skipUnfinished(target), status }))
}

/** Brings a host through a phase that others follow. */
export function readyTarget(deployment: Deployment, targetId: string, at: number): Deployment {
  return changeTarget(deployment, targetId, at, (target) => ({ ...target, status: 'Ready' }))
}

/** Ends the deployment; hosts that it did not get to are skipped. */
export function endDeployment(deployment: Deployment, { status, error }: DeploymentEnd, at: number): Deployment {
  const targets = deployment.targets.map((target) =>
    target.status === 'Pending' || target.status === 'InProgress' || target.status === 'Ready'
      ? { ...skipUnfinished(target), status: 'Skipped' as const, lastUpdatedAt: at }
      : target,
  )
  return { ...deployment, status, error, targets, completeTime: at }
}

export function requestStop(deployment: Deployment, rollback: boolean, alarm?: string): Deployment {
  return { ...deployment, stop: { rollback, ...(alarm === undefined ? {} : { alarm }) } }
}

function skipUnfinished(target: Target): Target {
  const events = target.events.map((event) =>
    event.status === 'Pending' || event.status === 'InProgress' ? { ...event, status: 'Skipped' as const } : event,
  )
  return { ...target, events }
}

/** Only the one place changes: a fleet's deployment is changed some twenty times for each host. */
function changeTarget(
  deployment: Deployment,
  targetId: string,
  at: number,
  change: (target: Target) => Target,
): Deployment {
  const { targets } = deployment
  const index = targets.findIndex((target) => target.targetId === targetId)
  const target = targets[index]
  if (!target) return deployment
  return { ...deployment, targets: targets.with(index, { ...change(target), lastUpdatedAt: at }) }
}

function changeEvent(
  deployment: Deployment,
  targetId: string,
  name: string,
  at: number,
  change: (event: TargetEvent) => TargetEvent,
): Deployment {
  return changeTarget(deployment, targetId, at, (target) => ({
    ...target,
    events: target.events.map((event) => (event.name === name ? change(event) : event)),
  }))
}
