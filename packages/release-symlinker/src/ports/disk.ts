import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmod,
  constants,
  copyFile,
  lchown,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  statfs,
  symlink,
  unlink,
  type FileHandle,
} from 'node:fs/promises'
import { errors } from '../errors.ts'
import { readWholeUpToBytes } from '../limits.ts'

export type EntryType = 'file' | 'directory' | 'symlink' | 'other'

/** What stands under a name, a symbolic link not followed. */
export interface DiskEntry {
  readonly type: EntryType
  /** The nine permission bits and the three above them. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly changedAtMs: number
}

export interface Ownership {
  /** -1: as it is. */
  readonly uid: number
  readonly gid: number
}

/**
 * Everything that this package does to a disk, one method for each operation, so that a test can stop at each of them.
 * A method rejects with FILE_OPERATION_FAILED; the answers that a caller has to expect are values.
 */
export interface Disk {
  /** `undefined`: nothing is there. */
  readonly entry: (path: string) => Promise<DiskEntry | undefined>
  /** The text of a symbolic link; `undefined`: nothing is there. */
  readonly linkTarget: (path: string) => Promise<string | undefined>
  /** The path without symbolic links; `undefined`: it leads to nothing, or round in circles. */
  readonly realPath: (path: string) => Promise<string | undefined>
  /** The names in a folder with their types; `undefined`: there is no such folder. */
  readonly list: (path: string) => Promise<readonly { readonly name: string; readonly type: EntryType }[] | undefined>
  /** `undefined`: there is no such file. */
  readonly readText: (path: string) => Promise<string | undefined>
  /** What a user without privileges may still take. `inodes` is left out where the file system has no such limit. */
  readonly freeSpace: (
    path: string,
  ) => Promise<{ readonly bytes: number; readonly blockBytes: number; readonly inodes?: number | undefined }>

  /** Answers whether it was made; false: something is there. */
  readonly makeFolder: (path: string, mode: number) => Promise<boolean>
  /** Answers whether it was made; false: something is there. */
  readonly makeLink: (target: string, path: string) => Promise<boolean>
  /** A second name for a file. Answers whether it was made; false: something is there. */
  readonly addName: (path: string, second: string) => Promise<boolean>
  readonly rename: (from: string, to: string) => Promise<void>
  /** Moves a folder to a new name. Answers whether it was moved; false: a folder that is not empty is there. */
  readonly moveFolder: (from: string, to: string) => Promise<boolean>
  /** Answers whether there was something to remove. Removes no folder. */
  readonly removeFile: (path: string) => Promise<boolean>
  readonly removeTree: (path: string) => Promise<void>
  /**
   * Copies a file to a new name, as a clone where the file system can, with mode and owner, and answers the SHA-256 of
   * what the copy holds. `sync`: durable when the promise resolves.
   */
  readonly copyFile: (
    from: string,
    to: string,
    copy: { readonly mode: number; readonly owner?: Ownership | undefined; readonly sync: boolean },
  ) => Promise<string>
  /** Writes a new file. */
  readonly writeFile: (
    path: string,
    text: string,
    file: { readonly mode: number; readonly owner?: Ownership | undefined; readonly sync: boolean },
  ) => Promise<void>
  /** Appends a line, durable when the promise resolves. A last line without an end, which a crash left, is cut off first. */
  readonly appendLine: (path: string, line: string) => Promise<void>
  readonly setMode: (path: string, mode: number) => Promise<void>
  /** Of a symbolic link: its own, not that of what it points to. */
  readonly setOwner: (path: string, owner: Ownership) => Promise<void>
  /** Makes the contents of a file durable. */
  readonly syncFile: (path: string) => Promise<void>
  /** Makes the names in a folder durable. */
  readonly syncFolder: (path: string) => Promise<void>
  /** Makes the whole file system of a path durable. Answers false where this machine cannot do that in one call. */
  readonly syncFileSystem: (path: string) => Promise<boolean>
}

