import type { DialectName, EnvFileOptions, InjectSecretsOptions } from '@fairlead/secrets-injector'
import type { Command } from 'commander'
import type { CommandContext, CommonOptions } from '../command-context.ts'
import { given, parseAssignments, requireTogether } from '../options.ts'
import { formatInjectionDifference } from '../plan/format-injection-difference.ts'
import { fillFromHook } from '../ports/hook-environment.ts'
import { collect, subcommand, type CommandGroup } from '../program.ts'

interface ValueOptions extends CommonOptions {
  readonly from?: string
  readonly set?: string[]
  readonly default?: string[]
  readonly numbers?: boolean
  readonly nestedJson?: boolean
  readonly extra?: 'allow' | 'warn' | 'refuse'
  readonly region?: string
  readonly timeoutMs?: number
  readonly jitterMs?: number
}

interface InjectOptions extends ValueOptions {
  readonly directory: string
  readonly owner?: string
  readonly group?: string
  readonly dotenvFile?: string
  readonly dialect: DialectName
  readonly expect?: string
  readonly file?: string[]
  readonly pair?: string[]
  readonly validForDays?: number
  readonly versioned?: boolean
  readonly inMemory?: boolean
}

interface RunOptions extends ValueOptions {
  readonly expect?: string[]
}

export const secretsCommands: CommandGroup = (program, io) => {
  const group = program.command('secrets').description('secrets of an environment, onto a host')

  subcommand<InjectOptions>(
    group,
    io,
    {
      usage: 'inject',
      summary: 'write an environment file and key files from Secrets Manager, all or nothing',
      options: injectionOptions,
    },
    async (_args, options, context) => {
      const { injectSecrets } = await import('@fairlead/secrets-injector')
      const report = await injectSecrets(await injectionFrom(options, context))
      context.answer(
        report,
        report.files.map((file) => `${file.changed ? 'written' : 'unchanged'}  ${file.path}`),
      )
    },
  )

  subcommand<InjectOptions>(
    group,
    io,
    {
      usage: 'diff',
      summary: 'what inject would change: names of files and variables, no values; writes nothing',
      options: injectionOptions,
    },
    async (_args, options, context) => {
      const { diffInjection } = await import('@fairlead/secrets-injector')
      const difference = await diffInjection(await injectionFrom(options, context))
      context.answer(difference, formatInjectionDifference(difference))
    },
  )

  subcommand<InjectOptions>(
    group,
    io,
    {
      usage: 'check',
      summary: 'whether inject would succeed: fetches, maps, checks and encodes; writes nothing',
      options: injectionOptions,
    },
    async (_args, options, context) => {
      const { diffInjection } = await import('@fairlead/secrets-injector')
      const { files } = await diffInjection(await injectionFrom(options, context))
      context.answer(
        { files: files.map(({ path }) => path) },
        files.map(({ path }) => `ready  ${path}`),
      )
    },
  )

  subcommand<RunOptions>(
    group,
    io,
    {
      usage: 'run <command...>',
      summary: 'run a program with secrets in its environment, and end as it does: run --from … -- php worker.php',
      options: (command) =>
        valueOptions(command).option(
          '--expect <name>',
          'a variable that must be given; may be given several times',
          collect,
        ),
    },
    async (args, options, { ambient }) => {
      const { secret, withSecrets } = await import('@fairlead/secrets-injector')
      const { from, expect } = options
      const command = args.flat() as [string, ...string[]]
      const end = await withSecrets({
        command,
        from: from === undefined ? {} : secret(fillFromHook(from)),
        ...valuesFrom(options),
        ...given({ expect }),
        ...ambient,
      })
      io.exitWith(end.exitCode ?? (await exitCodeOf(end.signal)))
    },
  )
}

/** What a shell answers for a program that died of a signal. */
async function exitCodeOf(signal: string | undefined): Promise<number> {
  const { constants } = await import('node:os')
  return 128 + (constants.signals[signal as NodeJS.Signals] ?? 0)
}

