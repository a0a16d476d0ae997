import { compileWildcards, toByteText } from './wildcards.ts'

/** A file of ignore rules, such as a `.gitignore`. */
export interface IgnoreFile {
  /** Where it stands, relative to the top of the repository, or to root where there is none. */
  readonly path: string
  readonly text: string
}

/** What a line of an ignore file says. */
export interface IgnoreRule {
  /** For people: `dist/.gitignore:3 *.log`. */
  readonly label: string
  /** Whether it takes back what an earlier rule ignores. */
  readonly isNegated: boolean
  readonly foldersOnly: boolean
  /** @param path below the folder of the ignore file, as byte text */
  readonly matches: (path: string, name: string) => boolean
}

/** Answers the rule that ignores a path, if one does. */
export type IgnoreJudge = (path: string, type: 'file' | 'folder') => IgnoreRule | undefined

/** The rules of one folder, in the order in which they are asked: the last line of the last file first. */
interface RuleList {
  /** The length of the folder's path with its slash. */
  readonly baseLength: number
  readonly rules: readonly IgnoreRule[]
}

interface FolderState {
  /** The rule by which all that is in the folder is ignored. */
  readonly ignoredBy: IgnoreRule | undefined
  /** Of this folder first, then of those above it. */
  readonly lists: readonly RuleList[]
}

/**
 * Judges paths as git judges untracked ones: the last matching rule of the innermost folder decides, and nothing below
 * an ignored folder can be taken back. https://git-scm.com/docs/gitignore
 *
 * @param files of one folder: later ones override earlier ones
 * @param prefix where root stands in the repository: `apps/shop/`, or empty. Root itself is never ignored.
 */
export function judgeIgnored(files: readonly IgnoreFile[], prefix: string): IgnoreJudge {
  const rules = rulesByFolder(files, prefix)
  const states = new Map<string, FolderState>()
  const enter = (folder: string, above: readonly RuleList[]): FolderState => {
    const own = rules.get(folder)
    const list = own && { baseLength: folder === '' ? 0 : toByteText(folder).length + 1, rules: own }
    return { ignoredBy: undefined, lists: list ? [list, ...above] : above }
  }
  const root = prefix.slice(0, -1)
  states.set(
    root,
    parentsOf(root).reduce((state, folder) => enter(folder, state.lists), enter('', [])),
  )
  const stateOf = (folder: string): FolderState => {
    const known = states.get(folder)
    if (known) return known
    const parent = stateOf(folder.slice(0, Math.max(folder.lastIndexOf('/'), 0)))
    const ignoredBy = parent.ignoredBy ?? findIgnoring(parent.lists, folder, 'folder')
    const state = ignoredBy ? { ignoredBy, lists: [] } : enter(folder, parent.lists)
    states.set(folder, state)
    return state
  }
  return (below, type) => {
    const path = prefix + below
    const { ignoredBy, lists } = stateOf(path.slice(0, Math.max(path.lastIndexOf('/'), 0)))
    return ignoredBy ?? findIgnoring(lists, path, type)
  }
}

/** `a/b` as `a`, `a/b`. */
function parentsOf(folder: string): readonly string[] {
  if (folder === '') return []
  return folder.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'))
}

function findIgnoring(lists: readonly RuleList[], path: string, type: 'file' | 'folder'): IgnoreRule | undefined {
  if (lists.length === 0) return undefined
  const bytes = toByteText(path)
  const name = bytes.slice(bytes.lastIndexOf('/') + 1)
  for (const { baseLength, rules } of lists) {
    const below = baseLength === 0 ? bytes : bytes.slice(baseLength)
    for (const rule of rules) {
      if (rule.foldersOnly && type !== 'folder') continue
      if (rule.matches(below, name)) return rule.isNegated ? undefined : rule
    }
  }
  return undefined
}

function rulesByFolder(files: readonly IgnoreFile[], prefix: string): ReadonlyMap<string, readonly IgnoreRule[]> {
  const byFolder = new Map<string, readonly IgnoreRule[]>()
  for (const file of files) {
    const folder = file.path.slice(0, Math.max(file.path.lastIndexOf('/'), 0))
    const rules = parseIgnoreFile(file.text, fromRoot(file.path, prefix)).toReversed()
    byFolder.set(folder, [...rules, ...(byFolder.get(folder) ?? [])])
  }
  return byFolder
}

/** A path of the repository as one relative to root. */
function fromRoot(path: string, prefix: string): string {
  const levels = prefix.split('/').slice(0, -1)
  const parts = path.split('/')
  let shared = 0
  while (shared < levels.length && levels[shared] === parts[shared]) shared++
  return [...levels.slice(shared).map(() => '..'), ...parts.slice(shared)].join('/')
}

/** Reads the rules of an ignore file, in the order of its lines. */
export function parseIgnoreFile(text: string, name: string): readonly IgnoreRule[] {
  const lines = text.replace(/^\ufeff/, '').split('\n')
  return lines.flatMap((line, index) => {
    // git reads C strings: a zero byte ends one. Of a line with Windows' end, its carriage return is no part.
    const [written = ''] = withoutTrailingSpaces(line.replace(/\r$/, '')).split('\0')
    return written === '' || written.startsWith('#') ? [] : [compileRule(written, `${name}:${index + 1} ${written}`)]
  })
}

/** Spaces at the end are no part of a pattern, save one that a backslash keeps. */
function withoutTrailingSpaces(line: string): string {
  let end = 0
  for (let index = 0; index < line.length; index++) {
    if (line[index] === '\\') index++
    if (line[index] !== ' ' || line[index - 1] === '\\') end = Math.min(index + 1, line.length)
  }
  return line.slice(0, end)
}

function compileRule(written: string, label: string): IgnoreRule {
  const isNegated = written.startsWith('!')
  const whole = toByteText(isNegated ? written.slice(1) : written)
  const foldersOnly = whole.endsWith('/')
  const pattern = foldersOnly ? whole.slice(0, -1) : whole
  const matches = pattern.includes('/') ? matchPath(pattern) : matchName(pattern)
  return { label, isNegated, foldersOnly, matches }
}

/** A pattern without a slash is one for names, at every depth below its file. */
function matchName(pattern: string): IgnoreRule['matches'] {
  if (!hasWildcard(pattern)) return (_, name) => name === pattern
  const end = pattern.slice(1)
  if (pattern.startsWith('*') && !hasWildcard(end)) return (_, name) => name.endsWith(end)
  const expression = compileWildcards(pattern, 'name')
  return (_, name) => expression?.test(name) === true
}

/** A pattern with a slash is one for paths from the folder of its file on. */
function matchPath(pattern: string): IgnoreRule['matches'] {
  const anchored = pattern.startsWith('/') ? pattern.slice(1) : pattern
  const plainLength = anchored.search(wildcard)
  if (plainLength < 0) return (path) => path === anchored
  // git compares what is before the first wildcard as it stands, and so sees the `**` of `a**/b` as a whole part.
  const plain = anchored.slice(0, plainLength)
  const expression = compileWildcards(anchored.slice(plainLength), 'path')
  return (path) => path.startsWith(plain) && expression?.test(path.slice(plainLength)) === true
}

const wildcard = /[*?[\\]/

function hasWildcard(pattern: string): boolean {
  return wildcard.test(pattern)
}
