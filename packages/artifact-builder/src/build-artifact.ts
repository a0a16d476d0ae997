import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { isDeployError, manifestPath, systemClock, timestamp, type Artifact } from '@fairlead/core'
import { checkBuildOptions, type CheckedBuildOptions } from './build-options.ts'
import { artifactErrors } from './errors.ts'
import { manifestPieceBytes, progressIntervalMs, streamPieceBytes, triesForMatch } from './limits.ts'
import type { ArtifactEvent, BuildArtifactOptions, PlannedEntry, SecretFinding } from './model.ts'
import { buildWarnings } from './plan/build-warnings.ts'
import { compareBytes } from './plan/byte-order.ts'
import type { CacheIndex, KeptArtifact } from './plan/cache-index.ts'
import { chooses, eachPlanned } from './plan/choose-entries.ts'
import { compareTree } from './plan/compare-tree.ts'
import { digestSorted } from './plan/content-digest.ts'
import { encodeManifest, manifestHead, type ManifestFacts } from './plan/encode-manifest.ts'
import { eachEntry, type ManifestEntries } from './plan/entry-texts.ts'
import { judgeSecrets } from './plan/judge-secrets.ts'
import type { KeptChoice } from './plan/kept-choice.ts'
import { sortFindings } from './plan/scan-secrets.ts'
import { isListingSettled } from './plan/tree-listing.ts'
import { dosTimeOf } from './plan/zip/records.ts'
import type { ArchiveMember } from './ports/archiver-writer.ts'
import { deflateLines, deflateText } from './ports/deflate-manifest.ts'
import {
  closeEntryCache,
  copyPack,
  isPackWhole,
  makeCacheFolder,
  openEntryCache,
  packName,
  saveEntryCache,
  touchEntryCache,
  type EntryCache,
} from './ports/entry-cache.ts'
import { readConvertedIds } from './ports/git-tree.ts'
import { withLanes, type Lane } from './ports/lanes/pool.ts'
import { startFileDigest, writeOutput, type FileDigest, type OutputFile } from './ports/output-file.ts'
import { readPlannedFile } from './ports/tree.ts'
import {
  blobIdsOf,
  entriesLike,
  finishZip,
  indexEntries,
  manifestEntriesOf,
  packEntries,
  type IndexedEntries,
  type PackedEntries,
} from './ports/zip-engine.ts'
import {
  fingerprintInputs,
  prepareBuild,
  startGathering,
  type BuildInputs,
  type Gathering,
  type PreparedBuild,
} from './prepare-build.ts'
import { requireSameBytes } from './require-app-spec.ts'
import { verifiedEvent } from './verify-artifact.ts'
import { verifyTar } from './verify-tar.ts'
import { verifyZip } from './verify-zip.ts'
import { waitForBoth } from './wait-for-both.ts'

/** An event without its time. */
type Told = ArtifactEvent extends infer E ? (E extends ArtifactEvent ? Omit<E, 'at'> : never) : never
type Tell = (event: Told) => void

/** What the steps of one build work with. */
interface Build extends CheckedBuildOptions {
  readonly prepared: PreparedBuild
  readonly lanes: readonly Lane[]
  readonly entryCache: EntryCache | undefined
  /** Whether what was kept in the cache is of use. */
  readonly isKeptWhole: Promise<boolean>
  /** Of all that the artifact depends on; `undefined` where that is not known, or not asked. */
  readonly fingerprint: string | undefined
  /** When the tree began to be read, on the system's clock, which file systems go by too. */
  readonly readFromMs: number
  readonly signal: AbortSignal | undefined
  readonly tell: Tell
  /** What was told so far of what goes in. */
  readonly told: readonly Told[]
}

