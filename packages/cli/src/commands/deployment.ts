import { parseDeployment, parsePublication, type Target } from '@fairlead/core'
import type { CommonOptions } from '../command-context.ts'
import { given, openStore, parseTargetOption, storeOption, targetOption } from '../options.ts'
import { readInput } from '../ports/input.ts'
import { collect, subcommand, type CommandGroup } from '../program.ts'

interface StartOptions extends CommonOptions {
  readonly target: string
  readonly region?: string
  readonly runToken?: string
  readonly autoRollback?: ('failure' | 'alarm' | 'stop-on-request')[]
  readonly whenBusy?: 'fail' | 'wait'
  readonly deploymentConfig?: string
  readonly ignoreApplicationStopFailures?: boolean
}

interface WaitOptions extends CommonOptions {
  readonly timeoutMs?: number
}

interface RecordOptions extends CommonOptions {
  readonly store: string
  readonly tag?: string
  readonly by?: string
}

/** What `watch` and `wait` need: an id, or what `deployment start --json` answered. */
async function readDeployment(given: string): Promise<{ readonly deploymentId: string; readonly target?: Target }> {
  return /^d-[A-Z0-9]+$/.test(given) ? { deploymentId: given } : parseDeployment(await readInput(given), given)
}

export const deploymentCommands: CommandGroup = (program, io) => {
  const group = program.command('deployment').description('start, watch, stop and record deployments')

  subcommand<StartOptions>(
    group,
    io,
    {
      usage: 'start <publication>',
      summary: 'start a deployment of what `artifact publish --json` or `release resolve --json` answered',
      options: (command) =>
        targetOption(command)
          .option('--run-token <token>', 'the same token finds the same deployment; default: a random one')
          .option('--auto-rollback <when>', 'failure, alarm or stop-on-request; may be given several times', collect)
          .option('--when-busy <what>', 'another deployment is active: fail, or wait', 'fail')
          .option('--deployment-config <name>', 'default: that of the group')
          .option('--ignore-application-stop-failures', 'go on where the old stop script fails'),
    },
    async ([path = ''], options, { ambient, answer }) => {
      const { startDeployment } = await import('@fairlead/codedeploy-client')
      const { target, region, runToken, autoRollback, whenBusy, deploymentConfig, ignoreApplicationStopFailures } =
        options
      const deployment = await startDeployment(await readPublication(path), parseTargetOption(target, region), {
        ...given({ runToken, autoRollback, whenBusy, deploymentConfig, ignoreApplicationStopFailures }),
        ...ambient,
      })
      answer(deployment, [deployment.deploymentId])
    },
  )

  subcommand<CommonOptions>(
    group,
    io,
    {
      usage: 'watch <deployment>',
      summary: 'show every event of a deployment and of its rollback, by id or from a file',
    },
    async ([given_ = ''], { json }, { ambient, answer }) => {
      const { watchDeployment } = await import('@fairlead/codedeploy-client')
      const { formatEvent } = await import('@fairlead/core')
      for await (const event of watchDeployment(await readDeployment(given_), { signal: ambient.signal })) {
        if (json) answer(event, [])
        else answer(event, [formatEvent(event)])
      }
    },
  )

  subcommand<WaitOptions>(
    group,
    io,
    {
      usage: 'wait <deployment>',
      summary: 'wait for the end of a deployment; fails with the reason where it failed',
      options: (command) => command.option('--timeout-ms <ms>', 'how long at most', Number),
    },
    async ([given_ = ''], { timeoutMs }, { ambient, answer }) => {
      const { waitForDeployment } = await import('@fairlead/codedeploy-client')
      const report = await waitForDeployment(await readDeployment(given_), { ...given({ timeoutMs }), ...ambient })
      answer(report, [`${report.deploymentId} ${report.status}`])
    },
  )

  subcommand<CommonOptions & { readonly rollback?: boolean }>(
    group,
    io,
    {
      usage: 'stop <deployment>',
      summary: 'stop a deployment',
      options: (command) => command.option('--rollback', 'and put the last good revision back'),
    },
    async ([given_ = ''], { rollback }, { ambient, answer }) => {
      const { stopDeployment } = await import('@fairlead/codedeploy-client')
      const deployment = await readDeployment(given_)
      const stopped = await stopDeployment(deployment, { ...given({ rollback }), ...ambient })
      const state = stopped.alreadyEnded ? 'had ended before' : 'is stopping'
      answer(stopped, [`${stopped.deploymentId} ${state}`])
    },
  )

  subcommand<RecordOptions>(
    group,
    io,
    {
      usage: 'record <deployment>',
      summary: 'write into the ledger how a deployment ended, as CodeDeploy says',
      options: (command) =>
        storeOption(command)
          .option('--tag <tag>', 'the release tag that it promoted')
          .option('--by <who>', 'who records it; default: the user of this machine'),
    },
    async ([path = ''], { store, tag, by }, { ambient, answer }) => {
      const { recordDeployment } = await import('@fairlead/release-resolver')
      const entry = await recordDeployment(parseDeployment(await readInput(path), path), {
        store: await openStore(store),
        ...given({ tag, by }),
        ...ambient,
      })
      answer(entry, [`${entry.sequence}  ${entry.deploymentId}  ${entry.status}`])
    },
  )
}

/** A publication, or the one inside a release. */
async function readPublication(path: string) {
  const text = await readInput(path)
  const { parseRelease } = await import('@fairlead/core')
  return text.includes('"fairlead/release/1"') ? parseRelease(text, path).publication : parsePublication(text, path)
}
