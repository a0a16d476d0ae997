import { hostname, userInfo } from 'node:os'

/** Who runs this process: `user@machine`. */
export function whoRuns(): string {
  return `${userName()}@${hostname()}`
}

/** A container may run under a number that has no name. */
function userName(): string {
  try {
    return userInfo().username
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SYSTEM_ERROR') throw error
    return `uid-${process.getuid?.() ?? 'unknown'}`
  }
}
