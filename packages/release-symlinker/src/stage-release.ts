import { createHash, randomBytes } from 'node:crypto'
import { join, resolve } from 'node:path'
import {
  ambientOptionNames,
  checkOptions,
  coreErrors,
  describeValue,
  isCommitId,
  manifestPath,
  systemClock,
  timestamp,
  type Manifest,
  type StagedRelease,
} from '@fairlead/core'
import { checkLockOptions, lockOptionNames } from './activate-release.ts'
import { bringTree, finishFolder, finishFolders, makeOwnLink, makeWritable, mayOpenFirst } from './build-tree.ts'
import { errors } from './errors.ts'
import {
  isOfDeployment,
  makeFolders,
  recordPath,
  requireLayout,
  requireTrusted,
  requireTrustedLayout,
  type Layout,
} from './layout.ts'
import { commitPrefixLength, fsyncEachUpTo, maxIdLength } from './limits.ts'
import { keepOverlap } from './keep-overlap.ts'
import { withLock } from './lock.ts'
import type { LockOptions, ReleaseAmbientOptions } from './model.ts'
import { findMovable, giveBack, moveFolders, noteMove } from './move-folders.ts'
import { startSync, type OngoingSync } from './ongoing-sync.ts'
import { findOwnership } from './owner.ts'
import { topOf, type PlacedCounts } from './place-files.ts'
import { parseReleaseName, releaseName } from './plan/name.ts'
import { planContents, type StagingPlan, type WritablePath } from './plan/stage.ts'
import { systemDisk, type Disk, type Ownership } from './ports/disk.ts'
import type { Examination } from './ports/examination.ts'
import { formatRecord, readInstalled, requireRoot } from './read-installed-releases.ts'
import { findMissingShared, seedShared } from './shared.ts'
import {
  readSource,
  requireComplete,
  requireNoDifference,
  type Difference,
  type Inventory,
  type Source,
} from './source.ts'
import { sweepLeftovers } from './sweep.ts'

export interface StageReleaseOptions extends LockOptions, ReleaseAmbientOptions {
  /** The folder that holds `releases`, `shared` and `current`; made where it is missing. */
  readonly root: string
  /** The folder into which the artifact was unpacked, or with `reader` the file. It stays as it is, but for `move`. */
  readonly from: string
  /** The deployment: a repeat with the same id finds what the first call staged. Letters, digits, `.`, `_` and `-`. */
  readonly id: string
  /** What unpacks `from` where it is a file: artifact-builder's `{ readArtifact, extractArtifact }`. Default: a folder is expected. */
  readonly reader?: ArtifactReader | undefined
  /** The commit that a folder without a manifest was made of; the folder is taken as it is. Default: a manifest is expected. */
  readonly commit?: string | undefined
  /**
   * Files and folders of the application that outlive a release, by their path inside it. Each becomes a link into
   * `shared`. What `shared` lacks is made once: of what the release brings there, or as an empty folder. Default: none.
   */
  readonly shared?: readonly string[] | undefined
  /**
   * Folders of fingerprinted assets: what the live release has there and this one has not comes along, for pages that
   * were fetched before the switch. Default: none.
   */
  readonly overlap?: readonly string[] | undefined
  /** Folders that the application writes to. Default: none. */
  readonly writable?: readonly WritablePath[] | undefined
  /**
   * Your word that nobody changes a file of a release or of the archive in place. Then a file that is the same in the live
   * release or in the archive gets a second name and is not copied. Default: false.
   */
  readonly immutable?: boolean | undefined
  /**
   * Folders at the top of the archive that no later hook needs: renamed into the release and gone from the archive, where
   * both are on one file system. Default: none.
   */
  readonly move?: readonly string[] | undefined
  /** Who owns the release and what it begins in `shared`: a name or a number. Only root can give files away. Default: nobody is asked. */
  readonly owner?: string | number | undefined
  /** Default: the first group of `owner`. */
  readonly group?: string | number | undefined
}

/** What reads an artifact that is not unpacked yet. artifact-builder has it; this package needs no more of it. */
export interface ArtifactReader {
  readonly readArtifact: (
    path: string,
    options: { readonly signal?: AbortSignal | undefined },
  ) => Promise<{ readonly manifest: Manifest }>
  /** `into` does not exist. */
  readonly extractArtifact: (
    path: string,
    options: { readonly into: string; readonly signal?: AbortSignal | undefined },
  ) => Promise<unknown>
}

