import { parseStagedRelease } from '@fairlead/core'
import type { ArtifactReader, InstalledReleases } from '@fairlead/release-symlinker'
import { Option, type Command } from 'commander'
import type { CommonOptions } from '../command-context.ts'
import { cliErrors } from '../errors.ts'
import { parsePath, parseUrl, parseWritable, runInRelease } from '../host-options.ts'
import { given } from '../options.ts'
import { printable } from '../plan/printable.ts'
import { readInput } from '../ports/input.ts'
import { collect, subcommand, type CommandGroup, type ProgramIo } from '../program.ts'

interface RootOptions extends CommonOptions {
  readonly root: string
}

interface LockOptions {
  readonly whenLocked?: 'fail' | 'wait'
  readonly lockTimeoutMs?: number
}

interface StageOptions extends RootOptions, LockOptions {
  readonly from: string
  readonly id: string
  readonly commit?: string
  readonly shared?: string[]
  readonly overlap?: string[]
  readonly writable?: string[]
  readonly immutable?: boolean
  readonly move?: string[]
  readonly owner?: string
  readonly group?: string
}

interface SwitchOptions extends CommonOptions, LockOptions {
  readonly beforeSwitch?: string
  readonly check?: string
  readonly reload?: string
  readonly trial?: string
  readonly trialPath?: string
  readonly probeUrl?: string
  readonly probeCommit?: string
  readonly probeHeader?: string
  readonly link?: 'relative' | 'absolute'
  readonly why?: string
}

interface DeployOptions extends Omit<StageOptions, 'from' | 'id'>, SwitchOptions {
  readonly from?: string
  readonly id?: string
  readonly script?: string
  readonly keep?: number
  readonly keepInUse?: boolean
  readonly dryRun?: boolean
}

function rootOption(command: Command): Command {
  return command.requiredOption('--root <folder>', 'holds releases, shared and current')
}

function lockOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--when-locked <what>', 'another run works on the root').choices(['fail', 'wait']).default('fail'),
    )
    .option('--lock-timeout-ms <ms>', 'how long wait waits; default: five minutes', Number)
}

function stageOptions(command: Command): Command {
  return lockOptions(command)
    .option('--commit <commit>', 'of a folder without a manifest: what it was made of; it is taken as it is')
    .option('--shared <path>', 'shared between releases; may be given several times', collect)
    .option('--overlap <folder>', 'fingerprinted assets: those of the live release come along; several times', collect)
    .option('--writable <path[:mode]>', 'the application writes there, e.g. var/cache:2775; several times', collect)
    .option('--immutable', 'nobody changes a file of a release in place: what is unchanged gets a second name')
    .option('--move <folder>', 'a top folder of the archive that no later hook needs: renamed; several times', collect)
    .option('--owner <user>', 'who owns the release; default: who runs this')
    .option('--group <group>', "default: the owner's first one")
}

/** The commands of these run in the folder of the release, with FAIRLEAD_RELEASE and FAIRLEAD_COMMIT set. */
function actionOptions(command: Command): Command {
  return command
    .option('--before-switch <command>', 'a shell command before the switch: fresh secrets')
    .option('--reload <command>', 'a shell command after the switch, and after a switch back: reload the workers')
    .option('--probe-url <url>', 'must answer from the new release, or the old one comes back', parseUrl)
    .option('--probe-header <name>', 'the response header with the commit; default: x-release-commit')
    .addOption(new Option('--link <form>', 'what current holds').choices(['relative', 'absolute']).default('relative'))
    .option('--why <words>', 'for the history')
}

function switchOptions(command: Command): Command {
  return actionOptions(command)
    .option('--check <command>', 'a shell command before the switch that the release has to pass')
    .option('--trial <command>', 'a shell command that serves the release on port $PORT, asked before the switch')
    .option('--trial-path <path>', 'what is asked for; default: /', parsePath)
    .option('--probe-commit <commit>', 'default: the commit of the release')
}

/** It is loaded where an artifact is still a file: of a folder, which CodeDeploy's agent has unpacked, it reads nothing. */
const lazyReader: ArtifactReader = {
  readArtifact: async (...args) => (await import('../artifact-reader.ts')).artifactReader.readArtifact(...args),
  extractArtifact: async (...args) => (await import('../artifact-reader.ts')).artifactReader.extractArtifact(...args),
}

