import { join } from 'node:path'
import { inParallel } from './in-parallel.ts'
import { copyConcurrency } from './limits.ts'
import type { TreePlan } from './plan/stage.ts'
import type { Disk, Ownership } from './ports/disk.ts'
import type { Difference } from './source.ts'

export interface TreeRequest {
  /** The archive. */
  readonly from: string
  readonly linkTargets: ReadonlyMap<string, string>
  readonly owner: Ownership | undefined
  /** Whether each file and folder is made durable by itself. */
  readonly sync: boolean
  readonly signal?: AbortSignal | undefined
  /** Told of a copy that is not what the manifest says. */
  readonly onDifference: (difference: Difference) => void
}

/**
 * Builds a tree at `top`, whose folder stands already. Only its entries are finished: the folder itself stays closed to
 * everybody else until {@link finishFolder}, so that nobody can exchange what the next call works on.
 */
export async function buildTree(disk: Disk, top: string, tree: TreePlan, request: TreeRequest): Promise<void> {
  const { from, linkTargets, owner, sync, signal, onDifference } = request
  for (const { path } of tree.folders) {
    signal?.throwIfAborted()
    if (path !== '') await disk.makeFolder(join(top, path), 0o700)
  }
  await inParallel(tree.files, copyConcurrency, signal, async ({ path, source, mode, sha256 }) => {
    const copied = await disk.copyFile(join(from, source), join(top, path), { mode, owner, sync })
    if (copied !== sha256) onDifference({ path: source, problem: `has the sha256 ${copied}, expected ${sha256}` })
  })
  for (const { path, source } of tree.links) {
    signal?.throwIfAborted()
    await makeOwnLink(disk, linkTargets.get(source) ?? '', join(top, path), owner)
  }
}

/** Opens the folders of a tree that is complete, the innermost first; its own folder stays closed. */
export async function finishFolders(
  disk: Disk,
  top: string,
  tree: TreePlan,
  { owner, sync }: Pick<TreeRequest, 'owner' | 'sync'>,
): Promise<void> {
  for (const { path, mode } of tree.folders.toReversed()) {
    if (path !== '') await finishFolder(disk, join(top, path), mode, owner, sync)
  }
}

export async function finishFolder(
  disk: Disk,
  path: string,
  mode: number,
  owner: Ownership | undefined,
  sync: boolean,
): Promise<void> {
  if (owner) await disk.setOwner(path, owner)
  await disk.setMode(path, mode)
  if (sync) await disk.syncFolder(path)
}

export async function makeOwnLink(
  disk: Disk,
  target: string,
  path: string,
  owner: Ownership | undefined,
): Promise<void> {
  await disk.makeLink(target, path)
  if (owner) await disk.setOwner(path, owner)
}
