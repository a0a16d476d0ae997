import { andThen, type Answer } from './answer.ts'
import type { PlannedFile } from './plan/stage.ts'
import type { CopyRequest, Disk, DiskEntry, FileFacts, Ownership } from './ports/disk.ts'
import { effectiveUid } from './ports/process.ts'

/** How many files came into a release in which way. */
export interface PlacedCounts {
  moved: number
  linked: number
  cloned: number
  copied: number
}

export interface PlacingRequest {
  /** The archive. */
  readonly from: string
  readonly owner: Ownership | undefined
  readonly sync: boolean
  /** Folders whose files a file that is the same may get a second name from; empty: files may be changed in place. */
  readonly linkFrom: readonly string[]
  /** Folders at the top of the archive that stand at their place already, renamed. */
  readonly moved: ReadonlySet<string>
  /** Told before a file that stands at its place is changed there, or exchanged. */
  readonly onChange?: (() => void) | undefined
}

/** How a file came to its place, and what is still to be known of it. */
export type Brought =
  | { readonly way: 'moved' }
  /** A second name for the file of one of the folders. */
  | { readonly way: 'linked'; readonly folder: number }
  /** What was written is what was read: its SHA-256. */
  | { readonly way: 'cloned' | 'copied'; readonly sha256: string }

const moved: Brought = { way: 'moved' }

export interface FilePlacer {
  /** Brings a file to its place, which is not the end of it. */
  readonly bring: (file: PlannedFile, to: string) => Answer<Brought>
  /**
   * Looks at what was brought, finishes it, and answers its SHA-256; `undefined`: something else stands there. A second name
   * of a file that is not the same is exchanged for a copy. `facts` are those of a file that was examined.
   */
  readonly confirm: (
    file: PlannedFile,
    to: string,
    brought: Brought,
    facts: FileFacts | undefined,
  ) => Answer<string | undefined>
  readonly counts: PlacedCounts
}

/**
 * Brings files into a release in the fastest way that this file system and the caller's word allow: by the rename of the
 * folder around them, by a second name for the same file, by a clone, by a copy. Whichever it was, what counts is read
 * from the place where the file stands then, which nobody else can reach.
 */
export function filePlacer(disk: Disk, request: PlacingRequest): FilePlacer {
  const { from, owner, sync, linkFrom } = request
  const counts: PlacedCounts = { moved: 0, linked: 0, cloned: 0, copied: 0 }
  const runningAs = effectiveUid()
  // Whether this file system has clones is known after the first one.
  let clones = true

  const bring: FilePlacer['bring'] = (file, to) =>
    request.moved.size > 0 && request.moved.has(topOf(file.source)) ? moved : linkOrCopy(file, to, 0)

  /** Tries the folders from that number on. */
  const linkOrCopy = (file: PlannedFile, to: string, folder: number): Answer<Brought> => {
    const top = linkFrom[folder]
    if (top === undefined) return cloneOrCopy(placeIn(from, file.source), to, { mode: file.mode, owner, sync })
    return andThen(disk.linkFile(placeIn(top, file.source), to), (isLinked) =>
      isLinked ? { way: 'linked', folder } : linkOrCopy(file, to, folder + 1),
    )
  }

  const cloneOrCopy = (source: string, to: string, copy: CopyRequest): Answer<Brought> => {
    const copyIt = () => andThen(disk.copyFile(source, to, copy), (sha256): Brought => ({ way: 'copied', sha256 }))
    if (!clones) return copyIt()
    return andThen(disk.cloneFile(source, to, copy), (sha256): Answer<Brought> => {
      if (sha256 !== undefined) return { way: 'cloned', sha256 }
      clones = false
      return copyIt()
    })
  }

  const confirm: FilePlacer['confirm'] = (file, to, brought, facts) => {
    if (brought.way === 'moved') return adopt(file, to, facts)
    if (brought.way === 'linked') return keepLink(file, to, brought.folder, facts)
    counts[brought.way] += 1
    return brought.sha256
  }

  const adopt = ({ mode }: PlannedFile, to: string, facts: FileFacts | undefined): Answer<string | undefined> => {
    // Another name of it would get the mode and the owner too, and could change it later.
    if (facts === undefined || facts.names !== 1) return undefined
    counts.moved += 1
    const isFinished = facts.mode === mode && owner === undefined && !sync
    return isFinished ? facts.sha256 : finishMoved(facts, mode, to)
  }
  const finishMoved = async (facts: FileFacts, mode: number, to: string): Promise<string> => {
    request.onChange?.()
    if (owner && !isOwnedBy(facts, owner, runningAs)) await disk.setOwner(to, owner)
    if (facts.mode !== mode || owner) await disk.setMode(to, mode)
    if (sync) await disk.syncFile(to)
    return facts.sha256
  }

  const keepLink = (
    file: PlannedFile,
    to: string,
    folder: number,
    facts: FileFacts | undefined,
  ): Answer<string | undefined> => {
    const isSame = facts?.sha256 === file.sha256 && facts.mode === file.mode && isOwnedBy(facts, owner, runningAs)
    if (!isSame) return bringAnother(file, to, folder + 1)
    counts.linked += 1
    return sync ? disk.syncFile(to).then(() => file.sha256) : file.sha256
  }
  const bringAnother = async (file: PlannedFile, to: string, folder: number): Promise<string | undefined> => {
    request.onChange?.()
    await disk.removeFile(to)
    const brought = await linkOrCopy(file, to, folder)
    return await confirm(
      file,
      to,
      brought,
      isExamined(brought) ? await disk.examineFile(to, sizeOf(brought, file)) : undefined,
    )
  }

  return { bring, confirm, counts }
}

/** Both steps for one file. */
export function placeFile(
  disk: Disk,
  { bring, confirm }: FilePlacer,
  file: PlannedFile,
  to: string,
): Answer<string | undefined> {
  return andThen(bring(file, to), (brought) =>
    isExamined(brought)
      ? andThen(disk.examineFile(to, sizeOf(brought, file)), (facts) => confirm(file, to, brought, facts))
      : confirm(file, to, brought, undefined),
  )
}

/** Of a link, another size is a reason not to read it; one that was moved is read, to say what it is. */
export function sizeOf({ way }: Brought, { sizeBytes }: PlannedFile): number | undefined {
  return way === 'linked' ? sizeBytes : undefined
}

/** Whether what stands there then has still to be read. */
export function isExamined({ way }: Brought): boolean {
  return way === 'moved' || way === 'linked'
}

/** Where a path of a plan stands below a folder: it is plain, and of thousands nothing is worked out. */
export function placeIn(folder: string, path: string): string {
  return path === '' ? folder : `${folder}/${path}`
}

/** The first part of a path. */
export function topOf(path: string): string {
  const end = path.indexOf('/')
  return end === -1 ? path : path.slice(0, end)
}

/** Whether a file belongs to whom a copy would belong. */
function isOwnedBy({ uid, gid }: DiskEntry, owner: Ownership | undefined, runningAs: number | undefined): boolean {
  if (owner === undefined) return runningAs === undefined || uid === runningAs
  return (owner.uid === -1 || uid === owner.uid) && (owner.gid === -1 || gid === owner.gid)
}
