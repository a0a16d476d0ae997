import { nearestName } from '@fairlead/core'
import { errors } from '../errors.ts'
import type { PlannedFile, SecretSource } from '../model.ts'
import { isTextValue, secretValue, type SecretValue } from '../secret-value.ts'
import { findDuplicateName } from './json-fields.ts'
import { isSource, kindOf } from './sources.ts'
import { requireVariableName, type PlannedVariables, type VariablePlace } from './variables.ts'

/** Finds the fetched value of a source's secret, whole; `undefined` where there is none and there may be none. */
export type WholeValue = (source: SecretSource) => SecretValue | undefined

export interface Variable {
  readonly name: string
  readonly value: SecretValue<string>
}

/** Planned variables, and where they go. */
export type VariablesToRead = PlannedVariables & Pick<VariablePlace, 'path' | 'dialect'>

/** Where a value goes, and what is accepted beside text. */
type Destination = Pick<VariablePlace, 'path'> &
  Partial<Pick<PlannedVariables, 'acceptIntegersAndBooleans' | 'acceptNestedJson'>>

/**
 * The variables of an environment file, sorted by name, so that the order of a secret's fields changes no file.
 *
 * @throws SECRET_NOT_JSON, SECRET_NAME_TWICE, SECRET_KEY_MISSING, SECRET_FIELD_NOT_TEXT, SECRET_IS_BINARY, VARIABLE_NAME_INVALID,
 * VARIABLE_GIVEN_TWICE
 */
export function variablesOf(file: VariablesToRead, whole: WholeValue): readonly Variable[] {
  const { path, from, parameters, defaults } = file
  const named: Variable[] = []
  if (isSource(from)) {
    for (const [name, field] of Object.entries(fieldsOf(from, path, whole))) {
      requireVariableName(file, name)
      named.push({ name, value: fieldText({ ...from, key: name }, field, file) })
    }
  } else {
    for (const [name, source] of Object.entries(from)) {
      named.push({ name, value: typeof source === 'string' ? secretValue(name, source) : textOf(source, file, whole) })
    }
  }
  const has = (name: string) => named.some((variable) => variable.name === name)
  for (const [name, text] of Object.entries(parameters)) {
    if (has(name)) throw errors.VARIABLE_GIVEN_TWICE({ file: path, name })
    named.push({ name, value: secretValue(name, text) })
  }
  for (const [name, text] of Object.entries(defaults)) {
    if (!has(name)) named.push({ name, value: secretValue(name, text) })
  }
  return named.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/**
 * The bytes of a file of its own, exactly as they were stored.
 *
 * @throws SECRET_NOT_JSON, SECRET_KEY_MISSING, SECRET_FIELD_NOT_TEXT, SECRET_IS_BINARY
 */
export function contentOf(file: Extract<PlannedFile, { kind: 'key-file' }>, whole: WholeValue): SecretValue {
  const { source } = file
  return source.key === undefined ? (whole(source) ?? defaultOf(source)) : textOf(source, file, whole)
}

/** Only a secret with a default may be missing. */
function defaultOf({ name, default: text = '' }: SecretSource): SecretValue<string> {
  return secretValue(name, text)
}

function textOf(source: SecretSource, file: Destination, whole: WholeValue): SecretValue<string> {
  if (whole(source) === undefined) return defaultOf(source)
  if (source.key === undefined) return requireText(source, file.path, whole)
  const fields = fieldsOf(source, file.path, whole)
  if (!Object.hasOwn(fields, source.key)) {
    if (source.default !== undefined) return defaultOf(source)
    const { name: secret, key } = source
    const nearest = nearestName(key, Object.keys(fields))
    throw errors.SECRET_KEY_MISSING({ secret, key, file: file.path, nearest })
  }
  return fieldText({ ...source, key: source.key }, fields[source.key], file)
}

function requireText(source: SecretSource, file: string, whole: WholeValue): SecretValue<string> {
  const value = whole(source) ?? defaultOf(source)
  if (!isTextValue(value)) throw errors.SECRET_IS_BINARY({ secret: source.name, file })
  return value
}

function fieldsOf(source: SecretSource, file: string, whole: WholeValue): Readonly<Record<string, unknown>> {
  const text = requireText(source, file, whole)
  const refuse = (found: string) => errors.SECRET_NOT_JSON({ secret: source.name, file, found })
  let parsed: unknown
  try {
    parsed = JSON.parse(text.reveal())
  } catch {
    // V8's message quotes the text: it is neither passed on nor chained.
    throw refuse('text that is not JSON')
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw refuse(`JSON, but ${kindOf(parsed)}`)
  const twice = findDuplicateName(text.reveal())
  if (twice !== undefined) throw errors.SECRET_NAME_TWICE({ secret: source.name, key: twice, file })
  return parsed as Readonly<Record<string, unknown>>
}

/**
 * The rule for what is not text: refused; or where that is asked for, `true`, `false` and whole numbers as JSON writes them, and lists
 * and objects of such as JSON text.
 */
function fieldText(source: SecretSource & { key: string }, field: unknown, file: Destination): SecretValue<string> {
  const label = `${source.name} ${source.key}`
  if (typeof field === 'string') return secretValue(label, field)
  const { acceptIntegersAndBooleans: accepted = false, acceptNestedJson = false } = file
  if (accepted && (typeof field === 'boolean' || Number.isSafeInteger(field))) return secretValue(label, String(field))
  if (acceptNestedJson && typeof field === 'object' && field !== null && isExact(field)) {
    return secretValue(label, JSON.stringify(field))
  }
  const isFraction = accepted && typeof field === 'number'
  throw errors.SECRET_FIELD_NOT_TEXT({
    secret: source.name,
    key: source.key,
    file: file.path,
    found: isFraction ? 'a number that is not whole or above 2^53' : kindOf(field),
  })
}

/** Whether `JSON.stringify` writes every number in it as it was stored: JSON.parse has turned `1e400` and `0.10` into something else. */
function isExact(value: unknown): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value)
  if (typeof value !== 'object' || value === null) return true
  return Object.values(value).every(isExact)
}
