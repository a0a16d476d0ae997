import { isInstalled, type MissingPackage, type ProductionDependencies } from './production-dependencies.ts'
import { normalizePath } from './resolve-link.ts'

/** Tells of what stands in an npm project whether it is needed to run. */
export interface NpmJudge {
  /** Undefined: npm has no say in it. */
  readonly judge: (entry: NpmEntry) => NpmVerdict | undefined
  /** What is needed, and neither in the lock nor among the paths that were listed. */
  readonly missingFrom: (paths: Iterable<string>) => readonly MissingPackage[]
  /** Whether something that is needed may be in a folder or below it. */
  readonly mayHold: (folder: string) => boolean
}

interface NpmEntry {
  readonly path: string
  /** Of a link. */
  readonly target?: string
}

export type NpmVerdict =
  { readonly isNeeded: true; readonly folder: string; readonly neededBy: string } | { readonly isNeeded: false }

const unneeded: NpmVerdict = { isNeeded: false }
const commandFolder = /(?:^|\/)node_modules\/\.bin\/[^/]+$/

/** Judges paths by the folders that npm's lock knows. */
export function judgeNpm({ needed, known, missing }: ProductionDependencies): NpmJudge {
  const verdicts = new Map<string, NpmVerdict>(
    [...needed].map(([folder, { neededBy }]) => [folder, { isNeeded: true, folder, neededBy }]),
  )
  const ownerOf = findOwners(known)
  const judge = (entry: NpmEntry): NpmVerdict | undefined => {
    const { path } = entry
    if (commandFolder.test(path)) return judgeCommand(entry) ?? unneeded
    const owner = ownerOf(path)
    // Of a package that npm installed, everything below is its own; a workspace's node_modules holds what the lock knows.
    const isLoose = !isInstalled(owner) && path.startsWith('node_modules/', owner === '' ? 0 : owner.length + 1)
    if (isLoose) return unneeded
    return verdicts.get(owner) ?? (isInstalled(owner) ? unneeded : undefined)
  }
  /** A command goes with the package that it belongs to. */
  const judgeCommand = (entry: NpmEntry) => {
    if (entry.target === undefined) return undefined
    const end = normalizePath(`${entry.path.slice(0, entry.path.lastIndexOf('/'))}/${entry.target}`)
    return end === undefined ? undefined : verdicts.get(ownerOf(end))
  }
  const above = new Set([...needed.keys()].flatMap(foldersAbove))
  return {
    judge,
    mayHold: (folder) =>
      above.has(folder) ||
      verdicts.has(ownerOf(folder)) ||
      (folder.endsWith('node_modules/.bin') && above.has(folder.slice(0, -'/.bin'.length))),
    missingFrom: (paths) => {
      const there = new Set<string>()
      for (const path of paths) there.add(ownerOf(path))
      const gone = [...needed.values()].filter(({ folder, isOptional }) => !isOptional && !there.has(folder))
      return [...missing, ...gone.map(({ folder, neededBy }) => ({ name: folder, neededBy: neededBy || '.' }))]
    },
  }
}

/** The innermost known folder that a path is in, or that it is; empty where there is none. */
function findOwners(known: ReadonlySet<string>): (path: string) => string {
  const owners = new Map<string, string>([['', '']])
  const ownerOfFolder = (folder: string): string => {
    const before = owners.get(folder)
    if (before !== undefined) return before
    const owner = known.has(folder) ? folder : ownerOfFolder(folder.slice(0, Math.max(folder.lastIndexOf('/'), 0)))
    owners.set(folder, owner)
    return owner
  }
  return (path) => (known.has(path) ? path : ownerOfFolder(path.slice(0, Math.max(path.lastIndexOf('/'), 0))))
}

function foldersAbove(path: string): readonly string[] {
  const parts = path.split('/')
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}
