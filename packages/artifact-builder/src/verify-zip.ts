import {
  isDeployError,
  coreErrors,
  manifestPath,
  parseManifest,
  type Manifest,
  type ManifestEntry,
} from '@fairlead/core'
import { artifactErrors } from './errors.ts'
import { maxLinkTargetBytes, maxManifestBytes } from './limits.ts'
import { compareBytes } from './plan/byte-order.ts'
import { digestContent } from './plan/content-digest.ts'
import { followPath, standingsOf } from './plan/resolve-link.ts'
import { digestFile, withZip, type ZipEntryFacts, type ZipReader } from './ports/zip-reader.ts'

/** A zip that holds what its manifest says. */
export interface VerifiedZip {
  readonly manifest: Manifest
  readonly sizeBytes: number
  readonly sha256: string
}

/**
 * Reads a zip whole and compares every entry with the manifest inside: names, types, modes, sizes and bytes, nothing
 * missing and nothing more.
 *
 * @throws ARTIFACT_NOT_FOUND, ARTIFACT_INVALID, ARTIFACT_CORRUPT
 */
export async function verifyZip(path: string, signal: AbortSignal | undefined): Promise<VerifiedZip> {
  const manifest = await withZip(path, signal, async (zip) => {
    const inside = await readManifest(path, zip)
    checkManifest(path, inside)
    checkPlaces(path, zip.entries)
    const expected = new Map(inside.entries.map((entry) => [entry.path, entry]))
    for (const facts of zip.entries) {
      if (facts.path === manifestPath) continue
      const entry = expected.get(facts.path)
      if (entry === undefined) throw corrupt(path, facts.path, 'is not in the manifest')
      expected.delete(facts.path)
      await verifyEntry(path, zip, facts, entry)
    }
    for (const missing of expected.keys()) throw corrupt(path, missing, 'is missing')
    await checkLinks(path, zip)
    return inside
  })
  return { manifest, ...(await digestFile(path, signal)) }
}

async function readManifest(path: string, zip: ZipReader): Promise<Manifest> {
  const facts = zip.entries.find((entry) => entry.path === manifestPath)
  if (facts === undefined) throw invalid(path, `it has no ${manifestPath}`)
  if (facts.type !== 'file' || facts.sizeBytes > maxManifestBytes) {
    throw invalid(path, `its ${manifestPath} is no file of at most ${maxManifestBytes} bytes`)
  }
  const { bytes } = await zip.read(facts, { keep: true })
  try {
    return parseManifest(Buffer.from(bytes).toString(), `${path}, ${manifestPath}`)
  } catch (error) {
    if (!isDeployError(error, coreErrors.INVALID_RECORD)) throw error
    throw invalid(path, error.message, error)
  }
}

function checkManifest(path: string, manifest: Manifest): void {
  manifest.entries.forEach((entry, index) => {
    const before = manifest.entries[index - 1]
    if (before !== undefined && compareBytes(before.path, entry.path) >= 0) {
      throw invalid(path, `its manifest is not in order at ${JSON.stringify(entry.path)}`)
    }
    if ((entry.type === 'directory') !== (entry.sha256 === undefined)) {
      throw invalid(path, `its manifest has no digest, or one too many, for ${JSON.stringify(entry.path)}`)
    }
  })
  if (digestContent(manifest.entries) !== manifest.contentDigest) {
    throw invalid(path, 'the content digest of its manifest is not that of the entries')
  }
}

/** An entry below a link would be unpacked wherever that leads. */
function checkPlaces(path: string, entries: readonly ZipEntryFacts[]): void {
  const closed = new Set(entries.filter(({ type }) => type !== 'directory').map((entry) => entry.path))
  for (const { path: name } of entries) {
    for (let cut = name.indexOf('/'); cut > 0; cut = name.indexOf('/', cut + 1)) {
      const above = name.slice(0, cut)
      if (closed.has(above)) {
        throw invalid(path, `${JSON.stringify(name)} is below ${JSON.stringify(above)}, which is no folder`)
      }
    }
  }
}

/** Links must end inside, as those of every artifact that was built do. */
async function checkLinks(path: string, zip: ZipReader): Promise<void> {
  const places: Parameters<typeof standingsOf>[0][number][] = []
  for (const facts of zip.entries) {
    const { path: name, type } = facts
    if (type !== 'symlink') places.push({ path: name, type })
    else {
      const { bytes } = await zip.read(facts, { keep: true })
      places.push({ path: name, type, target: Buffer.from(bytes).toString() })
    }
  }
  const standings = standingsOf(places)
  for (const { path: name } of places.filter(({ type }) => type === 'symlink')) {
    const end = followPath(name, standings)
    if (!('path' in end)) throw invalid(path, `its link ${JSON.stringify(name)} leads where it must not (${end.type})`)
  }
}

async function verifyEntry(path: string, zip: ZipReader, facts: ZipEntryFacts, entry: ManifestEntry): Promise<void> {
  if (facts.type === 'symlink' && facts.sizeBytes > maxLinkTargetBytes) {
    throw invalid(path, `its link ${JSON.stringify(facts.path)} has a target of ${facts.sizeBytes} bytes`)
  }
  if (facts.type !== entry.type) throw corrupt(path, entry.path, `is a ${facts.type}, not a ${entry.type}`)
  if (facts.mode !== entry.mode) throw corrupt(path, entry.path, `has mode ${facts.mode}, not ${entry.mode}`)
  if (facts.sizeBytes !== entry.sizeBytes) {
    throw corrupt(path, entry.path, `has ${facts.sizeBytes} bytes, not ${entry.sizeBytes}`)
  }
  const { sha256 } = await zip.read(facts)
  if (entry.type !== 'directory' && sha256 !== entry.sha256) throw corrupt(path, entry.path, 'has other bytes')
}

function invalid(path: string, problem: string, cause?: unknown) {
  return artifactErrors.ARTIFACT_INVALID({ path, problem }, { cause })
}

function corrupt(path: string, entry: string, problem: string) {
  return artifactErrors.ARTIFACT_CORRUPT({ path, entry, problem })
}
