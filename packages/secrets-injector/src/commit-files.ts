/**
 * Puts several files into their places together. All are written into a working folder first; one rename, that of the journal,
 * decides; then each is renamed. `plan/journal.ts` says what every state means to the run that finds it.
 */
import { findProcess } from '@fairlead/core/machine'
import { isDeployError } from '@fairlead/core'
import { errors } from './errors.ts'
import { secretFileMode, unknownOwnerMaxAgeMs } from './limits.ts'
import { findTarget, isOwned, openParent } from './open-folders.ts'
import {
  abandonedFolderName,
  commitName,
  identityIn,
  isLeftBehind,
  journalDraftName,
  newName,
  oldName,
  parseJournal,
  undoName,
  workFolderName,
  workFolderPrefix,
  type Journal,
} from './plan/journal.ts'
import { targetParts } from './plan/target-path.ts'
import type { FileOwner } from './ports/accounts.ts'
import { reasonOf, type Files, type FileStatus, type Folder } from './ports/files.ts'
import { randomName, readWorkFolderOwner } from './ports/work-folder-owner.ts'

/** A file's path below the directory, and all that it will hold. */
export interface FileContent {
  readonly path: string
  readonly bytes: Uint8Array
}

export interface CommitOptions {
  readonly owner: FileOwner
  readonly signal: AbortSignal
  readonly nowMs: number
}

export interface CommitResult {
  /** The paths that were written. */
  readonly written: readonly string[]
  /** The working folder's path, where it could not be removed after the files were in place. */
  readonly leftover: string | undefined
}

/** The contents that are not in their place already, with the right mode and owner. Changes nothing. */
export async function findChanges(
  files: Files,
  root: Folder,
  contents: readonly FileContent[],
  owner: FileOwner,
): Promise<readonly FileContent[]> {
  const changes: FileContent[] = []
  for (const content of contents) {
    const parts = targetParts(content.path)
    const parent = await openParent(files, root, parts, 'stop')
    try {
      if (!parent || !(await isInPlace(files, parent, parts.at(-1)!, content.bytes, owner))) changes.push(content)
    } finally {
      if (parent !== root) await parent?.close()
    }
  }
  return changes
}

/** Whether a file has these bytes, this owner and the mode of a secret. */
export async function isInPlace(files: Files, parent: Folder, name: string, bytes: Uint8Array, owner: FileOwner) {
  const status = await findTarget(files, parent, name)
  if (status === undefined || status.mode !== secretFileMode || !isOwned(status, owner)) return false
  return Buffer.compare(await files.read(parent, name), bytes) === 0
}

/**
 * Commits the files that differ from what stands there. When it rejects, every file is as it was; INJECTION_NOT_RECOVERED aside,
 * which says that it is not.
 *
 * @throws INJECTION_BUSY, TARGET_REFUSED, FILE_OPERATION_FAILED, INJECTION_NOT_RECOVERED
 */
export async function commitFiles(
  files: Files,
  root: Folder,
  contents: readonly FileContent[],
  { owner, signal, nowMs }: CommitOptions,
): Promise<CommitResult> {
  // Most runs find everything in place, and then leave no trace at all.
  if ((await findChanges(files, root, contents, owner)).length === 0) return { written: [], leftover: undefined }
  const name = workFolderName(await readWorkFolderOwner(), randomName())
  const opened: Folder[] = []
  const made: string[] = []
  await files.makeFolder(root, name)
  let changes: readonly FileContent[]
  try {
    const work = await openWorkFolder(files, root, name)
    opened.push(work)
    await requireAlone(files, root, name, nowMs)
    // Looked at again now that no other run is at work: half of what was seen before may be half of another run's set.
    changes = await findChanges(files, root, contents, owner)
    const places = await stage(files, root, work, changes, owner, signal, { opened, made })
    signal.throwIfAborted()
    await files.rename(work, journalDraftName, work, commitName)
    // From here on it is carried out or undone, whatever the signal says.
    try {
      await files.sync(work)
      await carryOut(files, work, places)
    } catch (error) {
      await undoOrTell(files, root, work, name, places)
      throw error
    }
  } catch (error) {
    if (!isDeployError(error, errors.INJECTION_NOT_RECOVERED)) {
      await removeWorkFolder(files, root, name)
      await removeMade(files, root, made)
    }
    await closeAll(opened)
    throw error
  }
  const leftover = await removeWorkFolder(files, root, name)
  await closeAll(opened)
  return { written: changes.map(({ path }) => path), leftover }
}

