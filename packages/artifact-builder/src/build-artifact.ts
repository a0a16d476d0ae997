import { resolve } from 'node:path'
import { manifestPath, systemClock, timestamp, type Artifact, type Manifest, type ManifestEntry } from '@fairlead/core'
import { checkBuildOptions, type CheckedBuildOptions } from './build-options.ts'
import { artifactErrors } from './errors.ts'
import { compressionLevel, entryTimeMs, progressIntervalMs } from './limits.ts'
import type { ArtifactEvent, BuildArtifactOptions, PlannedEntry, SecretAllowance, SecretFinding } from './model.ts'
import { compareBytes } from './plan/byte-order.ts'
import { chooses } from './plan/choose-entries.ts'
import { compareTree } from './plan/compare-tree.ts'
import { digestContent } from './plan/content-digest.ts'
import { judgeSecrets } from './plan/judge-secrets.ts'
import { sortFindings } from './plan/scan-secrets.ts'
import { dosTimeOf } from './plan/zip/records.ts'
import {
  closeEntryCache,
  isPackWhole,
  openEntryCache,
  packName,
  saveEntryCache,
  touchEntryCache,
  type EntryCache,
} from './ports/entry-cache.ts'
import { readConvertedIds } from './ports/git-tree.ts'
import { withLanes, type Lane } from './ports/lanes/pool.ts'
import { digestOpenFile, writeOutput, type OutputFile } from './ports/output-file.ts'
import {
  blobIdsOf,
  finishZip,
  indexEntries,
  manifestEntriesOf,
  packEntries,
  type PackedEntries,
  type ZipWork,
} from './ports/zip-engine.ts'
import { prepareBuild, type PreparedBuild } from './prepare-build.ts'
import { requireAppSpecScripts } from './require-app-spec.ts'

/** An event without its time. */
type Tell = (event: ArtifactEvent extends infer E ? (E extends ArtifactEvent ? Omit<E, 'at'> : never) : never) => void

/** What the steps of one build work with. */
interface Build extends CheckedBuildOptions {
  readonly prepared: PreparedBuild
  readonly lanes: readonly Lane[]
  readonly entryCache: EntryCache | undefined
  /** When the tree began to be read, on the system's clock, which file systems go by too. */
  readonly readFromMs: number
  readonly signal: AbortSignal | undefined
  readonly tell: Tell
}

/**
 * Builds one zip of the chosen files of a commit: the same bytes for the same files, whoever builds them when and where.
 *
 * Every file is read once, by worker threads that digest it, look through it for secrets and compress it. The artifact
 * gets its name when all of it is judged, written and synced.
 *
 * @throws UNKNOWN_OPTION, INVALID_OPTION, INVALID_RECORD (package.json), GIT_MISSING, GIT_FAILED
 * @throws ARTIFACT_ROOT_MISSING, ARTIFACT_ROOT_NOT_A_FOLDER, ARTIFACT_OUTPUT_INSIDE_ROOT, ARTIFACT_OUTPUT_NOT_A_FILE
 * @throws ARTIFACT_INCLUDE_UNMATCHED, ARTIFACT_ENTRY_REFUSED, ARTIFACT_APPSPEC_MISSING, APPSPEC_INVALID, ARTIFACT_HOOK_MISSING
 * @throws ARTIFACT_REPOSITORY_MISSING, ARTIFACT_COMMIT_MISSING, ARTIFACT_TREE_DIFFERS
 * @throws ARTIFACT_HOLDS_SECRETS, ARTIFACT_ALLOWANCE_STALE
 * @throws ARTIFACT_FILE_CHANGED, ARTIFACT_FILE_UNREADABLE, ARTIFACT_OUTPUT_UNWRITABLE
 */
export async function buildArtifact(options: BuildArtifactOptions): Promise<Artifact> {
  const checked = checkBuildOptions(options)
  const { signal, onEvent, clock = systemClock } = options
  const tell: Tell = (event) => onEvent?.({ ...event, at: timestamp(clock) })
  return withLanes({ threads: checked.workers, signal }, async (lanes) => {
    const readFromMs = Date.now()
    const prepared = await prepareBuild(checked, { lanes, signal })
    tell(planned(prepared))
    const entryCache = await openCache(checked, prepared)
    try {
      return await writeArtifact({ ...checked, prepared, lanes, entryCache, readFromMs, signal, tell })
    } finally {
      if (entryCache) await closeEntryCache(entryCache)
    }
  })
}

async function openCache(
  { cache }: CheckedBuildOptions,
  { application, tree }: PreparedBuild,
): Promise<EntryCache | undefined> {
  if (cache === undefined) return undefined
  const objectFormat = objectFormatOf(tree.commit)
  return openEntryCache(resolve(cache), { application, level: compressionLevel, objectFormat })
}

