import picomatch from 'picomatch'
import type { Matcher, Selection } from '../plan/choose-entries.ts'

/** `s`: a name with a line break in it is chosen by `**` like any other. */
const globOptions = { dot: true, nonegate: true, flags: 's' }

/** Compiles include and exclude. */
export function compileSelection(include: readonly string[], exclude: readonly string[]): Selection {
  return { include: include.map(compileGlob), exclude: exclude.map(compileGlob) }
}

function compileGlob(glob: string): Matcher {
  return { glob, matches: picomatch(glob, globOptions) }
}

/** Whether something below a folder may be chosen: what cannot be is not even listed. */
export function foldersToList(include: readonly string[], exclude: readonly string[]): (folder: string) => boolean {
  const bases = include.map((glob) => picomatch.scan(glob).base)
  const closed = exclude.filter((glob) => glob.endsWith('/**')).map((glob) => picomatch(glob.slice(0, -3), globOptions))
  return (folder) =>
    bases.some(
      (base) => base === '' || base === folder || folder.startsWith(`${base}/`) || base.startsWith(`${folder}/`),
    ) && !closed.some((matches) => matches(folder))
}
