import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * The names below a folder that processes use: as their working directory, root or program, as an open file or one that
 * they have mapped into memory. Empty where the system does not tell (proc(5)).
 */
export async function findNamesInUse(folder: string): Promise<readonly string[]> {
  const prefix = `${folder}/`
  const names = new Set<string>()
  const note = (path: string | undefined) => {
    const name = path?.startsWith(prefix) ? path.slice(prefix.length).split('/', 1)[0] : undefined
    if (name) names.add(name)
  }
  for (const pid of (await orNothing(readdir('/proc')))?.filter((name) => /^\d+$/.test(name)) ?? []) {
    const process = join('/proc', pid)
    for (const link of ['cwd', 'root', 'exe']) note(await orNothing(readlink(join(process, link))))
    for (const file of (await orNothing(readdir(join(process, 'fd')))) ?? []) {
      note(await orNothing(readlink(join(process, 'fd', file))))
    }
    const maps = (await orNothing(readFile(join(process, 'maps'), 'utf8'))) ?? ''
    for (const line of maps.split('\n')) note(line.slice(Math.max(0, line.indexOf('/'))))
  }
  return [...names]
}

/** A process may end while it is looked at, and another user's may not be looked at. */
async function orNothing<T>(fact: Promise<T>): Promise<T | undefined> {
  return await fact.catch(() => undefined)
}
