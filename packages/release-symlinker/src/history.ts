import {
  commitId,
  flag,
  isoTime,
  nonEmptyText,
  object,
  oneOf,
  optional,
  recordReader,
  sha256Text,
} from '@fairlead/core'
import type { HistoryEntry } from './model.ts'
import type { Layout } from './layout.ts'
import type { Disk } from './ports/disk.ts'

const parseEntry = recordReader(
  'line of the history',
  object({
    schema: oneOf('fairlead/history/1'),
    at: isoTime,
    outcome: oneOf('activated', 'rolled-back', 'failed', 'cancelled'),
    from: optional(nonEmptyText),
    to: nonEmptyText,
    live: optional(nonEmptyText),
    by: nonEmptyText,
    why: optional(nonEmptyText),
    commit: optional(commitId),
    contentDigest: optional(sha256Text),
    step: optional(nonEmptyText),
    reason: optional(nonEmptyText),
    bad: optional(flag),
  }),
)

/**
 * The history of a root, the oldest first; empty where there is none. A last line without an end was being written when
 * a process died: nothing relied on it yet, so it is left out.
 *
 * @throws INVALID_RECORD
 */
export async function readHistory(disk: Disk, { history }: Layout): Promise<readonly HistoryEntry[]> {
  const lines = await readLines(disk, history)
  return lines.flatMap((line, index) => (line === '' ? [] : [readEntry(line, `${history}:${index + 1}`)]))
}

/**
 * A history grows for years and every verb reads it: a line whose fields have the types that we write is taken as it is.
 * Any other goes to the reader that says what is wrong with it.
 */
function readEntry(line: string, place: string): HistoryEntry {
  try {
    const entry: unknown = JSON.parse(line)
    if (isEntry(entry)) return entry
  } catch {
    // The reader says it.
  }
  return parseEntry(line, place)
}

const outcomes = new Set<unknown>(['activated', 'rolled-back', 'failed', 'cancelled'])
const needed = ['at', 'to', 'by'] as const
const possible = ['from', 'live', 'why', 'commit', 'contentDigest', 'step', 'reason'] as const

function isEntry(value: unknown): value is HistoryEntry {
  if (typeof value !== 'object' || value === null) return false
  const entry = value as Record<keyof HistoryEntry, unknown>
  const isText = (text: unknown) => typeof text === 'string' && text !== ''
  return (
    entry.schema === 'fairlead/history/1' &&
    outcomes.has(entry.outcome) &&
    needed.every((key) => isText(entry[key])) &&
    possible.every((key) => entry[key] === undefined || isText(entry[key])) &&
    (entry.bad === undefined || typeof entry.bad === 'boolean') &&
    !Number.isNaN(Date.parse(String(entry.at)))
  )
}

/** The lines of a history that may be damaged. */
export interface HistoryLines {
  readonly entries: readonly HistoryEntry[]
  /** The text of the entries. */
  readonly whole: readonly string[]
  readonly damaged: readonly string[]
}

/** Reads a history as far as it can be read. */
export async function readHistoryLines(disk: Disk, { history }: Layout): Promise<HistoryLines> {
  const entries: HistoryEntry[] = []
  const whole: string[] = []
  const damaged: string[] = []
  for (const [index, line] of (await readLines(disk, history)).entries()) {
    if (line === '') continue
    try {
      entries.push(parseEntry(line, `${history}:${index + 1}`))
      whole.push(line)
    } catch {
      damaged.push(line)
    }
  }
  return { entries, whole, damaged }
}

async function readLines(disk: Disk, history: string): Promise<readonly string[]> {
  const text = (await disk.readText(history)) ?? ''
  return text.slice(0, text.lastIndexOf('\n') + 1).split('\n')
}

/** Appends an entry, durable when the promise resolves. */
export async function appendHistory(disk: Disk, { history, own }: Layout, entry: HistoryEntry): Promise<void> {
  const isNew = (await disk.entry(history)) === undefined
  await disk.appendLine(history, JSON.stringify(entry))
  if (isNew) await disk.syncFolder(own)
}
