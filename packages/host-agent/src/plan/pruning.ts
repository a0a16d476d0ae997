/** An entry of the group's folder. Everything there counts as a revision, as it does for the official agent. */
export interface RevisionEntry {
  readonly path: string
  readonly modifiedNs: bigint
}

/**
 * The entries that DownloadBundle removes to make room for the new revision: the oldest, never the last successful
 * one, which the next ApplicationStop needs.
 */
export function planPruning(
  entries: readonly RevisionEntry[],
  facts: { readonly current: string; readonly lastSuccessful: string | undefined; readonly maxRevisions: number },
): readonly string[] {
  const others = entries.filter(({ path }) => path !== facts.current)
  const surplus = others.length + 1 - facts.maxRevisions
  if (surplus <= 0) return []
  return others
    .filter(({ path }) => path !== facts.lastSuccessful)
    .sort((a, b) => (a.modifiedNs < b.modifiedNs ? -1 : a.modifiedNs > b.modifiedNs ? 1 : 0))
    .slice(0, surplus)
    .map(({ path }) => path)
}
