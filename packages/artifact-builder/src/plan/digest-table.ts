/** Where entries stand by the digests of their bytes: a hash table with open addressing, over digests, which are hashes already. */
export interface DigestTable {
  /** SHA-256, one behind the other, by place; zeros where there is none. */
  readonly digests: Uint8Array
  /** A power of two of them, each a place and one more, or zero. */
  readonly slots: Uint32Array
}

const digestBytes = 32

/** How many slots so many digests need: half of them stay free, or more. */
export function slotsFor(count: number): number {
  return 2 ** Math.ceil(Math.log2(2 * count + 1))
}

/**
 * Fills empty slots. Of entries with the same bytes, the first has a slot.
 *
 * @param slots zeros; {@link slotsFor} says how many
 */
export function fillDigestTable(digests: Uint8Array, slots: Uint32Array): DigestTable {
  const table = { digests, slots }
  for (let place = 0; place < digests.length / digestBytes; place++) {
    if (isMissing(digests, place)) continue
    const slot = slotOf(table, digests, place)
    if (slots[slot] === 0) slots[slot] = place + 1
  }
  return table
}

/** The place of an entry with a digest, that of a place among others. */
export function findByDigest(table: DigestTable, of: Uint8Array, place: number): number | undefined {
  const entry = table.slots[slotOf(table, of, place)] as number
  return entry === 0 ? undefined : entry - 1
}

/** The slot that has a digest, or the free one that it would get. */
function slotOf({ digests, slots }: DigestTable, of: Uint8Array, place: number): number {
  const last = slots.length - 1
  let slot = beginningOf(of, place) & last
  for (let entry = slots[slot] as number; entry !== 0; entry = slots[slot] as number) {
    if (isSameDigest(digests, entry - 1, of, place)) break
    slot = (slot + 1) & last
  }
  return slot
}

function beginningOf(digests: Uint8Array, place: number): number {
  const at = place * digestBytes
  return (
    (digests[at] as number) |
    ((digests[at + 1] as number) << 8) |
    ((digests[at + 2] as number) << 16) |
    ((digests[at + 3] as number) << 24)
  )
}

/** Of a folder, and of the manifest, no digest is known. One that begins so by chance is not found, which costs no more than time. */
function isMissing(digests: Uint8Array, place: number): boolean {
  return beginningOf(digests, place) === 0
}

/** Whether the digest at a place is that at a place among others. */
export function isSameDigest(some: Uint8Array, place: number, others: Uint8Array, other: number): boolean {
  for (let byte = 0; byte < digestBytes; byte++) {
    if (some[place * digestBytes + byte] !== others[other * digestBytes + byte]) return false
  }
  return true
}
