export { findGroup, findUser, type AccountOptions, type UserAccount } from './ports/accounts.ts'
export { findProcess, identifyThisProcess, type ProcessIdentity, type RunningProcess } from './ports/processes.ts'
