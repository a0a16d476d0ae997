import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { ambientOptionNames, checkOptions, coreErrors, describeValue, systemClock, timestamp } from '@fairlead/core'
import { checkLockOptions, lockOptionNames } from './activate-release.ts'
import { messageOf } from './execute-steps.ts'
import { makeFolders, requireLayout, requireTrustedLayout, type Layout } from './layout.ts'
import { withLock } from './lock.ts'
import type { LockOptions, PruneReport, ReleaseAmbientOptions } from './model.ts'
import type { Operation } from './plan/activate.ts'
import { planPrune, type PrunedRelease } from './plan/prune.ts'
import { systemDisk, type Disk } from './ports/disk.ts'
import { findNamesInUse } from './ports/open-files.ts'
import { readInstalled, requireRoot, requireRootFolder } from './read-installed-releases.ts'
import { sweepLeftovers } from './sweep.ts'

export interface PruneReleasesOptions extends LockOptions, ReleaseAmbientOptions {
  /** The folder that holds `releases`, `shared` and `current`. */
  readonly root: string
  /** How many releases stay that could be live, the live one among them; bad ones are not counted. At least 1. */
  readonly keep: number
  /**
   * Whether a release stays while a process runs in it or holds a file of it open, as workers do that finish old requests.
   * Linux; without root only processes of the same user are seen. Default: false.
   */
  readonly keepInUse?: boolean | undefined
}

/**
 * Removes releases that nobody needs any more: bad ones, ones that never went live, and those older than the newest
 * `keep`. Never the live one, the one that a rollback would go to, or one that went nowhere yet and is younger than the
 * longest deployment. What cannot be removed is a warning in the report: the deploy before it has succeeded.
 *
 * @throws RELEASE_ROOT_MISSING, CURRENT_NOT_A_LINK, LAYOUT_NOT_UNDERSTOOD, FOLDER_NOT_TRUSTED, RELEASE_LOCKED,
 * FILE_OPERATION_FAILED, INVALID_OPTION
 */
export async function pruneReleases(options: PruneReleasesOptions): Promise<PruneReport> {
  return await pruneOn(systemDisk, options)
}

export async function pruneOn(disk: Disk, options: PruneReleasesOptions): Promise<PruneReport> {
  const verb = 'pruneReleases'
  checkOptions(verb, options, ['root', 'keep', 'keepInUse', ...lockOptionNames, ...ambientOptionNames])
  checkLockOptions(verb, options)
  const layout = requireRoot(verb, options.root)
  const { keep, keepInUse = false, signal, onEvent, clock = systemClock } = options
  if (!Number.isSafeInteger(keep) || keep < 1) {
    const expected = 'a whole number, 1 or more'
    throw coreErrors.INVALID_OPTION({ verb, option: 'keep', given: describeValue(keep), expected })
  }
  if (typeof keepInUse !== 'boolean') {
    const expected = 'true or false'
    throw coreErrors.INVALID_OPTION({ verb, option: 'keepInUse', given: describeValue(keepInUse), expected })
  }
  signal?.throwIfAborted()
  await requireRootFolder(disk, layout)
  await requireLayout(disk, layout)
  await requireTrustedLayout(disk, layout)

  const warnings: { path: string; reason: string }[] = []
  const warn = (path: string, error: unknown) => {
    const reason = messageOf(error)
    warnings.push({ path, reason })
    onEvent?.({
      type: 'prune.warned',
      at: timestamp(clock),
      summary: `could not remove ${path}: ${reason}`,
      path,
      reason,
    })
  }
  const plan = await withLock(disk, layout, { verb, ...options }, async () => {
    await sweepLeftovers(disk, layout, options)
    await makeTrash(disk, layout)
    const installed = await readInstalled(disk, layout)
    const token = randomBytes(8).toString('hex')
    const inUse = keepInUse ? await findReleasesInUse(disk, layout) : []
    const { keep: kept, remove } = planPrune(installed, { keep, inUse, at: timestamp(clock), token })
    const discarded: PrunedRelease[] = []
    for (const release of remove) {
      signal?.throwIfAborted()
      try {
        for (const { do: operation } of release.steps) {
          if (operation.call !== 'remove-tree') await perform(disk, layout, operation)
        }
        discarded.push(release)
      } catch (error) {
        warn(join(layout.releases, release.name), error)
      }
    }
    return { kept, discarded }
  })

  // Outside the lock: removing a big tree takes long, and a deploy need not wait for it.
  await emptyTrash(disk, layout, signal, warn)
  for (const { name, reason } of plan.discarded) {
    onEvent?.({ type: 'prune.removed', at: timestamp(clock), summary: `removed ${name}: ${reason}`, name, reason })
  }
  const names = (releases: readonly { readonly name: string }[]) => releases.map(({ name }) => name)
  return { root: layout.root, kept: names(plan.kept), removed: names(plan.discarded), warnings }
}

async function findReleasesInUse(disk: Disk, { releases }: Layout): Promise<readonly string[]> {
  // What the system tells of processes are paths without links.
  const real = await disk.realPath(releases)
  return real === undefined ? [] : await findNamesInUse(real)
}

/** Nobody else looks into the trash: what is removed there cannot be exchanged on the way. */
async function makeTrash(disk: Disk, layout: Layout): Promise<void> {
  await makeFolders(disk, [layout.records])
  if (await disk.makeFolder(layout.trash, 0o700)) await disk.syncFolder(layout.own)
}

/** What cannot be removed is told to `warn`; the next prune tries again. */
export async function emptyTrash(
  disk: Disk,
  { trash }: Layout,
  signal: AbortSignal | undefined,
  warn: (path: string, error: unknown) => void,
): Promise<void> {
  for (const { name } of (await disk.list(trash)) ?? []) {
    signal?.throwIfAborted()
    try {
      await disk.removeTree(join(trash, name))
    } catch (error) {
      warn(join(trash, name), error)
    }
  }
}

async function perform(disk: Disk, { root }: Layout, operation: Operation): Promise<void> {
  if (operation.call === 'rename') await disk.rename(join(root, operation.from), join(root, operation.to))
  else if (operation.call === 'unlink') await disk.removeFile(join(root, operation.path))
  else if (operation.call === 'fsync') await disk.syncFolder(join(root, operation.path))
}
