import { createHash, hash } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  symlinkSync,
  unlinkSync,
  writeSync,
  type Stats,
} from 'node:fs'
import { open, readFile, realpath, rename, rm, statfs, type FileHandle } from 'node:fs/promises'
import { isDeployError } from '@fairlead/core'
import { errors } from '../errors.ts'
import { blockForMs, copyChunkBytes } from '../limits.ts'
import { isSelinuxOn, readLabel, runTool } from './tools.ts'

export type EntryType = 'file' | 'directory' | 'symlink' | 'other'

/** What stands under a name, a symbolic link not followed. */
export interface DiskEntry {
  readonly type: EntryType
  /** The nine permission bits and the three above them. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly changedAtMs: number
  /** In how many folders it has a name. Of a folder: what the file system says. */
  readonly names: number
  readonly sizeBytes: number
}

/** What a file holds, its own link not followed. */
export interface FileFacts extends DiskEntry {
  /** Lowercase hex. */
  readonly sha256: string
}

export interface Ownership {
  /** -1: as it is. */
  readonly uid: number
  readonly gid: number
}

export interface CopyRequest {
  readonly mode: number
  readonly owner?: Ownership | undefined
  /** Whether it is durable when the promise resolves. */
  readonly sync: boolean
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
  /** What tells the file system of a path from every other one. */
  readonly deviceOf: (path: string) => Promise<number>
  /** The SELinux label of a path; `undefined`: it has none, or it cannot be read. */
  readonly labelOf: (path: string) => Promise<string | undefined>
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
  /**
   * A second name for a file, where that can be had. Answers false where it cannot: another file system, too many names
   * already, a system that forbids it, no such file.
   */
  readonly linkFile: (path: string, second: string) => Promise<boolean>
  readonly rename: (from: string, to: string) => Promise<void>
  /** Renames where both are on one file system. Answers whether they are; false: nothing was done. */
  readonly renameWithin: (from: string, to: string) => Promise<boolean>
  /** Moves a folder to a new name. Answers whether it was moved; false: a folder that is not empty is there. */
  readonly moveFolder: (from: string, to: string) => Promise<boolean>
  /** Answers whether there was something to remove. Removes no folder. */
  readonly removeFile: (path: string) => Promise<boolean>
  readonly removeTree: (path: string) => Promise<void>
  /**
   * Reads a file to its end; `undefined`: there is no file of that name, it is no regular one, or not as big as expected.
   */
  readonly examineFile: (path: string, sizeBytes?: number) => Promise<FileFacts | undefined>
  /** Copies a file to a new name and answers the SHA-256 of what was written. */
  readonly copyFile: (from: string, to: string, copy: CopyRequest) => Promise<string>
  /** The same as a clone that shares the blocks of the other; `undefined`: this file system has none, nothing was done. */
  readonly cloneFile: (from: string, to: string, copy: CopyRequest) => Promise<string | undefined>
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
  /** Adds entries to the access control list of a folder, and to the list that what is made in it begins with (setfacl(1)). */
  readonly addAcl: (path: string, entries: readonly string[]) => Promise<void>
  /**
   * Gives a tree the labels that SELinux's policy has for its place. `off`: SELinux is not on, or this system has none;
   * otherwise why it could not be done, or nothing.
   */
  readonly restoreLabels: (path: string) => Promise<'off' | { readonly problem: string | undefined }>
  /** Makes the contents of a file durable. */
  readonly syncFile: (path: string) => Promise<void>
  /** Makes the names in a folder durable. */
  readonly syncFolder: (path: string) => Promise<void>
  /** Makes the whole file system of a path durable. Answers false where this machine cannot do that in one call. */
  readonly syncFileSystem: (path: string) => Promise<boolean>
}

/**
 * The disk of this machine. What a deploy does thousands of times is called synchronously: a promise of node:fs takes
 * several times longer than the system call behind it (staging 5,000 files: 1.1 s instead of 7 s, measured on a busy
 * machine with two cores). So that signals, timers and sockets still get their turn, the event loop does every few
 * milliseconds ({@link attempt}).
 */
