/** Texts by number, in UTF-8, one behind the other: as objects, a hundred thousand would be copied for each thread. */
export interface Texts {
  readonly bytes: Uint8Array
  /** Where each text ends. */
  readonly ends: Uint32Array
}

export function startOf({ ends }: Pick<Texts, 'ends'>, index: number): number {
  return index === 0 ? 0 : (ends[index - 1] as number)
}

/** What answers one of the texts. */
export function openTexts(texts: Texts): (index: number) => string {
  const whole = bufferOf(texts.bytes)
  return (index) => whole.toString('utf8', startOf(texts, index), texts.ends[index])
}

/** The length of a text in bytes. */
export function lengthOf(texts: Texts, index: number): number {
  return (texts.ends[index] as number) - startOf(texts, index)
}

/** Whether one of the texts comes before another one in the order of the bytes. Here: a call of Node takes longer. */
export function isBefore(texts: Texts, one: number, other: number): boolean {
  const { bytes, ends } = texts
  const end = ends[one] as number
  const otherEnd = ends[other] as number
  let at = startOf(texts, one)
  let otherAt = startOf(texts, other)
  while (at < end && otherAt < otherEnd && bytes[at] === bytes[otherAt]) {
    at++
    otherAt++
  }
  if (at === end || otherAt === otherEnd) return at === end && otherAt < otherEnd
  return (bytes[at] as number) < (bytes[otherAt] as number)
}

/** Lengths that texts have: that another one is none of them shows in its length sooner than in its hash. */
export function lengthsOf(texts: Iterable<string>): ReadonlySet<number> {
  const lengths = new Set<number>()
  for (const text of texts) lengths.add(Buffer.byteLength(text))
  return lengths
}

/** The same memory. */
export function bufferOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
