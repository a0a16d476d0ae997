import { execFile } from 'node:child_process'
import {
  access,
  chmod,
  chown,
  constants,
  copyFile,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  symlink,
  unlink,
  utimes,
  writeFile,
  type FileHandle,
} from 'node:fs/promises'
import { closeSync, openSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { temporaryPath } from '@fairlead/core/files'
import { deploymentLogBytes, deploymentLogsKept, hookPath, maxSourceDepth } from '../limits.ts'
import { failUnknown } from '../plan/event-failure.ts'
import { joinPath } from '../plan/host-path.ts'
import type { AccountName, PathKind, SourceTree } from '../plan/install.ts'
import type { RevisionEntry } from '../plan/pruning.ts'
import { readAccountId } from './accounts.ts'
import { requireInside, requireNameInside, type Fence } from './fence.ts'

export async function makeFolders(path: string): Promise<void> {
  await mkdir(path, { recursive: true })
}

/** A new folder of this machine; others can look into it, since scripts may run as another user. */
export async function makeTemporaryFolder(prefix: string): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), prefix)))
  await chmod(folder, 0o755)
  return folder
}

/** Removes a file or a whole folder that belongs to the agent itself. */
export async function removeTree(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true })
}

/** `undefined` where there is no such file, and only there. */
export async function findText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

export async function writeText(path: string, text: string): Promise<void> {
  await writeFile(path, text)
}

/** What is at a path, links followed: one that leads to nothing is missing. */
export async function kindAt(path: string): Promise<PathKind> {
  try {
    return (await stat(path)).isDirectory() ? 'directory' : 'file'
  } catch (error) {
    if (isMissing(error)) return 'missing'
    throw error
  }
}

/** The entries of a group's folder with the time of their last change. */
export async function listRevisions(group: string): Promise<readonly RevisionEntry[]> {
  const names = (await kindAt(group)) === 'directory' ? await readdir(group) : []
  return Promise.all(
    names.map(async (name) => {
      const path = join(group, name)
      // Links are followed, and one that leads to nothing fails the event: so it is with the official agent.
      return { path, modifiedNs: (await stat(path, { bigint: true })).mtimeNs }
    }),
  )
}

/** The names in a folder, or `undefined` where there is no folder. */
export async function listNames(path: string): Promise<readonly string[] | undefined> {
  return (await kindAt(path)) === 'directory' ? (await readdir(path)).sort() : undefined
}

/** Takes the place of its only child, a folder. */
export async function liftOnlyChild(folder: string, child: string): Promise<void> {
  const aside = temporaryPath(folder)
  await rename(join(folder, child), aside)
  await rmdir(folder)
  await rename(aside, folder)
}

/** A source of the AppSpec as it lies there, links to folders followed as the official agent does. */
export async function readSourceTree(fence: Fence, path: string, depth = 0): Promise<SourceTree> {
  if ((await kindAt(path)) !== 'directory') return { kind: 'file' }
  await requireInside(fence, path)
  if (depth > maxSourceDepth) throw failUnknown(`the source ${path} is a loop of symbolic links, or nested too deeply`)
  const entries = []
  for (const name of (await readdir(path)).sort()) {
    entries.push({ name, tree: await readSourceTree(fence, joinPath(path, name), depth + 1) })
  }
  return { kind: 'directory', entries }
}

/** Copies a folder or a file with all below it, as `cp -r` does: modes without what the mask takes, links as links. */
export async function copyTree(source: string, destination: string, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted()
  const facts = await lstat(source)
  if (facts.isSymbolicLink()) return symlink(await readlink(source), destination)
  if (!facts.isDirectory()) {
    await copyFile(source, destination)
    return chmod(destination, facts.mode & 0o7777 & ~process.umask())
  }
  await mkdir(destination)
  for (const name of (await readdir(source)).sort()) {
    await copyTree(join(source, name), join(destination, name), signal)
  }
}

/** Puts a link to a file of this machine where a download would lie. */
export async function linkBundle(location: string, path: string): Promise<void> {
  await rm(path, { force: true })
  await symlink(location, path)
}

/** Makes one folder; its parent must be there, it must not. */
export async function makeFolder(fence: Fence, path: string): Promise<void> {
  await requireNameInside(fence, path)
  await mkdir(path)
}

/**
 * Copies as `cp -p` does: through a link that is in the way, into a folder that is; mode, times and owner are kept.
 * A link is made again, not followed.
 */
export async function copyOne(fence: Fence, source: string, destination: string): Promise<void> {
  const link = await linkAt(source)
  if (link !== undefined) {
    await requireNameInside(fence, source)
    const place = (await kindAt(destination)) === 'directory' ? join(destination, basename(link)) : destination
    await requireNameInside(fence, place)
    await symlink(link, place)
    return
  }
  await requireInside(fence, source)
  const isFolder = (await kindAt(destination)) === 'directory'
  const target = isFolder ? join(destination, basename(source)) : destination
  await requireInside(fence, target)
  const facts = await stat(source)
  await copyFile(source, target)
  await utimes(target, facts.atime, facts.mtime)
  const copied = await stat(target)
  const isOwned = copied.uid === facts.uid && copied.gid === facts.gid
  const keepsOwner = isOwned || (await tryChown(target, facts.uid, facts.gid))
  await chmod(target, facts.mode & (keepsOwner ? 0o7777 : 0o1777))
}

