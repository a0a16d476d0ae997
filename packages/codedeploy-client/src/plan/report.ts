import type { Target } from '@fairlead/core'
import type {
  DeploymentFailure,
  DeploymentOutcome,
  DeploymentReport,
  InstanceReport,
  RollbackReport,
} from '../model.ts'
import type { Progress } from './progress.ts'

/** The report of a deployment that ended, with that of its rollback where there was one. */
export function reportOf(
  progress: Progress,
  facts: {
    readonly status: DeploymentOutcome
    readonly target: Target
    readonly rollback?: RollbackReport | undefined
    /** For a deployment of which CodeDeploy tells no time. */
    readonly observedAt: string
  },
): DeploymentReport {
  const { deployment, instances } = progress
  const { status, target, rollback, observedAt } = facts
  const endedAt = deployment.endedAt ?? observedAt
  const startedAt = deployment.createdAt ?? deployment.startedAt ?? endedAt
  return {
    deploymentId: deployment.deploymentId,
    target,
    status,
    reason: deployment.reason,
    failure: firstFailure(instances),
    instances,
    startedAt,
    endedAt,
    durationMs: Math.max(0, Date.parse(endedAt) - Date.parse(startedAt)),
    rollback,
    rollbackMessage: deployment.rollback?.message,
  }
}

/** The rollback's part of the report; `unobserved` says why it could not be followed to its end. */
export function rollbackReportOf(
  deploymentId: string,
  progress: Progress | undefined,
  end: { readonly status: DeploymentOutcome } | { readonly unobserved: string },
): RollbackReport {
  const instances = progress?.instances ?? []
  return {
    deploymentId,
    status: 'status' in end ? end.status : 'unknown',
    reason: progress?.deployment.reason,
    failure: firstFailure(instances),
    instances,
    unobserved: 'unobserved' in end ? end.unobserved : undefined,
  }
}

/**
 * The lifecycle event that failed first: the others failed later, for the same reason as often as not, and the
 * deployment's own error is a symptom (`HEALTH_CONSTRAINTS`: too many instances failed).
 */
export function firstFailure(instances: readonly InstanceReport[]): DeploymentFailure | undefined {
  const failures = instances.flatMap(({ id, events }) =>
    events
      .filter(({ status }) => status === 'failed')
      .map(({ event, endedAt, diagnostics }) => ({ id, event, endedAt: endedAt ?? '9999', diagnostics })),
  )
  const first = failures.sort((a, b) => (a.endedAt < b.endedAt ? -1 : a.endedAt > b.endedAt ? 1 : 0))[0]
  if (first === undefined) return undefined
  return { instance: first.id, event: first.event, ...(first.diagnostics ?? { errorCode: 'UnknownError' }) }
}
