/**
 * Puts all files of an injection live at one moment: they are written into a new folder, `versions/…`, and then one link, `current`,
 * is renamed to it. Nothing that is live is ever written to. Every state in between is told by names alone: a version that is newer
 * than the one that `current` leads to was never live, and the next run removes it.
 */
import { isDeployError } from '@fairlead/core'
import {
  closeAll,
  findChanges,
  openWorkFolder,
  removeWorkFolder,
  requireAlone,
  type CommitOptions,
  type CommitResult,
  type FileContent,
} from './commit-files.ts'
import { errors } from './errors.ts'
import { openPart } from './open-folders.ts'
import { workFolderName } from './plan/journal.ts'
import { targetParts } from './plan/target-path.ts'
import { currentLink, isVersionId, versionId, versionIn, versionsFolder } from './plan/versions.ts'
import type { FileOwner } from './ports/accounts.ts'
import type { Files, Folder } from './ports/files.ts'
import { randomName, readWorkFolderOwner } from './ports/work-folder-owner.ts'

/** Where the files of a versioned injection are read. */
export function liveFolder(root: Folder): string {
  return `${root.path}/${currentLink}`
}

/**
 * Makes the files the current version, unless they are that already. When it rejects, what was current is so still.
 *
 * @throws INJECTION_BUSY, TARGET_REFUSED, FILE_OPERATION_FAILED
 */
export async function commitVersion(
  files: Files,
  root: Folder,
  contents: readonly FileContent[],
  { owner, signal, nowMs }: CommitOptions,
): Promise<CommitResult> {
  const current = await findCurrent(files, root)
  if (current !== undefined && (await isVersion(files, root, current, contents, owner))) {
    return { written: [], leftover: undefined }
  }
  const name = workFolderName(await readWorkFolderOwner(), randomName())
  const opened: Folder[] = []
  let isLive = false
  await files.makeFolder(root, name)
  try {
    const work = await openWorkFolder(files, root, name)
    opened.push(work)
    await requireAlone(files, root, name, nowMs)
    // Another run may have come and gone since the first look.
    const before = await findCurrent(files, root)
    const versions = await openVersions(files, root, work, owner)
    opened.push(versions)
    const id = versionId(nowMs, before, randomName())
    await stageVersion(files, work, contents, owner, signal)
    signal.throwIfAborted()
    await files.rename(work, 'version', versions, id)
    await files.sync(versions)
    await files.makeLink(`${versionsFolder}/${id}`, work, 'link')
    await files.rename(work, 'link', root, currentLink)
    isLive = true
    await files.sync(root)
    await removeVersions(files, versions, id, before)
  } catch (error) {
    const leftover = await removeWorkFolder(files, root, name)
    if (isLive) {
      // The injection has happened: what failed was to remove an older version, or to make the link outlive a power cut.
      await closeAll(opened)
      return { written: contents.map(({ path }) => path), leftover: leftover ?? `${root.path}/${versionsFolder}` }
    }
    await recoverVersions(files, root).catch((second: unknown) => {
      // What led here is what the caller hears of; the next run removes what is left.
      if (!isDeployError(second)) throw second
    })
    await closeAll(opened)
    throw error
  }
  const leftover = await removeWorkFolder(files, root, name)
  await closeAll(opened)
  return { written: contents.map(({ path }) => path), leftover }
}

/** Removes versions that were never live: of runs that died before they turned the link. */
export async function recoverVersions(files: Files, root: Folder): Promise<void> {
  const current = await findCurrent(files, root)
  if ((await files.findStatus(root, versionsFolder)) === undefined) return
  const versions = await openPart(files, root, root, versionsFolder, 'stop')
  try {
    if (versions) await removeVersions(files, versions, current, undefined)
  } finally {
    await versions?.close()
  }
}

/**
 * The version that is current, if there is one.
 *
 * @throws TARGET_REFUSED where the link is not one of ours
 */
export async function findCurrent(files: Files, root: Folder): Promise<string | undefined> {
  const status = await files.findStatus(root, currentLink)
  if (status === undefined) return undefined
  const refuse = (problem: string) => errors.TARGET_REFUSED({ path: liveFolder(root), problem })
  if (status.kind !== 'link') throw refuse('it is not a link')
  const id = versionIn(await files.readLink(root, currentLink))
  if (id === undefined) throw refuse('it is a symbolic link to somewhere else')
  return id
}

/** Opens the folder of a version. */
export async function openVersion(files: Files, root: Folder, id: string): Promise<Folder | undefined> {
  const versions = await openPart(files, root, root, versionsFolder, 'stop')
  try {
    return versions && (await openPart(files, root, versions, id, 'stop'))
  } finally {
    await versions?.close()
  }
}

async function isVersion(
  files: Files,
  root: Folder,
  id: string,
  contents: readonly FileContent[],
  owner: FileOwner,
): Promise<boolean> {
  const version = await openVersion(files, root, id)
  if (!version) return false
  try {
    const wanted = contents.map(({ path }) => path).sort()
    if ((await filesBelow(files, version)).join('\n') !== wanted.join('\n')) return false
    return (await findChanges(files, version, contents, owner)).length === 0
  } finally {
    await version.close()
  }
}

/** The paths of all that is no folder, sorted. */
async function filesBelow(files: Files, folder: Folder, prefix = ''): Promise<readonly string[]> {
  const paths: string[] = []
  for (const name of await files.names(folder)) {
    const status = await files.findStatus(folder, name)
    if (status?.kind !== 'folder') {
      paths.push(`${prefix}${name}`)
      continue
    }
    const inner = await files.openFolder(folder, name)
    try {
      paths.push(...(await filesBelow(files, inner, `${prefix}${name}/`)))
    } finally {
      await inner.close()
    }
  }
  return paths.sort()
}

async function openVersions(files: Files, root: Folder, work: Folder, owner: FileOwner): Promise<Folder> {
  const folder = await openPart(files, root, root, versionsFolder, async () => {
    await files.makeFolder(work, 'versions', owner)
    await files.rename(work, 'versions', root, versionsFolder)
    await files.sync(root)
  })
  return folder!
}

/** Writes every file below `version` in the working folder, durably. */
async function stageVersion(
  files: Files,
  work: Folder,
  contents: readonly FileContent[],
  owner: FileOwner,
  signal: AbortSignal,
): Promise<void> {
  await files.makeFolder(work, 'version', owner)
  for (const { path, bytes } of contents) {
    signal.throwIfAborted()
    const opened: Folder[] = [await files.openFolder(work, 'version')]
    try {
      for (const part of targetParts(path).slice(0, -1)) {
        const parent = opened.at(-1)!
        if ((await files.findStatus(parent, part)) === undefined) await files.makeFolder(parent, part, owner)
        opened.push(await files.openFolder(parent, part))
      }
      await files.create(opened.at(-1)!, targetParts(path).at(-1)!, bytes, owner)
      for (const folder of opened.toReversed()) await files.sync(folder)
    } finally {
      await closeAll(opened)
    }
  }
}

/** Removes all versions but the current one and the one before it. Folders that are not named as ours are left alone. */
async function removeVersions(
  files: Files,
  versions: Folder,
  current: string | undefined,
  before: string | undefined,
): Promise<void> {
  const ids = (await files.names(versions)).filter(isVersionId).sort()
  const older = ids.filter((id) => current !== undefined && id < current)
  const kept = new Set([current, before ?? older.at(-1)])
  for (const id of ids.filter((candidate) => !kept.has(candidate))) await files.removeTree(versions, id)
}
