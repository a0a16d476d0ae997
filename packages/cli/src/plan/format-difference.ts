import type { ArtifactDifference, DifferenceSide, EntryDifference } from '@fairlead/artifact-builder'

/** What the signs of {@link formatDifference} mean, for the help. */
export const differenceLegend = [
  '+ added   - removed   ~ other content, or another type   m other mode   > moved',
  'Ends with 0 where both could be read, as git diff does; with --exit-code, with 1 where they differ.',
].join('\n')

/** The lines of a comparison: one for each difference, and how many of them there are. */
export function formatDifference({ isSame, before, after, entries }: ArtifactDifference): readonly string[] {
  if (isSame) return [`the same content: ${formatSide(after)}, contentDigest ${after.contentDigest}`]
  return [...entries.map(formatEntry), `${countChanges(entries)}: ${formatSide(before)} -> ${formatSide(after)}`]
}

function formatEntry(difference: EntryDifference): string {
  const { change, path } = difference
  if (change === 'added') return `+ ${path}  ${difference.after.sizeBytes} bytes`
  if (change === 'removed') return `- ${path}  ${difference.before.sizeBytes} bytes`
  if (change === 'moved') return `> ${path}  from ${difference.from}, ${difference.after.sizeBytes} bytes`
  const { before, after } = difference
  const mode = before.mode === after.mode ? [] : [`${before.mode} -> ${after.mode}`]
  if (change === 'mode') return `m ${path}  ${mode.join()}`
  const type = change === 'type' ? [`${before.type} -> ${after.type}`] : []
  return `~ ${path}  ${[...type, `${before.sizeBytes} -> ${after.sizeBytes} bytes`, ...mode].join(', ')}`
}

function formatSide({ entryCount, contentBytes }: DifferenceSide): string {
  return `${entryCount} entries, ${contentBytes} bytes`
}

function countChanges(entries: readonly EntryDifference[]): string {
  const words = { added: 'added', removed: 'removed', content: 'changed', type: 'of another type', mode: 'of another mode', moved: 'moved' } // prettier-ignore
  return Object.entries(words)
    .map(([change, word]) => ({ count: entries.filter((entry) => entry.change === change).length, word }))
    .filter(({ count }) => count > 0)
    .map(({ count, word }) => `${count} ${word}`)
    .join(', ')
}
