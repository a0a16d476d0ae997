import { createHash } from 'node:crypto'
import { basename, join, resolve } from 'node:path'
import { manifestPath, parseManifest, type Manifest, type ManifestEntry } from '@fairlead/core'
import { andThen } from './answer.ts'
import { errors } from './errors.ts'
import { copyConcurrency, maxListedDifferences } from './limits.ts'
import { inParallel } from './in-parallel.ts'
import { placeIn, topOf } from './place-files.ts'
import { FoldersAbove } from './plan/folders-above.ts'
import { linkProblem } from './plan/stage.ts'
import { describeType } from './layout.ts'
import type { Disk, EntryType } from './ports/disk.ts'

/** A folder into which an artifact was unpacked. */
export interface Source {
  readonly from: string
  readonly manifest: Manifest
  /** The manifest as it stands there. */
  readonly manifestText: string
  /** Whether it does: a folder that is taken as it is has none. */
  readonly hasManifest: boolean
}

/** What of an archive is not as its manifest says. */
export interface Difference {
  readonly [key: string]: string
  readonly path: string
  readonly problem: string
}

/**
 * Reads what is to be staged. A folder without a manifest is taken as it is where `commit` says what it was made of.
 *
 * @throws RELEASE_SOURCE_MISSING, RELEASE_MANIFEST_MISSING, RELEASE_MANIFEST_UNSAFE, INVALID_RECORD
 */
export async function readSource(
  disk: Disk,
  folder: string,
  { commit, signal }: { readonly commit?: string | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<Source> {
  const from = resolve(folder)
  const real = await disk.realPath(from)
  const entry = real === undefined ? undefined : await disk.entry(real)
  if (entry?.type !== 'directory') throw errors.RELEASE_SOURCE_MISSING({ from })
  const path = join(from, manifestPath)
  const manifestText = await disk.readText(path)
  if (manifestText !== undefined)
    return { from, manifestText, manifest: parseManifest(manifestText, path), hasManifest: true }
  if (commit === undefined) throw errors.RELEASE_MANIFEST_MISSING({ from, manifest: manifestPath })
  const manifest = await describeFolder(disk, from, commit, signal)
  return { from, manifestText: `${JSON.stringify(manifest)}\n`, manifest, hasManifest: false }
}

/** The manifest that an artifact of this folder would have. */
async function describeFolder(
  disk: Disk,
  from: string,
  commit: string,
  signal: AbortSignal | undefined,
): Promise<Manifest> {
  const types = [...(await typesBelow(disk, from, signal))].filter(([path]) => topOf(path) !== '.fairlead')
  const entries: ManifestEntry[] = []
  await inParallel(types, copyConcurrency, signal, async ([path, type]) => {
    const place = join(from, path)
    if (type === 'directory') {
      const { mode = 0o755 } = (await disk.entry(place)) ?? {}
      entries.push({ path, type, mode: modeText(mode), sizeBytes: 0 })
    } else if (type === 'symlink') {
      const target = Buffer.from((await disk.linkTarget(place)) ?? '')
      entries.push({ path, type, mode: '0777', sizeBytes: target.length, sha256: sha256Of(target) })
    } else {
      const facts = await disk.examineFile(place)
      if (!facts) throw errors.RELEASE_MANIFEST_UNSAFE({ path, problem: `is ${describeType(type)}` })
      entries.push({ path, type: 'file', mode: modeText(facts.mode), sizeBytes: facts.sizeBytes, sha256: facts.sha256 })
    }
  })
  const sorted = entries.toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)))
  const contentDigest = digestContent(sorted)
  return {
    schema: 'fairlead/manifest/1',
    application: basename(from) || 'application',
    commit,
    contentDigest,
    entries: sorted,
    allowances: [],
  }
}

/** A manifest has the nine bits of permission and no others. */
function modeText(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0')
}

/** As of an artifact that buildArtifact made of the same files: SHA-256 of a first line and a line for each entry. */
function digestContent(entries: readonly ManifestEntry[]): string {
  const lines = entries.map(
    ({ type, mode, sizeBytes, sha256, path }) => `${type} ${mode} ${sizeBytes} ${sha256 ?? '-'} ${path}\0`,
  )
  return sha256Of(`fairlead/content/1\n${lines.join('')}`)
}

