/**
 * What counts as a secret. Rules look at bytes as Latin-1 text, one character for each byte, so that no encoding hides
 * a token. They answer places, never values.
 */
import { maxCredentialFileCharacters } from '../limits.ts'

/** Every rule of the secret guard. */
export const secretRules = [
  /** `.env.local`, `.env.production.local`: values of one machine or environment, whatever they are. */
  'dotenv-local',
  /** A password, key or token with a value in a dotenv file. */
  'dotenv-secret',
  /** A connection string with a password in a dotenv file. */
  'dotenv-connection-password',
  /** `id_rsa`, `id_ed25519` and their like. */
  'private-key-path',
  /** A private key: PEM of every kind, OpenSSH, PGP, SSH2, PuTTY; encrypted ones too. */
  'private-key',
  /** A token or password in an `.npmrc`. */
  'npmrc-token',
  /** `.aws/credentials`. */
  'aws-credentials-path',
  'aws-access-key-id',
  'aws-secret-access-key',
  /** A token or password in an `auth.json` of Composer or Docker. */
  'auth-json-token',
  'github-token',
  'gitlab-token',
  'slack-token',
  'stripe-key',
  'google-api-key',
  'npm-token',
] as const

export type SecretRule = (typeof secretRules)[number]

/** A part of a file's text. */
interface TextWindow {
  readonly text: string
  /** Matches that begin before this index or from {@link TextWindow.to} on belong to another window. */
  readonly from: number
  readonly to: number
  /** Whether it is the whole file. */
  readonly whole: boolean
}

/** A match in a window. */
interface SecretMatch {
  readonly rule: SecretRule
  /** Index in the window's text. */
  readonly index: number
}

/** The rules that a path breaks by its name alone. */
export function secretsInPath(path: string): readonly SecretRule[] {
  const name = baseName(path)
  return [
    ...(/^\.env(?:\..+)?\.local$/.test(name) ? (['dotenv-local'] as const) : []),
    ...(/^id_(?:rsa|dsa|ecdsa|ed25519|xmss)(?:_sk)?(?:\.(?:pem|key|bak|old|orig|backup))?$/.test(name)
      ? (['private-key-path'] as const)
      : []),
    ...(/(?:^|\/)\.aws\/credentials$/.test(path) ? (['aws-credentials-path'] as const) : []),
  ]
}

/** The secrets in a window of a file's text. */
export function secretsInText(path: string, window: TextWindow): readonly SecretMatch[] {
  const found = [...contentMatches(window.text), ...fileMatches(path, window)]
  return found.filter(({ index }) => index >= window.from && index < window.to)
}

/** A beginning of every token below; a text without one needs no further look. Keep it in step with `tokenRules`. */
const tokenBeginning =
  /-----BEGIN |---- BEGIN |PuTTY-User-Key-File-|A[KS]IA[A-Z2-7]{16}|secret_?(?:access_?)?key|gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|[rs]k_live_|AIza|npm_[A-Za-z0-9]{36}/i

interface TokenRule {
  readonly rule: SecretRule
  /** The first group, or else the match, is the value that {@link isMadeUp} judges. */
  readonly pattern: RegExp
}

/** Formats as their issuers document them, or as GitHub's secret scanning and gitleaks know them. */
const tokenRules: readonly TokenRule[] = [
  // Base32; an id inside a longer run of Base64 is none.
  { rule: 'aws-access-key-id', pattern: /(?<![A-Za-z0-9/+=_-])A[KS]IA[A-Z2-7]{16}(?![A-Za-z0-9/+=_-])/g },
  {
    rule: 'aws-secret-access-key',
    pattern:
      /secret_?(?:access_?)?key["'\]]{0,2}\s{0,8}(?:=>|[:=])\s{0,8}["'`]?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/gi,
  },
  { rule: 'github-token', pattern: /(?<![A-Za-z0-9_])gh[pousr]_[A-Za-z0-9]{36,255}(?![A-Za-z0-9_])/g },
  { rule: 'github-token', pattern: /(?<![A-Za-z0-9_])github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}(?![A-Za-z0-9_])/g },
  { rule: 'gitlab-token', pattern: /(?<![A-Za-z0-9_-])glpat-[A-Za-z0-9_-]{20,300}(?:\.[a-z0-9]{2}\.[a-z0-9]{9})?/g },
  {
    rule: 'slack-token',
    pattern: /(?<![A-Za-z0-9_-])xox[abeoprs]-(?:\d{1,16}-){1,3}[A-Za-z0-9]{16,64}(?![A-Za-z0-9])/g,
  },
  { rule: 'stripe-key', pattern: /(?<![A-Za-z0-9_])[rs]k_live_[A-Za-z0-9]{16,247}(?![A-Za-z0-9_])/g },
  { rule: 'google-api-key', pattern: /(?<![A-Za-z0-9_-])AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/g },
  { rule: 'npm-token', pattern: /(?<![A-Za-z0-9_])npm_[A-Za-z0-9]{36}(?![A-Za-z0-9_])/g },
]

