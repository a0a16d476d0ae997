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
}

/** Brings a file to its place and answers the SHA-256 of what stands there; `undefined`: something else stands there. */
export type PlaceFile = (file: PlannedFile, to: string) => Answer<string | undefined>

/**
 * Brings files into a release in the fastest way that this file system and the caller's word allow: by the rename of the
 * folder around them, by a second name for the same file, by a clone, by a copy. Whichever it was, what counts is read
 * from the place where the file stands then, which nobody else can reach.
 */
export function filePlacer(
  disk: Disk,
  { from, owner, sync, linkFrom, moved }: PlacingRequest,
): { readonly place: PlaceFile; readonly counts: PlacedCounts } {
  const counts: PlacedCounts = { moved: 0, linked: 0, cloned: 0, copied: 0 }
  const runningAs = effectiveUid()
  // Whether this file system has clones is known after the first one.
  let clones = true

  const adopt: PlaceFile = ({ mode }, to) =>
    andThen(disk.examineFile(to), (facts) => {
      // Another name of it would get the mode and the owner too, and could change it later.
      if (facts === undefined || facts.names !== 1) return undefined
      counts.moved += 1
      const isFinished = facts.mode === mode && owner === undefined && !sync
      return isFinished ? facts.sha256 : finishMoved(facts, mode, to)
    })
  const finishMoved = async (facts: FileFacts, mode: number, to: string): Promise<string> => {
    if (owner && !isOwnedBy(facts, owner, runningAs)) await disk.setOwner(to, owner)
    if (facts.mode !== mode || owner) await disk.setMode(to, mode)
    if (sync) await disk.syncFile(to)
    return facts.sha256
  }

  /** Answers the SHA-256; `undefined`: none of the folders from that number on has the same file. */
  const link = (file: PlannedFile, to: string, number = 0): Answer<string | undefined> => {
    const folder = linkFrom[number]
    if (folder === undefined) return undefined
    const tryNext = () => link(file, to, number + 1)
    return andThen(disk.linkFile(placeIn(folder, file.source), to), (isLinked) => {
      if (!isLinked) return tryNext()
      return andThen(disk.examineFile(to, file.sizeBytes), (facts) => {
        const isSame =
          facts?.sha256 === file.sha256 && facts.mode === file.mode && isOwnedBy(facts, owner, runningAs)
        if (!isSame) return disk.removeFile(to).then(tryNext)
        counts.linked += 1
        return sync ? disk.syncFile(to).then(() => file.sha256) : file.sha256
      })
    })
  }

  const clone = (source: string, to: string, request: CopyRequest): Answer<string | undefined> =>
    andThen(disk.cloneFile(source, to, request), (cloned) => {
      if (cloned === undefined) clones = false
      else counts.cloned += 1
      return cloned
    })

  const copy = (source: string, to: string, request: CopyRequest): Answer<string> =>
    andThen(disk.copyFile(source, to, request), (copied) => {
      counts.copied += 1
      return copied
    })

  const place: PlaceFile = (file, to) => {
    if (moved.size > 0 && moved.has(topOf(file.source))) return adopt(file, to)
    return andThen(link(file, to), (linked) => {
      if (linked !== undefined) return linked
      const source = placeIn(from, file.source)
      const request = { mode: file.mode, owner, sync }
      if (!clones) return copy(source, to, request)
      return andThen(clone(source, to, request), (cloned) => cloned ?? copy(source, to, request))
    })
  }
  return { place, counts }
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
