import type { DigestName } from '../../checksum/checksums.ts'

/** What the thread is told; `id` names the body, whose bytes go over in blocks that change hands and are not copied. */
export type WriterRequest =
  | { readonly id: number; readonly kind: 'start'; readonly path: string; readonly algorithms: readonly DigestName[] }
  | { readonly id: number; readonly kind: 'block'; readonly block: ArrayBuffer; readonly sizeBytes: number }
  | { readonly id: number; readonly kind: 'end' }
  | { readonly id: number; readonly kind: 'abandon' }

/**
 * What the thread answers: a block comes back to be filled again, a body ended with its digests in the order of their
 * names, or is gone. A body that failed is gone too: whatever else comes of it is thrown away.
 */
export type WriterReply =
  | { readonly id: number; readonly kind: 'taken'; readonly block: ArrayBuffer }
  | { readonly id: number; readonly kind: 'ended'; readonly digests: readonly Uint8Array[] }
  | { readonly id: number; readonly kind: 'gone'; readonly reason: string }