/** Writes everything that the commit needs into the working folder, and makes it durable. */
async function stage(
  files: Files,
  root: Folder,
  work: Folder,
  changes: readonly FileContent[],
  owner: FileOwner,
  signal: AbortSignal,
  { opened, made }: { readonly opened: Folder[]; readonly made: string[] },
): Promise<readonly Place[]> {
  const makeParent = async (parent: Folder, folder: string) => {
    // It gets its owner before it gets its name: a run that dies between the two must not leave a folder that nobody may enter.
    const temporary = `folder-${randomName()}`
    await files.makeFolder(work, temporary, owner)
    await files.rename(work, temporary, parent, folder)
    made.push(`${parent.path}/${folder}`.slice(root.path.length + 1))
  }
  const places: Place[] = []
  for (const [index, { path, bytes }] of changes.entries()) {
    signal.throwIfAborted()
    const parts = targetParts(path)
    const parent = (await openParent(files, root, parts, makeParent))!
    if (parent !== root) opened.push(parent)
    const name = parts.at(-1)!
    await files.create(work, newName(index), bytes, owner)
    const replaces = (await findTarget(files, parent, name)) !== undefined
    if (replaces) await files.link(parent, name, work, oldName(index))
    places.push({ index, path, parent, name, replaces })
  }
  const journal: Journal = {
    schema: 'fairlead/injection-journal/1',
    files: places.map(({ path, replaces }) => ({ path, replaces })),
  }
  await files.create(work, journalDraftName, new TextEncoder().encode(JSON.stringify(journal)))
  // The working folder and its content must outlive a power cut before the journal says that they do.
  for (const folder of new Set([root, work, ...places.map(({ parent }) => parent)])) await files.sync(folder)
  return places
}

/** Where file N goes. */
interface Place {
  readonly index: number
  readonly path: string
  readonly parent: Folder
  readonly name: string
  readonly replaces: boolean
}

async function carryOut(files: Files, work: Folder, places: readonly Place[]): Promise<void> {
  for (const { index, parent, name } of places) {
    // A run that was killed may have renamed some already.
    if (await files.findStatus(work, newName(index))) await files.rename(work, newName(index), parent, name)
  }
  for (const parent of new Set(places.map((place) => place.parent))) await files.sync(parent)
}

async function undo(files: Files, work: Folder, places: readonly Place[]): Promise<void> {
  for (const { index, parent, name, replaces } of places.toReversed()) {
    if (await files.findStatus(work, newName(index))) continue
    if (!replaces && (await files.findStatus(parent, name))) await files.rename(parent, name, work, newName(index))
    if (replaces && (await files.findStatus(work, oldName(index))))
      await files.rename(work, oldName(index), parent, name)
  }
  for (const parent of new Set(places.map((place) => place.parent))) await files.sync(parent)
}

async function undoOrTell(
  files: Files,
  root: Folder,
  work: Folder,
  name: string,
  places: readonly Place[],
): Promise<void> {
  try {
    // First the decision is turned round: a kill in between must not lead half of the files back and half forward.
    await files.rename(work, commitName, work, undoName)
    await files.sync(work)
    await undo(files, work, places)
  } catch (error) {
    throw notRecovered(root, await abandon(files, root, name), error)
  }
}

/** What a run before this one left in the directory, and what became of it. */
export interface Recovery {
  readonly outcome: 'completed' | 'undone' | 'swept'
  /** The files of that run; none where it had not come to its commit. */
  readonly paths: readonly string[]
}

/**
 * Brings what killed runs left to an end: a commit that was decided is carried out, one that was called off is undone, the rest is
 * removed. Folders of other users are left alone: what they hold is not ours to believe.
 *
 * @throws INJECTION_BUSY, INJECTION_NOT_RECOVERED
 */
export async function recoverFiles(
  files: Files,
  root: Folder,
  nowMs: number,
): Promise<{ readonly recoveries: readonly Recovery[]; readonly ignored: readonly string[] }> {
  const { dead, ignored } = await findWorkFolders(files, root, nowMs)
  const recoveries: Recovery[] = []
  for (const found of dead) {
    const name = workFolderName(await readWorkFolderOwner(), randomName())
    try {
      await files.rename(root, found, root, name)
    } catch (error) {
      // Another run was faster, and is putting the files right now.
      if (reasonOf(error) === 'ENOENT') throw errors.INJECTION_BUSY({ directory: root.path })
      throw notRecovered(root, found, error)
    }
    recoveries.push(await recoverFolder(files, root, name))
  }
  return { recoveries, ignored }
}

async function recoverFolder(files: Files, root: Folder, name: string): Promise<Recovery> {
  const opened: Folder[] = []
  try {
    const work = await openWorkFolder(files, root, name)
    opened.push(work)
    const decision = (await files.findStatus(work, commitName))
      ? commitName
      : (await files.findStatus(work, undoName))
        ? undoName
        : undefined
    const places: Place[] = []
    if (decision !== undefined) {
      const text = new TextDecoder().decode(await files.read(work, decision))
      for (const [index, { path, replaces }] of parseJournal(text, decision).files.entries()) {
        const parts = targetParts(path)
        const parent = await openParent(files, root, parts, 'stop')
        if (parent === undefined) throw errors.TARGET_REFUSED({ path, problem: 'its folder is gone' })
        if (parent !== root) opened.push(parent)
        places.push({ index, path, parent, name: parts.at(-1)!, replaces })
      }
      await (decision === commitName ? carryOut : undo)(files, work, places)
    }
    await emptyWorkFolder(files, root, work, name)
    return {
      outcome: decision === undefined ? 'swept' : decision === commitName ? 'completed' : 'undone',
      paths: places.map(({ path }) => path),
    }
  } catch (error) {
    throw notRecovered(root, await abandon(files, root, name), error)
  } finally {
    await closeAll(opened)
  }
}

