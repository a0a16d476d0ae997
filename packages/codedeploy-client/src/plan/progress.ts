/**
 * What a poll of CodeDeploy says, compared with what was known before. The answers may be a little old and may lack an
 * instance that an earlier one had, so that what is known only moves forward, and each change is told exactly once.
 */
import type {
  DeploymentEvent,
  DeploymentOutcome,
  DeploymentReason,
  DeploymentStatus,
  InstanceReport,
  InstanceStatus,
  LifecycleEventReport,
  LifecycleEventStatus,
} from '../model.ts'

/** The deployment itself, as one GetDeployment answers it. Times are ISO 8601. */
export type DeploymentReading = {
  readonly deploymentId: string
  readonly application: string
  readonly deploymentGroup: string
  readonly status: DeploymentStatus
  readonly reason?: DeploymentReason | undefined
  readonly createdAt?: string | undefined
  readonly startedAt?: string | undefined
  readonly endedAt?: string | undefined
  readonly rollback?: { readonly deploymentId?: string | undefined; readonly message?: string | undefined } | undefined
  /** On which ends CodeDeploy was asked to roll back. */
  readonly autoRollback: readonly RollbackTrigger[]
  /** Whether the group had a revision before, without which nothing can be rolled back. */
  readonly hasPreviousRevision: boolean
}

export type RollbackTrigger = 'failure' | 'alarm' | 'stop-on-request'

/** An instance, as one BatchGetDeploymentTargets answers it. */
export type InstanceReading = InstanceReport & { readonly changedAt?: string | undefined }

/** One poll. */
export type Reading = { readonly deployment: DeploymentReading; readonly instances: readonly InstanceReading[] }

/** Everything known after the polls so far. */
export type Progress = { readonly deployment: DeploymentReading; readonly instances: readonly InstanceReport[] }

/** A change, before it is given the words of an event. */
type Told = DeploymentEvent & {
  readonly type: `deployment.${'status-changed' | 'instance-status-changed' | 'lifecycle-event'}`
}

/**
 * Joins a poll to what was known; answers the new state and the changes in the order in which they happened: the
 * deployment's own status first while it goes on and last when it ends.
 *
 * @param observedAt When the poll was answered, for changes of which CodeDeploy tells no time.
 */
export function advance(
  previous: Progress | undefined,
  reading: Reading,
  observedAt: string,
): { readonly progress: Progress; readonly events: readonly Told[] } {
  const deployment = newer(previous?.deployment, reading.deployment)
  const known = new Map(previous?.instances.map((instance) => [instance.id, instance]))
  const instances = reading.instances.map((instance) => {
    const before = known.get(instance.id)
    known.delete(instance.id)
    return { before, after: mergeInstance(before, instance), changedAt: instance.changedAt }
  })
  const status = statusEvent(previous?.deployment.status, deployment, observedAt)
  const changes = inOrderOfTime(
    instances.map((instance) => instanceEvents(deployment.deploymentId, instance, observedAt)),
  )
  return {
    progress: {
      deployment,
      instances: inKnownOrder(
        previous,
        instances.map(({ after }) => after),
      ),
    },
    events: isEnded(deployment.status) ? [...changes, ...status] : [...status, ...changes],
  }
}

/** Whether a deployment in this status changes no more by itself. */
export function isEnded(status: DeploymentStatus): status is DeploymentOutcome {
  return status === 'succeeded' || status === 'failed' || status === 'stopped'
}

/** Whether nothing more can come from an instance, so that it need not be asked for again. */
export function isSettled(instance: InstanceReport): boolean {
  return isFinal(instance.status) && instance.events.every(({ status }) => isFinal(status))
}

/**
 * What may still come after a deployment ended: the cause of a failure, the id of its rollback, or nothing. The answers
 * of CodeDeploy are not of one moment, and neither would come again.
 */
export function awaited(progress: Progress): 'details' | 'announced-rollback' | 'possible-rollback' | 'nothing' {
  const { deployment, instances } = progress
  if (!isEnded(deployment.status) || deployment.status === 'succeeded') {
    return instances.every(isSettled) ? 'nothing' : 'details'
  }
  if (deployment.rollback === undefined) {
    if (deployment.hasPreviousRevision && deployment.autoRollback.includes(triggerOf(deployment))) {
      return 'announced-rollback'
    }
    if (deployment.status === 'stopped') return 'possible-rollback'
  }
  return instances.every(isExplained) ? 'nothing' : 'details'
}

function isExplained({ status, events }: InstanceReport): boolean {
  return isFinal(status) && (status !== 'failed' || events.some((event) => event.status === 'failed'))
}

function triggerOf({ status, reason }: DeploymentReading): RollbackTrigger {
  if (reason?.code === 'ALARM_ACTIVE') return 'alarm'
  return status === 'stopped' ? 'stop-on-request' : 'failure'
}

const deploymentRank: Readonly<Record<DeploymentStatus, number>> = {
  created: 0,
  queued: 1,
  // A blue/green deployment goes from `ready` back to `in-progress`.
  'in-progress': 2,
  baking: 2,
  ready: 2,
  unknown: 2,
  succeeded: 3,
  failed: 3,
  stopped: 3,
}

