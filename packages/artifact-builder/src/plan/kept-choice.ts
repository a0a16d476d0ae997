import { createHash } from 'node:crypto'
import type { ArtifactPlan, PlannedEntry } from '../model.ts'
import { comparatorFor } from './byte-order.ts'
import { placedEntry, type ChosenEntries, type Listing, type PlannedEntries } from './choose-entries.ts'

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

/**
 * The plan of a listing in which a choice still holds; `undefined` where it does not fit, as one that was made up might
 * not. Its entries are made when they are asked for: to keep a hundred thousand takes longer than all else here.
 */
export function chooseAsKept(listing: Listing, { rows, warnings }: KeptChoice): ChosenEntries | undefined {
  const at = (index: number) => placedAt(listing, rows[index] as number)
  const paths: string[] = []
  for (let index = 0; index < rows.length; index++) {
    const entry = at(index)
    if (entry === undefined) return undefined
    paths.push(entry.path)
  }
  if (!areAscending(paths)) return undefined
  const entries: PlannedEntries = { length: rows.length, at }
  const plan = { entries, refused: [], unmatched: [], missingPackages: [], leftOut: [] }
  return { plan, rows, warnings: () => warnings }
}

function placedAt(listing: Listing, row: number): PlannedEntry | undefined {
  const entry = listing.at(row)
  const placed = entry && placedEntry(entry, { path: entry.path, because: 'chosen before' })
  return placed?.type === 'other' ? undefined : placed
}

function areAscending(paths: readonly string[]): boolean {
  const compare = comparatorFor(paths)
  return paths.every((path, index) => index === 0 || compare(paths[index - 1] as string, path) < 0)
}
