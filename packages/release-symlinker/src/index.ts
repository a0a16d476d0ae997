export { activateRelease, type ActivateReleaseOptions, type ReleaseToActivate } from './activate-release.ts'
export { errors as releaseSymlinkerErrors } from './errors.ts'
export type {
  ActivationReport,
  HistoryEntry,
  InstalledRelease,
  InstalledReleases,
  LockOptions,
  LockOwner,
  ProbeOptions,
  ProbeReport,
  PruneReport,
  ReleaseAction,
  ReleaseEvent,
  ReleaseFolder,
} from './model.ts'
export {
  planActivation,
  type ActivationPlan,
  type ActivationStepName,
  type ActivationView,
  type Operation,
  type PlanActivationOptions,
  type Step,
} from './plan/activate.ts'
export { formatPlan } from './plan/format.ts'
export { planPrune, type PlanPruneOptions, type PrunedRelease, type PrunePlan } from './plan/prune.ts'
export { planRollback, type PlanRollbackOptions } from './plan/rollback.ts'
export { pruneReleases, type PruneReleasesOptions } from './prune-releases.ts'
export { readInstalledReleases, type ReadInstalledReleasesOptions } from './read-installed-releases.ts'
export { rollbackRelease, type RollbackReleaseOptions } from './rollback-release.ts'
export { stageRelease, type StageReleaseOptions } from './stage-release.ts'