/** Removes what an earlier Install left: a file, a link, or a folder if it is empty. What is gone already is no error. */
export async function removeInstalled(fence: Fence, path: string): Promise<void> {
  try {
    const facts = await lstat(path)
    await requireNameInside(fence, path)
    if (!facts.isDirectory()) await unlink(path)
    else if ((await readdir(path)).length === 0) await rmdir(path)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}

export async function changeMode(fence: Fence, path: string, mode: string): Promise<void> {
  await requireInside(fence, path)
  await chmod(path, mode === '' ? 0 : Number.parseInt(mode, 8))
}

export async function changeOwner(
  fence: Fence,
  path: string,
  names: { readonly owner: AccountName; readonly group: AccountName },
): Promise<void> {
  const uid = names.owner === null ? undefined : await readAccountId('user', names.owner)
  const gid = names.group === null ? undefined : await readAccountId('group', names.group)
  await requireInside(fence, path)
  const facts = await stat(path)
  await chown(path, uid ?? facts.uid, gid ?? facts.gid)
}

/**
 * Sets the access list with the system's setfacl, as the official agent does.
 *
 * @param completed answers what is added to the entries for an object of a mode
 */
export async function changeAccessList(
  fence: Fence,
  path: string,
  entries: readonly string[],
  completed: (mode: number) => readonly string[],
): Promise<void> {
  await requireInside(fence, path)
  const list = [...entries, ...completed((await stat(path)).mode)].join(',')
  try {
    await promisify(execFile)('setfacl', ['--set', list, '--', path], { env: { PATH: hookPath } })
  } catch (error) {
    const { code, stderr = '' } = error as NodeJS.ErrnoException & { readonly stderr?: string }
    throw failUnknown(
      `The deployment failed because of a problem with the acls permission settings in the application specification file for this object: ${path}. Failed command: setfacl --set ${list} ${path}. Exit code: exit ${code === 'ENOENT' ? 127 : code}`,
      code === 'ENOENT' ? 'this machine has no setfacl' : stderr.trim(),
    )
  }
}

/** Makes a script executable for all, if this process may. */
export async function tryMakeExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error
  }
  try {
    await chmod(path, ((await stat(path)).mode & 0o7777) | 0o111)
    return true
  } catch {
    return false
  }
}

/** A file that grows line by line; each line is with the system before the next thing happens. */
export interface GrowingFile {
  readonly append: (data: Uint8Array | string) => void
  readonly close: () => void
}

export async function openGrowingFile(path: string, mode: 'append' | 'replace'): Promise<GrowingFile> {
  await mkdir(dirname(path), { recursive: true })
  const file = openSync(path, mode === 'append' ? 'a' : 'w')
  return {
    append: (data) => {
      let bytes = typeof data === 'string' ? Buffer.from(data) : data
      while (bytes.length > 0) bytes = bytes.subarray(writeSync(file, bytes))
    },
    close: () => closeSync(file),
  }
}

/**
 * Opens the log of all deployments, which is put aside when it has grown large: `….log.0` is the newest of the old ones.
 */
export async function openDeploymentLog(path: string): Promise<GrowingFile> {
  if ((await sizeOf(path)) >= deploymentLogBytes) {
    for (let age = deploymentLogsKept - 3; age >= 0; age -= 1)
      await renameIfThere(`${path}.${age}`, `${path}.${age + 1}`)
    await renameIfThere(path, `${path}.0`)
  }
  return openGrowingFile(path, 'append')
}

/**
 * Writes a stream into a file from the first byte on, so that what came of a download that breaks off is there, as it is
 * on a real host. Cancelled, it does not wait for a source that has stalled: it asks it to stop and rejects.
 */
export async function saveStream(path: string, body: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void> {
  const chunks = body[Symbol.asyncIterator]()
  let file: FileHandle | undefined
  let stop = () => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal?.reason as Error)
    signal?.addEventListener('abort', stop, { once: true })
  })
  aborted.catch(() => {})
  try {
    signal?.throwIfAborted()
    file = await open(path, 'w', 0o644)
    for (;;) {
      const next = await Promise.race([chunks.next(), aborted])
      if (next.done) break
      await file.writeFile(next.value)
    }
    await file.close()
    file = undefined
  } catch (error) {
    endStream(body, chunks)
    await file?.close()
    throw error
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

function endStream(body: AsyncIterable<Uint8Array>, chunks: AsyncIterator<Uint8Array>): void {
  // A stream of Node answers `return` only after the chunk that it waits for; `destroy` ends the waiting.
  if ('destroy' in body && typeof body.destroy === 'function') body.destroy()
  chunks.return?.()?.catch(() => {})
}

async function tryChown(path: string, uid: number, gid: number): Promise<boolean> {
  try {
    await chown(path, uid, gid)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return false
    throw error
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await kindAt(path)) === 'missing' ? 0 : (await stat(path)).size
}

async function renameIfThere(path: string, target: string): Promise<void> {
  if ((await kindAt(path)) !== 'missing') await rename(path, target)
}

async function linkAt(path: string): Promise<string | undefined> {
  return (await lstat(path)).isSymbolicLink() ? readlink(path) : undefined
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}