async function writeArtifact(build: Build): Promise<Artifact> {
  const { prepared, signal, tell } = build
  const { output, application, tree } = prepared
  const { zip, facts } = await writeOutput(output, {
    onLeftover: (path) => tell({ type: 'artifact.leftover-removed', summary: `removed ${path}`, path }),
    write: (file) => writeZip(build, file),
    check: async (file, zip) => ({ zip, facts: await digestOpenFile(file, signal) }),
  })
  const artifact: Artifact = {
    schema: 'fairlead/artifact/1',
    path: output,
    application,
    commit: tree.commit,
    ...{ sha256: facts.sha256, contentDigest: zip.manifest.contentDigest, sizeBytes: facts.sizeBytes },
    entryCount: zip.manifest.entries.length,
  }
  if (build.entryCache) await keepForNextBuild(build.entryCache, zip.packed, { artifact, ...build })
  tell(written(artifact))
  return artifact
}

interface WrittenZip {
  readonly packed: PackedEntries
  readonly manifest: Manifest
}

/** Writes the zip into an open file and judges what goes in. */
async function writeZip(build: Build, file: OutputFile): Promise<WrittenZip> {
  const { prepared, lanes, allow } = build
  const { application, plan, tree } = prepared
  const { commit } = tree
  const packed = await packWithCache(build, file)
  const entries = manifestEntriesOf(plan.entries, packed)
  requireNoSecrets(build, packed.findings)
  await requireCommittedTree(build, packed)
  await requireHooks(build, entries)
  const manifest = makeManifest({ application, commit, entries, allow })
  const last = { path: manifestPath, bytes: encodeManifest(manifest) }
  await finishZip(lanes, packed, { fd: file.fd, dosTime: dosTimeOf(entryTimeMs), last })
  return { packed, manifest }
}

/** Packs with what an earlier build has left; where that turns out to be damaged, once more without it. */
async function packWithCache(build: Build, file: OutputFile): Promise<PackedEntries> {
  const { entryCache: cache, signal, tell } = build
  if (cache?.ignored !== undefined) tell(cacheIgnored(cache, cache.ignored))
  if (cache?.kept === undefined) return pack(build, file.fd)
  const { index, pack: keptPack } = cache.kept
  const [isWhole, packed] = await Promise.all([
    isPackWhole(cache.kept, signal),
    pack(build, file.fd, { index, fd: keptPack.fd }),
  ])
  if (isWhole) return packed
  tell(cacheIgnored(cache, 'its pack is damaged'))
  await file.truncate(0)
  return pack(build, file.fd)
}

async function pack(build: Build, fd: number, kept?: ZipWork['kept']): Promise<PackedEntries> {
  const { root, plan, tree } = build.prepared
  const tracked = new Set(tree.entries.map(({ path }) => path))
  return packEntries(build.lanes, {
    ...{ root, fd, kept, entries: plan.entries, level: compressionLevel, dosTime: dosTimeOf(entryTimeMs) },
    isTracked: (path) => tracked.has(path),
    objectFormat: objectFormatOf(tree.commit),
    onProgress: tellProgress(build),
  })
}

function objectFormatOf(commit: string): 'sha1' | 'sha256' {
  return commit.length === 64 ? 'sha256' : 'sha1'
}

async function keepForNextBuild(
  cache: EntryCache,
  packed: PackedEntries,
  { artifact, readFromMs, maxCacheBytes, tell }: Build & { readonly artifact: Artifact },
): Promise<void> {
  const { sha256: packSha256, sizeBytes: packBytes, path } = artifact
  const { compressed, 'same-content': sameContent } = packed.originCounts
  tell(cacheUsed(cache, packed.originCounts))
  const isKept = cache.kept?.index.packSha256 === packSha256 && compressed + sameContent === 0
  if (isKept) return touchEntryCache(cache)
  if (packBytes > maxCacheBytes) return
  const facts = { key: cache.key, pack: packName(cache.slot, packSha256), packBytes, packSha256, readFromMs }
  await saveEntryCache(cache, { artifact: path, index: indexEntries(packed, facts), maxBytes: maxCacheBytes })
}

function cacheUsed({ folder }: EntryCache, counts: PackedEntries['originCounts']) {
  const { unchanged: unchangedCount, 'same-content': sameContentCount, compressed: compressedCount } = counts
  const summary = `of the cache: ${unchangedCount} files unchanged, ${sameContentCount} with the same content; compressed: ${compressedCount}`
  return { type: 'artifact.cache-used' as const, summary, folder, unchangedCount, sameContentCount, compressedCount }
}

function cacheIgnored({ folder }: EntryCache, reason: string) {
  const summary = `built without the cache in ${folder}: ${reason}`
  return { type: 'artifact.cache-ignored' as const, summary, folder, reason }
}

function planned({ application, tree: { commit }, plan: { entries } }: PreparedBuild) {
  const contentBytes = bytesOf(entries)
  return {
    type: 'artifact.planned' as const,
    summary: `${application} at ${commit.slice(0, 12)}: ${entries.length} entries, ${contentBytes} bytes`,
    ...{ application, commit, entryCount: entries.length, contentBytes },
  }
}

