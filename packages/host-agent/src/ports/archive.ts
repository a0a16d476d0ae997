import { createReadStream } from 'node:fs'
import { chmod, lchown, link, mkdir, open, rm, symlink, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { PassThrough, pipeline, type Readable } from 'node:stream'
import { crc32, createGunzip } from 'node:zlib'
import { Parser, type ReadEntry } from 'tar'
import { getFileNameLowLevel, openPromise, type Entry, type ZipFile } from 'yauzl'
import { entryParts, officialPlace, parentsOf } from '../plan/archive-path.ts'
import { findAccountId } from './accounts.ts'
import { requireInside, type Fence } from './fence.ts'

type EntryKind = 'file' | 'directory' | 'symlink' | 'hardlink'

interface ArchiveEntry {
  readonly name: string
  readonly kind: EntryKind
  /** `undefined`: the archive does not say. */
  readonly mode: number | undefined
  readonly modified?: Date | undefined
  readonly linkTarget?: string | undefined
  readonly owner?: { readonly uid?: number; readonly gid?: number; readonly user?: string; readonly group?: string }
  readonly read: () => AsyncIterable<Uint8Array>
}

/** An archive that cannot be read, or an entry of it that would leave the folder. */
export interface ArchiveProblem extends Error {
  readonly archiveProblem: true
}

export function isArchiveProblem(error: unknown): error is ArchiveProblem {
  return error instanceof Error && 'archiveProblem' in error
}

function problem(message: string): ArchiveProblem {
  return Object.assign(new Error(message), { archiveProblem: true as const })
}

export interface UnpackOptions {
  /** Keep owners and set-uid bits, as tar does for root. */
  readonly isRoot: boolean
  /** What becomes of an entry that would leave the folder: nothing is unpacked after it, or what `tar` and `unzip` do. */
  readonly escapes: 'refuse' | 'as-official'
  /** Where an entry may lie in any case. */
  readonly fence: Fence
  readonly signal?: AbortSignal | undefined
}

/** Unpacks a zip into an empty folder. Modes and links are kept; every content is checked against its CRC. */
export async function unpackZip(file: string, folder: string, options: UnpackOptions): Promise<void> {
  let zip: ZipFile
  try {
    // Names are judged by whoever unpacks: the library refuses those that the official agent takes.
    zip = await openPromise(file, { lazyEntries: true, decodeStrings: false })
  } catch (error) {
    throw problem((error as Error).message)
  }
  try {
    await unpack(zipEntries(zip), folder, { ...options, isRoot: false, format: 'zip' })
  } finally {
    zip.close()
  }
}

/** Unpacks a tar, compressed or not, into an empty folder. Modes, links and, for root, owners are kept. */
export async function unpackTar(file: string, folder: string, options: UnpackOptions): Promise<void> {
  await unpack(tarEntries(file), folder, { ...options, format: 'tar' })
}

/** Whether a file begins like gzip. */
export async function isGzip(file: string): Promise<boolean> {
  const handle = await open(file, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0)
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
  } finally {
    await handle.close()
  }
}

interface Unpacking extends UnpackOptions {
  readonly format: 'zip' | 'tar'
}

async function unpack(entries: AsyncIterable<ArchiveEntry>, folder: string, options: Unpacking): Promise<void> {
  const links = new Map<string, string>()
  const folders = new Map<string, ArchiveEntry>()
  let skipped: ArchiveProblem | undefined
  for await (const entry of entries) {
    options.signal?.throwIfAborted()
    try {
      await unpackEntry(entry, folder, { links, folders, options })
    } catch (error) {
      // tar goes on with the entries after one that it refuses, and fails in the end.
      if (!isArchiveProblem(error) || options.escapes === 'refuse' || options.format === 'zip') throw error
      skipped ??= error
    }
  }
  // Last and innermost first: a folder that may not be written to must take its content before.
  for (const [path, entry] of [...folders].reverse()) {
    await setOwner(path, entry, options)
    await setMode(path, entry, options)
  }
  if (skipped) throw skipped
}

