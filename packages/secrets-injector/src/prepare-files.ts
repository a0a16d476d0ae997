import { checkOptions, coreErrors, systemClock } from '@fairlead/core'
import type { FileContent } from './commit-files.ts'
import { errors } from './errors.ts'
import { fetchPlanned, type Emit } from './fetch-planned.ts'
import type { FetchedSecret } from './fetch-secrets.ts'
import type {
  DialectName,
  EnvFileOptions,
  InjectedSource,
  InjectionPlan,
  InjectSecretsOptions,
  PlannedFile,
  SecretSource,
} from './model.ts'
import { findTarget, openParent } from './open-folders.ts'
import { encodeEnvFile } from './plan/env-text.ts'
import {
  expectationOfFile,
  expectationOfList,
  extraOf,
  requireExpected,
  requireSchemaTaken,
  type Expectation,
} from './plan/expectation.ts'
import { sourcesOf } from './plan/injection.ts'
import { encodeKeyFile, requireKeys } from './plan/key-file.ts'
import { kindOf, requestKey, requestOf } from './plan/sources.ts'
import { targetParts } from './plan/target-path.ts'
import { contentOf, variablesOf, type Variable } from './plan/values.ts'
import type { Files, Folder } from './ports/files.ts'
import { isStandardSchema, type StandardSchemaV1 } from './standard-schema.ts'

/** Options that every verb has which fetches. */
export const fetchOptionNames = ['client', 'region', 'endpoint', 'store', 'timeoutMs', 'jitterMs']

/** Options of an injection, beside those. */
export const injectionOptionNames = ['directory', 'owner', 'group', 'envFile', 'files', 'keys', 'versioned', 'inMemory']

/** @throws INVALID_OPTION */
export function requireFetchOptions(verb: string, options: InjectSecretsOptions | object): void {
  const { client, region, endpoint, store, timeoutMs, jitterMs } = options as Partial<InjectSecretsOptions>
  const refuse = refusalOf(verb)
  for (const [option, given] of Object.entries({ region, endpoint })) {
    if (given !== undefined && (typeof given !== 'string' || given === ''))
      refuse(option, given, 'text that is not empty')
    if (given !== undefined && client !== undefined) refuse(option, given, 'none beside client, which has its own')
  }
  if (client !== undefined && typeof client.send !== 'function') refuse('client', client, 'an AWS client with send()')
  if (store !== undefined && typeof store?.readSecret !== 'function')
    refuse('store', store, 'an object with readSecret()')
  if (store !== undefined && client !== undefined) refuse('client', client, 'none beside store')
  if (timeoutMs !== undefined && !(Number.isInteger(timeoutMs) && timeoutMs > 0))
    refuse('timeoutMs', timeoutMs, 'a whole number above zero')
  if (jitterMs !== undefined && !(Number.isInteger(jitterMs) && jitterMs >= 0))
    refuse('jitterMs', jitterMs, 'a whole number, zero or more')
}

/** @throws UNKNOWN_OPTION, INVALID_OPTION */
export function requireInjectionOptions(
  verb: string,
  options: InjectSecretsOptions,
  ambient: readonly string[],
): InjectSecretsOptions {
  checkOptions(verb, options ?? {}, [...injectionOptionNames, ...fetchOptionNames, ...ambient])
  const { directory, owner, group, versioned, inMemory } = options ?? {}
  const refuse = refusalOf(verb)
  if (typeof directory !== 'string' || directory === '') refuse('directory', directory, 'the path of a folder')
  for (const [option, given] of Object.entries({ owner, group })) {
    const isId = typeof given === 'number' && Number.isInteger(given) && given >= 0
    if (given !== undefined && !isId && (typeof given !== 'string' || given === ''))
      refuse(option, given, 'a name or a number')
  }
  for (const [option, given] of Object.entries({ versioned, inMemory })) {
    if (given !== undefined && typeof given !== 'boolean') refuse(option, given, 'true or false')
  }
  requireFetchOptions(verb, options)
  return options
}

/** What was given is described by its kind alone: it may be a secret in the wrong place. */
export function refusalOf(verb: string): (option: string, given: unknown, expected: string) => never {
  return (option, given, expected) => {
    throw coreErrors.INVALID_OPTION({ verb, option, given: kindOf(given), expected })
  }
}

/** A file as it will be written. */
export interface PreparedFile extends FileContent {
  /** Of an environment file. */
  readonly env?: { readonly dialect: DialectName; readonly variables: readonly Variable[] } | undefined
  readonly sources: readonly InjectedSource[]
}

/**
 * Fetches, maps, checks, encodes and reads back, and changes nothing. The expectation is read first: what cannot be checked is not
 * fetched.
 *
 * @throws as {@link injectSecrets} does, what writing throws aside
 */
