import {
  coreErrors,
  isDeployError,
  manifestPath,
  parseManifest,
  type Manifest,
  type ManifestEntry,
} from '@fairlead/core'
import { maxManifestBytes } from './limits.ts'
import { requireExpected, type Expectations } from './plan/expectations.ts'
import { checkLinks, checkManifest, checkPlaces, matchManifest, type ArtifactLink } from './plan/match-manifest.ts'
import { planReads, type ReadPlan } from './plan/zip/plan-reads.ts'
import type { ZipExtent } from './plan/zip/read-directory.ts'
import { corrupt, invalid } from './plan/refuse.ts'
import { openFolderWriter, type FolderTarget } from './ports/folder-writer.ts'
import { defaultWorkers, withLanes, type Lane } from './ports/lanes/pool.ts'
import type { ReadJob, ReadProgress } from './ports/lanes/read-lane.ts'
import { digestBytes, sharedArray } from './ports/lanes/shared-entries.ts'
import { shareExtents } from './ports/lanes/shared-extents.ts'
import { withZip, withZipFile, type OpenZip } from './ports/zip-reader.ts'

/** A zip that holds what its manifest says. */
export interface VerifiedZip {
  readonly manifest: Manifest
  readonly sizeBytes: number
  readonly sha256: string
}

export interface ReadZipOptions {
  readonly workers?: number | undefined
  readonly expected?: Expectations | undefined
  readonly onProgress?: ((progress: ReadProgress & ReadTotals) => void) | undefined
}

/** All that there is to read of a zip. */
export interface ReadTotals {
  readonly entryCount: number
  readonly contentBytes: number
}

/**
 * Reads a zip whole and compares every entry with the manifest inside: names, types, modes, sizes and bytes, nothing
 * missing and nothing more. Its own digest is that of the very bytes that were looked at.
 *
 * @throws ARTIFACT_NOT_FOUND, ARTIFACT_INVALID, ARTIFACT_CORRUPT, ARTIFACT_UNEXPECTED
 */
export async function verifyZip(
  path: string,
  signal: AbortSignal | undefined,
  options: ReadZipOptions = {},
): Promise<VerifiedZip> {
  return withArtifact(path, signal, options, async ({ zip, read }) => {
    const [{ manifest }, sha256] = await together(signal, [
      read,
      (halt) => digestAsExpected(zip, options.expected, halt),
    ])
    return { manifest, sizeBytes: zip.sizeBytes, sha256 }
  })
}

/**
 * Reads a zip as {@link verifyZip} does and writes its entries into a folder that is empty and nobody else's. Links come
 * last, when everything was found to be right. Of a failure the folder keeps whatever was written.
 *
 * @throws as verifyZip, and ARTIFACT_FOLDER_UNWRITABLE
 */
export async function unpackZip(
  path: string,
  signal: AbortSignal | undefined,
  options: ReadZipOptions & {
    /** Makes the folder; told what will be in it. */
    readonly prepare: (totals: ReadTotals) => Promise<FolderTarget>
  },
): Promise<Manifest> {
  return withArtifact(path, signal, options, async ({ zip, read }) => {
    const { expected, prepare } = options
    const target = await prepare(totalsOf(zip))
    const [{ manifest, links }] = await together(signal, [
      (halt) => read(halt, target),
      (halt) => (expected?.sha256 === undefined ? Promise.resolve() : digestAsExpected(zip, expected, halt)),
    ])
    const writer = openFolderWriter(target)
    for (const link of links) writer.link(link)
    await writer.finish(zip.entries)
    return manifest
  })
}

/** The manifest of an artifact and its directory, which agree; the content of the other entries is not looked at. */
export async function readZipManifest(path: string, signal: AbortSignal | undefined): Promise<Manifest> {
  return withZip(path, signal, async (zip) => {
    const { manifest } = await readManifest(zip, signal)
    matchManifest(path, zip.entries, manifest)
    return manifest
  })
}

interface OpenArtifact {
  readonly zip: OpenZip
  /** Reads every entry, writes it where there is a target, and finds it to be what the manifest says. */
  readonly read: (signal: AbortSignal, target?: FolderTarget) => Promise<ReadArtifact>
}

