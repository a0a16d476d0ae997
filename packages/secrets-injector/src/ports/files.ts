import { constants, existsSync } from 'node:fs'
import {
  link,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  realpath,
  rename,
  rmdir,
  statfs,
  symlink,
  unlink,
  type FileHandle,
} from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { isDeployError } from '@fairlead/core'
import { errors } from '../errors.ts'
import { newFolderMode, secretFileMode, workFolderMode } from '../limits.ts'
import type { FileOwner } from './accounts.ts'

/** A folder that is held open: what happens in it happens there, wherever its path leads by then. */
export interface Folder {
  /** For messages. */
  readonly path: string
  readonly handle: FileHandle
  readonly close: () => Promise<void>
}

export interface FileStatus {
  readonly kind: 'file' | 'folder' | 'link' | 'other'
  readonly uid: number
  readonly gid: number
  /** The permission bits. */
  readonly mode: number
  readonly device: number
  readonly changedAtMs: number
}

/** The file system, one call of it for each step, so that a test can fail or die at any of them. */
export interface Files {
  /** Absolute, links resolved; `undefined` where there is nothing. */
  readonly findRealPath: (path: string) => Promise<string | undefined>
  readonly openRoot: (path: string) => Promise<Folder>
  readonly openFolder: (parent: Folder, name: string) => Promise<Folder>
  readonly statusOf: (folder: Folder) => Promise<FileStatus>
  readonly findStatus: (folder: Folder, name: string) => Promise<FileStatus | undefined>
  readonly names: (folder: Folder) => Promise<readonly string[]>
  readonly read: (folder: Folder, name: string) => Promise<Uint8Array>
  /** Writes a new file, private from its first byte, with its owner set, durable. */
  readonly create: (folder: Folder, name: string, bytes: Uint8Array, owner?: FileOwner) => Promise<void>
  /** Makes a folder that only this user looks into; with an owner, that user and the group. */
  readonly makeFolder: (parent: Folder, name: string, owner?: FileOwner) => Promise<void>
  readonly link: (from: Folder, name: string, to: Folder, newName: string) => Promise<void>
  readonly rename: (from: Folder, name: string, to: Folder, newName: string) => Promise<void>
  readonly remove: (folder: Folder, name: string) => Promise<void>
  readonly removeFolder: (parent: Folder, name: string) => Promise<void>
  /** Removes a file, a link, or a folder with all that is in it, without following a link. Nothing there is no failure. */
  readonly removeTree: (folder: Folder, name: string) => Promise<void>
  readonly readLink: (folder: Folder, name: string) => Promise<string>
  readonly makeLink: (target: string, folder: Folder, name: string) => Promise<void>
  /** Whether what is written there stays in memory. */
  readonly isInMemory: (folder: Folder) => Promise<boolean>
  readonly sync: (folder: Folder) => Promise<void>
}

/**
 * Told before each call to the system, with its name and the path. What it throws counts as that call's failure.
 */
export type BeforeCall = (call: string, path: string) => void

// Somebody may have put a pipe there since it was looked at: without O_NONBLOCK opening one waits for a writer.
const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
const openFolderFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW

