import type { ContentRule } from './content-rule.ts'

/** What may stand between a key's first line and its body, and between the lines of its body, in source code too. */
const filling = String.raw`(?:\s|\\[rnt]|["'\`+,|>*#\\])`
const headerLine = String.raw`(?:[A-Za-z][A-Za-z0-9-]{1,40}: ?[^\r\n\\]{0,200}(?:\r?\n|\\r\\n|\\n))`
const keyBody = new RegExp(
  String.raw`^${filling}{0,200}(?:${headerLine}${filling}{0,100}){0,8}((?:[A-Za-z0-9+/=]{16,200}${filling}{0,40}){1,4})`,
)
const puttyBody = /^[^\r\n]{0,200}(?:\r?\n[^\r\n]{0,400}){1,400}?\r?\nPrivate-Lines: \d+\r?\n([A-Za-z0-9+/=]{40,})/

/** Private keys: a first line alone, as it stands in source code and in documentation, is none. */
export const privateKeyRules: readonly ContentRule[] = [
  {
    rule: 'private-key',
    literals: [{ text: 'PRIVATE KEY' }],
    before: 64,
    after: 4000,
    pattern:
      /-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----|---- BEGIN (?:SSH2 )?(?:ENCRYPTED )?PRIVATE KEY ----/g,
    isSecret: (match) => isKeyBody(keyBody.exec(textBehind(match))?.[1]),
  },
  {
    rule: 'private-key',
    literals: [{ text: 'PuTTY-User-Key-File-' }],
    before: 0,
    after: 4000,
    pattern: /PuTTY-User-Key-File-\d{1,2}:/y,
    isSecret: (match) => isKeyBody(puttyBody.exec(textBehind(match))?.[1]),
  },
  {
    // RFC 7517 and 7518: `d` of an RSA, EC or OKP key, `k` of a symmetric one.
    rule: 'jwk-private-key',
    literals: [{ text: 'kty"' }, { text: "kty'" }, { text: 'kty\\"' }, { text: 'kty:' }],
    before: 4096,
    after: 4096,
    pattern: /(?<![A-Za-z0-9_$])kty(?=\\?["']?\s{0,4}:)/y,
    isSecret: (match) => isPrivateJwk(match),
  },
  {
    rule: 'age-secret-key',
    literals: [{ text: 'AGE-SECRET-KEY-1' }, { text: 'AGE-SECRET-KEY-PQ-1' }],
    before: 0,
    after: 200,
    pattern: /AGE-SECRET-KEY-(?:PQ-)?1[02-9AC-HJ-NP-Z]{58,100}/y,
  },
]

function textBehind(match: RegExpExecArray): string {
  return match.input.slice(match.index + match[0].length)
}

function isKeyBody(body = ''): boolean {
  const letters = body.replaceAll(/\\[rnt]|[^A-Za-z0-9+/=]/g, '')
  return letters.length >= 40 && new Set(letters).size >= 10
}

const keyType = /kty\\?["']?\s{0,4}:\s{0,4}\\?["'](RSA|EC|OKP|oct|AKP)\\?["']/y
const privateMember = /(?<![A-Za-z0-9_$])d\\?["']?\s{0,4}:\s{0,4}\\?["']([A-Za-z0-9_-]{40,})={0,2}\\?["']/
const symmetricMember = /(?<![A-Za-z0-9_$])k\\?["']?\s{0,4}:\s{0,4}\\?["']([A-Za-z0-9_-]{20,})={0,2}\\?["']/
const seedMember = /(?<![A-Za-z0-9_$])priv\\?["']?\s{0,4}:\s{0,4}\\?["']([A-Za-z0-9_-]{40,})={0,2}\\?["']/
const privateMembers: Readonly<Record<string, RegExp>> = { oct: symmetricMember, AKP: seedMember }

/** Whether the innermost braces around `kty` have a private member too. */
function isPrivateJwk({ input, index }: RegExpExecArray): boolean {
  keyType.lastIndex = index
  const kind = keyType.exec(input)?.[1]
  if (kind === undefined) return false
  const object = input.slice(input.lastIndexOf('{', index) + 1, closingBrace(input, index))
  const value = (privateMembers[kind] ?? privateMember).exec(object)?.[1]
  return value !== undefined && new Set(value).size >= 10
}

function closingBrace(text: string, from: number): number {
  const end = text.indexOf('}', from)
  return end === -1 ? text.length : end
}
