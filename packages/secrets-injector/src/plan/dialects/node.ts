/**
 * Node's own reader: `--env-file` and `util.parseEnv`, Node 20.19 to 24. Every carriage return is removed first. A quote has no
 * escape and ends at the next of its kind; double quotes expand the two characters `\n`.
 */
import {
  fileOrBase64,
  isPlainName,
  lastOfEach,
  plainNames,
  type Dialect,
  type Encoding,
  type FileVariable,
} from './dialect.ts'

export const node: Dialect = {
  name: 'node',
  names: `${plainNames}; not __proto__`,
  takesName: (name) => isPlainName(name) && name !== '__proto__',
  encode,
  read: (text) => ({ variables: nodeVariables(text) }),
}

function encode(name: string, value: string): Encoding {
  const refuse = (reason: string): Encoding => ({ reason, wayOut: fileOrBase64 })
  if (value.includes('\r')) return refuse('it holds a carriage return, which the parser removes')
  const quoted = nodeQuoting(value)
  if (quoted === undefined) {
    return refuse('it holds quotes of all kinds beside what only quotes keep, and the parser knows no escape')
  }
  return { text: `${name}=${quoted}` }
}

/** A value without a carriage return as it may stand behind `=`, or `undefined` where nothing keeps it. */
export function nodeQuoting(value: string): string | undefined {
  for (const quote of ["'", '`']) if (!value.includes(quote)) return `${quote}${value}${quote}`
  if (!value.includes('"') && !value.includes('\\n')) return `"${value}"`
  // Without quotes a comment is cut off and blanks go; a quote in front would be looked for again, down to the end of the file.
  return /[#\n]|^[\s'"`]|\s$/.test(value) ? undefined : value
}

const blank = /^[ \t\n]+|[ \t\n]+$/g

function trim(text: string): string {
  return text.replaceAll(blank, '')
}

/** `Dotenv::ParseContent` of src/node_dotenv.cc, sections aside. */
export function nodeVariables(source: string): readonly FileVariable[] {
  const variables: FileVariable[] = []
  let content = trim(source.replaceAll('\r', ''))
  while (content !== '') {
    if (content.startsWith('#')) {
      content = trim(afterLine(content, 0))
      continue
    }
    const end = content.search(/[=\n]/)
    if (end === -1) break
    if (content[end] === '\n') {
      content = trim(content.slice(end + 1))
      continue
    }
    const name = trim(trim(content.slice(0, end)).replace(/^export /, ''))
    const rest = content.slice(end + 1)
    const { value, next } = rest === '' || rest.startsWith('\n') ? { value: '', next: rest } : readValue(trim(rest))
    if (name !== '' && name !== '__proto__') variables.push({ name, value, expands: false })
    content = trim(next)
  }
  return lastOfEach(variables)
}

function afterLine(content: string, from: number): string {
  const end = content.indexOf('\n', from)
  return end === -1 ? '' : content.slice(end + 1)
}

function readValue(content: string): { value: string; next: string } {
  const quote = /^['"`]/.exec(content)?.[0]
  const close = quote === undefined ? -1 : content.indexOf(quote, 1)
  if (close !== -1) {
    const inside = content.slice(1, close)
    return { value: quote === '"' ? inside.replaceAll('\\n', '\n') : inside, next: afterLine(content, close) }
  }
  const line = content.split('\n', 1)[0] ?? ''
  return { value: quote === undefined ? trim(line.split('#', 1)[0] ?? '') : line, next: afterLine(content, 0) }
}
