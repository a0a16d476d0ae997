/**
 * Memory for the batches of a lane, which are given back in the order in which they were kept: around and around, in one
 * piece.
 */
export interface BatchMemory {
  /** Room for so many bytes, until the next call. */
  readonly room: (length: number) => Buffer
  /** Keeps so many of the first bytes of the room until they are released; answers them. */
  readonly keep: (length: number) => Buffer
  /** Gives the oldest kept bytes back. */
  readonly release: () => void
}

interface Range {
  readonly begin: number
  readonly end: number
}

/**
 * A buffer for each batch, used again, took up to 25 MiB of a thread: they come in many sizes, and the C library keeps
 * what was given back. Of this one only what was written to is in memory, and it begins anew whenever nothing is kept.
 *
 * @param bytes enough for what is kept, and for a room on either side of it; a room that fits nowhere gets memory of its
 *   own
 */
export function openBatchMemory(bytes: number): BatchMemory {
  let whole: Buffer | undefined
  /** The oldest first; `undefined` has memory of its own. */
  const kept: (Range | undefined)[] = []
  let room: { readonly memory: Buffer; readonly begin: number | undefined } = { memory: Buffer.alloc(0), begin: 0 }

  const placeFor = (length: number): number | undefined => {
    const inWhole = kept.filter((range) => range !== undefined)
    const [first, last] = [inWhole[0], inWhole.at(-1)]
    if (first === undefined || last === undefined) return length <= bytes ? 0 : undefined
    const isAround = last.begin < first.begin
    if (last.end + length <= (isAround ? first.begin : bytes)) return last.end
    return !isAround && length <= first.begin ? 0 : undefined
  }
  return {
    room: (length) => {
      const begin = placeFor(length)
      const memory =
        begin === undefined
          ? Buffer.allocUnsafeSlow(length)
          : (whole ??= Buffer.allocUnsafeSlow(bytes)).subarray(begin, begin + length)
      room = { memory, begin }
      return memory
    },
    keep: (length) => {
      const { memory, begin } = room
      kept.push(begin === undefined ? undefined : { begin, end: begin + length })
      return memory.subarray(0, length)
    },
    release: () => void kept.shift(),
  }
}
