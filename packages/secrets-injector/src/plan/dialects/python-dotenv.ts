/**
 * python-dotenv, 0.21 to 1.2. Double quotes decode escapes, and then `${NAME}` and `${NAME:-default}` are replaced, whatever quotes
 * they stood in. There is no escape for `${`: `${:-$}{` looks up a variable without a name, which cannot be set, and gives its default.
 * A backslash before the closing quote makes the parser read on into the lines below; at the end of a value it is written as a
 * default too.
 *
 * With `interpolate=False` there are no defaults: a value that ends in a backslash stands without quotes, or is refused.
 */
import {
  fileOrBase64,
  isPlainName,
  plainNames,
  readOrReject,
  Rejection,
  type Dialect,
  type FileVariable,
} from './dialect.ts'

export const pythonDotenv: Dialect = {
  name: 'python-dotenv',
  names: plainNames,
  takesName: isPlainName,
  encode: (name, value) => {
    const head = value.endsWith('\\') ? value.slice(0, -1) : value
    const tail = value.endsWith('\\') ? '${:-\\\\}' : ''
    return { text: `${name}="${escaped(head).replaceAll('${', '${:-$}{')}${tail}"` }
  },
  read: (text) => readOrReject(text, (source) => variablesOf(source, true)),
}

export const pythonDotenvRaw: Dialect = {
  name: 'python-dotenv-raw',
  names: plainNames,
  takesName: isPlainName,
  encode: (name, value) => {
    if (!value.endsWith('\\')) return { text: `${name}="${escaped(value)}"` }
    if (!/[\n\r]/.test(value) && !new RegExp(`^(?:['"#]|${space})|${space}#`).test(value))
      return { text: `${name}=${value}` }
    const reason = 'it ends in a backslash, and only quotes would keep the rest, which a backslash leaves open'
    return {
      reason,
      wayOut: `${fileOrBase64} Without interpolate=False, the dialect is python-dotenv, which holds it.`,
    }
  },
  read: (text) => readOrReject(text, (source) => variablesOf(source, false)),
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r' }

function escaped(value: string): string {
  return value.replaceAll(/[\\"\n\r]/g, (char) => escapes[char]!)
}

/** Python's `\s` for text: wider than JavaScript's by the separators of ASCII and NEL, narrower by the byte order mark. */
const spaceClass = '\\t\\n\\v\\f\\r\\x1c-\\x1f \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'
const space = `[${spaceClass}]`
const inlineSpace = `(?:(?![\\r\\n])${space})*`

const opening = new RegExp(`${space}*`, 'y')
const exporting = new RegExp(`export(?:(?![\\r\\n])${space})+`, 'y')
const key = new RegExp(`'([^']+)'|([^=#${spaceClass}]+)`, 'y')
const equals = new RegExp(`${inlineSpace}(=${inlineSpace})?`, 'y')
const single = /'((?:\\'|[^'])*)'/y
const double = /"((?:\\"|[^"])*)"/y
const unquoted = /([^\r\n]*)/y
const ending = new RegExp(`(?:${inlineSpace}#[^\\r\\n]*)?${inlineSpace}(?:\\r\\n|\\n|\\r|$)`, 'y')

/** `parse_stream` of parser.py and `resolve_variables` of main.py. What the parser would skip with a warning is a rejection. */
function variablesOf(source: string, interpolates: boolean): readonly FileVariable[] {
  // The file is opened as text, and so with universal newlines.
  const text = source.replaceAll(/\r\n?/g, '\n')
  const variables: FileVariable[] = []
  let offset = 0
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = offset
    const found = pattern.exec(text)
    if (found) offset += found[0].length
    return found
  }
  const require = (pattern: RegExp, problem: string): RegExpExecArray => {
    const start = offset
    const found = match(pattern)
    if (!found) throw new Rejection(problem, start)
    return found
  }
  for (match(opening); offset < text.length; match(opening)) {
    match(exporting)
    const name = text[offset] === '#' ? undefined : require(key, 'a line does not begin with a variable name')
    const hasValue = match(equals)?.[1] !== undefined
    const value = hasValue ? readValue(text[offset], require) : ''
    require(ending, 'something stands behind a value')
    if (name)
      variables.push({
        name: (name[1] ?? name[2])!,
        ...(interpolates ? interpolate(value) : { value, expands: false }),
      })
  }
  return variables
}

function readValue(first: string | undefined, require: (pattern: RegExp, problem: string) => RegExpExecArray): string {
  if (first === undefined || first === '\n') return ''
  if (first === "'") return decode(require(single, 'a single quote is not closed')[1]!, /\\[\\']/g)
  if (first === '"') return decode(require(double, 'a double quote is not closed')[1]!, /\\[\\'"abfnrtv]/g)
  const part = require(unquoted, 'a value cannot be read')[1]!
  return part.replaceAll(new RegExp(`${space}+#.*`, 'gs'), '').replace(new RegExp(`${space}+$`), '')
}

const decoded: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

function decode(text: string, escape: RegExp): string {
  return text.replaceAll(escape, (pair) => decoded[pair[1]!] ?? pair[1]!)
}

function interpolate(text: string): { value: string; expands: boolean } {
  let expands = false
  const value = text.replaceAll(
    /\$\{([^}:]*)(?::-([^}]*))?\}/g,
    (whole, name: string, otherwise: string | undefined) => {
      if (name === '') return otherwise ?? ''
      expands = true
      return whole
    },
  )
  return { value, expands }
}
