import type { PlanWarning } from '../model.ts'
import { indexPaths, type PathIndex } from './path-index.ts'

/** A letter that may have another case, or a character that Unicode may write in two ways. */
const foldable = /[A-Z\x80-\uffff]/
/** https://learn.microsoft.com/windows/win32/fileio/naming-a-file */
const notForWindows = /[<>:"|?*\\]|[. ](?:\/|$)|(?:^|\/)(?:con|prn|aux|nul|(?:com|lpt)[1-9¹²³])(?:[./]|$)/i

/**
 * What is a name on Linux and another one, or none, elsewhere: each name of a folder once, however much is below it.
 * Most names are plain and only looked at.
 *
 * @param paths in the order of their bytes
 */
export function warnOfNames(paths: readonly string[]): readonly PlanWarning[] {
  const warnings: PlanWarning[] = []
  const twins = findTwins(paths)
  paths.forEach((path, index) => {
    if (!isPlain(path)) addWarnings(warnings, path, { before: paths[index - 1] ?? '', twins })
  })
  return warnings
}

/** Adds what is to be said of the names of a path that the one before it has not. */
function addWarnings(
  warnings: PlanWarning[],
  path: string,
  { before, twins }: { readonly before: string; readonly twins: (place: string) => string | undefined },
): void {
  const known = sharedFolderLength(before, path)
  if (isPlain(path.slice(known))) return
  for (const end of nameEnds(path, known)) {
    const place = path.slice(0, end)
    const other = twins(place)
    if (other !== undefined) warnings.push({ path: place, warning: 'name-collision', other })
    if (notForWindows.test(nameOf(place))) warnings.push({ path: place, warning: 'name-not-for-windows' })
  }
}

function isPlain(text: string): boolean {
  return !foldable.test(text) && !notForWindows.test(text)
}

/** How much of a path is folders that the one before it was in too, up to and with a slash. */
function sharedFolderLength(before: string, path: string): number {
  for (let cut = before.lastIndexOf('/'); cut >= 0; cut = cut === 0 ? -1 : before.lastIndexOf('/', cut - 1)) {
    if (path.startsWith(before.slice(0, cut + 1))) return cut + 1
  }
  return 0
}

/** Where the names of a path end that begin at a place or behind it. */
function nameEnds(path: string, from: number): readonly number[] {
  const ends: number[] = []
  for (let cut = path.indexOf('/', from); cut >= 0; cut = path.indexOf('/', cut + 1)) ends.push(cut)
  return [...ends, path.length]
}

/**
 * Answers, for a file or folder that folds into another name, the one of its folder that folds into the same; asked in
 * order, so that of two only the later one has a twin. A name that folds into itself needs no asking: its twin does not.
 */
function findTwins(paths: readonly string[]): (place: string) => string | undefined {
  const seen = new Map<string, string>()
  let index: PathIndex | undefined
  const stands = (place: string) => (index ??= indexPaths(paths)).holds(place)
  return (place) => {
    const name = nameOf(place)
    if (!foldable.test(name)) return undefined
    const folded = place.slice(0, place.length - name.length) + name.normalize('NFC').toLowerCase()
    if (folded !== place && stands(folded)) return folded
    const other = seen.get(folded)
    if (other === undefined) seen.set(folded, place)
    return other
  }
}

function nameOf(place: string): string {
  return place.slice(place.lastIndexOf('/') + 1)
}
