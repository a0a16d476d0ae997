import { nearestName } from '@fairlead/core'
import { errors } from '../errors.ts'
import type { PlannedFile, SecretSource } from '../model.ts'
import { isTextValue, secretValue, type SecretValue } from '../secret-value.ts'
import { requireVariableName } from './injection.ts'
import { isSource, kindOf } from './sources.ts'

/** Finds the fetched value of a source's secret, whole. */
export type WholeValue = (source: SecretSource) => SecretValue

export interface Variable {
  readonly name: string
  readonly value: SecretValue<string>
}

/**
 * The variables of an environment file, sorted by name, so that the order of a secret's fields changes no file.
 *
 * @throws SECRET_NOT_JSON, SECRET_KEY_MISSING, SECRET_FIELD_NOT_TEXT, SECRET_IS_BINARY, VARIABLE_NAME_INVALID
 */
export function variablesOf(file: Extract<PlannedFile, { kind: 'env' }>, whole: WholeValue): readonly Variable[] {
  const { path, from, dialect } = file
  const named: Variable[] = []
  if (isSource(from)) {
    for (const [name, field] of Object.entries(fieldsOf(from, path, whole))) {
      requireVariableName({ file: path, dialect, name })
      named.push({ name, value: fieldText({ ...from, key: name }, field, file) })
    }
  } else {
    for (const [name, source] of Object.entries(from)) {
      named.push({ name, value: typeof source === 'string' ? secretValue(name, source) : textOf(source, file, whole) })
    }
  }
  return named.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/**
 * The bytes of a file of its own, exactly as they were stored.
 *
 * @throws SECRET_NOT_JSON, SECRET_KEY_MISSING, SECRET_FIELD_NOT_TEXT, SECRET_IS_BINARY
 */
export function contentOf(file: Extract<PlannedFile, { kind: 'key-file' }>, whole: WholeValue): SecretValue {
  return file.source.key === undefined ? whole(file.source) : textOf(file.source, file, whole)
}

function textOf(source: SecretSource, file: PlannedFile, whole: WholeValue): SecretValue<string> {
  if (source.key === undefined) return requireText(source, file.path, whole)
  const fields = fieldsOf(source, file.path, whole)
  if (!Object.hasOwn(fields, source.key)) {
    const { name: secret, key } = source
    const nearest = nearestName(key, Object.keys(fields))
    throw errors.SECRET_KEY_MISSING({ secret, key, file: file.path, nearest })
  }
  return fieldText({ ...source, key: source.key }, fields[source.key], file)
}

function requireText(source: SecretSource, file: string, whole: WholeValue): SecretValue<string> {
  const value = whole(source)
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
  return parsed as Readonly<Record<string, unknown>>
}

/** The rule for what is not text: refused, or where that is asked for, `true`, `false` and whole numbers as JSON writes them. */
function fieldText(source: SecretSource & { key: string }, field: unknown, file: PlannedFile): SecretValue<string> {
  const label = `${source.name} ${source.key}`
  if (typeof field === 'string') return secretValue(label, field)
  const accepted = file.kind === 'env' && file.acceptIntegersAndBooleans
  if (accepted && (typeof field === 'boolean' || Number.isSafeInteger(field))) return secretValue(label, String(field))
  const isFraction = accepted && typeof field === 'number'
  throw errors.SECRET_FIELD_NOT_TEXT({
    secret: source.name,
    key: source.key,
    file: file.path,
    found: isFraction ? 'a number that is not whole or above 2^53' : kindOf(field),
  })
}
