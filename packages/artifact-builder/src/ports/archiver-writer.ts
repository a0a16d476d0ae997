import type { Stats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { PassThrough, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { isDeployError, type ArtifactFormat } from '@fairlead/core'
import type { EntryData, TarArchive, ZipArchive } from 'archiver'
import { artifactErrors } from '../errors.ts'
import {
  compressionLevel,
  entryTimeMs,
  gzipSystem,
  maxTarHeaderSize,
  outputBufferBytes,
  archivePieceBytes,
  zip64EntryCount,
} from '../limits.ts'
import { checkArchiverName } from '../plan/archiver-names.ts'
import { evenPieces } from '../plan/even-pieces.ts'

/** One entry of an archive, with what is in it. */
export interface ArchiveMember {
  readonly path: string
  readonly type: 'file' | 'directory' | 'symlink'
  /** Permission bits. */
  readonly mode: number
  /** Default: 1980. */
  readonly timeMs?: number | undefined
  /** How many bytes the content has: a tar says so before they come. */
  readonly sizeBytes: number
  /** Of a file: its bytes, whole where that is reasonable. Of a symlink: its target, whole. Of a directory: nothing. */
  readonly content: Uint8Array | AsyncIterable<Uint8Array>
}

type Archive = ZipArchive | TarArchive

/** What archiver's tar stream understands beyond the types of archiver. */
type MemberData = EntryData & {
  readonly type: ArchiveMember['type']
  linkname?: string
  pax?: Readonly<Record<string, string>>
  store?: boolean
}

/**
 * Writes an archive to a file that is open, the members in the order in which they come, one at a time. Nothing of it
 * depends on a clock, a time zone, a user, a umask or a file system: times are 1980, owners 0 without a name.
 *
 * archiver is given bytes and never a path: of what goes wrong with a path it tells nobody, or never ends. Its streams
 * are watched here, so that each failure rejects the promise; what it would change in silence is refused.
 *
 * @throws ARTIFACT_ENGINE_FAILED, what the members throw, what the system says of the file; `signal.reason` when cancelled
 */
export async function writeWithArchiver(
  file: FileHandle,
  members: AsyncIterable<ArchiveMember>,
  options: {
    readonly format: ArtifactFormat
    /** How many members come. */
    readonly memberCount: number
    readonly signal?: AbortSignal | undefined
  },
): Promise<void> {
  const { format, memberCount, signal } = options
  signal?.throwIfAborted()
  const archive = await openArchive(format, memberCount)
  signal?.throwIfAborted()
  const steps = watchSteps()
  const cancel = () => steps.fail(signal?.reason)
  signal?.addEventListener('abort', cancel, { once: true })
  const failArchive = (error: unknown) => steps.fail(archiverError(error))
  archive.on('error', failArchive)
  archive.on('warning', failArchive)
  const { written, stop } = startWriting(archive, format, file)
  written.catch(steps.fail)
  try {
    await addMembers(archive, members, { format, memberCount, steps })
    await steps.run((done) => {
      archive.finalize().catch(failArchive)
      written.then(done, steps.fail)
    })
  } catch (error) {
    stop()
    // Settles as soon as the file is no longer written to; why it failed is known already.
    await written.catch(() => undefined)
    throw error
  } finally {
    signal?.removeEventListener('abort', cancel)
  }
}

async function openArchive(format: ArtifactFormat, memberCount: number): Promise<Archive> {
  const { TarArchive, ZipArchive } = await import('archiver')
  if (format !== 'zip') return new TarArchive()
  // archiver's own test is one late, and leaves exactly 65,535 entries ambiguous.
  return new ZipArchive({ zlib: { level: compressionLevel }, forceZip64: memberCount >= zip64EntryCount })
}

/**
 * Lets the archive flow into the file. `stop` cuts it off and leaves it to the garbage collector: to end it before its
 * time is an error that nobody can catch (`abort` of a tar throws, `destroy` breaks a stream inside that nobody listens to).
 */
function startWriting(archive: Archive, format: ArtifactFormat, file: FileHandle) {
  const packed = new PassThrough({ highWaterMark: outputBufferBytes })
  // Told by `written`.
  packed.on('error', () => undefined)
  archive.pipe(packed)
  const written = format === 'tgz' ? writeGzip(packed, file) : pipeline(packed, writableOf(file))
  const stop = () => {
    archive.unpipe(packed)
    packed.destroy()
  }
  return { written, stop }
}

function writeGzip(packed: PassThrough, file: FileHandle): Promise<void> {
  const gzip = createGzip({ level: compressionLevel })
  const inPieces = (source: AsyncIterable<Buffer>) => evenPieces(source, archivePieceBytes)
  return pipeline(packed, inPieces, gzip, withSystem, writableOf(file))
}

/** zlib writes no time into the header of gzip, but the system that it runs on (RFC 1952, 2.3.1: OS, the tenth byte). */
async function* withSystem(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let offset = 0
  for await (const piece of source) {
    const place = gzipSystem.offset - offset
    if (place >= 0 && place < piece.length) piece[place] = gzipSystem.value
    offset += piece.length
    yield piece
  }
}

/**
 * A stream into a file that stays open: it is synced before it is closed, which Node's own stream of a FileHandle does
 * not leave to others. archiver writes a header in a dozen pieces; they are written together.
 */
function writableOf(file: FileHandle): Writable {
  const write = async (pieces: readonly Uint8Array[]) => {
    const bytes = Buffer.concat(pieces)
    for (let done = 0; done < bytes.length;) done += (await file.write(bytes, done)).bytesWritten
  }
  return new Writable({
    highWaterMark: outputBufferBytes,
    write: (piece: Uint8Array, _encoding, done) => void write([piece]).then(() => done(), done),
    writev: (pieces, done) => void write(pieces.map(({ chunk }) => chunk as Uint8Array)).then(() => done(), done),
  })
}

async function addMembers(
  archive: Archive,
  members: AsyncIterable<ArchiveMember>,
  options: { readonly format: ArtifactFormat; readonly memberCount: number; readonly steps: Steps },
): Promise<void> {
  const { format, memberCount, steps } = options
  const paths = new Set<string>()
  for await (const member of members) {
    const { path } = member
    if (checkArchiverName(path)) throw failed(path, 'has a name that it would change')
    if (paths.has(path)) throw failed(path, 'comes twice')
    paths.add(path)
    await addMember(archive, member, format, steps)
  }
  if (paths.size !== memberCount) throw failed(undefined, `got ${paths.size} entries, not ${memberCount}`)
}

async function addMember(archive: Archive, member: ArchiveMember, format: ArtifactFormat, steps: Steps): Promise<void> {
  const { path, type, sizeBytes, content } = member
  // A small file as one buffer has its sizes in the header, and costs no stream.
  const isWhole = content instanceof Uint8Array || sizeBytes <= archivePieceBytes
  const pieces = exactly(member)
  if (isWhole) {
    const bytes = Buffer.concat(await collect(pieces))
    // A link's target goes into its header; with a body too, the tar stream ends the process.
    const body = type === 'symlink' ? Buffer.alloc(0) : bytes
    const stored = await append(archive, steps, body, wholeData(member, bytes, format))
    requireName(path, type, stored)
    return
  }
  const body = new PassThrough()
  body.on('error', steps.fail)
  const added = append(archive, steps, body, streamData(member, format))
  // Looked at in the end; the loop below throws first where something fails before.
  added.catch(() => undefined)
  try {
    for await (const piece of evenPieces(pieces, archivePieceBytes)) {
      steps.check()
      if (!body.write(piece)) await steps.run((done) => body.once('drain', done))
    }
    body.end()
    requireName(path, type, await added)
  } catch (error) {
    body.destroy()
    throw error
  }
}

/** Appends an entry, and answers the name that archiver gave it. */
async function append(archive: Archive, steps: Steps, source: Buffer | PassThrough, data: MemberData): Promise<string> {
  let stored = ''
  await steps.run((done) => {
    archive.once('entry', ({ name }) => {
      stored = name
      done()
    })
    archive.append(source, data)
  })
  return stored
}

function requireName(path: string, type: ArchiveMember['type'], stored: string): void {
  if (stored !== (type === 'directory' ? `${path}/` : path)) {
    throw failed(path, `was stored as ${JSON.stringify(stored)}`)
  }
}

/** The content of a member, as long as it was said to be. */
async function* exactly({ path, sizeBytes, content }: ArchiveMember): AsyncGenerator<Uint8Array, void, undefined> {
  let found = 0
  for await (const piece of content instanceof Uint8Array ? [content] : content) {
    found += piece.length
    if (found > sizeBytes) break
    yield piece
  }
  if (found !== sizeBytes) {
    throw failed(path, `has ${found < sizeBytes ? `${found}` : 'more'} bytes, not ${sizeBytes} as was said before`)
  }
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<readonly Uint8Array[]> {
  const pieces: Uint8Array[] = []
  for await (const piece of source) pieces.push(piece)
  return pieces
}

function wholeData(member: ArchiveMember, bytes: Buffer, format: ArtifactFormat): MemberData {
  const data = commonData(member)
  if (member.type === 'symlink') data.linkname = bytes.toString()
  // archiver stores an empty buffer with the flag of a data descriptor, which Java's stream reader rejects.
  // https://github.com/archiverjs/node-compress-commons/pull/27
  if (format === 'zip' && bytes.length === 0) data.store = true
  return data
}

function streamData(member: ArchiveMember, format: ArtifactFormat): MemberData {
  const { sizeBytes } = member
  const data = commonData(member)
  if (format === 'zip') return data
  // Without stats, archiver keeps the whole stream in memory to learn its size.
  data.stats = { size: sizeBytes } as Stats
  // tar-stream writes such a size in GNU's way alone; pax is what the standard says.
  if (sizeBytes > maxTarHeaderSize) data.pax = { size: String(sizeBytes) }
  return data
}

function commonData({ path, type, mode, timeMs = entryTimeMs }: ArchiveMember): MemberData {
  return { name: path, type, mode, date: new Date(timeMs) }
}

function archiverError(error: unknown): unknown {
  if (isDeployError(error) || typeof (error as NodeJS.ErrnoException | undefined)?.syscall === 'string') return error
  const { message } = error as { readonly message?: unknown }
  return failed(undefined, `failed (${String(message ?? error)})`, error)
}

function failed(entry: string | undefined, problem: string, cause?: unknown) {
  return artifactErrors.ARTIFACT_ENGINE_FAILED({ engine: 'archiver', entry, problem }, { cause })
}

/** Steps that end by an event or by the first failure, wherever that comes from. */
interface Steps {
  readonly fail: (reason: unknown) => void
  /** Throws the failure, if there was one. */
  readonly check: () => void
  readonly run: (start: (done: () => void) => void) => Promise<void>
}

function watchSteps(): Steps {
  const pending = new Set<(reason: unknown) => void>()
  let failure: { readonly reason: unknown } | undefined
  const check = () => {
    if (failure) throw failure.reason
  }
  return {
    check,
    fail: (reason) => {
      failure ??= { reason }
      for (const reject of pending) reject(failure.reason)
    },
    run: async (start) => {
      check()
      let reject: (reason: unknown) => void = () => undefined
      try {
        await new Promise<void>((resolve, refuse) => {
          reject = refuse
          pending.add(reject)
          start(resolve)
        })
      } finally {
        pending.delete(reject)
      }
    },
  }
}