interface ReadArtifact {
  readonly manifest: Manifest
  /** They end inside. */
  readonly links: readonly ArtifactLink[]
}

/** The threads end before the file is closed: its number may be that of another file at once. */
async function withArtifact<T>(
  path: string,
  signal: AbortSignal | undefined,
  options: ReadZipOptions,
  use: (artifact: OpenArtifact) => Promise<T>,
): Promise<T> {
  const { workers = defaultWorkers() } = options
  return withZipFile(path, signal, (readZip) =>
    withLanes({ threads: workers, signal }, async (lanes) => {
      // They start while the directory is read.
      for (const lane of lanes) lane.prepare('read')
      return use(openArtifact(await readZip(), lanes, options))
    }),
  )
}

function openArtifact(
  zip: OpenZip,
  lanes: readonly Lane[],
  { expected = {}, onProgress }: ReadZipOptions,
): OpenArtifact {
  checkPlaces(zip.path, zip.entries)
  const totals = totalsOf(zip)
  const tell = onProgress && ((progress: ReadProgress) => onProgress({ ...progress, ...totals }))
  const read = async (halt: AbortSignal, into?: FolderTarget): Promise<ReadArtifact> => {
    // At the same time: the manifest takes as long to read as a third of what it describes. It is read to its end
    // whatever is wrong with an entry, so that of two things that are wrong the same one is told each time.
    const [{ manifest, digests }, found] = await together(halt, [
      () => expectEntries(zip, expected, halt),
      (stop) => readEntries(zip, lanes, { into, signal: stop, onProgress: tell }),
    ])
    requireDigests(zip, digests, found.digests)
    checkLinks(zip.path, zip.entries, found.links)
    return { manifest, links: found.links }
  }
  return { zip, read }
}

/** The manifest, which agrees with the directory, and the digest that each extent must have. */
async function expectEntries(zip: OpenZip, expected: Expectations, signal: AbortSignal) {
  const { manifest, digest } = await readManifest(zip, signal)
  requireExpected(zip.path, 'content digest', expected.contentDigest, manifest.contentDigest)
  return { manifest, digests: digestsOf(zip, matchManifest(zip.path, zip.entries, manifest), digest) }
}

function requireDigests({ path, extents }: OpenZip, expected: Buffer, found: Buffer): void {
  if (found.equals(expected)) return
  const at = found.findIndex((byte, index) => byte !== expected[index])
  throw corrupt(path, extents[Math.floor(at / digestBytes)]?.entry.path ?? '', 'has other bytes')
}

function totalsOf({ entries }: OpenZip): ReadTotals {
  return { entryCount: entries.length, contentBytes: entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) }
}

async function readManifest(
  zip: OpenZip,
  signal: AbortSignal | undefined,
): Promise<{ readonly manifest: Manifest; readonly digest: Buffer }> {
  const { path } = zip
  const extent = zip.extents.find(({ entry }) => entry.path === manifestPath)
  if (extent === undefined) throw invalid(path, `it has no ${manifestPath}`)
  const { type, mode, sizeBytes } = extent.entry
  if (type !== 'file' || mode !== 0o644 || sizeBytes > maxManifestBytes) {
    throw invalid(path, `its ${manifestPath} is no file of mode 0644 and at most ${maxManifestBytes} bytes`)
  }
  const pieces: Buffer[] = []
  const digest = await zip.stream(extent, { signal, onPiece: (piece) => void pieces.push(piece) })
  const manifest = parseInside(path, Buffer.concat(pieces).toString())
  checkManifest(path, manifest)
  return { manifest, digest }
}

function parseInside(path: string, text: string): Manifest {
  try {
    return parseManifest(text, `${path}, ${manifestPath}`)
  } catch (error) {
    if (!isDeployError(error, coreErrors.INVALID_RECORD)) throw error
    throw invalid(path, error.message, error)
  }
}

