import { checkOptions, coreErrors, describeValue } from '@fairlead/core'
import { errors } from '../errors.ts'
import type { EnvFileOptions, InjectionPlan, InjectionRequest, PlannedFile, SecretSource } from '../model.ts'
import { dialects } from './dialects.ts'
import { isSource, kindOf, readSource, requestKey, requestOf } from './sources.ts'
import { requireDistinctPaths, targetParts } from './target-path.ts'

const verb = 'injectSecrets'
const envFileOptions = ['name', 'dialect', 'from', 'expect', 'acceptIntegersAndBooleans']

/**
 * What an injection will ask for and write: names only, so that it can be printed. Reads nothing. Of a whole JSON secret the
 * variables are known only when it is fetched.
 *
 * @throws UNKNOWN_OPTION, INVALID_OPTION, TARGET_PATH_INVALID, VARIABLE_NAME_INVALID
 */
export function planInjection(request: Pick<InjectionRequest, 'envFile' | 'files'>): InjectionPlan {
  const { envFile, files } = request
  if (envFile === undefined && files === undefined) {
    throw coreErrors.INVALID_OPTION({ verb, option: 'envFile', given: 'missing', expected: 'envFile, files or both' })
  }
  const planned = [
    ...(envFile === undefined ? [] : [planEnvFile(envFile)]),
    ...(files === undefined ? [] : planKeyFiles(files)),
  ]
  for (const { path } of planned) targetParts(path)
  requireDistinctPaths(planned.map(({ path }) => path))
  const requests = planned.flatMap(sourcesOf).map((source) => requestOf(source))
  const distinct = new Map(requests.map((one) => [requestKey(one), one]))
  return { files: planned, secrets: [...distinct.values()] }
}

/** Every source that a file is made from. */
export function sourcesOf(file: PlannedFile): readonly SecretSource[] {
  if (file.kind === 'key-file') return [file.source]
  const { from } = file
  return isSource(from) ? [from] : Object.values(from).filter((source) => typeof source !== 'string')
}

function planEnvFile(envFile: EnvFileOptions): PlannedFile {
  requireObject('envFile', envFile, 'an object with name, dialect and from')
  checkOptions(verb, envFile, envFileOptions)
  const { name, dialect, expect, acceptIntegersAndBooleans = false } = envFile
  if (typeof name !== 'string') refuse('envFile.name', name, 'a path below the directory')
  if (!Object.hasOwn(dialects, dialect)) {
    const expected = Object.keys(dialects)
      .map((known) => JSON.stringify(known))
      .join(' or ')
    throw coreErrors.INVALID_OPTION({ verb, option: 'envFile.dialect', given: describeValue(dialect), expected })
  }
  if (typeof acceptIntegersAndBooleans !== 'boolean') {
    refuse('envFile.acceptIntegersAndBooleans', acceptIntegersAndBooleans, 'true or false')
  }
  const isList = Array.isArray(expect) && expect.every((key) => typeof key === 'string')
  if (expect !== undefined && typeof expect !== 'string' && !isList) {
    refuse('envFile.expect', expect, 'a path below the directory or a list of names')
  }
  if (typeof expect === 'string') targetParts(expect)
  return { kind: 'env', path: name, dialect, from: planVariables(envFile), acceptIntegersAndBooleans }
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
