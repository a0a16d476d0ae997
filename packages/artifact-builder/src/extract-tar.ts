import { createHash } from 'node:crypto'
import { manifestPath, type ManifestEntry } from '@fairlead/core'
import { maxManifestBytes } from './limits.ts'
import type { Expectations } from './plan/expectations.ts'
import type { ArtifactLink, MatchedEntry } from './plan/match-manifest.ts'
import { invalid } from './plan/refuse.ts'
import type { TarEntryFacts } from './plan/tar-header.ts'
import { openFolderWriter, type FolderTarget, type FolderWriter } from './ports/folder-writer.ts'
import { readTar } from './ports/tar-reader.ts'
import { verifyTar, type VerifiedTar } from './verify-tar.ts'

/**
 * Unpacks a tar, in gzip or not, into a folder that is empty: all of it, its manifest with it, or an error, after which
 * the caller removes the folder.
 *
 * The tar is verified whole before anything is written: its manifest comes last, and how much it holds is known only
 * then. Links are made last, so that nothing is ever written through one.
 *
 * @throws ARTIFACT_NOT_FOUND, ARTIFACT_INVALID, ARTIFACT_CORRUPT, ARTIFACT_FOLDER_UNWRITABLE, and what `prepare` throws;
 *   `signal.reason` when cancelled
 */
export async function extractTar(
  path: string,
  signal: AbortSignal | undefined,
  options: {
    readonly expected?: Expectations | undefined
    /** Is told how many bytes the files hold, and makes the empty folder, or refuses. */
    readonly prepare: (contents: { readonly contentBytes: number }) => Promise<FolderTarget>
  },
): Promise<VerifiedTar> {
  const verified = await verifyTar(path, signal, options)
  const { entries } = verified.manifest
  const target = await options.prepare({ contentBytes: entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) })
  const writer = openFolderWriter(target)
  const expected = new Map(entries.map((entry) => [entry.path, entry]))
  const written: MatchedEntry[] = []
  const links: ArtifactLink[] = []
  const { sha256 } = await readTar(path, signal, async (facts, content) => {
    requireSame(path, facts, expected.get(facts.path))
    written.push(facts)
    if (facts.target === undefined) await writeEntry(writer, facts, content)
    else links.push({ path: facts.path, target: facts.target })
  })
  // Everything was compared the first time: where the bytes are the same, so is all that they say.
  if (sha256 !== verified.sha256) throw changed(path)
  for (const link of links) writer.link(link)
  await writer.finish(written)
  return verified
}

/** What the first reading allowed, and no name, size or target that came into the file since. */
function requireSame(path: string, facts: TarEntryFacts, entry: ManifestEntry | undefined): void {
  const { type, sizeBytes, target } = facts
  if (facts.path === manifestPath && type === 'file' && sizeBytes <= maxManifestBytes) return
  const sha256 = target === undefined ? entry?.sha256 : createHash('sha256').update(target).digest('hex')
  if (entry?.type !== type || entry.sizeBytes !== sizeBytes || entry.sha256 !== sha256) throw changed(path)
}

async function writeEntry(
  writer: FolderWriter,
  facts: TarEntryFacts,
  content: AsyncIterable<Uint8Array>,
): Promise<void> {
  if (facts.type !== 'file') {
    writer.write(facts, Buffer.alloc(0))
    return
  }
  const file = writer.openFile(facts)
  try {
    for await (const piece of content) file.write(piece as Buffer)
  } finally {
    await file.close()
  }
}

function changed(path: string) {
  return invalid(path, 'it changed while it was read')
}
