import { manifestPath, type Manifest, type ManifestEntry } from '@fairlead/core'
import { comparatorFor, sortedByBytes } from './byte-order.ts'
import { digestSorted } from './content-digest.ts'
import { followPath, standingsOf } from './resolve-link.ts'
import { corrupt, invalid } from './refuse.ts'

/** What an archive says of an entry. */
export interface MatchedEntry {
  readonly path: string
  readonly type: 'file' | 'directory' | 'symlink'
  /** Permission bits. */
  readonly mode: number
  readonly sizeBytes: number
}

/** A link of an artifact. */
export interface ArtifactLink {
  readonly path: string
  readonly target: string
}

/**
 * Checks that a manifest agrees with itself: in order, nothing twice, digests where they belong.
 *
 * @throws ARTIFACT_INVALID
 */
export function checkManifest(path: string, { entries, contentDigest }: Manifest): void {
  const compare = comparatorFor(entries.map((entry) => entry.path))
  entries.forEach((entry, index) => {
    const before = entries[index - 1]
    if (before !== undefined && compare(before.path, entry.path) >= 0) {
      throw invalid(path, `its manifest is not in order at ${JSON.stringify(entry.path)}`)
    }
    if ((entry.type === 'directory') !== (entry.sha256 === undefined)) {
      throw invalid(path, `its manifest has no digest, or one too many, for ${JSON.stringify(entry.path)}`)
    }
  })
  const digest = digestSorted({ count: entries.length, at: (index) => entries[index] as ManifestEntry })
  if (digest !== contentDigest) {
    throw invalid(path, 'the content digest of its manifest is not that of the entries')
  }
}

/**
 * Refuses an entry below a link, which would be unpacked wherever that leads, or below a file.
 *
 * @throws ARTIFACT_INVALID
 */
export function checkPlaces(path: string, entries: readonly Pick<MatchedEntry, 'path' | 'type'>[]): void {
  const closed = new Set(entries.filter(({ type }) => type !== 'directory').map((entry) => entry.path))
  const open = new Set<string>()
  for (const { path: name } of entries) {
    // From below: most entries stand in a folder that was looked at.
    for (let cut = name.lastIndexOf('/'); cut > 0; cut = name.lastIndexOf('/', cut - 1)) {
      const above = name.slice(0, cut)
      if (open.has(above)) break
      if (closed.has(above)) {
        throw invalid(path, `${JSON.stringify(name)} is below ${JSON.stringify(above)}, which is no folder`)
      }
      open.add(above)
    }
  }
}

/**
 * Compares what an archive says of its entries with its manifest, nothing missing and nothing more, and answers what the
 * manifest says of each entry, in the order of the archive; undefined for the manifest itself.
 *
 * @throws ARTIFACT_CORRUPT
 */
export function matchManifest(
  path: string,
  entries: readonly MatchedEntry[],
  manifest: Manifest,
): readonly (ManifestEntry | undefined)[] {
  const expected = new Map(manifest.entries.map((entry) => [entry.path, entry]))
  const matched = entries.map((found) => {
    if (found.path === manifestPath) return undefined
    const entry = expected.get(found.path)
    if (entry === undefined) throw corrupt(path, found.path, 'is not in the manifest')
    expected.delete(found.path)
    matchEntry(path, found, entry)
    return entry
  })
  for (const missing of expected.keys()) throw corrupt(path, missing, 'is missing')
  return matched
}

function matchEntry(path: string, found: MatchedEntry, entry: ManifestEntry): void {
  const mode = found.mode.toString(8).padStart(4, '0')
  if (found.type !== entry.type) throw corrupt(path, entry.path, `is a ${found.type}, not a ${entry.type}`)
  if (mode !== entry.mode) throw corrupt(path, entry.path, `has mode ${mode}, not ${entry.mode}`)
  if (found.sizeBytes !== entry.sizeBytes) {
    throw corrupt(path, entry.path, `has ${found.sizeBytes} bytes, not ${entry.sizeBytes}`)
  }
}

/**
 * Refuses links that do not end inside, which no artifact that was built has.
 *
 * @throws ARTIFACT_INVALID
 */
export function checkLinks(
  path: string,
  entries: readonly Pick<MatchedEntry, 'path' | 'type'>[],
  links: readonly ArtifactLink[],
): void {
  if (links.length === 0) return
  const targets = new Map(links.map((link) => [link.path, link.target]))
  const sorted = sortedByBytes(entries, (entry) => entry.path)
  const standings = standingsOf(
    sorted.map(({ path: name, type }) =>
      type === 'symlink' ? { path: name, type, target: targets.get(name) ?? '' } : { path: name, type },
    ),
  )
  for (const { path: name } of links) {
    const end = followPath(name, standings)
    if (!('path' in end)) throw invalid(path, `its link ${JSON.stringify(name)} leads where it must not (${end.type})`)
  }
}
