import type { CommandIo } from './command-context.ts'
import { appspecCommands } from './commands/appspec.ts'
import { artifactCommands } from './commands/artifact.ts'
import { deploymentCommands } from './commands/deployment.ts'
import { hookCommands } from './commands/hook.ts'
import { hostCommands } from './commands/host.ts'
import { localAwsCommands } from './commands/local-aws.ts'
import { rehearseCommands } from './commands/rehearse.ts'
import { releaseCommands } from './commands/release.ts'
import { secretsCommands } from './commands/secrets.ts'
import { runProgram } from './program.ts'
import { version } from './version.ts'

/** Runs the command `fairlead` on arguments, its own name left out, and answers the exit code: 0, 1 (failed) or 2 (usage). */
export function runFairlead(args: readonly string[], io: CommandIo): Promise<number> {
  return runProgram(
    {
      name: 'fairlead',
      summary: 'One artifact from a merge to every environment on AWS CodeDeploy.',
      version,
      groups: [
        artifactCommands,
        deploymentCommands,
        releaseCommands,
        secretsCommands,
        hostCommands,
        hookCommands,
        appspecCommands,
        rehearseCommands,
        localAwsCommands,
      ],
    },
    args,
    io,
  )
}
