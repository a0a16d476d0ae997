import { join } from 'node:path'
import { systemClock, timestamp } from '@fairlead/core'
import { isReleaseFolderName, type Layout } from './layout.ts'
import type { ReleaseAmbientOptions } from './model.ts'
import type { Disk } from './ports/disk.ts'

/** The names under which this package builds what is not finished. */
export const unfinished = {
  /** In the root. */
  link: /^\.current-[0-9a-f]{16}$/,
  /** In `releases`. */
  staging: /^\.staging-/,
  /** In `.fairlead`. */
  seed: /^seed-[0-9a-f]{16}$/,
} as const

/**
 * Removes what a run left that was stopped half way. Under the lock: whoever made it is gone, or it would hold the lock.
 */
export async function sweepLeftovers(disk: Disk, layout: Layout, ambient: ReleaseAmbientOptions): Promise<void> {
  const { onEvent, clock = systemClock } = ambient
  const removed = (path: string) => {
    onEvent?.({ type: 'leftover.removed', at: timestamp(clock), summary: `removed the leftover ${path}`, path })
  }
  const names = async (folder: string) => ((await disk.list(folder)) ?? []).map(({ name }) => name)
  for (const name of await names(layout.root)) {
    if (!unfinished.link.test(name)) continue
    await disk.removeFile(join(layout.root, name))
    removed(join(layout.root, name))
  }
  const releases = await names(layout.releases)
  const halves = [
    ...releases.filter((name) => unfinished.staging.test(name)).map((name) => join(layout.releases, name)),
    ...(await names(layout.own)).filter((name) => unfinished.seed.test(name)).map((name) => join(layout.own, name)),
  ]
  for (const path of halves) {
    await disk.removeTree(path)
    removed(path)
  }
  const there = new Set(releases.filter(isReleaseFolderName).map((name) => `${name}.json`))
  for (const name of await names(layout.records)) {
    if (there.has(name)) continue
    await disk.removeFile(join(layout.records, name))
    removed(join(layout.records, name))
  }
}
