import { isAbsolute, resolve } from 'node:path'
import { isInside } from './layout.ts'

/*
 * Paths are kept as an AppSpec writes them until they are used: the official agent looks at `a/../b` piece by piece,
 * makes folders for `a`, and shows the path as it was written. What joins and cuts them here does it as Ruby does.
 */

/** Puts one slash between two pieces; slashes within the pieces stay. */
export function joinPath(first: string, second: string): string {
  if (second.startsWith('/')) return first.replace(/\/+$/, '') + second
  return first.endsWith('/') ? first + second : `${first}/${second}`
}

/** `.` where there is no folder in it. */
export function folderOf(path: string): string {
  const trimmed = path.replace(/\/+$/, '')
  const at = trimmed.lastIndexOf('/')
  if (at === -1) return trimmed === '' && path !== '' ? '/' : '.'
  return trimmed.slice(0, at).replace(/\/+$/, '') || '/'
}

export function nameOf(path: string): string {
  const trimmed = path.replace(/\/+$/, '')
  return trimmed === '' ? '/' : trimmed.slice(trimmed.lastIndexOf('/') + 1)
}

/**
 * The path on this machine that an absolute path of an AppSpec means on the host: below the host's folder, unless it
 * names a path there already. A relative one is returned as it is.
 */
export function placeOnHost(folder: string, path: string): string {
  if (!isAbsolute(path) || isInside(folder, resolve(path))) return path
  return folder + path
}

/** Where a relative path leads: the agent's working directory is the host's folder. */
export function onDisk(folder: string, path: string): string {
  return isAbsolute(path) ? path : `${folder}/${path}`
}

/** The normal form that instructions have. `~` is the agent's home, which is the host's folder, too. */
export function expandPath(folder: string, path: string): string {
  return resolve(folder, path.replace(/^~(?=\/|$)/, folder))
}
