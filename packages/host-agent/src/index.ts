export { hostAgentErrors } from './errors.ts'
export { inPlaceEvents } from './events.ts'
export type {
  AgentProfile,
  FetchAgentBundle,
  FetchBundle,
  FileExistsBehavior,
  GitHubHostRevision,
  Host,
  HostDeployment,
  HostEvent,
  HostRevision,
  LifecycleErrorCode,
  LifecycleEventName,
  LifecycleEventResult,
  LifecycleResult,
  LocalHostRevision,
} from './model.ts'
export type { SpecificationEnvelope } from './plan/deployment-specification.ts'
export type { CommandDiagnostics } from './plan/diagnostics.ts'
export type { FileChange } from './plan/file-changes.ts'
export type { Hazard } from './plan/hazards.ts'
export {
  planRehearsal,
  type PlannedEvent,
  type PlannedRehearsal,
  type RehearsalFacts,
  type RevisionFacts,
} from './plan/rehearsal.ts'
export {
  formatPlannedRehearsal,
  formatRehearsal,
  type RehearsalReport,
  type RehearsedDeployment,
  type RehearsedEvent,
  type RehearsedScript,
} from './plan/rehearsal-report.ts'
export { readRevision } from './read-revision.ts'
export { recoverHost, type RecoverHostOptions } from './recover-host.ts'
export { rehearseDeployment, type RehearseDeploymentOptions } from './rehearse-deployment.ts'
export {
  runHostCommand,
  type CommandCompletion,
  type CommandService,
  type HostCommand,
  type RunHostCommandOptions,
} from './run-host-command.ts'
export { runLifecycle, type RunLifecycleOptions } from './run-lifecycle.ts'
export { runLifecycleEvent, type RunLifecycleEventOptions } from './run-lifecycle-event.ts'
export {
  runLocalDeployment,
  type LocalDeployment,
  type LocalDeploymentResult,
  type RunLocalDeploymentOptions,
} from './run-local-deployment.ts'
