import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import {
  ambientOptionNames,
  checkOptions,
  isDeployError,
  manifestPath,
  parseManifest,
  systemClock,
  timestamp,
  type Manifest,
} from '@fairlead/core'
import { checkLockOptions, checkSwitchOptions, lockOptionNames, requireFunctions } from './activate-release.ts'
import { errors } from './errors.ts'
import { executeSteps, messageOf } from './execute-steps.ts'
import { appendHistory, readHistoryLines, type HistoryLines } from './history.ts'
import { isReleaseFolderName, recordPath, requireLayout, requireTrustedLayout, type Layout } from './layout.ts'
import { commitPrefixLength } from './limits.ts'
import { withLock } from './lock.ts'
import type {
  HistoryEntry,
  InstalledReleases,
  LockOptions,
  ReleaseAction,
  ReleaseAmbientOptions,
  RepairReport,
} from './model.ts'
import type { Operation } from './plan/activate.ts'
import { parseReleaseName } from './plan/name.ts'
import { planRepair, type RepairPlan } from './plan/repair.ts'
import { systemDisk, type Disk } from './ports/disk.ts'
import { userName } from './ports/process.ts'
import { emptyTrash } from './prune-releases.ts'
import { formatRecord, readInstalled, readRecord, requireRoot, requireRootFolder } from './read-installed-releases.ts'
import { sweepLeftovers } from './sweep.ts'

export interface RepairReleasesOptions extends LockOptions, ReleaseAmbientOptions {
  /** The folder that holds `releases`, `shared` and `current`. */
  readonly root: string
  /** Called after `current` was led back to a release, as in `activateRelease`. Default: nothing. */
  readonly reload?: ReleaseAction | undefined
  /** Why, for the history. Default: that it was a repair. */
  readonly why?: string | undefined
}

/**
 * Brings a host back to order after anything: a run that was killed, a full or failing disk, a person with `rm`. Leads
 * `current` back to the release that last proved itself where it leads nowhere or to one that did not; sets unreadable
 * lines of the history aside; writes lost records anew; removes what is unfinished. Removes no release and no file of
 * users. A repeat finds nothing to do.
 *
 * @throws RELEASE_ROOT_MISSING, CURRENT_NOT_A_LINK, LAYOUT_NOT_UNDERSTOOD, FOLDER_NOT_TRUSTED, RELEASE_LOCKED, REPAIR_FAILED,
 * FILE_OPERATION_FAILED, INVALID_OPTION
 */
export async function repairReleases(options: RepairReleasesOptions): Promise<RepairReport> {
  return await repairOn(systemDisk, options)
}

export async function repairOn(disk: Disk, options: RepairReleasesOptions): Promise<RepairReport> {
  const verb = 'repairReleases'
  checkOptions(verb, options, ['root', 'reload', 'why', ...lockOptionNames, ...ambientOptionNames])
  checkLockOptions(verb, options)
  checkSwitchOptions(verb, options)
  const layout = requireRoot(verb, options.root)
  const { reload, signal, onEvent, clock = systemClock } = options
  requireFunctions(verb, { reload })
  signal?.throwIfAborted()
  await requireRootFolder(disk, layout)
  await requireLayout(disk, layout, { currentMayLeadNowhere: true })
  await requireTrustedLayout(disk, layout)
  return await withLock(disk, layout, { verb, ...options }, async () => {
    const swept: string[] = []
    await sweepLeftovers(disk, layout, {
      ...options,
      onEvent: (event) => {
        swept.push(event.summary)
        onEvent?.(event)
      },
    })
    const trashProblems: string[] = []
    await emptyTrash(disk, layout, signal, (path, error) => trashProblems.push(`${path}: ${messageOf(error)}`))

    const lines = await readHistoryLines(disk, layout)
    const lost = await findLostRecords(disk, layout)
    const installed = await readInstalled(disk, layout, { history: lines.entries, withoutRecords: lost })
    const plan = planRepair(
      { installed, damagedLines: lines.damaged.length, lostRecords: [...lost.keys()] },
      { token: randomBytes(8).toString('hex') },
    )
    await execute(disk, layout, { plan, installed, lines, lost }, options)
    for (const summary of plan.reasons) {
      onEvent?.({ type: 'repair.done', at: timestamp(clock), summary, step: 'repair', operation: summary })
    }
    const after = await readInstalled(disk, layout)
    return {
      root: layout.root,
      live: after.current,
      repaired: [...swept, ...plan.reasons],
      problems: [...plan.problems, ...trashProblems],
    }
  })
}

interface Damage {
  readonly plan: RepairPlan
  readonly installed: InstalledReleases
  readonly lines: HistoryLines
  readonly lost: ReadonlyMap<string, Manifest>
}

