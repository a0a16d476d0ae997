import { maxLinkHops } from '../limits.ts'
import { indexPaths, type PathIndex } from './path-index.ts'

/** What stands at a path of an artifact: a link's target, or that it is a file or a folder. */
type Standing = 'file' | 'directory' | { readonly target: string }

/** Tells what stands where; undefined where nothing does. */
export type Standings = (path: string) => Standing | undefined

/** Where a path leads, links followed. */
type WayEnd =
  | { readonly type: 'file' | 'directory'; readonly path: string }
  | { readonly type: 'link-escapes' | 'link-dangling' | 'link-cycle' }

/** What is to be known of an entry to follow links over it. */
type Standable = { readonly path: string } & (
  { readonly type: 'file' | 'directory' | 'other' } | { readonly type: 'symlink'; readonly target: string }
)

/** What stands where in an artifact of these entries, in the order of the bytes of their paths: they, and the folders that they imply. */
export function standingsOf(entries: readonly Standable[]): Standings {
  let index: PathIndex | undefined
  return (path) => {
    // Most artifacts have few links, and many none.
    index ??= indexPaths(entries.map((entry) => entry.path))
    const entry = entries[index.find(path)]
    if (entry === undefined) return index.isFolder(path) ? 'directory' : undefined
    if (entry.type === 'symlink') return { target: entry.target }
    return entry.type === 'directory' ? 'directory' : 'file'
  }
}

/**
 * Follows a path the way a kernel does, part by part, among the entries of an artifact alone: what the artifact does
 * not hold is not there on a host either.
 */
export function followPath(path: string, standings: Standings): WayEnd {
  const done: string[] = []
  const parts = path.split('/').reverse()
  let end: 'file' | 'directory' = 'directory'
  let hops = 0
  while (parts.length > 0) {
    const part = parts.pop() as string
    // A file has nothing below it, not even itself: the kernel answers ENOTDIR for `file/.` and `file/..`.
    if (end === 'file') return { type: 'link-dangling' }
    if (part === '' || part === '.') continue
    if (part === '..') {
      if (done.pop() === undefined) return { type: 'link-escapes' }
      continue
    }
    done.push(part)
    const here = standings(done.join('/'))
    if (here === undefined) return { type: leadsOut(done, parts) ? 'link-escapes' : 'link-dangling' }
    if (typeof here === 'string') {
      end = here
      continue
    }
    if (here.target.startsWith('/')) return { type: 'link-escapes' }
    if (++hops > maxLinkHops) return { type: 'link-cycle' }
    done.pop()
    parts.push(...here.target.split('/').reverse())
  }
  return { type: end, path: done.join('/') }
}

/** Whether the rest of a way of which a part is missing would lead out of the artifact: the better word for it. */
function leadsOut(done: readonly string[], rest: readonly string[]): boolean {
  let depth = done.length
  for (const part of [...rest].reverse()) {
    if (part === '..') depth -= 1
    else if (part !== '' && part !== '.') depth += 1
    if (depth < 0) return true
  }
  return false
}

/** A path without `.` and `..`, by its words alone; undefined where it is absolute or leads out. */
export function normalizePath(path: string): string | undefined {
  if (path.startsWith('/')) return undefined
  const done: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') {
      if (done.pop() === undefined) return undefined
    } else if (part !== '' && part !== '.') done.push(part)
  }
  return done.join('/')
}
