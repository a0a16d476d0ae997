import { maxCredentialFileBytes } from '../limits.ts'
import type { SecretFinding } from '../model.ts'
import { compareBytes } from './byte-order.ts'
import type { SecretMatch, SecretRule } from './secret-rules.ts'
import { lookAheadBytes, lookBehindBytes, secretsInBytes } from './secrets/content-scan.ts'
import { fileRuleFor, type FileRule } from './secrets/file-rules.ts'
import { secretsInPath } from './secrets/path-rules.ts'
import { latin1, narrowed, utf16LowByte } from './secrets/text-bytes.ts'

/** Looks for secrets in a file that comes in pieces; holds one piece and a little of the one before. */
interface SecretScan {
  /** The piece may be overwritten afterwards. */
  readonly add: (piece: Uint8Array) => void
  /** To be called once, after the last piece. */
  readonly finish: () => readonly SecretFinding[]
}

/**
 * The secrets in a whole file, by its path inside the artifact: the same answer as that of {@link startSecretScan}. In
 * order of line and rule.
 */
export function scanSecrets(path: string, bytes: Uint8Array): readonly SecretFinding[] {
  const lowByte = utf16LowByte(bytes)
  const plain = lowByte === undefined ? bytes : narrowed(bytes, lowByte)
  const fileRule = fileRuleFor(path)
  const matches = secretsInBytes(plain, 0, plain.length)
  // Of nearly every file there is nothing to be said.
  if (matches.length === 0 && fileRule === undefined && secretsInPath(path).length === 0) return none
  const found = createFindings(path, fileRule)
  found.addContentMatches(plain, matches, 0)
  found.addFileMatches(plain)
  return found.sorted()
}

/**
 * Begins a scan of the file that has this path inside the artifact. Of a file of credentials by its name, the beginning is
 * held, up to {@link maxCredentialFileBytes}.
 */
export function startSecretScan(path: string): SecretScan {
  const fileRule = fileRuleFor(path)
  const found = createFindings(path, fileRule)
  const decode = createDecoder()
  const whole = fileRule === undefined ? undefined : createHolder()
  let kept: Uint8Array = new Uint8Array()
  /** How much of `kept` has been judged, and how many lines end before it. */
  let judged = 0
  let newlines = 0

  const look = (bytes: Uint8Array, last: boolean) => {
    const to = last ? bytes.length : Math.max(judged, bytes.length - lookAheadBytes)
    found.addContentMatches(bytes, secretsInBytes(bytes, judged, to), newlines)
    const cut = Math.max(0, to - lookBehindBytes)
    newlines += countNewlines(bytes, 0, cut)
    kept = copyFrom(bytes, cut)
    judged = to - cut
  }
  const take = (bytes: Uint8Array) => {
    whole?.add(bytes)
    look(kept.length === 0 ? bytes : join(kept, bytes), false)
  }

  return {
    add: (piece) => take(decode.add(piece)),
    finish: () => {
      take(decode.finish())
      look(kept, true)
      if (whole !== undefined) found.addFileMatches(whole.bytes())
      return found.sorted()
    },
  }
}

function createFindings(path: string, fileRule: FileRule | undefined) {
  let byPlace: Map<string, SecretFinding> | undefined
  const add = (line: number, rule: SecretRule) => (byPlace ??= new Map()).set(`${rule}:${line}`, { path, line, rule })
  const addMatches = (bytes: Uint8Array, matches: readonly SecretMatch[], newlinesBefore: number) => {
    let line = newlinesBefore + 1
    let at = 0
    // In order of place, so that each line is counted once, however many findings there are.
    for (const { rule, index } of [...matches].sort((a, b) => a.index - b.index)) {
      line += countNewlines(bytes, at, index)
      at = index
      add(line, rule)
    }
  }
  const isLeft = ({ rule }: SecretMatch) => !fileRule?.replaces?.includes(rule)
  for (const rule of secretsInPath(path)) add(1, rule)
  return {
    /** What was found in a part of the file that begins behind so many ends of lines. */
    addContentMatches: (bytes: Uint8Array, matches: readonly SecretMatch[], newlinesBefore: number) =>
      addMatches(bytes, matches.filter(isLeft), newlinesBefore),
    addFileMatches: (bytes: Uint8Array) => {
      if (fileRule === undefined) return
      // A larger file is no usual one, and must not hide its beginning by its length.
      const beginning = bytes.subarray(0, maxCredentialFileBytes)
      addMatches(beginning, fileRule.find(latin1(beginning)), 0)
    },
    sorted: () => (byPlace === undefined ? none : sortFindings([...byPlace.values()])),
  }
}

const none: readonly SecretFinding[] = []

/** By path, line and rule. */
export function sortFindings(findings: readonly SecretFinding[]): readonly SecretFinding[] {
  return [...findings].sort((a, b) => compareBytes(a.path, b.path) || a.line - b.line || compareBytes(a.rule, b.rule))
}

/** Holds the beginning of a file: as much as is looked at of a file of credentials, and no more than one piece besides. */
function createHolder() {
  const pieces: Uint8Array[] = []
  let length = 0
  return {
    add: (bytes: Uint8Array) => {
      if (length <= maxCredentialFileBytes) pieces.push(copyFrom(bytes, 0))
      length += bytes.length
    },
    bytes: (): Uint8Array => Buffer.concat(pieces),
  }
}

/** Bytes of their own: the `slice` of a Buffer, which a piece may be, would show what is read into it next. */
function copyFrom(bytes: Uint8Array, at: number): Uint8Array {
  return new Uint8Array(bytes.subarray(at))
}

/** All scans of a thread share it: memory for each piece of the large files took 25 MiB of one. */
let joined: Buffer = Buffer.alloc(0)

/** Bytes behind others, until the next call. */
function join(before: Uint8Array, after: Uint8Array): Uint8Array {
  const length = before.length + after.length
  if (joined.length < length) joined = Buffer.allocUnsafeSlow(length)
  joined.set(before)
  joined.set(after, before.length)
  return joined.subarray(0, length)
}

/** UTF-16 is narrowed as it comes; whether it is shows in the first two bytes. */
function createDecoder() {
  let isBegun = false
  let lowByte: 0 | 1 | undefined
  let odd: Uint8Array = new Uint8Array()
  const add = (piece: Uint8Array): Uint8Array => {
    const bytes = odd.length === 0 ? piece : Buffer.concat([odd, piece])
    odd = new Uint8Array()
    if (!isBegun && bytes.length < 2) {
      odd = copyFrom(bytes, 0)
      return new Uint8Array()
    }
    if (!isBegun) lowByte = utf16LowByte(bytes)
    isBegun = true
    if (lowByte === undefined) return bytes
    const even = bytes.length & ~1
    odd = copyFrom(bytes, even)
    return narrowed(bytes.subarray(0, even), lowByte)
  }
  return {
    add,
    /** What has waited for a second byte that never came. */
    finish: (): Uint8Array => (lowByte === undefined ? odd : new Uint8Array()),
  }
}

function countNewlines(bytes: Uint8Array, from: number, to: number): number {
  const part = bytes.subarray(from, to)
  let count = 0
  for (let at = part.indexOf(10); at !== -1; at = part.indexOf(10, at + 1)) count += 1
  return count
}