function valueOptions(command: Command): Command {
  return command
    .option(
      '--from <secret>',
      'the JSON secret whose fields become the variables; {application} and {group} are filled in',
    )
    .option('--set <NAME=VALUE>', 'a variable that is no secret; may be given several times', collect)
    .option('--default <NAME=VALUE>', 'the same, where the secret has no such field', collect)
    .option('--extra <rule>', 'variables that --expect does not name: allow, warn or refuse; default: warn')
    .option('--numbers', 'accept whole numbers, true and false beside text')
    .option('--nested-json', 'accept lists and objects, as JSON text')
    .option('--region <region>', 'default: that of the environment')
    .option('--timeout-ms <ms>', 'how long fetching may take', Number)
    .option('--jitter-ms <ms>', 'wait for up to so long before the first call, where a fleet starts at once', Number)
}

function injectionOptions(command: Command): Command {
  return valueOptions(
    command
      .requiredOption('--directory <folder>', 'where the files go')
      .option('--owner <user>', 'who may read them; default: who runs this')
      .option('--group <group>', "default: the owner's own group")
      // Not --env-file: Node 20 takes that for itself, wherever it stands (https://github.com/nodejs/node/issues/54232).
      .option('--dotenv-file <name>', 'the environment file, for example .env.local; needs --from')
      .option('--dialect <name>', 'the parser that reads it: symfony, dotenv, shell, systemd, docker, …', 'dotenv'),
  )
    .option('--expect <file>', 'an environment file in the folder whose empty keys must be given')
    .option('--file <path=secret>', 'a key file and its secret; may be given several times', collect)
    .option('--pair <key=certificate>', 'two paths of --file that must belong together', collect)
    .option('--valid-for-days <days>', 'how long certificates must be valid', Number)
    .option('--versioned', 'write into a new folder, and turn the link `current` in the folder to it')
    .option('--in-memory', 'refuse a folder that is not on tmpfs')
}

function valuesFrom(options: ValueOptions) {
  const { set, default: defaults, extra, numbers, nestedJson, region, timeoutMs, jitterMs } = options
  return {
    ...(set ? { parameters: parseTexts(set) } : {}),
    ...(defaults ? { defaults: parseTexts(defaults) } : {}),
    ...given({ extra, acceptIntegersAndBooleans: numbers, acceptNestedJson: nestedJson, region, timeoutMs, jitterMs }),
  }
}

/** The empty text is a value. */
function parseTexts(assignments: readonly string[]): Record<string, string> {
  return parseAssignments(assignments, 'NAME=VALUE', { emptyAllowed: true })
}

async function injectionFrom(options: InjectOptions, { ambient }: CommandContext): Promise<InjectSecretsOptions> {
  const { secret } = await import('@fairlead/secrets-injector')
  const { directory, owner, group, dotenvFile: name, dialect, from, expect, versioned, inMemory } = options
  requireTogether({ '--dotenv-file': name, '--from': from })
  const files = Object.entries(parseAssignments(options.file, 'PATH=SECRET'))
  const pairs = Object.entries(parseAssignments(options.pair, 'KEY=CERTIFICATE'))
  const { validForDays } = options
  const { region, timeoutMs, jitterMs, ...values } = valuesFrom(options)
  const keys = {
    ...(pairs.length > 0 ? { pairs: pairs.map(([privateKey, publicKey]) => ({ privateKey, publicKey })) } : {}),
    ...given({ validForDays }),
  }
  const envFile: EnvFileOptions | undefined =
    name === undefined || from === undefined
      ? undefined
      : { name, dialect, from: secret(fillFromHook(from)), ...given({ expect }), ...values }
  return {
    directory,
    ...given({ owner, group, region, timeoutMs, jitterMs, versioned, inMemory, envFile }),
    ...(Object.keys(keys).length > 0 ? { keys } : {}),
    ...(files.length > 0
      ? { files: Object.fromEntries(files.map(([path, id]) => [path, secret(fillFromHook(id))])) }
      : {}),
    ...ambient,
  }
}