function sha256Of(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** What an archive has, beyond what its manifest says. */
export interface Inventory {
  /** By the path of each link. */
  readonly linkTargets: ReadonlyMap<string, string>
  /** Files and links that the manifest does not list. */
  readonly extra: readonly string[]
  readonly folders: readonly string[]
  readonly extraFolders: readonly string[]
}

/**
 * Compares what stands in an archive with its manifest, the contents of files left to the copy. Modes are not compared:
 * unpacking may lose them, and a release gets those of the manifest.
 *
 * @throws RELEASE_SOURCE_DIFFERS, RELEASE_MANIFEST_UNSAFE
 */
export async function requireComplete(
  disk: Disk,
  { from, manifest, hasManifest }: Source,
  signal: AbortSignal | undefined,
): Promise<Inventory> {
  const missing = expectedTypes(manifest, hasManifest)
  const differences: Difference[] = []
  const [extra, folders, extraFolders]: [string[], string[], string[]] = [[], [], []]
  await visitBelow(disk, from, signal, (path, type) => {
    if (type === 'directory') folders.push(path)
    const expected = missing.get(path)
    if (expected === undefined) (type === 'directory' ? extraFolders : extra).push(path)
    else if (expected === type) missing.delete(path)
    else {
      missing.delete(path)
      differences.push({ path, problem: `is ${describeType(type)}, expected ${describeType(expected)}` })
    }
  })
  for (const path of missing.keys()) differences.push({ path, problem: 'is missing' })
  const linkTargets = await readLinks(disk, { from, manifest }, differences, signal)
  requireNoDifference(from, differences)
  for (const [path, target] of linkTargets) {
    const problem = linkProblem(path, target)
    if (problem !== undefined) throw errors.RELEASE_MANIFEST_UNSAFE({ path, problem })
  }
  return { linkTargets, extra, folders, extraFolders }
}

/** What the links of a manifest hold, by path. Of one that differs it is noted. */
async function readLinks(
  disk: Disk,
  { from, manifest }: Pick<Source, 'from' | 'manifest'>,
  differences: Difference[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, string>> {
  const differing = new Set(differences.map(({ path }) => path))
  const links = manifest.entries.filter(({ path, type }) => type === 'symlink' && !differing.has(path))
  const targets = new Map<string, string>()
  await inParallel(links, copyConcurrency, signal, async ({ path, sha256 }) => {
    const target = (await disk.linkTarget(join(from, path))) ?? ''
    targets.set(path, target)
    if (sha256Of(target) !== sha256) differences.push({ path, problem: 'is a link to another place' })
  })
  return targets
}

/** What a manifest says that stands in an archive, by path. */
function expectedTypes({ entries }: Manifest, hasManifest: boolean): Map<string, EntryType> {
  const expected = new Map<string, EntryType>(hasManifest ? [[manifestPath, 'file']] : [])
  const above = new FoldersAbove()
  const addFolders = (path: string) => {
    for (const folder of above.add(path)) if (!expected.has(folder)) expected.set(folder, 'directory')
  }
  if (hasManifest) addFolders(manifestPath)
  for (const { path, type } of entries) {
    addFolders(path)
    expected.set(path, type)
  }
  return expected
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

/** The type of everything below a folder, by its path inside it. */
export async function typesBelow(
  disk: Disk,
  top: string,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, EntryType>> {
  const types = new Map<string, EntryType>()
  await visitBelow(disk, top, signal, (path, type) => void types.set(path, type))
  return types
}

/** Tells everything below a folder, with its path inside it; a folder before what it holds. */
async function visitBelow(
  disk: Disk,
  top: string,
  signal: AbortSignal | undefined,
  visit: (path: string, type: EntryType) => void,
): Promise<void> {
  let folders: readonly string[] = ['']
  while (folders.length > 0) {
    const next: string[] = []
    await inParallel(folders, copyConcurrency, signal, (folder) =>
      andThen(disk.list(placeIn(top, folder)), (entries = []) => {
        for (const { name, type } of entries) {
          const path = folder === '' ? name : `${folder}/${name}`
          if (type === 'directory') next.push(path)
          visit(path, type)
        }
      }),
    )
    folders = next
  }
}
