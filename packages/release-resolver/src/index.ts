export { checkPromotable } from './check-promotable.ts'
export { deployedTo } from './deployed-to.ts'
export { errors as releaseResolverErrors } from './errors.ts'
export type {
  CheckPromotableOptions,
  Gate,
  GateContext,
  GateFinding,
  PromotionFinding,
  ReadTargetOptions,
  RecordDeploymentOptions,
  ReleaseEvent,
  ResolveReleaseOptions,
} from './model.ts'
export { onBranch } from './on-branch.ts'
export type { CodeDeployClientLike } from './ports/codedeploy.ts'
export { readTarget } from './read-target.ts'
export { readTargetHistory } from './read-target-history.ts'
export { recordDeployment } from './record-deployment.ts'
export { requirePromotable } from './require-promotable.ts'
export { resolveRelease } from './resolve-release.ts'
