import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { isDeployError } from '@fairlead/core'
import { openPromise, type Entry, type LocalFileHeader, type ZipFile } from 'yauzl'
import { artifactErrors } from '../errors.ts'
import { codeOf } from './path-failure.ts'

/** An entry as the zip describes it. */
export interface ZipEntryFacts {
  /** Without the `/` that ends the name of a directory. */
  readonly path: string
  readonly type: 'file' | 'directory' | 'symlink'
  /** Four octal digits. */
  readonly mode: string
  readonly sizeBytes: number
}

/** A zip that is open for reading. */
export interface ZipReader {
  /** In the order of the zip's directory. No two have one path. */
  readonly entries: readonly ZipEntryFacts[]
  /** The content of an entry: its digest, and its bytes where `keep` is set. */
  readonly read: (
    entry: ZipEntryFacts,
    options?: { readonly keep?: boolean | undefined },
  ) => Promise<{ readonly sha256: string; readonly bytes: Uint8Array }>
}

/** The type bits of a Unix mode (inode(7)). */
const typeBits: Readonly<Record<number, ZipEntryFacts['type']>> = {
  0o100000: 'file',
  0o040000: 'directory',
  0o120000: 'symlink',
}

/**
 * Opens a zip, refuses what two readers could read in two ways, and hands it over.
 *
 * @throws ARTIFACT_NOT_FOUND, ARTIFACT_INVALID, ARTIFACT_CORRUPT
 */
export async function withZip<T>(
  path: string,
  signal: AbortSignal | undefined,
  use: (zip: ZipReader) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted()
  const zip = await openZip(path)
  try {
    const found = new Map<string, { readonly facts: ZipEntryFacts; readonly entry: Entry }>()
    for await (const entry of readDirectory(path, zip)) {
      signal?.throwIfAborted()
      const facts = await readFacts(path, zip, entry)
      if (found.has(facts.path)) throw invalid(path, `it has two entries ${JSON.stringify(facts.path)}`)
      found.set(facts.path, { facts, entry })
    }
    return await use({
      entries: [...found.values()].map(({ facts }) => facts),
      read: async ({ path: name }, { keep = false } = {}) => {
        const { entry } = found.get(name) ?? {}
        if (entry === undefined) throw invalid(path, `it has no entry ${JSON.stringify(name)}`)
        return readContent(path, zip, entry, name, keep, signal)
      },
    })
  } finally {
    zip.close()
  }
}

async function openZip(path: string): Promise<ZipFile> {
  try {
    if (!(await stat(path)).isFile()) throw artifactErrors.ARTIFACT_NOT_FOUND({ path, reason: 'not a file' })
    return await openPromise(path, { autoClose: false, strictFileNames: true, validateEntrySizes: true })
  } catch (error) {
    if (isDeployError(error)) throw error
    if (isSystemError(error)) {
      throw artifactErrors.ARTIFACT_NOT_FOUND({ path, reason: codeOf(error) }, { cause: error })
    }
    throw invalid(path, messageOf(error), error)
  }
}

async function* readDirectory(path: string, zip: ZipFile): AsyncGenerator<Entry, void, undefined> {
  try {
    yield* zip.eachEntry()
  } catch (error) {
    throw isSystemError(error)
      ? artifactErrors.ARTIFACT_NOT_FOUND({ path, reason: codeOf(error) }, { cause: error })
      : invalid(path, messageOf(error), error)
  }
}

async function readFacts(path: string, zip: ZipFile, entry: Entry): Promise<ZipEntryFacts> {
  const { fileName, externalFileAttributes, uncompressedSize: sizeBytes } = entry
  const shown = JSON.stringify(fileName)
  const unixMode = externalFileAttributes >>> 16
  const type = typeBits[unixMode & 0o170000]
  if (entry.versionMadeBy >>> 8 !== 3 || type === undefined) throw invalid(path, `${shown} has no Unix file type`)
  if ((type === 'directory') !== fileName.endsWith('/')) throw invalid(path, `${shown} is no name of a ${type}`)
  const name = type === 'directory' ? fileName.slice(0, -1) : fileName
  if (name.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    throw invalid(path, `${shown} is no relative path`)
  }
  if (!entry.canDecodeFileData()) throw invalid(path, `${shown} is encrypted or compressed in an unusual way`)
  // Some readers go by the header before the data, some by the directory at the end: both must say the same.
  const header = await localHeader(path, zip, entry)
  if (!header.fileName.equals(entry.fileNameRaw) || header.compressionMethod !== entry.compressionMethod) {
    throw invalid(path, `${shown} has two headers that contradict each other`)
  }
  return { path: name, type, mode: (unixMode & 0o7777).toString(8).padStart(4, '0'), sizeBytes }
}

async function localHeader(path: string, zip: ZipFile, entry: Entry): Promise<LocalFileHeader> {
  try {
    return await zip.readLocalFileHeaderPromise(entry)
  } catch (error) {
    throw invalid(path, messageOf(error), error)
  }
}

async function readContent(
  path: string,
  zip: ZipFile,
  entry: Entry,
  name: string,
  keep: boolean,
  signal: AbortSignal | undefined,
): Promise<{ readonly sha256: string; readonly bytes: Uint8Array }> {
  const hash = createHash('sha256')
  const kept: Uint8Array[] = []
  let checksum = 0
  try {
    for await (const piece of await zip.openReadStreamPromise(entry)) {
      signal?.throwIfAborted()
      const bytes = piece as Buffer
      hash.update(bytes)
      checksum = crc32(bytes, checksum)
      if (keep) kept.push(bytes)
    }
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    throw artifactErrors.ARTIFACT_CORRUPT(
      { path, entry: name, problem: `cannot be read (${messageOf(error)})` },
      { cause: error },
    )
  }
  // yauzl leaves the check to its caller.
  if (checksum !== entry.crc32) {
    throw artifactErrors.ARTIFACT_CORRUPT({ path, entry: name, problem: 'has another checksum than its header says' })
  }
  return { sha256: hash.digest('hex'), bytes: Buffer.concat(kept) }
}

/**
 * The size and digest of a file's bytes.
 *
 * @throws ARTIFACT_NOT_FOUND
 */
export async function digestFile(
  path: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly sizeBytes: number; readonly sha256: string }> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  try {
    for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
      signal?.throwIfAborted()
      const bytes = piece as Buffer
      sizeBytes += bytes.length
      hash.update(bytes)
    }
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    throw artifactErrors.ARTIFACT_NOT_FOUND({ path, reason: codeOf(error) }, { cause: error })
  }
  return { sizeBytes, sha256: hash.digest('hex') }
}

function invalid(path: string, problem: string, cause?: unknown) {
  return artifactErrors.ARTIFACT_INVALID({ path, problem }, { cause })
}

function isSystemError(error: unknown): boolean {
  return typeof (error as NodeJS.ErrnoException).syscall === 'string'
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
