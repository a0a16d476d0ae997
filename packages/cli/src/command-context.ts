import { formatEvent, type DeployEvent } from '@fairlead/core'

/** Where a run of the command writes, and what stops it. */
export interface CommandIo {
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  readonly signal: AbortSignal
}

/** What every subcommand works with. */
export interface CommandContext {
  /** `signal` and `onEvent`, to be handed to a verb: events go to standard error, a line each. */
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
  return {
    ambient: {
      signal: io.signal,
      onEvent: (event) => {
        if (!quiet) io.stderr(`${json ? JSON.stringify(event) : formatEvent(event)}\n`)
      },
    },
    answer: (value, lines) =>
      io.stdout(json ? `${JSON.stringify(value, null, 2)}\n` : lines.map((line) => `${line}\n`).join('')),
    fail,
  }
}