/**
 * Builds one zip of the chosen files of a commit: the same bytes for the same files, whoever builds them when and where.
 *
 * Files are read once, by worker threads that digest them, look through them for secrets and compress them; those over
 * 4 MiB twice, once in pieces. The artifact gets its name when all of it is judged, written and synced.
 *
 * @throws UNKNOWN_OPTION, INVALID_OPTION, INVALID_RECORD (package.json), GIT_MISSING, GIT_FAILED
 * @throws ARTIFACT_ROOT_MISSING, ARTIFACT_ROOT_NOT_A_FOLDER, ARTIFACT_OUTPUT_INSIDE_ROOT, ARTIFACT_OUTPUT_NOT_A_FILE
 * @throws ARTIFACT_CACHE_INSIDE_ROOT, ARTIFACT_CACHE_UNUSABLE
 * @throws ARTIFACT_INCLUDE_UNMATCHED, ARTIFACT_ENTRY_REFUSED
 * @throws ARTIFACT_NPM_LOCK_MISSING, ARTIFACT_NPM_WORKSPACE_MISSING, ARTIFACT_NPM_PACKAGE_MISSING
 * @throws ARTIFACT_APPSPEC_MISSING, APPSPEC_INVALID, ARTIFACT_HOOK_MISSING, ARTIFACT_APPSPEC_REFUSED
 * @throws ARTIFACT_REPOSITORY_MISSING, ARTIFACT_COMMIT_MISSING, ARTIFACT_TREE_DIFFERS
 * @throws ARTIFACT_HOLDS_SECRETS, ARTIFACT_ALLOWANCE_STALE
 * @throws ARTIFACT_FILE_CHANGED, ARTIFACT_FILE_UNREADABLE, ARTIFACT_OUTPUT_UNWRITABLE, ARTIFACT_ENGINE_FAILED
 * @throws ARTIFACT_INVALID, ARTIFACT_CORRUPT (with verify)
 */
export async function buildArtifact(options: BuildArtifactOptions): Promise<Artifact> {
  const checked = checkBuildOptions(options)
  const { signal, onEvent, clock = systemClock } = options
  const tell: Tell = (event) => onEvent?.({ ...event, at: timestamp(clock) })
  let entryCache: EntryCache | undefined
  try {
    return await withLanes({ threads: checked.workers, signal }, async (lanes, lanesForShortJobs) => {
      const readFromMs = Date.now()
      for (const lane of lanesForShortJobs) lane.prepare('list')
      // With a cache there may be nothing to pack.
      if (checked.cache === undefined) prepareLanes(lanes.filter((lane) => !lanesForShortJobs.includes(lane)))
      const gathering = await startGathering(checked, { lanes: lanesForShortJobs, signal })
      const opening = openCache(checked, gathering).then((opened) => (entryCache = opened))
      const [inputs] = await waitForBoth(gathering.inputs, opening)
      if (entryCache) await makeCacheFolder(entryCache)
      const fingerprint = entryCache && fingerprintInputs(inputs, checked)
      const means = { ...checked, lanes, entryCache, fingerprint, readFromMs, signal, tell }
      return (await writeKept(inputs, means)) ?? (await writeAnew(inputs, means))
    })
  } finally {
    // Not before the lanes are gone: of a build that was refused, one may still be reading the pack.
    if (entryCache) await closeEntryCache(entryCache)
  }
}

function keptChoice(cache: EntryCache | undefined): KeptChoice | undefined {
  const index = cache?.kept?.index
  return index?.choice && { ...index.choice, rows: index.rows }
}

async function openCache(
  { cache, cacheKey }: CheckedBuildOptions,
  { application, tree }: Gathering,
): Promise<EntryCache | undefined> {
  if (cache === undefined) return undefined
  const objectFormat = objectFormatOf((await tree).commit)
  return openEntryCache(resolve(cache), { application, tries: triesForMatch, objectFormat, cacheKey })
}

/** What is told of what goes in, whether it was packed anew or not. */
const keptEvents: ReadonlySet<string> = new Set(['artifact.planned', 'artifact.warned', 'artifact.secret-allowed'])

/** To start one thread takes as long as to list a small tree, and only the caller's can do what comes before they pack. */
function prepareLanes(lanes: readonly Lane[]): void {
  for (const lane of lanes) lane.prepare('build')
}

/** Decides, packs and judges. What is told of the artifact is kept with it. */
async function writeAnew(
  inputs: BuildInputs,
  means: Omit<Build, 'prepared' | 'told' | 'isKeptWhole'>,
): Promise<Artifact> {
  const told: Told[] = []
  const tellAndKeep: Tell = (event) => {
    if (keptEvents.has(event.type)) told.push(event)
    means.tell(event)
  }
  const { entryCache: cache } = means
  if (cache?.ignored !== undefined) means.tell(cacheIgnored(cache, cache.ignored))
  // First: whatever the lanes pack waits for it.
  const isWhole = isKeptWhole(means)
  prepareLanes(means.lanes)
  // Looked at where it is needed; a build that is refused before needs it no more.
  isWhole.catch(() => undefined)
  const prepared = await prepareBuild(inputs, means, { kept: keptChoice(means.entryCache), signal: means.signal })
  tellAndKeep(planned(prepared))
  return writeArtifact({ ...means, tell: tellAndKeep, told, prepared, isKeptWhole: isWhole })
}

