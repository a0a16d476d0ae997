/** What stands where a secret would, and is none. */

/** Whether a token is one of those that documentation prints: AWS's end in EXAMPLE, others repeat or count. */
export function isMadeUp(token: string): boolean {
  const body = token.replace(/^[A-Za-z]+[_-](?:live_|pat_)?/, '')
  return (
    /EXAMPLE(?:KEY)?$|example|placeholder|redacted|dummy|change_?me|your[_-]?(?:api|key|token|secret)/i.test(token) ||
    /([A-Za-z0-9*])\1{6}/.test(body) ||
    new Set(body).size < 8 ||
    longestCount(body) >= 8
  )
}

/** The longest run of letters or digits that count: `abcdef`, `345678`, `fedcba`. */
function longestCount(text: string): number {
  let longest = 0
  for (const direction of [1, -1]) {
    let run = 1
    for (let at = 1; at < text.length; at++) {
      run = text.charCodeAt(at) - text.charCodeAt(at - 1) === direction ? run + 1 : 1
      longest = Math.max(longest, run)
    }
  }
  return longest
}

const placeholderWords = new Set(
  `password secret token pass passwd passphrase key apikey test testing tests dev devel development prod production local
  localhost root admin guest user username postgres postgresql mysql mariadb redis rabbitmq symfony laravel homestead
  sail app database db none null nil undefined true false yes no on off empty default sample demo foo bar baz foobar
  string value todo fixme tbd dummy fake mysecret mypassword mytoken secretkey supersecret topsecret ecretf0rt3st
  thistokenisnotsosecretchangeit notasecret notsecret unset disabled redacted`.split(/\s+/),
)

/** Whether a value stands for one that somebody else puts in: empty, a word of habit, a reference. */
export function isPlaceholder(value: string): boolean {
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
export function isPlainSetting(value: string): boolean {
  return (
    /^\d{1,5}$/.test(value) ||
    /^(?:\.{0,2}\/|~\/|[A-Za-z]:\\)/.test(value) ||
    /\.(?:pem|key|crt|json|txt|ya?ml|php|ts|js)$/i.test(value) ||
    /^[a-z][a-z0-9+.-]*:\/\//i.test(value)
  )
}

/** How many of lower case, upper case, digits and signs a text has. */
export function characterClasses(text: string): number {
  return [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].filter((kind) => kind.test(text)).length
}

/** A password that a person made up for a text: a word of habit with a number behind it, or short, or of one kind. */
export function isWeakPassword(password: string): boolean {
  const word = password.replaceAll(/[\d\W_]+$|^[\d\W_]+/g, '')
  return (
    isPlaceholder(password) ||
    isPlaceholder(word) ||
    /pass(?:wor[dt])?|p[a@4]ss?w[o0]rd|secret|example|hunter|qwert|letmein|12345|foobar|test/i.test(password) ||
    password.length < 8 ||
    (characterClasses(password) < 2 && password.length < 16)
  )
}