/** What the flags ask of a staging. */
function stagingOf(options: StageOptions) {
  const { root, from, id, commit, shared, overlap, immutable, move, owner, group, whenLocked, lockTimeoutMs } = options
  const writable = options.writable?.map(parseWritable)
  return {
    root,
    from,
    id,
    reader: lazyReader,
    ...given({ commit, shared, overlap, writable, immutable, move, owner, group, whenLocked, lockTimeoutMs }),
  }
}

/** What the flags ask of a switch; `commit` is what the probe has to see. */
function switchOf(options: SwitchOptions, commit: string | true, io: ProgramIo) {
  const { trial: command, trialPath: path, probeUrl: url, probeHeader: header, link, why } = options
  const { whenLocked, lockTimeoutMs } = options
  return given({
    beforeSwitch: runInRelease(options.beforeSwitch, io),
    check: runInRelease(options.check, io),
    reload: runInRelease(options.reload, io),
    trial: command === undefined ? undefined : { command: ['/bin/sh', '-c', command], ...given({ path }) },
    probe: url === undefined ? undefined : { url, expectCommit: options.probeCommit ?? commit, ...given({ header }) },
    link,
    why,
    whenLocked,
    lockTimeoutMs,
  })
}

/** The archive and the deployment: as given, or as CodeDeploy's agent tells the script that runs. */
async function arrivalOf({ from, id, script }: DeployOptions): Promise<{ readonly from: string; readonly id: string }> {
  if (from !== undefined && id !== undefined) return { from, id }
  const isInHook = process.env['LIFECYCLE_EVENT'] !== undefined
  if (from !== undefined && !isInHook) throw cliErrors.OPTION_ALONE({ given: '--from', missing: '--id' })
  if (id !== undefined && !isInHook) throw cliErrors.OPTION_ALONE({ given: '--id', missing: '--from' })
  const { readHookContext } = await import('@fairlead/codedeploy-client/hook')
  const hook = await readHookContext({ from: script ?? process.argv[1] ?? '' })
  return { from: from ?? hook.archive.path, id: id ?? hook.deploymentId }
}

