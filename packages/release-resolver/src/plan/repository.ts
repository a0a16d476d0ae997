/** A repository as it was given: a folder of this machine, or an address. */
export type Repository =
  | { readonly kind: 'local'; readonly path: string }
  | {
      readonly kind: 'remote'
      /** What git is given. May hold a password. */
      readonly address: string
      /** What people see. */
      readonly shown: string
      /** Never to be printed. */
      readonly secrets: readonly string[]
    }

const schemes = new Set(['http:', 'https:', 'ssh:', 'git:'])

/** Reads what was given, by git's own rules (https://git-scm.com/docs/git-clone#_git_urls), or answers what is wrong with it. */
export function readRepository(given: unknown): Repository | { readonly fault: string } {
  if (typeof given !== 'string') return { fault: 'it is no text' }
  if (given === '') return { fault: 'it is empty' }
  if (/[\u0000-\u001f\u007f]/.test(given)) return { fault: 'it has a control character' }
  if (given.startsWith('-')) return { fault: 'it begins with -' }
  if (/^[A-Za-z0-9+.-]+::/.test(given)) return { fault: 'it names a program to run (a remote helper)' }
  if (/^[A-Za-z0-9+.-]+:\/\//.test(given)) return readUrl(given)
  const colon = given.indexOf(':')
  const slash = given.search(/[/\\]/)
  const drive = /^[A-Za-z]:[/\\]/.test(given)
  if (colon === -1 || drive || (slash !== -1 && slash < colon)) return { kind: 'local', path: given }
  const host = given.slice(0, colon).split('@').at(-1) ?? ''
  if (host === '' || host.startsWith('-')) return { fault: 'its host name is empty or begins with -' }
  return { kind: 'remote', address: given, shown: given, secrets: [] }
}

function readUrl(given: string): Repository | { readonly fault: string } {
  if (!URL.canParse(given)) return { fault: 'it looks like a URL and is none' }
  const url = new URL(given)
  if (url.protocol === 'file:') {
    if (url.host !== '' && url.host !== 'localhost') return { fault: 'a file:// address names another machine' }
    return decodable(url.pathname)
      ? { kind: 'local', path: decodeURIComponent(url.pathname) }
      : { fault: 'its path has a malformed % sequence' }
  }
  if (!schemes.has(url.protocol)) return { fault: `${url.protocol}// is none of the protocols that are spoken` }
  if (url.hostname === '' || url.hostname.startsWith('-')) return { fault: 'its host name is empty or begins with -' }
  // A token may stand in the place of the user over HTTP, and in a query; over ssh the user is part of the address.
  const overHttp = url.protocol !== 'ssh:'
  const query = url.search
    .slice(1)
    .split('&')
    .flatMap((pair) => [pair, pair.slice(pair.indexOf('=') + 1)])
  const secrets = [url.password, ...(overHttp ? [url.username] : []), ...query]
    .flatMap((secret) => [secret, decodable(secret) ? decodeURIComponent(secret) : secret])
    .filter((secret) => secret !== '')
  url.password = ''
  if (overHttp) url.username = ''
  url.search = ''
  url.hash = ''
  return { kind: 'remote', address: given, shown: url.href, secrets }
}

function decodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

/** Takes the secrets of an address out of what a program said. */
export function withoutSecrets(words: string, repository: Repository): string {
  if (repository.kind === 'local') return words
  const whole = words.replaceAll(repository.address, repository.shown)
  return [...repository.secrets]
    .sort((a, b) => b.length - a.length)
    .reduce((text, secret) => text.replaceAll(secret, '…'), whole)
}
