import type { SecretMatch, SecretRule } from '../secret-rules.ts'
import { authJsonMatches } from './auth-json.ts'
import { dotenvMatches, dotnetMatches, isDotenv, tfvarsMatches } from './dotenv.ts'
import { isPlaceholder } from './placeholders.ts'

/** What makes a secret in files of a certain name, which are looked at as a whole. */
export interface FileRule {
  readonly isFor: (path: string, name: string) => boolean
  /** Places in Latin-1 text. */
  readonly find: (text: string) => readonly SecretMatch[]
  /** Rules for files of any name that this one takes the place of. */
  readonly replaces?: readonly SecretRule[]
}

/** The rule that looks at a file because of its name; undefined for nearly all. */
export function fileRuleFor(path: string): FileRule | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (!mayHaveRule.test(name)) return undefined
  return fileRules.find(({ isFor }) => isFor(path, name))
}

/** One cheap look at each name of a tree. Keep it in step with the table. */
const mayHaveRule =
  /\.env|\.npmrc$|auth\.json$|config\.json$|\.dockercfg$|\.yarnrc\.yml$|[._]netrc$|pgpass|my\.cnf$|\.htpasswd$|\.git-credentials$|\.pypirc$|kubeconfig|^(?:config|credentials)$|\.tfvars(?:\.json)?$|wp-config|appsettings|\.config$|\.(?:p12|pfx|jks|jceks|bcfks|keystore|ks|kdbx|der|key|pk8|p8)$/i

/** A rule whose pattern has the value of a credential in the group `value`. */
function linesOf(rule: SecretRule, isFor: FileRule['isFor'], pattern: RegExp): FileRule {
  return {
    isFor,
    find: (text) =>
      [...text.matchAll(pattern)]
        .filter(({ groups }) => !isPlaceholder(unquoted(groups?.['value'] ?? '')))
        .map((match) => ({ rule, index: match.index + match[0].lastIndexOf(match.groups?.['value'] ?? '') })),
  }
}

function unquoted(value: string): string {
  const trimmed = value.trim()
  return /^(["']).*\1$/.test(trimmed) ? trimmed.slice(1, -1) : trimmed
}

const named =
  (...names: readonly string[]) =>
  (_path: string, name: string) =>
    names.includes(name)

export const fileRules: readonly FileRule[] = [
  { isFor: (_path, name) => isDotenv(name), find: dotenvMatches, replaces: ['connection-string-password'] },
  linesOf(
    'npmrc-token',
    named('.npmrc'),
    /^[ \t]*(?![#; \t])[^\s=]*(?:_authToken|_auth|_password)[ \t]*=(?<value>[^\r\n]*)/gm,
  ),
  {
    isFor: (path, name) =>
      name === 'auth.json' || name === '.dockercfg' || /(?:^|\/)\.docker\/config\.json$/.test(path),
    find: authJsonMatches,
  },
  linesOf(
    'yarnrc-token',
    named('.yarnrc.yml'),
    /^[ \t]*["']?(?:npmAuthToken|npmAuthIdent)["']?[ \t]*:(?<value>[^\r\n#]*)/gm,
  ),
  linesOf('netrc-password', named('.netrc', '_netrc'), /(?<=^|\s)password\s{1,20}(?<value>\S+)/g),
  linesOf('pgpass-password', named('.pgpass', 'pgpass.conf'), /^(?!#)(?:[^:\r\n]*:){4}(?<value>[^\r\n]+)/gm),
  linesOf('mysql-config-password', named('.my.cnf', 'my.cnf'), /^[ \t]*password[ \t]*=(?<value>[^\r\n]*)/gm),
  linesOf(
    'htpasswd-hash',
    named('.htpasswd'),
    /^[^:\s#]{1,255}:(?<value>\$(?:apr1|2[aby]|1|5|6)\$[^\s:]{10,200}|\{SHA\}[A-Za-z0-9+/=]{20,40}|[A-Za-z0-9./]{13}$)/gm,
  ),
  linesOf(
    'git-credentials',
    (path, name) => name === '.git-credentials' || /(?:^|\/)\.config\/git\/credentials$/.test(path),
    /^[ \t]*https?:\/\/[^\s:@/]{0,200}:(?<value>[^\s@/]+)@/gm,
  ),
  linesOf('pypirc-password', named('.pypirc'), /^[ \t]*password[ \t]*[=:](?<value>[^\r\n]*)/gm),
  linesOf(
    'kubeconfig-credential',
    (path, name) => /(?:^|\/)\.kube\/config$/.test(path) || /^(?:.*\.)?kubeconfig(?:\.ya?ml)?$/.test(name),
    /^[ \t]*(?:-[ \t]{1,8})?["']?(?:client-key-data|token|password|refresh-token|id-token|client-secret)["']?:[ \t]+(?<value>[^\r\n#]+)/gm,
  ),
  { isFor: (_path, name) => /\.tfvars(?:\.json)?$/.test(name), find: tfvarsMatches },
  linesOf(
    'wp-config-secret',
    named('wp-config.php'),
    /define\(\s{0,20}["'](?:DB_PASSWORD|(?:AUTH|SECURE_AUTH|LOGGED_IN|NONCE)_(?:KEY|SALT))["']\s{0,20},\s{0,20}(?<value>'[^'\r\n]{0,400}'|"[^"\r\n]{0,400}")/g,
  ),
  {
    isFor: (_path, name) =>
      /^appsettings(?:\.[\w-]+)*\.json$/i.test(name) ||
      /^(?:web|app|connectionstrings)(?:\.[\w-]+)?\.config$/i.test(name),
    find: dotnetMatches,
  },
  { isFor: (_path, name) => /\.(?:p12|pfx)$/i.test(name), find: storeIn(/^0[\x80-\x84]/) },
  // Java's two own formats begin with FEEDFEED and CECECECE; newer stores are PKCS #12.
  {
    isFor: (_path, name) => /\.(?:jks|jceks|bcfks|keystore|ks)$/i.test(name) && !/trust|cacerts/i.test(name),
    find: storeIn(/^(?:\xfe\xed\xfe\xed|\xce\xce\xce\xce|0[\x80-\x84])/),
  },
  { isFor: (_path, name) => /\.kdbx$/i.test(name), find: storeIn(/^\x03\xd9\xa2\x9a/) },
  {
    isFor: (_path, name) => /\.(?:der|key|pk8|p8)$/i.test(name),
    // SEQUENCE { INTEGER 0, SEQUENCE … } is PKCS #8, SEQUENCE { INTEGER 0, INTEGER … } PKCS #1, with INTEGER 1 it is SEC 1.
    find: (text) =>
      /^0(?:\x81.|\x82..|[\x10-\x7f])\x02\x01(?:\0[\x30\x02]|\x01\x04)/s.test(text)
        ? [{ rule: 'private-key', index: 0 }]
        : [],
  },
]

function storeIn(magic: RegExp): FileRule['find'] {
  return (text) => (magic.test(text) ? [{ rule: 'keystore', index: 0 }] : [])
}
