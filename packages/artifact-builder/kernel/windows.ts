/** Places where one of many literals may stand; which one, and whether it does, is the caller's question. */
import { triplePlaces } from './memory'

/** What the table says of a triple: that it is the first one of a window, that it is the second one. */
const isFirst: u32 = 1
const isSecond: u32 = 2

/** Three bytes, the fourth one multiplied out of the number (Fibonacci hashing). */
const multiplier: u32 = 0x9e3779b1 << 8

// @ts-ignore: decorator
@inline
function seenAs(bytes: u32): u32 {
  return load<u8>(triplePlaces + ((bytes * multiplier) >>> 16))
}

/**
 * The first place, from one up to and with another, of a window of four bytes whose two triples both stand in the table,
 * each as what it is; zero where there is none. Each window has exactly one triple at an even address: only those are
 * looked up, four at a time.
 */
export function nextWindow(from: usize, last: usize): usize {
  let at = (from + 1) & ~1
  while (at <= last + 1) {
    while (at + 6 <= last) {
      const eight = load<u64>(at)
      const seen = seenAs(eight as u32) | seenAs((eight >>> 16) as u32) | seenAs((eight >>> 32) as u32)
      if ((seen | seenAs(load<u32>(at + 6))) !== 0) break
      at += 8
    }
    // One of these four, or the end.
    for (let four = 0; four < 4 && at <= last + 1; four++) {
      const seen = seenAs(load<u32>(at))
      if ((seen & isSecond) !== 0 && at > from && (seenAs(load<u32>(at - 1)) & isFirst) !== 0) return at - 1
      if ((seen & isFirst) !== 0 && at <= last && (seenAs(load<u32>(at + 1)) & isSecond) !== 0) return at
      at += 2
    }
  }
  return 0
}
