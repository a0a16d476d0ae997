import type { CommandIo } from './command-context.ts'
import { hookCommands } from './commands/hook.ts'
import { hostCommands } from './commands/host.ts'
import { secretsCommands } from './commands/secrets.ts'
import { runProgram } from './program.ts'
import { version } from './version.ts'

/** Runs the commands of a host alone: what `fairlead-host.mjs` holds. */
export function runFairleadHost(args: readonly string[], io: CommandIo): Promise<number> {
  return runProgram(
    {
      name: 'fairlead-host',
      summary: 'The Fairlead commands of a host: secrets, releases, hooks.',
      version,
      groups: [secretsCommands, hostCommands, hookCommands],
    },
    args,
    io,
  )
}
