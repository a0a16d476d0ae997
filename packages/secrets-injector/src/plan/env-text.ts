import { errors } from '../errors.ts'
import type { DialectName } from '../model.ts'
import { dialects } from './dialects.ts'
import type { Dialect, Encoding } from './dialects/dialect.ts'
import type { Variable } from './values.ts'

const encoder = new TextEncoder()

/**
 * The bytes of an environment file. They are read back as the application will read them, the file as a whole: every variable must
 * come out exactly, and no other.
 *
 * @throws SECRET_NOT_ENCODABLE, READ_BACK_DIFFERS
 */
export function encodeEnvFile(
  file: { readonly path: string; readonly dialect: DialectName },
  variables: readonly Variable[],
): Uint8Array {
  const dialect = dialects[file.dialect]
  const encodings = variables.map((variable) => encodeVariable(file.path, dialect, variable))
  const bytes = encoder.encode(fileOf(dialect, encodings))
  requireReadBack(file.path, dialect, bytes, variables)
  return bytes
}

/** The text of a file with these encodings. */
export function fileOf({ join }: Dialect, encodings: readonly string[]): string {
  return join?.(encodings) ?? encodings.map((line) => `${line}\n`).join('')
}

function encodeVariable(file: string, dialect: Dialect, { name, value }: Variable): string {
  const encoding = encodeIn(dialect, name, value.reveal())
  if ('text' in encoding) return encoding.text
  throw errors.SECRET_NOT_ENCODABLE({ file, dialect: dialect.name, variable: name, ...encoding })
}

/** A variable in a dialect; or why that cannot hold it, for what no dialect of its kind can too. */
export function encodeIn(dialect: Dialect, name: string, value: string): Encoding {
  return unholdable(dialect, value) ?? dialect.encode(name, value)
}

function unholdable({ holdsNul }: Dialect, text: string): Encoding | undefined {
  if (!holdsNul && text.includes('\0')) {
    return {
      reason: 'it holds a NUL character, which no environment variable can',
      wayOut: 'Write the secret to a file of its own (`files`), or store it in base64.',
    }
  }
  if (!isWellFormed(text)) {
    return {
      reason: 'it holds half of a surrogate pair, which no encoding of text can',
      wayOut: 'Store the secret again as well-formed Unicode, or as binary in a file of its own (`files`).',
    }
  }
  return undefined
}

/** Whether UTF-8 can hold the text. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text)
}

/** @throws READ_BACK_DIFFERS */
export function requireReadBack(
  file: string,
  dialect: Dialect,
  bytes: Uint8Array,
  variables: readonly Variable[],
): void {
  const differs = (variable: string) => errors.READ_BACK_DIFFERS({ file, dialect: dialect.name, variable })
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  const reading = dialect.read(text)
  const found = 'rejected' in reading ? [] : reading.variables
  for (const { name, value } of variables) {
    const back = found.find((candidate) => candidate.name === name)
    if (back === undefined || back.expands || back.value !== value.reveal()) throw differs(name)
  }
  const extra = found.find(({ name }) => !variables.some((variable) => variable.name === name))
  if (extra) throw differs(extra.name)
  if ('rejected' in reading) throw differs(`line ${reading.line}`)
}