function newer(previous: DeploymentReading | undefined, reading: DeploymentReading): DeploymentReading {
  if (previous === undefined) return reading
  const before = deploymentRank[previous.status]
  const after = deploymentRank[reading.status]
  if (isEnded(previous.status) ? reading.status !== previous.status : after < before) return previous
  return {
    ...reading,
    reason: reading.reason ?? previous.reason,
    endedAt: reading.endedAt ?? previous.endedAt,
    rollback: reading.rollback ?? previous.rollback,
  }
}

const rank: Readonly<Record<InstanceStatus | LifecycleEventStatus, number>> = {
  pending: 0,
  unknown: 1,
  'in-progress': 1,
  ready: 2,
  succeeded: 3,
  failed: 3,
  skipped: 3,
}

function isFinal(status: InstanceStatus | LifecycleEventStatus): boolean {
  return rank[status] === 3
}

/** Whether a status may follow another one: never back, and never away from an end. */
function mayFollow<S extends InstanceStatus | LifecycleEventStatus>(before: S, after: S): boolean {
  return before === after || (!isFinal(before) && rank[after] >= rank[before])
}

function mergeInstance(before: InstanceReport | undefined, { id, status, events }: InstanceReading): InstanceReport {
  if (before === undefined) return { id, status, events }
  const known = new Map(before.events.map((event) => [event.event, event]))
  const merged = events.map((event) => {
    const old = known.get(event.event)
    known.delete(event.event)
    return old !== undefined && !mayFollow(old.status, event.status) ? old : event
  })
  return {
    id,
    status: mayFollow(before.status, status) ? status : before.status,
    events: [...merged, ...known.values()],
  }
}

function inKnownOrder(previous: Progress | undefined, found: readonly InstanceReport[]): readonly InstanceReport[] {
  const fresh = new Map(found.map((instance) => [instance.id, instance]))
  const known = (previous?.instances ?? []).map((instance) => {
    const after = fresh.get(instance.id) ?? instance
    fresh.delete(instance.id)
    return after
  })
  return [...known, ...fresh.values()]
}

function statusEvent(from: DeploymentStatus | undefined, reading: DeploymentReading, observedAt: string): Told[] {
  const { deploymentId, status: to, reason } = reading
  if (from === to) return []
  const words = reason ? `: ${formatReason(reason)}` : ''
  return [
    {
      type: 'deployment.status-changed',
      at: (isEnded(to) ? reading.endedAt : from === undefined ? reading.createdAt : undefined) ?? observedAt,
      summary: `${deploymentId} ${to}${words}`,
      deploymentId,
      from,
      to,
      reason,
    },
  ]
}

/** CodeDeploy's reason in one line. */
export function formatReason({ code, message }: DeploymentReason): string {
  return message ? `${code} (${message})` : code
}

function instanceEvents(
  deploymentId: string,
  change: {
    readonly before: InstanceReport | undefined
    readonly after: InstanceReport
    readonly changedAt: string | undefined
  },
  observedAt: string,
): readonly Told[] {
  const { before, after, changedAt } = change
  const known = new Map(before?.events.map((event) => [event.event, event.status]))
  const events = after.events
    .filter((event) => (known.get(event.event) ?? 'pending') !== event.status)
    .map((event) => lifecycleEvent(deploymentId, after.id, event, observedAt))
  const from = before?.status ?? 'pending'
  if (from === after.status) return events
  const status: Told = {
    type: 'deployment.instance-status-changed',
    at: (isFinal(after.status) ? changedAt : events[0]?.at) ?? observedAt,
    summary: `${deploymentId} ${after.id} ${after.status}`,
    deploymentId,
    instance: after.id,
    from,
    to: after.status,
  }
  return isFinal(after.status) ? [...events, status] : [status, ...events]
}

function lifecycleEvent(
  deploymentId: string,
  instance: string,
  report: LifecycleEventReport,
  observedAt: string,
): Told {
  const { event, status, startedAt, endedAt, durationMs, diagnostics } = report
  const time = durationMs === undefined || status === 'skipped' ? '' : ` in ${formatDuration(durationMs)}`
  const script = diagnostics?.scriptName ? ` ${diagnostics.scriptName}` : ''
  const fault = diagnostics
    ? ` (${diagnostics.errorCode}${script}${diagnostics.message ? `: ${diagnostics.message}` : ''})`
    : ''
  return {
    type: 'deployment.lifecycle-event',
    at: (isFinal(status) ? endedAt : startedAt) ?? observedAt,
    summary: `${deploymentId} ${instance} ${event} ${status}${time}${fault}`,
    deploymentId,
    instance,
    event,
    status,
    startedAt,
    endedAt,
    durationMs,
    diagnostics,
  }
}

/** Milliseconds as people read them: `340 ms`, `4.2 s`, `3 min 20 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`
  return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1_000)} s`
}

/** Merges the instances' changes by time and keeps each instance's own order, whatever its times say. */
function inOrderOfTime(instances: readonly (readonly Told[])[]): readonly Told[] {
  return instances
    .flatMap((events) => {
      let latest = ''
      return events.map((event) => {
        if (event.at > latest) latest = event.at
        return { event, time: latest }
      })
    })
    .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
    .map(({ event }) => event)
}
