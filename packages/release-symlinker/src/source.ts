import { join, resolve } from 'node:path'
import { manifestPath, parseManifest, type Manifest } from '@fairlead/core'
import { createHash } from 'node:crypto'
import { errors } from './errors.ts'
import { copyConcurrency, maxListedDifferences } from './limits.ts'
import { inParallel } from './in-parallel.ts'
import { parentsOf } from './plan/stage.ts'
import { describeType } from './layout.ts'
import type { Disk, EntryType } from './ports/disk.ts'

/** A folder into which an artifact was unpacked. */
export interface Source {
  readonly from: string
  readonly manifest: Manifest
  /** The manifest as it stands there. */
  readonly manifestText: string
}

/** What of an archive is not as its manifest says. */
export interface Difference {
  readonly [key: string]: string
  readonly path: string
  readonly problem: string
}

/** @throws RELEASE_SOURCE_MISSING, RELEASE_MANIFEST_MISSING, INVALID_RECORD */
export async function readSource(disk: Disk, folder: string): Promise<Source> {
  const from = resolve(folder)
  const real = await disk.realPath(from)
  const entry = real === undefined ? undefined : await disk.entry(real)
  if (entry?.type !== 'directory') throw errors.RELEASE_SOURCE_MISSING({ from })
  const path = join(from, manifestPath)
  const manifestText = await disk.readText(path)
  if (manifestText === undefined) throw errors.RELEASE_MANIFEST_MISSING({ from, manifest: manifestPath })
  return { from, manifestText, manifest: parseManifest(manifestText, path) }
}

/**
 * Compares what stands in an archive with its manifest, the contents of files left to the copy. Modes are not compared:
 * unpacking may lose them, and a release gets those of the manifest.
 *
 * @throws RELEASE_SOURCE_DIFFERS
 */
export async function requireComplete(
  disk: Disk,
  { from, manifest }: Source,
  signal: AbortSignal | undefined,
): Promise<{ readonly linkTargets: ReadonlyMap<string, string>; readonly extra: readonly string[] }> {
  const types = await typesBelow(disk, from, signal)
  const expected = new Map<string, EntryType>([[manifestPath, 'file']])
  for (const { path, type } of manifest.entries) expected.set(path, type)
  for (const path of [...expected.keys()]) {
    for (const parent of parentsOf(path)) if (!expected.has(parent)) expected.set(parent, 'directory')
  }
  const differences = [...expected].flatMap(([path, type]): Difference[] => {
    const found = types.get(path)
    if (found === type) return []
    if (found === undefined) return [{ path, problem: 'is missing' }]
    return [{ path, problem: `is ${describeType(found)}, expected ${describeType(type)}` }]
  })
  const linkTargets = new Map<string, string>()
  const links = manifest.entries.filter(({ path, type }) => type === 'symlink' && types.get(path) === 'symlink')
  await inParallel(links, copyConcurrency, signal, async ({ path, sha256 }) => {
    const target = (await disk.linkTarget(join(from, path))) ?? ''
    linkTargets.set(path, target)
    if (createHash('sha256').update(target).digest('hex') !== sha256) {
      differences.push({ path, problem: 'is a link to another place' })
    }
  })
  requireNoDifference(from, differences)
  const extra = [...types].filter(([path, type]) => type !== 'directory' && !expected.has(path)).map(([path]) => path)
  return { linkTargets, extra }
}

/** @throws RELEASE_SOURCE_DIFFERS */
export function requireNoDifference(from: string, differences: readonly Difference[]): void {
  if (differences.length === 0) return
  const sorted = differences.toSorted((a, b) => (a.path < b.path ? -1 : 1))
  throw errors.RELEASE_SOURCE_DIFFERS({
    from,
    total: sorted.length,
    differences: sorted.slice(0, maxListedDifferences),
  })
}

async function typesBelow(
  disk: Disk,
  top: string,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, EntryType>> {
  const types = new Map<string, EntryType>()
  let folders: readonly string[] = ['']
  while (folders.length > 0) {
    const next: string[] = []
    await inParallel(folders, copyConcurrency, signal, async (folder) => {
      for (const { name, type } of (await disk.list(join(top, folder))) ?? []) {
        const path = folder === '' ? name : `${folder}/${name}`
        types.set(path, type)
        if (type === 'directory') next.push(path)
      }
    })
    folders = next
  }
  return types
}