/** @throws REPAIR_FAILED; `signal.reason` when cancelled */
async function execute(
  disk: Disk,
  layout: Layout,
  { plan, installed, lines, lost }: Damage,
  { reload, why = 'repair', signal, clock = systemClock }: RepairReleasesOptions,
): Promise<void> {
  const { root } = layout
  const place = (path: string) => join(root, path)
  const goesTo = plan.steps.flatMap(({ do: operation }) =>
    operation.call === 'symlink' ? [operation.target.slice('releases/'.length)] : [],
  )[0]
  const live = goesTo ?? installed.current
  const entryOf = (outcome: HistoryEntry['outcome']): HistoryEntry => ({
    schema: 'fairlead/history/1',
    at: timestamp(clock),
    outcome,
    live,
    by: userName(),
    why,
    ...(outcome === 'cancelled'
      ? {
          from: installed.recorded,
          to: installed.current ?? '',
          step: 'repair',
          reason: 'the run was stopped half way',
        }
      : { to: live ?? '' }),
  })
  const perform = async (operation: Operation): Promise<void> => {
    const { call } = operation
    if (call === 'link') await disk.addName(place(operation.from), place(operation.to))
    else if (call === 'symlink') await disk.makeLink(operation.target, place(operation.path))
    else if (call === 'rename') await disk.rename(place(operation.from), place(operation.to))
    else if (call === 'unlink') await disk.removeFile(place(operation.path))
    else if (call === 'fsync') await disk.syncFolder(place(operation.path))
    else if (call === 'write') await writeAgain(disk, layout, operation.path, lines, lost)
    else if (call === 'append') await appendHistory(disk, layout, entryOf(operation.outcome))
    else throw new Error(`a repair does not ${call}`)
  }
  const outcome = await executeSteps<RepairPlan['steps'][number]>(plan.steps, {
    perform,
    happened: () => Promise.resolve(false),
    signal,
    onDone: () => {},
  })
  if (!outcome.completed) {
    const { step, error, stoppedBy, problems } = outcome
    if (stoppedBy === 'caller' && problems.length === 0) throw error
    throw errors.REPAIR_FAILED({ root, step: step.name, reason: messageOf(error), problems }, { cause: error })
  }
  if (goesTo !== undefined) {
    const release = installed.releases.find(({ name }) => name === goesTo)
    await reload?.(
      { root, name: goesTo, path: join(layout.releases, goesTo), commit: release?.commit, id: release?.id },
      { signal },
    )
  }
}

/** Writes the readable lines of the history, or a record from the manifest of its release. */
async function writeAgain(
  disk: Disk,
  layout: Layout,
  path: string,
  { whole }: HistoryLines,
  lost: ReadonlyMap<string, Manifest>,
): Promise<void> {
  const target = join(layout.root, path)
  const name = /^\.fairlead\/releases\/(.+)\.json$/.exec(path)?.[1]
  const manifest = name === undefined ? undefined : lost.get(name)
  if (name === undefined || manifest === undefined) {
    return await disk.writeFile(target, whole.map((line) => `${line}\n`).join(''), { mode: 0o644, sync: true })
  }
  const facts = parseReleaseName(name)
  const { commit, contentDigest } = manifest
  const text = formatRecord({
    name,
    id: facts?.id ?? name,
    commit,
    contentDigest,
    stagedAt: facts?.stagedAt ?? new Date(0).toISOString(),
  })
  await disk.removeFile(target)
  await disk.writeFile(target, text, { mode: 0o644, sync: true })
  await disk.syncFolder(layout.records)
}

/** Releases that we named and whose record is gone or cannot be read, with their manifest where that can be. */
async function findLostRecords(disk: Disk, layout: Layout): Promise<ReadonlyMap<string, Manifest>> {
  const lost = new Map<string, Manifest>()
  for (const { name, type } of (await disk.list(layout.releases)) ?? []) {
    if (type !== 'directory' || !isReleaseFolderName(name) || parseReleaseName(name) === undefined) continue
    if ((await readable(() => readRecord(disk, layout, name))) !== undefined) continue
    const path = join(layout.releases, name, manifestPath)
    const manifest = await readable(async () => {
      const text = await disk.readText(path)
      return text === undefined ? undefined : parseManifest(text, path)
    })
    const isSame = manifest && parseReleaseName(name)?.commitPrefix === manifest.commit.slice(0, commitPrefixLength)
    if (isSame) lost.set(name, manifest)
    // Without either it is listed as another tool's release, so a record that cannot be read must not stay.
    else await disk.removeFile(recordPath(layout, name))
  }
  return lost
}

async function readable<T>(read: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (isDeployError(error) && error.code === 'INVALID_RECORD') return undefined
    throw error
  }
}
