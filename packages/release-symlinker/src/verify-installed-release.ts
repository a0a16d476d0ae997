import { createHash } from 'node:crypto'
import { join } from 'node:path'
import {
  ambientOptionNames,
  checkOptions,
  coreErrors,
  describeValue,
  manifestPath,
  parseManifest,
} from '@fairlead/core'
import { errors } from './errors.ts'
import { inParallel } from './in-parallel.ts'
import { describeType, isOfTree, type Layout } from './layout.ts'
import { copyConcurrency } from './limits.ts'
import type { InstalledRelease, InstalledReleaseReport, ReleaseAmbientOptions } from './model.ts'
import type { StagedRecord } from './plan/installed.ts'
import { planContents, type TreePlan } from './plan/stage.ts'
import { systemDisk, type Disk } from './ports/disk.ts'
import { readInstalled, readRecord, requireRoot, requireRootFolder } from './read-installed-releases.ts'
import { typesBelow, type Difference } from './source.ts'

export interface VerifyInstalledReleaseOptions extends ReleaseAmbientOptions {
  /** The folder that holds `releases`, `shared` and `current`. */
  readonly root: string
  /** The name of a release. Default: the live one. */
  readonly release?: string | undefined
}

/**
 * Compares the files of an installed release with its manifest, each of them read to its end, and says file by file what
 * is different. A difference is an answer and no failure. Takes no lock and changes nothing.
 *
 * @throws RELEASE_ROOT_MISSING, CURRENT_NOT_A_LINK, RELEASE_NOT_INSTALLED, RELEASE_WITHOUT_MANIFEST, FILE_OPERATION_FAILED,
 * INVALID_OPTION, INVALID_RECORD
 */
export async function verifyInstalledRelease(options: VerifyInstalledReleaseOptions): Promise<InstalledReleaseReport> {
  return await verifyOn(systemDisk, options)
}

export async function verifyOn(disk: Disk, options: VerifyInstalledReleaseOptions): Promise<InstalledReleaseReport> {
  const verb = 'verifyInstalledRelease'
  checkOptions(verb, options, ['root', 'release', ...ambientOptionNames])
  const layout = requireRoot(verb, options.root)
  const { release: name, signal } = options
  if (name !== undefined && (typeof name !== 'string' || name === '')) {
    const expected = 'the name of a release'
    throw coreErrors.INVALID_OPTION({ verb, option: 'release', given: describeValue(name), expected })
  }
  signal?.throwIfAborted()
  await requireRootFolder(disk, layout)
  const release = await findRelease(disk, layout, name)
  const record = await readRecord(disk, layout, release.name)
  const manifestText = await disk.readText(join(release.path, manifestPath))
  if (manifestText === undefined) throw errors.RELEASE_WITHOUT_MANIFEST({ name: release.name, manifest: manifestPath })
  const manifest = parseManifest(manifestText, join(release.path, manifestPath))

  const differences: Difference[] = manifestProblem(record, manifestText, manifest.contentDigest)
  const { tree, shared } = planContents(manifest, record?.shared)
  const types = await typesBelow(disk, release.path, signal)
  await compareTree(disk, release.path, tree, signal, differences)
  for (const { path, target } of shared) {
    const found = await linkAt(disk, join(release.path, path))
    if (found !== target) differences.push({ path, problem: 'is no link to what is shared' })
  }
  const expected = new Set([
    manifestPath,
    ...[...tree.folders, ...tree.files, ...tree.links, ...shared].map(({ path }) => path),
  ])
  const others = [...(record?.writable ?? []), ...(record?.overlap ?? [])]
  const extra = [...types.keys()].filter((path) => !expected.has(path) && !others.some((top) => isOfTree(path, top)))
  return {
    root: layout.root,
    name: release.name,
    path: release.path,
    commit: manifest.commit,
    fileCount: tree.files.length,
    matches: differences.length === 0,
    differences: differences.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    extra: extra.toSorted(),
  }
}

async function findRelease(disk: Disk, layout: Layout, name: string | undefined): Promise<InstalledRelease> {
  const { current, releases } = await readInstalled(disk, layout)
  const wanted = name ?? current
  const release = releases.find((one) => one.name === wanted)
  if (release) return release
  const installed = releases.map((one) => one.name)
  throw errors.RELEASE_NOT_INSTALLED({ root: layout.root, name: wanted, installed })
}

/** The manifest stands where the application may write; what root noted of it does not. */
function manifestProblem(record: StagedRecord | undefined, text: string, contentDigest: string): Difference[] {
  if (record === undefined) return []
  const { manifestSha256 = sha256Of(text) } = record
  const isSame = manifestSha256 === sha256Of(text) && record.contentDigest === contentDigest
  return isSame ? [] : [{ path: manifestPath, problem: 'is not the manifest that was staged' }]
}

async function compareTree(
  disk: Disk,
  top: string,
  { folders, files, links }: TreePlan,
  signal: AbortSignal | undefined,
  differences: Difference[],
): Promise<void> {
  for (const { path } of folders) {
    const entry = await disk.entry(join(top, path))
    if (entry?.type !== 'directory') differences.push({ path, problem: insteadOf('directory', entry?.type) })
  }
  await inParallel(files, copyConcurrency, signal, async ({ path, mode, sha256 }) => {
    const facts = await disk.examineFile(join(top, path))
    if (facts === undefined) {
      const entry = await disk.entry(join(top, path))
      differences.push({ path, problem: insteadOf('file', entry?.type) })
    } else if (facts.sha256 !== sha256) differences.push({ path, problem: 'has other contents' })
    else if (facts.mode !== mode) {
      differences.push({ path, problem: `has the mode ${octal(facts.mode)}, expected ${octal(mode)}` })
    }
  })
  for (const { path, sha256 } of links) {
    const target = await linkAt(disk, join(top, path))
    if (target === undefined || sha256Of(target) !== sha256) {
      differences.push({ path, problem: 'is not the link that it was' })
    }
  }
}

async function linkAt(disk: Disk, path: string): Promise<string | undefined> {
  return (await disk.entry(path))?.type === 'symlink' ? await disk.linkTarget(path) : undefined
}

function insteadOf(expected: 'file' | 'directory', found: Parameters<typeof describeType>[0] | undefined): string {
  return found === undefined ? 'is missing' : `is ${describeType(found)}, expected ${describeType(expected)}`
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
