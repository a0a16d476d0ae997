import type { AppSpecRule } from '../model.ts'

const kinds = new Map([
  ['m', 'mask'],
  ['mask', 'mask'],
  ['o', 'other'],
  ['other', 'other'],
  ['g', 'group'],
  ['group', 'group'],
  ['u', 'user'],
  ['user', 'user'],
])

/** An entry of an access list as the agent understands it. */
export interface AclEntry {
  readonly isDefault: boolean
  readonly kind: 'user' | 'group' | 'mask' | 'other'
  /** Empty: the owner, the owning group, the mask or everybody else. */
  readonly name: string
  /** `rwx` with dashes for what is missing. */
  readonly rights: string
}

export interface AclProblem {
  readonly rule: AppSpecRule & `acl-${string}`
  readonly problem: string
  /** For a wrong letter: which. */
  readonly character?: string
}

/** The entry, or what is wrong with it. The form is `[default:][kind:][name]:rights`; without a kind it is a user's. */
export function readAclEntry(entry: string): AclEntry | AclProblem {
  const parts = entry.split(':').reverse()
  const [rights = '', name = '', kind, first] = parts
  if (parts.length < 2 || parts.length > 4) return malformed('is not of the form kind:name:rights')
  if (first !== undefined && !isDefaultWord(first)) return malformed('begins with neither default nor a kind')
  let isDefault = first !== undefined
  let readKind: string | undefined
  if (kind !== undefined) {
    if (isDefaultWord(kind)) {
      if (isDefault) return malformed('says default twice')
      isDefault = true
    } else {
      readKind = kinds.get(kind)
      if (readKind === undefined) return malformed(`begins with none of ${[...kinds.keys()].join(', ')}`)
    }
  }
  // `m` and `o` in place of a name are the kind where none was given, and their own long form as a name otherwise.
  const alias = name === 'm' || name === 'mask' ? 'mask' : name === 'o' || name === 'other' ? 'other' : undefined
  const entryKind = (readKind ?? alias ?? 'user') as AclEntry['kind']
  const entryName = alias === undefined ? name : readKind === undefined ? '' : alias
  if ((entryKind === 'mask' || entryKind === 'other') && entryName !== '') return malformed(`names somebody, and ${entryKind} is nobody's`) // prettier-ignore
  if (!isDefault && entryKind !== 'mask' && entryName === '') {
    return { rule: 'acl-base-entry', problem: 'is a base entry, which the mode sets' }
  }
  return readRights(rights, { isDefault, kind: entryKind, name: entryName })
}

export function isAclProblem(read: AclEntry | AclProblem): read is AclProblem {
  return 'problem' in read
}

function readRights(rights: string, entry: Omit<AclEntry, 'rights'>): AclEntry | AclProblem {
  if (/^[0-7]$/.test(rights)) {
    const bits = Number(rights)
    return { ...entry, rights: `${bits & 4 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${bits & 1 ? 'x' : '-'}` }
  }
  const wrong = [...rights].find((character) => !/[rwx-]/.test(character))
  if (wrong !== undefined) {
    const problem = `has ${JSON.stringify(wrong)} in its rights, expected letters of rwx or a digit`
    return { rule: 'acl-character', problem, character: wrong }
  }
  return { ...entry, rights: [...'rwx'].map((letter) => (rights.includes(letter) ? letter : '-')).join('') }
}

function isDefaultWord(word: string): boolean {
  return word === 'd' || word === 'default'
}

function malformed(problem: string): AclProblem {
  return { rule: 'acl-invalid', problem }
}
