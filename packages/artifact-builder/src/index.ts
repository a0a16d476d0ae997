export { buildArtifact } from './build-artifact.ts'
export { diffArtifacts, type ArtifactDifference, type DifferenceSide, type DiffSubject } from './diff-artifacts.ts'
export { extractArtifact, type ExtractArtifactOptions, type ExtractedArtifact } from './extract-artifact.ts'
export { artifactErrors } from './errors.ts'
export type {
  ArtifactEvent,
  ArtifactPlan,
  BuildArtifactOptions,
  ChoosingOptions,
  LeftOutPath,
  Placement,
  PlanArtifactOptions,
  PlannedEntry,
  PlanWarning,
  PlanWarningKind,
  ReadArtifactPlanOptions,
  RefusalReason,
  RefusedEntry,
  SecretAllowance,
  SecretFinding,
  TreeDifference,
  TreeEntry,
} from './model.ts'
export { planArtifact } from './plan-artifact.ts'
export { digestContent } from './plan/content-digest.ts'
export { diffEntries, type EntryDifference } from './plan/diff-entries.ts'
export { explainPath, explainPlan, formatDecision, type PathDecision } from './plan/explain-plan.ts'
export type { IgnoreFile } from './plan/ignore-rules.ts'
export { parseNpmLock, type MissingPackage, type NpmLock } from './plan/production-dependencies.ts'
export { secretRules, type SecretRule } from './plan/secret-rules.ts'
export { readArtifactPlan } from './read-artifact-plan.ts'
export { readArtifact } from './read-artifact.ts'
export { verifyArtifact, type VerifiedArtifact, type VerifyArtifactOptions } from './verify-artifact.ts'