/** A lane looks at what an earlier build has left, since the lanes have nothing to do before all is chosen. */
async function isKeptWhole({ entryCache: cache, lanes, tell }: Pick<Build, 'entryCache' | 'lanes' | 'tell'>) {
  if (cache?.kept === undefined) return false
  const isWhole = await isPackWhole(cache.kept, lanes.at(-1) as Lane)
  if (!isWhole) tell(cacheIgnored(cache, 'its pack is damaged'))
  return isWhole
}

/**
 * Where nothing has changed that the artifact depends on, it is the one that was kept: it is copied, and its digest
 * compared. `undefined`: something has, or the copy is not what it should be.
 */
async function writeKept(
  inputs: BuildInputs,
  {
    entryCache,
    fingerprint,
    verify,
    format,
    tell,
    signal,
    ...options
  }: Omit<Build, 'prepared' | 'told' | 'isKeptWhole'>,
): Promise<Artifact | undefined> {
  const { kept } = entryCache ?? {}
  const whole = kept?.index.whole
  if (!entryCache || !kept || !whole || verify || whole.fingerprint !== fingerprint) return undefined
  const output = resolve(options.output)
  try {
    const { sizeBytes } = await writeOutput(output, {
      onLeftover: (path) => tell({ type: 'artifact.leftover-removed', summary: `removed ${path}`, path }),
      write: async (file) => {
        const copied = await copyPack(kept, file, signal)
        if (copied === undefined) throw new UselessPack()
        return copied
      },
      check: ({ written }) => Promise.resolve(written),
    })
    for (const event of whole.events) tell(event as unknown as Told)
    tell(progress({ entriesDone: whole.entryCount, bytesDone: whole.contentBytes, ...whole }))
    tell(cacheUsed(entryCache, { unchanged: whole.fileCount, 'same-content': 0, compressed: 0 }))
    await tellIfUnusable(entryCache, tell, () => touchEntryCache(entryCache))
    const artifact: Artifact = {
      schema: 'fairlead/artifact/1',
      path: output,
      format,
      application: inputs.application,
      commit: inputs.tree.commit,
      ...{ sha256: kept.index.packSha256, contentDigest: whole.contentDigest, sizeBytes, entryCount: whole.entryCount },
    }
    tell(writtenEvent(artifact))
    return artifact
  } catch (error) {
    // The build that follows finds out itself what there is to be told of it.
    if (error instanceof UselessPack) return undefined
    throw error
  }
}

/** The pack is damaged. */
class UselessPack extends Error {}

async function writeArtifact(build: Build): Promise<Artifact> {
  const { prepared, format, verify, entryCache, signal, tell } = build
  const { output, application, tree, plan } = prepared
  const artifact = await writeOutput<Written, Artifact>(output, {
    onLeftover: (path) => tell({ type: 'artifact.leftover-removed', summary: `removed ${path}`, path }),
    write: (file) => (build.engine === 'native' ? writeNatively(build, file) : writeByArchiver(build, file)),
    // All of it while the file goes to disk.
    check: async ({ path, written }) => {
      if (verify) await requireAsWritten(build, path, written)
      const { sha256, sizeBytes } = await written.digest.finish(signal)
      const artifact: Artifact = {
        schema: 'fairlead/artifact/1',
        path: output,
        format,
        application,
        commit: tree.commit,
        ...{ sha256, contentDigest: written.facts.contentDigest, sizeBytes },
        entryCount: plan.entries.length,
      }
      if (entryCache) await keepForNextBuild(entryCache, written, { ...build, artifact, path })
      return artifact
    },
  })
  tell(writtenEvent(artifact))
  return artifact
}

/** What was packed, and what its manifest says of it. */
interface Written {
  readonly packed: PackedEntries
  readonly facts: ManifestFacts
  readonly entries: ManifestEntries
  /** Of the output. */
  readonly digest: FileDigest
  /** For the next build, where there is a cache. */
  readonly indexed?: IndexedEntries | undefined
}

