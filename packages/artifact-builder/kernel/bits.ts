/** Bits of a stream: the first one is the lowest of its byte (RFC 1951, 3.1.1). */
let place: usize = 0
let held: u64 = 0
let heldCount: u32 = 0

export function startBits(at: usize): void {
  place = at
  held = 0
  heldCount = 0
}

/** Adds bits; {@link writeBits} must come before there are more than 63. */
// @ts-ignore: decorator
@inline
export function addBits(value: u32, count: u32): void {
  held |= (value as u64) << heldCount
  heldCount += count
}

// @ts-ignore: decorator
@inline
export function heldBits(): u32 {
  return heldCount
}

/** Writes all whole bytes: fewer than eight bits are held afterwards. */
// @ts-ignore: decorator
@inline
export function writeBits(): void {
  store<u64>(place, held)
  place += heldCount >>> 3
  held >>= (heldCount & ~7) as u64
  heldCount &= 7
}

/** Fills the last byte with zeros. */
export function alignBits(): void {
  heldCount = (heldCount + 7) & ~7
  writeBits()
}

/** Copies bytes; the last byte must be whole. */
export function writeBytes(from: usize, count: i32): void {
  memory.copy(place, from, count)
  place += count
}

/** Where the next byte will stand. */
export function endOfBits(): usize {
  return place
}
