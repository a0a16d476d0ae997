/**
 * Compares two texts by the bytes of their UTF-8, which is the order of their code points. JavaScript's own order is
 * that of UTF-16, where a character beyond U+FFFF comes before U+E000.
 */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const difference = rank(a.charCodeAt(index)) - rank(b.charCodeAt(index))
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** A code unit's place: surrogates, which stand for the highest code points, after all others. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}

/**
 * {@link compareBytes} for these texts, in the fastest way: JavaScript's own order is several times as fast, and the
 * same where no text has a surrogate or what comes behind them.
 */
export function comparatorFor(texts: readonly string[]): (a: string, b: string) => number {
  return texts.some((text) => /[\ud800-\uffff]/.test(text)) ? compareBytes : compareUnits
}

/** Whether texts are the same shows in their lengths, mostly; which is the lesser one is a call into V8. */
function compareUnits(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}

/** Sorts by {@link compareBytes} of a text of each item. */
export function sortedByBytes<T>(items: Iterable<T>, textOf: (item: T) => string): T[] {
  const sorted = [...items]
  const compare = comparatorFor(sorted.map(textOf))
  return sorted.sort((a, b) => compare(textOf(a), textOf(b)))
}
