import { manifestPath } from '@fairlead/core'
import type { ArtifactPlan, PlannedEntry, RefusalReason, RefusedEntry, TreeEntry } from '../model.ts'
import { compareBytes } from './byte-order.ts'
import { followPath, standingsOf, type Standings } from './resolve-link.ts'

/** A glob that was compiled. */
export interface Matcher {
  readonly glob: string
  readonly matches: (path: string) => boolean
}

/** What include and exclude choose. */
export interface Selection {
  readonly include: readonly Matcher[]
  readonly exclude: readonly Matcher[]
}

const reservedFolder = manifestPath.slice(0, manifestPath.indexOf('/'))

/** Whether a path goes into an artifact, by its name alone. Git's own folder never does. */
export function chooses({ include, exclude }: Selection, path: string): boolean {
  return (
    !path.split('/').includes('.git') &&
    include.some(({ matches }) => matches(path)) &&
    !exclude.some(({ matches }) => matches(path))
  )
}

/** Decides, from what stands below root, which entries an artifact has. */
export function chooseEntries(listing: readonly TreeEntry[], selection: Selection): ArtifactPlan {
  const chosen = listing
    .filter((entry) => chooses(selection, entry.path) && (entry.type !== 'directory' || entry.empty))
    .sort((a, b) => compareBytes(a.path, b.path))
  const standings = standingsOf(chosen)
  const judged = chosen.map((entry) => {
    const reason = refusalOf(entry, standings)
    return { entry, reason }
  })
  return {
    entries: judged.flatMap(({ entry, reason }) => (reason === undefined ? plannedEntry(entry) : [])),
    refused: judged.flatMap(({ entry, reason }): readonly RefusedEntry[] =>
      reason === undefined
        ? []
        : [{ path: entry.path, reason, ...(entry.type === 'symlink' && { target: entry.target }) }],
    ),
    unmatched: selection.include
      .filter(({ matches }) => !chosen.some(({ path }) => matches(path)))
      .map(({ glob }) => glob),
  }
}

function refusalOf(entry: TreeEntry, standings: Standings): RefusalReason | undefined {
  const { path, type } = entry
  if (path === reservedFolder || path.startsWith(`${reservedFolder}/`)) return 'name-reserved'
  // A decoder puts U+FFFD where bytes are not UTF-8.
  if (path.includes('\ufffd')) return 'name-not-utf8'
  if (!isPortable(path)) return 'name-not-portable'
  if (type === 'other') return 'not-a-file'
  if (type !== 'symlink') return undefined
  if (entry.target.includes('\ufffd')) return 'name-not-utf8'
  const end = followPath(path, standings)
  return 'path' in end ? undefined : end.type
}

/**
 * archiver 8 turns `\` into `/` and drops a beginning like `c:` (its `sanitizePath`); on Windows, both are read as a
 * folder and a drive. It marks a name as UTF-8 only where it is not ASCII, and readers then take the control characters
 * for the pictures that code page 437 has in their place (APPNOTE.TXT appendix D).
 */
function isPortable(path: string): boolean {
  return !/[\\\0-\x1f\x7f]/.test(path) && !/^\w+:/.test(path)
}

function plannedEntry(entry: TreeEntry): readonly PlannedEntry[] {
  const { path } = entry
  switch (entry.type) {
    case 'file':
      return [
        {
          path,
          source: path,
          type: 'file',
          mode: entry.executable ? '0755' : '0644',
          sizeBytes: entry.sizeBytes,
          ...(entry.identity && { identity: entry.identity }),
        },
      ]
    case 'symlink':
      return [{ path, source: path, type: 'symlink', mode: '0777', target: entry.target }]
    case 'directory':
      return [{ path, type: 'directory', mode: '0755' }]
    case 'other':
      return []
  }
}
