import { join } from 'node:path'
import {
  ambientOptionNames,
  checkOptions,
  coreErrors,
  describeValue,
  manifestPath,
  systemClock,
  timestamp,
  type StagedRelease,
} from '@fairlead/core'
import { checkLockOptions, lockOptionNames } from './activate-release.ts'
import { buildTree, finishFolder, finishFolders, makeOwnLink } from './build-tree.ts'
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
import { withLock } from './lock.ts'
import type { LockOptions, ReleaseAmbientOptions } from './model.ts'
import { findOwnership } from './owner.ts'
import { parseReleaseName, releaseName } from './plan/name.ts'
import { planStaging, type StagingPlan } from './plan/stage.ts'
import { systemDisk, type Disk } from './ports/disk.ts'
import { formatRecord, readInstalled, requireRoot } from './read-installed-releases.ts'
import { findMissingShared, seedShared } from './shared.ts'
import { readSource, requireComplete, requireNoDifference, type Difference, type Source } from './source.ts'
import { sweepLeftovers } from './sweep.ts'

export interface StageReleaseOptions extends LockOptions, ReleaseAmbientOptions {
  /** The folder that holds `releases`, `shared` and `current`; made where it is missing. */
  readonly root: string
  /** The folder into which the artifact was unpacked, with `.fairlead/manifest.json`. It stays as it is. */
  readonly from: string
  /** The deployment: a repeat with the same id finds what the first call staged. Letters, digits, `.`, `_` and `-`. */
  readonly id: string
  /**
   * Files and folders of the application that outlive a release, by their path inside it. Each becomes a link into
   * `shared`. What `shared` lacks is made once: of what the release brings there, or as an empty folder. Default: none.
   */
  readonly shared?: readonly string[] | undefined
  /** Who owns the release and what it begins in `shared`: a name or a number. Only root can give files away. Default: nobody is asked. */
  readonly owner?: string | number | undefined
  /** Default: the first group of `owner`. */
  readonly group?: string | number | undefined
}

/**
 * Copies an unpacked artifact into a release of its own, verified against its manifest and durable, ready to go live.
 * Until it is complete it has no name below `releases`. A repeat with the same id succeeds and says that nothing was to do.
 *
 * @throws RELEASE_SOURCE_MISSING, RELEASE_MANIFEST_MISSING, RELEASE_MANIFEST_UNSAFE, RELEASE_SOURCE_DIFFERS, RELEASE_ID_TAKEN,
 * SHARED_PATH_INVALID, RELEASE_NO_SPACE, OWNER_UNKNOWN, OWNER_NOT_ALLOWED, CURRENT_NOT_A_LINK, LAYOUT_NOT_UNDERSTOOD,
 * FOLDER_NOT_TRUSTED, RELEASE_LOCKED, FILE_OPERATION_FAILED, INVALID_OPTION, INVALID_RECORD
 */
export async function stageRelease(options: StageReleaseOptions): Promise<StagedRelease> {
  return await stageOn(systemDisk, options)
}

export async function stageOn(disk: Disk, options: StageReleaseOptions): Promise<StagedRelease> {
  const verb = 'stageRelease'
  const known = ['root', 'from', 'id', 'shared', 'owner', 'group', ...lockOptionNames, ...ambientOptionNames]
  checkOptions(verb, options, known)
  checkLockOptions(verb, options)
  checkValues(verb, options)
  const layout = requireRoot(verb, options.root)
  const { id, signal } = options
  signal?.throwIfAborted()

  const source = await readSource(disk, options.from)
  const plan = planStaging(source.manifest, options.shared)
  const owner = await findOwnership(options.owner, options.group)
  const { linkTargets, extra } = await requireComplete(disk, source, signal)
  await requireLayout(disk, layout)
  await requireTrustedLayout(disk, layout)
  await findMissingShared(disk, layout, plan.shared)
  await makeRoot(disk, layout)

  return await withLock(disk, layout, { verb, ...options }, async () => {
    await sweepLeftovers(disk, layout, options)
    const before = await findStaged(disk, layout, source, id)
    if (before) {
      tellAlreadyStaged(before, options)
      return before
    }
    await makeFolders(disk, [layout.releases, layout.records])
    await requireSpace(disk, layout, plan)
    tellLeftOut(extra, options)
    return await build(disk, layout, { source, plan, owner, linkTargets }, options)
  })
}

interface Build {
  readonly source: Source
  readonly plan: StagingPlan
  readonly owner: Awaited<ReturnType<typeof findOwnership>>
  readonly linkTargets: ReadonlyMap<string, string>
}

async function build(
  disk: Disk,
  layout: Layout,
  { source, plan, owner, linkTargets }: Build,
  options: StageReleaseOptions,
): Promise<StagedRelease> {
  const { id, signal, onEvent, clock = systemClock } = options
  const { from, manifest, manifestText } = source
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
  const request = { from, linkTargets, owner, sync, signal, onDifference }
  try {
    // Closed to everybody else until it is complete: nobody can lead a chown or a copy of ours elsewhere.
    await disk.makeFolder(staging, 0o700)
    await buildTree(disk, staging, plan.tree, request)
    requireNoDifference(from, differences)
    await disk.writeFile(join(staging, manifestPath), manifestText, { mode: 0o644, owner, sync })
    for (const shared of plan.shared) await makeOwnLink(disk, shared.target, join(staging, shared.path), owner)
    await finishFolders(disk, staging, plan.tree, request)
    if (!sync && !(await disk.syncFileSystem(staging))) await syncEach(disk, staging, plan)
    for (const missing of await findMissingShared(disk, layout, plan.shared)) {
      signal?.throwIfAborted()
      await seedShared(disk, layout, missing, { from, linkTargets, owner, signal }, options)
    }
    signal?.throwIfAborted()

    // The record first: one without a release is swept, a release without its record could not say what it is.
    const text = formatRecord({ name, id, commit, contentDigest, stagedAt })
    await disk.writeFile(record, text, { mode: 0o644, sync: true })
    await disk.syncFolder(layout.records)
    await finishFolder(disk, staging, 0o755, owner, true)
    await disk.rename(staging, path)
    await disk.syncFolder(layout.releases)
  } catch (error) {
    await discard(disk, { staging, path, record })
    throw error
  }
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
  onEvent?.({ type: 'release.staged', at: timestamp(clock), summary: `staged ${name}`, name, path })
  return staged
}

async function discard(
  disk: Disk,
  { staging, path, record }: { readonly staging: string; readonly path: string; readonly record: string },
): Promise<void> {
  try {
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

function checkValues(verb: string, options: StageReleaseOptions): void {
  const { from, id, shared, owner, group } = options
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
  for (const [option, name] of Object.entries({ owner, group })) {
    const isNumber = typeof name === 'number' && Number.isSafeInteger(name) && name >= 0
    const isName = typeof name === 'string' && /^[A-Za-z0-9_][A-Za-z0-9_.@\\-]*\$?$/.test(name)
    if (name !== undefined && !isNumber && !isName) refuse(option, name, 'the name or the number of an account')
  }
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
