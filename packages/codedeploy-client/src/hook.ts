export { codeDeployErrors } from './errors.ts'
export {
  readHookContext,
  type HookContext,
  type HookEvent,
  type HookSource,
  type IncomingRevision,
} from './read-hook-context.ts'
