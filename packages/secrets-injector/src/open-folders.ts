import { errors } from './errors.ts'
import type { FileOwner } from './ports/accounts.ts'
import type { FileStatus, Files, Folder } from './ports/files.ts'

/**
 * Opens the directory of an injection. A link to it is followed, once, here: everything later goes through the open handle.
 *
 * @throws DIRECTORY_REFUSED
 */
export async function openDirectory(
  files: Files,
  given: string,
  { inMemory = false }: { readonly inMemory?: boolean } = {},
): Promise<Folder> {
  const refuse = (problem: string) => errors.DIRECTORY_REFUSED({ directory: given, problem })
  const path = await files.findRealPath(given)
  if (path === undefined) throw refuse('there is no such folder')
  const folder = await files.openRoot(path).catch((error: unknown) => {
    throw isNoFolder(error) ? refuse('it is not a folder') : error
  })
  try {
    if (isOpenToAll(await files.statusOf(folder))) throw refuse('everybody can write to it')
    if (inMemory && !(await files.isInMemory(folder))) throw refuse('it is not kept in memory, on tmpfs or ramfs')
    return folder
  } catch (error) {
    await folder.close()
    throw error
  }
}

/** How to go on where a folder on the way is missing. */
export type MissingFolder =
  | 'stop'
  /** Makes it under a temporary name, and answers that. */
  | ((parent: Folder, name: string) => Promise<void>)

/**
 * Opens the folder that a file lies in, part by part, and follows no link. `undefined` where a part is missing and that stops it.
 * The caller closes the answer, unless it is `root` itself.
 *
 * @throws TARGET_REFUSED
 */
export async function openParent(
  files: Files,
  root: Folder,
  parts: readonly string[],
  missing: MissingFolder,
): Promise<Folder | undefined> {
  let folder = root
  for (const name of parts.slice(0, -1)) {
    let next: Folder | undefined
    try {
      next = await openPart(files, root, folder, name, missing)
    } finally {
      if (folder !== root) await folder.close()
    }
    if (next === undefined) return undefined
    folder = next
  }
  return folder
}

/** Opens a folder in a folder, and follows no link. */
export async function openPart(
  files: Files,
  root: Folder,
  parent: Folder,
  name: string,
  missing: MissingFolder,
): Promise<Folder | undefined> {
  let status = await files.findStatus(parent, name)
  if (status === undefined) {
    if (missing === 'stop') return undefined
    await missing(parent, name)
    status = await files.findStatus(parent, name)
  }
  const path = `${parent.path}/${name}`
  const refuse = (problem: string) => errors.TARGET_REFUSED({ path, problem })
  if (status?.kind === 'link') throw refuse('it is a symbolic link')
  if (status?.kind !== 'folder') throw refuse('it is not a folder')
  const folder = await files.openFolder(parent, name)
  try {
    const [opened, top] = [await files.statusOf(folder), await files.statusOf(root)]
    if (isOpenToAll(opened)) throw refuse('everybody can write to it')
    // A rename cannot cross into another file system.
    if (opened.device !== top.device) throw refuse('it is on another file system than the directory')
    return folder
  } catch (error) {
    await folder.close()
    throw error
  }
}

/**
 * The file that stands at a target, if one does.
 *
 * @throws TARGET_REFUSED
 */
export async function findTarget(files: Files, folder: Folder, name: string): Promise<FileStatus | undefined> {
  const status = await files.findStatus(folder, name)
  if (status === undefined || status.kind === 'file') return status
  const problems = { folder: 'it is a folder', link: 'it is a symbolic link', other: 'it is not a plain file' }
  throw errors.TARGET_REFUSED({ path: `${folder.path}/${name}`, problem: problems[status.kind] })
}

/** Whether a file is as we would write it, its content aside. Without a given group, any will do. */
export function isOwned({ uid, gid }: FileStatus, owner: FileOwner): boolean {
  return uid === owner.uid && (owner.gid === undefined || gid === owner.gid)
}

function isOpenToAll({ mode }: FileStatus): boolean {
  return (mode & 0o002) !== 0
}

function isNoFolder(error: unknown): boolean {
  const reason = (error as { context?: { reason?: unknown } }).context?.reason
  return reason === 'ENOTDIR' || reason === 'ELOOP'
}
