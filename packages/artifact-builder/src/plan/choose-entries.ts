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
  const excluding = exclude.find(({ matches }) => matches(path))
  if (excluding) return excluding.choice
  const verdict = npm?.judge(entry)
  if (verdict) return verdict.isNeeded ? neededChoice(verdict.neededBy) : isUnneeded
  const wasCommitted = committed.has(path)
  const choice = selection.tracked && wasCommitted ? isTracked : include.find(({ matches }) => matches(path))?.choice
  if (choice === undefined) return isNotChosen
  const ignored = wasCommitted ? selection.ignoredThoughTracked : selection.ignored
  const rule = ignored?.(path, entry.type === 'directory' ? 'folder' : 'file')
  return rule ? { isChosen: false, because: rule.label } : choice
}

function neededChoice(neededBy: string): Choice {
  return { isChosen: true, because: `npm production dependency of ${neededBy || 'the project'}` }
}

/** An entry with its place in the artifact. */
interface Placed {
  readonly entry: TreeEntry
  readonly path: string
  readonly because: string
}

/** Decides, from what stands below root, which entries an artifact has. */
export function chooseEntries(listing: readonly TreeEntry[], selection: Selection): ArtifactPlan {
  const { chosen, leftOut } = partition(listing, selection)
  const placed = sortedByBytes(chosen, ({ path }) => path)
  const { kept, clashing } = findClashes(placed, selection.placer)
  const standings = standingsOf(selection.placer.isMoving ? kept.map(atPlace) : kept.map(({ entry }) => entry))
  const entries: PlannedEntry[] = []
  const refused: RefusedEntry[] = []
  for (const one of kept) {
    const reason = clashing.has(one.path) ? 'path-clash' : refusalOf(one, standings)
    const planned = reason === undefined ? plannedEntry(one) : undefined
    if (planned) entries.push(planned)
    else refused.push(refusedEntry(one, reason ?? 'not-a-file'))
  }
  return {
    entries,
    refused,
    unmatched: [
      ...unmatchedGlobs(selection, placed),
      ...selection.placer.unused(placed.map(({ entry }) => entry.path)),
    ],
    missingPackages: selection.npm?.missingFrom(listing) ?? [],
    warnings: warnOfNames(entries.map(({ path }) => path)),
    leftOut,
  }
}

function partition(listing: readonly TreeEntry[], selection: Selection) {
  const chosen: Placed[] = []
  const leftOut: LeftOutPath[] = []
  for (const entry of listing) {
    if (entry.type === 'directory' && !entry.empty) continue
    const { isChosen, because } = choiceOf(selection, entry)
    if (isChosen) chosen.push({ entry, path: selection.placer.placeOf(entry.path), because })
    else leftOut.push({ path: entry.path, leftOutBy: because })
  }
  return { chosen, leftOut }
}

function unmatchedGlobs({ include }: Selection, placed: readonly Placed[]): readonly string[] {
  const unmatched = new Set(include)
  for (const { entry } of placed) {
    if (unmatched.size === 0) break
    for (const matcher of unmatched) if (matcher.matches(entry.path)) unmatched.delete(matcher)
  }
  return include.filter((matcher) => unmatched.has(matcher)).map(({ glob }) => glob)
}

function refusalOf({ entry, path }: Placed, standings: Standings): RefusalReason | undefined {
  if (path.startsWith(reservedFolder) && (path === reservedFolder || path[reservedFolder.length] === '/')) {
    return 'name-reserved'
  }
  // A decoder puts U+FFFD where bytes are not UTF-8.
  if (path.includes('\ufffd')) return 'name-not-utf8'
  // https://infozip.sourceforge.net/UnZip.html: "-^ allow control characters in names"; without it they are replaced.
  if (/[\0-\x1f\x7f]/.test(path)) return 'name-control-character'
  if (entry.type === 'other') return 'not-a-file'
  if (entry.type !== 'symlink') return undefined
  if (entry.target.includes('\ufffd')) return 'name-not-utf8'
  const end = followPath(path, standings)
  return 'path' in end ? undefined : end.type
}

function refusedEntry({ entry, path }: Placed, reason: RefusalReason): RefusedEntry {
  return {
    path,
    reason,
    ...(entry.path !== path && { source: entry.path }),
    ...(entry.type === 'symlink' && { target: entry.target }),
  }
}

function atPlace({ entry, path }: Placed): TreeEntry {
  return { ...entry, path }
}

/** `undefined`: nothing that an artifact can have. */
export function plannedEntry({ entry, path, because: chosenBy }: Placed): PlannedEntry | undefined {
  const source = entry.path
  switch (entry.type) {
    case 'file': {
      const { sizeBytes, executable, identity } = entry
      const mode = executable ? '0755' : '0644'
      // Spreading a property that may not be there takes ten times as long, for each of fifty thousand entries.
      if (identity === undefined) return { path, source, type: 'file', mode, sizeBytes, chosenBy }
      return { path, source, type: 'file', mode, sizeBytes, identity, chosenBy }
    }
    case 'symlink':
      return { path, source, type: 'symlink', mode: '0777', target: entry.target, chosenBy }
    case 'directory':
      return { path, source, type: 'directory', mode: '0755', chosenBy }
    case 'other':
      return undefined
  }
}
