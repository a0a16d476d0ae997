import { isDeployError } from '@fairlead/core'
import { Command, CommanderError } from 'commander'
import { createContext, type CommandContext, type CommandIo, type CommonOptions } from './command-context.ts'

/** Runs a subcommand: its arguments in order, its options, and what it works with. */
export type Action<Options> = (args: readonly string[], options: Options, context: CommandContext) => Promise<void>

/** Adds a group of subcommands to the program. */
export type CommandGroup = (program: Command, io: ProgramIo) => void

export interface ProgramIo extends CommandIo {
  /** Whether a group or subcommand of that name is run, or its help asked for. */
  readonly isAsked: (name: string) => boolean
  /** Sets the exit code with which the run ends. */
  readonly exitWith: (code: number) => void
}

/** The exit codes of every subcommand. */
export const exitCodes = {
  done: 0,
  /** The thing failed, or was refused; standard error says why. */
  failed: 1,
  /** The call was wrong: nothing was tried. */
  usage: 2,
} as const

const usageErrors = new Set([
  'UNKNOWN_OPTION',
  'INVALID_OPTION',
  'STORE_ADDRESS_INVALID',
  'TARGET_INVALID',
  'ASSIGNMENT_INVALID',
  'OPTION_ALONE',
  'VARIABLE_MISSING',
  'PLACEHOLDER_UNKNOWN',
  'NOT_IN_A_HOOK',
])

/** Declares a subcommand with the options that all have. */
export function subcommand<Options extends CommonOptions>(
  parent: Command,
  io: ProgramIo,
  declaration: { readonly usage: string; readonly summary: string; readonly options?: (command: Command) => Command },
  action: Action<Options>,
): void {
  // Most of a start would be what nobody asked for: the subcommands of other groups, the options of other subcommands.
  const isInGroup = parent.parent !== null
  if (isInGroup && !io.isAsked(parent.name())) return
  const command = parent.command(declaration.usage).description(declaration.summary)
  if (io.isAsked(command.name())) declaration.options?.(command)
  command
    .option('--json', 'answer with JSON on standard output, events as JSON lines on standard error')
    .option('--quiet', 'do not tell events')
    .action(async () => {
      const options = command.opts<Options>()
      const args = command.processedArgs as (string | undefined)[]
      const context = createContext(io, options, () => io.exitWith(exitCodes.failed))
      try {
        await action(
          args.filter((arg) => arg !== undefined),
          options,
          context,
        )
      } catch (error) {
        if (io.signal.aborted) throw error
        io.stderr(formatFailure(error, options.json ?? false))
        io.exitWith(isDeployError(error) && usageErrors.has(error.code) ? exitCodes.usage : exitCodes.failed)
      }
    })
}

function formatFailure(error: unknown, json: boolean): string {
  if (!isDeployError(error)) {
    const words = error instanceof Error ? error.message : String(error)
    return json ? `${JSON.stringify({ name: 'Error', message: words })}\n` : `error: ${words}\n`
  }
  return json ? `${JSON.stringify(error.toJSON())}\n` : `error ${error.code}: ${error.message}\n${error.hint}\n`
}

/** Adds an option that may be given several times. */
export function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value]
}

/** Runs the program on arguments, the program's own name left out, and answers the exit code. */
export async function runProgram(
  declaration: {
    readonly name: string
    readonly summary: string
    readonly version: string
    readonly groups: readonly CommandGroup[]
  },
  args: readonly string[],
  io: CommandIo,
): Promise<number> {
  let exitCode: number = exitCodes.done
  const program = new Command(declaration.name)
    .description(declaration.summary)
    .version(declaration.version)
    .exitOverride()
    .configureOutput({ writeOut: io.stdout, writeErr: io.stderr })
    .configureHelp({ showGlobalOptions: true })
  const programIo: ProgramIo = { ...io, isAsked: (name) => args.includes(name), exitWith: (code) => (exitCode = code) }
  for (const addGroup of declaration.groups) addGroup(program, programIo)
  try {
    await program.parseAsync([...args], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
    throw error
  }
  return exitCode
}
