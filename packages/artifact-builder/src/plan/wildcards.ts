/**
 * git's own wildcards, which are no glob library's: they work on bytes, so that `?` is one byte of a name, and know
 * POSIX classes and backslashes. https://git-scm.com/docs/gitignore#_pattern_format and git's wildmatch.c, whose answers
 * the tests compare.
 */

/** A text as its UTF-8 bytes, one character for each. */
export function toByteText(text: string): string {
  return isAscii(text) ? text : Buffer.from(text).toString('latin1')
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x7f) return false
  return true
}

/**
 * The expression that matches what a pattern matches, or undefined for one that never matches, such as `[a`.
 *
 * @param pattern as byte text
 * @param subject `path`: `*` and `?` stop at a slash and `**` does not; `name`: there is no slash to stop at
 */
export function compileWildcards(pattern: string, subject: 'path' | 'name'): RegExp | undefined {
  let source = ''
  let at = 0
  while (at < pattern.length) {
    const token = readToken(pattern, at, subject)
    if (token === undefined) return undefined
    source += token.source
    at = token.end
  }
  return new RegExp(`^${source}$`)
}

interface Token {
  readonly source: string
  /** Where the next one begins. */
  readonly end: number
}

function readToken(pattern: string, at: number, subject: 'path' | 'name'): Token | undefined {
  const one = subject === 'path' ? '[^/]' : '[^]'
  const character = pattern[at] as string
  if (character === '*') return readStars(pattern, at, subject)
  if (character === '?') return { source: one, end: at + 1 }
  if (character === '[') return readClass(pattern, at + 1, subject)
  if (character !== '\\') return { source: literal(character), end: at + 1 }
  // A backslash at the end escapes nothing, and git lets such a pattern match nothing.
  return at + 1 < pattern.length ? { source: literal(pattern[at + 1] as string), end: at + 2 } : undefined
}

function literal(character: string): string {
  return /[\w]/.test(character) ? character : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
}

/** `**` crosses folders only where it is a whole part of the path; elsewhere it is a `*`. */
function readStars(pattern: string, start: number, subject: 'path' | 'name'): Token {
  let end = start
  while (pattern[end] === '*') end++
  if (subject === 'name') return { source: '[^]*', end }
  const isWholePart =
    end - start > 1 &&
    (start === 0 || pattern[start - 1] === '/') &&
    (end === pattern.length || pattern[end] === '/' || pattern.startsWith('\\/', end))
  if (!isWholePart) return { source: '[^/]*', end }
  return pattern[end] === '/' ? { source: '(?:[^]*/)?', end: end + 1 } : { source: '[^]*', end }
}

const slash = 0x2f

/** A class in brackets, from behind its first bracket. A first `]` is a member; without a last one nothing matches. */
function readClass(pattern: string, start: number, subject: 'path' | 'name'): Token | undefined {
  const isNegated = pattern[start] === '!' || pattern[start] === '^'
  const first = isNegated ? start + 1 : start
  const members = new Set<number>()
  let previous: number | undefined
  let at = first
  for (; at === first || pattern[at] !== ']'; at++) {
    if (at >= pattern.length) return undefined
    const named = pattern.startsWith('[:', at) ? readNamedClass(pattern, at + 2) : undefined
    if (named === 'unending') return undefined
    if (named) {
      for (const code of named.codes) members.add(code)
      at = named.end
      previous = undefined
    } else if (pattern[at] === '-' && previous !== undefined && isRangeEnd(pattern, at + 1)) {
      at = unescaped(pattern, at + 1)
      if (at >= pattern.length) return undefined
      for (let code = previous; code <= pattern.charCodeAt(at); code++) members.add(code)
      previous = undefined
    } else {
      at = unescaped(pattern, at)
      if (at >= pattern.length) return undefined
      previous = pattern.charCodeAt(at)
      members.add(previous)
    }
  }
  const codes = allBytes.filter((code) => members.has(code) !== isNegated && !(subject === 'path' && code === slash))
  const source = codes.map((code) => `\\x${code.toString(16).padStart(2, '0')}`).join('')
  return { source: codes.length === 0 ? '[]' : `[${source}]`, end: at + 1 }
}

const allBytes = Array.from({ length: 256 }, (_, code) => code)

function isRangeEnd(pattern: string, at: number): boolean {
  return at < pattern.length && pattern[at] !== ']'
}

function unescaped(pattern: string, at: number): number {
  return pattern[at] === '\\' ? at + 1 : at
}

/** Of ASCII alone, and with git's idea of white space. */
const namedClasses: Readonly<Record<string, RegExp>> = {
  alnum: /[0-9A-Za-z]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  cntrl: /[\0-\x1f\x7f]/,
  digit: /[0-9]/,
  graph: /[!-~]/,
  lower: /[a-z]/,
  print: /[ -~]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[ \t\n\r]/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
}

/** `[:alpha:]` from behind its colon; undefined where it is only a bracket and a colon. */
function readNamedClass(
  pattern: string,
  start: number,
): { readonly codes: readonly number[]; readonly end: number } | 'unending' | undefined {
  const end = pattern.indexOf(']', start)
  if (end < 0) return 'unending'
  if (end === start || pattern[end - 1] !== ':') return undefined
  const members = Object.entries(namedClasses).find(([name]) => name === pattern.slice(start, end - 1))?.[1]
  // A class that git does not know spoils the whole pattern.
  if (members === undefined) return 'unending'
  return { codes: allBytes.filter((code) => code < 0x80 && members.test(String.fromCharCode(code))), end }
}
