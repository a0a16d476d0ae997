/**
 * The parts of an entry's name below the folder that it is unpacked into, or `undefined` for a name that would leave
 * it. The root itself (`./`) has no parts.
 */
export function entryParts(name: string): readonly string[] | undefined {
  if (name.startsWith('/') || name.includes('\0')) return undefined
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  return parts.includes('..') ? undefined : parts
}

/** The folders on the way to an entry, outermost first. */
export function parentsOf(parts: readonly string[]): readonly string[] {
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'))
}

/**
 * Where the official agent's tools put an entry that would leave the folder; `undefined` for one that they refuse. Both
 * take the slash from the front of an absolute name; `tar` refuses dots that lead upwards, and `unzip` leaves them out.
 */
export function officialPlace(name: string, format: 'zip' | 'tar'): readonly string[] | undefined {
  if (name.includes('\0')) return undefined
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  if (format === 'tar' && parts.includes('..')) return undefined
  return parts.filter((part) => part !== '..')
}
