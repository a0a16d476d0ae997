/** The names of a versioned injection: `current` → `versions/<id>`. */
export const currentLink = 'current'
export const versionsFolder = 'versions'

const digits = 15

/**
 * A name that sorts behind that of the version that is current, whatever the clock says: what is newer than the current one was never
 * live.
 */
export function versionId(nowMs: number, current: string | undefined, random: string): string {
  const last = current === undefined ? 0 : Number(current.slice(0, digits))
  const time = Math.max(Math.floor(nowMs), last + 1)
  return `${String(time).padStart(digits, '0')}-${random}`
}

export function isVersionId(name: string): boolean {
  return /^\d{15}-[0-9a-f]{12}$/.test(name)
}

/** The version that a link leads to, or `undefined` where the link is not one of ours. */
export function versionIn(link: string): string | undefined {
  const [folder, id = '', ...more] = link.split('/')
  return folder === versionsFolder && more.length === 0 && isVersionId(id) ? id : undefined
}
