import picomatch from 'picomatch'
import type { PlanArtifactOptions } from '../model.ts'
import type { Matcher, Selection } from '../plan/choose-entries.ts'
import { judgeIgnored, type IgnoreFile } from '../plan/ignore-rules.ts'
import { judgeNpm } from '../plan/npm-judge.ts'
import { placeBy } from '../plan/place-entries.ts'
import { planProductionDependencies } from '../plan/production-dependencies.ts'

/** `s`: a name with a line break in it is chosen by `**` like any other. */
const globOptions = { dot: true, nonegate: true, flags: 's' }

/** Compiles all that chooses. */
export function compileSelection(options: PlanArtifactOptions): Selection {
  const { include = [], exclude = [], tracked = false, committed = [], ignoreFiles = [], prefix = '' } = options
  const { npmDependencies, map = [] } = options
  const judgeBy = (files: readonly IgnoreFile[]) => (files.length > 0 ? judgeIgnored(files, prefix) : undefined)
  return {
    include: include.map((glob) => compileGlob(glob, { isChosen: true, because: `include ${glob}` })),
    exclude: exclude.map((glob) => compileGlob(glob, { isChosen: false, because: `exclude ${glob}` })),
    tracked,
    committed: new Set(committed),
    ignored: judgeBy(ignoreFiles),
    ignoredThoughTracked: judgeBy(ignoreFiles.filter(({ path }) => !/(?:^|\/)\.gitignore$/.test(path))),
    npm: npmDependencies && judgeNpm(planProductionDependencies(npmDependencies.lock, npmDependencies.workspaces)),
    placer: placeBy(map),
  }
}

function compileGlob(glob: string, choice: Matcher['choice']): Matcher {
  return { glob, matches: matcherOf(glob), choice }
}

/** picomatch's own matcher, asked only where the part before the first wildcard fits. */
function matcherOf(glob: string): (path: string) => boolean {
  if (glob === '**') return () => true
  const matches = picomatch(glob, globOptions)
  const base = plainBase(glob)
  if (base === '' || base === glob) return matches
  if (glob === `${base}/**`) return (path) => isWithin(path, base)
  const start = `${base}/`
  return (path) => path.startsWith(start) && matches(path)
}

/** The folders that a glob begins with, where they stand for themselves; empty where it can begin with anything. */
function plainBase(glob: string): string {
  const { base } = picomatch.scan(glob)
  return /^[\w.@ -]+(?:\/[\w.@ -]+)*$/.test(base) ? base : ''
}

function isWithin(path: string, folder: string): boolean {
  return path.startsWith(folder) && (path.length === folder.length || path[folder.length] === '/')
}

/** How much of a folder is worth listing: what cannot be chosen is not even looked at. */
export type ListingDepth = 'nothing' | 'its names' | 'all below it'

/** Says of a folder below root, or of root itself, how much may be chosen of it by names alone. */
export function foldersToList({
  include,
  exclude,
  tracked,
  committed,
  npm,
}: Selection): (folder: string) => ListingDepth {
  const bases = include.map(({ glob }) => plainBase(glob))
  const closed = exclude
    .filter(({ glob }) => glob.endsWith('/**'))
    .map(({ glob }) => ({ base: plainBase(glob.slice(0, -3)), matches: picomatch(glob.slice(0, -3), globOptions) }))
  const trackedFolders = tracked ? foldersOf(committed) : new Set<string>()
  return (folder) => {
    if (closed.some(({ matches }) => matches(folder))) return 'nothing'
    const isWanted = bases.some((base) => base === '' || isWithin(folder, base))
    if (isWanted && !closed.some(({ base }) => mayMeet(folder, base))) return 'all below it'
    const mayHold =
      isWanted ||
      trackedFolders.has(folder) ||
      npm?.mayHold(folder) === true ||
      bases.some((base) => isWithin(base, folder))
    return folder === '' || mayHold ? 'its names' : 'nothing'
  }
}

/** Whether something below a folder may be below a base too. */
function mayMeet(folder: string, base: string): boolean {
  return folder === '' || base === '' || isWithin(folder, base) || isWithin(base, folder)
}

function foldersOf(paths: Iterable<string>): ReadonlySet<string> {
  const folders = new Set<string>()
  for (const path of paths) {
    for (let cut = path.lastIndexOf('/'); cut > 0; cut = path.lastIndexOf('/', cut - 1)) {
      const folder = path.slice(0, cut)
      if (folders.has(folder)) break
      folders.add(folder)
    }
  }
  return folders
}