export const hostCommands: CommandGroup = (program, io) => {
  const group = program.command('host').description('the releases of this host')

  subcommand<DeployOptions>(
    group,
    io,
    {
      usage: 'deploy',
      summary: 'stage, activate and prune: the one line of an AfterInstall hook',
      options: (command) =>
        switchOptions(stageOptions(rootOption(command)))
          .option('--from <path>', 'the archive: a folder, or a zip; default: that of the hook that runs')
          .option('--id <deployment>', 'the deployment that brings it; default: that of the hook that runs')
          .option('--script <path>', 'the running script, "$0": the archive is found from its place')
          .option('--keep <count>', 'how many releases stay; default: all', Number)
          .option('--keep-in-use', 'releases that a process works in stay too')
          .option('--dry-run', 'print every file operation of the staging, and change nothing'),
    },
    async (_args, options, context) => {
      const { activateRelease, pruneReleases, stageRelease } = await import('@fairlead/release-symlinker')
      const { ambient, answer } = context
      const { root, keep, keepInUse, whenLocked, lockTimeoutMs } = options
      const arrival = await arrivalOf(options)
      const staging = stagingOf({ ...options, ...arrival })
      if (options.dryRun) return await printPlan(staging, context)
      const staged = await stageRelease({ ...staging, ...ambient })
      const report = await activateRelease(staged, { ...switchOf(options, staged.commit, io), ...ambient })
      // What cannot be removed is a warning: the deploy has succeeded.
      const prune = given({ keepInUse, whenLocked, lockTimeoutMs })
      const pruned = keep === undefined ? undefined : await pruneReleases({ root, keep, ...prune, ...ambient })
      answer({ staged, activation: report, ...given({ pruned }) }, [
        `live: ${staged.name}`,
        ...(pruned?.removed ?? []).map((name) => `removed ${name}`),
        ...(pruned?.warnings ?? []).map(({ path, reason }) => `warning: could not remove ${path}: ${reason}`),
      ])
    },
  )

  subcommand<StageOptions>(
    group,
    io,
    {
      usage: 'stage',
      summary: 'put a release beside the live one',
      options: (command) =>
        stageOptions(rootOption(command))
          .requiredOption('--from <path>', "CodeDeploy's deployment-archive, or a zip")
          .requiredOption('--id <deployment>', 'the deployment that brings it'),
    },
    async (_args, options, { ambient, answer }) => {
      const { stageRelease } = await import('@fairlead/release-symlinker')
      const staged = await stageRelease({ ...stagingOf(options), ...ambient })
      answer(staged, [staged.path])
    },
  )

  subcommand<SwitchOptions>(
    group,
    io,
    {
      usage: 'activate <staged-release>',
      summary: 'make what `host stage --json` answered the live release',
      options: (command) => switchOptions(lockOptions(command)),
    },
    async ([path = ''], options, { ambient, answer }) => {
      const { activateRelease } = await import('@fairlead/release-symlinker')
      const staged = parseStagedRelease(await readInput(path), path)
      const report = await activateRelease(staged, { ...switchOf(options, staged.commit, io), ...ambient })
      answer(report, [`live: ${staged.name}`])
    },
  )

  subcommand<RootOptions & SwitchOptions & { readonly to?: string; readonly allowBad?: boolean }>(
    group,
    io,
    {
      usage: 'rollback',
      summary: 'go back to the last good release, or to a named one',
      options: (command) =>
        actionOptions(lockOptions(rootOption(command)))
          .option('--to <release>', 'its name')
          .option('--allow-bad', 'one that failed when it last was to go live may be chosen'),
    },
    async (_args, { root, to, allowBad, ...options }, { ambient, answer }) => {
      const { rollbackRelease } = await import('@fairlead/release-symlinker')
      const report = await rollbackRelease({
        root,
        ...given({ to, allowBad }),
        ...switchOf(options, true, io),
        ...ambient,
      })
      answer(report, [`live: ${report.to}`])
    },
  )

  subcommand<RootOptions & LockOptions & { readonly keep: number; readonly keepInUse?: boolean }>(
    group,
    io,
    {
      usage: 'prune',
      summary: 'remove old releases, never the live one nor the one to go back to',
      options: (command) =>
        lockOptions(rootOption(command))
          .requiredOption('--keep <count>', 'how many stay', Number)
          .option('--keep-in-use', 'releases that a process works in stay too'),
    },
    async (_args, { root, keep, ...options }, { ambient, answer }) => {
      const { pruneReleases } = await import('@fairlead/release-symlinker')
      const { keepInUse, whenLocked, lockTimeoutMs } = options
      const report = await pruneReleases({ root, keep, ...given({ keepInUse, whenLocked, lockTimeoutMs }), ...ambient })
      answer(report, [
        ...report.removed.map((name) => `removed ${name}`),
        ...report.warnings.map(({ path, reason }) => `warning: could not remove ${path}: ${reason}`),
      ])
    },
  )

  subcommand<RootOptions>(
    group,
    io,
    { usage: 'list', summary: 'the releases of this host', options: rootOption },
    async (_args, { root }, { answer }) => {
      const { readInstalledReleases } = await import('@fairlead/release-symlinker')
      const installed = await readInstalledReleases({ root })
      answer(installed, [
        ...installed.releases.map(({ state, name, stagedAt, bad }) =>
          printable(`${state.padEnd(10)}  ${stagedAt}  ${name}${bad === undefined ? '' : `  bad: ${bad.reason}`}`),
        ),
        ...whatIsWrong(installed).map(printable),
      ])
    },
  )

  subcommand<RootOptions & { readonly release?: string }>(
    group,
    io,
    {
      usage: 'verify',
      summary: 'compare the files of a release with its manifest; ends with 1 where they differ',
      options: (command) => rootOption(command).option('--release <name>', 'default: the live one'),
    },
    async (_args, { root, release }, { ambient, answer, fail }) => {
      const { verifyInstalledRelease } = await import('@fairlead/release-symlinker')
      const report = await verifyInstalledRelease({ root, ...given({ release }), ...ambient })
      const { name, fileCount, matches, differences, extra } = report
      answer(report, [
        `${name}  ${fileCount} files  ${matches ? 'as staged' : `${differences.length} different`}`,
        ...differences.map(({ path, problem }) => printable(`  ${path}: ${problem}`)),
        ...extra.map((path) => printable(`  ${path}: is not in the manifest`)),
      ])
      if (!matches) fail()
    },
  )

  subcommand<RootOptions & LockOptions & { readonly reload?: string; readonly why?: string }>(
    group,
    io,
    {
      usage: 'repair',
      summary: 'bring the releases back to order after a crash, a full disk or a person; ends with 1 where it cannot',
      options: (command) =>
        lockOptions(rootOption(command))
          .option('--reload <command>', 'a shell command after `current` was led back: reload the workers')
          .option('--why <words>', 'for the history'),
    },
    async (_args, { root, reload, why, whenLocked, lockTimeoutMs }, { ambient, answer, fail }) => {
      const { repairReleases } = await import('@fairlead/release-symlinker')
      const options = given({ reload: runInRelease(reload, io), why, whenLocked, lockTimeoutMs })
      const report = await repairReleases({ root, ...options, ...ambient })
      const { repaired, problems, live } = report
      answer(report, [
        ...(repaired.length === 0 ? ['nothing was to repair'] : repaired),
        ...problems.map((problem) => `problem: ${problem}`),
        `live: ${live ?? 'none'}`,
      ])
      if (problems.length > 0) fail()
    },
  )

  subcommand<RootOptions & { readonly force?: boolean }>(
    group,
    io,
    {
      usage: 'unlock',
      summary: 'remove the lock of a run that is gone',
      options: (command) =>
        rootOption(command).option('--force', 'your word that the machine or container that held it is gone'),
    },
    async (_args, { root, force }, { ambient, answer }) => {
      const { unlockReleases } = await import('@fairlead/release-symlinker')
      const report = await unlockReleases({ root, ...given({ force }), ...ambient })
      const { owner } = report
      const who = owner && `${owner.verb} (process ${owner.pid} on ${owner.host}, since ${owner.since})`
      answer(report, [who === undefined ? 'nobody held the lock' : `removed the lock of ${who}`])
    },
  )

  subcommand<RootOptions & { readonly agentFolder?: string; readonly agentConfiguration?: string }>(
    group,
    io,
    {
      usage: 'doctor',
      summary: 'look at all that a deploy to this host depends on; ends with 1 where one would fail',
      options: (command) =>
        rootOption(command)
          .option('--agent-folder <folder>', 'default: /opt/codedeploy-agent')
          .option('--agent-configuration <file>', 'default: /etc/codedeploy-agent/conf/codedeployagent.yml'),
    },
    async (_args, { root, agentFolder, agentConfiguration }, { ambient, answer, fail }) => {
      const { checkHost } = await import('@fairlead/release-symlinker')
      const findings = await checkHost({ root, ...given({ agentFolder, agentConfiguration }), ...ambient })
      answer(
        findings,
        findings.flatMap(({ subject, state, found, cure }) => [
          printable(`${state.padEnd(7)}  ${subject}: ${found}`),
          ...(cure === undefined ? [] : [printable(`         ${cure}`)]),
        ]),
      )
      if (findings.some(({ state }) => state === 'problem')) fail()
    },
  )
}

