import type { Disk } from './ports/disk.ts'

/** A file system that is being made durable while the caller goes on. */
export interface OngoingSync {
  /** Something changes that the disk may have written already. */
  readonly changed: () => void
  /** Answers when all is durable, what changed meanwhile too. False: this machine cannot do that in one call. */
  readonly end: () => Promise<boolean>
  /** Resolves when nothing goes on any more, whatever came of it. */
  readonly settled: Promise<unknown>
}

/** Begins to make everything durable that stands below `path`. */
export function startSync(disk: Disk, path: string): OngoingSync {
  let isChanged = false
  const first = disk.syncFileSystem(path)
  const end = async () => {
    const isDurable = await first
    return isDurable && isChanged ? await disk.syncFileSystem(path) : isDurable
  }
  return { changed: () => void (isChanged = true), end, settled: first.catch(() => undefined) }
}
