import type { ContentRule } from './content-rule.ts'
import { characterClasses, isPlaceholder, isWeakPassword } from './placeholders.ts'

/** Ends of schemes: `postgresql` and `mysql` end alike, and so do those that name a driver, like `mysql+pymysql`. */
const schemes =
  `sql postgres sql2 mysqli asyncpg psycopg psycopg2 mariadb mongodb +srv redis rediss valkey valkeys amqp amqps
  sqlserver clickhouse`.split(/\s+/)

/** `scheme://user:password@host`, its slashes escaped in some JSON; or JDBC's `?password=`. */
const connection = new RegExp(
  String.raw`[a-z0-9+]{1,12}:(?:\\{0,3}\/){2}` +
    String.raw`(?:(?<user>[^\s:@/?#"'\`<>\\]{0,100}):(?<value>[^\s@/"'\`<>\\]{1,200})@(?<host>[^\s"'\`<>\\]{1,200})` +
    String.raw`|(?<jdbcHost>[^\s"'\`<>\\?;]{1,200})[?;](?:[^\s"'\`<>\\]{0,200}[?;&])?password=(?<jdbcPassword>[^\s"'\`<>\\;&]{1,200}))`,
  'y',
)

/** Connection strings of databases and brokers in any file. In a dotenv file its own rule speaks. */
export const connectionRules: readonly ContentRule[] = [
  {
    rule: 'connection-string-password',
    literals: schemes.flatMap((scheme) => [{ text: `${scheme}://` }, { text: `${scheme}:\\` }]),
    before: 0,
    after: 700,
    pattern: connection,
    isSecret: ({ groups = {} }) => {
      const { user = '', value = groups['jdbcPassword'] ?? '', host = groups['jdbcHost'] ?? '' } = groups
      return user !== value && !isExamplePassword(decoded(value), hostOf(host))
    },
  },
]

/**
 * Documentation and tests are full of connection strings with a password that somebody made up. On a host that is no
 * example a password counts that has more than one kind of characters; on the own machine only one that looks drawn.
 */
function isExamplePassword(password: string, host: string): boolean {
  if (isTemplate(password) || isTemplate(host) || isWeakPassword(password) || isExampleHost(host)) return true
  return isOwnHost(host) && (password.length < 12 || characterClasses(password) < 3)
}

function isTemplate(text: string): boolean {
  return /[{}()[\]*]|\$[A-Za-z_]|%[sdv]|^\$|\.\.\./.test(text) || isPlaceholder(text)
}

function isExampleHost(host: string): boolean {
  return (
    /(?:^|\.)(?:example|test|invalid)(?:\.(?:com|org|net|edu|io))?$/.test(host) ||
    /^(?:(?:your|my|some|the)[-_.]?)?(?:host|hostname|server|domain|cluster|address|endpoint|ip|fqdn)(?:name)?\d?(?:\.(?:com|org|net|tld|local))?$/.test(
      host,
    ) ||
    /^(?:foo|bar|baz|a|b|x|y)(?:\.(?:com|org|net|bar))?$/.test(host)
  )
}

function isOwnHost(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|0\.0\.0\.0|\[::1?\]|host\.docker\.internal|192\.168(?:\.\d{1,3}){2})$/.test(
    host,
  )
}

/** Without port, path and further hosts. */
function hostOf(text: string): string {
  return (/^(?:\[[0-9a-f:.]*\]|[^:/?,;]*)/i.exec(text)?.[0] ?? '').toLowerCase()
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // A stray percent sign: the password is what is written.
    return text
  }
}

const wordPassword = /(?:^|;)\s{0,20}(?:password|pwd)\s{0,20}=\s{0,20}(?<value>[^;]{1,200})/gi
const wordHost = /(?:^|;)\s{0,20}(?:server|data source|host|address|addr|network address)\s{0,20}=/i

/** The password in a connection string of words, as ADO.NET and ODBC write it; undefined where none is said. */
export function passwordInWords(text: string): string | undefined {
  if (!wordHost.test(text)) return undefined
  return [...text.matchAll(wordPassword)]
    .map(({ groups }) => groups?.['value'] ?? '')
    .find((value) => !isPlaceholder(value))
}
