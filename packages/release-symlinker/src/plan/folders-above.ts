/** The folders above many paths, each of which is told once. */
export class FoldersAbove {
  readonly #known = new Set<string>()
  /** The folder of the path before, with a slash at its end. */
  #last = ''

  /** Those of the folders above a path that were not above one before, the outermost first. */
  add(path: string): readonly string[] {
    // A manifest is sorted: most files stand in the folder of the one before.
    if (path.startsWith(this.#last) && !path.includes('/', this.#last.length)) return nothing
    const end = path.lastIndexOf('/') + 1
    this.#last = path.slice(0, end)
    return this.#addUpwards(path.slice(0, Math.max(0, end - 1)))
  }

  #addUpwards(folder: string): readonly string[] {
    const found: string[] = []
    for (let above = folder; above !== ''; above = above.slice(0, Math.max(0, above.lastIndexOf('/')))) {
      // With a folder those above it are known.
      if (this.#known.has(above)) break
      this.#known.add(above)
      found.unshift(above)
    }
    return found
  }
}

const nothing: readonly string[] = []
