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
  const real = await unlessMissing(realpath(file))
  if (real === undefined) return undefined
  let folder = dirname(real)
  for (;;) {
    const markerText = await unlessMissing(readFile(join(folder, marker), 'utf8'))
    if (markerText !== undefined) return { path: folder, markerText }
    const parent = dirname(folder)
    if (parent === folder) return undefined
    folder = parent
  }
}

async function unlessMissing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // ENOTDIR: a file lies where the marker's folder would. Anything else, a refusal to read above all, is not "no".
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}
