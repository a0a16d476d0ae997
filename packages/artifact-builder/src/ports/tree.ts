import { constants, type BigIntStats } from 'node:fs'
import { lstat, open, readdir, readlink, stat, realpath } from 'node:fs/promises'
import { artifactErrors } from '../errors.ts'
import { pieceBytes } from '../limits.ts'
import type { PlannedEntry, TreeEntry } from '../model.ts'

/** @throws ARTIFACT_ROOT_MISSING, ARTIFACT_ROOT_NOT_A_FOLDER, ARTIFACT_FILE_UNREADABLE */
export async function readRoot(root: string): Promise<string> {
  try {
    const real = await realpath(root)
    if ((await stat(real)).isDirectory()) return real
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw artifactErrors.ARTIFACT_ROOT_MISSING({ root })
    if (codeOf(error) === 'ENOTDIR') throw artifactErrors.ARTIFACT_ROOT_NOT_A_FOLDER({ root })
    throw artifactErrors.ARTIFACT_FILE_UNREADABLE({ root, path: '.', reason: codeOf(error) }, { cause: error })
  }
  throw artifactErrors.ARTIFACT_ROOT_NOT_A_FOLDER({ root })
}

/**
 * What stands below root, in no particular order. Links are not followed, and git's own folders not entered.
 *
 * @throws ARTIFACT_FILE_UNREADABLE, ARTIFACT_FILE_CHANGED
 */
export async function listTree(
  root: string,
  toList: (folder: string) => boolean,
  signal: AbortSignal | undefined,
): Promise<readonly TreeEntry[]> {
  const listing: TreeEntry[] = []
  const folders: { readonly path: string; readonly bytes: Buffer }[] = [{ path: '', bytes: Buffer.from(root) }]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    signal?.throwIfAborted()
    const { path: above, bytes } = folder
    const names = await named(root, above || '.', () => readdir(bytes, { encoding: 'buffer' }))
    if (names.length === 0 && above !== '') listing.push({ path: above, type: 'directory', empty: true })
    const found = await Promise.all(
      names.map(async (name) => {
        const path = above === '' ? name.toString() : `${above}/${name.toString()}`
        // Joined as bytes: a name that is not UTF-8 is looked at under its own name.
        const place = Buffer.concat([bytes, Buffer.from('/'), name])
        return { place, path, entry: await named(root, path, () => readEntry(path, place)) }
      }),
    )
    for (const { place, path, entry } of found) {
      if (path === '.git' || path.endsWith('/.git')) continue
      if (entry === 'directory') {
        if (toList(path)) folders.push({ path, bytes: place })
      } else listing.push(entry)
    }
  }
  return listing
}

async function readEntry(path: string, place: Buffer): Promise<TreeEntry | 'directory'> {
  const facts = await lstat(place, { bigint: true })
  if (facts.isDirectory()) return 'directory'
  if (facts.isSymbolicLink()) {
    return { path, type: 'symlink', target: (await readlink(place, { encoding: 'buffer' })).toString() }
  }
  if (!facts.isFile()) return { path, type: 'other' }
  return { path, type: 'file', executable: isExecutable(facts), sizeBytes: Number(facts.size) }
}

/** By the owner's bit alone, as git sees it: the others follow the umask of whoever checked out. */
function isExecutable({ mode }: BigIntStats): boolean {
  return (Number(mode) & constants.S_IXUSR) !== 0
}

/**
 * The bytes of a planned file, in pieces of always the same size. The file must be the one that was planned: no link
 * in its place, of that size, that mode.
 *
 * @throws ARTIFACT_FILE_CHANGED, ARTIFACT_FILE_UNREADABLE
 */
export async function* readPlannedFile(
  root: string,
  planned: PlannedEntry & { readonly type: 'file' },
): AsyncGenerator<Uint8Array, void, undefined> {
  const { path, sizeBytes, mode } = planned
  const file = await named(root, path, () =>
    open(`${root}/${path}`, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK),
  )
  try {
    const facts = await file.stat({ bigint: true })
    if (!facts.isFile()) throw artifactErrors.ARTIFACT_FILE_CHANGED({ root, path, change: 'changed its type' })
    if (isExecutable(facts) !== (mode === '0755')) {
      throw artifactErrors.ARTIFACT_FILE_CHANGED({ root, path, change: 'changed its mode' })
    }
    let done = 0
    for (;;) {
      // One byte more than there should be shows that the file grew, and its end, in one call.
      const piece = Buffer.allocUnsafe(Math.min(pieceBytes, sizeBytes - done + 1))
      const filled = await fill(piece, (into, at) => file.read(into, at, into.length - at, done + at), root, path)
      done += filled
      if (done > sizeBytes) throw artifactErrors.ARTIFACT_FILE_CHANGED({ root, path, change: 'grew' })
      if (filled > 0) yield piece.subarray(0, filled)
      if (filled < piece.length) break
    }
    if (done < sizeBytes) throw artifactErrors.ARTIFACT_FILE_CHANGED({ root, path, change: 'shrank' })
  } finally {
    await file.close()
  }
}

/** A read may answer less than was asked for; pieces are filled, so that they are the same each time. */
async function fill(
  piece: Buffer,
  read: (into: Buffer, at: number) => Promise<{ readonly bytesRead: number }>,
  root: string,
  path: string,
): Promise<number> {
  let filled = 0
  while (filled < piece.length) {
    const { bytesRead } = await named(root, path, () => read(piece, filled))
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return filled
}

/**
 * The text of a small file of root, or undefined where there is none.
 *
 * @throws ARTIFACT_FILE_UNREADABLE
 */
export async function findRootFile(root: string, name: string): Promise<string | undefined> {
  try {
    const file = await open(`${root}/${name}`, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      return await file.readFile('utf8')
    } finally {
      await file.close()
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw artifactErrors.ARTIFACT_FILE_UNREADABLE({ root, path: name, reason: codeOf(error) }, { cause: error })
  }
}

/** Does something to a path below root, and names the path where that fails. */
async function named<T>(root: string, path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    const reason = codeOf(error)
    if (reason === 'ENOENT' || reason === 'ENOTDIR') {
      throw artifactErrors.ARTIFACT_FILE_CHANGED({ root, path, change: 'vanished' }, { cause: error })
    }
    // O_NOFOLLOW answers ELOOP for a link.
    if (reason === 'ELOOP') {
      throw artifactErrors.ARTIFACT_FILE_CHANGED({ root, path, change: 'changed its type' }, { cause: error })
    }
    throw artifactErrors.ARTIFACT_FILE_UNREADABLE({ root, path, reason }, { cause: error })
  }
}

/** The code of an error of the system. */
export function codeOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  return typeof code === 'string' ? code : String(error)
}
