import { randomBytes } from 'node:crypto'
import { dirname, join } from 'node:path'
import { systemClock, timestamp } from '@fairlead/core'
import { buildTree, finishFolder, finishFolders, makeWritable, type TreeRequest } from './build-tree.ts'
import { errors } from './errors.ts'
import { describeType, requireTrusted, type Layout } from './layout.ts'
import type { ReleaseAmbientOptions } from './model.ts'
import { parentsOf, type SharedPlan } from './plan/stage.ts'
import type { Disk, Ownership } from './ports/disk.ts'
import { requireNoDifference, type Difference } from './source.ts'

/**
 * Finds the shared paths that have to be made, and refuses those that cannot be.
 *
 * @throws SHARED_PATH_INVALID, FOLDER_NOT_TRUSTED
 */
export async function findMissingShared(
  disk: Disk,
  layout: Layout,
  plans: readonly SharedPlan[],
): Promise<readonly SharedPlan[]> {
  const missing: SharedPlan[] = []
  for (const plan of plans) {
    const { path, holds } = plan
    const place = join(layout.shared, path)
    // What is there may be a link of the administrator's to another disk: it is linked to, and not written through.
    const real = await disk.realPath(place)
    const entry = real === undefined ? await disk.entry(place) : await disk.entry(real)
    if (entry === undefined) {
      await requireOwnParents(disk, layout, path)
      missing.push(plan)
    } else if (holds !== 'nothing' && entry.type !== holds) {
      const problem = `is ${describeType(entry.type)} in ${layout.shared} and ${describeType(holds)} in the release`
      throw errors.SHARED_PATH_INVALID({ path, problem })
    }
  }
  return missing
}

async function requireOwnParents(disk: Disk, { shared }: Layout, path: string): Promise<void> {
  await requireTrusted(disk, shared)
  for (const parent of parentsOf(path)) {
    const place = join(shared, parent)
    const entry = await disk.entry(place)
    if (entry === undefined) return
    if (entry.type !== 'directory') {
      throw errors.SHARED_PATH_INVALID({
        path,
        problem: `would be made through ${place}, which is ${describeType(entry.type)}`,
      })
    }
    await requireTrusted(disk, place)
  }
}

/**
 * Puts what a release brings, or an empty folder, into `shared`: built aside, made durable, then moved to its place in
 * one step, and never over anything.
 *
 * @throws RELEASE_SOURCE_DIFFERS
 */
export async function seedShared(
  disk: Disk,
  layout: Layout,
  { path, holds, seed, writable }: SharedPlan,
  { writer, ...request }: Omit<TreeRequest, 'onDifference' | 'sync'> & { readonly writer: Ownership | undefined },
  { onEvent, clock = systemClock }: ReleaseAmbientOptions,
): Promise<void> {
  const place = join(layout.shared, path)
  const temporary = join(layout.own, `seed-${randomBytes(8).toString('hex')}`)
  const differences: Difference[] = []
  const tree = { ...request, sync: true, onDifference: (difference: Difference) => void differences.push(difference) }
  try {
    if (holds === 'file') await buildTree(disk, temporary, seed, tree)
    else {
      await disk.makeFolder(temporary, 0o700)
      await buildTree(disk, temporary, seed, tree)
      await finishFolders(disk, temporary, seed.folders, tree)
    }
    requireNoDifference(request.from, differences)
    for (const parent of ['', ...parentsOf(path)]) {
      const folder = join(layout.shared, parent)
      if (await disk.makeFolder(folder, 0o755)) await disk.syncFolder(dirname(folder))
    }
    if (holds === 'file') await disk.addName(temporary, place)
    else {
      const mode = seed.folders.find((folder) => folder.path === '')?.mode ?? 0o755
      await finishFolder(disk, temporary, mode, request.owner, true)
      if (writable) await makeWritable(disk, temporary, writable, writer, true)
      await disk.moveFolder(temporary, place)
    }
    await disk.syncFolder(dirname(place))
  } finally {
    // The next run sweeps it where this fails: that must not hide what went wrong, nor undo what went well.
    await disk.removeTree(temporary).catch(() => undefined)
  }
  const from = holds === 'nothing' ? 'nothing' : 'release'
  const summary = `made shared/${path} ${from === 'release' ? 'of what the release brings' : 'as an empty folder'}`
  onEvent?.({ type: 'release.shared-seeded', at: timestamp(clock), summary, path, from })
}
