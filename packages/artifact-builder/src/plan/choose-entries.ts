import { manifestPath } from '@fairlead/core'
import type { ArtifactPlan, LeftOutPath, PlannedEntry, RefusalReason, RefusedEntry, TreeEntry } from '../model.ts'
import { sortedByBytes } from './byte-order.ts'
import type { IgnoreJudge } from './ignore-rules.ts'
import { warnOfNames } from './name-warnings.ts'
import type { NpmJudge } from './npm-judge.ts'
import { findClashes, type Placer } from './place-entries.ts'
import { followPath, standingsOf, type Standings } from './resolve-link.ts'

/** Whether a path goes in, and what decided it. */
export interface Choice {
  readonly isChosen: boolean
  /** For people. */
  readonly because: string
}

/** A glob that was compiled. */
export interface Matcher {
  readonly glob: string
  readonly matches: (path: string) => boolean
  /** What it decides where it matches. */
  readonly choice: Choice
}

/** All that chooses, compiled. */
export interface Selection {
  readonly include: readonly Matcher[]
  readonly exclude: readonly Matcher[]
  readonly tracked: boolean
  readonly committed: ReadonlySet<string>
  /** For what the commit does not track. */
  readonly ignored: IgnoreJudge | undefined
  /** For what it tracks: no `.gitignore` counts. */
  readonly ignoredThoughTracked: IgnoreJudge | undefined
  readonly npm: NpmJudge | undefined
  readonly placer: Placer
}

const reservedFolder = manifestPath.slice(0, manifestPath.indexOf('/'))

const isGit: Choice = { isChosen: false, because: '.git is never in' }
const isTracked: Choice = { isChosen: true, because: 'tracked' }
const isUnneeded: Choice = { isChosen: false, because: 'no npm production dependency' }
const isNotChosen: Choice = { isChosen: false, because: 'not chosen by any include' }

/** Whether a file of this path below root goes into an artifact. */
export function chooses(selection: Selection, path: string): boolean {
  return choiceOf(selection, { path, type: 'file' }).isChosen
}

interface Choosable {
  readonly path: string
  readonly type: TreeEntry['type']
  /** Of a link. */
  readonly target?: string
}

/** Whether an entry goes into an artifact, by its name alone. Git's own folder never does. */
export function choiceOf(selection: Selection, entry: Choosable): Choice {
  const { include, exclude, committed, npm } = selection
  const { path } = entry
  if (path.includes('.git') && /(?:^|\/)\.git(?:\/|$)/.test(path)) return isGit
  const excluding = firstMatch(exclude, path)
  if (excluding) return excluding.choice
  const verdict = npm?.judge(entry)
  if (verdict) return verdict.isNeeded ? neededChoice(verdict.neededBy) : isUnneeded
  const wasCommitted = committed.has(path)
  const choice = selection.tracked && wasCommitted ? isTracked : firstMatch(include, path)?.choice
  if (choice === undefined) return isNotChosen
  const ignored = wasCommitted ? selection.ignoredThoughTracked : selection.ignored
  const rule = ignored?.(path, entry.type === 'directory' ? 'folder' : 'file')
  return rule ? { isChosen: false, because: rule.label } : choice
}

/** Asked of every path: what `find` calls would be made anew for each. */
function firstMatch(matchers: readonly Matcher[], path: string): Matcher | undefined {
  for (const matcher of matchers) if (matcher.matches(path)) return matcher
  return undefined
}

function neededChoice(neededBy: string): Choice {
  return { isChosen: true, because: `npm production dependency of ${neededBy || 'the project'}` }
}

/** What stands below root, by number: a list, or what makes each entry when it is asked for. */
export type Listing = Pick<readonly TreeEntry[], 'length' | 'at'>

/** The entries of a plan, by number: a list, or what makes each entry when it is asked for. */
export type PlannedEntries = Pick<readonly PlannedEntry[], 'length' | 'at'>

/** One after the other. */
export function* eachPlanned(entries: PlannedEntries): Generator<PlannedEntry, void, undefined> {
  for (let index = 0; index < entries.length; index++) yield entries.at(index) as PlannedEntry
}

/** A plan, and where its entries stand in the listing: their numbers there, in the order of the plan. */
export interface ChosenEntries<Entries extends PlannedEntries = PlannedEntries> {
  readonly plan: Omit<ArtifactPlan, 'entries' | 'warnings'> & { readonly entries: Entries }
  readonly rows: Uint32Array
  /** Whether one of them has another path in the artifact than below root. */
  readonly isMoved: boolean
  /** Those of the plan. Looked for when asked: nothing is decided by them, and the entries can be packed meanwhile. */
  readonly warnings: () => ArtifactPlan['warnings']
}

/** The whole plan. */
export function planOf({ plan, warnings }: ChosenEntries<readonly PlannedEntry[]>): ArtifactPlan {
  return { ...plan, warnings: warnings() }
}

/** What was chosen and can be in no artifact. */
interface UnplannedEntry {
  readonly path: string
  readonly type: 'other'
  readonly source: string
  readonly chosenBy: string
}

/** What was chosen, with its place in the artifact. */
type Placed = PlannedEntry | UnplannedEntry

/**
 * Decides, from what stands below root, which entries an artifact has.
 *
 * @param checkName why an artifact of this kind cannot have a name that others can
 */
