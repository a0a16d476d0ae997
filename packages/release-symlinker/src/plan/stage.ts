import { manifestPath, type Manifest, type ManifestEntry } from '@fairlead/core'
import { errors } from '../errors.ts'
import { FoldersAbove } from './folders-above.ts'

/** A folder of files as it is built somewhere. Paths are relative to it, parents come before what they hold. */
export interface TreePlan {
  readonly folders: readonly PlannedFolder[]
  readonly files: readonly PlannedFile[]
  readonly links: readonly PlannedLink[]
}

export interface PlannedFolder {
  readonly path: string
  readonly mode: number
}

export interface PlannedFile {
  readonly path: string
  /** Where it stands in the archive. */
  readonly source: string
  readonly mode: number
  readonly sizeBytes: number
  readonly sha256: string
}

export interface PlannedLink {
  readonly path: string
  readonly source: string
  /** Of the text of the link. */
  readonly sha256: string
}

/** A path that all releases share. */
export interface SharedPlan {
  /** The same below `shared` and below the release. */
  readonly path: string
  /** What the release holds there itself. */
  readonly holds: 'file' | 'directory' | 'nothing'
  /** The text of the link in the release. */
  readonly target: string
  /** What `shared` begins with where it has nothing there. Empty: an empty folder. */
  readonly seed: TreePlan
  /** How the application writes to it, where that was said. */
  readonly writable?: WritablePath | undefined
}

/** A folder that the application writes to. */
export interface WritablePath {
  /** Inside the release; made where the release does not bring it. Also a shared path: applied when it is made. */
  readonly path: string
  /** A name or a number. Default: that of the release. */
  readonly owner?: string | number | undefined
  /** Default: that of the release. */
  readonly group?: string | number | undefined
  /** Four octal digits, for example `2775`. Default: that of the manifest, `0755` where it has none. */
  readonly mode?: string | undefined
  /**
   * Entries for setfacl(1), for example `u:www-data:rwX`; what is made in the folder begins with the same. Default: none.
   */
  readonly acl?: readonly string[] | undefined
}

export interface StagingPlan {
  readonly tree: TreePlan
  readonly shared: readonly SharedPlan[]
  /** Those inside the release itself. */
  readonly writable: readonly WritablePath[]
  /** Of all files, seeds too. */
  readonly sizes: readonly number[]
  /** Files, folders and links, seeds too: each takes an inode. */
  readonly entryCount: number
}

/**
 * Plans what a release consists of: the entries of its manifest, the manifest itself, links to what is shared, and
 * folders that the application writes to.
 *
 * @throws RELEASE_MANIFEST_UNSAFE, SHARED_PATH_INVALID, WRITABLE_PATH_INVALID
 */
export function planContents(
  manifest: Pick<Manifest, 'entries'>,
  shared: readonly string[] = [],
  writable: readonly WritablePath[] = [],
): StagingPlan {
  const entries = checkedEntries(manifest.entries)
  const paths = checkedShared(shared)
  const folders = checkedWritable(writable, paths, entries)
  const isShared = (path: string) => paths.some((root) => path === root || path.startsWith(`${root}/`))
  const sharedPlans = paths.map((path) => ({
    ...planShared(path, entries),
    writable: folders.find((folder) => folder.path === path),
  }))
  const own = paths.length === 0 ? manifest.entries : manifest.entries.filter(({ path }) => !isShared(path))
  const ownWritable = folders.filter(({ path }) => !isShared(path))
  const inside = [manifestPath, ...paths, ...ownWritable.map(({ path }) => `${path}/`)]
  const tree = treeOf(own, inside.flatMap(parentsOf), '')
  const trees = [tree, ...sharedPlans.map(({ seed }) => seed)]
  return {
    tree,
    shared: sharedPlans,
    writable: ownWritable,
    sizes: trees.flatMap(({ files }) => files.map(({ sizeBytes }) => sizeBytes)),
    // The folder of the release, its manifest and the links to what is shared come on top of the trees.
    entryCount: trees.reduce((sum, tree) => sum + sizeOf(tree), 2 + 2 * paths.length),
  }
}

function sizeOf({ folders, files, links }: TreePlan): number {
  return folders.length + files.length + links.length
}

type Entries = ReadonlyMap<string, ManifestEntry>

/** A manifest may come from anywhere, and its paths are written to as root. */
function checkedEntries(list: readonly ManifestEntry[]): Entries {
  const entries = new Map<string, ManifestEntry>()
  for (const entry of list) {
    const problem = entryProblem(entry, entries)
    if (problem !== undefined) throw errors.RELEASE_MANIFEST_UNSAFE({ path: entry.path, problem })
    entries.set(entry.path, entry)
  }
  const folders = new FoldersAbove()
  for (const path of entries.keys()) requireFolders(path, folders.add(path), entries)
  requireFolders(manifestPath, folders.add(manifestPath), entries)
  return entries
}

function requireFolders(path: string, parents: readonly string[], entries: Entries): void {
  for (const parent of parents) {
    const type = entries.get(parent)?.type ?? 'directory'
    if (type !== 'directory') {
      throw errors.RELEASE_MANIFEST_UNSAFE({ path, problem: `stands below ${parent}, which is a ${type}` })
    }
  }
}

function entryProblem({ path, type, sha256 }: ManifestEntry, before: Entries): string | undefined {
  if (path === manifestPath) return 'is the manifest itself'
  if (before.has(path)) return 'is listed twice'
  if (type !== 'directory' && sha256 === undefined) return 'has no sha256'
  return pathProblem(path)
}

