import type { EntryRange, LineColumns } from './kernel/lines.ts'

/** What is written of an entry has so many bytes, and its name: more than a line of a manifest, or a header. */
const bytesBesidesName = 192

/**
 * Cuts entries into ranges, of each of which about so many bytes are written: six times as many at most, where every byte
 * of a name is escaped.
 */
export function cutEntries({ ends }: LineColumns['names'], count: number, bytes: number): readonly EntryRange[] {
  const ranges: EntryRange[] = []
  for (let first = 0; first < count;) {
    const base = first === 0 ? 0 : (ends[first - 1] as number)
    let end = first + 1
    while (end < count && (end - first) * bytesBesidesName + (ends[end - 1] as number) - base < bytes) end++
    ranges.push({ first, end })
    first = end
  }
  return ranges
}
