import type { LifecycleErrorCode } from '../model.ts'

/** The code of the agent's own protocol for a code of the API. 6 (outputs left open) and 7 (restart) have none there. */
export function wireCodeOf(code: LifecycleErrorCode): number {
  switch (code) {
    case 'Success':
      return 0
    case 'ScriptMissing':
      return 1
    case 'ScriptNotExecutable':
      return 2
    case 'ScriptTimedOut':
      return 3
    case 'ScriptFailed':
      return 4
    case 'UnknownError':
      return 5
  }
}
