/** Gives out texts as the bytes of one text, so many at a time, and holds no more of them than one text. */
export interface TextCutter {
  /** Fills memory with what comes next; answers how many bytes that are, fewer only at the end. */
  readonly fill: (into: Uint8Array) => number
  readonly hasEnded: () => boolean
}

export function cutTexts(texts: Iterable<string>): TextCutter {
  const following = texts[Symbol.iterator]()
  const encoder = new TextEncoder()
  let text = ''
  let from = 0
  /** Of a character that did not fit whole. */
  let rest: Uint8Array = new Uint8Array()

  const hasText = (): boolean => {
    while (from === text.length) {
      const next = following.next()
      if (next.done) return false
      text = next.value
      from = 0
    }
    return true
  }
  const addRest = (into: Uint8Array): number => {
    const part = rest.subarray(0, into.length)
    into.set(part)
    rest = rest.subarray(part.length)
    return part.length
  }
  const addText = (into: Uint8Array): number => {
    const { read, written } = encoder.encodeInto(text.slice(from), into)
    from += read
    if (from < text.length && written < into.length) {
      const character = String.fromCodePoint(text.codePointAt(from) ?? 0)
      rest = encoder.encode(character)
      from += character.length
    }
    return written
  }
  return {
    fill: (into) => {
      let done = 0
      while (done < into.length && (rest.length > 0 || hasText())) {
        done += rest.length > 0 ? addRest(into.subarray(done)) : addText(into.subarray(done))
      }
      return done
    },
    hasEnded: () => rest.length === 0 && !hasText(),
  }
}
