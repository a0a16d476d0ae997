import { createSecretKey, type KeyObject } from 'node:crypto'
import { ambientOptionNames, checkOptions, coreErrors, type ArtifactFormat } from '@fairlead/core'
import { defaultCacheBytes, leastKeyLength } from './limits.ts'
import type {
  ArtifactEngine,
  BuildArtifactOptions,
  ChoosingOptions,
  Placement,
  ReadArtifactPlanOptions,
  SecretAllowance,
} from './model.ts'
import { checkBytes, checkChoice, checkFlag, checkText, checkWorkers, refuse } from './option-checks.ts'
import { normalizePath } from './plan/resolve-link.ts'
import { secretRules, type SecretRule } from './plan/secret-rules.ts'

const optionNames = [
  'root',
  'include',
  'exclude',
  'ignoreFiles',
  'tracked',
  'npmDependencies',
  'map',
  'output',
  'application',
  'allow',
  'requireAppSpec',
  'format',
  'engine',
  'timestamps',
  'verify',
  'workers',
  'cache',
  'maxCacheBytes',
  'cacheKey',
  ...ambientOptionNames,
]

/** The options that decide what goes in, with their defaults. */
export interface CheckedPlanOptions {
  readonly verb: string
  readonly root: string
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  readonly ignoreFiles: readonly string[]
  readonly tracked: boolean
  /** Folders of workspaces, none for the whole project; undefined: npm has no say. */
  readonly npmWorkspaces: readonly string[] | undefined
  readonly map: readonly Placement[]
  readonly output: string | undefined
  readonly application: string | undefined
  readonly requireAppSpec: boolean
  readonly format: ArtifactFormat
  readonly engine: ArtifactEngine
  readonly workers: number
}

/** The options of a build with their defaults. */
export interface CheckedBuildOptions extends CheckedPlanOptions {
  readonly output: string
  readonly allow: readonly SecretAllowance[]
  readonly timestamps: 'fixed' | 'commit'
  readonly verify: boolean
  readonly cache: string | undefined
  readonly maxCacheBytes: number
  /** An object that shows nobody what the key is. */
  readonly cacheKey: KeyObject | undefined
}

/** @throws UNKNOWN_OPTION, INVALID_OPTION */
export function checkBuildOptions(options: BuildArtifactOptions): CheckedBuildOptions {
  const verb = 'buildArtifact'
  const checked = checkPlanOptions(verb, options)
  return { ...checked, output: checkText(verb, 'output', options.output, 'the path of the artifact to write') }
}

/** @throws UNKNOWN_OPTION, INVALID_OPTION */
export function checkPlanOptions(
  verb: string,
  options: ReadArtifactPlanOptions,
): CheckedPlanOptions & Omit<CheckedBuildOptions, 'output'> {
  checkOptions(verb, options ?? {}, optionNames)
  const { root, output, application, allow, requireAppSpec, timestamps, verify, workers } = options ?? {}
  const engine = checkEngine(verb, options ?? {})
  return {
    verb,
    root: checkText(verb, 'root', root, 'the path of a folder'),
    ...checkChoosing(verb, options ?? {}),
    output: output === undefined ? undefined : checkText(verb, 'output', output, 'the path of the artifact to write'),
    application: application === undefined ? undefined : checkText(verb, 'application', application, 'a name'),
    allow: allow === undefined ? [] : checkAllowances(verb, allow),
    requireAppSpec: checkFlag(verb, 'requireAppSpec', requireAppSpec, true),
    ...engine,
    timestamps: checkChoice(verb, 'timestamps', timestamps, ['fixed', 'commit']),
    verify: checkFlag(verb, 'verify', verify, engine.engine === 'archiver'),
    workers: checkWorkers(verb, workers),
    ...checkCache(verb, options ?? {}, engine.engine),
  }
}

function checkChoosing(verb: string, options: ChoosingOptions) {
  const { include, exclude, ignoreFiles, tracked, npmDependencies, map } = options
  const chooses = tracked === true || npmDependencies !== undefined
  return {
    include: include === undefined && chooses ? [] : checkGlobs(verb, 'include', include, chooses),
    exclude: exclude === undefined ? [] : checkGlobs(verb, 'exclude', exclude, true),
    ignoreFiles: ignoreFiles === undefined ? [] : checkNames(verb, ignoreFiles),
    tracked: checkFlag(verb, 'tracked', tracked, false),
    npmWorkspaces: npmDependencies === undefined ? undefined : checkNpmDependencies(verb, npmDependencies),
    map: map === undefined ? [] : checkMap(verb, map),
  }
}

/** Tars always come from archiver. */
function checkEngine(
  verb: string,
  options: Pick<BuildArtifactOptions, 'format' | 'engine'>,
): { readonly format: ArtifactFormat; readonly engine: ArtifactEngine } {
  const format = checkChoice(verb, 'format', options.format, ['zip', 'tar', 'tgz'])
  const engine = checkChoice(verb, 'engine', options.engine, format === 'zip' ? ['native', 'archiver'] : ['archiver'])
  return { format, engine }
}