/** What a table of releases does not show by itself. */
function whatIsWrong({ current, currentLink, recorded }: InstalledReleases): readonly string[] {
  const cure = 'fairlead host repair'
  if (current === undefined && currentLink !== undefined) {
    return [`no release is live: current leads to ${currentLink}, which is not there (${cure})`]
  }
  if (current === undefined) return ['no release is live: there is no link current']
  if (recorded !== undefined && recorded !== current) {
    return [`the history has ${recorded} live: a run was stopped, or another tool switched (${cure})`]
  }
  return []
}

async function printPlan(
  { from, id, commit, shared, writable, reader }: ReturnType<typeof stagingOf>,
  { answer, ambient }: Parameters<Parameters<typeof subcommand<DeployOptions>>[3]>[2],
): Promise<void> {
  const { formatPlan, planStaging, readArchiveManifest } = await import('@fairlead/release-symlinker')
  const manifest = await readArchiveManifest({ from, reader, ...given({ commit }), ...ambient })
  const stagedAt = new Date().toISOString()
  const plan = planStaging(manifest, { id, stagedAt, from, ...given({ shared, writable }) })
  answer(plan, [
    `${plan.name}  ${plan.entryCount} entries  ${plan.sizeBytes} bytes`,
    ...formatPlan(plan).map(printable),
  ])
}
