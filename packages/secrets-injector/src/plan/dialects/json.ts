/** One JSON object of texts. It holds everything, NUL too. */
import { type Dialect, type FileReading } from './dialect.ts'

export const json: Dialect = {
  name: 'json',
  names: 'any name',
  takesName: () => true,
  holdsNul: true,
  encode: (name, value) => ({ text: `  ${JSON.stringify(name)}: ${JSON.stringify(value)}` }),
  join: (encodings) => (encodings.length === 0 ? '{}\n' : `{\n${encodings.join(',\n')}\n}\n`),
  read,
}

function read(text: string): FileReading {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    // V8's message quotes the text.
    return { rejected: 'the file is not JSON', line: 1 }
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    return { rejected: 'the file is no JSON object', line: 1 }
  }
  const variables = Object.entries(parsed).map(([name, value]) => ({ name, value, expands: false }))
  const strange = variables.find(({ value }) => typeof value !== 'string')
  if (strange) return { rejected: `${strange.name} is not text`, line: 1 }
  return { variables: variables.map(({ name, value }) => ({ name, value: String(value), expands: false })) }
}
