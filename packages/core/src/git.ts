export { runGit, withoutCredentials, type GitAnswer, type GitOptions } from './ports/git-process.ts'
