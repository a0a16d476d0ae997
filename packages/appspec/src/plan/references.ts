import type { Tree } from './tree.ts'

/** A path of the bundle that the file names, with its place. */
export interface BundleReference {
  readonly kind: 'source' | 'script'
  readonly value: string
  readonly path: string
  readonly line: number
  readonly column: number
}

/** What the file names of its bundle. */
export interface References {
  readonly list: readonly BundleReference[]
  readonly add: (kind: BundleReference['kind'], value: string, path: string, place: Tree) => void
}

export function collectReferences(): References {
  const list: BundleReference[] = []
  return { list, add: (kind, value, path, { line, column }) => void list.push({ kind, value, path, line, column }) }
}
