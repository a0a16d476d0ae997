import { lstat, mkdir, readlink, realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { failUnknown } from '../plan/event-failure.ts'
import { isInside } from '../plan/layout.ts'

/** The folder of a host, beyond which nothing is written or read on behalf of a bundle. */
export interface Fence {
  /** As the host names it; messages use it. */
  readonly folder: string
  /** Without symbolic links. */
  readonly realFolder: string
}

/** Makes the host's folder if it is not there yet. */
export async function openFence(folder: string): Promise<Fence> {
  await mkdir(folder, { recursive: true })
  return { folder, realFolder: await realpath(folder) }
}

/** Refuses a path whose content would be written, links followed, outside of the host's folder. */
export async function requireInside(fence: Fence, path: string): Promise<void> {
  await refuseOutside(fence, path, await landingOf(path))
}

/** Refuses a name that would be made or removed, a link itself not followed, outside of the host's folder. */
export async function requireNameInside(fence: Fence, path: string): Promise<void> {
  await refuseOutside(fence, path, join(await landingOf(dirname(resolve(path))), basename(path)))
}

async function refuseOutside({ folder, realFolder }: Fence, path: string, landing: string): Promise<void> {
  if (isInside(realFolder, landing)) return
  const detail = `${path} leads to ${landing}, outside of the host's folder ${folder}; a real host would go there`
  throw failUnknown(`refused to leave the folder of the host: ${path}`, detail)
}

/** Where a write to a path would land: links are followed, also those that lead to nothing. */
async function landingOf(path: string, hops = 0): Promise<string> {
  const normal = resolve(path)
  try {
    return await realpath(normal)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error
  }
  const parent = dirname(normal)
  if (parent === normal) return normal
  const realParent = await landingOf(parent, hops)
  const place = join(realParent, basename(normal))
  const target = await linkTarget(place)
  if (target === undefined) return place
  if (hops >= 40) throw failUnknown(`too many symbolic links at ${path}`)
  return landingOf(resolve(realParent, target), hops + 1)
}

async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}