export function chooseEntries(
  listing: Listing,
  selection: Selection,
  checkName: (path: string) => RefusalReason | undefined = () => undefined,
): ChosenEntries<readonly PlannedEntry[]> {
  const { chosen, chosenRows, leftOut } = partition(listing, selection)
  const order = sortedByBytes(chosen.keys(), (index) => (chosen[index] as Placed).path)
  const placed = order.map((index) => chosen[index] as Placed)
  const { merged, clashing } = findClashes(placed, selection.placer)
  const standings = standingsOf(merged.size === 0 ? placed : placed.filter((one) => !merged.has(one)))
  const entries: PlannedEntry[] = []
  const rows: number[] = []
  const refused: RefusedEntry[] = []
  placed.forEach((one, index) => {
    if (merged.has(one)) return
    const reason = clashing.has(one.path) ? 'path-clash' : (refusalOf(one, standings) ?? checkName(one.path))
    if (reason !== undefined) refused.push(refusedEntry(one, reason))
    else if (one.type !== 'other') {
      entries.push(one)
      rows.push(chosenRows[order[index] as number] as number)
    }
  })
  const unused = selection.placer.unused(placed.map(({ source }) => source))
  const plan = {
    entries,
    refused,
    unmatched: [...unmatchedGlobs(selection, placed), ...unused],
    missingPackages: selection.npm?.missingFrom(pathsOf(listing)) ?? [],
    leftOut,
  }
  let warnings: ArtifactPlan['warnings'] | undefined
  return {
    plan,
    rows: Uint32Array.from(rows),
    isMoved: entries.some(({ path, source }) => path !== source),
    warnings: () => (warnings ??= warnOfNames(entries.map(({ path }) => path))),
  }
}

function* pathsOf(listing: Listing): Generator<string, void, undefined> {
  for (let row = 0; row < listing.length; row++) yield (listing.at(row) as TreeEntry).path
}

function partition(listing: Listing, selection: Selection) {
  const chosen: Placed[] = []
  const chosenRows: number[] = []
  const leftOut: LeftOutPath[] = []
  for (let row = 0; row < listing.length; row++) {
    const entry = listing.at(row) as TreeEntry
    if (entry.type === 'directory' && !entry.empty) continue
    const { isChosen, because } = choiceOf(selection, entry)
    if (isChosen) {
      chosen.push(placedEntry(entry, { path: selection.placer.placeOf(entry.path), because }))
      chosenRows.push(row)
    } else leftOut.push({ path: entry.path, leftOutBy: because })
  }
  return { chosen, chosenRows, leftOut }
}

function unmatchedGlobs({ include }: Selection, placed: readonly Placed[]): readonly string[] {
  const unmatched = new Set(include)
  for (const { source } of placed) {
    if (unmatched.size === 0) break
    for (const matcher of unmatched) if (matcher.matches(source)) unmatched.delete(matcher)
  }
  return include.filter((matcher) => unmatched.has(matcher)).map(({ glob }) => glob)
}

function refusalOf(placed: Placed, standings: Standings): RefusalReason | undefined {
  const { path, type } = placed
  if (path.startsWith(reservedFolder) && (path === reservedFolder || path[reservedFolder.length] === '/')) {
    return 'name-reserved'
  }
  // A decoder puts U+FFFD where bytes are not UTF-8; an encoder does where a place of `map` has half of a pair.
  if (path.includes('\ufffd') || (path !== placed.source && /\p{Surrogate}/u.test(path))) return 'name-not-utf8'
  // https://infozip.sourceforge.net/UnZip.html: "-^ allow control characters in names"; without it they are replaced.
  if (/[\0-\x1f\x7f]/.test(path)) return 'name-control-character'
  if (path !== placed.source && isTooLong(path)) return 'name-too-long'
  if (type === 'other') return 'not-a-file'
  if (type !== 'symlink') return undefined
  if (placed.target.includes('\ufffd')) return 'name-not-utf8'
  const end = followPath(path, standings)
  return 'path' in end ? undefined : end.type
}

/** NAME_MAX and PATH_MAX of Linux's limits.h, the latter with the zero byte at the end. */
function isTooLong(path: string): boolean {
  return Buffer.byteLength(path) > 4095 || path.split('/').some((name) => Buffer.byteLength(name) > 255)
}

function refusedEntry(placed: Placed, reason: RefusalReason): RefusedEntry {
  const { path, source } = placed
  return {
    path,
    reason,
    ...(source !== path && { source }),
    ...(placed.type === 'symlink' && { target: placed.target }),
  }
}

/** An entry that was chosen, as an artifact will have it; one of another type can be in none. */
export function placedEntry(
  entry: TreeEntry,
  { path, because: chosenBy }: { readonly path: string; readonly because: string },
): Placed {
  const source = entry.path
  switch (entry.type) {
    case 'file': {
      const { sizeBytes, executable } = entry
      return { path, source, type: 'file', mode: executable ? '0755' : '0644', sizeBytes, chosenBy }
    }
    case 'symlink':
      return { path, source, type: 'symlink', mode: '0777', target: entry.target, chosenBy }
    case 'directory':
      return { path, source, type: 'directory', mode: '0755', chosenBy }
    case 'other':
      return { path, source, type: 'other', chosenBy }
  }
}
