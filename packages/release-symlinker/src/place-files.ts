import { join } from 'node:path'
import type { PlannedFile } from './plan/stage.ts'
import type { Disk, DiskEntry, Ownership } from './ports/disk.ts'
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
export type PlaceFile = (file: PlannedFile, to: string) => Promise<string | undefined>

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

  const adopt: PlaceFile = async ({ mode }, to) => {
    const facts = await disk.examineFile(to)
    // Another name of it would get the mode and the owner too, and could change it later.
    if (facts === undefined || facts.names !== 1) return undefined
    if (owner && !isOwnedBy(facts, owner, runningAs)) await disk.setOwner(to, owner)
    if (facts.mode !== mode || owner) await disk.setMode(to, mode)
    if (sync) await disk.syncFile(to)
    counts.moved += 1
    return facts.sha256
  }

  const link = async ({ source, mode, sizeBytes, sha256 }: PlannedFile, to: string): Promise<boolean> => {
    for (const folder of linkFrom) {
      if (!(await disk.linkFile(join(folder, source), to))) continue
      const facts = await disk.examineFile(to, sizeBytes)
      if (facts?.sha256 === sha256 && facts.mode === mode && isOwnedBy(facts, owner, runningAs)) {
        if (sync) await disk.syncFile(to)
        counts.linked += 1
        return true
      }
      await disk.removeFile(to)
    }
    return false
  }

  const place: PlaceFile = async (file, to) => {
    if (moved.has(topOf(file.source))) return await adopt(file, to)
    if (await link(file, to)) return file.sha256
    const source = join(from, file.source)
    const request = { mode: file.mode, owner, sync }
    const cloned = clones ? await disk.cloneFile(source, to, request) : undefined
    if (cloned !== undefined) {
      counts.cloned += 1
      return cloned
    }
    clones = false
    const copied = await disk.copyFile(source, to, request)
    counts.copied += 1
    return copied
  }
  return { place, counts }
}

/** The first part of a path. */
export function topOf(path: string): string {
  return path.split('/', 1)[0] ?? ''
}

/** Whether a file belongs to whom a copy would belong. */
function isOwnedBy({ uid, gid }: DiskEntry, owner: Ownership | undefined, runningAs: number | undefined): boolean {
  if (owner === undefined) return runningAs === undefined || uid === runningAs
  return (owner.uid === -1 || uid === owner.uid) && (owner.gid === -1 || gid === owner.gid)
}
