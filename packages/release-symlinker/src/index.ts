export { activateRelease, type ActivateReleaseOptions, type ReleaseToActivate } from './activate-release.ts'
export { errors as releaseSymlinkerErrors } from './errors.ts'
export type {
  ActivationReport,
  HostFinding,
  HistoryEntry,
  InstalledRelease,
  InstalledReleaseReport,
  InstalledReleases,
  LockOptions,
  LockOwner,
  ProbeOptions,
  ProbeReport,
  PruneReport,
  ReleaseAction,
  ReleaseEvent,
  ReleaseFolder,
  RepairReport,
  TrialOptions,
  UnlockReport,
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
export {
  planRepair,
  type PlanRepairOptions,
  type RepairPlan,
  type RepairStepName,
  type RepairView,
} from './plan/repair.ts'
export { planRollback, type PlanRollbackOptions } from './plan/rollback.ts'
export type { WritablePath } from './plan/stage.ts'
export { planStaging, type PlanStagingOptions, type StagingStepName, type StagingSteps } from './plan/staging.ts'
export { pruneReleases, type PruneReleasesOptions } from './prune-releases.ts'
export { readArchiveManifest, type ReadArchiveManifestOptions } from './read-archive-manifest.ts'
export { readInstalledReleases, type ReadInstalledReleasesOptions } from './read-installed-releases.ts'
export { rollbackRelease, type RollbackReleaseOptions } from './rollback-release.ts'
export { stageRelease, type ArtifactReader, type StageReleaseOptions } from './stage-release.ts'
export { repairReleases, type RepairReleasesOptions } from './repair-releases.ts'
export { unlockReleases, type UnlockReleasesOptions } from './unlock-releases.ts'
export { verifyInstalledRelease, type VerifyInstalledReleaseOptions } from './verify-installed-release.ts'
export { checkHost, type CheckHostOptions } from './check-host.ts'
