import { createHash } from 'node:crypto'
import type { StoreBody } from '@fairlead/core'
import { errors } from '../errors.ts'
import { maxObjectBytes } from '../limits.ts'

/** Which object of which store a body is for, for messages. */
export interface BodyPlace {
  readonly store: string
  readonly key: string
}

/**
 * Refuses a body that no store takes: an empty one wedges the SDK's client (aws-sdk-js-v3 issue 6426), and one put
 * sends at most 5 GB.
 *
 * @throws STORE_BODY_EMPTY, STORE_BODY_TOO_BIG
 */
export function checkBodySize({ sizeBytes }: StoreBody, place: BodyPlace): void {
  if (sizeBytes === 0) throw errors.STORE_BODY_EMPTY({ ...place })
  if (sizeBytes > maxObjectBytes) {
    throw errors.STORE_BODY_TOO_BIG({ ...place, sizeBytes, limitBytes: maxObjectBytes })
  }
}

/**
 * The bytes of a body, checked on their way: the last piece is held back until all of them are known to be right, so
 * that a changed source never completes a write.
 *
 * @throws STORE_BODY_DIFFERS
 */
export async function* verifiedBytes(body: StoreBody, place: BodyPlace): AsyncGenerator<Uint8Array, void> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  let held: Uint8Array | undefined
  for await (const piece of body.open()) {
    if (piece.byteLength === 0) continue
    hash.update(piece)
    sizeBytes += piece.byteLength
    if (held && sizeBytes <= body.sizeBytes) yield held
    held = piece
  }
  const sha256 = hash.digest('hex')
  if (sizeBytes !== body.sizeBytes || sha256 !== body.sha256) {
    throw errors.STORE_BODY_DIFFERS({
      ...place,
      expectedSha256: body.sha256,
      expectedSizeBytes: body.sizeBytes,
      sha256,
      sizeBytes,
    })
  }
  if (held) yield held
}
