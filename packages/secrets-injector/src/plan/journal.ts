/**
 * What lies in the working folder of an injection, and what its parts mean to the run that finds them:
 *
 * - `new-N`: file N, complete, not in its place yet. `old-N`: a hard link to what file N replaces.
 * - `commit.json`: from the rename that gives it this name the injection counts as done; whoever finds it renames the remaining
 *   `new-N` into their places.
 * - `undo.json`: the commit was called off; whoever finds it puts the `old-N` back.
 * - neither: nothing was replaced; whoever finds it deletes the folder.
 */
import { flag, list, nonEmptyText, object, oneOf, recordReader } from '@fairlead/core'

export const workFolderPrefix = '.fairlead-inject-'
export const commitName = 'commit.json'
export const undoName = 'undo.json'
export const journalDraftName = 'commit.json.tmp'

export function newName(index: number): string {
  return `new-${index}`
}

export function oldName(index: number): string {
  return `old-${index}`
}

const journalShape = object({
  schema: oneOf('fairlead/injection-journal/1'),
  /** File N of the list is `new-N`. */
  files: list(object({ path: nonEmptyText, replaces: flag })),
})

/** Which files an injection puts where. Names only. */
export type Journal = ReturnType<typeof journalShape>

/** @throws INVALID_RECORD */
export const parseJournal = recordReader('injection journal', journalShape)

/** Who works in a folder, as far as another process can check it. Zero: not known on this system. */
export interface WorkFolderOwner {
  readonly pid: number
  /** When it started, in clock ticks since boot: a pid alone comes back. */
  readonly startTicks: string
  /** Which boot of which kernel. */
  readonly boot: string
  readonly pidNamespace: string
}

/** The working folder's name says whose it is, so that this is known from the moment it exists. */
export function workFolderName({ pid, startTicks, boot, pidNamespace }: WorkFolderOwner, random: string): string {
  return `${workFolderPrefix}${pid}-${startTicks}-${boot}-${pidNamespace}-${random}`
}

/** The name of a folder that its own run has given up. No process has pid 0. */
export function abandonedFolderName(random: string): string {
  return workFolderName({ pid: 0, startTicks: '0', boot: '0', pidNamespace: '0' }, random)
}

/** Whose folder that is, or `undefined` where the name is not one of ours. */
export function identityIn(name: string): WorkFolderOwner | undefined {
  const match = /^(\d+)-(\d+)-([0-9a-f]+)-(\d+)-[0-9a-f]+$/.exec(
    name.startsWith(workFolderPrefix) ? name.slice(workFolderPrefix.length) : '',
  )
  if (!match) return undefined
  const [, pid = '', startTicks = '', boot = '', pidNamespace = ''] = match
  return { pid: Number(pid), startTicks, boot, pidNamespace }
}

/**
 * Whether a folder's process is gone. `found` is the process that has the pid now, if any; `ageMs` decides for a process that
 * cannot be looked up from here.
 */
export function isLeftBehind(
  owner: WorkFolderOwner,
  facts: {
    readonly self: WorkFolderOwner
    readonly found: { readonly startTicks?: string | undefined } | undefined
    readonly ageMs: number
    readonly maxAgeMs: number
  },
): boolean {
  const { self, found, ageMs, maxAgeMs } = facts
  if (owner.pid === 0) return true
  if (owner.boot !== self.boot) return true
  if (owner.pidNamespace !== self.pidNamespace) return ageMs > maxAgeMs
  if (found === undefined) return true
  return owner.startTicks !== '0' && found.startTicks !== undefined && owner.startTicks !== found.startTicks
}