function checkedShared(shared: readonly string[]): readonly string[] {
  const paths = shared.map((given) => {
    const path = given.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '')
    const problem = pathProblem(path)
    if (problem !== undefined) throw errors.SHARED_PATH_INVALID({ path: given, problem })
    if (path === '.fairlead' || path.startsWith('.fairlead/')) {
      throw errors.SHARED_PATH_INVALID({ path: given, problem: 'belongs to the manifest' })
    }
    return path
  })
  for (const [index, path] of paths.entries()) {
    const inside = paths.find((other, place) => place !== index && (path === other || path.startsWith(`${other}/`)))
    if (inside !== undefined) {
      const problem = path === inside ? 'is given twice' : `stands inside ${inside}, which is shared as a whole`
      throw errors.SHARED_PATH_INVALID({ path, problem })
    }
  }
  return paths
}

function checkedWritable(
  writable: readonly WritablePath[],
  shared: readonly string[],
  entries: Entries,
): readonly WritablePath[] {
  const folders = writable.map((folder): WritablePath => {
    const path = folder.path.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '')
    const refuse = (problem: string) => {
      throw errors.WRITABLE_PATH_INVALID({ path: folder.path, problem })
    }
    const problem = pathProblem(path)
    if (problem !== undefined) refuse(problem)
    if (path === '.fairlead' || path.startsWith('.fairlead/')) refuse('belongs to the manifest')
    const around = shared.find((root) => path.startsWith(`${root}/`))
    // Behind the link to `shared` somebody else may write: no mode or owner is set through it.
    if (around !== undefined) refuse(`stands inside ${around}, which is shared`)
    for (const above of [...parentsOf(path), path]) {
      const type = entries.get(above)?.type ?? 'directory'
      if (type !== 'directory') refuse(`is or stands below ${above}, which is a ${type} in the release`)
    }
    return { ...folder, path }
  })
  for (const [index, { path }] of folders.entries()) {
    if (folders.findIndex((other) => other.path === path) !== index) {
      throw errors.WRITABLE_PATH_INVALID({ path, problem: 'is given twice' })
    }
  }
  return folders
}

/**
 * Why a link would lead out of the release it stands in; nothing where it stays inside, through other links too: it goes
 * up no further than the release, and only at its beginning, so that no link on the way decides where `..` leads.
 */
export function linkProblem(path: string, target: string): string | undefined {
  if (target === '') return 'leads nowhere'
  if (target.startsWith('/')) return `leads to ${JSON.stringify(target)}, out of the release`
  const parts = target.split('/').filter((part) => part !== '' && part !== '.')
  const down = parts.findIndex((part) => part !== '..')
  const ups = down === -1 ? parts.length : down
  if (ups >= path.split('/').length || parts.slice(ups).includes('..')) {
    return `leads to ${JSON.stringify(target)}, which may be out of the release`
  }
  return undefined
}

/** What each problem of a path has: a slash in front, a zero byte, or a part that is empty, `.` or `..`. */
const unplain = /^\/|\0|(?:^|\/)\.{0,2}(?:\/|$)/

function pathProblem(path: string): string | undefined {
  if (!unplain.test(path)) return undefined
  if (path.startsWith('/')) return 'is absolute, not a path inside the release'
  if (path.includes('\0')) return 'holds a zero byte'
  const parts = path.split('/')
  if (parts.includes('..')) return 'leaves the release'
  return 'is not written plainly (no empty part, no ".")'
}

function planShared(path: string, entries: Entries): SharedPlan {
  for (const parent of parentsOf(path)) {
    const type = entries.get(parent)?.type ?? 'directory'
    if (type !== 'directory') {
      throw errors.SHARED_PATH_INVALID({ path, problem: `stands below ${parent}, which is a ${type} in the release` })
    }
  }
  const below = [...entries.values()].filter((entry) => entry.path.startsWith(`${path}/`))
  const own = entries.get(path)
  if (own?.type === 'symlink') throw errors.SHARED_PATH_INVALID({ path, problem: 'is a symbolic link in the release' })
  const holds = own?.type ?? (below.length > 0 ? 'directory' : 'nothing')
  const upwards = '../'.repeat(path.split('/').length + 1)
  return { path, holds, target: `${upwards}shared/${path}`, seed: treeOf(own ? [own, ...below] : below, [], path) }
}

/** The entries as a tree whose top is `top`: the entry of that very path gets the path ''. */
function treeOf(entries: readonly ManifestEntry[], moreFolders: readonly string[], top: string): TreePlan {
  const inside = (path: string) => (top === '' ? path : path.slice(top.length + 1))
  const modes = new Map<string, number>()
  const files: PlannedFile[] = []
  const links: PlannedLink[] = []
  const above = new FoldersAbove()
  const addFolders = (paths: readonly string[]) => {
    for (const path of paths) {
      const isInside = top === '' || path.startsWith(`${top}/`)
      if (isInside && !modes.has(inside(path))) modes.set(inside(path), 0o755)
    }
  }
  for (const { type, path, mode: digits, sizeBytes, sha256 = '' } of entries) {
    addFolders(above.add(path))
    const mode = Number.parseInt(digits, 8)
    if (type === 'directory') modes.set(inside(path), mode)
    else if (type === 'file') files.push({ path: inside(path), source: path, mode, sizeBytes, sha256 })
    else links.push({ path: inside(path), source: path, sha256 })
  }
  addFolders(moreFolders)
  const folders = [...modes].map(([path, mode]) => ({ depth: depthOf(path), folder: { path, mode } }))
  return { folders: folders.sort((a, b) => a.depth - b.depth).map(({ folder }) => folder), files, links }
}

/** The folders above a path, the outermost first: of `a/b/c`, `a` and `a/b`. */
export function parentsOf(path: string): readonly string[] {
  const parts = path.split('/')
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'))
}

function depthOf(path: string): number {
  return path === '' ? 0 : path.split('/').length
}
