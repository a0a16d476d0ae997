import { join, relative } from 'node:path'
import { systemClock, timestamp } from '@fairlead/core'
import { isReleaseFolderName, type Layout } from './layout.ts'
import { endLeftTrial } from './left-trial.ts'
import type { ReleaseAmbientOptions } from './model.ts'
import { giveBack } from './move-folders.ts'
import type { Disk } from './ports/disk.ts'

/** The names under which this package builds what is not finished. */
export const unfinished = {
  /** In the root. */
  link: /^\.current-[0-9a-f]{16}$/,
  /** In `releases`. */
  staging: /^\.staging-/,
  /** In `.fairlead`. */
  seed: /^(?:seed|unpack)-[0-9a-f]{16}$/,
  /** A history that a repair was writing. */
  history: /^history-[0-9a-f]{16}$/,
  note: /^moved-[0-9a-f]{16}\.json$/,
  /** Names the program of a trial. */
  trial: /^trial-[0-9a-f]{16}\.json$/,
} as const

/** What runs left that were stopped half way, as paths below the root. */
export async function findLeftovers(disk: Disk, layout: Layout): Promise<readonly string[]> {
  const { trials, links, notes, halves, records } = await findUnfinished(disk, layout)
  return [...trials, ...links, ...notes, ...halves, ...records].map((path) => relative(layout.root, path))
}

/**
 * Removes what a run left that was stopped half way. Under the lock: whoever made it is gone, or it would hold the lock.
 */
export async function sweepLeftovers(disk: Disk, layout: Layout, ambient: ReleaseAmbientOptions): Promise<void> {
  const { onEvent, clock = systemClock } = ambient
  const { trials, links, notes, halves, records } = await findUnfinished(disk, layout)
  for (const path of trials) {
    const pid = await endLeftTrial(disk, path)
    const summary = pid === undefined ? `removed the leftover ${path}` : `ended process ${pid}, a trial that was left`
    onEvent?.({ type: 'leftover.removed', at: timestamp(clock), summary, path })
  }
  const each = async (paths: readonly string[], remove: (path: string) => Promise<unknown>) => {
    for (const path of paths) {
      await remove(path)
      onEvent?.({ type: 'leftover.removed', at: timestamp(clock), summary: `removed the leftover ${path}`, path })
    }
  }
  await each(links, disk.removeFile)
  // Before what was being built goes: it may hold what a run took out of an archive.
  await each(notes, (note) => giveBack(disk, note))
  await each(halves, disk.removeTree)
  await each(records, disk.removeFile)
}

async function findUnfinished(disk: Disk, layout: Layout) {
  const namesIn = async (folder: string) => ((await disk.list(folder)) ?? []).map(({ name }) => name)
  const [own, releases] = [await namesIn(layout.own), await namesIn(layout.releases)]
  const there = new Set(releases.filter(isReleaseFolderName).map((name) => `${name}.json`))
  const matching = (folder: string, names: readonly string[], ...patterns: readonly RegExp[]) =>
    names.filter((name) => patterns.some((pattern) => pattern.test(name))).map((name) => join(folder, name))
  return {
    links: matching(layout.root, await namesIn(layout.root), unfinished.link),
    trials: matching(layout.own, own, unfinished.trial),
    notes: matching(layout.own, own, unfinished.note),
    halves: [
      ...matching(layout.releases, releases, unfinished.staging),
      ...matching(layout.own, own, unfinished.seed, unfinished.history),
    ],
    records: (await namesIn(layout.records))
      .filter((name) => !there.has(name))
      .map((name) => join(layout.records, name)),
  }
}