async function unpackEntry(
  entry: ArchiveEntry,
  folder: string,
  state: {
    /** Symbolic links of the archive itself: their targets by name. */
    readonly links: Map<string, string>
    readonly folders: Map<string, ArchiveEntry>
    readonly options: Unpacking
  },
): Promise<void> {
  const { links, folders, options } = state
  const parts = placeOf(entry.name, options)
  if (parts.length === 0) return
  const name = parts.join('/')
  const path = join(folder, name)
  if (options.escapes === 'refuse') refuseThroughLink(entry.name, parts, (parent) => links.has(parent))
  // tar makes a link that leads upwards or away only when all is unpacked: until then, nothing goes through it.
  else if (options.format === 'tar') refuseThroughLink(entry.name, parts, (parent) => leadsAway(links.get(parent)))
  await requireInside(options.fence, dirname(path))
  await mkdir(dirname(path), { recursive: true })
  if (entry.kind === 'directory') {
    if (links.has(name)) throw problem(`the entry ${entry.name} is a folder where a symbolic link is`)
    await mkdir(path, { recursive: true })
    folders.set(path, entry)
    return
  }
  // A second entry of one name takes the place of the first; a link is replaced, never written through.
  await rm(path, { force: true })
  links.delete(name)
  if (entry.kind === 'symlink') {
    await symlink(entry.linkTarget ?? '', path)
    links.set(name, entry.linkTarget ?? '')
  } else if (entry.kind === 'hardlink') {
    const target = placeOf(entry.linkTarget ?? '', options)
    refuseThroughLink(entry.name, target, (parent) => links.has(parent))
    if (links.has(target.join('/'))) throw problem(`the entry ${entry.name} links to a symbolic link`)
    return link(join(folder, ...target), path)
  } else {
    await writeContent(path, entry)
  }
  await setOwner(path, entry, options)
  if (entry.kind === 'file') await setMode(path, entry, options)
}

function placeOf(name: string, { escapes, format }: Unpacking): readonly string[] {
  const parts = escapes === 'as-official' ? officialPlace(name, format) : entryParts(name)
  if (parts) return parts
  throw problem(`the entry ${name} would leave the folder`)
}

function leadsAway(target: string | undefined): boolean {
  return target !== undefined && (target.startsWith('/') || target.split('/').includes('..'))
}

function refuseThroughLink(name: string, parts: readonly string[], isLink: (path: string) => boolean): void {
  const through = parentsOf(parts).find(isLink)
  if (through !== undefined) throw problem(`the entry ${name} would be written through the symbolic link ${through}`)
}

async function writeContent(path: string, entry: ArchiveEntry): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    for await (const chunk of entry.read()) await file.writeFile(chunk)
  } finally {
    await file.close()
  }
}

async function setOwner(path: string, { owner }: ArchiveEntry, { isRoot }: UnpackOptions): Promise<void> {
  if (!isRoot || !owner) return
  const uid = (owner.user ? await findAccountId('user', owner.user) : undefined) ?? owner.uid
  const gid = (owner.group ? await findAccountId('group', owner.group) : undefined) ?? owner.gid
  if (uid !== undefined && gid !== undefined) await lchown(path, uid, gid)
}

async function setMode(path: string, { kind, mode, modified }: ArchiveEntry, { isRoot }: UnpackOptions): Promise<void> {
  if (modified) await utimes(path, modified, modified)
  const fallback = kind === 'directory' ? 0o755 : 0o644
  await chmod(path, (mode ?? fallback) & (isRoot ? 0o7777 : 0o777))
}

async function* zipEntries(zip: ZipFile): AsyncGenerator<ArchiveEntry> {
  const entries = zip.eachEntry()[Symbol.asyncIterator]()
  for (;;) {
    let next: IteratorResult<Entry>
    try {
      next = await entries.next()
    } catch (error) {
      throw problem((error as Error).message)
    }
    if (next.done) return
    yield await zipEntry(zip, next.value)
  }
}

async function zipEntry(zip: ZipFile, entry: Entry): Promise<ArchiveEntry> {
  // Unix attributes are in the upper half, and only where the archive was made on Unix (host 3). There, none is a mode
  // without any right, as unzip has it; elsewhere unzip gives the usual ones, without those to write where DOS had none.
  const isUnix = entry.versionMadeBy >>> 8 === 3
  const attributes = isUnix ? entry.externalFileAttributes >>> 16 : 0
  const isLink = (attributes & 0o170000) === 0o120000
  const name = nameOfEntry(entry)
  const kind = name.endsWith('/') ? 'directory' : isLink ? 'symlink' : 'file'
  const read = () => zipContent(zip, entry)
  const mode = isUnix ? attributes & 0o7777 : dosMode(entry.externalFileAttributes, kind)
  const modified = kind === 'file' ? entry.getLastModDate() : undefined
  const common = { name, kind, mode, modified, read } as const
  if (kind !== 'symlink') return common
  const chunks: Uint8Array[] = []
  for await (const chunk of read()) chunks.push(chunk)
  return { ...common, linkTarget: Buffer.concat(chunks).toString('utf8') }
}