/** The disk of this machine. */
export const systemDisk: Disk = {
  entry: (path) =>
    expecting('lstat', path, ['ENOENT', 'ENOTDIR'], undefined, async () => {
      const entry = await lstat(path)
      const { uid, gid, mode, mtimeMs } = entry
      return { type: typeOf(entry), mode: mode & 0o7777, uid, gid, changedAtMs: mtimeMs }
    }),
  linkTarget: (path) => expecting('readlink', path, ['ENOENT'], undefined, () => readlink(path)),
  realPath: (path) => expecting('realpath', path, ['ENOENT', 'ENOTDIR', 'ELOOP'], undefined, () => realpath(path)),
  list: (path) =>
    expecting('readdir', path, ['ENOENT'], undefined, async () =>
      (await readdir(path, { withFileTypes: true })).map((entry) => ({ name: entry.name, type: typeOf(entry) })),
    ),
  readText: (path) => expecting('read', path, ['ENOENT'], undefined, () => readFile(path, 'utf8')),
  freeSpace: (path) =>
    attempt('statfs', path, async () => {
      const { bavail, bsize, files, ffree } = await statfs(path)
      // btrfs and some network file systems say that they have no inodes at all: they make them as they need them.
      return { bytes: bavail * bsize, blockBytes: bsize, inodes: files === 0 ? undefined : ffree }
    }),

  makeFolder: (path, mode) =>
    expecting('mkdir', path, ['EEXIST'], false, async () => {
      await mkdir(path, { mode })
      // Whatever the umask of the process takes away: the web server has to get through these folders.
      await chmod(path, mode)
      return true
    }),
  makeLink: (target, path) =>
    expecting('symlink', path, ['EEXIST'], false, async () => {
      await symlink(target, path)
      return true
    }),
  addName: (path, second) =>
    expecting('link', second, ['EEXIST'], false, async () => {
      await link(path, second)
      return true
    }),
  rename: (from, to) => attempt('rename', to, () => rename(from, to)),
  moveFolder: (from, to) =>
    expecting('rename', to, ['ENOTEMPTY', 'EEXIST'], false, async () => {
      await rename(from, to)
      return true
    }),
  removeFile: (path) =>
    expecting('unlink', path, ['ENOENT'], false, async () => {
      await unlink(path)
      return true
    }),
  removeTree: (path) => attempt('remove', path, () => rm(path, { recursive: true, force: true })),
  copyFile: (from, to, { mode, owner, sync }) =>
    attempt('copy', to, async () => {
      await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
      return await withFile(to, constants.O_RDONLY | constants.O_NOFOLLOW, async (file) => {
        const sha256 = await hash(file)
        if (owner) await file.chown(owner.uid, owner.gid)
        await file.chmod(mode)
        if (sync) await file.sync()
        return sha256
      })
    }),
  writeFile: (path, text, { mode, owner, sync }) =>
    attempt('write', path, () =>
      withFile(path, 'wx', async (file) => {
        await file.writeFile(text)
        if (owner) await file.chown(owner.uid, owner.gid)
        await file.chmod(mode)
        if (sync) await file.sync()
      }),
    ),
  appendLine: (path, line) =>
    attempt('append', path, async () => {
      // Not O_APPEND: the end may have to be cut off first. The lock keeps other writers out.
      await withFile(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, async (file) => {
        const end = await endOfLastLine(file)
        await file.truncate(end)
        await file.write(`${line}\n`, end)
        await file.sync()
      })
    }),
  setMode: (path, mode) => attempt('chmod', path, () => chmod(path, mode)),
  setOwner: (path, { uid, gid }) => attempt('lchown', path, () => lchown(path, uid, gid)),
  syncFile: (path) => attempt('fsync', path, () => withFile(path, 'r', (file) => file.sync())),
  syncFolder: (path) => attempt('fsync', path, () => withFile(path, 'r', (folder) => folder.sync())),
  syncFileSystem: (path) =>
    new Promise((resolve) => {
      // Node has no syncfs(2). coreutils and busybox have it as `sync -f`; elsewhere `sync` promises less.
      if (process.platform !== 'linux') resolve(false)
      else execFile('sync', ['-f', path], (error) => resolve(error === null))
    }),
}

async function attempt<T>(operation: string, path: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    const code = codeOf(error)
    if (code === undefined) throw error
    throw errors.FILE_OPERATION_FAILED({ operation, path, code }, { cause: error })
  }
}

/** Some codes are answers. */
async function expecting<T, E>(
  operation: string,
  path: string,
  codes: readonly string[],
  answer: E,
  call: () => Promise<T>,
): Promise<T | E> {
  return await attempt(operation, path, async () => {
    try {
      return await call()
    } catch (error) {
      if (codes.includes(codeOf(error) ?? '')) return answer
      throw error
    }
  })
}

/** Of an error of the system; any other is a fault of ours. */
function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
}

function typeOf(entry: Pick<Awaited<ReturnType<typeof lstat>>, 'isFile' | 'isDirectory' | 'isSymbolicLink'>) {
  if (entry.isSymbolicLink()) return 'symlink'
  if (entry.isDirectory()) return 'directory'
  return entry.isFile() ? 'file' : 'other'
}

async function withFile<T>(path: string, flags: string | number, body: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, flags, 0o644)
  try {
    return await body(file)
  } finally {
    await file.close()
  }
}

async function hash(file: FileHandle): Promise<string> {
  const sha256 = createHash('sha256')
  const { size } = await file.stat()
  if (size <= readWholeUpToBytes) sha256.update(await file.readFile())
  else for await (const chunk of file.createReadStream({ autoClose: false, start: 0 })) sha256.update(chunk as Buffer)
  return sha256.digest('hex')
}

/** Where the next line begins. Reads backwards: a history grows for years. */
async function endOfLastLine(file: FileHandle): Promise<number> {
  const window = Buffer.alloc(4096)
  let end = (await file.stat()).size
  while (end > 0) {
    const start = Math.max(0, end - window.length)
    const { bytesRead } = await file.read(window, 0, end - start, start)
    const newline = window.subarray(0, bytesRead).lastIndexOf(0x0a)
    if (newline !== -1) return start + newline + 1
    end = start
  }
  return 0
}
