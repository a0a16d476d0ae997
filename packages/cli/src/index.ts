export { cliErrors } from './errors.ts'
export type { CommandIo } from './command-context.ts'
export { runFairlead } from './run-fairlead.ts'
export { runFairleadHost } from './run-fairlead-host.ts'