/**
 * Puts an artifact into a release of its own, verified against its manifest and durable, ready to go live. Until it is
 * complete it has no name below `releases`. A repeat with the same id succeeds and says that nothing was to do.
 *
 * @throws RELEASE_SOURCE_MISSING, RELEASE_MANIFEST_MISSING, RELEASE_MANIFEST_UNSAFE, RELEASE_SOURCE_DIFFERS, RELEASE_ID_TAKEN,
 * SHARED_PATH_INVALID, WRITABLE_PATH_INVALID, MOVE_PATH_INVALID, RELEASE_NO_SPACE, OWNER_UNKNOWN, OWNER_NOT_ALLOWED, ACL_REFUSED,
 * CURRENT_NOT_A_LINK, LAYOUT_NOT_UNDERSTOOD, FOLDER_NOT_TRUSTED, RELEASE_LOCKED, FILE_OPERATION_FAILED, INVALID_OPTION,
 * INVALID_RECORD, and what `reader` throws
 */
export async function stageRelease(options: StageReleaseOptions): Promise<StagedRelease> {
  return await stageOn(systemDisk, options)
}

export async function stageOn(disk: Disk, options: StageReleaseOptions): Promise<StagedRelease> {
  checkOptions(verb, options, optionNames)
  checkLockOptions(verb, options)
  checkValues(options)
  const layout = requireRoot(verb, options.root)
  options.signal?.throwIfAborted()
  const asked = await readRequest(disk, options)
  // Links are made and read at the same time. There is no such work beside reading what was renamed, and a copy reads itself.
  const examination = options.immutable === true ? disk.startExamination(asked.plan.tree.files.length) : undefined
  try {
    return await stageRequest(disk, layout, { ...asked, examination }, options)
  } finally {
    await examination?.close()
  }
}

async function stageRequest(
  disk: Disk,
  layout: Layout,
  asked: Request,
  options: StageReleaseOptions,
): Promise<StagedRelease> {
  const { id, move = [], signal } = options
  // A run that was killed may have left what it moved elsewhere: under the lock it is given back first.
  const isWhole = move.length === 0 && asked.packed === undefined
  const inventory = isWhole ? await requireComplete(disk, asked.source, signal) : undefined
  const request = { ...asked, inventory }
  await requireLayout(disk, layout)
  await requireTrustedLayout(disk, layout)
  await findMissingShared(disk, layout, request.plan.shared)
  await makeRoot(disk, layout)

  return await withLock(disk, layout, { verb, ...options }, async () => {
    await sweepLeftovers(disk, layout, options)
    const before = await findStaged(disk, layout, request.source, id)
    if (before) {
      tellAlreadyStaged(before, options)
      return before
    }
    await makeFolders(disk, [layout.releases, layout.records])
    await requireSpace(disk, layout, request.plan)
    return await unpacking(disk, layout, request, options, (unpacked) => build(disk, layout, unpacked, options))
  })
}

const verb = 'stageRelease'
const optionNames = [
  'root',
  'from',
  'id',
  'reader',
  'commit',
  'shared',
  'overlap',
  'writable',
  'immutable',
  'move',
  'owner',
  'group',
  ...lockOptionNames,
  ...ambientOptionNames,
] as const satisfies readonly (keyof StageReleaseOptions)[]

/** What was asked for, read and checked as far as nothing has to change for it. */
interface Request {
  readonly source: Source
  readonly plan: StagingPlan
  readonly owner: Ownership | undefined
  /** By the path of each writable folder. */
  readonly writers: ReadonlyMap<string, Ownership | undefined>
  /** The file that is to be unpacked. Left out: it is unpacked. */
  readonly packed?: string | undefined
  /** Left out: it is still to be compared with its manifest. */
  readonly inventory?: Inventory | undefined
  /** Of what is read when it stands at its place. Left out: one file after the other. */
  readonly examination?: Examination | undefined
}

async function readRequest(disk: Disk, options: StageReleaseOptions): Promise<Request> {
  const { shared, writable = [] } = options
  const { source, packed } = await readArrival(disk, options)
  const plan = planContents(source.manifest, shared, writable)
  const owner = await findOwnership(options.owner, options.group)
  const writers = new Map<string, Ownership | undefined>()
  for (const folder of [...plan.writable, ...plan.shared.flatMap((one) => one.writable ?? [])]) {
    writers.set(folder.path, await findOwnership(folder.owner ?? options.owner, folder.group ?? options.group))
  }
  return { source, plan, owner, writers, packed }
}

