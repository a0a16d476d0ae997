import { createHash } from 'node:crypto'
import type { ArtifactPlan, PlannedEntry } from '../model.ts'
import { placedEntry, type ChosenEntries, type Listing } from './choose-entries.ts'
import { isBefore, type Texts } from './texts.ts'
import { canBePacked, entriesOf, type TreeListing } from './tree-listing.ts'

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
export function chooseAsKept(listing: TreeListing, { rows, warnings }: KeptChoice): ChosenEntries | undefined {
  if (!rows.every((row) => canBePacked(listing, row)) || !areAscending(listing.paths, rows)) return undefined
  const listed = entriesOf(listing)
  const at = (index: number) => placedAt(listed, rows[index] as number)
  const plan = {
    entries: { length: rows.length, at },
    refused: [],
    unmatched: [],
    missingPackages: [],
    leftOut: [],
  }
  return { plan, rows, isMoved: false, warnings: () => warnings }
}

function placedAt(listing: Listing, row: number): PlannedEntry | undefined {
  const entry = listing.at(row)
  const placed = entry && placedEntry(entry, { path: entry.path, because: 'chosen before' })
  return placed?.type === 'other' ? undefined : placed
}

/** Each of them once, too. */
function areAscending(paths: Texts, rows: Uint32Array): boolean {
  for (let index = 1; index < rows.length; index++) {
    if (!isBefore(paths, rows[index - 1] as number, rows[index] as number)) return false
  }
  return true
}