function bytesOf(entries: PreparedBuild['plan']['entries']): number {
  return entries.reduce((sum, entry) => sum + sizeOf(entry), 0)
}

function sizeOf(entry: PlannedEntry): number {
  if (entry.type === 'directory') return 0
  return entry.type === 'file' ? entry.sizeBytes : Buffer.byteLength(entry.target)
}

function written({ path, entryCount, sizeBytes, sha256 }: Artifact) {
  const summary = `wrote ${path}: ${entryCount} entries, ${sizeBytes} bytes, sha256 ${sha256}`
  return { type: 'artifact.written' as const, summary, path, sizeBytes, sha256 }
}

/** Adds up what the lanes say is done, and tells it now and then, and at the end. */
function tellProgress({ prepared, tell }: Build) {
  const { entries } = prepared.plan
  const entryCount = entries.length
  const contentBytes = bytesOf(entries)
  let entriesDone = 0
  let bytesDone = 0
  let toldAtMs = Number.NEGATIVE_INFINITY
  return (done: { readonly entries: number; readonly bytes: number }) => {
    entriesDone += done.entries
    bytesDone += done.bytes
    const nowMs = performance.now()
    if (nowMs - toldAtMs < progressIntervalMs && entriesDone < entryCount) return
    toldAtMs = nowMs
    const summary = `packed ${entriesDone} of ${entryCount} entries, ${bytesDone} of ${contentBytes} bytes`
    tell({ type: 'artifact.progress', summary, entriesDone, entryCount, bytesDone, contentBytes })
  }
}

/** @throws ARTIFACT_HOLDS_SECRETS, ARTIFACT_ALLOWANCE_STALE */
function requireNoSecrets({ prepared: { root }, allow, tell }: Build, findings: readonly SecretFinding[]): void {
  const { refused, stale, allowed } = judgeSecrets(sortFindings(findings), allow)
  if (refused.length > 0) throw artifactErrors.ARTIFACT_HOLDS_SECRETS({ root, findings: refused })
  if (stale.length > 0) {
    const allowances = stale.map(({ path, rule }) => ({ path, rule }))
    throw artifactErrors.ARTIFACT_ALLOWANCE_STALE({ root, allowances })
  }
  for (const { path, line, rule, reason } of allowed) {
    const summary = `allowed ${path}:${line} (${rule}): ${reason}`
    tell({ type: 'artifact.secret-allowed', summary, path, line, rule, reason })
  }
}

/** @throws ARTIFACT_TREE_DIFFERS */
async function requireCommittedTree({ prepared, signal }: Build, packed: PackedEntries): Promise<void> {
  const { root, selection, plan, tree } = prepared
  const plain = blobIdsOf(plan.entries, packed)
  const compare = (idOf: (path: string) => string | undefined) =>
    compareTree({
      entries: plan.entries,
      committed: tree.entries,
      indexed: tree.indexed,
      unknownSubmodules: tree.unknownSubmodules,
      chooses: (path) => chooses(selection, path),
      idOf,
    })
  const differing = new Set(
    compare((path) => plain.get(path))
      .filter(({ difference }) => difference === 'content')
      .map(({ path }) => path),
  )
  // Links have no conversions, and git would follow them.
  const files = plan.entries.filter(({ path, type }) => type === 'file' && differing.has(path)).map(({ path }) => path)
  const converted = await readConvertedIds(root, files, signal)
  const differences = compare((path) => converted.get(path) ?? plain.get(path))
  if (differences.length > 0) {
    throw artifactErrors.ARTIFACT_TREE_DIFFERS({ root, commit: tree.commit, files: differences })
  }
}

/** @throws APPSPEC_INVALID, ARTIFACT_HOOK_MISSING, ARTIFACT_FILE_CHANGED */
async function requireHooks({ prepared, requireAppSpec }: Build, entries: readonly ManifestEntry[]): Promise<void> {
  if (requireAppSpec) await requireAppSpecScripts(prepared.root, prepared.plan.entries, entries)
}

function makeManifest(facts: {
  readonly application: string
  readonly commit: string
  readonly entries: readonly ManifestEntry[]
  readonly allow: readonly SecretAllowance[]
}): Manifest {
  const { application, commit, entries, allow } = facts
  return {
    schema: 'fairlead/manifest/1',
    application,
    commit,
    contentDigest: digestContent(entries),
    entries: [...entries],
    allowances: [...allow]
      .map(({ path, rule, reason }) => ({ path, rule, reason }))
      .sort((a, b) => compareBytes(a.path, b.path) || compareBytes(a.rule, b.rule) || compareBytes(a.reason, b.reason)),
  }
}

/** A line for each entry: a person can read it, and two manifests can be compared by any tool. */
function encodeManifest({ entries, allowances, ...facts }: Manifest): Buffer {
  const head = JSON.stringify({ ...facts, allowances }).slice(0, -1)
  const lines = entries.map((entry) => JSON.stringify(entry)).join(',\n')
  return Buffer.from(`${head},"entries":[\n${lines}\n]}\n`)
}
