/** Which hosts a deployment goes to, in which order and as what. */
import type { CodeDeployState, Deployment, DeploymentGroup } from '../model.ts'
import type { Participant } from './deployment.ts'
import { healthOf, orderByHealth, outdatedHosts } from './host-health.ts'
import { isBlueGreen, isReroutedBack } from './lifecycle.ts'
import { findLastSuccessful, reroutedHosts } from './rollback.ts'
import { selectHosts, selectReplacements, type Fleet } from './select-hosts.ts'

export function participantsOf(
  deployment: Deployment,
  group: DeploymentGroup,
  fleet: Fleet,
  { deployments }: Pick<CodeDeployState, 'deployments'>,
): readonly Participant[] {
  if (isReroutedBack(deployment)) {
    const failed = deployments.find(({ deploymentId }) => deploymentId === deployment.rollback?.triggeredBy)
    return failed ? reroutedHosts(failed) : []
  }
  const earlier = deployments.filter(
    ({ deploymentGroupId, deploymentId }) => deploymentGroupId === group.id && deploymentId !== deployment.deploymentId,
  )
  const health = healthOf(earlier)
  const ordered = (hosts: readonly string[]) =>
    orderByHealth(hosts, health, findLastSuccessful(earlier, group.id)?.revision)
  const members = selectHosts(fleet, group.selection)
  if (!isBlueGreen(deployment)) {
    const hosts = deployment.updateOutdatedInstancesOnly ? outdatedHosts(members, health, deployment.revision) : members
    return ordered(hosts).map((targetId) => ({ targetId }))
  }
  const replacements = deployment.targetInstances ? selectReplacements(fleet, deployment.targetInstances) : []
  const isReplacement = new Set(replacements)
  return [
    ...members.filter((host) => !isReplacement.has(host)).map((targetId) => ({ targetId, label: 'Blue' as const })),
    ...ordered(replacements).map((targetId) => ({ targetId, label: 'Green' as const })),
  ]
}
