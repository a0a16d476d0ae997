import { maxKeyBytes } from '../limits.ts'

/**
 * Why text is no key of a store, or `undefined` where it is one. A key is a relative path, `/` between its parts; the
 * same rule for S3 and for a folder, so that what one store takes the other takes too.
 */
export function faultOfKey(key: string): string | undefined {
  if (typeof key !== 'string') return 'it is no text'
  if (key === '') return 'it is empty'
  return faultOfKeyStart(key) ?? faultOfParts(key.split('/'))
}

/** Why text cannot begin a key, for listings: the last part may be a piece of one, or empty. */
export function faultOfPrefix(prefix: string): string | undefined {
  if (typeof prefix !== 'string') return 'it is no text'
  if (prefix === '') return undefined
  return faultOfKeyStart(prefix) ?? faultOfParts(prefix.split('/').slice(0, -1))
}

function faultOfKeyStart(key: string): string | undefined {
  if (key.startsWith('/')) return 'it begins with /'
  // Folders of the store's own, for example for files that are still being written.
  if (key.startsWith('.')) return 'it begins with a dot'
  if (Buffer.byteLength(key) > maxKeyBytes) return `it is longer than ${maxKeyBytes} bytes`
  if (/[\u0000-\u001f\u007f\\]/.test(key)) return 'it has a control character or a backslash'
  return undefined
}

function faultOfParts(parts: readonly string[]): string | undefined {
  const bad = parts.find((part) => part === '' || part === '.' || part === '..')
  return bad === undefined ? undefined : `it has the part ${JSON.stringify(bad)}`
}

/** The order of S3's listings: that of the bytes in UTF-8, which is not that of JavaScript's strings. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
