import { checkOptions, coreErrors, describeValue } from '@fairlead/core'
import type { EnvFileOptions, InjectionPlan, InjectionRequest, KeyChecks, PlannedFile, SecretSource } from '../model.ts'
import { isStandardSchema } from '../standard-schema.ts'
import { dialects } from './dialects.ts'
import { isSource, kindOf, readSource, requestKey, requestOf } from './sources.ts'
import { requireDistinctPaths, targetParts } from './target-path.ts'
import { planVariables, type PlannedVariables } from './variables.ts'

const verb = 'injectSecrets'
const envFileOptions = [
  'name',
  'dialect',
  'from',
  'parameters',
  'defaults',
  'expect',
  'extra',
  'acceptIntegersAndBooleans',
  'acceptNestedJson',
]

/**
 * What an injection will ask for and write: names only, so that it can be printed. Reads nothing. Of a whole JSON secret the
 * variables are known only when it is fetched.
 *
 * @throws UNKNOWN_OPTION, INVALID_OPTION, TARGET_PATH_INVALID, VARIABLE_NAME_INVALID
 */
export function planInjection(request: Pick<InjectionRequest, 'envFile' | 'files' | 'keys'>): InjectionPlan {
  const { envFile, files, keys } = request
  if (envFile === undefined && files === undefined) {
    throw coreErrors.INVALID_OPTION({ verb, option: 'envFile', given: 'missing', expected: 'envFile, files or both' })
  }
  const planned = [
    ...(envFile === undefined ? [] : [planEnvFile(envFile)]),
    ...(files === undefined ? [] : planKeyFiles(files)),
  ]
  for (const { path } of planned) targetParts(path)
  requireDistinctPaths(planned.map(({ path }) => path))
  requireKeyChecks(keys, files ?? {})
  return { files: planned, ...planRequests(planned.flatMap(sourcesOf)) }
}

/** Each secret once, and those that may be missing: every source that asks for them has a default. */
export function planRequests(sources: readonly SecretSource[]): Pick<InjectionPlan, 'secrets' | 'optional'> {
  const required = new Set(
    sources.filter((source) => source.default === undefined).map((source) => requestKey(requestOf(source))),
  )
  const distinct = new Map(sources.map((source) => [requestKey(requestOf(source)), requestOf(source)]))
  const secrets = [...distinct.values()]
  return { secrets, optional: secrets.filter((request) => !required.has(requestKey(request))) }
}

/** Every source that a file is made from. */
export function sourcesOf(file: PlannedFile): readonly SecretSource[] {
  return file.kind === 'key-file' ? [file.source] : sourcesOfVariables(file)
}

/** Every source that variables are made from. */
export function sourcesOfVariables({ from }: Pick<PlannedVariables, 'from'>): readonly SecretSource[] {
  return isSource(from) ? [from] : Object.values(from).filter((source) => typeof source !== 'string')
}

function planEnvFile(envFile: EnvFileOptions): Extract<PlannedFile, { kind: 'env' }> {
  requireObject('envFile', envFile, 'an object with name, dialect and from')
  checkOptions(verb, envFile, envFileOptions)
  const { name, dialect, expect, extra } = envFile
  if (typeof name !== 'string') refuse('envFile.name', name, 'a path below the directory')
  if (!Object.hasOwn(dialects, dialect)) {
    const expected = Object.keys(dialects)
      .map((known) => JSON.stringify(known))
      .join(' or ')
    throw coreErrors.INVALID_OPTION({ verb, option: 'envFile.dialect', given: describeValue(dialect), expected })
  }
  if (extra !== undefined && !['allow', 'warn', 'refuse'].includes(extra)) {
    refuse('envFile.extra', extra, '"allow", "warn" or "refuse"')
  }
  const isList = Array.isArray(expect) && expect.every((key) => typeof key === 'string')
  if (expect !== undefined && typeof expect !== 'string' && !isList && !isStandardSchema(expect)) {
    refuse('envFile.expect', expect, 'a path below the directory, a list of names or a Standard Schema')
  }
  if (typeof expect === 'string') targetParts(expect)
  const variables = planVariables(envFile, { verb, prefix: 'envFile.', path: name, dialect })
  return { kind: 'env', path: name, dialect, ...variables }
}

/** A check of a file that is not written would never fail. */
function requireKeyChecks(keys: KeyChecks | undefined, files: Readonly<Record<string, SecretSource>>): void {
  if (keys === undefined) return
  requireObject('keys', keys, 'an object with pairs, validForDays or both')
  checkOptions(verb, keys, ['pairs', 'validForDays'])
  const { pairs, validForDays } = keys
  if (validForDays !== undefined && !(Number.isFinite(validForDays) && validForDays >= 0)) {
    refuse('keys.validForDays', validForDays, 'a number of days, zero or more')
  }
  if (pairs !== undefined && !Array.isArray(pairs)) refuse('keys.pairs', pairs, 'a list of pairs')
  for (const [index, pair] of (pairs ?? []).entries()) {
    requireObject(`keys.pairs[${index}]`, pair, 'an object with privateKey and publicKey')
    checkOptions(verb, pair, ['privateKey', 'publicKey'])
    for (const part of ['privateKey', 'publicKey'] as const) {
      if (!Object.hasOwn(files, String(pair[part]))) {
        refuse(`keys.pairs[${index}].${part}`, pair[part], 'a path of `files`')
      }
    }
  }
}

function planKeyFiles(files: Readonly<Record<string, SecretSource>>): readonly PlannedFile[] {
  requireObject('files', files, 'an object from path to source')
  return Object.entries(files).map(([path, source]) => ({
    kind: 'key-file',
    path,
    source: readSource(verb, `files[${JSON.stringify(path)}]`, source),
  }))
}

function requireObject(option: string, value: unknown, expected: string): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(option, value, expected)
}

/** The value is described by its kind: it may be a secret that was put into the wrong place. */
function refuse(option: string, value: unknown, expected: string): never {
  throw coreErrors.INVALID_OPTION({ verb, option, given: kindOf(value), expected })
}
