import { logTailBytes } from '../limits.ts'

/** `2026-11-22 10:00:00 `, in UTC, as a line of scripts.log begins. */
export function logTime(nowMs: number): string {
  return `${new Date(nowMs).toISOString().slice(0, 19).replace('T', ' ')} `
}

/** The beginning of a line in the log of all deployments. */
export function deploymentLogTime(nowMs: number, deploymentId: string): string {
  return `[${new Date(nowMs).toISOString().slice(0, 23).replace('T', ' ')}] [${deploymentId}]`
}

/**
 * Drops the oldest pieces until what remains fits into what the API carries. Whole pieces only: a newest piece that
 * is too long by itself leaves nothing.
 */
export function keepTail(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  let bytes = 0
  let index = pieces.length
  while (index > 0) {
    bytes += pieces[index - 1]?.length ?? 0
    if (bytes >= logTailBytes) break
    index -= 1
  }
  return index === 0 ? pieces : pieces.slice(index)
}