export function nodeFiles(before: BeforeCall = () => {}): Files {
  // Through its open handle a folder is reached wherever its path leads by now, as with openat(2), for which Node has no call.
  const hasHandlePaths = existsSync('/proc/self/fd')
  const at = (folder: Folder, name: string) =>
    hasHandlePaths ? `/proc/self/fd/${folder.handle.fd}/${name}` : join(folder.path, name)
  /** Runs one call and gives its failure our form; the original's words are paths of handles. */
  const call = async <T>(operation: string, path: string, run: () => Promise<T>): Promise<T> => {
    try {
      before(operation, path)
      return await run()
    } catch (error) {
      if (isDeployError(error)) throw error
      const { code, name } = error as NodeJS.ErrnoException
      throw errors.FILE_OPERATION_FAILED({ operation, path, reason: code ?? name })
    }
  }
  const openAt = async (path: string, at: string): Promise<Folder> => {
    const handle = await call('open', path, () => open(at, openFolderFlags))
    return { path, handle, close: () => handle.close() }
  }
  const files: Files = {
    findRealPath: (path) =>
      call('resolve', path, () => realpath(resolve(path))).catch((error: unknown) => {
        if (reasonOf(error) === 'ENOENT') return undefined
        throw error
      }),
    openRoot: (path) => openAt(path, path),
    openFolder: (parent, name) => openAt(shown(parent, name), at(parent, name)),
    statusOf: (folder) => call('stat', folder.path, async () => statusFrom(await folder.handle.stat())),
    findStatus: (folder, name) =>
      call('stat', shown(folder, name), async () => statusFrom(await lstat(at(folder, name)))).catch(
        (error: unknown) => {
          if (reasonOf(error) === 'ENOENT') return undefined
          throw error
        },
      ),
    names: (folder) => call('list', folder.path, () => readdir(at(folder, '.'))),
    read: async (folder, name) => {
      const path = shown(folder, name)
      const file = await call('open', path, () => open(at(folder, name), readFlags))
      try {
        return await call('read', path, () => file.readFile())
      } finally {
        await file.close()
      }
    },
    create: async (folder, name, bytes, owner) => {
      const path = shown(folder, name)
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
      const file = await call('create', path, () => open(at(folder, name), flags, secretFileMode))
      try {
        await call('write', path, () => file.writeFile(bytes))
        if (owner) await call('change the owner of', path, () => changeOwner(file, owner))
        // The umask may have taken bits; chown may have too.
        await call('change the mode of', path, () => file.chmod(secretFileMode))
        await call('sync', path, () => file.sync())
      } finally {
        await file.close()
      }
    },
    makeFolder: async (parent, name, owner) => {
      const path = shown(parent, name)
      await call('make', path, () => mkdir(at(parent, name), workFolderMode))
      if (!owner) return
      const folder = await openAt(path, at(parent, name))
      try {
        await call('change the owner of', path, () => changeOwner(folder.handle, owner))
        await call('change the mode of', path, () => folder.handle.chmod(newFolderMode))
      } finally {
        await folder.close()
      }
    },
    link: (from, name, to, newName) => call('link', shown(from, name), () => link(at(from, name), at(to, newName))),
    rename: (from, name, to, newName) =>
      call('rename', shown(to, newName), () => rename(at(from, name), at(to, newName))),
    remove: (folder, name) => call('remove', shown(folder, name), () => unlink(at(folder, name))),
    removeFolder: (parent, name) => call('remove', shown(parent, name), () => rmdir(at(parent, name))),
    removeTree: async (folder, name) => {
      const status = await files.findStatus(folder, name)
      if (status === undefined) return
      if (status.kind !== 'folder') return files.remove(folder, name)
      const inner = await files.openFolder(folder, name)
      try {
        for (const entry of await files.names(inner)) await files.removeTree(inner, entry)
      } finally {
        await inner.close()
      }
      await files.removeFolder(folder, name)
    },
    readLink: (folder, name) => call('read the link', shown(folder, name), () => readlink(at(folder, name))),
    makeLink: (target, folder, name) => call('link', shown(folder, name), () => symlink(target, at(folder, name))),
    isInMemory: async (folder) => {
      const { type } = await call('stat', folder.path, () => statfs(at(folder, '.')))
      return memoryFileSystems.has(type)
    },
    sync: (folder) => call('sync', folder.path, () => folder.handle.sync()),
  }
  return files
}

/** `f_type` of tmpfs and ramfs (linux/magic.h). */
const memoryFileSystems: ReadonlySet<number> = new Set([0x01021994, 0x858458f6])

/** The errno of a failed call. */
export function reasonOf(error: unknown): string | undefined {
  return isDeployError(error, errors.FILE_OPERATION_FAILED) ? error.context.reason : undefined
}

function shown(folder: Folder, name: string): string {
  return join(folder.path, name)
}

async function changeOwner(file: FileHandle, { uid, gid }: FileOwner): Promise<void> {
  const { uid: currentUid, gid: currentGid } = await file.stat()
  // Another user than root may call it where nothing changes, but not on every file system.
  if (uid !== currentUid || (gid !== undefined && gid !== currentGid)) await file.chown(uid, gid ?? currentGid)
}

function statusFrom(stat: Awaited<ReturnType<typeof lstat>>): FileStatus {
  const kind = stat.isFile() ? 'file' : stat.isDirectory() ? 'folder' : stat.isSymbolicLink() ? 'link' : 'other'
  return {
    kind,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    mode: Number(stat.mode) & 0o7777,
    device: Number(stat.dev),
    changedAtMs: Number(stat.mtimeMs),
  }
}
