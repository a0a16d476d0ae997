import { ambientOptionNames, checkOptions } from '@fairlead/core'
import { emitter, fetchPlanned, type Emit } from './fetch-planned.ts'
import type { EnvFileOptions, FetchOptions, SecretSource } from './model.ts'
import { expectationOfList } from './plan/expectation.ts'
import { planRequests, sourcesOfVariables } from './plan/injection.ts'
import { requestKey, requestOf } from './plan/sources.ts'
import { variablesOf, type Variable } from './plan/values.ts'
import { planVariables } from './plan/variables.ts'
import { checkVariables, fetchOptionNames, refusalOf, requireFetchOptions } from './prepare-files.ts'
import type { SecretValue } from './secret-value.ts'
import { isStandardSchema } from './standard-schema.ts'

/** Which values are read, and what is expected of them. */
export interface ReadSecretsOptions
  extends
    FetchOptions,
    Pick<
      EnvFileOptions,
      'from' | 'parameters' | 'defaults' | 'extra' | 'acceptIntegersAndBooleans' | 'acceptNestedJson'
    > {
  /** A list of names, or a Standard Schema. */
  readonly expect?: Exclude<EnvFileOptions['expect'], string> | undefined
}

/** Names of {@link ReadSecretsOptions}, those that every verb has aside. */
export const valueOptionNames = [
  'from',
  'parameters',
  'defaults',
  'expect',
  'extra',
  'acceptIntegersAndBooleans',
  'acceptNestedJson',
]

/**
 * Reads secrets into values that cannot print: each inspects, formats and serialises as its name, and `reveal()` yields it. Writes
 * nothing.
 *
 * @throws what injectSecrets throws before it writes
 */
export async function readSecrets(options: ReadSecretsOptions): Promise<Readonly<Record<string, SecretValue<string>>>> {
  const verb = 'readSecrets'
  checkOptions(verb, options ?? {}, [...valueOptionNames, ...fetchOptionNames, ...ambientOptionNames])
  const variables = await readVariables(verb, 'the answer', options, emitter(options))
  return Object.fromEntries(variables.map(({ name, value }) => [name, value]))
}

/** The checked variables of {@link ReadSecretsOptions}. `place` is what errors call where they go. */
export async function readVariables(
  verb: string,
  place: string,
  options: ReadSecretsOptions,
  emit: Emit,
): Promise<readonly Variable[]> {
  requireFetchOptions(verb, options)
  const { expect } = options
  const isList = Array.isArray(expect) && expect.every((name) => typeof name === 'string')
  if (expect !== undefined && !isList && !isStandardSchema(expect)) {
    refusalOf(verb)('expect', expect, 'a list of names or a Standard Schema')
  }
  const file = { path: place, ...planVariables(options, { verb, prefix: '', path: place }) }
  const signal = options.signal ?? new AbortController().signal
  signal.throwIfAborted()
  const fetched = await fetchPlanned(planRequests(sourcesOfVariables(file)), options, emit, signal)
  const variables = variablesOf(file, (source: SecretSource) => fetched.get(requestKey(requestOf(source)))?.value)
  const expectation = isStandardSchema(expect) || expect === undefined ? undefined : expectationOfList(expect)
  await checkVariables(file.path, variables, expectation, options, emit)
  return variables
}
