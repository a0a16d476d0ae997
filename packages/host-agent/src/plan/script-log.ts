import { isUtf8 as isUtf8Bytes } from 'node:buffer'
import { logTailCharacters } from '../limits.ts'

/** `2026-11-22 10:00:00 `, in UTC, as a line of scripts.log begins. */
export function logTime(nowMs: number): string {
  return `${new Date(nowMs).toISOString().slice(0, 19).replace('T', ' ')} `
}

function deploymentLogTime(nowMs: number, deploymentId: string): string {
  return `[${new Date(nowMs).toISOString().slice(0, 23).replace('T', ' ')}] [${deploymentId}]`
}

/** A line in the log of all deployments. */
export function deploymentLogLine(nowMs: number, deploymentId: string, piece: Uint8Array): string {
  return `${deploymentLogTime(nowMs, deploymentId)}${Buffer.from(piece).toString('utf8').trim()}\n`
}

/**
 * Drops the oldest pieces until what remains fits into what the API carries. Whole pieces only: a newest piece that
 * is too long by itself leaves nothing. The agent counts characters, and a byte that is none as one.
 */
export function keepTail(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  let characters = 0
  let index = pieces.length
  while (index > 0) {
    characters += charactersOf(pieces[index - 1])
    if (characters >= logTailCharacters) break
    index -= 1
  }
  return index === 0 ? pieces : pieces.slice(index)
}

/** Whether bytes are UTF-8. The agent's reader dies of a line that is not. */
export function isUtf8(piece: Uint8Array): boolean {
  return isUtf8Bytes(piece)
}

function charactersOf(piece: Uint8Array | undefined): number {
  if (!piece) return 0
  // Every byte that does not go on with a character begins one.
  return isUtf8(piece) ? piece.reduce((sum, byte) => sum + ((byte & 0xc0) === 0x80 ? 0 : 1), 0) : piece.length
}
