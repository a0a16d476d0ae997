import picomatch from 'picomatch'
import { coreErrors, describeValue } from '@fairlead/core'

/** What a package-lock.json says of one folder. */
interface LockedPackage {
  readonly link?: boolean
  /** Of a link: the folder that it leads to, relative to the lock. */
  readonly resolved?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
  readonly workspaces?: readonly string[] | { readonly packages?: readonly string[] }
}

/** The folders that a package-lock.json describes, by their path relative to it; empty for the project itself. */
export type NpmLock = Readonly<Record<string, LockedPackage>>

/** A package that is needed to run. */
export interface NeededPackage {
  /** Its folder, or the link to it, relative to the lock: `node_modules/a/node_modules/b`, `packages/lib`. */
  readonly folder: string
  /** The folder of the package that asks for it; empty for the project itself. */
  readonly neededBy: string
  /** Whether it may be missing: all that ask for it can do without. */
  readonly isOptional: boolean
}

/** What an npm project, or some of its workspaces, need to run. */
export interface ProductionDependencies {
  readonly needed: ReadonlyMap<string, NeededPackage>
  /** Folders that the lock knows, needed or not. */
  readonly known: ReadonlySet<string>
  /** What is asked for and not even in the lock. */
  readonly missing: readonly MissingPackage[]
}

/** An npm package that is needed and not there. */
export type MissingPackage = {
  readonly name: string
  /** The folder of the package that asks for it; `.` for the project itself. */
  readonly neededBy: string
}

/**
 * Reads the text of a package-lock.json or npm-shrinkwrap.json of npm 7 or later.
 *
 * @param origin what the file is called and where it was found, for the error
 * @throws INVALID_RECORD
 */
export function parseNpmLock(text: string, origin: { readonly record: string; readonly from: string }): NpmLock {
  const { record, from } = origin
  const lock = parseJson(text, record, from) as { readonly packages?: unknown } | null
  const packages = lock?.packages
  if (isObject(packages) && Object.values(packages).every(isObject)) return packages as NpmLock
  throw coreErrors.INVALID_RECORD({
    record,
    path: 'packages',
    given: describeValue(packages),
    expected: 'the packages of a lockfileVersion 2 or 3, which npm 7 and later write',
    from,
  })
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function parseJson(text: string, record: string, from: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const given = `${text.length} characters`
    throw coreErrors.INVALID_RECORD({ record, path: 'the value', given, expected: 'JSON', from }, { cause: error })
  }
}

/** The folders of the workspaces that a lock knows. */
export function workspacesOf(lock: NpmLock): readonly string[] {
  const { workspaces = [] } = lock[''] ?? {}
  const globs = ('packages' in workspaces ? workspaces.packages : (workspaces as readonly string[])) ?? []
  const plain = globs.map((glob) => glob.replace(/^(!?)\.\//, '$1').replace(/\/+$/, ''))
  const isWorkspace = (folder: string) =>
    plain.reduce(
      (isIn, glob) => (picomatch.isMatch(folder, glob.replace(/^!/, '')) ? !glob.startsWith('!') : isIn),
      false,
    )
  return Object.keys(lock).filter((folder) => folder !== '' && !isInstalled(folder) && isWorkspace(folder))
}

/**
 * What `npm install --omit=dev` leaves: everything that the project, or the given workspaces, reach without a
 * development dependency, found as Node finds it. Optional and peer dependencies count where the lock has them.
 *
 * @param workspaces folders; empty: the project and all of its workspaces
 */
export function planProductionDependencies(lock: NpmLock, workspaces: readonly string[]): ProductionDependencies {
  const needed = new Map<string, NeededPackage>()
  const missing: MissingPackage[] = []
  const queue = startsOf(lock, workspaces)
  // The nearest first, so that what is told of is the shortest way to a package.
  for (const next of queue) {
    const { folder, isOptional } = next
    const before = needed.get(folder)
    if (before && (!before.isOptional || isOptional)) continue
    if (next.isStart !== true) needed.set(folder, { folder, neededBy: next.neededBy, isOptional })
    const { link, resolved = '' } = lock[folder] ?? {}
    if (link) {
      // A folder outside of root is none of ours; the link to it is refused where links are judged.
      if (Object.hasOwn(lock, resolved) && !resolved.startsWith('..')) queue.push({ ...next, folder: resolved })
      continue
    }
    for (const edge of edgesOf(lock[folder] ?? {})) {
      const found = findPackage(lock, folder, edge.name)
      if (found !== undefined) {
        queue.push({ folder: found, neededBy: folder, isOptional: isOptional || edge.isOptional })
      } else if (!edge.isOptional && !edge.isPeer && !isOptional) {
        missing.push({ name: edge.name, neededBy: folder || '.' })
      }
    }
  }
  return { needed, known: new Set(Object.keys(lock)), missing }
}

interface Reached extends NeededPackage {
  /** Whether it is where the way begins, and its own files are left to the caller. */
  readonly isStart?: boolean
}

function startsOf(lock: NpmLock, workspaces: readonly string[]): Reached[] {
  const start = (folder: string) => ({ folder, neededBy: '', isOptional: false, isStart: true })
  if (workspaces.length > 0) return workspaces.map(start)
  const own = new Set(workspacesOf(lock))
  const links = Object.entries(lock).filter(([, { link, resolved = '' }]) => link && own.has(resolved))
  return [start(''), ...links.map(([folder]) => ({ folder, neededBy: '', isOptional: false }))]
}

interface Edge {
  readonly name: string
  readonly isOptional: boolean
  readonly isPeer: boolean
}

function edgesOf(locked: LockedPackage): readonly Edge[] {
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = locked
  const edges = new Map<string, Edge>()
  for (const name of Object.keys(peerDependencies)) {
    edges.set(name, { name, isOptional: peerDependenciesMeta[name]?.optional === true, isPeer: true })
  }
  for (const name of Object.keys(dependencies)) edges.set(name, { name, isOptional: false, isPeer: false })
  // npm writes what is optional under both names, and optional wins.
  for (const name of Object.keys(optionalDependencies)) edges.set(name, { name, isOptional: true, isPeer: false })
  return [...edges.values()]
}

/** Finds a package as Node does: in the nearest `node_modules` upwards. */
function findPackage(lock: NpmLock, from: string, name: string): string | undefined {
  const parts = from === '' ? [] : from.split('/')
  for (let depth = parts.length; depth >= 0; depth--) {
    if (parts[depth - 1] === 'node_modules') continue
    const folder = [...parts.slice(0, depth), 'node_modules', name].join('/')
    if (Object.hasOwn(lock, folder)) return folder
  }
  return undefined
}

/** Whether a folder is one that npm made, and no folder of the project. */
export function isInstalled(folder: string): boolean {
  return /(^|\/)node_modules\//.test(folder)
}