/** What is to be staged, as far as it can be read without unpacking it. */
export async function readArrival(
  disk: Disk,
  { from, reader, commit, signal }: Pick<StageReleaseOptions, 'from' | 'reader' | 'commit' | 'signal'>,
): Promise<Pick<Request, 'source' | 'packed'>> {
  const packed = reader && (await findFile(disk, from))
  if (reader === undefined || packed === undefined) return { source: await readSource(disk, from, { commit, signal }) }
  return { packed, source: describePacked(packed, (await reader.readArtifact(packed, { signal })).manifest) }
}

/** `undefined`: it is a folder, which is staged as it is. */
async function findFile(disk: Disk, from: string): Promise<string | undefined> {
  const path = resolve(from)
  const real = await disk.realPath(path)
  if (real === undefined) throw errors.RELEASE_SOURCE_MISSING({ from: path })
  return (await disk.entry(real))?.type === 'file' ? path : undefined
}

function describePacked(from: string, manifest: Manifest | undefined): Source {
  if (manifest === undefined) throw errors.RELEASE_MANIFEST_MISSING({ from, manifest: manifestPath })
  return { from, manifest, manifestText: `${JSON.stringify(manifest)}\n`, hasManifest: true }
}

/** Unpacks a file into a folder of our own, and takes what stays of that away again. A folder is used as it is. */
async function unpacking<T>(
  disk: Disk,
  layout: Layout,
  request: Request,
  { reader, move = [], commit, signal }: StageReleaseOptions,
  use: (unpacked: Build) => Promise<T>,
): Promise<T> {
  const { packed } = request
  if (packed === undefined) return await use({ ...request, move, isOurs: false })
  const folder = join(layout.own, `unpack-${randomBytes(8).toString('hex')}`)
  try {
    await disk.makeFolder(folder, 0o700)
    const into = join(folder, 'archive')
    await reader?.extractArtifact(packed, { into, signal })
    const source = await readSource(disk, into, { commit, signal })
    requireSameArtifact(packed, request.source.manifest, source.manifest)
    const tops = [...new Set(source.manifest.entries.map(({ path }) => topOf(path)))]
    return await use({ ...request, source, move: tops.filter((top) => top !== '.fairlead'), isOurs: true })
  } finally {
    // The next run sweeps it where this fails.
    await disk.removeTree(folder).catch(() => undefined)
  }
}

function requireSameArtifact(from: string, read: Manifest, unpacked: Manifest): void {
  if (read.commit === unpacked.commit && read.contentDigest === unpacked.contentDigest) return
  requireNoDifference(from, [{ path: manifestPath, problem: 'changed while the artifact was unpacked' }])
}

interface Build extends Request {
  readonly move: readonly string[]
  /** Whether the archive is a folder that we made for this run alone. */
  readonly isOurs: boolean
}