function contentMatches(text: string): readonly SecretMatch[] {
  if (!tokenBeginning.test(text)) return []
  const tokens = tokenRules.flatMap(({ rule, pattern }) =>
    [...text.matchAll(pattern)]
      .filter(([match, value]) => !isMadeUp(value ?? match))
      .map(({ index }) => ({ rule, index })),
  )
  return [...tokens, ...privateKeys(text)]
}

/** Whether a token is one of those that documentation prints: AWS's end in EXAMPLE, others repeat a letter. */
function isMadeUp(token: string): boolean {
  const body = token.replace(/^[A-Za-z]+[_-](?:live_|pat_)?/, '')
  return /EXAMPLE(?:KEY)?$/.test(token) || new Set(body).size < 8
}

const keyBeginning =
  /-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----|---- BEGIN (?:SSH2 )?(?:ENCRYPTED )?PRIVATE KEY ----|PuTTY-User-Key-File-\d+:/g

/** What may stand between a key's first line and its body, and between the lines of its body, in source code too. */
const filling = String.raw`(?:\s|\\[rnt]|["'\`+,|>*#\\])`
const headerLine = String.raw`(?:[A-Za-z][A-Za-z0-9-]{1,40}: ?[^\r\n\\]{0,200}(?:\r?\n|\\r\\n|\\n))`
const keyBody = new RegExp(
  String.raw`^${filling}{0,200}(?:${headerLine}${filling}{0,100}){0,8}((?:[A-Za-z0-9+/=]{16,}${filling}{0,40}){1,4})`,
)
const puttyBody = /^[^\r\n]{0,200}(?:\r?\n[^\r\n]{0,400}){1,400}?\r?\nPrivate-Lines: \d+\r?\n([A-Za-z0-9+/=]{40,})/

/** Private keys: a first line alone, as it stands in source code and in documentation, is none. */
function privateKeys(text: string): readonly SecretMatch[] {
  return [...text.matchAll(keyBeginning)].flatMap(({ 0: match, index }) => {
    const putty = match.startsWith('PuTTY')
    const rest = text.slice(index + match.length, index + match.length + (putty ? 8000 : 4000))
    const body = (putty ? puttyBody : keyBody).exec(rest)?.[1]?.replaceAll(/\\[rnt]|[^A-Za-z0-9+/=]/g, '') ?? ''
    return body.length >= 40 && new Set(body).size >= 10 ? [{ rule: 'private-key', index }] : []
  })
}

function fileMatches(path: string, { text, whole }: TextWindow): readonly SecretMatch[] {
  const name = baseName(path)
  if (isDotenv(name)) return dotenvMatches(text)
  if (name === '.npmrc') return npmrcMatches(text)
  if (name === 'auth.json' || /(?:^|\/)\.docker\/config\.json$/.test(path)) {
    return whole && text.length <= maxCredentialFileCharacters ? authJsonMatches(text) : []
  }
  return []
}

/** `.env`, `.env.prod`, `.envrc`, `production.env`; not the examples that a team commits without values. */
function isDotenv(name: string): boolean {
  return (
    (/^\.env(?:rc)?(?:$|[._-])/.test(name) || /\.env$/.test(name)) &&
    !/[._-](?:example|sample|dist|template|tpl|defaults?)(?:[._-]|$)/i.test(name)
  )
}

/** Comments too: a password that was commented out is still a password. */
const assignment = /^(?:\u00ef\u00bb\u00bf)?[ \t]*#?[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*[=:](.*)$/gm
const secretName =
  /(?:password|passwd|passphrase|secret|token|credentials?|api_?key|secret_key_base|(?:^|[_.-])(?:pass|passcode|pwd|salt|(?:app|access|secret|private|encryption|signing|signature|master|auth|service)_?key))(?:_?\d+)?$/i
