import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { IgnoreFile } from '../plan/ignore-rules.ts'
import { filesNamed, type TreeListing } from '../plan/tree-listing.ts'
import { codeOf, failAtPath } from './path-failure.ts'

/**
 * Reads the ignore files of these names: those that were listed below root, and those of the folders above it up to the
 * top of the repository. Of one folder, in the order of the names.
 *
 * @param prefix where root stands in the repository: `apps/shop/`, or empty
 * @throws ARTIFACT_FILE_UNREADABLE
 */
export async function readIgnoreFiles(
  root: string,
  names: readonly string[],
  { listing, prefix }: { readonly listing: TreeListing; readonly prefix: string },
): Promise<readonly IgnoreFile[]> {
  const places = names.flatMap((name) => [
    ...placesAbove(prefix, name),
    ...filesNamed(listing, name).map((path) => ({ path: prefix + path, fromRoot: path })),
  ])
  const files = await Promise.all(
    places.map(async ({ path, fromRoot }) => ({ path, text: await findText(root, fromRoot) })),
  )
  return files.flatMap(({ path, text }) => (text === undefined ? [] : [{ path, text }]))
}

function placesAbove(prefix: string, name: string) {
  const levels = prefix.split('/').slice(0, -1)
  return levels.map((_, depth) => ({
    path: [...levels.slice(0, depth), name].join('/'),
    fromRoot: '../'.repeat(levels.length - depth) + name,
  }))
}

/** Like git, this reads no rules through a link. */
async function findText(root: string, path: string): Promise<string | undefined> {
  try {
    const file = await open(`${root}/${path}`, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      return (await file.stat()).isFile() ? await file.readFile('utf8') : undefined
    } finally {
      await file.close()
    }
  } catch (error) {
    if (['ENOENT', 'ELOOP'].includes(codeOf(error))) return undefined
    throw failAtPath(root, path, error)
  }
}
