import { createHash } from 'node:crypto'
import type { ArtifactPlan, PlannedEntry, TreeEntry } from '../model.ts'
import { comparatorFor } from './byte-order.ts'
import { plannedEntry } from './choose-entries.ts'

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
export function chooseAsKept(listing: readonly TreeEntry[], { rows, warnings }: KeptChoice): ArtifactPlan | undefined {
  const entries: PlannedEntry[] = []
  for (const row of rows) {
    const entry = listing[row]
    const planned = entry && plannedEntry({ entry, path: entry.path, because: 'chosen before' })
    if (planned === undefined) return undefined
    entries.push(planned)
  }
  if (!areAscending(entries.map(({ path }) => path))) return undefined
  return { entries, refused: [], unmatched: [], missingPackages: [], warnings, leftOut: [] }
}

function areAscending(paths: readonly string[]): boolean {
  const compare = comparatorFor(paths)
  return paths.every((path, index) => index === 0 || compare(paths[index - 1] as string, path) < 0)
}

/** Notes what was chosen of a listing, where nothing was refused and nothing moved. */
export function keepChoice(
  fingerprint: string,
  paths: readonly string[],
  { entries, warnings }: Pick<ArtifactPlan, 'entries' | 'warnings'>,
): KeptChoice {
  const rowOf = new Map(paths.map((path, row) => [path, row]))
  return { fingerprint, warnings, rows: Uint32Array.from(entries, ({ source }) => rowOf.get(source) ?? 0) }
}
