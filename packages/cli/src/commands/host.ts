import { parseStagedRelease } from '@fairlead/core'
import type { CommonOptions } from '../command-context.ts'
import { given } from '../options.ts'
import { readInput } from '../ports/input.ts'
import { collect, subcommand, type CommandGroup } from '../program.ts'
import type { Command } from 'commander'

interface RootOptions extends CommonOptions {
  readonly root: string
}

interface StageOptions extends RootOptions {
  readonly from: string
  readonly id: string
  readonly shared?: string[]
  readonly owner?: string
}

interface ProbeOptions extends CommonOptions {
  readonly probeUrl?: string
  readonly probeCommit?: string
  readonly whenLocked?: 'fail' | 'wait'
}

function rootOption(command: Command): Command {
  return command.requiredOption('--root <folder>', 'holds releases, shared and current')
}

function probeOptions(command: Command): Command {
  return command
    .option('--probe-url <url>', 'must answer from the new release, or the old one comes back')
    .option('--when-locked <what>', 'somebody else is switching: fail, or wait', 'fail')
}

export const hostCommands: CommandGroup = (program, io) => {
  const group = program.command('host').description('the releases of this host')

  subcommand<StageOptions>(
    group,
    io,
    {
      usage: 'stage',
      summary: 'put a release beside the live one',
      options: (command) =>
        rootOption(command)
          .requiredOption('--from <folder>', "CodeDeploy's deployment-archive")
          .requiredOption('--id <deployment>', 'the deployment that brings it')
          .option('--shared <path>', 'shared between releases; may be given several times', collect)
          .option('--owner <user>', 'who owns the release; default: who runs this'),
    },
    async (_args, { root, from, id, shared, owner }, { ambient, answer }) => {
      const { stageRelease } = await import('@fairlead/release-symlinker')
      const staged = await stageRelease({ root, from, id, ...given({ shared, owner }), ...ambient })
      answer(staged, [staged.path])
    },
  )

  subcommand<ProbeOptions>(
    group,
    io,
    {
      usage: 'activate <staged-release>',
      summary: 'make what `host stage --json` answered the live release',
      options: (command) =>
        probeOptions(command).option('--probe-commit <commit>', 'default: the commit of the release'),
    },
    async ([path = ''], { probeUrl: url, probeCommit, whenLocked }, { ambient, answer }) => {
      const { activateRelease } = await import('@fairlead/release-symlinker')
      const staged = parseStagedRelease(await readInput(path), path)
      const probe = url === undefined ? undefined : { url, expectCommit: probeCommit ?? staged.commit }
      const report = await activateRelease(staged, { ...given({ probe, whenLocked }), ...ambient })
      answer(report, [`live: ${staged.name}`])
    },
  )

  subcommand<RootOptions & ProbeOptions & { readonly to?: string }>(
    group,
    io,
    {
      usage: 'rollback',
      summary: 'go back to the last good release, or to a named one',
      options: (command) => probeOptions(rootOption(command)).option('--to <release>', 'its name'),
    },
    async (_args, { root, to, probeUrl: url, whenLocked }, { ambient, answer }) => {
      const { rollbackRelease } = await import('@fairlead/release-symlinker')
      const probe = url === undefined ? undefined : { url, expectCommit: true as const }
      const report = await rollbackRelease({ root, ...given({ to, probe, whenLocked }), ...ambient })
      answer(report, [`live: ${report.to}`])
    },
  )

  subcommand<RootOptions & { readonly keep: number }>(
    group,
    io,
    {
      usage: 'prune',
      summary: 'remove old releases, never the live one nor the one to go back to',
      options: (command) => rootOption(command).requiredOption('--keep <count>', 'how many stay', Number),
    },
    async (_args, { root, keep }, { ambient, answer }) => {
      const { pruneReleases } = await import('@fairlead/release-symlinker')
      const report = await pruneReleases({ root, keep, ...ambient })
      answer(
        report,
        report.removed.map((name) => `removed ${name}`),
      )
    },
  )

  subcommand<RootOptions>(
    group,
    io,
    { usage: 'list', summary: 'the releases of this host', options: rootOption },
    async (_args, { root }, { answer }) => {
      const { readInstalledReleases } = await import('@fairlead/release-symlinker')
      const installed = await readInstalledReleases({ root })
      answer(
        installed,
        installed.releases.map((release) => `${release.state.padEnd(10)}  ${release.name}`),
      )
    },
  )
}
