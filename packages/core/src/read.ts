/**
 * Checking readers: what comes from a file, a store or another process is checked field by field before it is used,
 * and a wrong field is named with its path, the value given and what was expected.
 */
import { coreErrors } from './core-errors.ts'
import { describeValue } from './options.ts'

/** Where a value stands, for the message: its path is put together only where there is one to write. */
export interface Place {
  readonly record: string
  readonly from?: string | undefined
  /** The object or list that holds it, and its field or number there. Left out: it is the record itself. */
  readonly inside?: Place | undefined
  readonly key?: string | number | undefined
}

/** Checks a value and answers it with its type. */
export type Reader<T> = (value: unknown, place: Place) => T

type Shape = Readonly<Record<string, Reader<unknown>>>
type OptionalKeys<S extends Shape> = { [K in keyof S]: undefined extends ReturnType<S[K]> ? K : never }[keyof S]
/** The type that an {@link object} reader answers. */
export type Read<S extends Shape> = { readonly [K in Exclude<keyof S, OptionalKeys<S>>]: ReturnType<S[K]> } & {
  readonly [K in OptionalKeys<S>]?: ReturnType<S[K]>
}

function refuse(value: unknown, place: Place, expected: string): never {
  const { record, from } = place
  const path = pathOf(place) || 'the value'
  throw coreErrors.INVALID_RECORD({ record, path, given: describeValue(value), expected, from })
}

function pathOf({ inside, key = '' }: Place): string {
  if (inside === undefined) return ''
  const above = pathOf(inside)
  if (typeof key === 'number') return `${above}[${key}]`
  return above === '' ? key : `${above}.${key}`
}

/** The place of what an object or a list holds, one field or item after the other: it is read when one of them is refused. */
function placeInside(inside: Place): Place & { key: string | number | undefined } {
  return { record: inside.record, from: inside.from, inside, key: undefined }
}

function within(inside: Place, key: string): Place {
  return { ...placeInside(inside), key }
}

/** Text that passes a test. */
export function text(expected = 'text', test: (value: string) => boolean = () => true): Reader<string> {
  return (value, place) => (typeof value === 'string' && test(value) ? value : refuse(value, place, expected))
}

export const nonEmptyText = text('text that is not empty', (value) => value !== '')
export const commitId = text('a full git commit id (40 or 64 lowercase hex digits)', isCommitId)
export const sha256Text = text('a SHA-256 in 64 lowercase hex digits', (value) => /^[0-9a-f]{64}$/.test(value))
export const isoTime = text('a time in ISO 8601', (value) => !Number.isNaN(Date.parse(value)))

/** Whether text is a full git commit id of either object format. */
export function isCommitId(value: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(value)
}

export const flag: Reader<boolean> = (value, place) =>
  typeof value === 'boolean' ? value : refuse(value, place, 'true or false')

/** A whole number that is zero or more. */
export const count: Reader<number> = (value, place) =>
  Number.isSafeInteger(value) && (value as number) >= 0
    ? (value as number)
    : refuse(value, place, 'a whole number, zero or more')

/** One of a few words. */
export function oneOf<const T extends string>(...words: readonly T[]): Reader<T> {
  return (value, place) =>
    words.includes(value as T)
      ? (value as T)
      : refuse(value, place, words.map((word) => JSON.stringify(word)).join(' or '))
}

/** A field that may be missing. `null` is not missing. */
export function optional<T>(reader: Reader<T>): Reader<T | undefined> {
  return (value, place) => (value === undefined ? undefined : reader(value, place))
}

/** A field that older records lack: missing, it has the value that it stood for then. `null` is not missing. */
export function withDefault<T>(reader: Reader<T>, value: T): Reader<T> {
  return (given, place) => (given === undefined ? value : reader(given, place))
}

export function list<T>(item: Reader<T>): Reader<readonly T[]> {
  return (value, place) => {
    if (!Array.isArray(value)) return refuse(value, place, 'a list')
    const here = placeInside(place)
    return value.map((entry, index) => {
      here.key = index
      return item(entry, here)
    })
  }
}

/** An object with these fields. Fields that it does not name are left out of the answer: a record may gain facts. */
export function object<const S extends Shape>(shape: S): Reader<Read<S>> {
  const readers = Object.values(shape)
  const keys = Object.keys(shape)
  return (value, place) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(value, place, 'an object')
    const source = value as Record<string, unknown>
    const here = placeInside(place)
    // A manifest has many thousands of entries: nothing is made for each field of each of them.
    const fields: Record<string, unknown> = {}
    for (let index = 0; index < keys.length; index += 1) {
      const key = keys[index]!
      here.key = key
      const field = readers[index]!(Object.hasOwn(source, key) ? source[key] : undefined, here)
      if (field !== undefined) fields[key] = field
    }
    return fields as Read<S>
  }
}

/** One of several shapes, told apart by the word in `key`. */
export function taggedBy<T>(key: string, readers: Readonly<Record<string, Reader<T>>>): Reader<T> {
  return (value, place) => {
    if (typeof value !== 'object' || value === null) return refuse(value, place, 'an object')
    const tag = (value as Record<string, unknown>)[key]
    const reader = typeof tag === 'string' && Object.hasOwn(readers, tag) ? readers[tag] : undefined
    if (reader) return reader(value, place)
    const expected = Object.keys(readers).map((word) => JSON.stringify(word))
    return refuse(tag, within(place, key), expected.join(' or '))
  }
}

/**
 * A checking reader of a record: takes JSON text or the parsed value.
 * `from` names where it was read (a file, a key of a store), for the message.
 */
export type RecordReader<T> = (json: unknown, from?: string) => T

/** Makes the public reader of a record. */
export function recordReader<T>(record: string, reader: Reader<T>): RecordReader<T> {
  return (json, from) => {
    const place: Place = { record, from }
    return reader(typeof json === 'string' ? parseJson(json, place) : json, place)
  }
}

function parseJson(json: string, place: Place): unknown {
  try {
    return JSON.parse(json)
  } catch {
    // V8 quotes the text in its message; a record may stand beside secrets, so its words are not passed on.
    return refuse(`${json.length} characters`, place, 'JSON')
  }
}
