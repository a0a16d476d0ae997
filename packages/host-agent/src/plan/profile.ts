import { killAfterTermMs } from '../limits.ts'
import type { AgentProfile } from '../model.ts'

/**
 * Where the versions of the official agent differ; nothing else may. Sources: runs of 1.8.1 and its source, against the
 * source, the tests and the release notes of 2.0 to 2.1.
 */
export interface AgentRules {
  /** For the reader of the AppSpec: 2.x keeps an unquoted mode as written, and takes either os. Its tests and source. */
  readonly profile: AgentProfile
  /** From SIGTERM to SIGKILL for a script out of time; `undefined`: it is waited for. Source of 2.x. */
  readonly killAfterTermMs: number | undefined
  /** What stands for the exit code of a script that a signal ended. Source of 2.x. */
  readonly signalledExitCode: string
  /** Whether hooks look for the AppSpec under its other names, as Install does. Release notes of 2.0. */
  readonly hooksFindOtherNames: boolean
  /** Whether the line that starts a script is a text that Ruby cuts into words. Runs of 1.8.1. */
  readonly startsScriptsByText: boolean
  /** Whether old revisions go by a line of text, too, so that a name with a blank in it stays. Runs of 1.8.1. */
  readonly prunesByText: boolean
  /** How often a failed command is completed on the wire: the real answer, then one without facts. Runs of 1.8.1. */
  readonly completionsOfFailure: 1 | 2
  /** Whether an AppSpec's path may lead out of the revision. Release notes of 2.1.0. */
  readonly appSpecMayLieOutside: boolean
  /** Whether an archive is unpacked as `tar` and `unzip` do, or refused where an entry would leave. Ours: a rehearsal is safe. */
  readonly unpacksEscapes: boolean
}

export function rulesOf(profile: AgentProfile): AgentRules {
  switch (profile) {
    case 'official-1.8':
      return {
        profile,
        killAfterTermMs: undefined,
        signalledExitCode: '',
        hooksFindOtherNames: false,
        startsScriptsByText: true,
        prunesByText: true,
        completionsOfFailure: 2,
        appSpecMayLieOutside: true,
        unpacksEscapes: true,
      }
    case 'official-2':
      return {
        profile,
        killAfterTermMs,
        signalledExitCode: '1',
        hooksFindOtherNames: true,
        startsScriptsByText: false,
        prunesByText: false,
        completionsOfFailure: 1,
        appSpecMayLieOutside: false,
        unpacksEscapes: false,
      }
  }
}
