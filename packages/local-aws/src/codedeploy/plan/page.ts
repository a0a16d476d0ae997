/** A page of names or ids. The token names the last one given, so that what is added meanwhile moves nothing. */
export interface Page {
  readonly items: readonly string[]
  readonly nextToken?: string
}

/** Answers `undefined` for a token that this list did not give. */
export function pageOf(items: readonly string[], token: string | undefined, size: number): Page | undefined {
  const start = token === undefined ? 0 : items.indexOf(Buffer.from(token, 'base64url').toString('utf8')) + 1
  if (token !== undefined && start === 0) return undefined
  const page = items.slice(start, start + size)
  const last = page.at(-1)
  return last !== undefined && start + size < items.length
    ? { items: page, nextToken: Buffer.from(last, 'utf8').toString('base64url') }
    : { items: page }
}
