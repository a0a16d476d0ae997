import { formatEvent, type DeployEvent } from '@fairlead/core'
import { createProgressFilter } from './plan/progress-filter.ts'

/** Where a run of the command writes, and what stops it. */
export interface CommandIo {
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  readonly signal: AbortSignal
}

/** What every subcommand works with. */
export interface CommandContext {
  /**
   * `signal` and `onEvent`, to be handed to a verb: events go to standard error, a line each; of progress, a line a
   * second without `--json`.
   */
  readonly ambient: { readonly signal: AbortSignal; readonly onEvent: (event: DeployEvent) => void }
  /** Writes the answer: with `--json` the value, else the lines. */
  readonly answer: (value: unknown, lines: readonly string[]) => void
  /** Says that the answer means failure: the command ends with 1. */
  readonly fail: () => void
}

/** Options that every subcommand has. */
export interface CommonOptions {
  readonly json?: boolean
  readonly quiet?: boolean
}

export function createContext(io: CommandIo, { json, quiet }: CommonOptions, fail: () => void): CommandContext {
  const isWorthALine = createProgressFilter()
  return {
    ambient: {
      signal: io.signal,
      onEvent: (event) => {
        if (quiet) return
        if (json) io.stderr(`${JSON.stringify(event)}\n`)
        else if (isWorthALine(event)) io.stderr(`${formatEvent(event)}\n`)
      },
    },
    answer: (value, lines) =>
      io.stdout(json ? `${JSON.stringify(value, null, 2)}\n` : lines.map((line) => `${line}\n`).join('')),
    fail,
  }
}
