/**
 * Which hosts a deployment goes to next, and when it has succeeded or failed. The rules are those of "CodeDeploy
 * instance health" and "Predefined deployment configurations" in the user guide:
 * https://docs.aws.amazon.com/codedeploy/latest/userguide/instances-health.html
 */
import type { DeploymentError, MinimumHealthyHosts } from '../model.ts'

/** The hosts of a deployment, counted by how far they are. */
export interface Fleet {
  readonly pending: number
  readonly inProgress: number
  readonly succeeded: number
  readonly failed: number
}

export type NextHosts =
  | { readonly do: 'start'; readonly count: number }
  | { readonly do: 'wait' }
  | { readonly do: 'succeed' }
  | { readonly do: 'fail'; readonly error: DeploymentError }

/** AWS's words, which people search for. */
export const healthConstraints: DeploymentError = {
  code: 'HEALTH_CONSTRAINTS',
  message:
    'The overall deployment failed because too many individual instances failed deployment, too few healthy instances are available for deployment, or some instances in your deployment group are experiencing problems.',
}

const noInstances: DeploymentError = {
  code: 'NO_INSTANCES',
  message:
    'The deployment failed because no instances were found for your deployment group. Check your deployment group settings to make sure the tags for your Amazon EC2 instances or Auto Scaling groups correctly identify the instances you want to deploy to, and then try again.',
}

/** How many of `total` hosts must be healthy at any moment. A percentage is rounded up. */
export function minimumHealthy(total: number, minimum: MinimumHealthyHosts): number {
  switch (minimum.type) {
    case 'HOST_COUNT':
      return minimum.value
    case 'FLEET_PERCENT':
      return Math.ceil((total * minimum.value) / 100)
    case 'MOST_CONCURRENCY':
      return Math.max(0, total - minimum.value)
  }
}

/**
 * What to do next. A host is taken out of service while it is deployed to, and stays out when that fails; no host is
 * started that would leave fewer than the minimum. Hence `OneAtATime` fails at the first failure, except at the last
 * host: nothing else has to go out of service then, and all but one are healthy, as it demands. Whatever the minimum,
 * at least one host must succeed.
 */
export function nextHosts(fleet: Fleet, minimum: MinimumHealthyHosts): NextHosts {
  const { pending, inProgress, succeeded, failed } = fleet
  const total = pending + inProgress + succeeded + failed
  if (total === 0) return { do: 'fail', error: noInstances }
  const healthy = minimumHealthy(total, minimum)
  if (total - healthy <= 0) return { do: 'fail', error: constraintsInvalid(total, minimum, healthy) }
  const room = total - healthy - failed - inProgress
  if (pending > 0 && room > 0) return { do: 'start', count: Math.min(pending, room) }
  if (inProgress > 0) return { do: 'wait' }
  return pending === 0 && succeeded >= Math.max(1, healthy)
    ? { do: 'succeed' }
    : { do: 'fail', error: healthConstraints }
}

function constraintsInvalid(total: number, { type, value }: MinimumHealthyHosts, healthy: number): DeploymentError {
  return {
    code: 'HEALTH_CONSTRAINTS_INVALID',
    message: `The revision cannot be successfully deployed within the instance health constraints specified: ${type} ${value} demands ${healthy} healthy of ${total} instances, so that none can be deployed to.`,
  }
}
