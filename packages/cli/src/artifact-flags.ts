import type {
  BuildArtifactOptions,
  Placement,
  ReadArtifactPlanOptions,
  SecretAllowance,
} from '@fairlead/artifact-builder'
import type { ArtifactFormat } from '@fairlead/core'
import type { Command } from 'commander'
import type { CommonOptions } from './command-context.ts'
import { cliErrors } from './errors.ts'
import { given } from './options.ts'
import { readVariable } from './ports/environment.ts'
import { collect } from './program.ts'

/** Flags that decide what goes in. */
export interface PlanFlags extends CommonOptions {
  readonly root: string
  readonly include?: readonly string[]
  readonly exclude?: readonly string[]
  readonly ignoreFile?: readonly string[]
  readonly tracked?: boolean
  readonly npmProduction?: boolean
  readonly npmWorkspace?: readonly string[]
  readonly map?: readonly string[]
  readonly output?: string
  readonly application?: string
  readonly format?: ArtifactFormat
  readonly engine?: NonNullable<BuildArtifactOptions['engine']>
  readonly workers?: number
  /** A path, or true for all of them. */
  readonly explain?: string | true
}

/** The flags of a build. */
export interface BuildFlags extends PlanFlags {
  readonly output: string
  readonly timestamps?: 'fixed' | 'commit'
  readonly verify?: boolean
  readonly cache?: string
  readonly maxCacheBytes?: number
  /** The name of a variable: an argument is seen by everybody on the machine. */
  readonly cacheKeyEnv?: string
  readonly allow?: readonly string[]
  readonly appspec: boolean
  readonly dryRun?: boolean
}

export function planFlags(command: Command): Command {
  return command
    .option('--root <folder>', 'the folder that holds the files', '.')
    .option('--include <glob>', 'what goes in, relative to the root; may be given several times', collect)
    .option('--tracked', 'all that the commit tracks goes in')
    .option('--npm-production', 'the installed npm packages that are needed to run go in, no others')
    .option('--npm-workspace <folder>', 'only those that this workspace needs; may be given several times', collect)
    .option('--exclude <glob>', 'what stays out, whatever chooses it; may be given several times', collect)
    .option('--ignore-file <name>', 'honour ignore files of this name; a later name wins over an earlier one', collect)
    .option('--map <from=to>', 'another place for a file or folder; nothing after = is the top', collect)
    .option('--application <name>', 'default: the name in package.json, else that of the folder')
    .option('--format <name>', 'zip, tar or tgz; default: zip')
    .option('--engine <name>', 'native or archiver; default: native for a zip')
    .option('--workers <count>', 'threads; default: one for each core, four at the most', Number)
}

export function explainFlag(command: Command): Command {
  return command.option('--explain [path]', 'tell why each path, or this one, is in or out')
}

export function buildFlags(command: Command): Command {
  return explainFlag(
    planFlags(command)
      .requiredOption('--output <file>', 'where the artifact goes')
      .option('--timestamps <which>', 'of the entries: fixed, or commit', 'fixed')
      .option('--verify', 'read back what was written before it gets its name; the default of archiver')
      .option('--no-verify', 'do not; the default of the native engine')
      .option('--cache <folder>', 'keeps compressed entries for the next build')
      .option('--max-cache-bytes <count>', 'how much it may hold; default: 2 GiB', Number)
      .option('--cache-key-env <variable>', 'the environment variable with the secret that signs the cache')
      .option('--allow <path:rule:reason>', 'a finding that is no secret; may be given several times', collect)
      .option('--no-appspec', 'do not ask for an appspec.yml')
      .option('--dry-run', 'answer what `artifact plan` does, and write nothing'),
  )
}

/** The options of the verb that plans. */
export function planOptionsOf(flags: PlanFlags): ReadArtifactPlanOptions {
  const {
    root,
    include,
    exclude,
    ignoreFile: ignoreFiles,
    tracked,
    output,
    application,
    format,
    engine,
    workers,
  } = flags
  const map = flags.map?.map(parsePlacement)
  const npmDependencies = npmDependenciesOf(flags)
  return {
    root,
    ...given({ include, exclude, ignoreFiles, tracked, npmDependencies, map }),
    ...given({ output, application, format, engine, workers }),
  }
}

/** The options of the verb that builds; `rules` are those of the secret guard. */
export function buildOptionsOf(flags: BuildFlags, rules: readonly string[]): BuildArtifactOptions {
  const { output, timestamps, verify, cache, maxCacheBytes, cacheKeyEnv } = flags
  const { appspec: requireAppSpec, explain, dryRun } = flags
  requireBeside(explain, dryRun, { given: '--explain', missing: '--dry-run' })
  requireBeside(maxCacheBytes, cache, { given: '--max-cache-bytes', missing: '--cache' })
  requireBeside(cacheKeyEnv, cache, { given: '--cache-key-env', missing: '--cache' })
  const cacheKey = cacheKeyEnv === undefined ? undefined : readVariable(cacheKeyEnv, '--cache-key-env')
  // A rule that there is not is for the library to refuse, which lists all that there are.
  const allow = flags.allow?.map((text) => parseAllowance(text, rules) as SecretAllowance)
  return {
    ...planOptionsOf(flags),
    output,
    requireAppSpec,
    ...given({ timestamps, verify, cache, maxCacheBytes, cacheKey, allow }),
  }
}

/** An option that means something only beside another one: alone it would be left out without a word. */
function requireBeside(option: unknown, other: unknown, names: { readonly given: string; readonly missing: string }) {
  if (option !== undefined && other === undefined) throw cliErrors.OPTION_ALONE(names)
}

function npmDependenciesOf({ npmProduction, npmWorkspace: workspaces }: PlanFlags) {
  if (workspaces !== undefined) return { workspaces }
  return npmProduction ? 'production' : undefined
}

/** Nothing says which of two equals signs parts the paths, so that two are refused. */
function parsePlacement(text: string): Placement {
  const [from = '', to, ...more] = text.split('=')
  if (from !== '' && to !== undefined && more.length === 0) return { from, to }
  throw cliErrors.ASSIGNMENT_INVALID({ given: text, form: 'FROM=TO' })
}

/** A path may hold colons and a reason often does: the first part that is the name of a rule parts them. */
function parseAllowance(text: string, rules: readonly string[]): Record<keyof SecretAllowance, string> {
  const parts = text.split(':')
  if (parts.length < 3) throw cliErrors.ASSIGNMENT_INVALID({ given: text, form: 'PATH:RULE:REASON' })
  const found = parts.findIndex((part, index) => index > 0 && rules.includes(part))
  const at = found < 0 ? 1 : found
  return { path: parts.slice(0, at).join(':'), rule: parts[at] ?? '', reason: parts.slice(at + 1).join(':') }
}
