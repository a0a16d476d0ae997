import type { CommonOptions } from '../command-context.ts'
import { parseAssignments } from '../options.ts'
import { subcommand, type CommandGroup } from '../program.ts'

interface RehearseOptions extends CommonOptions {
  readonly previous?: string
  readonly id?: string
  readonly host?: string
  readonly application?: string
  readonly group?: string
  readonly env?: readonly string[]
  readonly profile?: 'official-1.8' | 'official-2'
  readonly sandbox?: 'auto' | 'require' | 'none'
  readonly asRoot?: true
  readonly plan?: true
}

export const rehearseCommands: CommandGroup = (program, io) => {
  subcommand<RehearseOptions>(
    program,
    io,
    {
      usage: 'rehearse <bundle>',
      summary: 'run a deployment of a folder or archive on a folder that stands for a host, and the way back',
      options: (command) =>
        command
          .option('--previous <bundle>', 'what is on the hosts now; default: nothing was deployed yet')
          .option('--host <folder>', 'the folder, which is kept; default: an empty one')
          .option('--id <deployment>', 'of the new revision', 'd-NEXT')
          .option('--application <name>', 'found by the hooks')
          .option('--group <name>', 'deployment group, found by the hooks')
          .option('--env <NAME=VALUE...>', "the host's settings, found by the hooks")
          .option('--profile <agent>', 'official-1.8 or official-2')
          .option('--sandbox <use>', 'auto, require or none')
          .option('--as-root', 'run the hooks as root, where you are root')
          .option('--plan', 'run no script: say what would run, go and come'),
    },
    async ([bundle = ''], options, { ambient, answer, fail }) => {
      const agent = await import('@fairlead/host-agent')
      const { previous, profile } = options
      if (options.plan) {
        const plan = agent.planRehearsal({
          previous: previous === undefined ? undefined : await agent.readRevision(previous),
          next: await agent.readRevision(bundle),
          profile,
        })
        answer(plan, agent.formatPlannedRehearsal(plan))
        if (plan.hazards.some(({ severity }) => severity === 'error')) fail()
        return
      }
      const report = await agent.rehearseDeployment(bundle, {
        previous,
        folder: options.host,
        deploymentId: options.id,
        applicationName: options.application,
        deploymentGroupName: options.group,
        environment: parseAssignments(options.env, 'NAME=VALUE'),
        profile,
        sandbox: options.sandbox,
        asRoot: options.asRoot,
        signal: ambient.signal,
      })
      answer(report, agent.formatRehearsal(report))
      if (report.status !== 'Succeeded') fail()
    },
  )
}
