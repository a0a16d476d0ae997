import {
  ambientOptionNames,
  checkOptions,
  coreErrors,
  describeValue,
  systemClock,
  type AmbientOptions,
} from '@fairlead/core'
import { lifecycleEvents } from '@fairlead/appspec'
import type {
  FetchAgentBundle,
  FetchBundle,
  Host,
  HostDeployment,
  HostEvent,
  LifecycleEventName,
  LifecycleEventResult,
} from './model.ts'
import { runEvent } from './steps/run-event.ts'
import { openScene } from './steps/scene.ts'
import { requireDeployment, requireHost } from './subject.ts'

export interface RunLifecycleEventOptions extends AmbientOptions<HostEvent> {
  readonly deployment: HostDeployment
  readonly event: LifecycleEventName
  readonly fetchBundle: FetchBundle
}

/**
 * Runs one lifecycle event of a deployment on a host, as CodeDeploy's agent does. What fails on the host (a script, a
 * file in the way, a bundle that cannot be read) is a result. Cancelling ends the process group of a running script
 * before it rejects.
 *
 * @throws HOST_INVALID, HOST_DEPLOYMENT_INVALID, UNKNOWN_OPTION, INVALID_OPTION
 */
export async function runLifecycleEvent(host: Host, options: RunLifecycleEventOptions): Promise<LifecycleEventResult> {
  checkOptions('runLifecycleEvent', options, ['deployment', 'event', 'fetchBundle', ...ambientOptionNames])
  const { deployment, event, fetchBundle, signal, onEvent, clock = systemClock } = options
  requireHost(host)
  requireDeployment(deployment)
  requireEvents('runLifecycleEvent', 'event', [event])
  signal?.throwIfAborted()
  const scene = await openScene({ host, deployment, event, clock, signal, onEvent })
  // Its deployments come from S3, and from nowhere else.
  return runEvent({ ...scene, event }, fetchBundle as FetchAgentBundle)
}

/** @throws INVALID_OPTION */
export function requireEvents(verb: string, option: string, events: readonly LifecycleEventName[]): void {
  for (const event of events) {
    if (lifecycleEvents.includes(event)) continue
    const expected = lifecycleEvents.join(', ')
    throw coreErrors.INVALID_OPTION({ verb, option, given: describeValue(event), expected })
  }
}
