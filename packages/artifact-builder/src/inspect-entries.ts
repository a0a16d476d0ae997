import { createHash } from 'node:crypto'
import type { ManifestEntry } from '@fairlead/core'
import { filesInFlight } from './limits.ts'
import type { PlannedEntry, SecretFinding } from './model.ts'
import { startSecretScan } from './plan/scan-secrets.ts'
import { readPlannedFile } from './ports/tree.ts'

/** What was found out about an entry by reading it once. */
export interface InspectedEntry {
  readonly planned: PlannedEntry
  readonly entry: ManifestEntry
  /** The id that its plain bytes have as a blob of git; a folder has none. */
  readonly blobId: string | undefined
  readonly findings: readonly SecretFinding[]
}

/** Reads every entry once: digest, git's id, secrets. The answer is in the order of the entries. */
export async function inspectEntries(
  root: string,
  entries: readonly PlannedEntry[],
  options: { readonly objectFormat: 'sha1' | 'sha256'; readonly signal: AbortSignal | undefined },
): Promise<readonly InspectedEntry[]> {
  const inspected: InspectedEntry[] = []
  const failures: unknown[] = []
  let next = 0
  const lane = async () => {
    while (next < entries.length && failures.length === 0) {
      const index = next++
      inspected[index] = await inspectEntry(root, entries[index] as PlannedEntry, options)
    }
  }
  // All lanes end before the answer: no file is open when it comes, whatever happened.
  await Promise.all(Array.from({ length: filesInFlight }, () => lane().catch((error) => failures.push(error))))
  if (failures.length > 0) throw failures[0]
  return inspected
}

async function inspectEntry(
  root: string,
  planned: PlannedEntry,
  { objectFormat, signal }: { readonly objectFormat: string; readonly signal: AbortSignal | undefined },
): Promise<InspectedEntry> {
  signal?.throwIfAborted()
  const { path, type, mode } = planned
  if (type === 'directory') {
    return { planned, entry: { path, type, mode, sizeBytes: 0 }, blobId: undefined, findings: [] }
  }
  const sizeBytes = type === 'file' ? planned.sizeBytes : Buffer.byteLength(planned.target)
  const digest = createHash('sha256')
  const blob = createHash(objectFormat).update(`blob ${sizeBytes}\0`)
  const scan = startSecretScan(path)
  for await (const piece of contentOf(root, planned)) {
    signal?.throwIfAborted()
    digest.update(piece)
    blob.update(piece)
    if (type === 'file') scan.add(piece)
  }
  return {
    planned,
    entry: { path, type, mode, sizeBytes, sha256: digest.digest('hex') },
    blobId: blob.digest('hex'),
    findings: scan.finish(),
  }
}

/** The bytes of a file or of a link's target. */
export function contentOf(
  root: string,
  planned: PlannedEntry & { readonly type: 'file' | 'symlink' },
): AsyncIterable<Uint8Array> | readonly Uint8Array[] {
  return planned.type === 'file' ? readPlannedFile(root, planned) : [Buffer.from(planned.target)]
}
