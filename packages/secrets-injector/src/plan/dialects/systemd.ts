/**
 * `EnvironmentFile=` of systemd, 252 and later. Segments of quotes follow each other as in a shell, but an apostrophe outside of
 * quotes is not taken behind a backslash, so that it stands in double quotes. Nothing is expanded.
 */
import { isPlainName, plainNames, type Dialect, type FileVariable, type FileReading, lastOfEach } from './dialect.ts'

export const systemd: Dialect = {
  name: 'systemd',
  names: plainNames,
  takesName: isPlainName,
  encode: (name, value) =>
    hasNonCharacter(value)
      ? {
          reason: 'it holds a code point that Unicode calls no character, for which systemd rejects the whole file',
          wayOut: 'Write the secret to a file of its own (`files`), or store it in base64.',
        }
      : { text: `${name}='${value.replaceAll("'", `'"'"'`)}'` },
  read,
}

/** What `utf8_is_valid` of src/basic/utf8.c refuses, surrogates aside. */
function hasNonCharacter(value: string): boolean {
  return /\p{Noncharacter_Code_Point}/u.test(value)
}

const keyEnd = /[=\n\r]/

/** `parse_env_file_internal` of src/basic/env-file.c. */
function read(text: string): FileReading {
  const variables: FileVariable[] = []
  let offset = 0
  while (offset < text.length) {
    const char = text[offset]!
    if (/\s/.test(char)) offset++
    else if (char === '#' || char === ';') offset = skipComment(text, offset)
    else {
      const start = offset
      const length = text.slice(start).search(keyEnd)
      if (length === -1) break
      offset = start + length + 1
      if (text[offset - 1] !== '=') continue
      const { value, end } = readValue(text, offset)
      variables.push({ name: text.slice(start, start + length).replace(/[ \t\n\r]+$/, ''), value, expands: false })
      offset = end
    }
  }
  return { variables: lastOfEach(variables) }
}

/** A backslash at the end of a comment takes the next line in, up to 253. */
function skipComment(text: string, from: number): number {
  const match = /^(?:\\[^]|[^\\\n\r])*/.exec(text.slice(from))
  return from + (match?.[0].length ?? 0) + 1
}

const blank = /[ \t\n\r]/

function readValue(text: string, from: number): { value: string; end: number } {
  let value = ''
  let kept = 0
  let offset = from
  // Blanks are dropped before a value and between its quotes, and trimmed behind what stands without quotes.
  let isBare = false
  for (; offset < text.length; offset++) {
    const char = text[offset]!
    if (char === '\n' || char === '\r') break
    if (!isBare && (char === "'" || char === '"')) {
      const quoted = readQuoted(text, offset)
      value += quoted.value
      kept = value.length
      offset = quoted.end
    } else if (char === '\\') {
      isBare = true
      const escaped = text[++offset] ?? ''
      value += escaped === '\n' || escaped === '\r' ? '' : escaped
      kept = value.length
    } else if (isBare || !blank.test(char)) {
      isBare = true
      value += char
      if (!blank.test(char)) kept = value.length
    }
  }
  return { value: value.slice(0, kept), end: offset + 1 }
}

function readQuoted(text: string, from: number): { value: string; end: number } {
  const quote = text[from]
  let value = ''
  let offset = from + 1
  for (; offset < text.length && text[offset] !== quote; offset++) {
    if (quote === "'" || text[offset] !== '\\') value += text[offset]
    else {
      const escaped = text[++offset] ?? ''
      value += '"\\`$'.includes(escaped) ? escaped : escaped === '\n' ? '' : `\\${escaped}`
    }
  }
  return { value, end: offset }
}
