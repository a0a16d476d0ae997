export { checkAppSpec, type CheckAppSpecOptions } from './check-app-spec.ts'
export { appSpecErrors } from './errors.ts'
export { formatAppSpec } from './format-app-spec.ts'
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
