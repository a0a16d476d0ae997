/** The changes that a deployment goes through, each from one value to the next. */
import type { Deployment, DeploymentEnd, Diagnostics, ProgressStatus, Target, TargetEvent } from '../model.ts'
import { nextHosts, type Fleet } from './next-hosts.ts'

export type NextStep =
  | { readonly do: 'start'; readonly targetIds: readonly string[] }
  | { readonly do: 'wait' }
  | { readonly do: 'end'; readonly end: DeploymentEnd }

export function isActive({ status }: Deployment): boolean {
  return status === 'Created' || status === 'Queued' || status === 'InProgress'
}

export function queueDeployment(deployment: Deployment): Deployment {
  return { ...deployment, status: 'Queued' }
}

/** Gives the deployment its hosts, every event of every host pending. */
export function beginDeployment(
  deployment: Deployment,
  targetIds: readonly string[],
  eventNames: readonly string[],
  at: number,
): Deployment {
  const events = eventNames.map((name): TargetEvent => ({ name, status: 'Pending' }))
  const targets = targetIds.map((targetId): Target => ({ targetId, status: 'Pending', lastUpdatedAt: at, events }))
  return { ...deployment, status: 'InProgress', startTime: at, targets }
}

/** What the runner does next: start hosts, wait for those that run, or end. */
export function nextStep(deployment: Deployment): NextStep {
  const fleet = countTargets(deployment)
  if (deployment.stop) {
    return fleet.inProgress > 0
      ? { do: 'wait' }
      : {
          do: 'end',
          end: {
            status: 'Stopped',
            error: { code: 'MANUAL_STOP', message: 'The deployment was stopped on request.' },
          },
        }
  }
  const next = nextHosts(fleet, deployment.minimumHealthyHosts)
  switch (next.do) {
    case 'start': {
      const pending = deployment.targets.filter(({ status }) => status === 'Pending')
      return { do: 'start', targetIds: pending.slice(0, next.count).map(({ targetId }) => targetId) }
    }
    case 'wait':
      return next
    case 'succeed':
      return { do: 'end', end: { status: 'Succeeded' } }
    case 'fail':
      return { do: 'end', end: { status: 'Failed', error: next.error } }
  }
}

export function countTargets({ targets }: Deployment): Fleet {
  const count = (wanted: ProgressStatus) => targets.filter(({ status }) => status === wanted).length
  return {
    pending: count('Pending'),
    inProgress: count('InProgress'),
    succeeded: count('Succeeded'),
    failed: count('Failed'),
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

/** Ends the deployment; hosts that it did not get to are skipped. */
export function endDeployment(deployment: Deployment, { status, error }: DeploymentEnd, at: number): Deployment {
  const targets = deployment.targets.map((target) =>
    target.status === 'Pending' || target.status === 'InProgress'
      ? { ...skipUnfinished(target), status: 'Skipped' as const, lastUpdatedAt: at }
      : target,
  )
  return { ...deployment, status, error, targets, completeTime: at }
}

export function requestStop(deployment: Deployment, rollback: boolean): Deployment {
  return { ...deployment, stop: { rollback } }
}

function skipUnfinished(target: Target): Target {
  const events = target.events.map((event) =>
    event.status === 'Pending' || event.status === 'InProgress' ? { ...event, status: 'Skipped' as const } : event,
  )
  return { ...target, events }
}

function changeTarget(
  deployment: Deployment,
  targetId: string,
  at: number,
  change: (target: Target) => Target,
): Deployment {
  const targets = deployment.targets.map((target) =>
    target.targetId === targetId ? { ...change(target), lastUpdatedAt: at } : target,
  )
  return { ...deployment, targets }
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