async function build(
  disk: Disk,
  layout: Layout,
  { source, plan, owner, writers, inventory: known, examination, move, isOurs }: Build,
  options: StageReleaseOptions,
): Promise<StagedRelease> {
  const { id, signal, onEvent, clock = systemClock } = options
  const { from, manifest, manifestText } = source
  const inventory = known ?? (await requireComplete(disk, source, signal))
  const { linkTargets } = inventory
  tellLeftOut(inventory.extra, options)
  const movable = await findMovable(disk, from, move, inventory, plan.shared)
  const { commit, contentDigest } = manifest
  const stagedAt = timestamp(clock)
  const name = releaseName({ stagedAt, commit, id })
  const [staging, path, record] = [
    join(layout.releases, `.staging-${id}`),
    join(layout.releases, name),
    recordPath(layout, name),
  ]
  const sizeBytes = plan.sizes.reduce((sum, size) => sum + size, 0)
  const summary = `staging ${name}: ${plan.entryCount} entries, ${sizeBytes} bytes`
  onEvent?.({ type: 'release.staging', at: stagedAt, summary, name, entries: plan.entryCount, sizeBytes })

  const differences: Difference[] = []
  const sync = plan.entryCount <= fsyncEachUpTo
  const onDifference = (difference: Difference) => void differences.push(difference)
  const linkFrom = options.immutable ? await foldersToLinkFrom(disk, layout, from) : []
  const nothing: ReadonlySet<string> = new Set()
  const seeds = { from, linkTargets, owner, signal, linkFrom: [], moved: nothing, movedFolders: nothing }
  let note: string | undefined
  let counts: PlacedCounts
  let ongoing: OngoingSync | undefined
  try {
    // Closed to everybody else until it is complete: nobody can lead a chown or a copy of ours elsewhere.
    await disk.makeFolder(staging, 0o700)
    const folders = { from, to: staging, folders: movable, isOurs }
    note = await noteMove(disk, layout, folders)
    const moved = await moveFolders(disk, folders)
    const movedFolders = new Set(inventory.folders.filter((path) => moved.has(topOf(path))))
    const onChange = () => ongoing?.changed()
    const request = { ...seeds, linkFrom, moved, movedFolders, sync, examination, onDifference, onChange }
    const tree = await bringTree(disk, staging, plan.tree, request)
    await disk.writeFile(join(staging, manifestPath), manifestText, { mode: 0o644, owner, sync })
    for (const shared of plan.shared) await makeOwnLink(disk, shared.target, join(staging, shared.path), owner)
    const first = sync || owner ? [] : plan.tree.folders.filter(mayOpenFirst)
    await finishFolders(disk, staging, first, request)
    // From here on hardly anything changes: the disk writes while we read.
    if (!sync) ongoing = startSync(disk, staging)
    counts = await tree.confirm()
    requireNoDifference(from, differences)
    await keepOverlap(disk, layout, staging, { overlap: options.overlap ?? [], plan }, { ...request, signal })
    const last = first.length === 0 ? plan.tree.folders : plan.tree.folders.filter((folder) => !mayOpenFirst(folder))
    if (last.length > 0) onChange()
    await finishFolders(disk, staging, last, request)
    for (const folder of plan.writable) {
      onChange()
      await makeWritable(disk, join(staging, folder.path), folder, writers.get(folder.path), sync)
    }
    if (await labelled(disk, staging, options)) onChange()
    if (ongoing && !(await ongoing.end())) await syncEach(disk, staging, plan)
    for (const missing of await findMissingShared(disk, layout, plan.shared)) {
      signal?.throwIfAborted()
      await seedShared(disk, layout, missing, { ...seeds, writer: writers.get(missing.path) }, options)
    }
    signal?.throwIfAborted()

    // The record first: one without a release is swept, a release without its record could not say what it is.
    const shared = plan.shared.map((one) => one.path)
    const writable = plan.writable.map((one) => one.path)
    const overlap = options.overlap ?? []
    const manifestSha256 = createHash('sha256').update(manifestText).digest('hex')
    const text = formatRecord({ name, id, commit, contentDigest, stagedAt, manifestSha256, shared, overlap, writable })
    await disk.writeFile(record, text, { mode: 0o644, sync: true })
    await disk.syncFolder(layout.records)
    await finishFolder(disk, staging, 0o755, owner, true)
    await disk.rename(staging, path)
    await disk.syncFolder(layout.releases)
  } catch (error) {
    await ongoing?.settled
    await discard(disk, { staging, path, record, note })
    throw error
  }
  // What stays of it is swept; the release is there.
  if (note !== undefined) await disk.removeFile(note).catch(() => false)
  const staged: StagedRelease = {
    schema: 'fairlead/staged-release/1',
    root: layout.root,
    name,
    id,
    path,
    commit,
    contentDigest,
    state: 'staged',
  }
  const ways = Object.entries(counts).flatMap(([way, count]) => (count > 0 ? [`${count} files ${way}`] : []))
  onEvent?.({
    type: 'release.staged',
    at: timestamp(clock),
    summary: `staged ${name}${ways.length > 0 ? `: ${ways.join(', ')}` : ''}`,
    name,
    path,
    ...counts,
  })
  return staged
}

/** The live release first: what it shares with the archive is on the disk already, and the archive goes one day. */
async function foldersToLinkFrom(disk: Disk, layout: Layout, from: string): Promise<readonly string[]> {
  const { current } = await readInstalled(disk, layout)
  return [...(current === undefined ? [] : [join(layout.releases, current)]), from]
}

