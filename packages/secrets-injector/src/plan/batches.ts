import { arnSuffixLength, maxIdsPerBatch } from '../limits.ts'
import type { SecretRequest } from '../model.ts'
import { isPinned } from './sources.ts'

/** How secrets are asked for: unpinned ones in batches of 20, pinned ones and a batch of one singly. */
export interface FetchPlan {
  readonly batches: readonly (readonly SecretRequest[])[]
  readonly singles: readonly SecretRequest[]
}

export function planFetch(requests: readonly SecretRequest[]): FetchPlan {
  const unpinned = requests.filter((request) => !isPinned(request))
  const chunks = Array.from({ length: Math.ceil(unpinned.length / maxIdsPerBatch) }, (_, index) =>
    unpinned.slice(index * maxIdsPerBatch, (index + 1) * maxIdsPerBatch),
  )
  return {
    batches: chunks.filter((chunk) => chunk.length > 1),
    // A batch of one costs as many calls, and a permission more.
    singles: [...chunks.filter((chunk) => chunk.length === 1).flat(), ...requests.filter(isPinned)],
  }
}

/** How an answer calls a secret. A failure calls it as it was asked for. */
export interface AnswerIds {
  readonly name?: string | undefined
  readonly arn?: string | undefined
}

/**
 * Whether an answer is the one to an id. Neither the order of the answers nor the form of the id in them is promised: an id is a
 * name, an ARN, or an ARN without the random suffix.
 */
export function answers(id: string, { name, arn }: AnswerIds): boolean {
  if (id === name || id === arn) return true
  return id.startsWith('arn:') && arn?.length === id.length + arnSuffixLength && arn.startsWith(`${id}-`)
}

/** What is wrong with the answers to a batch, all its pages together: each id must be answered exactly once. */
export function problemOfBatch(
  ids: readonly string[],
  found: readonly AnswerIds[],
): { readonly secret: string; readonly problem: string } | undefined {
  for (const answer of found) {
    const asked = ids.filter((id) => answers(id, answer))
    const alike = found.filter((other) => asked.some((id) => answers(id, other)))
    const secret = asked[0] ?? ids.join(', ')
    if (asked.length === 0) return { secret, problem: 'a secret is in it that was not asked for' }
    // Asked for by name and by ARN, a secret may be answered once or twice.
    if (alike.length > asked.length) return { secret, problem: 'the secret is in it more than once' }
  }
  const unanswered = ids.find((id) => !found.some((answer) => answers(id, answer)))
  return unanswered === undefined ? undefined : { secret: unanswered, problem: 'the secret is not in it' }
}
