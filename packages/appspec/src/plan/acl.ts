const kinds = ['user', 'u', 'group', 'g', 'mask', 'm', 'other', 'o']

/** What is wrong with an entry of an access list in the form `[default:]kind:name:rights`, if anything is. */
export function aclProblem(entry: string): string | undefined {
  const parts = entry.split(':')
  const isDefault = parts[0] === 'default' || parts[0] === 'd'
  const [kind, ...rest] = isDefault ? parts.slice(1) : parts
  if (kind === undefined || !kinds.includes(kind)) return `begins with none of ${kinds.join(', ')}`
  if (rest.length < 1 || rest.length > 2) return 'is not of the form kind:name:rights'
  const rights = rest.at(-1) ?? ''
  if (!/^(?:[0-7]|[rwxX-]+)$/.test(rights))
    return `has the rights ${JSON.stringify(rights)}, expected letters of rwx or a digit`
  return undefined
}
