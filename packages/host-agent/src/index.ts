export { hostAgentErrors } from './errors.ts'
export {
  inPlaceEvents,
  type AgentProfile,
  type FetchBundle,
  type FileExistsBehavior,
  type Host,
  type HostDeployment,
  type HostEvent,
  type HostRevision,
  type LifecycleErrorCode,
  type LifecycleEventName,
  type LifecycleEventResult,
  type LifecycleResult,
} from './model.ts'
export { runLifecycle, type RunLifecycleOptions } from './run-lifecycle.ts'
export { runLifecycleEvent, type RunLifecycleEventOptions } from './run-lifecycle-event.ts'
