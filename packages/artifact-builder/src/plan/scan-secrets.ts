import { secretOverlapCharacters } from '../limits.ts'
import type { SecretFinding } from '../model.ts'
import { compareBytes } from './byte-order.ts'
import { secretsInPath, secretsInText, type SecretRule } from './secret-rules.ts'

/** Looks for secrets in a file that comes in pieces; holds one piece and a little of the one before. */
interface SecretScan {
  readonly add: (piece: Uint8Array) => void
  /** To be called once, after the last piece. */
  readonly finish: () => readonly SecretFinding[]
}

/** Begins a scan of the file that has this path inside the artifact. */
export function startSecretScan(path: string): SecretScan {
  const found = new Map<string, SecretFinding>()
  let kept = ''
  /** Of the text before `kept`. */
  let newlines = 0
  let first = true

  const report = (line: number, rule: SecretRule) => found.set(`${rule}:${line}`, { path, line, rule })
  const look = (text: string, last: boolean) => {
    // A rule may look one character back and far ahead: what begins at the first character or near the end of a
    // window is judged where its surroundings are in sight.
    const from = first ? 0 : 1
    const to = last ? text.length : Math.max(from, text.length - secretOverlapCharacters)
    for (const { rule, index } of secretsInText(path, { text, from, to, whole: first && last })) {
      report(newlines + countNewlines(text, index) + 1, rule)
    }
    const cut = Math.max(0, to - 1)
    newlines += countNewlines(text, cut)
    kept = text.slice(cut)
    first = false
  }

  for (const rule of secretsInPath(path)) report(1, rule)
  return {
    add: (piece) => {
      const text = kept + latin1(piece)
      if (text.length <= secretOverlapCharacters * 2) kept = text
      else look(text, false)
    },
    finish: () => {
      look(kept, true)
      return sortFindings([...found.values()])
    },
  }
}

/** The secrets of a file that is in memory whole. */
export function scanSecrets(path: string, bytes: Uint8Array): readonly SecretFinding[] {
  const scan = startSecretScan(path)
  scan.add(bytes)
  return scan.finish()
}

/** By path, line and rule. */
export function sortFindings(findings: readonly SecretFinding[]): readonly SecretFinding[] {
  return [...findings].sort((a, b) => compareBytes(a.path, b.path) || a.line - b.line || compareBytes(a.rule, b.rule))
}

function countNewlines(text: string, end: number): number {
  let count = 0
  for (let at = text.indexOf('\n'); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) count += 1
  return count
}

function latin1(piece: Uint8Array): string {
  return Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString('latin1')
}