export const systemDisk: Disk = {
  entry: (path) => expecting('lstat', path, ['ENOENT', 'ENOTDIR'], undefined, () => describeStats(lstatSync(path))),
  linkTarget: (path) => expecting('readlink', path, ['ENOENT'], undefined, () => readlinkSync(path)),
  realPath: (path) => expecting('realpath', path, ['ENOENT', 'ENOTDIR', 'ELOOP'], undefined, () => realpath(path)),
  list: (path) =>
    expecting('readdir', path, ['ENOENT'], undefined, () =>
      readdirSync(path, { withFileTypes: true }).map((entry) => ({ name: entry.name, type: typeOf(entry) })),
    ),
  deviceOf: (path) => attempt('lstat', path, () => lstatSync(path).dev),
  labelOf: (path) => readLabel(path),
  readText: (path) => expecting('read', path, ['ENOENT'], undefined, () => readFile(path, 'utf8')),
  freeSpace: (path) =>
    attempt('statfs', path, async () => {
      const { bavail, bsize, files, ffree } = await statfs(path)
      // btrfs and some network file systems say that they have no inodes at all: they make them as they need them.
      return { bytes: bavail * bsize, blockBytes: bsize, inodes: files === 0 ? undefined : ffree }
    }),

  makeFolder: (path, mode) =>
    expecting('mkdir', path, ['EEXIST'], false, () => {
      mkdirSync(path, { mode })
      // Whatever the umask of the process takes away: the web server has to get through these folders.
      chmodSync(path, mode)
      return true
    }),
  makeLink: (target, path) =>
    expecting('symlink', path, ['EEXIST'], false, () => {
      symlinkSync(target, path)
      return true
    }),
  addName: (path, second) =>
    expecting('link', second, ['EEXIST'], false, () => {
      linkSync(path, second)
      return true
    }),
  linkFile: (path, second) =>
    expecting('link', second, unlinkable, false, () => {
      linkSync(path, second)
      return true
    }),
  rename: (from, to) => attempt('rename', to, () => rename(from, to)),
  renameWithin: (from, to) =>
    expecting('rename', to, ['EXDEV'], false, async () => {
      await rename(from, to)
      return true
    }),
  moveFolder: (from, to) =>
    expecting('rename', to, ['ENOTEMPTY', 'EEXIST'], false, async () => {
      await rename(from, to)
      return true
    }),
  removeFile: (path) =>
    expecting('unlink', path, ['ENOENT'], false, () => {
      unlinkSync(path)
      return true
    }),
  removeTree: (path) => attempt('remove', path, () => rm(path, { recursive: true, force: true })),
  examineFile: (path, sizeBytes) =>
    // ELOOP is what O_NOFOLLOW says of a symbolic link. O_NONBLOCK: a pipe that somebody put there must not hold us up.
    expecting('read', path, ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'], undefined, () =>
      withDescriptor(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK, async (file) => {
        const stats = fstatSync(file)
        if (!stats.isFile() || (sizeBytes !== undefined && stats.size !== sizeBytes)) return undefined
        return { ...describeStats(stats), sha256: await digest(file) }
      }),
    ),
  copyFile: (from, to, { mode, owner, sync }) =>
    attempt('copy', to, () =>
      withDescriptor(from, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK, (source) =>
        withDescriptor(to, 'wx', async (file) => {
          const sha256 = await digest(source, (chunk) => writeWhole(file, chunk))
          finishFile(file, { mode, owner, sync })
          return sha256
        }),
      ),
    ),
  cloneFile: (from, to, copy) =>
    expecting('clone', to, uncloneable, undefined, async () => {
      copyFileSync(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE)
      return await withDescriptor(to, constants.O_RDONLY | constants.O_NOFOLLOW, async (file) => {
        const sha256 = await digest(file)
        finishFile(file, copy)
        return sha256
      })
    }),
  writeFile: (path, text, copy) =>
    attempt('write', path, () =>
      withDescriptor(path, 'wx', (file) => {
        writeWhole(file, Buffer.from(text))
        finishFile(file, copy)
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
  setMode: (path, mode) => attempt('chmod', path, () => chmodSync(path, mode)),
  setOwner: (path, { uid, gid }) => attempt('lchown', path, () => lchownSync(path, uid, gid)),
  addAcl: (path, entries) =>
    attempt('setfacl', path, async () => {
      const problem = await runTool('setfacl', [
        '-m',
        [...entries, ...entries.map((entry) => `d:${entry}`)].join(','),
        path,
      ])
      if (problem !== undefined) throw errors.ACL_REFUSED({ path, reason: problem })
    }),
  restoreLabels: async (path) => {
    if (!isSelinuxOn()) return 'off'
    // -F would also take away the categories (MCS) that a container or a site gave the folder on purpose.
    return { problem: await runTool('restorecon', ['-R', path]) }
  },
  syncFile: (path) => attempt('fsync', path, () => withFile(path, 'r', (file) => file.sync())),
  syncFolder: (path) => attempt('fsync', path, () => withFile(path, 'r', (folder) => folder.sync())),
  syncFileSystem: async (path) =>
    // Node has no syncfs(2). coreutils and busybox have it as `sync -f`; elsewhere `sync` promises less.
    process.platform === 'linux' && (await runTool('sync', ['-f', path])) === undefined,
}

/** What link(2) says where a copy does instead. EACCES and EPERM: fs.protected_hardlinks, or a file system without them. */
const unlinkable = ['EXDEV', 'EPERM', 'EACCES', 'EMLINK', 'ENOENT', 'ENOTDIR', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']

/** What FICLONE says where there are no clones (ioctl_ficlone(2)), and ENOSYS where Node has none. */
const uncloneable = ['EXDEV', 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOTTY', 'ENOSYS', 'EPERM', 'EBADF', 'ETXTBSY']

let lastTurn = performance.now()
let calls = 0

async function attempt<T>(operation: string, path: string, call: () => T | Promise<T>): Promise<T> {
  // Not at each call: looking at the clock would take as long as some of them.
  if (++calls % 16 === 0 && performance.now() - lastTurn > blockForMs) {
    await new Promise((resolve) => setImmediate(resolve))
    lastTurn = performance.now()
  }
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
  call: () => T | Promise<T>,
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

/** Of an error of the system; any other is a fault of ours, or has its words already. */
function codeOf(error: unknown): string | undefined {
  return error instanceof Error && !isDeployError(error) ? (error as NodeJS.ErrnoException).code : undefined
}

function describeStats(stats: Stats): DiskEntry {
  const { uid, gid, mode, mtimeMs, nlink, size } = stats
  return { type: typeOf(stats), mode: mode & 0o7777, uid, gid, changedAtMs: mtimeMs, names: nlink, sizeBytes: size }
}

function typeOf(entry: Pick<Stats, 'isFile' | 'isDirectory' | 'isSymbolicLink'>): EntryType {
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

async function withDescriptor<T>(
  path: string,
  flags: string | number,
  body: (file: number) => T | Promise<T>,
): Promise<T> {
  const file = openSync(path, flags, 0o600)
  try {
    return await body(file)
  } finally {
    closeSync(file)
  }
}

/** The owner first: chown(2) takes away the bits that let a program act as its owner. */
function finishFile(file: number, { mode, owner, sync }: CopyRequest): void {
  if (owner) fchownSync(file, owner.uid, owner.gid)
  fchmodSync(file, mode)
  if (sync) fsyncSync(file)
}

function writeWhole(file: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written, bytes.length - written)
}

/** Several files are open at once only while one of them waits for its turn of the event loop; each has its buffer then. */
const freeBuffers: Buffer[] = []

/** The SHA-256 of a file from where it stands to its end; `use` is given the bytes, which it must not keep. */
async function digest(file: number, use: (chunk: Uint8Array) => void = () => {}): Promise<string> {
  const buffer = freeBuffers.pop() ?? Buffer.allocUnsafe(copyChunkBytes)
  try {
    const first = buffer.subarray(0, readSync(file, buffer, 0, buffer.length, null))
    use(first)
    // Nearly every file ends here; one call hashes faster than an object that could go on.
    if (first.length < buffer.length && fstatSync(file).size === first.length) return hash('sha256', first)
    const sha256 = createHash('sha256').update(first)
    for (;;) {
      // A big file: others may be waiting.
      await new Promise((resolve) => setImmediate(resolve))
      const chunk = buffer.subarray(0, readSync(file, buffer, 0, buffer.length, null))
      if (chunk.length === 0) return sha256.digest('hex')
      sha256.update(chunk)
      use(chunk)
    }
  } finally {
    freeBuffers.push(buffer)
  }
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
