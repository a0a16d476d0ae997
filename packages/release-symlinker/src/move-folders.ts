import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { list, nonEmptyText, object, oneOf, recordReader } from '@fairlead/core'
import { isTrusted, type Layout } from './layout.ts'
import { topOf } from './place-files.ts'
import type { SharedPlan } from './plan/stage.ts'
import type { Disk } from './ports/disk.ts'
import { effectiveUid } from './ports/process.ts'
import type { Inventory } from './source.ts'

/** A note of what was renamed out of an archive, so that a run that was killed gives it back. */
const parseNote = recordReader(
  'note of moved folders',
  object({
    schema: oneOf('fairlead/moved-folders/1'),
    /** The archive, and the folder that is built. */
    from: nonEmptyText,
    to: nonEmptyText,
    folders: list(nonEmptyText),
  }),
)

/**
 * Of the folders that a caller gave away, those that can be renamed as they are: each entry in them belongs to the
 * release, and where root works nobody else can change them. The others are copied.
 */
export async function findMovable(
  disk: Disk,
  from: string,
  wanted: readonly string[],
  { extra, folders, extraFolders }: Inventory,
  shared: readonly SharedPlan[],
): Promise<readonly string[]> {
  const mixed = new Set([...extra, ...extraFolders, ...shared.map(({ path }) => path)].map(topOf))
  const movable: string[] = []
  for (const top of wanted) {
    if (mixed.has(top)) continue
    const inside = folders.filter((path) => topOf(path) === top)
    if (inside.length > 0 && (await areOurs(disk, [from, ...inside.map((path) => join(from, path))]))) movable.push(top)
  }
  return movable
}

async function areOurs(disk: Disk, folders: readonly string[]): Promise<boolean> {
  if (effectiveUid() !== 0) return true
  for (const folder of folders) {
    const entry = await disk.entry(folder)
    if (!entry || !isTrusted(entry)) return false
  }
  return true
}

export interface Move {
  readonly from: string
  readonly to: string
  readonly folders: readonly string[]
  /** Whether `from` is a folder that we made for this run alone. */
  readonly isOurs: boolean
}

/** Notes durably what is going to be renamed; `undefined`: there is nothing to give back. */
export async function noteMove(
  disk: Disk,
  { own }: Layout,
  { from, to, folders, isOurs }: Move,
): Promise<string | undefined> {
  // Nobody misses what we unpacked ourselves.
  if (folders.length === 0 || isOurs) return undefined
  const note = join(own, `moved-${randomBytes(8).toString('hex')}.json`)
  const text = `${JSON.stringify({ schema: 'fairlead/moved-folders/1', from, to, folders })}\n`
  await disk.writeFile(note, text, { mode: 0o600, sync: true })
  await disk.syncFolder(own)
  return note
}

/** Renames folders from the archive into what is built. Answers those that were: none where the file systems differ. */
export async function moveFolders(disk: Disk, { from, to, folders }: Move): Promise<ReadonlySet<string>> {
  const moved = new Set<string>()
  for (const folder of folders) {
    if (!(await disk.renameWithin(join(from, folder), join(to, folder)))) break
    moved.add(folder)
  }
  return moved
}

/** Gives back what a note says was moved, as far as it is still where it was moved to, and removes the note. */
export async function giveBack(disk: Disk, note: string): Promise<void> {
  const text = await disk.readText(note)
  if (text === undefined) return
  // Half a note was being written when a process died: nothing had been moved yet.
  if (text.endsWith('\n')) {
    const { from, to, folders } = parseNote(text, note)
    const archiveIsThere = (await disk.entry(from))?.type === 'directory'
    for (const folder of archiveIsThere ? folders : []) {
      const isHere = (await disk.entry(join(to, folder))) !== undefined
      if (isHere && (await disk.entry(join(from, folder))) === undefined) {
        await disk.rename(join(to, folder), join(from, folder))
      }
    }
  }
  await disk.removeFile(note)
}
