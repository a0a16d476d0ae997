import { resolve } from 'node:path'
import { parseArtifact, type Artifact } from '@fairlead/core'
import type { CommonOptions } from '../command-context.ts'
import { openFile } from '../ports/input.ts'
import { subcommand, type CommandGroup } from '../program.ts'

interface RehearseOptions extends CommonOptions {
  readonly host: string
  readonly application?: string
  readonly group: string
  readonly id: string
}

export const rehearseCommands: CommandGroup = (program, io) => {
  subcommand<RehearseOptions>(
    program,
    io,
    {
      usage: 'rehearse <artifact>',
      summary: "run a bundle's lifecycle on a folder that stands for a host; executes its hooks",
      options: (command) =>
        command
          .requiredOption('--host <folder>', 'the folder; absolute destinations are placed below it')
          .option('--application <name>', "default: the artifact's")
          .option('--group <name>', 'deployment group', 'local')
          .option('--id <deployment>', 'deployment id', 'd-REHEARSAL'),
    },
    async ([path = ''], options, { ambient, answer, fail }) => {
      const { runLifecycle } = await import('@fairlead/host-agent')
      const { readArtifact } = await import('@fairlead/artifact-builder')
      const { artifact } = await readArtifact(path, { signal: ambient.signal })
      const report = await runLifecycle(
        { name: 'rehearsal', folder: resolve(options.host) },
        {
          deployment: deploymentOf(parseArtifact(artifact), options),
          fetchBundle: async () => openFile(path),
          ...ambient,
        },
      )
      answer(
        report,
        report.events.map(
          (event) => `${event.status.padEnd(10)} ${event.event}${event.message ? `: ${event.message}` : ''}`,
        ),
      )
      if (report.status !== 'Succeeded') fail()
    },
  )
}

function deploymentOf({ application, path, format }: Artifact, options: RehearseOptions) {
  return {
    deploymentId: options.id,
    deploymentGroupId: options.group,
    deploymentGroupName: options.group,
    applicationName: options.application ?? application,
    revision: { bucket: 'local', key: path, bundleType: format },
  }
}
