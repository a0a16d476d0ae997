import { randomBytes, type KeyObject } from 'node:crypto'
import { constants } from 'node:fs'
import { copyFile, link, mkdir, open, readdir, rename, rm, stat, utimes, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeployError } from '@fairlead/core'
import { artifactErrors } from '../errors.ts'
import { cacheLeftoverMs, maxIndexBytes, pieceBytes } from '../limits.ts'
import { cacheDigest, decodeCacheIndex, encodeCacheIndex, type CacheIndex } from '../plan/cache-index.ts'
import { kernelVersion } from '../plan/kernel/kernel.ts'
import { secretRuleSetVersion } from '../plan/secrets/rule-set-version.ts'
import type { Lane } from './lanes/pool.ts'
import { sharedArray } from './lanes/shared-entries.ts'
import { copyAndDigest, type DigestedFile, type OutputFile } from './output-file.ts'
import { codeOf } from './path-failure.ts'

/** The cache of one application's entries: an index, and beside it the zip that was built last, as its pack. */
export interface EntryCache {
  readonly folder: string
  readonly key: string
  /** What signs the index. */
  readonly cacheKey: KeyObject | undefined
  /** Names of the files of this cache begin with it. */
  readonly slot: string
  /** What was kept; `undefined` at first, and where it was of no use. */
  readonly kept: KeptEntries | undefined
  /** Why what was kept is of no use. */
  readonly ignored: string | undefined
}

export interface KeptEntries {
  readonly index: CacheIndex
  /** Open until {@link closeEntryCache}: another build may replace its name meanwhile. */
  readonly pack: FileHandle
}

/**
 * Opens the cache of an application in a folder, which need not be there. What is damaged, foreign or of another
 * compressor is of no use and no error: the build goes on without it.
 *
 * @throws ARTIFACT_CACHE_UNUSABLE
 */
export async function openEntryCache(
  folder: string,
  options: {
    readonly application: string
    readonly tries: number
    readonly objectFormat: string
    readonly cacheKey: KeyObject | undefined
  },
): Promise<EntryCache> {
  const { application, cacheKey } = options
  const key = contentKey(options)
  // What is signed has a slot of its own: builds with a key and without one do not undo each other's work.
  const slot = cacheDigest(cacheKey).update(`${key}\n${application}`).digest('hex').slice(0, 24)
  const cache = { folder, key, cacheKey, slot }
  try {
    const index = await readIndex(join(folder, `${slot}.index`), cacheKey)
    if (index === undefined) return { ...cache, kept: undefined, ignored: undefined }
    if (index === 'damaged') return { ...cache, kept: undefined, ignored: damaged(cacheKey) }
    if (index.key !== key) return { ...cache, kept: undefined, ignored: 'it is of another compressor or other rules' }
    const pack = await openPack(folder, index)
    if (typeof pack === 'string') return { ...cache, kept: undefined, ignored: pack }
    return { ...cache, kept: { index, pack }, ignored: undefined }
  } catch (error) {
    throw unusable(folder, error)
  }
}

/**
 * Makes the folder of a cache where it is missing; not before the tree is listed, in which it may lie.
 *
 * @throws ARTIFACT_CACHE_UNUSABLE
 */
export async function makeCacheFolder({ folder }: EntryCache): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (error) {
    throw unusable(folder, error)
  }
}

export async function closeEntryCache({ kept }: EntryCache): Promise<void> {
  await kept?.pack.close()
}

function damaged(cacheKey: KeyObject | undefined): string {
  return cacheKey === undefined ? 'its index is damaged' : 'its index is damaged, or was written without the key'
}

/** What makes cached entries worthless when it changes. */
function contentKey({ tries, objectFormat }: { readonly tries: number; readonly objectFormat: string }): string {
  return JSON.stringify({ compressor: kernelVersion, tries, pieceBytes, objectFormat, rules: secretRuleSetVersion })
}

async function readIndex(path: string, cacheKey: KeyObject | undefined): Promise<CacheIndex | 'damaged' | undefined> {
  const opened = await openCacheFile(path)
  if (opened === undefined || opened === 'no file') return opened && 'damaged'
  const { file, sizeBytes } = opened
  try {
    if (sizeBytes > maxIndexBytes) return 'damaged'
    const bytes = sharedArray(Uint8Array, sizeBytes)
    for (let done = 0; done < bytes.length;) {
      const { bytesRead } = await file.read(bytes, done, bytes.length - done, done)
      if (bytesRead === 0) return 'damaged'
      done += bytesRead
    }
    return decodeCacheIndex(bytes, cacheKey) ?? 'damaged'
  } finally {
    await file.close()
  }
}

async function openPack(folder: string, { pack, packBytes }: CacheIndex): Promise<FileHandle | string> {
  if (!/^[0-9a-f]+-[0-9a-f]+\.pack$/.test(pack)) return 'its index names no pack'
  const opened = await openCacheFile(join(folder, pack))
  if (opened === undefined) return 'its pack is missing'
  if (opened === 'no file') return 'its pack is no file'
  if (opened.sizeBytes === packBytes) return opened.file
  await opened.file.close()
  return 'its pack has another size'
}

/** What others put into the folder must not hold a build up: no pipe is waited for, and no link followed. */
async function openCacheFile(
  path: string,
): Promise<{ readonly file: FileHandle; readonly sizeBytes: number } | 'no file' | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const facts = await file.stat().catch(async (error: unknown) => {
      await file.close()
      throw error
    })
    if (facts.isFile()) return { file, sizeBytes: facts.size }
    await file.close()
    return 'no file'
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    if (['ELOOP', 'ENXIO'].includes(codeOf(error))) return 'no file'
    throw error
  }
}