/** Writes the zip into an open file while its entries are read and judged. */
async function writeNatively(build: Build, file: OutputFile): Promise<Written> {
  const { lanes, prepared } = build
  const { fd } = file.handle
  const digest = startFileDigest(file.handle)
  const packed = await pack(build, fd, (end) => {
    digest.follow(end)
    file.reached(end)
  })
  // The lanes make the manifest, and the caller's thread all else that is known now.
  const manifest = deflateManifest(build, packed)
  // Where both fail, it is the verdict that is told.
  const [{ entries, indexed }, { facts, text }] = await waitForBoth(judgeAndIndex(build, packed), manifest)
  await finishZip(lanes, packed, { fd, dosTime: dosTimeOf(prepared.timeMs), last: text })
  for (const lane of lanes) lane.end()
  return { packed, facts, entries, digest, indexed }
}

async function judgeAndIndex(build: Build, packed: PackedEntries) {
  const entries = await judge(build, packed)
  if (build.entryCache === undefined) return { entries }
  const { choiceFingerprint, rows } = build.prepared
  const indexed = indexEntries(packed, {
    readFromMs: build.readFromMs,
    rows: choiceFingerprint === undefined ? undefined : rows,
  })
  return { entries, indexed }
}

async function deflateManifest(build: Build, packed: PackedEntries) {
  const { contentDigest, pieces } = await deflateLines(build.lanes, packed)
  const facts = makeFacts(build, contentDigest)
  const text = await deflateText(build.lanes[0] as Lane, manifestHead(facts, packed.entries.count), pieces)
  return { facts, text }
}

/** Reads and judges the entries first, then reads them again for archiver, which takes one after the other. */
async function writeByArchiver(build: Build, file: OutputFile): Promise<Written> {
  const packed = await pack(build, undefined, () => undefined)
  const entries = await judge(build, packed)
  const facts = makeFacts(build, digestSorted(entries))
  const written = { packed, facts, entries, digest: startFileDigest(file.handle) }
  const { writeWithArchiver } = await import('./ports/archiver-writer.ts')
  await writeWithArchiver(file.handle, archiveMembers(build.prepared, written), {
    format: build.format,
    memberCount: build.prepared.plan.entries.length + 1,
    signal: build.signal,
  })
  return written
}

/** What goes into an archive, the manifest last. The bytes of each file must be those that were judged. */
async function* archiveMembers(
  { root, plan, timeMs }: PreparedBuild,
  { packed, facts, entries }: Written,
): AsyncGenerator<ArchiveMember, void, undefined> {
  let index = 0
  for (const { path, type, sizeBytes, sha256 } of eachEntry(entries)) {
    const planned = plan.entries.at(index++) as PlannedEntry
    const mode = Number.parseInt(planned.mode, 8)
    const content =
      planned.type === 'file'
        ? await contentOnceMore(root, planned, sha256)
        : Buffer.from(planned.type === 'symlink' ? planned.target : '')
    yield { path, type, mode, timeMs, sizeBytes, content }
  }
  const columns = { ...packed.entries, ...packed.results }
  const options = { entryCount: packed.entries.count, pieceBytes: manifestPieceBytes }
  const content = Buffer.concat([...encodeManifest(facts, columns, options)])
  yield { path: manifestPath, type: 'file', mode: 0o644, timeMs, sizeBytes: content.length, content }
}

async function contentOnceMore(
  root: string,
  planned: PlannedEntry & { readonly type: 'file' },
  sha256: string | undefined,
): Promise<ArchiveMember['content']> {
  const content = requireDigest(root, planned.source, sha256, readPlannedFile(root, planned))
  if (planned.sizeBytes > streamPieceBytes) return content
  const pieces: Uint8Array[] = []
  for await (const piece of content) pieces.push(piece)
  return Buffer.concat(pieces)
}

async function* requireDigest(
  root: string,
  path: string,
  sha256: string | undefined,
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const digest = createHash('sha256')
  for await (const piece of content) {
    digest.update(piece)
    yield piece
  }
  if (digest.digest('hex') !== sha256) throw artifactErrors.ARTIFACT_FILE_CHANGED({ root, path, change: 'changed' })
}

/** Refuses what must not go in, now that every byte was read, and answers what the manifest says of the rest. */
async function judge(build: Build, packed: PackedEntries): Promise<ManifestEntries> {
  const { root, plan, deployable } = build.prepared
  const entries = manifestEntriesOf(plan.entries, packed)
  requireNoSecrets(build, packed.findings)
  await requireCommittedTree(build, packed)
  if (deployable) requireSameBytes(root, deployable, eachEntry(entries))
  return entries
}

