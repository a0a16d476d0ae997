import type { Placement, TreeEntry } from '../model.ts'

/** Gives paths below root their places in the artifact. */
export interface Placer {
  readonly placeOf: (path: string) => string
  /** The `from`s in which none of the paths is. */
  readonly unused: (paths: readonly string[]) => readonly string[]
  /** Whether a place can differ from the path. */
  readonly isMoving: boolean
}

/** Compiles `map`. */
export function placeBy(map: readonly Placement[]): Placer {
  const longestFirst = [...map].sort((a, b) => b.from.length - a.from.length)
  return {
    isMoving: map.length > 0,
    placeOf: (path) => {
      if (longestFirst.length === 0) return path
      const placement = longestFirst.find(({ from }) => isWithin(path, from))
      if (!placement) return path
      const { from, to } = placement
      if (path.length === from.length) return to
      return to === '' ? path.slice(from.length + 1) : to + path.slice(from.length)
    },
    unused: (paths) => map.filter(({ from }) => !paths.some((path) => isWithin(path, from))).map(({ from }) => from),
  }
}

function isWithin(path: string, folder: string): boolean {
  return path.startsWith(folder) && (path.length === folder.length || path[folder.length] === '/')
}

type Placed = Pick<TreeEntry, 'path' | 'type'>

/**
 * The places that more than one source has, or that are a file and a folder at once; and the folders that are empty in
 * one source and not, or again, in another: they are merged. Nothing of the kind can be where nothing is moved.
 */
export function findClashes<P extends Placed>(
  placed: readonly P[],
  { isMoving }: Placer,
): { readonly merged: ReadonlySet<P>; readonly clashing: ReadonlySet<string> } {
  if (!isMoving) return { merged: new Set(), clashing: new Set() }
  const folders = foldersAbove(placed)
  const merged = new Set(
    placed.filter(({ path, type }, index) => {
      return type === 'directory' && (folders.has(path) || placed[index - 1]?.path === path)
    }),
  )
  const kept = placed.filter((one) => !merged.has(one))
  const clashing = new Set<string>()
  kept.forEach(({ path }, index) => {
    // The top of the artifact is a folder already.
    if (folders.has(path) || path === '' || kept[index - 1]?.path === path) clashing.add(path)
  })
  return { merged, clashing }
}

function foldersAbove(placed: readonly Placed[]): ReadonlySet<string> {
  const folders = new Set<string>()
  for (const { path } of placed) {
    for (let cut = path.lastIndexOf('/'); cut > 0; cut = path.lastIndexOf('/', cut - 1)) {
      const folder = path.slice(0, cut)
      // Where a folder is known, those above it are.
      if (folders.has(folder)) break
      folders.add(folder)
    }
  }
  return folders
}
