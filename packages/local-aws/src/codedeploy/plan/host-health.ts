/**
 * What the group's earlier deployments say of a host, and the order that follows. "CodeDeploy instance health":
 * https://docs.aws.amazon.com/codedeploy/latest/userguide/instances-health.html
 */
import type { Deployment, Revision } from '../model.ts'
import { isReroutedBack } from './lifecycle.ts'
import { isSame } from './revision.ts'

export interface HostHealth {
  /** The last deployment to the host failed. */
  readonly isUnhealthy: boolean
  /** What its last successful deployment left there. */
  readonly revision?: Revision | undefined
}

/** `deployments` are the group's, the oldest first. */
export function healthOf(deployments: readonly Deployment[]): (host: string) => HostHealth {
  const known = new Map<string, HostHealth>()
  for (const deployment of deployments) {
    // A changeover back installs nothing.
    if (isReroutedBack(deployment)) continue
    const { targets, revision } = deployment
    for (const { targetId, status, label } of targets) {
      if (label === 'Blue') continue
      if (status === 'Succeeded' || status === 'Ready') known.set(targetId, { isUnhealthy: false, revision })
      if (status === 'Failed') known.set(targetId, { ...known.get(targetId), isUnhealthy: true })
    }
  }
  return (host) => known.get(host) ?? { isUnhealthy: false }
}

/** Unhealthy hosts come first, then those without a known revision, then those with an old one. */
export function orderByHealth(
  hosts: readonly string[],
  health: (host: string) => HostHealth,
  current: Revision | undefined,
): readonly string[] {
  const rank = (host: string) => {
    const { isUnhealthy, revision } = health(host)
    if (isUnhealthy) return 0
    if (revision === undefined) return 1
    return current !== undefined && isSame(revision, current) ? 3 : 2
  }
  return hosts
    .map((host) => ({ host, rank: rank(host) }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ host }) => host)
}

/** The hosts that do not run this revision. A host whose last deployment failed does not, whatever ran before. */
export function outdatedHosts(
  hosts: readonly string[],
  health: (host: string) => HostHealth,
  revision: Revision,
): readonly string[] {
  return hosts.filter((host) => {
    const known = health(host)
    return known.isUnhealthy || known.revision === undefined || !isSame(known.revision, revision)
  })
}
