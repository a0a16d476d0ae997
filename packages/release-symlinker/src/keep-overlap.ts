import { dirname, join } from 'node:path'
import { isDeployError, manifestPath, parseManifest } from '@fairlead/core'
import { inParallel } from './in-parallel.ts'
import { isOfTree, type Layout } from './layout.ts'
import { copyConcurrency } from './limits.ts'
import { filePlacer, placeFile, type PlacingRequest } from './place-files.ts'
import { parentsOf, planContents, type PlannedFile, type StagingPlan } from './plan/stage.ts'
import type { Disk } from './ports/disk.ts'
import { finishFolder } from './build-tree.ts'
import { readInstalled } from './read-installed-releases.ts'

/**
 * Brings what the live release has in some folders, and the new one has not, into the new one: a page that was fetched
 * before the switch asks for its scripts and pictures after it. One generation: what the live release had of the one
 * before it is not in its manifest. What is no longer as its manifest says is left out.
 */
export async function keepOverlap(
  disk: Disk,
  layout: Layout,
  staging: string,
  { overlap, plan }: { readonly overlap: readonly string[]; readonly plan: StagingPlan },
  request: PlacingRequest & { readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const live = overlap.length === 0 ? undefined : await readLive(disk, layout)
  if (live === undefined) return
  request.onChange?.()
  const taken = new Set(
    [...plan.tree.folders, ...plan.tree.files, ...plan.tree.links, ...plan.shared].map(({ path }) => path),
  )
  const folders = new Map(plan.tree.folders.map(({ path, mode }) => [path, mode]))
  const kept = live.files.filter(
    ({ path }) =>
      overlap.some((top) => isOfTree(path, top)) &&
      !taken.has(path) &&
      // What is a file or a link now cannot be a folder for something older.
      parentsOf(path).every((parent) => folders.has(parent) || !taken.has(parent)),
  )
  const made = [...new Set(kept.flatMap(({ path }) => parentsOf(path)))].filter((path) => !folders.has(path)).sort()
  for (const path of made) await disk.makeFolder(join(staging, path), 0o700)
  const placer = filePlacer(disk, { ...request, from: live.path, moved: new Set() })
  await inParallel(kept, copyConcurrency, request.signal, async (file) => {
    const to = join(staging, file.path)
    if ((await placed(async () => await placeFile(disk, placer, file, to))) !== file.sha256) await disk.removeFile(to)
  })
  for (const path of made.toReversed())
    await finishFolder(disk, join(staging, path), 0o755, request.owner, request.sync)
  if (request.sync)
    for (const folder of new Set(kept.map(({ path }) => dirname(path)))) await disk.syncFolder(join(staging, folder))
}

async function readLive(
  disk: Disk,
  layout: Layout,
): Promise<{ readonly path: string; readonly files: readonly PlannedFile[] } | undefined> {
  const { current } = await readInstalled(disk, layout)
  if (current === undefined) return undefined
  const path = join(layout.releases, current)
  // The application may have written to it: what cannot be read is no reason to refuse the next release.
  const text = await disk.readText(join(path, manifestPath))
  try {
    const manifest = text === undefined ? undefined : parseManifest(text, manifestPath)
    return manifest && { path, files: planContents(manifest).tree.files }
  } catch (error) {
    if (isDeployError(error)) return undefined
    throw error
  }
}

/** A file that is gone from the live release has not to be kept. */
async function placed(place: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await place()
  } catch (error) {
    const code = isDeployError(error) ? error.context['code'] : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP') return undefined
    throw error
  }
}
