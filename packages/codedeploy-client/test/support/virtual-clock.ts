import type { Clock } from '@fairlead/core'

/** A clock that moves only when somebody sleeps, so that hours pass at once. */
export function virtualClock(start = Date.parse('2026-01-02T03:04:05.000Z')) {
  let elapsed = 0
  const sleeps: number[] = []
  const clock: Clock = {
    now: () => start + elapsed,
    monotonic: () => elapsed,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted()
      sleeps.push(ms)
      elapsed += ms
      await new Promise((resolve) => setImmediate(resolve))
      signal?.throwIfAborted()
    },
  }
  return { ...clock, sleeps, elapsed: () => elapsed }
}
