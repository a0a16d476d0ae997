import { join } from 'node:path'
import { andThen } from './answer.ts'
import { inParallel } from './in-parallel.ts'
import { copyConcurrency } from './limits.ts'
import type { PlannedFile, PlannedFolder, TreePlan, WritablePath } from './plan/stage.ts'
import {
  filePlacer,
  isExamined,
  placeIn,
  sizeOf,
  type Brought,
  type PlacedCounts,
  type PlacingRequest,
} from './place-files.ts'
import type { Disk, Ownership } from './ports/disk.ts'
import type { Examination } from './ports/examination.ts'
import type { Difference } from './source.ts'

export interface TreeRequest extends PlacingRequest {
  /** By the path of each link. */
  readonly linkTargets: ReadonlyMap<string, string>
  /** Folders inside those that stand at their place already, renamed. */
  readonly movedFolders: ReadonlySet<string>
  /** Of files that are many, on two threads; who started it closes it. Left out: one file after the other. */
  readonly examination?: Examination | undefined
  readonly signal?: AbortSignal | undefined
  /** Told of a copy that is not what the manifest says. */
  readonly onDifference: (difference: Difference) => void
}

/** A tree whose entries all stand at their place. */
export interface BroughtTree {
  /** Looks at what came by another way than a copy, and finishes it. */
  readonly confirm: () => Promise<PlacedCounts>
}

/**
 * Builds a tree at `top`, whose folder stands already. Only its entries are finished: the folder itself stays closed to
 * everybody else until {@link finishFolder}, so that nobody can exchange what the next call works on.
 */
export async function buildTree(disk: Disk, top: string, tree: TreePlan, request: TreeRequest): Promise<PlacedCounts> {
  const brought = await bringTree(disk, top, tree, request)
  return await brought.confirm()
}

/** The first half of {@link buildTree}: after it, only what has to be put right changes anything. */
export async function bringTree(disk: Disk, top: string, tree: TreePlan, request: TreeRequest): Promise<BroughtTree> {
  const { linkTargets, movedFolders, owner, signal, onDifference } = request
  for (const { path } of tree.folders) {
    signal?.throwIfAborted()
    if (path !== '' && !movedFolders.has(path)) await disk.makeFolder(placeIn(top, path), 0o700)
  }
  const brought = await bringFiles(disk, top, tree.files, request)
  for (const { path, source } of tree.links) {
    signal?.throwIfAborted()
    const [target, place] = [linkTargets.get(source) ?? '', join(top, path)]
    await makeOwnLink(disk, target, place, owner)
    if ((await disk.linkTarget(place)) !== target) onDifference({ path: source, problem: 'is a link to another place' })
  }
  return brought
}

/** A copy is judged at once: what was written is known. */
async function bringFiles(
  disk: Disk,
  top: string,
  files: readonly PlannedFile[],
  request: TreeRequest,
): Promise<BroughtTree> {
  const { signal, onDifference, examination } = request
  const placer = filePlacer(disk, request)
  const judge = (file: PlannedFile, sha256: string | undefined) => {
    if (sha256 === file.sha256) return
    const problem = sha256 === undefined ? 'has other names too' : `has the sha256 ${sha256}, expected ${file.sha256}`
    onDifference({ path: file.source, problem })
  }
  const unseen: UnseenFile[] = []
  await inParallel(files, copyConcurrency, signal, (file) => {
    const to = placeIn(top, file.path)
    return andThen(placer.bring(file, to), (brought) => {
      if (!isExamined(brought))
        return andThen(placer.confirm(file, to, brought, undefined), (sha256) => judge(file, sha256))
      unseen.push({ file, to, brought })
      examination?.add(to, sizeOf(brought, file))
    })
  })
  const confirm = async () => {
    const facts = (await examination?.facts(signal))?.values()
    await inParallel(unseen, copyConcurrency, signal, ({ file, to, brought }) =>
      andThen(facts ? facts.next().value : disk.examineFile(to, sizeOf(brought, file)), (found) =>
        andThen(placer.confirm(file, to, brought, found), (sha256) => judge(file, sha256)),
      ),
    )
    return placer.counts
  }
  return { confirm }
}

/** It is at its place, and nobody has looked at it there. */
interface UnseenFile {
  readonly file: PlannedFile
  readonly to: string
  readonly brought: Brought
}

/**
 * Whether a folder may have its mode before all that is in it is confirmed: nobody else can change what is in it, and we
 * still can.
 */
export function mayOpenFirst({ mode }: PlannedFolder): boolean {
  return (mode & 0o722) === 0o700
}

/** Opens folders of a tree, the innermost first; its own folder stays closed. */
export async function finishFolders(
  disk: Disk,
  top: string,
  folders: readonly PlannedFolder[],
  { owner, sync }: Pick<TreeRequest, 'owner' | 'sync'>,
): Promise<void> {
  for (const { path, mode } of folders.toReversed()) {
    if (path !== '') await finishFolder(disk, placeIn(top, path), mode, owner, sync)
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

/** Gives a folder the writers that it was asked for. The mode first: it would take away what the list gives (acl(5)). */
export async function makeWritable(
  disk: Disk,
  path: string,
  { mode, acl = [] }: WritablePath,
  owner: Ownership | undefined,
  sync: boolean,
): Promise<void> {
  if (owner) await disk.setOwner(path, owner)
  if (mode !== undefined) await disk.setMode(path, Number.parseInt(mode, 8))
  if (acl.length > 0) await disk.addAcl(path, acl)
  if (sync) await disk.syncFolder(path)
}
