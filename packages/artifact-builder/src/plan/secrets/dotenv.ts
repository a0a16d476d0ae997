import type { SecretMatch } from '../secret-rules.ts'
import { passwordInWords } from './connection-strings.ts'
import { isPlaceholder, isPlainSetting } from './placeholders.ts'

/** `.env`, `.env.prod`, `.envrc`, `production.env`; not the examples that a team commits without values. */
export function isDotenv(name: string): boolean {
  return (
    (/^\.env(?:rc)?(?:$|[._-])/.test(name) || /\.env$/.test(name)) &&
    !/[._-](?:example|sample|dist|template|tpl|defaults?)(?:[._-]|$)/i.test(name)
  )
}

/** Comments too: a password that was commented out is still a password. */
const assignment =
  /^(?:\u00ef\u00bb\u00bf)?[ \t]*(?:#[ \t]*)?(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*[=:](.*)$/gm
const secretName =
  /(?:password|passwd|passphrase|secret|token|credentials?|api_?key|secret_key_base|(?:^|[_.-])(?:pass|passcode|pwd|salt|(?:app|access|secret|private|encryption|signing|signature|master|auth|service)_?key))(?:_?\d{1,9})?$/i
const connection =
  /(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,40}:(?:\\{0,3}\/){2}([^\s:@/?#"'`]{0,200}):([^\s@/"'`]{1,400})@/gi
/** A token that is signed with a shared secret: whoever has it is let in, whatever the variable is called. */
const signedToken = /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{20,1000}/

/** The secrets of a dotenv file. */
export function dotenvMatches(text: string): readonly SecretMatch[] {
  return [...text.matchAll(assignment)].flatMap(({ 1: name = '', 2: rest = '', index }) => {
    const value = assignedValue(rest)
    const found: SecretMatch[] = []
    if (isSecretAssignment(name, value) || signedToken.test(value)) found.push({ rule: 'dotenv-secret', index })
    const passwords = [...value.matchAll(connection)].map(([, user, password = '']) =>
      user === password ? '' : password,
    )
    if (passwords.some((password) => !isPlaceholder(password)) || hasPasswordInWords(value)) {
      found.push({ rule: 'dotenv-connection-password', index })
    }
    return found
  })
}

const wordPassword = /(?:^|[;?&])\s{0,20}(?:password|pwd)\s{0,20}=\s{0,20}([^;&"']{1,400})/gi

function hasPasswordInWords(value: string): boolean {
  return [...value.matchAll(wordPassword)].some(([, password = '']) => !isPlaceholder(password))
}

/** Terraform's variables: `name = "value"`. */
export function tfvarsMatches(text: string): readonly SecretMatch[] {
  return [...text.matchAll(assignment)]
    .filter(({ 1: name = '', 2: rest = '' }) => isSecretAssignment(name, assignedValue(rest)))
    .map(({ index }) => ({ rule: 'tfvars-secret', index }))
}

function isSecretAssignment(name: string, value: string): boolean {
  return isSecretName(name) && !isPlaceholder(value) && !isPlainSetting(value)
}

/** Whether a variable or a field with this name holds a secret. */
export function isSecretName(name: string): boolean {
  return secretName.test(name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2'))
}

/** A value without its quotes and without a comment behind it. */
function assignedValue(rest: string): string {
  const trimmed = rest.trim()
  const quoted = /^(["'`])(.*?)(?:\1|$)/.exec(trimmed)
  return quoted ? (quoted[2] ?? '') : trimmed.replace(/(?:^|\s)#.*$/, '').trim()
}

const quotedText = /"([^"\r\n]{10,4000})"/g

/** Connection strings of words in the settings of .NET. */
export function dotnetMatches(text: string): readonly SecretMatch[] {
  return [...text.matchAll(quotedText)]
    .filter(({ 1: value = '' }) => passwordInWords(value) !== undefined)
    .map(({ index }) => ({ rule: 'connection-string-password', index }))
}
