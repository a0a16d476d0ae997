/**
 * dotenvx 2. It reads lines as dotenv does, but single quotes keep their content from expansion and have an escape, `\'`. A carriage
 * return needs double quotes, in which `\n`, `\r` and `\t` are decoded, variables looked up and commands run.
 */
import { runsCommand } from './expansion.ts'
import { guard, motdotlaDialect } from './motdotla.ts'

export const dotenvx = motdotlaDialect({
  name: 'dotenvx',
  escape: (value) => value,
  candidates,
  finish: (parsed, quote) => {
    if (quote === "'") return { value: parsed.replaceAll("\\'", "'"), expands: isEncrypted(parsed) }
    const value = quote === '"' ? parsed.replaceAll('\\t', '\t') : parsed
    const expands = /(?<!\\)\$[{\w]/.test(value) || runsCommand(value) || isEncrypted(value)
    return { value: value.replaceAll('\\$', '$'), expands }
  },
  refusal: (value) =>
    isEncrypted(value)
      ? 'it begins with encrypted:, which dotenvx decrypts'
      : runsCommand(value)
        ? 'it holds a carriage return and $(…), which dotenvx runs as a command in double quotes'
        : undefined,
})

function candidates(value: string): readonly string[] {
  const single = `'${value.replaceAll("'", "\\'")}'`
  const dollars = value.replaceAll('$', '\\$').replaceAll('\r', '\\r')
  const double = [`"${dollars}"`, `"${dollars.replaceAll('\n', '\\n')}"`]
  return [single, ...double].map((quoted) => (value.endsWith('\\') ? guard(quoted) : quoted))
}

function isEncrypted(value: string): boolean {
  return value.startsWith('encrypted:')
}
