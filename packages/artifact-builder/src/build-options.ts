import { ambientOptionNames, checkOptions, coreErrors, describeValue } from '@fairlead/core'
import { defaultCacheBytes, maxWorkers } from './limits.ts'
import type { BuildArtifactOptions, SecretAllowance } from './model.ts'
import { secretRules, type SecretRule } from './plan/secret-rules.ts'
import { defaultWorkers } from './ports/lanes/pool.ts'

const verb = 'buildArtifact'
const optionNames = [
  'root',
  'include',
  'exclude',
  'output',
  'application',
  'allow',
  'requireAppSpec',
  'workers',
  'cache',
  'maxCacheBytes',
  ...ambientOptionNames,
]

/** The options with their defaults. */
export interface CheckedBuildOptions {
  readonly root: string
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  readonly output: string
  readonly application: string | undefined
  readonly allow: readonly SecretAllowance[]
  readonly requireAppSpec: boolean
  readonly workers: number
  readonly cache: string | undefined
  readonly maxCacheBytes: number
}

/** @throws UNKNOWN_OPTION, INVALID_OPTION */
export function checkBuildOptions(options: BuildArtifactOptions): CheckedBuildOptions {
  checkOptions(verb, options ?? {}, optionNames)
  const { root, include, exclude, output, application, allow, requireAppSpec, workers, cache, maxCacheBytes } =
    options ?? {}
  return {
    root: checkText('root', root, 'the path of a folder'),
    include: checkGlobs('include', include, 'a list of one glob or more'),
    exclude: exclude === undefined ? [] : checkGlobs('exclude', exclude, 'a list of globs'),
    output: checkText('output', output, 'the path of the zip to write'),
    application: application === undefined ? undefined : checkText('application', application, 'a name'),
    allow: allow === undefined ? [] : checkAllowances(allow),
    requireAppSpec: checkFlag('requireAppSpec', requireAppSpec, true),
    workers: checkWorkers(workers),
    cache: cache === undefined ? undefined : checkText('cache', cache, 'the path of a folder'),
    maxCacheBytes: checkBytes('maxCacheBytes', maxCacheBytes, defaultCacheBytes),
  }
}

function refuse(option: string, given: unknown, expected: string): never {
  throw coreErrors.INVALID_OPTION({ verb, option, given: describeValue(given), expected })
}

function checkText(option: string, value: unknown, expected: string): string {
  return typeof value === 'string' && value !== '' && !value.includes('\0') ? value : refuse(option, value, expected)
}

function checkFlag(option: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback
  return typeof value === 'boolean' ? value : refuse(option, value, 'true or false')
}

/** How many worker threads a call may use. */
export function checkWorkers(value: unknown): number {
  if (value === undefined) return defaultWorkers()
  const isCount = Number.isInteger(value) && (value as number) >= 0 && (value as number) <= maxWorkers
  return isCount ? (value as number) : refuse('workers', value, `a whole number from 0 to ${maxWorkers}`)
}

function checkBytes(option: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback
  return Number.isSafeInteger(value) && (value as number) >= 0
    ? (value as number)
    : refuse(option, value, 'a number of bytes')
}

function checkGlobs(option: string, value: unknown, expected: string): readonly string[] {
  if (!Array.isArray(value) || (option === 'include' && value.length === 0)) return refuse(option, value, expected)
  return value.map((glob: unknown, index) => {
    const place = `${option}[${index}]`
    const text = checkText(place, glob, 'a glob relative to root, for example "dist/**"')
    if (text.startsWith('!') && !text.startsWith('!(')) refuse(place, text, 'a glob without "!"; use exclude')
    if (text.startsWith('/') || text.split('/').includes('..'))
      refuse(place, text, 'a glob relative to root, within it')
    return text
  })
}

function checkAllowances(value: unknown): readonly SecretAllowance[] {
  if (!Array.isArray(value)) return refuse('allow', value, 'a list of { path, rule, reason }')
  return value.map((allowance: unknown, index) => {
    const place = `allow[${index}]`
    if (typeof allowance !== 'object' || allowance === null) {
      return refuse(place, allowance, 'an object with path, rule and reason')
    }
    checkOptions(`${verb}, ${place}`, allowance, ['path', 'rule', 'reason'])
    const { path, rule, reason } = allowance as Partial<Record<keyof SecretAllowance, unknown>>
    return {
      path: checkText(`${place}.path`, path, 'a path inside the artifact'),
      rule: secretRules.includes(rule as SecretRule)
        ? (rule as SecretRule)
        : refuse(`${place}.rule`, rule, `one of ${secretRules.join(', ')}`),
      reason: checkText(`${place}.reason`, reason, 'why it may pass'),
    }
  })
}
