/**
 * The parser of motdotla's dotenv for Node, which its relatives carry inside: dotenv-expand, @next/env, Vite up to 7 and dotenvx.
 *
 * No quote has an escape. Double quotes expand the two characters `\n` and `\r`, and a raw CR anywhere becomes LF. The parser looks
 * for a closing quote with `(?:\\'|[^'])*`: after a value that ends in a backslash it goes on into the lines below, and takes a
 * later quote for the end if nothing but a comment follows it. See {@link guard}.
 */
import { fileOrBase64, isPlainName, plainNames, type Dialect, type Encoding, type FileVariable } from './dialect.ts'

/** `LINE` of dotenv 16.6.1, lib/main.js, and of 18.0.10. */
const line =
  /(?:^|^)\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?(?:$|$)/gm

/** What one of the relatives does beyond parsing lines. */
export interface MotdotlaRelative {
  readonly name: Dialect['name']
  /** The value as it must stand in a file, before it is put into quotes. */
  readonly escape: (value: string) => string
  /** What comes of a value that stood between such quotes ('' for none). */
  readonly finish: (parsed: string, quote: string) => { readonly value: string; readonly expands: boolean }
  /** What may stand behind the `=`, the plainest first. Default: {@link quotings} of the escaped value. */
  readonly candidates?: (value: string) => readonly string[]
  /** Why it can be that no candidate reads back, where it is not for want of escapes. */
  readonly refusal?: (value: string) => string | undefined
}

/** The dialect of a parser that reads lines as dotenv does, and then does something of its own. */
export function motdotlaDialect(relative: MotdotlaRelative): Dialect {
  const read = (text: string) => variablesOf(text, relative)
  return {
    name: relative.name,
    names: `${plainNames}; not __proto__`,
    // The parser also takes dots and hyphens, which no shell can pass on; a field named __proto__ is lost in its plain object.
    takesName: (name) => isPlainName(name) && name !== '__proto__',
    encode: (name, value) => {
      const candidates = relative.candidates?.(value) ?? quotings(relative.escape(value))
      const found = candidates.find((candidate) => readsBack(`${name}=${candidate}`, name, value, read))
      return found === undefined ? refusalOf(value, relative) : { text: `${name}=${found}` }
    },
    read: (text) => ({ variables: [...read(text).values()] }),
  }
}

function refusalOf(value: string, { refusal }: MotdotlaRelative): Encoding {
  const holds = [
    ...(value.includes('\n') ? ['a line end'] : []),
    ...(value.includes('\r') ? ['a carriage return'] : []),
    ...(value.includes('#') ? ['#'] : []),
    ...(/\\[nr]/.test(value) ? ['a backslash before n or r'] : []),
    ...[`'`, '`', '"'].filter((quote) => value.includes(quote)),
  ]
  return {
    reason:
      refusal?.(value) ?? `it holds ${holds.join(' and ')}, and the parser knows no escape that would keep them all`,
    wayOut: fileOrBase64,
  }
}

/** What may stand behind the `=`, the plainest first. Not every one is right for every value: each is read back. */
export function quotings(value: string): readonly string[] {
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
export function guard(quoted: string): string {
  return `${quoted}\n#${quoted.slice(0, 1)}.`
}

/** Lines that take in what stands above them, if that is left open. Their names are the parser's, but never ours. */
const below = `\nb.1='#'\nb.2="#"\nb.3=\`#\`\nb.4=''\nb.5=""\nb.6=\`\`\nb.7=1`
const above = `a.1='\\'\n#'.\na.2=1\n`

type Read = (text: string) => ReadonlyMap<string, FileVariable>

function readsBack(text: string, name: string, value: string, read: Read): boolean {
  const hostile = read(above + text + below)
  const alone = read(text)
  const isRight = (found: FileVariable | undefined) => found?.value === value && !found.expands
  return (
    alone.size === 1 &&
    isRight(alone.get(name)) &&
    isRight(hostile.get(name)) &&
    [...read(above), ...read(below)].every(([other, kept]) => hostile.get(other)?.value === kept.value)
  )
}

/** `parse` of dotenv 16.6.1, lib/main.js, into a map. */
function variablesOf(text: string, { finish }: MotdotlaRelative): ReadonlyMap<string, FileVariable> {
  const variables = new Map<string, FileVariable>()
  for (const [, name = '', found = ''] of text.replaceAll(/\r\n?/g, '\n').matchAll(line)) {
    const trimmed = found.trim()
    const unquoted = trimmed.replaceAll(/^(['"`])([\s\S]*)\1$/gm, '$2')
    const quote = /^['"`]/.exec(trimmed)?.[0] ?? ''
    const parsed = quote === '"' ? unquoted.replaceAll('\\n', '\n').replaceAll('\\r', '\r') : unquoted
    if (name !== '__proto__') variables.set(name, { name, ...finish(parsed, quote) })
  }
  return variables
}