export async function prepareFiles(
  plan: InjectionPlan,
  options: InjectSecretsOptions,
  expectation: Expectation | undefined,
  emit: Emit,
  signal: AbortSignal,
): Promise<readonly PreparedFile[]> {
  const { envFile, keys, clock = systemClock } = options
  const fetched = await fetchPlanned(plan, options, emit, signal)
  const prepared: PreparedFile[] = []
  for (const file of plan.files) prepared.push(await prepareFile(file, fetched, expectation, envFile, emit))
  const secretOf = new Map(
    plan.files.flatMap((file) => (file.kind === 'key-file' ? [[file.path, file.source.name]] : [])),
  )
  if (keys) {
    const keyFiles = prepared.filter(({ path }) => secretOf.has(path))
    requireKeys(
      keyFiles.map(({ path, bytes }) => ({ path, bytes, secret: secretOf.get(path)! })),
      keys,
      clock.now(),
    )
  }
  return prepared
}

async function prepareFile(
  file: PlannedFile,
  fetched: ReadonlyMap<string, FetchedSecret>,
  expectation: Expectation | undefined,
  envFile: EnvFileOptions | undefined,
  emit: Emit,
): Promise<PreparedFile> {
  const secretOf = (source: SecretSource) => fetched.get(requestKey(requestOf(source)))
  const whole = (source: SecretSource) => secretOf(source)?.value
  const { path } = file
  const found = sourcesOf(file).flatMap((source) => {
    const secret = secretOf(source)
    return secret ? [{ name: source.name, versionId: secret.versionId }] : []
  })
  const sources = distinctSources(found)
  if (file.kind === 'key-file') {
    return { path, bytes: encodeKeyFile(path, file.source.name, contentOf(file, whole)), sources }
  }
  const variables = variablesOf(file, whole)
  await checkVariables(path, variables, expectation, envFile, emit)
  return { path, bytes: encodeEnvFile(file, variables), env: { dialect: file.dialect, variables }, sources }
}

/** @throws SECRETS_MISSING_KEYS, SECRETS_EXTRA_KEYS, SECRETS_UNEXPECTED */
export async function checkVariables(
  path: string,
  variables: readonly Variable[],
  expectation: Expectation | undefined,
  { expect, extra = 'warn' }: Pick<EnvFileOptions, 'expect' | 'extra'> = {},
  emit: Emit,
): Promise<void> {
  const names = variables.map(({ name }) => name)
  if (isStandardSchema(expect)) {
    const { issues = [], vendor } = await validate(expect, variables)
    requireSchemaTaken(path, names, issues, vendor)
  }
  if (!expectation) return
  requireExpected(path, names, expectation)
  const unknown = extraOf(names, expectation)
  if (unknown.length === 0 || extra === 'allow') return
  const { expectedBy } = expectation
  if (extra === 'refuse') throw errors.SECRETS_EXTRA_KEYS({ file: path, extra: unknown, expectedBy })
  const summary = `${path} has ${unknown.join(', ')}, not named by ${expectedBy}`
  emit({ type: 'secrets.extra-variables', summary, path, names: unknown })
}

async function validate({ '~standard': standard }: StandardSchemaV1, variables: readonly Variable[]) {
  const values = Object.fromEntries(variables.map(({ name, value }) => [name, value.reveal()]))
  const vendor = String(standard.vendor)
  try {
    const { issues } = await standard.validate(values)
    return { issues, vendor }
  } catch {
    // A schema that throws has refused; its words can quote a value.
    return { issues: [{}], vendor }
  }
}

/** @throws EXPECTATION_UNREADABLE, TARGET_REFUSED */
export async function readExpectation(
  files: Files,
  root: Folder,
  envFile: EnvFileOptions | undefined,
): Promise<Expectation | undefined> {
  const { expect: path, dialect } = envFile ?? {}
  if (path === undefined || isStandardSchema(path) || dialect === undefined) return undefined
  if (typeof path !== 'string') return expectationOfList(path)
  const parts = targetParts(path)
  const parent = await openParent(files, root, parts, 'stop')
  const refuse = (problem: string) => errors.EXPECTATION_UNREADABLE({ path, dialect, problem })
  try {
    if (!parent || !(await findTarget(files, parent, parts.at(-1)!))) throw refuse('there is no such file')
    const text = new TextDecoder().decode(await files.read(parent, parts.at(-1)!))
    return expectationOfFile(path, text, dialect)
  } finally {
    if (parent !== root) await parent?.close()
  }
}

function distinctSources(sources: readonly InjectedSource[]): readonly InjectedSource[] {
  const distinct = new Map(
    sources.map(({ name, versionId }) => [JSON.stringify([name, versionId]), { name, versionId }]),
  )
  return [...distinct.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}
