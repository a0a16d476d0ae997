import type { CommonOptions } from '../command-context.ts'
import { subcommand, type CommandGroup } from '../program.ts'

export const hookCommands: CommandGroup = (program, io) => {
  const group = program.command('hook').description('inside a hook script of CodeDeploy')

  subcommand<CommonOptions & { readonly script: string }>(
    group,
    io,
    {
      usage: 'context',
      summary:
        'the deployment, the archive whose script runs and the revision that comes in; in a shell: --script "$0"',
      options: (command) =>
        command.requiredOption('--script <path>', 'the running script: the archive is found from its place'),
    },
    async (_args, { script }, { answer }) => {
      const { readHookContext } = await import('@fairlead/codedeploy-client/hook')
      const hook = await readHookContext({ from: script })
      answer(hook, [
        `event       ${hook.event}`,
        `deployment  ${hook.deploymentId}`,
        `target      ${hook.application}/${hook.deploymentGroup}`,
        `archive     ${hook.archive.path}`,
        `commit      ${hook.archive.commit}`,
      ])
    },
  )
}
