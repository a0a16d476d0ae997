import type { DeployEvent } from '@fairlead/core'

/** Events that say how far something is; the libraries tell them often enough for a bar to move. */
const progressTypes: ReadonlySet<string> = new Set([
  'artifact.progress',
  'artifact.reading',
  'publication.upload-progressed',
])

/** How often a line of progress is worth reading, on a terminal and in the log of a CI server alike. */
const intervalMs = 1000

/**
 * Answers whether an event is worth a line: everything but progress, which is shown once a second, by the times of the
 * events. What ends within a second shows none; its end is an event of its own.
 */
export function createProgressFilter(): (event: DeployEvent) => boolean {
  let shownAtMs: number | undefined
  return ({ type, at }) => {
    if (!progressTypes.has(type)) return true
    const atMs = Date.parse(at)
    shownAtMs ??= atMs
    if (atMs - shownAtMs < intervalMs) return false
    shownAtMs = atMs
    return true
  }
}
