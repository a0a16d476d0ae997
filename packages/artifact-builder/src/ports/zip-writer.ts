import type { FileHandle } from 'node:fs/promises'
import { PassThrough, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ZipArchive, type ZipEntryData } from 'archiver'
import { compressionLevel, entryTimeMs, outputBufferBytes, zip64EntryCount } from '../limits.ts'

/** One entry of a zip, with what is in it. */
export interface ZipMember {
  readonly path: string
  readonly type: 'file' | 'directory' | 'symlink'
  /** Permission bits. */
  readonly mode: number
  /** Of a file: its bytes, whole where that is reasonable. Of a symlink: its target. Of a directory: nothing. */
  readonly content: Uint8Array | AsyncIterable<Uint8Array>
}

/**
 * Writes a zip to a file that is open, the members in the order in which they come, one at a time. Nothing of it
 * depends on a clock, a time zone, a umask or a file system.
 *
 * archiver is given bytes and never a path: of what goes wrong with a path it tells nobody, or never ends. Its streams
 * are watched here, so that each failure rejects the promise, and the caller reads the result back.
 */
export async function writeZip(
  file: FileHandle,
  members: AsyncIterable<ZipMember>,
  options: { readonly memberCount: number; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const { memberCount, signal } = options
  signal?.throwIfAborted()
  const archive = new ZipArchive({
    zlib: { level: compressionLevel },
    forceZip64: memberCount >= zip64EntryCount,
  })
  const steps = watchSteps()
  const cancel = () => steps.fail(signal?.reason)
  signal?.addEventListener('abort', cancel, { once: true })
  archive.on('error', steps.fail)
  archive.on('warning', steps.fail)
  const written = pipeline(archive, writableOf(file))
  written.catch(steps.fail)
  try {
    for await (const member of members) await addMember(archive, member, steps)
    await steps.run((done) => {
      archive.finalize().catch(steps.fail)
      written.then(done, steps.fail)
    })
  } catch (error) {
    archive.abort()
    archive.destroy()
    // Settles as soon as the file is no longer written to; why it failed is known already.
    await written.catch(() => undefined)
    throw error
  } finally {
    signal?.removeEventListener('abort', cancel)
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

async function addMember(archive: ZipArchive, member: ZipMember, steps: Steps): Promise<void> {
  const { content } = member
  if (content instanceof Uint8Array) {
    await steps.run((done) => {
      archive.once('entry', done)
      archive.append(Buffer.from(content.buffer, content.byteOffset, content.byteLength), entryData(member, content))
    })
    return
  }
  const body = new PassThrough()
  body.on('error', steps.fail)
  const added = steps.run((done) => archive.once('entry', done))
  // Looked at in the end; the loop below throws first where something fails before.
  added.catch(() => undefined)
  try {
    archive.append(body, entryData(member, content))
    for await (const piece of content) {
      steps.check()
      if (!body.write(piece)) await steps.run((done) => body.once('drain', done))
    }
    body.end()
    await added
  } catch (error) {
    body.destroy()
    throw error
  }
}

function entryData({ path, type, mode }: ZipMember, content: ZipMember['content']): ZipEntryData {
  const data: ZipEntryData & { linkname?: string } = { name: path, type, mode, date: new Date(entryTimeMs) }
  if (type === 'symlink' && content instanceof Uint8Array) data.linkname = Buffer.from(content).toString()
  // archiver stores an empty buffer with the flag of a data descriptor, which Java's stream reader rejects.
  // https://github.com/archiverjs/node-compress-commons/pull/27
  if (content instanceof Uint8Array && content.length === 0) data.store = true
  return data
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
