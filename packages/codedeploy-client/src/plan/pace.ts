/** The pause before the next poll, where nobody asked for a fixed one: short after a change, longer while nothing happens. */
export function nextPollMs(previousMs: number | undefined, changed: boolean): number {
  return previousMs === undefined || changed ? firstPollMs : Math.min(longestPollMs, Math.round(previousMs * 1.5))
}

/** The pause after a poll without an answer: the service throttles whoever asks again at once. */
export function backOffMs(failures: number): number {
  return Math.min(longestBackOffMs, firstBackOffMs * 2 ** (failures - 1))
}

const firstPollMs = 1_000
const longestPollMs = 15_000
const firstBackOffMs = 5_000
const longestBackOffMs = 60_000
