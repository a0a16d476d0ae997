import { readFile, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/**
 * The folder that holds a file's archive: the nearest one above it with `marker` in it, all symbolic links resolved, so
 * that a script reached through a link is found where it really lies.
 */
export async function findArchive(
  file: string,
  marker: string,
): Promise<{ readonly path: string; readonly markerText: string } | undefined> {
  let folder = dirname(await realpath(file))
  for (;;) {
    const markerText = await readIfThere(join(folder, marker))
    if (markerText !== undefined) return { path: folder, markerText }
    const parent = dirname(folder)
    if (parent === folder) return undefined
    folder = parent
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // ENOTDIR: a file lies where the marker's folder would. Anything else, a refusal to read above all, is not "no".
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}
