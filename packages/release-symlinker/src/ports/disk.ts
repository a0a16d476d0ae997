import { createHash, hash } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeSync,
  type Stats,
} from 'node:fs'
import { statfs } from 'node:fs/promises'
import { promisify } from 'node:util'
import { isDeployError } from '@fairlead/core'
import { andThen, type Answer } from '../answer.ts'
import { errors } from '../errors.ts'
import { blockForMs, copyChunkBytes } from '../limits.ts'
import { isWorthAThread, ordinaryExaminer, startExamination, type Examination } from './examination.ts'
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

/** A name in a folder. */
export interface ListedEntry {
  readonly name: string
  readonly type: EntryType
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
  readonly entry: (path: string) => Answer<DiskEntry | undefined>
  /** The text of a symbolic link; `undefined`: nothing is there. */
  readonly linkTarget: (path: string) => Promise<string | undefined>
  /** The path without symbolic links; `undefined`: it leads to nothing, or round in circles. */
  readonly realPath: (path: string) => Promise<string | undefined>
  /** The names in a folder with their types; `undefined`: there is no such folder. */
  readonly list: (path: string) => Answer<readonly ListedEntry[] | undefined>
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
  readonly makeFolder: (path: string, mode: number) => Answer<boolean>
  /** Answers whether it was made; false: something is there. */
  readonly makeLink: (target: string, path: string) => Promise<boolean>
  /** A second name for a file. Answers whether it was made; false: something is there. */
  readonly addName: (path: string, second: string) => Promise<boolean>
  /**
   * A second name for a file, where that can be had. Answers false where it cannot: another file system, too many names
   * already, a system that forbids it, no such file.
   */
  readonly linkFile: (path: string, second: string) => Answer<boolean>
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
  readonly examineFile: (path: string, sizeBytes?: number) => Answer<FileFacts | undefined>
  /** Begins to examine about so many files, by a second thread too; `undefined`: that is not worth it. */
  readonly startExamination: (expectedFiles: number) => Examination | undefined
  /** Copies a file to a new name and answers the SHA-256 of what was written. */
  readonly copyFile: (from: string, to: string, copy: CopyRequest) => Answer<string>
  /** The same as a clone that shares the blocks of the other; `undefined`: this file system has none, nothing was done. */
  readonly cloneFile: (from: string, to: string, copy: CopyRequest) => Answer<string | undefined>
  /** Writes a new file. */
  readonly writeFile: (
    path: string,
    text: string,
    file: { readonly mode: number; readonly owner?: Ownership | undefined; readonly sync: boolean },
  ) => Promise<void>
  /** Appends a line, durable when the promise resolves. A last line without an end, which a crash left, is cut off first. */
  readonly appendLine: (path: string, line: string) => Promise<void>
  readonly setMode: (path: string, mode: number) => Answer<void>
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
 * machine with two cores), and what is done to each file answers without a promise of ours too. So that signals, timers
 * and sockets still get their turn, the event loop does every few milliseconds ({@link answering}).
 */
