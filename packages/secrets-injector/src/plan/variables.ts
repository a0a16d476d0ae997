import { coreErrors } from '@fairlead/core'
import { errors } from '../errors.ts'
import type { DialectName, EnvFileOptions, PlannedFile, SecretSource } from '../model.ts'
import { dialects } from './dialects.ts'
import { isPlainName, plainNames } from './dialects/dialect.ts'
import { isSource, kindOf, readSource } from './sources.ts'

/** Which variables there are, and where each comes from. */
export type PlannedVariables = Pick<
  Extract<PlannedFile, { kind: 'env' }>,
  'from' | 'parameters' | 'defaults' | 'acceptIntegersAndBooleans' | 'acceptNestedJson'
>

/** Where variables go, and how the options are called that say which. */
export interface VariablePlace {
  readonly verb: string
  /** Stands before the names of the options. */
  readonly prefix: '' | 'envFile.'
  /** A file below the directory, or the words for what is none. */
  readonly path: string
  /** Missing where they go into no file. */
  readonly dialect?: DialectName | undefined
}

type VariableOptions = Pick<EnvFileOptions, keyof PlannedVariables>

/** @throws INVALID_OPTION, VARIABLE_NAME_INVALID, VARIABLE_GIVEN_TWICE */
export function planVariables(options: VariableOptions, place: VariablePlace): PlannedVariables {
  const { acceptIntegersAndBooleans = false, acceptNestedJson = false } = options
  for (const [option, given] of Object.entries({ acceptIntegersAndBooleans, acceptNestedJson })) {
    if (typeof given !== 'boolean') refuse(place, option, given, 'true or false')
  }
  const from = planFrom(options.from, place)
  const parameters = planTexts('parameters', options.parameters, place)
  const defaults = planTexts('defaults', options.defaults, place)
  const twice = isSource(from) ? undefined : Object.keys(from).find((name) => Object.hasOwn(parameters, name))
  if (twice !== undefined) throw errors.VARIABLE_GIVEN_TWICE({ file: place.path, name: twice })
  return { from, parameters, defaults, acceptIntegersAndBooleans, acceptNestedJson }
}

function planFrom(from: EnvFileOptions['from'], place: VariablePlace): EnvFileOptions['from'] {
  const { verb, prefix } = place
  requireObject(place, 'from', from, 'a secret that holds the variables, or a source or text for each variable')
  if (isSource(from)) {
    const source = readSource(verb, `${prefix}from`, from)
    if (source.key !== undefined) {
      const expected = 'none: the whole secret becomes the variables; { NAME: secret(…) } takes a field'
      refuse(place, 'from.key', source.key, expected)
    }
    return source
  }
  const variables = Object.entries(from).map(([name, source]): [string, string | SecretSource] => {
    requireVariableName(place, name)
    return [name, typeof source === 'string' ? source : readSource(verb, `${prefix}from.${name}`, source)]
  })
  return Object.fromEntries(variables)
}

function planTexts(
  option: 'parameters' | 'defaults',
  texts: Readonly<Record<string, string>> = {},
  place: VariablePlace,
): Readonly<Record<string, string>> {
  requireObject(place, option, texts, 'an object from name to text')
  for (const [name, text] of Object.entries(texts)) {
    requireVariableName(place, name)
    if (typeof text !== 'string') refuse(place, `${option}.${name}`, text, 'text')
  }
  return { ...texts }
}

/**
 * A process takes any name; what is none in a shell is refused all the same, since hardly a program can read it.
 *
 * @throws VARIABLE_NAME_INVALID
 */
export function requireVariableName(place: Pick<VariablePlace, 'path' | 'dialect'>, name: string): void {
  const { path: file, dialect } = place
  const { takesName, names } = dialect ? dialects[dialect] : { takesName: isPlainName, names: plainNames }
  if (!takesName(name)) throw errors.VARIABLE_NAME_INVALID({ file, dialect, name, expected: names })
}

function requireObject(place: VariablePlace, option: string, value: unknown, expected: string): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(place, option, value, expected)
}

/** The value is described by its kind: it may be a secret that was put into the wrong place. */
function refuse({ verb, prefix }: VariablePlace, option: string, value: unknown, expected: string): never {
  throw coreErrors.INVALID_OPTION({ verb, option: `${prefix}${option}`, given: kindOf(value), expected })
}
