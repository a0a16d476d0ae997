/** Whether a deployment that ended is rolled back, and to what. */
import type { Deployment } from '../model.ts'
import { isActive, type Participant } from './deployment.ts'
import { isBlueGreen, isReroutedBack } from './lifecycle.ts'

export type Rollback =
  | { readonly do: 'nothing' }
  /** It should be rolled back and cannot be: `message` says why. */
  | { readonly do: 'explain'; readonly message: string }
  | { readonly do: 'deploy'; readonly deployment: Deployment; readonly message: string }

/**
 * A rollback is a new deployment of the revision that the group's last successful deployment had installed; of a
 * blue/green deployment, it brings the traffic back to the original hosts. A rollback that fails is not rolled back in
 * its turn.
 */
export function planRollback(
  ended: Deployment,
  lastSuccessful: Deployment | undefined,
  { deploymentId, at }: { readonly deploymentId: string; readonly at: number },
): Rollback {
  if (!isWanted(ended)) return { do: 'nothing' }
  const reason = reasonAgainst(ended, lastSuccessful)
  if (reason !== undefined) {
    return { do: 'explain', message: `Deployment ${ended.deploymentId} is not rolled back: ${reason}` }
  }
  // The sentence is AWS's own, seen in answers of GetDeployment.
  const message = `Deployment ${deploymentId} is triggered to roll back deployment ${ended.deploymentId}.`
  const { applicationName, deploymentGroupId, deploymentGroupName, deploymentConfigName, minimumHealthyHosts } = ended
  const { ignoreApplicationStopFailures, fileExistsBehavior, style, loadBalancers, blueGreen, targetInstances } = ended
  const revision = lastSuccessful?.revision ?? ended.revision
  return {
    do: 'deploy',
    message,
    deployment: {
      deploymentId,
      applicationName,
      deploymentGroupId,
      deploymentGroupName,
      deploymentConfigName,
      minimumHealthyHosts,
      ignoreApplicationStopFailures,
      fileExistsBehavior,
      style,
      loadBalancers,
      blueGreen,
      targetInstances,
      updateOutdatedInstancesOnly: false,
      alarmsAreOverridden: false,
      terminationWaitStarted: false,
      revision,
      previousRevision: lastSuccessful?.revision,
      creator: 'codeDeployRollback',
      autoRollback: { enabled: false, events: [] },
      status: 'Created',
      rollback: { triggeredBy: ended.deploymentId, message },
      createTime: at,
      targets: [],
    },
  }
}

function reasonAgainst(ended: Deployment, lastSuccessful: Deployment | undefined): string | undefined {
  if (isBlueGreen(ended)) {
    return reroutedHosts(ended).length > 0 ? undefined : 'no traffic was rerouted; the original hosts still serve it.'
  }
  return lastSuccessful
    ? undefined
    : `deployment group ${ended.deploymentGroupName} has no earlier deployment that succeeded.`
}

/** The hosts whose traffic a blue/green deployment has begun to change. */
export function reroutedHosts({ targets }: Deployment): readonly Participant[] {
  return targets
    .filter(({ events }) =>
      events.some(
        ({ name, startTime }) => (name === 'AllowTraffic' || name === 'BlockTraffic') && startTime !== undefined,
      ),
    )
    .map(({ targetId, label }) => ({ targetId, label }))
}

/** The deployment whose revision a group would go back to: the newest that succeeded, rollbacks included. */
export function findLastSuccessful(
  deployments: readonly Deployment[],
  deploymentGroupId: string,
): Deployment | undefined {
  return deployments.findLast(
    (deployment) =>
      deployment.deploymentGroupId === deploymentGroupId &&
      deployment.status === 'Succeeded' &&
      // It brought traffic back and installed nothing: its revision is that of an earlier one.
      !isReroutedBack(deployment),
  )
}

/** The deployment that keeps a group busy, if any. */
export function findActive(deployments: readonly Deployment[], deploymentGroupId: string): Deployment | undefined {
  return deployments.find((deployment) => deployment.deploymentGroupId === deploymentGroupId && isActive(deployment))
}

function isWanted({ status, creator, stop, autoRollback }: Deployment): boolean {
  if (creator === 'codeDeployRollback') return false
  if (status === 'Failed') return autoRollback.enabled && autoRollback.events.includes('DEPLOYMENT_FAILURE')
  return status === 'Stopped' && stop !== undefined && stop.rollback
}
