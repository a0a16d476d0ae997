/** Time as a library sees it; give another one to test without waiting. */
export interface Clock {
  /** Milliseconds since 1970, as `Date.now()`. For records, never for durations. */
  readonly now: () => number
  /** Milliseconds that only grow. For durations and deadlines. */
  readonly monotonic: () => number
  /** Resolves after `ms`; rejects with `signal.reason` as soon as that aborts, and leaves no timer behind. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>
}

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason)
        return
      }
      const stop = () => {
        clearTimeout(timer)
        reject(signal?.reason)
      }
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', stop)
        resolve()
      }, ms)
      signal?.addEventListener('abort', stop, { once: true })
    }),
}

/** ISO 8601 in UTC with milliseconds, the form of every time in a record or an event. */
export function timestamp(clock: Clock): string {
  return new Date(clock.now()).toISOString()
}
