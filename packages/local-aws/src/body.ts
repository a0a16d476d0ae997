/**
 * Takes a piece in any case. A promise asks for a pause: whoever hands pieces over awaits it before the next one, unless
 * that is at hand already. What it throws ends the body.
 */
export type TakePiece = (piece: Buffer) => Promise<void> | undefined

/** Bytes that pass by once. They are pushed: an iterator would cost several promises for each piece. */
export interface Body {
  /** Hands over the pieces in their order, and resolves after the last; rejects where the body does not come whole. */
  readonly pour: (take: TakePiece) => Promise<void>
}

export const emptyBody: Body = { pour: async () => {} }

export function bodyOfBytes(bytes: Buffer): Body {
  return {
    pour: async (take) => {
      await take(bytes)
    },
  }
}

export function bodyOfStream(stream: AsyncIterable<Buffer>): Body {
  return {
    pour: async (take) => {
      for await (const piece of stream) await take(piece)
    },
  }
}

/** Collects a body that is known to be small; `undefined` when it is larger than the limit. */
export async function readSmallBody(body: Body, limitBytes: number): Promise<Buffer | undefined> {
  const pieces: Buffer[] = []
  let sizeBytes = 0
  const tooLarge = new Error('the body is larger than the limit')
  try {
    await body.pour((piece) => {
      sizeBytes += piece.length
      if (sizeBytes > limitBytes) throw tooLarge
      pieces.push(piece)
      return undefined
    })
  } catch (error) {
    if (error === tooLarge) return undefined
    throw error
  }
  return Buffer.concat(pieces)
}
