import { createHash } from 'node:crypto'
import { lstatSync, readFileSync, readdirSync, readlinkSync, type Stats } from 'node:fs'
import { join } from 'node:path'

/** What stands below a folder: `<type> <mode> <digest of the bytes, or the target>` for each path. */
export type TreeFacts = Readonly<Record<string, string>>

/**
 * The files, links and empty folders below a folder, git's own left out. Written without the code that is under test.
 *
 * @param modeOf the mode to note of a file; by default that of the disk
 */
export function treeFacts(folder: string, modeOf = (stat: Stats): number => stat.mode & 0o7777): TreeFacts {
  const facts: Record<string, string> = {}
  const visit = (path: string): void => {
    const place = join(folder, path)
    const stat = lstatSync(place)
    if (stat.isSymbolicLink()) facts[path] = linkFacts(readlinkSync(place))
    else if (stat.isFile()) facts[path] = fileFacts(modeOf(stat), readFileSync(place))
    else {
      const names = readdirSync(place).filter((name) => path !== '' || name !== '.git')
      if (names.length === 0) facts[path] = folderFacts
      for (const name of names) visit(path === '' ? name : `${path}/${name}`)
    }
  }
  visit('')
  return facts
}

/** A folder's mode is left out: unpacking tools make the folders between as the umask wants them. */
export const folderFacts = 'folder'

export function linkFacts(target: string): string {
  return `link ${target}`
}

export function fileFacts(mode: number, bytes: Uint8Array): string {
  return `file ${mode.toString(8)} ${createHash('sha256').update(bytes).digest('hex')}`
}
