/** What differs from host to host; the agent's environment may override it (a machine image sets it there). */
export const host = {
  /** Holds `releases`, `shared` and `current`. */
  root: process.env['SHOP_ROOT'] ?? '/srv/shop',
  /** Where this host's own web server answers. */
  url: process.env['SHOP_URL'] ?? 'http://127.0.0.1',
  /** Who reads the release and its secrets. */
  owner: process.env['SHOP_OWNER'] ?? 'www-data',
}

/** One line of an agent's log is cut from 2 KB on, and one that is longer hides all the others. */
export function say(line: string): void {
  process.stdout.write(`${line.slice(0, 500)}\n`)
}
