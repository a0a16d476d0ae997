import { createHash } from 'node:crypto'
import type { ArtifactPlan, PlannedEntry } from '../model.ts'
import { comparatorFor } from './byte-order.ts'
import { placedEntry, type ChosenEntries, type Listing } from './choose-entries.ts'

/** What a build chose, for the next one that finds the same names. */
export interface KeptChoice {
  /** Of all that it follows from: names and rules, never sizes, times or contents. */
  readonly fingerprint: string
  readonly warnings: ArtifactPlan['warnings']
  /** The entries in their order, as numbers in the listing. */
  readonly rows: Uint32Array
}

/** @param names the digest of what stands in the tree */
export function fingerprintChoice(rules: object, names: string): string {
  return createHash('sha256').update(JSON.stringify(rules)).update(names).digest('hex')
}

/** The plan of a listing in which a choice still holds; `undefined` where it does not fit, as one that was made up might not. */
export function chooseAsKept(listing: Listing, { rows, warnings }: KeptChoice): ChosenEntries | undefined {
  const entries: PlannedEntry[] = []
  for (const row of rows) {
    const entry = listing.at(row)
    const placed = entry && placedEntry(entry, { path: entry.path, because: 'chosen before' })
    if (placed === undefined || placed.type === 'other') return undefined
    entries.push(placed)
  }
  if (!areAscending(entries.map(({ path }) => path))) return undefined
  return { plan: { entries, refused: [], unmatched: [], missingPackages: [], warnings, leftOut: [] }, rows }
}

function areAscending(paths: readonly string[]): boolean {
  const compare = comparatorFor(paths)
  return paths.every((path, index) => index === 0 || compare(paths[index - 1] as string, path) < 0)
}
