import { dirname, join, resolve } from 'node:path'
import { errors } from './errors.ts'
import { parseReleaseName } from './plan/name.ts'
import type { Disk, DiskEntry, EntryType } from './ports/disk.ts'
import { effectiveUid } from './ports/process.ts'

/** Where everything stands below a root. */
export interface Layout {
  readonly root: string
  readonly releases: string
  readonly shared: string
  readonly current: string
  /** What this package keeps for itself. */
  readonly own: string
  readonly lock: string
  readonly history: string
  readonly records: string
  readonly trash: string
}

export function layoutOf(root: string): Layout {
  const absolute = resolve(root)
  const own = join(absolute, '.fairlead')
  return {
    root: absolute,
    releases: join(absolute, 'releases'),
    shared: join(absolute, 'shared'),
    current: join(absolute, 'current'),
    own,
    lock: join(own, 'lock'),
    history: join(own, 'history.jsonl'),
    records: join(own, 'releases'),
    trash: join(own, 'trash'),
  }
}

export function recordPath({ records }: Layout, name: string): string {
  return join(records, `${name}.json`)
}

/** Names below `releases` that begin with a dot are not finished, whichever tool made them. */
export function isReleaseFolderName(name: string): boolean {
  return !name.startsWith('.')
}

const words: Readonly<Record<EntryType, string>> = {
  file: 'a file',
  directory: 'a folder',
  symlink: 'a symbolic link',
  other: 'neither a file nor a folder',
}

/** A type of entry in words, for a message. */
export function describeType(type: EntryType): string {
  return words[type]
}

/** The release that `current` leads to, by its text and by the name below `releases`, whether that is there or not. */
export async function readCurrent(
  disk: Disk,
  { root, releases, current }: Layout,
): Promise<{ readonly link: string; readonly name: string | undefined } | undefined> {
  const entry = await disk.entry(current)
  if (entry === undefined) return undefined
  if (entry.type !== 'symlink') throw errors.CURRENT_NOT_A_LINK({ path: current, found: describeType(entry.type) })
  const link = await disk.linkTarget(current)
  if (link === undefined) return undefined
  const lexical = resolve(root, link)
  if (dirname(lexical) === releases) return { link, name: lexical.slice(releases.length + 1) }
  // Capistrano writes absolute links; the root may have been reached by another path since.
  const [real, realReleases] = await Promise.all([disk.realPath(current), disk.realPath(releases)])
  const inside = real !== undefined && realReleases !== undefined && dirname(real) === realReleases
  return { link, name: inside ? real.slice(realReleases.length + 1) : undefined }
}

/**
 * Refuses a root that holds something else under the names of the layout.
 *
 * @throws LAYOUT_NOT_UNDERSTOOD, CURRENT_NOT_A_LINK
 */
export async function requireLayout(
  disk: Disk,
  layout: Layout,
  { currentMayLeadNowhere = false }: { readonly currentMayLeadNowhere?: boolean } = {},
): Promise<void> {
  for (const path of [layout.root, layout.releases, layout.shared, layout.own]) {
    const entry = await disk.entry(path)
    // The root itself may be reached through a link; below it a link would lead what we write out of it.
    const folder = entry?.type === 'symlink' && path === layout.root ? await followed(disk, path) : entry
    if (folder && folder.type !== 'directory') {
      throw errors.LAYOUT_NOT_UNDERSTOOD({ path, found: describeType(folder.type), expected: 'a folder' })
    }
  }
  const current = await readCurrent(disk, layout)
  const mayBe = currentMayLeadNowhere && (await disk.realPath(layout.current)) === undefined
  if (current && current.name === undefined && !mayBe) {
    throw errors.LAYOUT_NOT_UNDERSTOOD({
      path: layout.current,
      found: `a link to ${current.link}`,
      expected: `a link to a folder in ${layout.releases}`,
    })
  }
}

async function followed(disk: Disk, path: string): Promise<DiskEntry | undefined> {
  const real = await disk.realPath(path)
  return real === undefined ? undefined : await disk.entry(real)
}

/**
 * Root does not work in a folder that somebody else can write: whoever can rename what stands there can lead a chown, a
 * copy or a rename of root's wherever they like.
 *
 * @throws FOLDER_NOT_TRUSTED
 */
export async function requireTrusted(disk: Disk, path: string, runningAs = effectiveUid()): Promise<void> {
  if (runningAs !== 0) return
  const folder = await followed(disk, path)
  if (folder === undefined) return
  if (!isTrusted(folder)) {
    const mode = (folder.mode & 0o7777).toString(8).padStart(4, '0')
    throw errors.FOLDER_NOT_TRUSTED({ path, ownerUid: folder.uid, mode })
  }
}

/** Whether root alone can change which entries a folder has. */
export function isTrusted({ uid, gid, mode }: DiskEntry): boolean {
  const othersWrite = (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== 0)
  return uid === 0 && !othersWrite
}

/** @throws FOLDER_NOT_TRUSTED */
export async function requireTrustedLayout(disk: Disk, { root, releases, own }: Layout): Promise<void> {
  for (const path of [root, releases, own]) await requireTrusted(disk, path)
}

/** Makes the folders that are missing, each one durable before the next. */
export async function makeFolders(disk: Disk, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    if (await disk.makeFolder(path, 0o755)) await disk.syncFolder(dirname(path))
  }
}

/** Whether a name below `releases` was given by us for this deployment. */
export function isOfDeployment(name: string, id: string): boolean {
  return parseReleaseName(name)?.id === id
}

/** Whether a path is a folder or stands inside it. */
export function isOfTree(path: string, top: string): boolean {
  return path === top || path.startsWith(`${top}/`)
}
