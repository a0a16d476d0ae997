import { isAclProblem, readAclEntry, type AclEntry } from '@fairlead/appspec'

/** The entries as the agent writes them into its plan: `[default:]kind:name:rwx`. */
export function normalAccessList(entries: readonly string[]): readonly string[] {
  return entries.map((entry) => {
    const read = readAclEntry(entry)
    return isAclProblem(read) ? entry : textOf(read)
  })
}

/**
 * What the agent adds to the entries of a rule for an object of this mode: the base entries, and masks and defaults that
 * are missing. `added` is what it added for the objects before, which it never takes away again.
 */
export function completeAccessList(
  entries: readonly string[],
  added: readonly string[],
  mode: number,
): readonly string[] {
  const digits = (mode & 0o777).toString(8).padStart(3, '0')
  const [owner = 0, group = 0, other = 0] = [...digits].map(Number)
  const more: AclEntry[] = [base('user', owner), base('group', group), base('other', other)]
  const all = () => [...[...entries, ...added].map(parse), ...more]
  const has = (isDefault: boolean, matches: (entry: AclEntry) => boolean) =>
    all().some((entry) => entry.isDefault === isDefault && matches(entry))
  const isNamed = ({ name }: AclEntry) => name !== ''
  const isMask = ({ kind }: AclEntry) => kind === 'mask'
  if (has(false, isNamed) && !has(false, isMask)) more.push(base('mask', group))
  if (has(true, () => true)) {
    const isBase = (kind: AclEntry['kind']) => (entry: AclEntry) => entry.kind === kind && entry.name === ''
    if (!has(true, isBase('user'))) more.push(base('user', owner, true))
    if (!has(true, isBase('group'))) more.push(base('group', group, true))
    if (!has(true, isBase('other'))) more.push(base('other', other, true))
    const defaultGroup = all().find((entry) => entry.isDefault && isBase('group')(entry))
    if (has(true, isNamed) && !has(true, isMask) && defaultGroup) more.push({ ...defaultGroup, kind: 'mask' })
  }
  return [...added, ...more.map(textOf)]
}

/** Whether an entry is for what a folder will hold: files refuse it. */
export function isDefaultEntry(entry: string): boolean {
  return /^d(?:efault)?:/.test(entry)
}

function base(kind: AclEntry['kind'], bits: number, isDefault = false): AclEntry {
  const rights = `${bits & 4 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${bits & 1 ? 'x' : '-'}`
  return { isDefault, kind, name: '', rights }
}

function parse(entry: string): AclEntry {
  const [isDefault, parts] = isDefaultEntry(entry) ? [true, entry.split(':').slice(1)] : [false, entry.split(':')]
  const [kind = 'user', name = '', rights = ''] = parts
  return { isDefault, kind: kind as AclEntry['kind'], name, rights }
}

function textOf({ isDefault, kind, name, rights }: AclEntry): string {
  return `${isDefault ? 'default:' : ''}${kind}:${name}:${rights}`
}
