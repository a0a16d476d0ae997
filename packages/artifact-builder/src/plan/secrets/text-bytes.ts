/** Bytes as Latin-1 text, one character for each, so that an index in one is an index in the other. */
export function latin1(bytes: Uint8Array, from = 0, to = bytes.length): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1', from, to)
}

/** Which byte of a UTF-16 pair is the low one; undefined where a file does not begin with UTF-16's mark. */
export function utf16LowByte(bytes: Uint8Array): 0 | 1 | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 0
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 1
  return undefined
}

/** UTF-16 as one byte for each unit, which is all that a secret's ASCII needs; other letters become byte 1A, SUBSTITUTE. */
export function narrowed(bytes: Uint8Array, lowByte: 0 | 1): Uint8Array {
  const narrow = new Uint8Array(bytes.length >> 1)
  for (let at = 0; at < narrow.length; at++) {
    const low = bytes[at * 2 + lowByte] as number
    narrow[at] = bytes[at * 2 + 1 - lowByte] === 0 ? low : 0x1a
  }
  return narrow
}
