import { comparatorFor } from './byte-order.ts'

/** Answers what of a list of paths there is. */
export interface PathIndex {
  /** The number of a path in the list; -1 where it is not in it. */
  readonly find: (path: string) => number
  /** Whether one of the paths is below this one. */
  readonly isFolder: (path: string) => boolean
  /** Whether it is one of the paths, or the folder of one. */
  readonly holds: (path: string) => boolean
}

/**
 * Of paths in the order of their bytes, which are searched: a set of fifty thousand takes longer to make than the
 * questions that are asked of it.
 */
export function indexPaths(paths: readonly string[]): PathIndex {
  const compare = comparatorFor(paths)
  /** The number of the first path that is not before a text. */
  const firstFrom = (text: string): number => {
    let low = 0
    let high = paths.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compare(paths[middle] as string, text) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
  const isFolder = (path: string) => paths[firstFrom(`${path}/`)]?.startsWith(`${path}/`) ?? false
  return {
    find: (path) => {
      const number = firstFrom(path)
      return paths[number] === path ? number : -1
    },
    isFolder,
    holds: (path) => {
      const first = paths[firstFrom(path)]
      // Mostly nothing begins so: of what is below a path, or stands before that, all does.
      return first !== undefined && first.startsWith(path) && (first === path || isFolder(path))
    },
  }
}