export const systemDisk: Disk = {
  entry: (path) => answering('lstat', path, noEntry, () => describeStats(lstatSync(path))),
  linkTarget: (path) => expecting('readlink', path, ['ENOENT'], undefined, () => readlinkSync(path)),
  realPath: (path) =>
    expecting('realpath', path, ['ENOENT', 'ENOTDIR', 'ELOOP'], undefined, () => realpathSync.native(path)),
  list: (path) =>
    answering('readdir', path, noFolder, () =>
      readdirSync(path, { withFileTypes: true }).map((entry) => ({ name: entry.name, type: typeOf(entry) })),
    ),
  deviceOf: (path) => attempt('lstat', path, () => lstatSync(path).dev),
  labelOf: (path) => readLabel(path),
  readText: (path) => expecting('read', path, ['ENOENT'], undefined, () => readFileSync(path, 'utf8')),
  freeSpace: (path) =>
    attempt('statfs', path, async () => {
      const { bavail, bsize, files, ffree } = await statfs(path)
      // btrfs and some network file systems say that they have no inodes at all: they make them as they need them.
      return { bytes: bavail * bsize, blockBytes: bsize, inodes: files === 0 ? undefined : ffree }
    }),

  makeFolder: (path, mode) =>
    answering('mkdir', path, taken, () => {
      mkdirSync(path, { mode })
      // Whatever the umask of the process takes from others: the web server has to get through these folders.
      if ((mode & 0o077) !== 0) chmodSync(path, mode)
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
    answering('link', second, noLink, () => {
      linkSync(path, second)
      return true
    }),
  rename: (from, to) => attempt('rename', to, () => renameSync(from, to)),
  renameWithin: (from, to) =>
    expecting('rename', to, ['EXDEV'], false, () => {
      renameSync(from, to)
      return true
    }),
  moveFolder: (from, to) =>
    expecting('rename', to, ['ENOTEMPTY', 'EEXIST'], false, () => {
      renameSync(from, to)
      return true
    }),
  removeFile: (path) =>
    expecting('unlink', path, ['ENOENT'], false, () => {
      unlinkSync(path)
      return true
    }),
  removeTree: (path) => attempt('remove', path, () => removeAll(path)),
  examineFile: (path, sizeBytes) =>
    answering('read', path, noFile, () => examineOrdinary(path, sizeBytes) ?? examineAny(path, sizeBytes)),
  startExamination: (expectedFiles) =>
    isWorthAThread(expectedFiles) ? startExamination(systemDisk.examineFile, expectedFiles) : undefined,
  copyFile: (from, to, copy) =>
    answering<string, never>('copy', to, undefined, () =>
      withDescriptor(openToRead(from), (source) =>
        withDescriptor(openSync(to, create, 0o600), (file) =>
          andThen(
            digest(source, fstatSync(source).size, (chunk) => writeWhole(file, chunk)),
            (sha256) => {
              finishFile(file, copy)
              return sha256
            },
          ),
        ),
      ),
    ),
  cloneFile: (from, to, copy) =>
    answering('clone', to, noClone, () => {
      copyFileSync(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE)
      return withDescriptor(openToRead(to), (file) =>
        andThen(digest(file, fstatSync(file).size), (sha256) => {
          finishFile(file, copy)
          return sha256
        }),
      )
    }),
  writeFile: (path, text, copy) =>
    attempt('write', path, () =>
      withDescriptor(openSync(path, create, 0o600), (file) => {
        writeWhole(file, Buffer.from(text))
        finishFile(file, copy)
      }),
    ),
  appendLine: (path, line) =>
    attempt('append', path, () =>
      // Not O_APPEND: the end may have to be cut off first. The lock keeps other writers out.
      withDescriptor(openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o644), (file) => {
        const { size } = fstatSync(file)
        const end = endOfLastLine(file, size)
        if (end < size) ftruncateSync(file, end)
        writeWhole(file, Buffer.from(`${line}\n`), end)
        return syncDescriptor(file)
      }),
    ),
  setMode: (path, mode) => answering<void, never>('chmod', path, undefined, () => chmodSync(path, mode)),
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
  syncFile: (path) => attempt('fsync', path, () => withDescriptor(openSync(path, 'r'), syncDescriptor)),
  syncFolder: (path) => attempt('fsync', path, () => withDescriptor(openSync(path, 'r'), syncDescriptor)),
  syncFileSystem: async (path) =>
    // Node has no syncfs(2). coreutils and busybox have it as `sync -f`; elsewhere `sync` promises less.
    process.platform === 'linux' && (await runTool('sync', ['-f', path])) === undefined,
}

/** What link(2) says where a copy does instead. EACCES and EPERM: fs.protected_hardlinks, or a file system without them. */
const unlinkable = ['EXDEV', 'EPERM', 'EACCES', 'EMLINK', 'ENOENT', 'ENOTDIR', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']

/** What FICLONE says where there are no clones (ioctl_ficlone(2)), and ENOSYS where Node has none. */
const uncloneable = ['EXDEV', 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOTTY', 'ENOSYS', 'EPERM', 'EBADF', 'ETXTBSY']

/** What an operation answers where the system gives one of some codes. */
interface Expected<E> {
  readonly codes: readonly string[]
  readonly answer: E
}

const noEntry: Expected<undefined> = { codes: ['ENOENT', 'ENOTDIR'], answer: undefined }
const noFolder: Expected<undefined> = { codes: ['ENOENT'], answer: undefined }
const taken: Expected<false> = { codes: ['EEXIST'], answer: false }
/** ELOOP is what O_NOFOLLOW says of a symbolic link, ENXIO what O_NONBLOCK says of a socket. */
const noFile: Expected<undefined> = { codes: ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'], answer: undefined }
const noLink: Expected<false> = { codes: unlinkable, answer: false }
const noClone: Expected<undefined> = { codes: uncloneable, answer: undefined }

async function attempt<T>(operation: string, path: string, call: () => Answer<T>): Promise<T> {
  return await answering<T, never>(operation, path, undefined, call)
}

/** Some codes are answers. */
async function expecting<T, E>(
  operation: string,
  path: string,
  codes: readonly string[],
  answer: E,
  call: () => Answer<T>,
): Promise<T | E> {
  return await answering(operation, path, { codes, answer }, call)
}

/** The same at once, unless it is somebody else's turn. */
function answering<T, E>(
  operation: string,
  path: string,
  expected: Expected<E> | undefined,
  call: () => Answer<T>,
): Answer<T | E> {
  if (isTurnOfOthers()) return giveTurn().then(() => perform(operation, path, expected, call))
  return perform(operation, path, expected, call)
}

function perform<T, E>(
  operation: string,
  path: string,
  expected: Expected<E> | undefined,
  call: () => Answer<T>,
): Answer<T | E> {
  try {
    const given = call()
    return given instanceof Promise ? given.catch((error: unknown) => failed(operation, path, expected, error)) : given
  } catch (error) {
    return failed(operation, path, expected, error)
  }
}

function failed<E>(operation: string, path: string, expected: Expected<E> | undefined, error: unknown): E {
  const code = codeOf(error)
  if (code === undefined) throw error
  if (expected?.codes.includes(code)) return expected.answer
  throw errors.FILE_OPERATION_FAILED({ operation, path, code }, { cause: error })
}

let lastTurn = performance.now()
let calls = 0

/** Not asked at each call: looking at the clock would take as long as some of them. */
function isTurnOfOthers(): boolean {
  calls += 1
  return calls % 16 === 0 && performance.now() - lastTurn > blockForMs
}

async function giveTurn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  lastTurn = performance.now()
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
  if (entry.isFile()) return 'file'
  if (entry.isDirectory()) return 'directory'
  return entry.isSymbolicLink() ? 'symlink' : 'other'
}

/** Uses a descriptor, and closes it. */
function withDescriptor<T>(file: number, use: (file: number) => Answer<T>): Answer<T> {
  let goesOn = false
  try {
    const answer = use(file)
    goesOn = answer instanceof Promise
    return answer instanceof Promise ? answer.finally(() => closeSync(file)) : answer
  } finally {
    if (!goesOn) closeSync(file)
  }
}

/** A new file, where nothing is. */
const create = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL

/** A link is not followed, and a pipe that somebody put there must not hold us up. */
const read = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** To note when it was read would change a file, and a deploy reads thousands (open(2)). Linux has it, others do without. */
let unnoticed = (constants as Partial<typeof constants>).O_NOATIME ?? 0

function openToRead(path: string): number {
  try {
    return openSync(path, read | unnoticed)
  } catch (error) {
    if (unnoticed === 0 || codeOf(error) !== 'EPERM') throw error
    // It is a right of a file's owner and of root. Who reads others' files will meet more of them.
    unnoticed = 0
    return openSync(path, read)
  }
}

/** Where Linux shows what stands behind a descriptor, whatever its path leads to by now. */
const descriptors = existsSync('/proc/self/fd') ? '/proc/self/fd' : undefined

/**
 * Removes what stands under a name, with all that is below it. Another user may write in there meanwhile, and we may be
 * root: a folder is opened without following a link, and what is in it is removed through that descriptor, so that a
 * folder that becomes a link leads nobody elsewhere. Node's `rm` goes by the path, and takes twice the time (5,000 files
 * in 740 folders: 0.35 s of CPU instead of 0.16 s).
 */
async function removeAll(path: string): Promise<void> {
  const folder = openFolder(path)
  if (folder === undefined) return ignoringAbsence(() => unlinkSync(path))
  try {
    const inside = descriptors === undefined ? path : `${descriptors}/${folder}`
    for (const entry of readdirSync(inside, { withFileTypes: true })) {
      if (isTurnOfOthers()) await giveTurn()
      const place = `${inside}/${entry.name}`
      if (entry.isDirectory()) await removeAll(place)
      else ignoringAbsence(() => unlinkSync(place))
    }
  } finally {
    closeSync(folder)
  }
  ignoringAbsence(() => rmdirSync(path))
}

/** `undefined`: it is no folder, or nothing is there. */
function openFolder(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(error) ?? '')) return undefined
    throw error
  }
}

