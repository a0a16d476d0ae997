/**
 * `env[NAME]` of a PHP-FPM pool, to be included into the pool's section. PHP's parser of INI files keeps what stands in single quotes,
 * line ends too; an apostrophe stands in double quotes beside them. FPM itself looks a value that begins with `$` up in its own
 * environment, after the parser is done with quotes.
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

export const phpFpm: Dialect = {
  name: 'php-fpm',
  names: plainNames,
  takesName: isPlainName,
  encode: (name, value) =>
    value.startsWith('$')
      ? { reason: 'it begins with $, and FPM takes that for the name of another variable', wayOut: fileOrBase64 }
      : { text: `env[${name}] = ${quoted(value)}` },
  read: (text) => readOrReject(text, variablesOf),
}

function quoted(value: string): string {
  const segments = value.match(/'+|[^']+/g) ?? ['']
  return segments.map((segment) => (segment.startsWith("'") ? `"${segment}"` : `'${segment}'`)).join('')
}

const start = /[ \t]*env\[([A-Za-z_][A-Za-z0-9_]*)\][ \t]*=[ \t]*/y
const segment = /'([^']*)'|"((?:[^"\\]|\\[^])*)"|([^\s'";]+)/y
const end = /[ \t]*(?:;[^\n]*)?(?:\n|$)/y
const blank = /(?:[ \t]*(?:;[^\n]*)?\n|[ \t]+$)*/y

function variablesOf(text: string): readonly FileVariable[] {
  const variables: FileVariable[] = []
  let offset = 0
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = offset
    const found = pattern.exec(text)
    if (found) offset += found[0].length
    return found
  }
  for (match(blank); offset < text.length; match(blank)) {
    const from = offset
    const name = match(start)?.[1]
    if (name === undefined) throw new Rejection('a line is no env[NAME] = value', from)
    let value = ''
    let expands = false
    for (let found = match(segment); found; found = match(segment)) {
      value += found[1] ?? found[2]?.replaceAll(/\\(["\\])/g, '$1') ?? found[3] ?? ''
      expands ||= (found[2] ?? found[3] ?? '').includes('${')
    }
    if (!match(end)) throw new Rejection('a value is followed by something else', from)
    variables.push({ name, value, expands: expands || value.startsWith('$') })
  }
  return variables
}