/**
 * A renamed or linked file has the label of the place that it comes from; a copy has that of the process's rules. Answers
 * whether there are labels.
 */
async function labelled(
  disk: Disk,
  staging: string,
  { onEvent, clock = systemClock }: StageReleaseOptions,
): Promise<boolean> {
  const answer = await disk.restoreLabels(staging)
  if (answer === 'off') return false
  if (answer.problem === undefined) return true
  const { problem: reason } = answer
  const summary = `could not restore the SELinux labels of ${staging}: ${reason}`
  onEvent?.({ type: 'release.labels-kept', at: timestamp(clock), summary, path: staging, reason })
  return true
}

async function discard(
  disk: Disk,
  {
    staging,
    path,
    record,
    note,
  }: {
    readonly staging: string
    readonly path: string
    readonly record: string
    readonly note: string | undefined
  },
): Promise<void> {
  try {
    if (note !== undefined) await giveBack(disk, note)
    await disk.removeTree(staging)
    if ((await disk.entry(path)) === undefined) await disk.removeFile(record)
  } catch {
    // The failure that led here matters more, and the next run sweeps what is left.
  }
}

/** Where one call for the whole file system is not to be had. */
async function syncEach(disk: Disk, staging: string, { tree }: StagingPlan): Promise<void> {
  for (const { path } of tree.files) await disk.syncFile(join(staging, path))
  await disk.syncFile(join(staging, manifestPath))
  for (const { path } of tree.folders) await disk.syncFolder(join(staging, path))
}

/** The root may be new; the folders above it too. */
async function makeRoot(disk: Disk, layout: Layout): Promise<void> {
  const missing: string[] = []
  for (let path = layout.root; (await disk.realPath(path)) === undefined; path = join(path, '..')) missing.unshift(path)
  await makeFolders(disk, missing)
  await requireTrusted(disk, layout.root)
}

/** @throws RELEASE_ID_TAKEN */
async function findStaged(
  disk: Disk,
  layout: Layout,
  { manifest }: Source,
  id: string,
): Promise<StagedRelease | undefined> {
  const { commit, contentDigest } = manifest
  const installed = await readInstalled(disk, layout)
  const found = installed.releases.find(({ name }) => isOfDeployment(name, id))
  if (!found) return undefined
  const { name, path } = found
  const sameCommit =
    found.commit === undefined
      ? parseReleaseName(name)?.commitPrefix === commit.slice(0, commitPrefixLength)
      : found.commit === commit
  if (!sameCommit) {
    const has = `commit ${found.commit ?? parseReleaseName(name)?.commitPrefix}`
    throw errors.RELEASE_ID_TAKEN({ id, name, given: `commit ${commit}`, has })
  }
  if (found.contentDigest !== undefined && found.contentDigest !== contentDigest) {
    const [given, has] = [`content ${contentDigest}`, `content ${found.contentDigest}`]
    throw errors.RELEASE_ID_TAKEN({ id, name, given, has })
  }
  const state = name === installed.current ? 'live' : 'staged'
  return { schema: 'fairlead/staged-release/1', root: layout.root, name, id, path, commit, contentDigest, state }
}

/** @throws RELEASE_NO_SPACE */
async function requireSpace(disk: Disk, { root }: Layout, { sizes, entryCount }: StagingPlan): Promise<void> {
  const free = await disk.freeSpace(root)
  // Each file fills its last block, and each folder and link may take one.
  const blocks = sizes.reduce((sum, size) => sum + Math.ceil(size / free.blockBytes), entryCount - sizes.length)
  const neededBytes = blocks * free.blockBytes
  if (neededBytes <= free.bytes && entryCount <= (free.inodes ?? Number.POSITIVE_INFINITY)) return
  throw errors.RELEASE_NO_SPACE({
    path: root,
    neededBytes,
    availableBytes: free.bytes,
    neededInodes: entryCount,
    availableInodes: free.inodes,
  })
}

