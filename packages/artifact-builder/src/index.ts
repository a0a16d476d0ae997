export { buildArtifact } from './build-artifact.ts'
export { diffArtifacts, type ArtifactDifference, type DifferenceSide, type DiffSubject } from './diff-artifacts.ts'
export { extractArtifact, type ExtractArtifactOptions, type ExtractedArtifact } from './extract-artifact.ts'
export { artifactErrors } from './errors.ts'
export type {
  ArtifactEvent,
  ArtifactPlan,
  BuildArtifactOptions,
  PlannedEntry,
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
export { secretRules, type SecretRule } from './plan/secret-rules.ts'
export { readArtifact } from './read-artifact.ts'
export { verifyArtifact, type VerifiedArtifact, type VerifyArtifactOptions } from './verify-artifact.ts'
