/**
 * dotenv for Ruby, 2.x. The file is split at line ends first, so that a value stands on one line. Single quotes keep everything but
 * line ends, their own kind included: the parser takes the last one on the line. A line end needs double quotes, where `\n` and `\r`
 * are decoded before backslashes are: a backslash before n or r beside a line end has no encoding.
 */
import { fileOrBase64, isPlainName, plainNames, type Dialect, type Encoding, type FileVariable } from './dialect.ts'

export const rubyDotenv: Dialect = {
  name: 'ruby-dotenv',
  names: plainNames,
  takesName: isPlainName,
  encode,
  read: (text) => ({ variables: [...variablesOf(text).values()] }),
}

function encode(name: string, value: string): Encoding {
  if (!/[\n\r]/.test(value)) return { text: `${name}='${value}'` }
  const text = `${name}="${doubleQuoted(value)}"`
  if (variablesOf(text).get(name)?.value === value && !variablesOf(text).get(name)?.expands) return { text }
  return {
    reason:
      'it holds a line end beside a backslash that the parser takes for a part of another one, and knows no escape for it',
    wayOut: fileOrBase64,
  }
}

/**
 * Backslashes are taken off twice: from every pair that does not end in `$`, and then from those before `$`. A backslash of the value
 * becomes two, a dollar gets one.
 */
function doubleQuoted(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('$', '\\$').replaceAll('\n', '\\n').replaceAll('\r', '\\r')
}

/** `LINE` of dotenv 2.4.0, lib/dotenv/parser.rb; inside its regular expression `\'` is an apostrophe. */
const line = /^\s*(?:export\s+)?([\w.]+)(?:\s*=\s*|:\s+?)('(?:'|[^'])*'|"(?:"|[^"])*"|[^#\n]+)?\s*(?:#[^\n]*)?$/

function variablesOf(text: string): ReadonlyMap<string, FileVariable> {
  const variables = new Map<string, FileVariable>()
  for (const one of text.split(/[\n\r]+/)) {
    const match = line.exec(one)
    if (match) variables.set(match[1]!, { name: match[1]!, ...valueOf((match[2] ?? '').replaceAll(rubyBlank, '')) })
  }
  return variables
}

/** `String#strip`: ASCII blanks, and NUL. */
const rubyBlank = /^[\t\n\v\f\r \0]+|[\t\n\v\f\r \0]+$/g

function valueOf(text: string): { value: string; expands: boolean } {
  const quoted = /^(['"])([^\n]*)\1$/.exec(text)
  const inside = quoted?.[2] ?? text
  if (quoted?.[1] === "'") return { value: inside, expands: false }
  const unescaped =
    quoted?.[1] === '"'
      ? inside
          .replaceAll('\\n', '\n')
          .replaceAll('\\r', '\r')
          .replaceAll(/\\([^$])/g, '$1')
      : inside
  return substituted(unescaped)
}

/** The substitutions of variables and then of commands: escapes are taken off; what would be looked up or run is told. */
function substituted(text: string): { value: string; expands: boolean } {
  let expands = false
  const value = text
    .replaceAll(
      /(\\)?\$(?!\()\{?([A-Za-z0-9_]+)?\}?/g,
      (match, escaped: string | undefined, name: string | undefined) => {
        if (escaped) return match.slice(1)
        expands ||= name !== undefined
        return match
      },
    )
    .replaceAll(/(\\)?\$\([^]*?\)/g, (match, escaped: string | undefined) => {
      if (escaped) return match.slice(1)
      expands = true
      return match
    })
  return { value, expands }
}