function checkValues(options: StageReleaseOptions): void {
  const { from, id, reader, commit, shared, overlap, writable, immutable, move, owner, group } = options
  const refuse = (option: string, given: unknown, expected: string) => {
    throw coreErrors.INVALID_OPTION({ verb, option, given: describeValue(given), expected })
  }
  if (typeof from !== 'string' || from === '') refuse('from', from, 'the path of a folder')
  // It becomes a part of a folder's name: no separator, nothing hidden, nothing that a shell or a listing misreads.
  if (typeof id !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(id) || id.length > maxIdLength) {
    refuse('id', id, `up to ${maxIdLength} letters, digits, ".", "_" and "-", beginning with a letter or a digit`)
  }
  if (shared !== undefined && !(Array.isArray(shared) && shared.every((path) => typeof path === 'string'))) {
    refuse('shared', shared, 'a list of paths')
  }
  if (overlap !== undefined && !(Array.isArray(overlap) && overlap.every(isPlainPath))) {
    refuse('overlap', overlap, 'a list of paths inside the release')
  }
  if (commit !== undefined && !isCommitId(commit)) refuse('commit', commit, 'a full git commit id')
  if (immutable !== undefined && typeof immutable !== 'boolean') refuse('immutable', immutable, 'true or false')
  const functions = [reader?.readArtifact, reader?.extractArtifact]
  if (reader !== undefined && functions.some((one) => typeof one !== 'function')) {
    refuse('reader', reader, "{ readArtifact, extractArtifact }, artifact-builder's for example")
  }
  if (move !== undefined && !(Array.isArray(move) && move.every((path) => typeof path === 'string'))) {
    refuse('move', move, 'a list of names')
  }
  for (const path of move ?? []) {
    const problem = moveProblem(path)
    if (problem !== undefined) throw errors.MOVE_PATH_INVALID({ path, problem })
  }
  if (writable !== undefined && !Array.isArray(writable)) refuse('writable', writable, 'a list of folders')
  const accounts = (writable ?? []).flatMap((folder) => {
    checkWritable(folder, refuse)
    return [
      ['writable.owner', folder.owner],
      ['writable.group', folder.group],
    ] as const
  })
  for (const [option, name] of [['owner', owner], ['group', group], ...accounts] as const) {
    const isNumber = typeof name === 'number' && Number.isSafeInteger(name) && name >= 0
    const isName = typeof name === 'string' && /^[A-Za-z0-9_][A-Za-z0-9_.@\\-]*\$?$/.test(name)
    if (name !== undefined && !isNumber && !isName) refuse(option, name, 'the name or the number of an account')
  }
}

function isPlainPath(path: unknown): boolean {
  return typeof path === 'string' && !path.split('/').some((part) => part === '' || part === '.' || part === '..')
}

function checkWritable(folder: WritablePath, refuse: (option: string, given: unknown, expected: string) => void): void {
  if (typeof folder !== 'object' || folder === null) return refuse('writable', folder, 'folders with their path')
  checkOptions(`${verb} writable`, folder, ['path', 'owner', 'group', 'mode', 'acl'])
  const { path, mode, acl } = folder
  if (typeof path !== 'string') refuse('writable.path', path, 'the path of a folder')
  if (mode !== undefined && !/^[0-7]{4}$/.test(String(mode))) refuse('writable.mode', mode, 'four octal digits')
  const isEntry = (entry: unknown) => /^[ugo]:[A-Za-z0-9_.@-]*:[rwxX-]{1,4}$/.test(String(entry))
  if (acl !== undefined && !(Array.isArray(acl) && acl.length > 0 && acl.every(isEntry))) {
    refuse('writable.acl', acl, 'entries like u:www-data:rwX')
  }
}

function moveProblem(path: string): string | undefined {
  if (path === '' || path === '.' || path === '..' || path.includes('\0')) return 'is no name of a folder'
  if (path.includes('/')) return 'is not at the top of the archive'
  return path === '.fairlead' ? 'belongs to the manifest' : undefined
}

function tellAlreadyStaged({ name, state }: StagedRelease, { onEvent, clock = systemClock }: StageReleaseOptions) {
  const summary = `${name} is ${state === 'live' ? 'live' : 'staged'} already, nothing to do`
  onEvent?.({ type: 'release.already-staged', at: timestamp(clock), summary, name, state })
}

function tellLeftOut(extra: readonly string[], { onEvent, clock = systemClock }: StageReleaseOptions) {
  if (extra.length === 0) return
  const examples = extra.slice(0, 5)
  const more = extra.length > examples.length ? ', …' : ''
  const summary = `left out ${extra.length} files that the manifest does not list: ${examples.join(', ')}${more}`
  onEvent?.({ type: 'release.left-out', at: timestamp(clock), summary, count: extra.length, examples })
}