const connection = /[a-z][a-z0-9+.-]*:\/\/([^\s:@/?#"'`]*):([^\s@/"'`]+)@/gi
const connectionWord = /(?:^|;)\s*(?:password|pwd)\s*=\s*([^;"']+)/gi

function dotenvMatches(text: string): readonly SecretMatch[] {
  return [...text.matchAll(assignment)].flatMap(({ 1: name = '', 2: rest = '', index }) => {
    const value = dotenvValue(rest)
    const found: SecretMatch[] = []
    if (isSecretName(name) && !isPlaceholder(value) && !isPlainSetting(value)) {
      found.push({ rule: 'dotenv-secret', index })
    }
    const passwords = [
      ...[...value.matchAll(connection)].map(([, user, password = '']) => (user === password ? '' : password)),
      ...[...value.matchAll(connectionWord)].map(([, password = '']) => password),
    ]
    if (passwords.some((password) => !isPlaceholder(password))) {
      found.push({ rule: 'dotenv-connection-password', index })
    }
    return found
  })
}

function isSecretName(name: string): boolean {
  return secretName.test(name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2'))
}

/** A value without its quotes and without a comment behind it. */
function dotenvValue(rest: string): string {
  const trimmed = rest.trim()
  const quoted = /^(["'`])(.*?)(?:\1|$)/.exec(trimmed)
  return quoted ? (quoted[2] ?? '') : trimmed.replace(/(?:^|\s)#.*$/, '').trim()
}

const placeholderWords = new Set(
  `password secret token pass passwd passphrase key apikey test testing tests dev devel development prod production local
  localhost root admin guest user username postgres postgresql mysql mariadb redis rabbitmq symfony laravel homestead
  sail app db database none null nil undefined true false yes no on off empty default sample demo foo bar baz foobar
  string value todo fixme tbd dummy fake mysecret mypassword mytoken secretkey supersecret topsecret ecretf0rt3st
  thistokenisnotsosecretchangeit notasecret notsecret unset disabled`.split(/\s+/),
)

/** Whether a value stands for one that somebody else puts in: empty, a word of habit, a reference. */
function isPlaceholder(value: string): boolean {
  const bare = value.trim()
  if (bare === '') return true
  // ${NAME}, $NAME, $(command), %env(NAME)%, %kernel.project_dir%/…, {{ name }}, <name>, [name], ***, ...
  if (/^\$[A-Z_][A-Z0-9_]*$|^\$\(|\$\{|%env\(|^%[\w.]+%|\{\{|^<[^>]*>$|^\[[^\]]*\]$|^[*.\-_?xX0]+$/.test(bare))
    return true
  const word = bare.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  return (
    placeholderWords.has(word) ||
    /change_?me|change_?it|change_?this|replace_?(?:me|this|with)|placeholder|insert_?(?:here|your)|fill_?me|set_?me/.test(
      bare.toLowerCase().replaceAll(/[ -]/g, '_'),
    ) ||
    /^(?:your|my|some|the|an?)[-_ ].*(?:secret|password|passwd|token|key|here)/i.test(bare) ||
    /^example|example$/.test(word) ||
    new Set(bare).size < 3
  )
}

/** A number of few digits, a path, an address without a password: settings of what bears a secret's name. */
function isPlainSetting(value: string): boolean {
  return (
    /^\d{1,5}$/.test(value) ||
    /^(?:\.{0,2}\/|~\/|[A-Za-z]:\\)/.test(value) ||
    /\.(?:pem|key|crt|json|txt|ya?ml|php|ts|js)$/i.test(value) ||
    /^[a-z][a-z0-9+.-]*:\/\//i.test(value)
  )
}

const npmrcCredential = /^[ \t]*(?![#;])[^\s=]*(?:_authToken|_auth|_password)[ \t]*=[ \t]*["']?(.*?)["']?[ \t]*$/gm

function npmrcMatches(text: string): readonly SecretMatch[] {
  return [...text.matchAll(npmrcCredential)]
    .filter(([, value = '']) => !isPlaceholder(value))
    .map(({ index }) => ({ rule: 'npmrc-token', index }))
}

/** https://getcomposer.org/doc/articles/authentication-for-private-packages.md and Docker's `auths`. */
const authSections = new Set([
  'http-basic',
  'github-oauth',
  'gitlab-oauth',
  'gitlab-token',
  'bitbucket-oauth',
  'bearer',
  'custom-headers',
  'forgejo-token',
  'auths',
])
const authPublicKeys = new Set(['username', 'email', 'consumer-key'])

function authJsonMatches(text: string): readonly SecretMatch[] {
  return credentialLeaves(parsedObject(text), '', false)
    .filter((value) => !isPlaceholder(value))
    .map((value) => ({ rule: 'auth-json-token', index: Math.max(0, text.indexOf(JSON.stringify(value))) }))
}

/** The texts in a known section, and those whose key has a secret's name. */
function credentialLeaves(value: unknown, key: string, inSection: boolean): readonly string[] {
  if (typeof value === 'string') return inSection || isSecretName(key) ? [value] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value)
    .filter(([inner]) => !authPublicKeys.has(inner))
    .flatMap(([inner, field]) => credentialLeaves(field, inner, inSection || authSections.has(inner)))
}

function parsedObject(text: string): object {
  try {
    const json: unknown = JSON.parse(text)
    return typeof json === 'object' && json !== null ? json : {}
  } catch {
    // Not JSON, so neither Composer nor Docker reads a token from it; the rules for all files have looked at it.
    return {}
  }
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Changes with the rules. */
export const secretRuleSetVersion = '1'
