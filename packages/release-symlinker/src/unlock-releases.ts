import { ambientOptionNames, checkOptions, coreErrors, describeValue } from '@fairlead/core'
import { identifyThisProcess } from '@fairlead/core/machine'
import { errors } from './errors.ts'
import { requireLayout, requireTrustedLayout } from './layout.ts'
import { readLock, withLock } from './lock.ts'
import type { ReleaseAmbientOptions, UnlockReport } from './model.ts'
import { systemDisk, type Disk } from './ports/disk.ts'
import { requireRoot, requireRootFolder } from './read-installed-releases.ts'

export interface UnlockReleasesOptions extends ReleaseAmbientOptions {
  /** The folder that holds `releases`, `shared` and `current`. */
  readonly root: string
  /**
   * Your word that the owner is gone although this machine cannot prove it: it ran on another one, or in a container.
   * Default: false.
   */
  readonly force?: boolean | undefined
}

/**
 * Removes the lock of a root. Needed only where the owner ran on a machine or in a container that is gone: any other
 * lock of the dead is taken over by the next run.
 *
 * @throws RELEASE_ROOT_MISSING, CURRENT_NOT_A_LINK, LAYOUT_NOT_UNDERSTOOD, FOLDER_NOT_TRUSTED, RELEASE_LOCKED,
 * FILE_OPERATION_FAILED, INVALID_OPTION
 */
export async function unlockReleases(options: UnlockReleasesOptions): Promise<UnlockReport> {
  return await unlockOn(systemDisk, options)
}

export async function unlockOn(disk: Disk, options: UnlockReleasesOptions): Promise<UnlockReport> {
  const verb = 'unlockReleases'
  checkOptions(verb, options, ['root', 'force', ...ambientOptionNames])
  const layout = requireRoot(verb, options.root)
  const { force = false, signal } = options
  if (typeof force !== 'boolean') {
    const expected = 'true or false'
    throw coreErrors.INVALID_OPTION({ verb, option: 'force', given: describeValue(force), expected })
  }
  signal?.throwIfAborted()
  await requireRootFolder(disk, layout)
  await requireLayout(disk, layout, { currentMayLeadNowhere: true })
  await requireTrustedLayout(disk, layout)
  const held = await readLock(disk, layout, await identifyThisProcess())
  if (held === undefined) return { root: layout.root, removed: false }
  const { owner, state } = held
  // Even the caller's word does not end a run that this machine can see at work.
  if (state === 'alive' || (state === 'unknown' && !force)) {
    throw errors.RELEASE_LOCKED({ root: layout.root, lock: layout.lock, owner: { ...owner } })
  }
  // Another run may take over the lock of a dead one at this moment: as one of those that do, we cannot remove its claim.
  if (state === 'gone') await withLock(disk, layout, { verb, ...options }, () => Promise.resolve())
  else await disk.removeFile(layout.lock)
  return { root: layout.root, owner, removed: true }
}