function nameOfEntry({ generalPurposeBitFlag, fileNameRaw, extraFields }: Entry): string {
  return getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, false)
}

function dosMode(attributes: number, kind: EntryKind): number {
  const usual = kind === 'directory' || (attributes & 0x10) !== 0 ? 0o755 : 0o644
  return (attributes & 1) === 0 ? usual : usual & 0o555
}

async function* zipContent(zip: ZipFile, entry: Entry): AsyncGenerator<Uint8Array> {
  let sum = 0
  try {
    for await (const chunk of await zip.openReadStreamPromise(entry)) {
      const bytes = chunk as Buffer
      sum = crc32(bytes, sum)
      yield bytes
    }
  } catch (error) {
    throw problem(`${nameOfEntry(entry)}: ${(error as Error).message}`)
  }
  if (sum !== entry.crc32) throw problem(`the content of ${nameOfEntry(entry)} does not match its CRC`)
}

async function* tarEntries(file: string): AsyncGenerator<ArchiveEntry> {
  const source = (await isGzip(file)) ? createGunzip() : new PassThrough()
  // A failure reaches the parser's side by the error of `source`.
  pipeline(createReadStream(file), source, () => {})
  try {
    for await (const entry of parseTar(source)) {
      const kind = tarKind(entry)
      const { uid, gid, uname, gname } = entry
      const read = () => entry as unknown as AsyncIterable<Uint8Array>
      yield {
        name: entry.path,
        kind,
        mode: entry.mode,
        modified: kind === 'file' ? entry.mtime : undefined,
        linkTarget: entry.linkpath,
        owner: {
          ...(uid === undefined ? {} : { uid }),
          ...(gid === undefined ? {} : { gid }),
          ...(uname ? { user: uname } : {}),
          ...(gname ? { group: gname } : {}),
        },
        read,
      }
      entry.resume()
    }
  } finally {
    source.destroy()
  }
}

const tarKinds: Readonly<Partial<Record<ReadEntry['type'], EntryKind>>> = {
  Directory: 'directory',
  GNUDumpDir: 'directory',
  SymbolicLink: 'symlink',
  Link: 'hardlink',
  File: 'file',
  OldFile: 'file',
  ContiguousFile: 'file',
}

function tarKind(entry: ReadEntry): EntryKind {
  const kind = tarKinds[entry.type]
  if (!kind) throw problem(`the entry ${entry.path} is a ${entry.type}`)
  return kind
}

/** The parser's entries, one at a time; each must be read or resumed before the next one comes. */
async function* parseTar(source: Readable): AsyncGenerator<ReadEntry> {
  const waiting: ReadEntry[] = []
  let current: ReadEntry | undefined
  let failure: Error | undefined
  let isEnded = false
  let entries = 0
  let bytes = 0
  let wake = () => {}
  const fail = (error: Error) => {
    failure ??= error
    // Whoever reads its content must not wait for the rest.
    current?.destroy(failure)
    wake()
  }
  const parser = new Parser({
    strict: true,
    // What comes is not compressed any more.
    gzip: false,
    onReadEntry: (entry) => {
      entries += 1
      // Its error is told by whoever reads it; unread, it must not end the process.
      entry.on('error', () => {})
      waiting.push(entry)
      wake()
    },
  })
  parser.on('ignoredEntry', (entry: ReadEntry) => fail(problem(`the entry ${entry.path} is a ${entry.type}`)))
  parser.on('error', (error: Error) => fail(problem(error.message)))
  parser.on('end', () => {
    isEnded = true
    wake()
  })
  source.on('error', (error: NodeJS.ErrnoException) =>
    fail(error.syscall === undefined ? problem(error.message) : error),
  )
  source.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (!parser.write(chunk)) {
      source.pause()
      parser.once('drain', () => source.resume())
    }
  })
  source.on('end', () => {
    // The parser passes over the piece of a header at the end; tar does not.
    if (bytes % tarBlockBytes !== 0) fail(problem('the archive is cut off'))
    else parser.end()
  })
  for (;;) {
    if (failure) throw failure
    const entry = waiting.shift()
    if (entry) {
      current = entry
      yield entry
    } else if (isEnded) break
    else await new Promise<void>((resolve) => (wake = resolve))
  }
  if (entries === 0) throw problem('there is no entry in the archive')
}

const tarBlockBytes = 512
