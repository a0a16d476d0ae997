/**
 * Which lifecycle events a deployment has, and in which order its hosts go through them. The tables of "AppSpec 'hooks'
 * section" in the user guide: https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
 */
import type { LifecycleEventName } from '@fairlead/host-agent'
import { inPlaceEvents } from '@fairlead/host-agent/events'
import type { Deployment, MinimumHealthyHosts, ProgressStatus, TargetLabel } from '../model.ts'

/** A part of a deployment that its hosts go through side by side, as many at a time as the configuration allows. */
export interface Phase {
  /** Only these hosts of a blue/green deployment. */
  readonly label?: TargetLabel | undefined
  readonly events: readonly LifecycleEventName[]
  /** What a host is before the phase, and what it is when it came through. */
  readonly from: ProgressStatus
  readonly to: 'Ready' | 'Succeeded'
  /** `none`: every host at once, and each must come through. */
  readonly minimumHealthyHosts: MinimumHealthyHosts | 'none'
}

const block: readonly LifecycleEventName[] = ['BeforeBlockTraffic', 'BlockTraffic', 'AfterBlockTraffic']
const allow: readonly LifecycleEventName[] = ['BeforeAllowTraffic', 'AllowTraffic', 'AfterAllowTraffic']
/** AWS does not list them; of the in-place events these neither download nor install. */
const restart: readonly LifecycleEventName[] = ['ApplicationStop', 'ApplicationStart', 'ValidateService']

/** The service's own events: no agent is asked. */
export function isServiceEvent(event: LifecycleEventName): boolean {
  return event === 'BlockTraffic' || event === 'AllowTraffic'
}

/**
 * Where `ignoreApplicationStopFailures` lets the deployment go on: the events whose scripts are the previous revision's.
 * https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeployment.html
 */
export function isIgnorable(event: LifecycleEventName): boolean {
  return event === 'ApplicationStop' || event === 'BeforeBlockTraffic' || event === 'AfterBlockTraffic'
}

export function isBlueGreen({ style }: Pick<Deployment, 'style'>): boolean {
  return style.type === 'BLUE_GREEN'
}

/** The deployment that reroutes traffic to the original hosts again, and installs nothing. */
export function isReroutedBack(deployment: Pick<Deployment, 'style' | 'creator'>): boolean {
  return isBlueGreen(deployment) && deployment.creator === 'codeDeployRollback'
}

/** Every event that a host will have, in order. */
export function eventsOf(deployment: Deployment, label: TargetLabel | undefined): readonly LifecycleEventName[] {
  return phasesOf(deployment)
    .filter((phase) => phase.label === label)
    .flatMap(({ events }) => events)
}

/**
 * The minimum of healthy hosts is one of the replacements; every single original host must let go of its traffic
 * (https://docs.aws.amazon.com/codedeploy/latest/userguide/instances-health.html).
 */
export function phasesOf(deployment: Deployment): readonly Phase[] {
  const { style, restartOf, minimumHealthyHosts } = deployment
  const only = { from: 'Pending', to: 'Succeeded' } as const
  if (isReroutedBack(deployment)) {
    return [
      { label: 'Blue', events: allow, ...only, minimumHealthyHosts: 'none' },
      { label: 'Green', events: block, ...only, minimumHealthyHosts: 'none' },
    ]
  }
  if (isBlueGreen(deployment)) {
    return [
      { label: 'Green', events: inPlaceEvents, from: 'Pending', to: 'Ready', minimumHealthyHosts },
      { label: 'Green', events: allow, from: 'Ready', to: 'Succeeded', minimumHealthyHosts },
      { label: 'Blue', events: block, ...only, minimumHealthyHosts: 'none' },
    ]
  }
  const own = restartOf === undefined ? inPlaceEvents : restart
  const events = style.option === 'WITH_TRAFFIC_CONTROL' ? [...block, ...own, ...allow] : own
  return [{ events, ...only, minimumHealthyHosts }]
}
