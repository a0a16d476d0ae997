import { compareBytes } from './byte-order.ts'
import type { PlannedEntry, TreeDifference } from '../model.ts'

/** What git has at a path below root. */
export interface CommittedEntry {
  /** Relative to root. */
  readonly path: string
  /** As git writes it: `100644`, `100755`, `120000`. */
  readonly mode: string
  /** Of the blob. */
  readonly id: string
}

/** What the comparison needs to know. */
export interface TreeComparison {
  /** All of which git may know the source, or that may lie in a submodule; what it does not know is left alone. */
  readonly entries: Iterable<PlannedEntry>
  readonly committed: readonly CommittedEntry[]
  /** Paths in git's index, below root. */
  readonly indexed: readonly string[]
  /** Submodules whose recorded commit is not there to be compared. */
  readonly unknownSubmodules: readonly string[]
  /** Whether a path is chosen by its name. */
  readonly chooses: (path: string) => boolean
  /** The id that the content of an entry would have as a blob; by its path in the artifact. */
  readonly idOf: (path: string) => string | undefined
}

/**
 * Compares the chosen entries with the commit, by content and not by git's index, which can be told to look away
 * (`update-index --assume-unchanged`). What git does not track is what a build made, and is left alone.
 */
export function compareTree(comparison: TreeComparison): readonly TreeDifference[] {
  const { entries, committed, indexed, unknownSubmodules, chooses, idOf } = comparison
  const within = new Set<string>()
  const asked = new Set([...committed.map(({ path }) => path), ...indexed])
  const planned = new Map<string, PlannedEntry>()
  for (const entry of entries) {
    if (asked.has(entry.source)) planned.set(entry.source, entry)
    for (const path of unknownSubmodules) if (entry.source.startsWith(`${path}/`)) within.add(path)
  }
  const known = new Set([...committed.map(({ path }) => path), ...unknownSubmodules])
  const changed = committed
    .filter(({ path }) => chooses(path))
    .flatMap(({ path, mode, id }): readonly TreeDifference[] => {
      const entry = planned.get(path)
      if (entry === undefined) return [{ path, difference: 'missing' }]
      if (entry.type !== (mode === '120000' ? 'symlink' : 'file')) return [{ path, difference: 'type' }]
      if (idOf(entry.path) !== id) return [{ path, difference: 'content' }]
      const executable = mode === '100755' ? '0755' : '0644'
      return entry.type === 'file' && entry.mode !== executable ? [{ path, difference: 'mode' }] : []
    })
  const added = indexed
    .filter((path) => planned.has(path) && !known.has(path))
    .map((path): TreeDifference => ({ path, difference: 'added' }))
  const submodules = unknownSubmodules
    .filter((path) => chooses(path) || within.has(path))
    .map((path): TreeDifference => ({ path, difference: 'submodule' }))
  return [...changed, ...added, ...submodules].sort((a, b) => compareBytes(a.path, b.path))
}
