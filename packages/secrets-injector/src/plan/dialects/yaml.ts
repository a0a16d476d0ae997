/**
 * A YAML mapping of texts, for parsers of 1.1 and 1.2 alike. Everything stands in double quotes and on one line: a bare `no`, `1e3` or
 * `08` is a text to one parser and something else to another. What is not printable ASCII is escaped, since parsers of 1.1 refuse
 * some of it.
 */
import { lastOfEach, readOrReject, Rejection, type Dialect, type FileVariable } from './dialect.ts'

export const yaml: Dialect = {
  name: 'yaml',
  names: 'any name',
  takesName: () => true,
  holdsNul: true,
  encode: (name, value) => ({ text: `${quoted(name)}: ${quoted(value)}` }),
  join: (encodings) => (encodings.length === 0 ? '{}\n' : encodings.map((line) => `${line}\n`).join('')),
  read: (text) => readOrReject(text, variablesOf),
}

const short: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function quoted(text: string): string {
  return `"${text.replaceAll(/[^ !#-[\]-~]/gu, (char) => short[char] ?? escape(char.codePointAt(0)!))}"`
}

function escape(code: number): string {
  const digits = code.toString(16)
  if (code <= 0xff) return `\\x${digits.padStart(2, '0')}`
  return code <= 0xffff ? `\\u${digits.padStart(4, '0')}` : `\\U${digits.padStart(8, '0')}`
}

const line =
  /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)'|([A-Za-z_][\w.-]*))[ \t]*:(?:[ \t]+(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)'|([^\s"'#&*!|>%@`[\]{},?-][^#]*?|-?\d[^#\s]*))?)?[ \t]*(?:#.*)?$/

/** A flat mapping with a text on each line, no more of YAML: lists, blocks and anchors are rejected. */
function variablesOf(text: string): readonly FileVariable[] {
  const variables: FileVariable[] = []
  let offset = 0
  for (const one of text.split(/\r?\n/)) {
    const found = line.exec(one)
    if (found) {
      const [, double, single, plain, doubleValue, singleValue, plainValue] = found
      const name = plain ?? textOf(double, single, offset)
      variables.push({ name, value: plainValue ?? textOf(doubleValue, singleValue, offset), expands: false })
    } else if (!/^\s*(?:#.*)?$|^(?:---|\.\.\.|\{\})\s*$/.test(one)) {
      throw new Rejection('a line is not `name: value` with a text', offset)
    }
    offset += one.length + 1
  }
  return lastOfEach(variables)
}

const decoded: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  t: '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  e: '\x1b',
  N: '\x85',
  _: '\xa0',
  L: '\u2028',
  P: '\u2029',
}

function textOf(double: string | undefined, single: string | undefined, offset: number): string {
  if (double === undefined) return (single ?? '').replaceAll("''", "'")
  return double.replaceAll(
    /\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))/g,
    (_, x, u, long, char) => {
      const digits = (x ?? u ?? long) as string | undefined
      if (digits !== undefined) return String.fromCodePoint(Number.parseInt(digits, 16))
      if (/[xuU]/.test(char as string)) throw new Rejection('an escape has too few digits', offset)
      return decoded[char as string] ?? (char as string)
    },
  )
}