/** Reads back what was written, under the name that it has for a while. */
async function requireAsWritten(build: Build, path: string, { facts, entries }: Written): Promise<void> {
  const { prepared, format, workers, signal, tell } = build
  const { output } = prepared
  try {
    const verified = await (format === 'zip' ? verifyZip(path, signal, { workers }) : verifyTar(path, signal))
    const { contentDigest, entries: found } = verified.manifest
    tell(verifiedEvent({ path: output, entryCount: found.length, sha256: verified.sha256, contentDigest }))
    signal?.throwIfAborted()
    if (isDeepStrictEqual(verified.manifest, { ...facts, entries: [...eachEntry(entries)] })) return
  } catch (error) {
    if (!isDeployError(error, artifactErrors.ARTIFACT_NOT_FOUND)) throw error
    throw artifactErrors.ARTIFACT_OUTPUT_UNWRITABLE({ output, reason: error.context.reason }, { cause: error })
  }
  throw artifactErrors.ARTIFACT_INVALID({ path: output, problem: 'its manifest is not the one that was written' })
}

/** Packs with what an earlier build has left, and into a file if there is one; what surprises is told first. */
async function pack(build: Build, fd: number | undefined, onWritten: (end: number) => void): Promise<PackedEntries> {
  const { root, plan, rows, isMoved, tree, listing } = build.prepared
  const kept = fd === undefined ? undefined : build.entryCache?.kept
  const isSigned = build.cacheKey !== undefined
  const teller = packingTeller(build)
  const packed = await packEntries(build.lanes, {
    ...{ root, fd, entries: plan.entries, rows, isMoved, listing, onWritten },
    kept: kept && { index: kept.index, fd: kept.pack.fd, isWhole: build.isKeptWhole, isSigned },
    ...{ tries: triesForMatch, dosTime: dosTimeOf(build.prepared.timeMs) },
    trackedPaths: tree.entries.map(({ path }) => path),
    lastPath: manifestPath,
    objectFormat: objectFormatOf(tree.commit),
    onProgress: teller.progress,
  })
  // Where there was none.
  teller.warnings()
  return packed
}

function objectFormatOf(commit: string): 'sha1' | 'sha256' {
  return commit.length === 64 ? 'sha256' : 'sha1'
}

async function keepForNextBuild(
  cache: EntryCache,
  { packed, indexed }: Written,
  build: Build & { readonly artifact: Artifact; /** Where it stands for now. */ readonly path: string },
): Promise<void> {
  const { artifact, path, maxCacheBytes } = build
  const { sha256: packSha256, sizeBytes: packBytes } = artifact
  build.tell(cacheUsed(cache, packed.originCounts))
  if (indexed === undefined || packBytes > maxCacheBytes) return
  const pack = packName(cache.slot, packSha256)
  const dosTime = dosTimeOf(build.prepared.timeMs)
  const whole = keptArtifact(build, packed)
  const choice = choiceToKeep(build.prepared)
  const index = { ...indexed, key: cache.key, pack, packBytes, packSha256, dosTime, whole, choice }
  const options = { artifact: path, index, maxBytes: maxCacheBytes }
  await tellIfUnusable(cache, build.tell, () => saveEntryCache(cache, options))
}

function choiceToKeep({ choiceFingerprint: fingerprint, warnings }: PreparedBuild): CacheIndex['choice'] {
  return fingerprint === undefined ? undefined : { fingerprint, warnings: warnings() }
}

/** For what is done to a cache when the artifact is there: it is right, and the next build takes longer, that is all. */
async function tellIfUnusable(cache: EntryCache, tell: Tell, act: () => Promise<void>): Promise<void> {
  try {
    await act()
  } catch (error) {
    if (!isDeployError(error, artifactErrors.ARTIFACT_CACHE_UNUSABLE)) throw error
    tell(cacheIgnored(cache, `it cannot be kept for the next build (${error.context.reason})`))
  }
}

