import type { ManifestEntry } from '@fairlead/core'
import { compareBytes } from './byte-order.ts'

/** One difference between two artifacts. */
export type EntryDifference =
  | { readonly change: 'added'; readonly path: string; readonly after: ManifestEntry }
  | { readonly change: 'removed'; readonly path: string; readonly before: ManifestEntry }
  | {
      /**
       * `type`: a file, a folder or a link where another of them was, whatever else differs. `content`: other bytes, or
       * another target; the mode may differ too. `mode`: the mode alone.
       */
      readonly change: 'type' | 'content' | 'mode'
      readonly path: string
      readonly before: ManifestEntry
      readonly after: ManifestEntry
    }
  | {
      /** The same bytes, with the same mode, under another path. */
      readonly change: 'moved'
      readonly path: string
      readonly from: string
      readonly before: ManifestEntry
      readonly after: ManifestEntry
    }

/**
 * What tells the entries of one artifact from those of another, in the order of the bytes of the paths. A file that
 * went and one that came count as moved where both have the same content and mode: each is paired once, in that order.
 */
export function diffEntries(
  before: readonly ManifestEntry[],
  after: readonly ManifestEntry[],
): readonly EntryDifference[] {
  const old = new Map(before.map((entry) => [entry.path, entry]))
  const current = new Set(after.map(({ path }) => path))
  const gone = byContent(before.filter(({ path }) => !current.has(path)))
  const moved = new Set<string>()
  const found: EntryDifference[] = []
  for (const entry of inOrder(after)) {
    const was = old.get(entry.path)
    if (was === undefined) {
      const source = gone.get(contentKey(entry))?.shift()
      if (source) moved.add(source.path)
      found.push(cameFrom(entry, source))
    } else {
      const change = changeOf(was, entry)
      if (change) found.push({ change, path: entry.path, before: was, after: entry })
    }
  }
  for (const entry of before) {
    if (!current.has(entry.path) && !moved.has(entry.path)) {
      found.push({ change: 'removed', path: entry.path, before: entry })
    }
  }
  return inOrder(found)
}

function cameFrom(entry: ManifestEntry, source: ManifestEntry | undefined): EntryDifference {
  const { path } = entry
  if (source === undefined) return { change: 'added', path, after: entry }
  return { change: 'moved', path, from: source.path, before: source, after: entry }
}

function changeOf(before: ManifestEntry, after: ManifestEntry): 'type' | 'content' | 'mode' | undefined {
  if (before.type !== after.type) return 'type'
  if (before.sha256 !== after.sha256) return 'content'
  return before.mode === after.mode ? undefined : 'mode'
}

/** Files with content by what they hold; that two links or two empty files are alike says nothing. */
function byContent(entries: readonly ManifestEntry[]): ReadonlyMap<string, ManifestEntry[]> {
  const found = new Map<string, ManifestEntry[]>()
  for (const entry of inOrder(entries)) {
    if (entry.type !== 'file' || entry.sizeBytes === 0) continue
    const key = contentKey(entry)
    found.set(key, [...(found.get(key) ?? []), entry])
  }
  return found
}

function contentKey({ type, mode, sha256 }: ManifestEntry): string {
  return `${type} ${mode} ${sha256 ?? '-'}`
}

function inOrder<T extends { readonly path: string }>(entries: readonly T[]): readonly T[] {
  return [...entries].sort((a, b) => compareBytes(a.path, b.path))
}
