/**
 * motdotla's dotenv for Node, versions 16 and 18 (its regular expression is the same in both).
 *
 * No quote has an escape. Double quotes expand the two characters `\n` and `\r`, and a raw CR anywhere becomes LF. The parser looks
 * for a closing quote with `(?:\\'|[^'])*`: after a value that ends in a backslash it goes on into the lines below, and takes a
 * later quote for the end if nothing but a comment follows it. See {@link guard}.
 */
import type { Dialect, Encoding, FileReading, FileVariable } from './dialect.ts'

/** `LINE` of dotenv 16.6.1, lib/main.js, and of 18.0.10. */
const line =
  /(?:^|^)\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?(?:$|$)/gm

export const dotenv: Dialect = {
  name: 'dotenv',
  names: 'letters, digits and underscores, not beginning with a digit; not __proto__',
  // The parser also takes dots and hyphens, which no shell can pass on; a field named __proto__ is lost in its plain object.
  takesName: (name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && name !== '__proto__',
  encode,
  read,
}

function encode(name: string, value: string): Encoding {
  for (const candidate of candidates(value)) {
    const text = `${name}=${candidate}`
    if (readsBack(text, name, value)) return { text }
  }
  const holds = [
    ...(value.includes('\n') ? ['a line end'] : []),
    ...(value.includes('\r') ? ['a carriage return'] : []),
    ...(value.includes('#') ? ['#'] : []),
    ...(/\\[nr]/.test(value) ? ['a backslash before n or r'] : []),
    ...[`'`, '`', '"'].filter((quote) => value.includes(quote)),
  ]
  return {
    reason: `it holds ${holds.join(' and ')}, and the parser knows no escape that would keep them all`,
    wayOut: 'Write the secret to a file of its own (`files`), or store it in base64 and decode it in the application.',
  }
}

/** What may stand behind the `=`, the plainest first. Not every one is right for every value: each is read back. */
function candidates(value: string): readonly string[] {
  const escaped = value.replaceAll('\n', '\\n').replaceAll('\r', '\\r')
  const all = [`'${value}'`, `\`${value}\``, `"${value.replaceAll('\r', '\\r')}"`, `"${escaped}"`]
  // With a quote of its own kind inside, the parser falls back to the rest of the line and strips the outermost pair.
  const awkward = (quoted: string) => quoted.slice(1, -1).includes(quoted.slice(0, 1))
  const quoted = [...all.filter((one) => !awkward(one)), ...all.filter(awkward)]
  const bare = value === '' ? [] : [value]
  if (value.endsWith('\\')) return [...bare, ...quoted.map(guard)]
  return [...quoted.filter((one) => !awkward(one)), ...bare, ...quoted.filter(awkward)]
}

/**
 * A comment below a quoted value that ends in a backslash. Its quote is the first that can end the value if the one behind the
 * backslash does not, and it cannot: a dot follows. So the parser comes back to the right one, whatever stands further down.
 */
function guard(quoted: string): string {
  return `${quoted}\n#${quoted.slice(0, 1)}.`
}

/** Lines that take in what stands above them, if that is left open. Their names are the parser's, but never ours. */
const below = `\nb.1='#'\nb.2="#"\nb.3=\`#\`\nb.4=''\nb.5=""\nb.6=\`\`\nb.7=1`
const above = `a.1='\\'\n#'.\na.2=1\n`

function readsBack(text: string, name: string, value: string): boolean {
  const hostile = variablesOf(above + text + below)
  const alone = variablesOf(text)
  return (
    alone.size === 1 &&
    alone.get(name) === value &&
    hostile.get(name) === value &&
    [...variablesOf(above), ...variablesOf(below)].every(([other, kept]) => hostile.get(other) === kept)
  )
}

function read(text: string): FileReading {
  const variables: FileVariable[] = [...variablesOf(text)].map(([name, value]) => ({ name, value, expands: false }))
  return { variables }
}

/** `parse` of dotenv 16.6.1, lib/main.js, into a map. */
function variablesOf(text: string): Map<string, string> {
  const variables = new Map<string, string>()
  for (const [, name = '', found = ''] of text.replaceAll(/\r\n?/g, '\n').matchAll(line)) {
    const trimmed = found.trim()
    const unquoted = trimmed.replaceAll(/^(['"`])([\s\S]*)\1$/gm, '$2')
    const value = trimmed.startsWith('"') ? unquoted.replaceAll('\\n', '\n').replaceAll('\\r', '\r') : unquoted
    if (name !== '__proto__') variables.set(name, value)
  }
  return variables
}
