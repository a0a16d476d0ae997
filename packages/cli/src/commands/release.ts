import { formatTarget } from '@fairlead/core'
import type { CommonOptions } from '../command-context.ts'
import { openStore, parseTargetOption, storeOption, targetOption } from '../options.ts'
import { collect, subcommand, type CommandGroup } from '../program.ts'
import type { Command } from 'commander'

interface ResolveOptions extends CommonOptions {
  readonly repository: string
  readonly store: string
}

interface CheckOptions extends ResolveOptions {
  readonly deployedTo?: string[]
  readonly onBranch?: string[]
  readonly region?: string
}

interface StatusOptions extends CommonOptions {
  readonly store: string
  readonly target: string
  readonly region?: string
}

function repositoryOption(command: Command): Command {
  return storeOption(command).option('--repository <address>', 'a folder or an address', '.')
}

export const releaseCommands: CommandGroup = (program, io) => {
  const group = program.command('release').description('from a tag to the bytes that were built and tested before')

  subcommand<ResolveOptions>(
    group,
    io,
    { usage: 'resolve <tag>', summary: "the tag's commit and what it was built into", options: repositoryOption },
    async ([tag = ''], { repository, store }, { ambient, answer }) => {
      const { resolveRelease } = await import('@fairlead/release-resolver')
      const release = await resolveRelease({ repository, tag, store: await openStore(store), ...ambient })
      answer(release, [`${release.tag}  commit ${release.commit}  sha256 ${release.publication.sha256}`])
    },
  )

  subcommand<CheckOptions>(
    group,
    io,
    {
      usage: 'check <tag>',
      summary: 'whether a tag may be promoted; ends with 1 and every reason where it may not',
      options: (command) =>
        repositoryOption(command)
          .option('--deployed-to <application/group>', 'it ran there before; may be given several times', collect)
          .option('--on-branch <name>', 'its commit is on that branch; may be given several times', collect)
          .option('--region <region>', 'region of the targets'),
    },
    async ([tag = ''], options, { ambient, answer, fail }) => {
      const { checkPromotable, deployedTo, onBranch, resolveRelease } = await import('@fairlead/release-resolver')
      const { repository, region } = options
      const store = await openStore(options.store)
      const release = await resolveRelease({ repository, tag, store, ...ambient })
      const gates = [
        ...(options.deployedTo ?? []).map((target) => deployedTo(parseTargetOption(target, region))),
        ...(options.onBranch ?? []).map((name) => onBranch(name)),
      ]
      const findings = await checkPromotable(release, { store, gates, signal: ambient.signal })
      answer(
        { release, findings },
        findings.length === 0 ? [`${tag} may be promoted`] : findings.map(({ message }) => message),
      )
      if (findings.length > 0) fail()
    },
  )

  subcommand<StatusOptions>(
    group,
    io,
    {
      usage: 'status',
      summary: 'what a target runs and what was deployed there last, by the ledger',
      options: (command) => storeOption(targetOption(command)),
    },
    async (_args, options, { ambient, answer }) => {
      const { readTarget } = await import('@fairlead/release-resolver')
      const target = parseTargetOption(options.target, options.region)
      const head = await readTarget(target, { store: await openStore(options.store), signal: ambient.signal })
      if (!head) return answer(null, [`${formatTarget(target)}: nothing was recorded`])
      const { current, latest } = head
      answer(head, [
        `${formatTarget(target)}`,
        `runs    ${current ? `${current.tag ?? current.commit}  ${current.deploymentId}` : 'nothing that succeeded'}`,
        `latest  ${latest.tag ?? latest.commit}  ${latest.deploymentId}  ${latest.status}`,
      ])
    },
  )
}
