/** The events that tell how a deployment got from one value to the next. */
import type { CodeDeployEvent, Deployment, Target } from '../model.ts'
import { describeRevision } from './revision.ts'

/** Without `before`, the deployment is new. `at` is an ISO 8601 time. */
export function eventsBetween(
  before: Deployment | undefined,
  after: Deployment,
  at: string,
): readonly CodeDeployEvent[] {
  const { deploymentId, applicationName: application, deploymentGroupName: deploymentGroup, revision } = after
  const facts = { at, deploymentId, application, deploymentGroup }
  const where = `${deploymentId} (${application}/${deploymentGroup})`
  if (!before) {
    const { creator } = after
    const place = revision.type === 'S3' ? { bucket: revision.bucket, key: revision.key } : {}
    const what = creator === 'codeDeployRollback' ? 'rollback created' : 'created'
    const summary = `${where} ${what}: ${describeRevision(revision)}`
    return [{ type: 'codedeploy.deployment-created', ...facts, summary, creator, ...place }]
  }
  const events: CodeDeployEvent[] = []
  after.targets.forEach((target, index) => {
    // Targets are set once, and keep their places: to look each one up would take a fleet squared.
    const old = before.targets[index]
    if (old === target) return
    const { targetId: host, status } = target
    events.push(...lifecycleEventsBetween(old, target, facts))
    if (status !== (old?.status ?? 'Pending')) {
      const summary = `${deploymentId} ${host}: ${status}`
      events.push({ type: 'codedeploy.host-status-changed', ...facts, summary, host, status })
    }
  })
  if (after.status !== before.status) {
    const { status, error } = after
    const summary = `${where} ${status}${error ? `: ${error.message}` : ''}`
    events.push({ type: 'codedeploy.deployment-status-changed', ...facts, summary, status, error })
  }
  return events
}

function lifecycleEventsBetween(
  before: Target | undefined,
  after: Target,
  facts: Pick<CodeDeployEvent, 'at' | 'deploymentId' | 'application' | 'deploymentGroup'>,
): readonly CodeDeployEvent[] {
  const host = after.targetId
  return after.events.flatMap(({ name: event, status, diagnostics }): CodeDeployEvent[] => {
    const old = before?.events.find((candidate) => candidate.name === event)
    if (status === (old?.status ?? 'Pending')) return []
    const why = status === 'Failed' && diagnostics ? ` (${diagnostics.errorCode}: ${diagnostics.message})` : ''
    const summary = `${facts.deploymentId} ${host} ${event}: ${status}${why}`
    return [{ type: 'codedeploy.lifecycle-event-changed', ...facts, summary, host, event, status, diagnostics }]
  })
}