/** Who may write to the directory may have put another folder into its place: what is opened is looked at, not its name. */
export async function openWorkFolder(files: Files, root: Folder, name: string): Promise<Folder> {
  const work = await files.openFolder(root, name)
  const isOurs = await files
    .statusOf(work)
    .then(isPrivateToUs)
    .catch(async (error: unknown) => {
      await work.close()
      throw error
    })
  if (isOurs) return work
  await work.close()
  throw errors.TARGET_REFUSED({ path: work.path, problem: 'it is not the folder that was made here' })
}

function isPrivateToUs({ kind, uid, mode }: FileStatus): boolean {
  return kind === 'folder' && uid === (process.geteuid?.() ?? uid) && (mode & 0o077) === 0
}

/** Between making our own working folder and using it: of two runs that begin together, each sees the other. */
export async function requireAlone(files: Files, root: Folder, own: string, nowMs: number): Promise<void> {
  const { dead } = await findWorkFolders(files, root, nowMs, own)
  // Began and died since we looked; the next run recovers it before it compares anything.
  if (dead.length > 0) throw errors.INJECTION_BUSY({ directory: root.path })
}

async function findWorkFolders(files: Files, root: Folder, nowMs: number, own?: string) {
  const self = await readWorkFolderOwner()
  const dead: string[] = []
  const ignored: string[] = []
  for (const name of await files.names(root)) {
    if (!name.startsWith(workFolderPrefix) || name === own) continue
    const status = await files.findStatus(root, name)
    if (status === undefined) continue
    const owner = identityIn(name)
    if (!owner || !isPrivateToUs(status)) {
      ignored.push(name)
      continue
    }
    const facts = {
      self,
      found: await findProcess(owner.pid),
      ageMs: nowMs - status.changedAtMs,
      maxAgeMs: unknownOwnerMaxAgeMs,
    }
    if (!isLeftBehind(owner, facts)) throw errors.INJECTION_BUSY({ directory: root.path, pid: owner.pid })
    dead.push(name)
  }
  return { dead, ignored }
}

/**
 * Empties and removes a working folder. The decision goes first, durably: it has been carried out, and must not be read beside a
 * part of what it was about.
 */
async function emptyWorkFolder(files: Files, root: Folder, work: Folder, name: string): Promise<void> {
  const names = await files.names(work)
  for (const decision of names.filter(isDecision)) await files.remove(work, decision)
  if (names.some(isDecision)) await files.sync(work)
  for (const entry of names.filter((candidate) => !isDecision(candidate))) {
    await files.removeTree(work, entry)
  }
  await files.removeFolder(root, name)
}

function isDecision(name: string): boolean {
  return name === commitName || name === undoName
}

/** As well as it goes: the failure that led here, or the success, is what the caller hears of. */
export async function removeWorkFolder(files: Files, root: Folder, name: string): Promise<string | undefined> {
  let work: Folder | undefined
  try {
    work = await openWorkFolder(files, root, name)
    await emptyWorkFolder(files, root, work, name)
    return undefined
  } catch {
    return `${root.path}/${await abandon(files, root, name)}`
  } finally {
    await work?.close()
  }
}

/** Gives a folder up by its name, so that the next run does not take this process, if it lives on, for one at work. */
async function abandon(files: Files, root: Folder, name: string): Promise<string> {
  const abandoned = abandonedFolderName(randomName())
  return await files.rename(root, name, root, abandoned).then(
    () => abandoned,
    () => name,
  )
}

/** Folders that were made for files that did not come, the innermost first. One that is not empty has become somebody's. */
async function removeMade(files: Files, root: Folder, made: readonly string[]): Promise<void> {
  for (const path of made.toReversed()) {
    const parts = path.split('/')
    const parent = await openParent(files, root, parts, 'stop').catch(() => undefined)
    if (parent) await files.removeFolder(parent, parts.at(-1)!).catch(() => {})
    if (parent !== root) await parent?.close()
  }
}

export async function closeAll(folders: readonly Folder[]): Promise<void> {
  for (const folder of folders) await folder.close()
}

function notRecovered(root: Folder, name: string, error: unknown) {
  const problem = isDeployError(error) ? error.message.replace(/; every file is as it was$/, '') : 'it failed'
  return errors.INJECTION_NOT_RECOVERED({ directory: root.path, folder: `${root.path}/${name}`, problem })
}
