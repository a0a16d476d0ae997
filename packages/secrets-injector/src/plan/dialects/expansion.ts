/**
 * dotenv-expand, and the copies of it in @next/env and Vite. It works on the values that dotenv has parsed, so that single quotes
 * keep nothing from it: `$NAME` and `${…}` are replaced wherever no backslash stands before them, and then `\$` becomes `$`.
 *
 * From 1000.0.0 on, dotenv-expand also runs `$(…)` as a command, escaped or not. Such a value is refused: a secret would be code.
 */
import { motdotlaDialect, quotings } from './motdotla.ts'
import { nodeVariables } from './node.ts'
import { fileOrBase64, isPlainName, plainNames, type Dialect } from './dialect.ts'

/** Wherever one of the copies would look a variable up: the union of their patterns. */
const reference = /(?<!\\)\$(?:\{|\w)/

export const dotenvExpand = motdotlaDialect({
  name: 'dotenv-expand',
  escape: escapeDollars,
  // An encrypted value is decrypted, where a key for it is in the environment.
  finish: (parsed) => {
    const { value, expands } = expanded(parsed)
    return { value, expands: expands || runsCommand(parsed) || isEncrypted(parsed) }
  },
  refusal: (value) =>
    runsCommand(value)
      ? 'it holds $(…), which dotenv-expand 1000 runs as a command, escaped or not'
      : isEncrypted(value)
        ? 'it begins with encrypted:, which dotenv-expand 1000 decrypts'
        : undefined,
})

export const next = motdotlaDialect({ name: 'next', escape: escapeDollars, finish: expanded })

/** Vite 6 and 7, which have dotenv-expand 12 inside. */
export const vite6 = motdotlaDialect({ name: 'vite6', escape: escapeDollars, finish: expanded })

/**
 * Vite 5, which has dotenv-expand 11 inside. That takes a backslash off an escaped `\\$NAME`, and then off every `\\$` that is left: a
 * backslash of the value before `$NAME` has to be written three times, or inside of another reference twice.
 */
export const vite = motdotlaDialect({
  name: 'vite',
  escape: escapeDollars,
  candidates: (value) => [...quotings(escapeTwice(value)), ...quotings(escapeDollars(value))],
  finish: expandedTwice,
})

/** `DOTENV_SUBSTITUTION_REGEX` of dotenv-expand 11, lib/main.js. */
const substitution = /(\\)?(\$)(?!\()(\{?)([\w.]+)(?::?-((?:\$\{(?:\$\{(?:\$\{[^}]*\}|[^}])*}|[^}])*}|[^}])+))?(\}?)/gi

function escapeTwice(value: string): string {
  return value.replaceAll(/(\\?)\$(?=(\{?[\w.])?)/g, (dollar, before: string, name: string | undefined) =>
    before !== '' && name !== undefined ? `\\\\${dollar}` : `${before}\\$`,
  )
}

function expandedTwice(parsed: string): { value: string; expands: boolean } {
  let expands = false
  const value = parsed.replaceAll(substitution, (match, escaped: string | undefined) => {
    if (escaped !== undefined) return match.slice(1)
    expands = true
    return match
  })
  return { value: value.replaceAll('\\$', '$'), expands }
}

/** Vite 8, which reads with Node's own parser: it drops every carriage return. */
export const vite8: Dialect = {
  name: 'vite8',
  names: `${plainNames}; not __proto__`,
  takesName: (name) => isPlainName(name) && name !== '__proto__',
  encode: (name, value) => {
    const found = quotings(escapeDollars(value)).find((candidate) => readsBack(name, candidate, value))
    if (found !== undefined) return { text: `${name}=${found}` }
    const reason = value.includes('\r')
      ? 'it holds a carriage return, which the parser removes'
      : 'it holds quotes of all kinds beside what only quotes keep, and the parser knows no escape'
    return { reason, wayOut: fileOrBase64 }
  },
  read: (text) => ({ variables: nodeVariables(text).map(({ name, value }) => ({ name, ...expanded(value) })) }),
}

/** Lines that an open quote above would take in. Their names are the parser's, but never ours. */
const below = `\na.1="'"\na.2='"'\na.3='\`'\na.4=1`

function readsBack(name: string, candidate: string, value: string): boolean {
  const [mine, ...others] = nodeVariables(`${name}=${candidate}${below}`)
  const { value: back, expands } = expanded(mine?.value ?? '')
  const kept = nodeVariables(below)
  return (
    mine?.name === name &&
    back === value &&
    !expands &&
    others.length === kept.length &&
    others.every((other, index) => other.value === kept[index]?.value)
  )
}

function escapeDollars(value: string): string {
  return value.replaceAll('$', '\\$')
}

function expanded(parsed: string): { value: string; expands: boolean } {
  return { value: parsed.replaceAll('\\$', '$'), expands: reference.test(parsed) }
}

function isEncrypted(value: string): boolean {
  return /^encrypted:/.test(value)
}

/**
 * Whether dotenv-expand 1000 finds a command: `$(` with a parenthesis that closes it. Quotes and backslashes count inside as they do
 * in a shell, and one that is not closed hides the end.
 */
export function runsCommand(value: string): boolean {
  for (let start = value.indexOf('$('); start !== -1; start = value.indexOf('$(', start + 2)) {
    if (isClosed(value, start + 2)) return true
  }
  return false
}

function isClosed(value: string, from: number): boolean {
  const open: string[] = ['']
  for (let cursor = from; cursor < value.length; cursor++) {
    const quote = open.at(-1)
    const char = value[cursor]!
    if (quote === "'") {
      if (char === "'") open[open.length - 1] = ''
    } else if (char === '\\') cursor++
    else if (quote) {
      if (char === quote) open[open.length - 1] = ''
      else if (char === '$' && value[cursor + 1] === '(') {
        open.push('')
        cursor++
      }
    } else if (["'", '"', '`'].includes(char)) open[open.length - 1] = char
    else if (char === '(') open.push('')
    else if (char === ')') {
      open.pop()
      if (open.length === 0) return true
    }
  }
  return false
}