/** What the next build must know of an artifact to take it as it is. */
function keptArtifact(
  { artifact, prepared, fingerprint, readFromMs, told }: Build & { readonly artifact: Artifact },
  { originCounts }: PackedEntries,
): KeptArtifact | undefined {
  if (fingerprint === undefined || !isListingSettled(prepared.listing, readFromMs)) return undefined
  const { unchanged, compressed, 'same-content': same } = originCounts
  return {
    fingerprint,
    contentDigest: artifact.contentDigest,
    entryCount: artifact.entryCount,
    contentBytes: prepared.contentBytes,
    fileCount: unchanged + compressed + same,
    events: told.map((event) => ({ ...event })),
  }
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

function planned({ application, tree: { commit }, plan: { entries }, contentBytes }: PreparedBuild) {
  return {
    type: 'artifact.planned' as const,
    summary: `${application} at ${commit.slice(0, 12)}: ${entries.length} entries, ${contentBytes} bytes`,
    ...{ application, commit, entryCount: entries.length, contentBytes },
  }
}

function writtenEvent({ path, entryCount, sizeBytes, sha256 }: Artifact) {
  const summary = `wrote ${path}: ${entryCount} entries, ${sizeBytes} bytes, sha256 ${sha256}`
  return { type: 'artifact.written' as const, summary, path, sizeBytes, sha256 }
}

/**
 * Adds up what the lanes say is done, and tells it now and then, and at the end. Before the first of it, when the lanes are
 * at work, it looks for what may surprise, and tells that.
 */
function packingTeller({ prepared, tell }: Build) {
  const { contentBytes, plan, deployable } = prepared
  const entryCount = plan.entries.length
  let entriesDone = 0
  let bytesDone = 0
  let toldAtMs = Number.NEGATIVE_INFINITY
  let isWarned = false
  const warnings = () => {
    if (isWarned) return
    isWarned = true
    for (const warning of buildWarnings(prepared.warnings(), deployable?.warnings ?? [])) tell(warning)
  }
  const progressed = (done: { readonly entries: number; readonly bytes: number }) => {
    warnings()
    entriesDone += done.entries
    bytesDone += done.bytes
    const nowMs = performance.now()
    if (nowMs - toldAtMs < progressIntervalMs && entriesDone < entryCount) return
    toldAtMs = nowMs
    tell(progress({ entriesDone, entryCount, bytesDone, contentBytes }))
  }
  return { progress: progressed, warnings }
}

function progress(done: {
  readonly entriesDone: number
  readonly entryCount: number
  readonly bytesDone: number
  readonly contentBytes: number
}) {
  const { entriesDone, entryCount, bytesDone, contentBytes } = done
  const summary = `packed ${entriesDone} of ${entryCount} entries, ${bytesDone} of ${contentBytes} bytes`
  return { type: 'artifact.progress' as const, summary, entriesDone, entryCount, bytesDone, contentBytes }
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
  const known = [...tree.entries.map(({ path }) => path), ...tree.indexed]
  const entries =
    tree.unknownSubmodules.length > 0 ? [...eachPlanned(plan.entries)] : entriesLike(known, plan.entries, packed)
  const compare = (idOf: (path: string) => string | undefined) =>
    compareTree({
      entries,
      committed: tree.entries,
      indexed: tree.indexed,
      unknownSubmodules: tree.unknownSubmodules,
      chooses: (path) => chooses(selection, path),
      idOf,
    })
  const asStored = compare((path) => plain.get(path))
  const differing = new Set(asStored.filter(({ difference }) => difference === 'content').map(({ path }) => path))
  // Links have no conversions, and git would follow them.
  const files = entries.filter(({ source, type }) => type === 'file' && differing.has(source))
  const converted = await readConvertedIds(
    root,
    files.map(({ source }) => source),
    signal,
  )
  const convertedOf = new Map(files.map(({ path, source }) => [path, converted.get(source)]))
  const differences = files.length === 0 ? asStored : compare((path) => convertedOf.get(path) ?? plain.get(path))
  if (differences.length > 0) {
    throw artifactErrors.ARTIFACT_TREE_DIFFERS({ root, commit: tree.commit, files: differences })
  }
}

function makeFacts({ prepared, allow }: Build, contentDigest: string): ManifestFacts {
  const { application, tree } = prepared
  return {
    schema: 'fairlead/manifest/1',
    application,
    commit: tree.commit,
    contentDigest,
    allowances: [...allow]
      .map(({ path, rule, reason }) => ({ path, rule, reason }))
      .sort((a, b) => compareBytes(a.path, b.path) || compareBytes(a.rule, b.rule) || compareBytes(a.reason, b.reason)),
  }
}
