/** An entry of its own, `@fairlead/host-agent/events`: who needs the list alone need not wait for the agent to load. */
import type { LifecycleEventName } from '@fairlead/appspec'

/** The events of an in-place deployment without a load balancer, in order. */
export const inPlaceEvents: readonly LifecycleEventName[] = [
  'ApplicationStop',
  'DownloadBundle',
  'BeforeInstall',
  'Install',
  'AfterInstall',
  'ApplicationStart',
  'ValidateService',
]
