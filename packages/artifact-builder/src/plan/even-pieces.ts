/**
 * The same bytes in pieces of one size, the last one aside: what a compressor sees does not depend on how they came, and
 * it is not called for every header of 512 bytes.
 */
export async function* evenPieces(
  source: AsyncIterable<Uint8Array>,
  pieceBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let piece = Buffer.allocUnsafe(pieceBytes)
  let filled = 0
  for await (const bytes of source) {
    for (let done = 0; done < bytes.length;) {
      const part = bytes.subarray(done, done + pieceBytes - filled)
      piece.set(part, filled)
      done += part.length
      filled += part.length
      if (filled < pieceBytes) continue
      yield piece
      piece = Buffer.allocUnsafe(pieceBytes)
      filled = 0
    }
  }
  if (filled > 0) yield piece.subarray(0, filled)
}
