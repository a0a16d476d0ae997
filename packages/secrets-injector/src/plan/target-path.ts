import { errors } from '../errors.ts'
import { workFolderPrefix } from './journal.ts'

/**
 * Splits a path below the directory into its parts.
 *
 * @throws TARGET_PATH_INVALID
 */
export function targetParts(path: string): readonly string[] {
  const problem = problemOf(path)
  if (problem !== undefined) throw errors.TARGET_PATH_INVALID({ path, problem })
  return path.split('/')
}

function problemOf(path: string): string | undefined {
  const parts = path.split('/')
  if (path === '') return 'it is empty'
  if (path.startsWith('/')) return 'it is absolute'
  if (path.includes('\0')) return 'it holds a NUL character'
  if (parts.includes('..')) return 'it leads out of the directory'
  if (parts.includes('.') || parts.includes('')) return 'it has an empty part or a "."'
  if (parts.some((part) => part.startsWith(workFolderPrefix))) return `${workFolderPrefix}… is the library's own`
  return undefined
}

/**
 * Refuses two files of one name, and a file where another needs a folder.
 *
 * @throws TARGET_PATH_INVALID
 */
export function requireDistinctPaths(paths: readonly string[]): void {
  for (const [index, path] of paths.entries()) {
    if (paths.indexOf(path) !== index) throw errors.TARGET_PATH_INVALID({ path, problem: 'it is named twice' })
    const inside = paths.find((other) => other.startsWith(`${path}/`))
    if (inside !== undefined) {
      throw errors.TARGET_PATH_INVALID({ path, problem: `it would be a file, and ${inside} needs a folder there` })
    }
  }
}
