/** What the planner of batches needs to know of entries. */
export interface BatchedEntries {
  readonly count: number
  /** Of what is compressed: a file's bytes, a link's target; zero of a folder. */
  readonly sizeBytes: ArrayLike<number>
  /** Of large files whose compressed bytes are there already: how many, by entry. */
  readonly keptBytes: ReadonlyMap<number, number>
}

/** Work for one thread at a time, in the order in which its bytes lie in the zip. */
export type Batch =
  /** Entries `first` to `end - 1`, each of them whole. */
  | { readonly type: 'entries'; readonly first: number; readonly end: number }
  /** One piece of a large file, with the file's header where it is the first one. */
  | {
      readonly type: 'piece'
      readonly entry: number
      readonly offset: number
      readonly sizeBytes: number
      readonly isLast: boolean
    }
  /** A range of the compressed bytes of a large file that are there already, with its header where it is the first one. */
  | {
      readonly type: 'copy'
      readonly entry: number
      readonly offset: number
      readonly sizeBytes: number
      readonly isLast: boolean
    }

/** How work is cut into batches. */
export interface BatchLimits {
  /** A file larger than this is compressed in pieces of this size, by several threads at once. */
  readonly pieceBytes: number
  readonly entriesInBatch: number
  /** Of the files of a batch that has more than one. */
  readonly bytesInBatch: number
}

/**
 * Cuts entries into batches. Where a file is cut changes its compressed bytes, and depends on its size alone; which
 * entries share a batch changes nothing.
 */
export function planBatches(
  { count, sizeBytes: sizes, keptBytes }: BatchedEntries,
  limits: BatchLimits,
): readonly Batch[] {
  const { pieceBytes, entriesInBatch, bytesInBatch } = limits
  const batches: Batch[] = []
  let first = 0
  let bytes = 0
  const closeBefore = (end: number) => {
    if (end > first) batches.push({ type: 'entries', first, end })
    first = end
    bytes = 0
  }
  for (let entry = 0; entry < count; entry++) {
    const sizeBytes = sizes[entry] as number
    if (isLarge(sizeBytes, pieceBytes)) {
      closeBefore(entry)
      const kept = keptBytes.get(entry)
      const type = kept === undefined ? ('piece' as const) : ('copy' as const)
      for (const piece of piecesOf(kept ?? sizeBytes, pieceBytes)) batches.push({ type, entry, ...piece })
      first = entry + 1
      continue
    }
    if (entry - first >= entriesInBatch || bytes + sizeBytes > bytesInBatch) closeBefore(entry)
    bytes += sizeBytes
  }
  closeBefore(count)
  return batches
}

/** Whether a file is compressed in pieces. */
export function isLarge(sizeBytes: number, pieceBytes: number): boolean {
  return sizeBytes > pieceBytes
}

function piecesOf(sizeBytes: number, pieceBytes: number) {
  return Array.from({ length: Math.ceil(sizeBytes / pieceBytes) }, (_, index) => {
    const offset = index * pieceBytes
    const end = Math.min(sizeBytes, offset + pieceBytes)
    return { offset, sizeBytes: end - offset, isLast: end === sizeBytes }
  })
}
