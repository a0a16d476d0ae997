/** Changes of everything that the service knows, each from one value to the next. */
import type { CodeDeployState, Deployment, DeploymentEnd, RegisteredRevision, Revision } from '../model.ts'
import { endDeployment, isActive, requestStop } from './deployment.ts'
import { isBlueGreen, isReroutedBack } from './lifecycle.ts'
import { isSame } from './revision.ts'
import { findLastSuccessful, planRollback } from './rollback.ts'
import { noHosts } from './select-hosts.ts'

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
  const ended = changeOver(
    changeDeployment(state, deploymentId, (deployment) => endDeployment(deployment, end, at)),
    deploymentId,
  )
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

/** Stops the deployments that listen to an alarm that is on. */
export function raiseAlarm(state: CodeDeployState): CodeDeployState {
  const deployments = state.deployments.map((deployment) => {
    if (!isActive(deployment) || deployment.stop || !deployment.alarms?.enabled) return deployment
    const alarm = deployment.alarms.names.find((name) => state.alarmsOn.includes(name))
    if (alarm === undefined) return deployment
    const { enabled, events } = deployment.autoRollback
    return requestStop(deployment, enabled && events.includes('DEPLOYMENT_STOP_ON_ALARM'), alarm)
  })
  return { ...state, deployments }
}

/**
 * After a blue/green deployment that succeeded, the group is its replacement hosts: the tags that found them find the
 * originals of the next one. Original hosts that were to be terminated are gone.
 */
function changeOver(state: CodeDeployState, deploymentId: string): CodeDeployState {
  const deployment = state.deployments.find((candidate) => candidate.deploymentId === deploymentId)
  if (!deployment || deployment.status !== 'Succeeded') return state
  if (!isBlueGreen(deployment) || isReroutedBack(deployment)) return state
  const { tagFilters = [], tagSet = [] } = deployment.targetInstances ?? {}
  const selection = { ...noHosts, ec2TagFilters: tagFilters, ec2TagSet: tagSet }
  const originals = deployment.targets.filter(({ label }) => label === 'Blue').map(({ targetId }) => targetId)
  return {
    ...state,
    groups: state.groups.map((group) => (group.id === deployment.deploymentGroupId ? { ...group, selection } : group)),
    terminated:
      deployment.blueGreen?.originals === 'TERMINATE' ? [...state.terminated, ...originals] : state.terminated,
  }
}

export function findRevision(
  state: CodeDeployState,
  applicationName: string,
  revision: Revision,
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
