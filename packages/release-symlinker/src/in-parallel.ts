import type { Answer } from './answer.ts'

/**
 * Calls `work` for each item, at most `limit` at once. After a failure, or once `signal` aborts, no further one begins;
 * the promise rejects when those that run have ended, so that nothing works on behind the caller's back.
 */
export async function inParallel<T>(
  items: readonly T[],
  limit: number,
  signal: AbortSignal | undefined,
  work: (item: T) => Answer<void>,
): Promise<void> {
  const queue = items.values()
  let failure: { readonly error: unknown } | undefined
  const worker = async () => {
    for (const item of queue) {
      if (failure !== undefined) return
      try {
        signal?.throwIfAborted()
        const done = work(item)
        // What has answered at once need not be waited for.
        if (done instanceof Promise) await done
      } catch (error) {
        failure ??= { error }
        return
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker))
  if (failure !== undefined) throw failure.error
}
