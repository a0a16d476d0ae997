import { createHash } from 'node:crypto'
import { basename, join, resolve } from 'node:path'
import { manifestPath, parseManifest, type Manifest, type ManifestEntry } from '@fairlead/core'
import { andThen } from './answer.ts'
import { errors } from './errors.ts'
import { copyConcurrency, maxListedDifferences } from './limits.ts'
import { inParallel } from './in-parallel.ts'
import { topOf } from './place-files.ts'
import { linkProblem, newParentsOf } from './plan/stage.ts'
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
  const types = await typesBelow(disk, from, signal)
  const expected = expectedTypes(manifest, hasManifest)
  const differences: Difference[] = []
  for (const [path, type] of expected) {
    const found = types.get(path)
    if (found === type) continue
    const problem = found && `is ${describeType(found)}, expected ${describeType(type)}`
    differences.push({ path, problem: problem ?? 'is missing' })
  }
  const linkTargets = new Map<string, string>()
  const links = manifest.entries.filter(({ path, type }) => type === 'symlink' && types.get(path) === 'symlink')
  await inParallel(links, copyConcurrency, signal, async ({ path, sha256 }) => {
    const target = (await disk.linkTarget(join(from, path))) ?? ''
    linkTargets.set(path, target)
    if (sha256Of(target) !== sha256) differences.push({ path, problem: 'is a link to another place' })
  })
  requireNoDifference(from, differences)
  for (const [path, target] of linkTargets) {
    const problem = linkProblem(path, target)
    if (problem !== undefined) throw errors.RELEASE_MANIFEST_UNSAFE({ path, problem })
  }
  const [extra, folders, extraFolders]: [string[], string[], string[]] = [[], [], []]
  for (const [path, type] of types) {
    if (type === 'directory') folders.push(path)
    if (!expected.has(path)) (type === 'directory' ? extraFolders : extra).push(path)
  }
  return { linkTargets, extra, folders, extraFolders }
}

/** What a manifest says that stands in an archive, by path. */
function expectedTypes({ entries }: Manifest, hasManifest: boolean): ReadonlyMap<string, EntryType> {
  const expected = new Map<string, EntryType>(hasManifest ? [[manifestPath, 'file']] : [])
  for (const { path, type } of entries) expected.set(path, type)
  const folders = new Set<string>()
  for (const path of [...expected.keys()]) {
    for (const parent of newParentsOf(path, folders)) if (!expected.has(parent)) expected.set(parent, 'directory')
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
  let folders: readonly string[] = ['']
  while (folders.length > 0) {
    const next: string[] = []
    await inParallel(folders, copyConcurrency, signal, (folder) =>
      andThen(disk.list(join(top, folder)), (entries = []) => {
        for (const { name, type } of entries) {
          const path = folder === '' ? name : `${folder}/${name}`
          types.set(path, type)
          if (type === 'directory') next.push(path)
        }
      }),
    )
    folders = next
  }
  return types
}
