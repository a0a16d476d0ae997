export { checkAppSpec, type CheckAppSpecOptions } from './check-app-spec.ts'
export { appSpecErrors } from './errors.ts'
export { formatAppSpec } from './format-app-spec.ts'
export { inspectAppSpec, type AppSpecInspection, type InspectAppSpecOptions } from './inspect-app-spec.ts'
export {
  agentProfiles,
  fileExistsBehaviors,
  lifecycleEvents,
  scriptedEvents,
  type AgentProfile,
  type AppSpec,
  type AppSpecFile,
  type AppSpecFinding,
  type AppSpecPermission,
  type AppSpecRule,
  type AppSpecScript,
  type BundleFile,
  type BundleFiles,
  type FileExistsBehavior,
  type LifecycleEventName,
} from './model.ts'
export { parseAppSpec, type ParseAppSpecOptions } from './parse-app-spec.ts'
export { isAclProblem, readAclEntry, type AclEntry, type AclProblem } from './plan/acl.ts'
export { renderAppSpec, type RenderAppSpecOptions } from './render-app-spec.ts'
