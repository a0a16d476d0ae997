import { killAfterTermMs } from '../limits.ts'
import type { AgentProfile } from '../model.ts'

/** Where the versions of the official agent differ. Source: the release notes and source of 2.x against runs of 1.8.1. */
export interface AgentRules {
  /** For the reader of the AppSpec, which knows its own differences. */
  readonly profile: AgentProfile
  /** From SIGTERM to SIGKILL for a script out of time; `undefined`: it is waited for. */
  readonly killAfterTermMs: number | undefined
  /** What stands for the exit code of a script that a signal ended. */
  readonly signalledExitCode: string
}

export function rulesOf(profile: AgentProfile): AgentRules {
  switch (profile) {
    case 'official-1.8':
      return { profile, killAfterTermMs: undefined, signalledExitCode: '' }
    case 'official-2':
      return { profile, killAfterTermMs, signalledExitCode: '1' }
  }
}
