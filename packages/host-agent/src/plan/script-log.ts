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
 * What the agent keeps of a log for the API when a piece has been added: whole pieces only, about 2 KB of them; a newest
 * piece that is too long by itself leaves nothing. It counts characters. Each piece is weighed against what the one
 * before it leaves, which is counted twice: so the official agent does, and so up to twice the limit gets through.
 */
export function keepTail(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  const lengthAt = (index: number) => charactersOf(pieces.at(index))
  let index = pieces.length
  let left = logTailCharacters
  while (index > 0 && left - lengthAt(index - 1) > 0) {
    index -= 1
    left -= lengthAt(index - 1)
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