/** The digest that each extent must have, in the order of the extents; zeros for folders. */
function digestsOf(
  { extents }: OpenZip,
  matched: readonly (ManifestEntry | undefined)[],
  manifestDigest: Buffer,
): Buffer {
  const digests = Buffer.alloc(extents.length * digestBytes)
  extents.forEach(({ entry, index }, place) => {
    const sha256 = matched[index]?.sha256
    if (entry.path === manifestPath) manifestDigest.copy(digests, place * digestBytes)
    else if (sha256 !== undefined) digests.write(sha256, place * digestBytes, 'hex')
  })
  return digests
}

interface ReadEntriesOptions {
  readonly into: FolderTarget | undefined
  readonly signal: AbortSignal
  readonly onProgress: ((progress: ReadProgress) => void) | undefined
}

interface FoundEntries {
  /** Of the content of each extent, one behind the other; zeros for folders. */
  readonly digests: Buffer
  readonly links: readonly ArtifactLink[]
}

/** Small entries in the lanes, and large ones one after the other here. */
async function readEntries(
  zip: OpenZip,
  lanes: readonly Lane[],
  { into, signal, onProgress }: ReadEntriesOptions,
): Promise<FoundEntries> {
  const { batches, large } = planReads(zip.extents)
  const cursor = sharedArray(Int32Array<SharedArrayBuffer>, 1)
  const digests = Buffer.from(new SharedArrayBuffer(zip.extents.length * digestBytes))
  const job: ReadJob = {
    path: zip.path,
    fd: zip.fd,
    directory: zip.directory.buffer,
    extents: shareExtents(zip.extents).buffer,
    digests: digests.buffer,
    batches: shareBatches(batches).buffer,
    cursor: cursor.buffer,
    into,
  }
  const inLane = (lane: Lane) => (halt: AbortSignal) => {
    // Nothing is left to take then.
    halt.addEventListener('abort', () => Atomics.store(cursor, 0, batches.length), { once: true })
    return lane.run('read', job, onProgress)
  }
  const links = await together(signal, [
    (halt) => readLarge(zip, large, digests, { into, signal: halt, onProgress }),
    ...lanes.map(inLane),
  ])
  return { digests, links: links.flat() }
}

async function readLarge(
  zip: OpenZip,
  large: readonly number[],
  digests: Buffer,
  { into, signal, onProgress }: ReadEntriesOptions,
): Promise<[]> {
  const writer = into && openFolderWriter(into)
  for (const index of large) {
    const extent = zip.extents[index] as ZipExtent
    const sink = writer?.openFile(extent.entry)
    try {
      const digest = await zip.stream(extent, { signal, onPiece: sink?.write })
      digest.copy(digests, index * digestBytes)
    } finally {
      await sink?.close()
    }
    onProgress?.({ entries: 1, bytes: extent.entry.sizeBytes })
  }
  return []
}

async function digestAsExpected(
  zip: OpenZip,
  expected: Expectations | undefined,
  signal: AbortSignal,
): Promise<string> {
  const sha256 = await zip.digest(signal)
  requireExpected(zip.path, 'sha256', expected?.sha256, sha256)
  return sha256
}

function shareBatches(batches: ReadPlan['batches']): Uint32Array<SharedArrayBuffer> {
  const shared = sharedArray(Uint32Array<SharedArrayBuffer>, batches.length * 2)
  shared.set(batches.flat())
  return shared
}

type Results<Tasks extends readonly ((halt: AbortSignal) => Promise<unknown>)[]> = {
  -readonly [K in keyof Tasks]: Awaited<ReturnType<Tasks[K]>>
}

/**
 * Runs tasks at the same time. A failure stops the others, and is thrown when all have ended: that of the task that comes
 * first, since one that was stopped throws the reason.
 */
async function together<const Tasks extends readonly ((halt: AbortSignal) => Promise<unknown>)[]>(
  signal: AbortSignal | undefined,
  tasks: Tasks,
): Promise<Results<Tasks>> {
  const controller = new AbortController()
  const halt = signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal])
  const settled = await Promise.allSettled(
    tasks.map((task) =>
      task(halt).catch((error: unknown) => {
        controller.abort(error)
        throw error
      }),
    ),
  )
  return settled.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  }) as Results<Tasks>
}
