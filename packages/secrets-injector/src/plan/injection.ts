import { checkOptions, coreErrors, describeValue } from '@fairlead/core'
import { errors } from '../errors.ts'
import type { EnvFileOptions, InjectionPlan, InjectionRequest, KeyChecks, PlannedFile, SecretSource } from '../model.ts'
import { isStandardSchema } from '../standard-schema.ts'
import { dialects } from './dialects.ts'
import { isSource, kindOf, readSource, requestKey, requestOf } from './sources.ts'
import { requireDistinctPaths, targetParts } from './target-path.ts'

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
  if (file.kind === 'key-file') return [file.source]
  const { from } = file
  return isSource(from) ? [from] : Object.values(from).filter((source) => typeof source !== 'string')
}

function planEnvFile(envFile: EnvFileOptions): Extract<PlannedFile, { kind: 'env' }> {
  requireObject('envFile', envFile, 'an object with name, dialect and from')
  checkOptions(verb, envFile, envFileOptions)
  const { name, dialect, expect, extra, acceptIntegersAndBooleans = false, acceptNestedJson = false } = envFile
  if (typeof name !== 'string') refuse('envFile.name', name, 'a path below the directory')
  if (!Object.hasOwn(dialects, dialect)) {
    const expected = Object.keys(dialects)
      .map((known) => JSON.stringify(known))
      .join(' or ')
    throw coreErrors.INVALID_OPTION({ verb, option: 'envFile.dialect', given: describeValue(dialect), expected })
  }
  for (const [option, given] of Object.entries({ acceptIntegersAndBooleans, acceptNestedJson })) {
    if (typeof given !== 'boolean') refuse(`envFile.${option}`, given, 'true or false')
  }
  if (extra !== undefined && !['allow', 'warn', 'refuse'].includes(extra)) {
    refuse('envFile.extra', extra, '"allow", "warn" or "refuse"')
  }
  const isList = Array.isArray(expect) && expect.every((key) => typeof key === 'string')
  if (expect !== undefined && typeof expect !== 'string' && !isList && !isStandardSchema(expect)) {
    refuse('envFile.expect', expect, 'a path below the directory, a list of names or a Standard Schema')
  }
  if (typeof expect === 'string') targetParts(expect)
  const from = planVariables(envFile)
  const parameters = planTexts(envFile, 'parameters')
  const defaults = planTexts(envFile, 'defaults')
  const twice = isSource(from) ? undefined : Object.keys(from).find((variable) => Object.hasOwn(parameters, variable))
  if (twice !== undefined) throw errors.VARIABLE_GIVEN_TWICE({ file: name, name: twice })
  return { kind: 'env', path: name, dialect, from, parameters, defaults, acceptIntegersAndBooleans, acceptNestedJson }
}

/**
 * Variables that go into no file, as a program's environment: any dialect with the names of a shell will do.
 *
 * @throws INVALID_OPTION, VARIABLE_NAME_INVALID, VARIABLE_GIVEN_TWICE
 */
export function planVariableSources(
  options: Pick<EnvFileOptions, 'from' | 'parameters' | 'defaults' | 'acceptIntegersAndBooleans' | 'acceptNestedJson'>,
): Extract<PlannedFile, { kind: 'env' }> {
  const { from, parameters, defaults, acceptIntegersAndBooleans, acceptNestedJson } = options
  const name = 'the environment'
  return planEnvFile({
    name,
    dialect: 'systemd',
    from,
    parameters,
    defaults,
    acceptIntegersAndBooleans,
    acceptNestedJson,
  })
}

function planTexts(envFile: EnvFileOptions, option: 'parameters' | 'defaults'): Readonly<Record<string, string>> {
  const { name: file, dialect, [option]: texts = {} } = envFile
  requireObject(`envFile.${option}`, texts, 'an object from name to text')
  for (const [name, text] of Object.entries(texts)) {
    requireVariableName({ file, dialect, name })
    if (typeof text !== 'string') refuse(`envFile.${option}.${name}`, text, 'text')
  }
  return { ...texts }
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

function planVariables({ name: file, dialect, from }: EnvFileOptions): EnvFileOptions['from'] {
  const expected = 'a secret that holds the variables, or a source or text for each variable'
  requireObject('envFile.from', from, expected)
  if (isSource(from)) {
    const source = readSource(verb, 'envFile.from', from)
    if (source.key !== undefined) {
      refuse(
        'envFile.from.key',
        source.key,
        `none: the whole secret becomes the variables; { NAME: secret(…) } takes a field`,
      )
    }
    return source
  }
  const variables = Object.entries(from).map(([name, source]) => {
    requireVariableName({ file, dialect, name })
    return [name, typeof source === 'string' ? source : readSource(verb, `envFile.from.${name}`, source)] as const
  })
  return Object.fromEntries(variables)
}

/** @throws VARIABLE_NAME_INVALID */
export function requireVariableName(variable: Pick<EnvFileOptions, 'dialect'> & { file: string; name: string }): void {
  const { file, name } = variable
  const dialect = dialects[variable.dialect]
  if (!dialect.takesName(name)) {
    throw errors.VARIABLE_NAME_INVALID({ file, dialect: dialect.name, name, expected: dialect.names })
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
