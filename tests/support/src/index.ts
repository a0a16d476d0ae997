export { createRepository, type TestRepository } from './repository.ts'
export { canary } from './canary.ts'
export { temporaryFolder } from './temporary-folder.ts'
export { missingTools, withTools } from './tools.ts'
