import { ambientOptionNames, checkOptions, type AmbientOptions } from '@fairlead/core'
import { inPlaceEvents } from './events.ts'
import type {
  FetchBundle,
  Host,
  HostDeployment,
  HostEvent,
  LifecycleEventName,
  LifecycleEventResult,
  LifecycleResult,
} from './model.ts'
import { requireEvents, runLifecycleEvent } from './run-lifecycle-event.ts'
import { requireDeployment, requireHost } from './subject.ts'

export interface RunLifecycleOptions extends AmbientOptions<HostEvent> {
  readonly deployment: HostDeployment
  readonly fetchBundle: FetchBundle
  /** Default: {@link inPlaceEvents}. */
  readonly events?: readonly LifecycleEventName[] | undefined
}

/**
 * Runs the lifecycle events of a deployment on a host, one after the other. The first that fails is the last that runs.
 *
 * @throws HOST_INVALID, HOST_DEPLOYMENT_INVALID, UNKNOWN_OPTION, INVALID_OPTION
 */
export async function runLifecycle(host: Host, options: RunLifecycleOptions): Promise<LifecycleResult> {
  checkOptions('runLifecycle', options, ['deployment', 'fetchBundle', 'events', ...ambientOptionNames])
  const { events = inPlaceEvents, ...rest } = options
  requireHost(host)
  requireDeployment(options.deployment)
  requireEvents('runLifecycle', 'events', events)
  const results: LifecycleEventResult[] = []
  for (const event of events) {
    const result = await runLifecycleEvent(host, { ...rest, event })
    results.push(result)
    if (result.status === 'Failed') return { status: 'Failed', events: results }
  }
  return { status: 'Succeeded', events: results }
}