function ignoringAbsence(call: () => void): void {
  try {
    call()
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}

/** The owner first: chown(2) takes away the bits that let a program act as its owner. */
function finishFile(file: number, { mode, owner, sync }: CopyRequest): void {
  if (owner) fchownSync(file, owner.uid, owner.gid)
  fchmodSync(file, mode)
  if (sync) fsyncSync(file)
}

/** The one call that waits for the disk itself: others go on meanwhile. */
const syncDescriptor: (file: number) => Promise<void> = promisify(fsync)

/** Without a place: where the file stands. */
function writeWhole(file: number, bytes: Uint8Array, place?: number): void {
  for (let written = 0; written < bytes.length;) {
    const at = place === undefined ? null : place + written
    written += writeSync(file, bytes, written, bytes.length - written, at)
  }
}

/** Small files have one buffer: it is used up before anything else happens. */
const smallBuffer = Buffer.allocUnsafe(copyChunkBytes)

let ordinary: ReturnType<typeof ordinaryExaminer> | undefined

/** Nearly every file: of what can be done in one function, thousands are done faster. */
function examineOrdinary(path: string, sizeBytes: number | undefined): FileFacts | undefined {
  // Not before it is needed: most commands hash nothing, and the module of Node that does is loaded on use.
  ordinary ??= ordinaryExaminer({ closeSync, constants, fstatSync, openSync, readSync }, { hash }, copyChunkBytes)
  return ordinary({ path, sizeBytes })
}

function examineAny(path: string, sizeBytes: number | undefined): Answer<FileFacts | undefined> {
  return withDescriptor(openToRead(path), (file) => {
    const stats = fstatSync(file)
    if (!stats.isFile() || (sizeBytes !== undefined && stats.size !== sizeBytes)) return undefined
    return andThen(digest(file, stats.size), (sha256) => ({ ...describeStats(stats), sha256 }))
  })
}

/**
 * The SHA-256 of a file of a known size from where it stands to its end; `use` is given the bytes, which it must not keep.
 */
function digest(file: number, sizeBytes: number, use: (chunk: Uint8Array) => void = () => {}): Answer<string> {
  if (sizeBytes >= smallBuffer.length) return digestBig(file, use)
  const bytes = smallBuffer.subarray(0, readSync(file, smallBuffer, 0, smallBuffer.length, null))
  // It is being written to, or a network file system gives it piece by piece.
  if (bytes.length !== sizeBytes) return digestBig(file, use, Buffer.from(bytes))
  use(bytes)
  // One call hashes faster than an object that could go on.
  return hash('sha256', bytes)
}

async function digestBig(
  file: number,
  use: (chunk: Uint8Array) => void,
  begin: Uint8Array = new Uint8Array(),
): Promise<string> {
  const buffer = Buffer.allocUnsafe(copyChunkBytes)
  const sha256 = createHash('sha256')
  for (let chunk = begin; ; chunk = buffer.subarray(0, readSync(file, buffer, 0, buffer.length, null))) {
    if (chunk.length === 0 && chunk !== begin) return sha256.digest('hex')
    sha256.update(chunk)
    use(chunk)
    // Others may be waiting.
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Where the next line begins. Reads backwards: a history grows for years. */
function endOfLastLine(file: number, sizeBytes: number): number {
  const window = Buffer.alloc(4096)
  for (let end = sizeBytes; end > 0;) {
    const start = Math.max(0, end - window.length)
    const newline = window.subarray(0, readSync(file, window, 0, end - start, start)).lastIndexOf(0x0a)
    if (newline !== -1) return start + newline + 1
    end = start
  }
  return 0
}