/** Whether a pack still has the bytes that its index was made for. Looked at in a lane. */
export async function isPackWhole({ index, pack }: KeptEntries, lane: Lane): Promise<boolean> {
  return (await lane.run('digest', { fd: pack.fd, sizeBytes: index.packBytes })) === index.packSha256
}

/**
 * Copies the pack into an empty file, and answers the digest of what it wrote; `undefined` where that is not the pack's.
 *
 * @throws what the system says
 */
export async function copyPack(
  { index, pack }: KeptEntries,
  to: OutputFile,
  signal: AbortSignal | undefined,
): Promise<DigestedFile | undefined> {
  const copied = await copyAndDigest(pack, to, signal)
  return copied.sha256 === index.packSha256 ? copied : undefined
}

/**
 * Keeps a zip and its index for the next build, in place of what was kept before, and removes what has been used least
 * where the folder holds more than it may. Each file is whole before it has its name, and a build that has the files
 * before open goes on with them.
 *
 * @throws ARTIFACT_CACHE_UNUSABLE
 */
export async function saveEntryCache(
  { folder, slot, cacheKey }: EntryCache,
  options: { readonly artifact: string; readonly index: CacheIndex; readonly maxBytes: number },
): Promise<void> {
  const { artifact, index, maxBytes } = options
  try {
    await placePack(artifact, folder, index.pack)
    await writeFile(folder, `${slot}.index`, encodeCacheIndex(index, cacheKey))
    await sweep(folder, { slot, pack: index.pack, maxBytes })
  } catch (error) {
    throw unusable(folder, error)
  }
}

/**
 * Says that what is kept was used: what has not been used for longest goes first.
 *
 * @throws ARTIFACT_CACHE_UNUSABLE
 */
export async function touchEntryCache({ folder, slot }: EntryCache): Promise<void> {
  const now = new Date()
  await utimes(join(folder, `${slot}.index`), now, now).catch((error: unknown) => {
    // Another build may have removed it: nothing is left to be kept.
    if (codeOf(error) !== 'ENOENT') throw unusable(folder, error)
  })
}

/** The name of the pack of a zip. */
export function packName(slot: string, sha256: string): string {
  return `${slot}-${sha256.slice(0, 24)}.pack`
}

/** A second name of the artifact costs nothing; on another disk it is copied. */
async function placePack(artifact: string, folder: string, name: string): Promise<void> {
  const temporary = temporaryName(folder, name)
  try {
    await link(artifact, temporary).catch((error: unknown) => {
      if (!['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP'].includes(codeOf(error))) throw error
      return copyFile(artifact, temporary)
    })
    await rename(temporary, join(folder, name))
  } finally {
    await rm(temporary, { force: true })
  }
}

/** Not synced: what a power cut damages is found out by its digest, and built again. */
async function writeFile(folder: string, name: string, parts: readonly Buffer[]): Promise<void> {
  const temporary = temporaryName(folder, name)
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      for (const part of parts) await file.appendFile(part)
    } finally {
      await file.close()
    }
    await rename(temporary, join(folder, name))
  } finally {
    await rm(temporary, { force: true })
  }
}

function temporaryName(folder: string, name: string): string {
  return join(folder, `${name}.${randomBytes(6).toString('hex')}.tmp`)
}

interface CacheFile {
  readonly name: string
  readonly bytes: number
  readonly usedMs: number
}

/** Removes what a killed build left, packs that no index names any more, and the slots that were used least. */
async function sweep(
  folder: string,
  { slot, pack, maxBytes }: { readonly slot: string; readonly pack: string; readonly maxBytes: number },
): Promise<void> {
  const files = await cacheFiles(folder)
  const now = Date.now()
  for (const { name, usedMs } of files) {
    const isLeftover = name.endsWith('.tmp') && now - usedMs > cacheLeftoverMs
    const isReplaced = name.startsWith(`${slot}-`) && name.endsWith('.pack') && name !== pack
    if (isLeftover || isReplaced) await rm(join(folder, name), { force: true })
  }
  let total = files.reduce((sum, { bytes }) => sum + bytes, 0)
  const others = files
    .filter(({ name }) => name.endsWith('.index') && name !== `${slot}.index`)
    .sort((a, b) => a.usedMs - b.usedMs)
  for (const { name } of others) {
    if (total <= maxBytes) break
    const ofSlot = files.filter((file) => file.name.startsWith(name.slice(0, -'.index'.length)))
    for (const file of ofSlot) await rm(join(folder, file.name), { force: true })
    total -= ofSlot.reduce((sum, { bytes }) => sum + bytes, 0)
  }
}

/** The files of caches in a folder; whatever else lies there is not ours. */
async function cacheFiles(folder: string): Promise<readonly CacheFile[]> {
  const names = (await readdir(folder)).filter((name) =>
    /^[0-9a-f]{24}(?:-[0-9a-f]{24}\.pack|\.index)(?:\.[0-9a-f]{12}\.tmp)?$/.test(name),
  )
  const files: CacheFile[] = []
  for (const name of names) {
    // Another build may be sweeping too.
    const facts = await stat(join(folder, name)).catch(() => undefined)
    if (facts) files.push({ name, bytes: facts.size, usedMs: facts.mtimeMs })
  }
  return files
}

function unusable(folder: string, error: unknown): unknown {
  if (isDeployError(error)) return error
  return artifactErrors.ARTIFACT_CACHE_UNUSABLE({ folder, reason: codeOf(error) }, { cause: error })
}