function checkCache(
  verb: string,
  { cache, maxCacheBytes, cacheKey }: Pick<BuildArtifactOptions, 'cache' | 'maxCacheBytes' | 'cacheKey'>,
  engine: ArtifactEngine,
) {
  if (cache !== undefined && engine !== 'native') refuse(verb, 'cache', cache, 'no cache: archiver has no use for one')
  return {
    cache: cache === undefined ? undefined : checkText(verb, 'cache', cache, 'the path of a folder'),
    maxCacheBytes: checkBytes(verb, 'maxCacheBytes', maxCacheBytes, defaultCacheBytes),
    cacheKey: cacheKey === undefined ? undefined : checkCacheKey(verb, cacheKey),
  }
}

/** Says of a key that is none how long it is, and never what it is. */
function checkCacheKey(verb: string, value: unknown): KeyObject {
  if (typeof value === 'string' && value.length >= leastKeyLength) return createSecretKey(value, 'utf8')
  const given = typeof value === 'string' ? `a text of ${value.length} characters` : `of type ${typeof value}`
  const expected = `a secret of ${leastKeyLength} characters or more, for example what \`openssl rand -hex 32\` prints`
  throw coreErrors.INVALID_OPTION({ verb, option: 'cacheKey', given, expected })
}

function checkGlobs(verb: string, option: string, value: unknown, mayBeEmpty: boolean): readonly string[] {
  const expected = mayBeEmpty ? 'a list of globs' : 'a list of one glob or more'
  if (!Array.isArray(value) || (!mayBeEmpty && value.length === 0)) return refuse(verb, option, value, expected)
  return value.map((glob: unknown, index) => {
    const place = `${option}[${index}]`
    const text = checkText(verb, place, glob, 'a glob relative to root, for example "dist/**"')
    if (text.startsWith('!') && !text.startsWith('!(')) refuse(verb, place, text, 'a glob without "!"; use exclude')
    if (text.startsWith('/') || text.split('/').includes('..'))
      refuse(verb, place, text, 'a glob relative to root, within it')
    return text
  })
}

function checkNames(verb: string, value: unknown): readonly string[] {
  if (!Array.isArray(value)) return refuse(verb, 'ignoreFiles', value, 'a list of names, for example [".gitignore"]')
  return value.map((name: unknown, index) => {
    const place = `ignoreFiles[${index}]`
    const text = checkText(verb, place, name, 'the name of a file')
    return text.includes('/') || text === '.' || text === '..'
      ? refuse(verb, place, text, 'a name without a folder; it is honoured in every folder')
      : text
  })
}

function checkNpmDependencies(verb: string, value: unknown): readonly string[] {
  const option = 'npmDependencies'
  if (value === 'production') return []
  if (typeof value !== 'object' || value === null) {
    return refuse(verb, option, value, '"production" or { workspaces }')
  }
  checkOptions(`${verb}, ${option}`, value, ['workspaces'])
  const { workspaces } = value as { readonly workspaces?: unknown }
  if (!Array.isArray(workspaces) || workspaces.length === 0) {
    return refuse(verb, `${option}.workspaces`, workspaces, 'a list of one folder of a workspace or more')
  }
  return workspaces.map((workspace: unknown, index) =>
    checkPlace(verb, `${option}.workspaces[${index}]`, workspace, 'the folder of a workspace, relative to root'),
  )
}

function checkMap(verb: string, value: unknown): readonly Placement[] {
  if (!Array.isArray(value)) return refuse(verb, 'map', value, 'a list of { from, to }')
  const map = value.map((placement: unknown, index) => {
    const place = `map[${index}]`
    if (typeof placement !== 'object' || placement === null) {
      return refuse(verb, place, placement, 'an object with from and to')
    }
    checkOptions(`${verb}, ${place}`, placement, ['from', 'to'])
    const { from, to } = placement as Partial<Record<keyof Placement, unknown>>
    return {
      from: checkPlace(verb, `${place}.from`, from, 'a file or folder below root, no glob'),
      to: to === '' ? '' : checkPlace(verb, `${place}.to`, to, 'a path in the artifact, or "" for its top'),
    }
  })
  const repeated = map.findIndex(({ from }, index) => map.findIndex((other) => other.from === from) < index)
  if (repeated < 0) return map
  return refuse(verb, `map[${repeated}].from`, map[repeated]?.from, 'each file or folder once')
}

/** A relative path without `.`, `..` and a slash at its end. */
function checkPlace(verb: string, option: string, value: unknown, expected: string): string {
  const path = normalizePath(checkText(verb, option, value, expected))
  return path === undefined || path === '' ? refuse(verb, option, value, expected) : path
}

function checkAllowances(verb: string, value: unknown): readonly SecretAllowance[] {
  if (!Array.isArray(value)) return refuse(verb, 'allow', value, 'a list of { path, rule, reason }')
  return value.map((allowance: unknown, index) => {
    const place = `allow[${index}]`
    if (typeof allowance !== 'object' || allowance === null) {
      return refuse(verb, place, allowance, 'an object with path, rule and reason')
    }
    checkOptions(`${verb}, ${place}`, allowance, ['path', 'rule', 'reason'])
    const { path, rule, reason } = allowance as Partial<Record<keyof SecretAllowance, unknown>>
    return {
      path: checkText(verb, `${place}.path`, path, 'a path inside the artifact'),
      rule: secretRules.includes(rule as SecretRule)
        ? (rule as SecretRule)
        : refuse(verb, `${place}.rule`, rule, `one of ${secretRules.join(', ')}`),
      reason: checkText(verb, `${place}.reason`, reason, 'why it may pass'),
    }
  })
}
