/**
 * vlucas/phpdotenv 5.4 and 5.6. Double quotes have strict escapes, and everything that could mean something is escaped, line ends
 * too: the parser finds the lines that belong together by counting quotes.
 */
import { isPlainName, plainNames, readOrReject, Rejection, type Dialect, type FileVariable } from './dialect.ts'

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', $: '\\$', '\n': '\\n', '\r': '\\r' }

export const phpdotenv: Dialect = {
  name: 'phpdotenv',
  names: plainNames,
  takesName: isPlainName,
  encode: (name, value) => ({ text: `${name}="${value.replaceAll(/[\\"$\n\r]/g, (char) => escapes[char]!)}"` }),
  read: (text) => readOrReject(text, variablesOf),
}

/** `Lines::process` and `EntryParser::parse` of 5.4.1. */
function variablesOf(text: string): readonly FileVariable[] {
  const variables: FileVariable[] = []
  let open: string[] = []
  let offset = 0
  for (const line of text.split(/\r\n|\n|\r/)) {
    const starts = line.includes('="') && !endsQuotes(line, true)
    if (starts || open.length > 0) {
      open.push(line)
      if (endsQuotes(line, starts)) {
        variables.push(entryOf(open.join('\n'), offset))
        open = []
      }
    } else if (!/^[ \t\n\r\0\v]*(?:#|$)/.test(line)) variables.push(entryOf(line, offset))
    offset += line.length + 1
  }
  // What is left open at the end is dropped without a word.
  return variables
}

function endsQuotes(line: string, started: boolean): boolean {
  if (line === '"') return true
  const count = [...line.replaceAll('\\\\', '').matchAll(/(?=[^\\]")/g)].length
  return started ? count > 1 : count >= 1
}

const phpBlank = /^[ \t\n\r\0\v]+|[ \t\n\r\0\v]+$/g

function entryOf(entry: string, offset: number): FileVariable {
  const equals = entry.indexOf('=')
  const [before, after] = equals === -1 ? [entry, ''] : [entry.slice(0, equals), entry.slice(equals + 1)]
  const name = before.replaceAll(phpBlank, '').replace(/^export\s+(?=\S)/, '')
  const unquoted = /^(["'])(.+)\1$/.exec(name)?.[2] ?? name
  if (!/^[A-Za-z0-9_.]+$/.test(unquoted)) throw new Rejection('a line does not begin with a variable name', offset)
  return { name: unquoted, ...valueOf(after.replaceAll(phpBlank, ''), offset) }
}

function valueOf(text: string, offset: number): { value: string; expands: boolean } {
  const single = /^'([^']*)'\s*(?:#[^]*)?$/.exec(text)
  if (single) return { value: single[1] ?? '', expands: false }
  const double = /^"((?:[^"\\]|\\[\\"$fnrtv])*)"\s*(?:#[^]*)?$/.exec(text)
  if (double) return decode(double[1] ?? '')
  if (/^['"]/.test(text)) throw new Rejection('a value in quotes is not closed, or has an escape of its own', offset)
  const bare = text.replace(/#[^]*$/, '').replace(/\s+$/, '')
  if (/\s/.test(bare)) throw new Rejection('a value with spaces stands without quotes', offset)
  return { value: bare, expands: /\$\{[A-Za-z0-9_.]+\}/.test(bare) }
}

const decoded: Readonly<Record<string, string>> = { f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

function decode(text: string): { value: string; expands: boolean } {
  return {
    value: text.replaceAll(/\\([^])/g, (_, char: string) => decoded[char] ?? char),
    expands: /\$\{[A-Za-z0-9_.]+\}/.test(text.replaceAll(/\\[^]/g, '')),
  }
}
