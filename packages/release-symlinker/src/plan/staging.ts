import { manifestPath, type Manifest } from '@fairlead/core'
import { fsyncEachUpTo } from '../limits.ts'
import type { Operation, Step } from './activate.ts'
import { releaseName } from './name.ts'
import { planContents, type SharedPlan, type StagingPlan, type TreePlan, type WritablePath } from './stage.ts'

export type StagingStepName =
  'open' | 'folder' | 'file' | 'manifest' | 'shared' | 'mode' | 'sync' | 'seed' | 'record' | 'publish'

/** The steps to a release on a host that has none of its shared paths yet. */
export interface StagingSteps {
  readonly name: string
  /** Files, folders and links, seeds too: each takes an inode. */
  readonly entryCount: number
  readonly sizeBytes: number
  readonly steps: readonly Step<StagingStepName>[]
}

export interface PlanStagingOptions {
  /** The deployment. */
  readonly id: string
  /** ISO 8601, UTC. */
  readonly stagedAt: string
  /** The archive, as it is to be printed. Default: `<archive>`. */
  readonly from?: string | undefined
  readonly shared?: readonly string[] | undefined
  readonly writable?: readonly WritablePath[] | undefined
}

/**
 * Plans how an artifact becomes a release: every file operation, in order. A file is shown as a copy; on the host it may
 * come by rename, a second name or a clone instead, which end in the same file. Everything before the last rename
 * happens under a hidden name that one removal takes back.
 *
 * @throws RELEASE_MANIFEST_UNSAFE, SHARED_PATH_INVALID, WRITABLE_PATH_INVALID
 */
export function planStaging(
  manifest: Pick<Manifest, 'entries' | 'commit'>,
  { id, stagedAt, from = '<archive>', shared, writable }: PlanStagingOptions,
): StagingSteps {
  const plan = planContents(manifest, shared, writable)
  const name = releaseName({ stagedAt, commit: manifest.commit, id })
  const staging = `releases/.staging-${id}`
  const record = `.fairlead/releases/${name}.json`
  return {
    name,
    entryCount: plan.entryCount,
    sizeBytes: plan.sizes.reduce((sum, size) => sum + size, 0),
    steps: [
      step('open', { call: 'mkdir', path: staging }, [{ call: 'remove-tree', path: staging }]),
      ...treeSteps(plan.tree, from, staging),
      step('manifest', { call: 'write', path: `${staging}/${manifestPath}` }),
      ...plan.shared.map(({ path, target }) => step('shared', { call: 'symlink', target, path: `${staging}/${path}` })),
      ...modeSteps(plan.tree, staging),
      ...plan.writable.flatMap(({ path, mode }) => (mode === undefined ? [] : [modeStep(`${staging}/${path}`, mode)])),
      ...(plan.entryCount > fsyncEachUpTo ? [step('sync', { call: 'syncfs', path: staging })] : []),
      ...plan.shared.flatMap((one) => seedSteps(one, from)),
      step('record', { call: 'write', path: record }, [{ call: 'unlink', path: record }]),
      step('sync', { call: 'fsync', path: '.fairlead/releases' }),
      modeStep(staging, '0755'),
      step('publish', { call: 'rename', from: staging, to: `releases/${name}` }),
      step('sync', { call: 'fsync', path: 'releases' }),
    ],
  }
}

function treeSteps({ folders, files, links }: StagingPlan['tree'], from: string, to: string) {
  return [
    ...folders.flatMap(({ path }) => (path === '' ? [] : [step('folder', { call: 'mkdir', path: `${to}/${path}` })])),
    ...[...files, ...links].map(({ source, path }) =>
      step('file', { call: 'copy', from: `${from}/${source}`, to: path === '' ? to : `${to}/${path}` }),
    ),
  ]
}

/** The innermost first: a folder that is closed to its writer could not be filled. */
function modeSteps({ folders }: TreePlan, top: string) {
  return folders
    .toReversed()
    .flatMap(({ path, mode }) => (path === '' ? [] : [modeStep(`${top}/${path}`, octal(mode))]))
}

/** Only where `shared` has nothing there: what is there is never touched. */
function seedSteps({ path, holds, seed, writable }: SharedPlan, from: string) {
  const temporary = `.fairlead/seed-<token>`
  const away: readonly Operation[] = [{ call: 'remove-tree', path: temporary }]
  if (holds === 'file') {
    return [
      ...treeSteps(seed, from, temporary),
      step('seed', { call: 'link', from: temporary, to: `shared/${path}` }),
      step('seed', { call: 'remove-tree', path: temporary }),
    ]
  }
  const top = seed.folders.find((folder) => folder.path === '')
  return [
    step('seed', { call: 'mkdir', path: temporary }, away),
    ...treeSteps(seed, from, temporary),
    ...modeSteps(seed, temporary),
    modeStep(temporary, writable?.mode ?? octal(top?.mode ?? 0o755)),
    step('seed', { call: 'rename', from: temporary, to: `shared/${path}` }),
  ]
}

function modeStep(path: string, mode: string): Step<StagingStepName> {
  return step('mode', { call: 'chmod', path, mode })
}

/** What has no undo of its own goes with the folder that it is built in. */
function step(name: StagingStepName, operation: Operation, undo: readonly Operation[] = []): Step<StagingStepName> {
  return { name, do: operation, undo, durableAfter: 'publish', blames: 'host' }
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}
