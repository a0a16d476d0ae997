import type { ChecksumAlgorithm } from '../../checksum/checksums.ts'

export type DigestName = ChecksumAlgorithm | 'MD5'

/** What the thread is told; `id` names the body, whose bytes go by in a ring that both threads see. */
export type DigestRequest =
  | {
      readonly id: number
      readonly kind: 'start'
      readonly algorithms: readonly DigestName[]
      readonly ring: SharedArrayBuffer
    }
  | { readonly id: number; readonly kind: 'block'; readonly offset: number; readonly sizeBytes: number }
  | { readonly id: number; readonly kind: 'end' }
  | { readonly id: number; readonly kind: 'abandon' }

/** What the thread answers: a block was taken, or the digests in the order of their names. */
export type DigestReply =
  | { readonly id: number; readonly kind: 'taken' }
  | { readonly id: number; readonly kind: 'digests'; readonly digests: readonly Uint8Array[] }
