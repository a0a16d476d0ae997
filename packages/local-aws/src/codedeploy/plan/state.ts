/** Changes of everything that the service knows, each from one value to the next. */
import type { CodeDeployState, Deployment, DeploymentEnd, RegisteredRevision, S3Revision } from '../model.ts'
import { endDeployment } from './deployment.ts'
import { findLastSuccessful, planRollback } from './rollback.ts'

export function changeDeployment(
  state: CodeDeployState,
  deploymentId: string,
  change: (deployment: Deployment) => Deployment,
): CodeDeployState {
  const deployments = state.deployments.map((deployment) =>
    deployment.deploymentId === deploymentId ? change(deployment) : deployment,
  )
  return { ...state, deployments }
}

/** Adds a deployment, and registers its revision or notes that it is used again. */
export function addDeployment(state: CodeDeployState, deployment: Deployment): CodeDeployState {
  const { applicationName, revision, createTime } = deployment
  const known = findRevision(state, applicationName, revision)
  const used: RegisteredRevision = {
    ...(known ?? { applicationName, revision, registerTime: createTime }),
    firstUsedTime: known?.firstUsedTime ?? createTime,
    lastUsedTime: createTime,
  }
  return { ...putRevision(state, used), deployments: [...state.deployments, deployment] }
}

/**
 * Ends a deployment and, in the same change, begins its rollback: no other deployment of the group can come between.
 */
export function settleDeployment(
  state: CodeDeployState,
  deploymentId: string,
  end: DeploymentEnd,
  { rollbackId, at }: { readonly rollbackId: string; readonly at: number },
): { readonly state: CodeDeployState; readonly rollback?: Deployment } {
  const ended = changeDeployment(state, deploymentId, (deployment) => endDeployment(deployment, end, at))
  const deployment = ended.deployments.find((candidate) => candidate.deploymentId === deploymentId)
  if (!deployment) return { state: ended }
  const lastSuccessful = findLastSuccessful(ended.deployments, deployment.deploymentGroupId)
  const rollback = planRollback(deployment, lastSuccessful, { deploymentId: rollbackId, at })
  if (rollback.do === 'nothing') return { state: ended }
  const { message } = rollback
  if (rollback.do === 'explain') {
    return { state: changeDeployment(ended, deploymentId, (failed) => ({ ...failed, rollback: { message } })) }
  }
  const linked = changeDeployment(ended, deploymentId, (failed) => ({
    ...failed,
    rollback: { deploymentId: rollbackId, message },
  }))
  return { state: addDeployment(linked, rollback.deployment), rollback: rollback.deployment }
}

export function findRevision(
  state: CodeDeployState,
  applicationName: string,
  revision: S3Revision,
): RegisteredRevision | undefined {
  return state.revisions.find((known) => known.applicationName === applicationName && isSame(known.revision, revision))
}

/** Adds a revision or replaces what is known of it. */
export function putRevision(state: CodeDeployState, revision: RegisteredRevision): CodeDeployState {
  const others = state.revisions.filter(
    (known) => known.applicationName !== revision.applicationName || !isSame(known.revision, revision.revision),
  )
  return { ...state, revisions: [...others, revision] }
}

export function isSame(a: S3Revision, b: S3Revision): boolean {
  return (
    a.bucket === b.bucket &&
    a.key === b.key &&
    a.bundleType === b.bundleType &&
    a.version === b.version &&
    a.eTag === b.eTag
  )
}
