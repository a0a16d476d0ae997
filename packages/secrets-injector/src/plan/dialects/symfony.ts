/**
 * Symfony Dotenv, 5.4 and 7. Shell-like: adjacent segments make one value. Single quotes keep everything but an apostrophe and CR
 * (a raw CR becomes LF); double quotes decode `\n` and `\r`. Nothing is put into double quotes but apostrophes and line ends, so
 * that no `$`, backslash or command can mean anything, whichever version reads it.
 */
import { readOrReject, Rejection, type Dialect, type Encoding, type FileReading, type FileVariable } from './dialect.ts'

export const symfony: Dialect = {
  name: 'symfony',
  names: 'letters, digits and underscores, with a letter first or after one underscore; not SYMFONY_DOTENV_VARS',
  // VARNAME_REGEX of Dotenv.php. The parser overwrites SYMFONY_DOTENV_VARS with the names that it loaded.
  takesName: (name) => /^_?[A-Za-z][A-Za-z0-9_]*$/.test(name) && name !== 'SYMFONY_DOTENV_VARS',
  encode,
  read,
}

function encode(name: string, value: string): Encoding {
  const segments = value.match(/['\r\n]+|[^'\r\n]+/g) ?? ['']
  const text = segments.map((segment) =>
    /^['\r\n]/.test(segment) ? `"${segment.replaceAll('\r', '\\r').replaceAll('\n', '\\n')}"` : `'${segment}'`,
  )
  return { text: `${name}=${text.join('')}` }
}

/** `Dotenv::parse`, step by step as Dotenv.php 5.4.53 does it, without looking up variables or running commands. */
function read(source: string): FileReading {
  return readOrReject(source.replaceAll('\r\n', '\n').replaceAll('\r', '\n'), variablesOf)
}

function variablesOf(data: string): readonly FileVariable[] {
  const variables: FileVariable[] = []
  let cursor = skipEmptyLines(data, 0)
  while (cursor < data.length) {
    const { name, end } = lexName(data, cursor)
    const value = lexValue(data, end)
    variables.push({ name, value: value.text, expands: value.expands })
    cursor = value.end
  }
  return variables
}

/** PCRE's `\s`, which is not JavaScript's. */
const space = '[ \\t\\n\\v\\f\\r]'
const emptyLines = new RegExp(`(?:${space}+|#[^\\n]*)+`, 'y')
const nameThenEquals = /(export[ \t]+)?(_?[A-Za-z][A-Za-z0-9_]*)/y
const noValue = /[ \t]*(?:#.*)?$/my

function matchAt(pattern: RegExp, data: string, offset: number): RegExpExecArray | null {
  pattern.lastIndex = offset
  return pattern.exec(data)
}

function skipEmptyLines(data: string, offset: number): number {
  return offset + (matchAt(emptyLines, data, offset)?.[0].length ?? 0)
}

function lexName(data: string, offset: number): { name: string; end: number } {
  const match = matchAt(nameThenEquals, data, offset)
  if (!match) throw new Rejection('a line does not begin with a variable name', offset)
  const end = offset + match[0].length
  if (data[end] !== '=') throw new Rejection('a variable name is not followed by =', end)
  return { name: match[2] ?? '', end: end + 1 }
}

interface Lexed {
  readonly text: string
  readonly expands: boolean
  /** Where the next variable begins. */
  readonly end: number
}

function lexValue(data: string, offset: number): Lexed {
  const nothing = matchAt(noValue, data, offset)
  if (nothing) return { text: '', expands: false, end: skipEmptyLines(data, offset + nothing[0].length) }
  if (data[offset] === ' ' || data[offset] === '\t') throw new Rejection('whitespace stands before a value', offset)
  let cursor = offset
  let text = ''
  let expands = false
  do {
    const segment =
      data[cursor] === "'"
        ? lexSingle(data, cursor)
        : data[cursor] === '"'
          ? lexDouble(data, cursor)
          : lexBare(data, cursor)
    text += segment.text
    expands ||= segment.expands
    cursor = segment.end
    if (segment.endsValue) break
  } while (cursor < data.length && data[cursor] !== '\n')
  return { text, expands, end: skipEmptyLines(data, cursor) }
}

interface Segment extends Lexed {
  readonly endsValue: boolean
}

function lexSingle(data: string, offset: number): Segment {
  const end = data.indexOf("'", offset + 1)
  if (end === -1) throw new Rejection('a single quote is not closed', offset)
  return { text: data.slice(offset + 1, end), expands: false, end: end + 1, endsValue: false }
}

function lexDouble(data: string, offset: number): Segment {
  let cursor = offset + 1
  // Dotenv.php looks back two characters only, so that three backslashes before a quote count as two.
  while (data[cursor] !== '"' || (data[cursor - 1] === '\\' && data[cursor - 2] !== '\\')) {
    if (cursor >= data.length) throw new Rejection('a double quote is not closed', offset)
    cursor++
  }
  const decoded = data
    .slice(offset + 1, cursor)
    .replaceAll('\\"', '"')
    .replaceAll('\\r', '\r')
    .replaceAll('\\n', '\n')
  return { ...resolve(decoded, offset), end: cursor + 1, endsValue: false }
}

function lexBare(data: string, offset: number): Segment {
  let cursor = offset
  let value = ''
  let previous = data[offset - 1]
  while (cursor < data.length && !['\n', '"', "'"].includes(data[cursor] ?? '')) {
    if ((previous === ' ' || previous === '\t') && data[cursor] === '#') break
    if (data[cursor] === '\\' && (data[cursor + 1] === '"' || data[cursor + 1] === "'")) cursor++
    previous = data[cursor]
    value += previous
    if (data[cursor] === '$' && data[cursor + 1] === '(') {
      const end = closingParenthesis(data, cursor + 1)
      value += data.slice(cursor + 1, end + 1)
      cursor = end
    }
    cursor++
  }
  // PHP's rtrim() also takes NUL.
  const trimmed = value.replace(/[ \t\n\r\0\v]+$/, '')
  const resolved = resolve(trimmed, offset)
  if (!resolved.expands && resolved.text === trimmed && new RegExp(space).test(trimmed)) {
    throw new Rejection('a value with spaces stands without quotes', offset)
  }
  return { ...resolved, end: cursor, endsValue: data[cursor] === '#' }
}

/** The parenthesis that closes the one at `offset`, on the same line. */
function closingParenthesis(data: string, offset: number): number {
  let depth = 0
  for (let cursor = offset; cursor < data.length && data[cursor] !== '\n'; cursor++) {
    if (data[cursor] === '(') depth++
    if (data[cursor] === ')' && --depth === 0) return cursor
  }
  throw new Rejection('a parenthesis is not closed', offset)
}

const variable = /(?<!\\)(\\*)\$(?!\()(\{)?(_?[A-Za-z][A-Za-z0-9_]*)?(:[-=][^}]*)?(\})?/g

/** Takes the backslash off commands that have one, and tells of the others. */
function withoutEscapes(value: string, onCommand: () => void): string {
  let text = ''
  let at = 0
  for (let place = value.indexOf('$('); place !== -1; place = value.indexOf('$(', place + 1)) {
    const end = commandEnd(value, place + 1)
    if (end === undefined || place < at) continue
    const isEscaped = place > at && value[place - 1] === '\\'
    if (!isEscaped) onCommand()
    text += value.slice(at, isEscaped ? place - 1 : place) + value.slice(place, end)
    at = end
  }
  return text + value.slice(at)
}

/**
 * Where the command in parentheses that begins at `opening` ends; `undefined` where it is none: no pair of parentheses in
 * it may be empty. Symfony's regular expression calls itself, which those of JavaScript cannot.
 */
function commandEnd(text: string, opening: number): number | undefined {
  const open = [opening]
  for (let at = opening + 1; at < text.length; at++) {
    if (text[at] === '(') open.push(at)
    if (text[at] !== ')') continue
    if (open.pop() === at - 1) return undefined
    if (open.length === 0) return at + 1
  }
  return undefined
}

/** `resolveCommands` and `resolveVariables`: escapes are taken off; what would be looked up or run is left, and told. */
function resolve(value: string, offset: number): { text: string; expands: boolean } {
  let expands = false
  const text = withoutEscapes(value, () => (expands = true))
    .replaceAll(variable, (match, ...groups: (string | undefined)[]) => {
      const [backslashes = '', openingBrace, name, fallback, closingBrace] = groups
      if (backslashes.length % 2 === 1) return match.slice(1)
      // To PHP a group that did not match is set, and empty, as soon as a later one matched.
      if ((name ?? fallback ?? closingBrace) === undefined) return match
      if (openingBrace !== undefined && closingBrace === undefined) {
        throw new Rejection('the brace of a variable is not closed', offset)
      }
      expands = true
      return match
    })
    .replaceAll('\\\\', '\\')
  return { text, expands }
}
