import { createHash } from 'node:crypto'
import { coreErrors, isDeployError, manifestPath, parseManifest, type Manifest } from '@fairlead/core'
import { maxLinkTargetBytes, maxManifestBytes } from './limits.ts'
import { requireExpected, type Expectations } from './plan/expectations.ts'
import { checkLinks, checkManifest, checkPlaces, matchManifest, type MatchedEntry } from './plan/match-manifest.ts'
import { corrupt, invalid } from './plan/refuse.ts'
import type { TarEntryFacts } from './plan/tar-header.ts'
import { readTar } from './ports/tar-reader.ts'

/** A tar that holds what its manifest says. */
export interface VerifiedTar {
  readonly manifest: Manifest
  readonly sizeBytes: number
  readonly sha256: string
}

/** An entry that was read. */
interface FoundEntry extends MatchedEntry {
  readonly target: string | undefined
  /** A directory has none. */
  readonly sha256: string | undefined
}

/**
 * Reads a tar whole, in gzip or not, and compares every entry with the manifest, which is its last one: names, types,
 * modes, sizes and bytes, nothing missing and nothing more.
 *
 * @throws ARTIFACT_NOT_FOUND, ARTIFACT_INVALID, ARTIFACT_CORRUPT, ARTIFACT_UNEXPECTED; `signal.reason` when cancelled
 */
export async function verifyTar(
  path: string,
  signal: AbortSignal | undefined,
  { expected }: { readonly expected?: Expectations | undefined } = {},
): Promise<VerifiedTar> {
  const found: FoundEntry[] = []
  const seen = new Set<string>()
  let text: string | undefined
  const file = await readTar(path, signal, async (facts, content) => {
    if (text !== undefined) throw invalid(path, `it has ${JSON.stringify(facts.path)} behind its ${manifestPath}`)
    if (seen.has(facts.path)) throw invalid(path, `it has two entries ${JSON.stringify(facts.path)}`)
    seen.add(facts.path)
    if (facts.path === manifestPath) text = await readManifestText(path, facts, content)
    else found.push(await readEntry(path, facts, content))
  })
  if (text === undefined) throw invalid(path, `it has no ${manifestPath}`)
  const manifest = readManifest(path, text)
  matchEntries(path, found, manifest)
  requireExpected(path, 'content digest', expected?.contentDigest, manifest.contentDigest)
  requireExpected(path, 'sha256', expected?.sha256, file.sha256)
  return { manifest, ...file }
}

async function readManifestText(
  path: string,
  { type, sizeBytes }: TarEntryFacts,
  content: AsyncIterable<Uint8Array>,
): Promise<string> {
  if (type !== 'file' || sizeBytes > maxManifestBytes) {
    throw invalid(path, `its ${manifestPath} is no file of at most ${maxManifestBytes} bytes`)
  }
  const pieces: Uint8Array[] = []
  for await (const piece of content) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

function readManifest(path: string, text: string): Manifest {
  try {
    const manifest = parseManifest(text, `${path}, ${manifestPath}`)
    checkManifest(path, manifest)
    return manifest
  } catch (error) {
    if (!isDeployError(error, coreErrors.INVALID_RECORD)) throw error
    throw invalid(path, error.message, error)
  }
}

async function readEntry(path: string, facts: TarEntryFacts, content: AsyncIterable<Uint8Array>): Promise<FoundEntry> {
  const { type, target, sizeBytes } = facts
  if (type === 'symlink' && sizeBytes > maxLinkTargetBytes) {
    throw invalid(path, `its link ${JSON.stringify(facts.path)} has a target of ${sizeBytes} bytes`)
  }
  const hash = createHash('sha256').update(target ?? '')
  for await (const piece of content) hash.update(piece)
  return { ...facts, sha256: type === 'directory' ? undefined : hash.digest('hex') }
}

function matchEntries(path: string, found: readonly FoundEntry[], manifest: Manifest): void {
  checkPlaces(path, [...found, { path: manifestPath, type: 'file' }])
  matchManifest(path, found, manifest).forEach((entry, index) => {
    const { sha256, path: name } = found[index] as FoundEntry
    if (entry?.sha256 !== sha256) throw corrupt(path, name, 'has other bytes')
  })
  checkLinks(
    path,
    found,
    found.flatMap(({ path: name, target }) => (target === undefined ? [] : [{ path: name, target }])),
  )
}
