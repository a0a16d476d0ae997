import { createHash } from 'node:crypto'
import { isDeployError, manifestPath, systemClock, timestamp, type Artifact, type Manifest } from '@fairlead/core'
import { checkBuildOptions } from './build-options.ts'
import { artifactErrors } from './errors.ts'
import { inspectEntries, contentOf, type InspectedEntry } from './inspect-entries.ts'
import { pieceBytes } from './limits.ts'
import type { ArtifactEvent, ArtifactPlan, BuildArtifactOptions, SecretAllowance } from './model.ts'
import { compareBytes } from './plan/byte-order.ts'
import { chooses, type Selection } from './plan/choose-entries.ts'
import { compareTree } from './plan/compare-tree.ts'
import { digestContent } from './plan/content-digest.ts'
import { judgeSecrets, type SecretVerdict } from './plan/judge-secrets.ts'
import { readConvertedIds, type CommittedTree } from './ports/git-tree.ts'
import { writeOutput } from './ports/output-file.ts'
import { withLanes } from './ports/lanes/pool.ts'
import { writeZip, type ZipMember } from './ports/zip-writer.ts'
import { prepareBuild } from './prepare-build.ts'
import { artifactOf, verifiedEvent } from './read-artifact.ts'
import { requireAppSpecScripts } from './require-app-spec.ts'
import { verifyZip, type VerifiedZip } from './verify-zip.ts'

/** An event without its time. */
type Tell = (event: ArtifactEvent extends infer E ? (E extends ArtifactEvent ? Omit<E, 'at'> : never) : never) => void

/**
 * Builds one zip of the chosen files of a commit: the same bytes for the same files, whoever builds them when and where.
 *
 * Everything is read and judged before anything is written; what is written is read back before it gets its name.
 *
 * @throws UNKNOWN_OPTION, INVALID_OPTION, INVALID_RECORD (package.json), GIT_MISSING, GIT_FAILED
 * @throws ARTIFACT_ROOT_MISSING, ARTIFACT_ROOT_NOT_A_FOLDER, ARTIFACT_OUTPUT_INSIDE_ROOT, ARTIFACT_OUTPUT_NOT_A_FILE
 * @throws ARTIFACT_INCLUDE_UNMATCHED, ARTIFACT_ENTRY_REFUSED, ARTIFACT_APPSPEC_MISSING, APPSPEC_INVALID, ARTIFACT_HOOK_MISSING
 * @throws ARTIFACT_REPOSITORY_MISSING, ARTIFACT_COMMIT_MISSING, ARTIFACT_TREE_DIFFERS
 * @throws ARTIFACT_HOLDS_SECRETS, ARTIFACT_ALLOWANCE_STALE
 * @throws ARTIFACT_FILE_CHANGED, ARTIFACT_FILE_UNREADABLE, ARTIFACT_OUTPUT_UNWRITABLE
 */
export async function buildArtifact(options: BuildArtifactOptions): Promise<Artifact> {
  const checked = checkBuildOptions(options)
  const { allow, requireAppSpec } = checked
  const { signal, onEvent, clock = systemClock } = options
  const tell: Tell = (event) => onEvent?.({ ...event, at: timestamp(clock) })
  signal?.throwIfAborted()

  const { root, output, application, selection, plan, tree } = await withLanes(
    { threads: checked.workers, signal },
    (lanes) => prepareBuild(checked, { lanes, signal }),
  )
  tell(planned(application, tree.commit, plan))

  const objectFormat = tree.commit.length === 64 ? 'sha256' : 'sha1'
  const inspected = await inspectEntries(root, plan.entries, { objectFormat, signal })
  const verdict = judgeSecrets(
    inspected.flatMap(({ findings }) => findings),
    allow,
  )
  requireNoSecrets(root, verdict)
  await requireCommittedTree(root, tree, { selection, plan, inspected, signal })
  if (requireAppSpec) await requireAppSpecScripts(root, inspected)
  for (const { path, line, rule, reason } of verdict.allowed) {
    const summary = `allowed ${path}:${line} (${rule}): ${reason}`
    tell({ type: 'artifact.secret-allowed', summary, path, line, rule, reason })
  }

  const manifest = makeManifest(application, tree.commit, inspected, allow)
  const zip = await writeOutput(output, {
    onLeftover: (path) => tell({ type: 'artifact.leftover-removed', summary: `removed ${path}`, path }),
    write: (file) =>
      writeZip(file, members(root, inspected, manifest, tell), { memberCount: inspected.length + 1, signal }),
    check: async (path) => {
      const verified = await verifyWritten(path, output, manifest, signal)
      tell(verifiedEvent(artifactOf(output, verified)))
      signal?.throwIfAborted()
      return verified
    },
  })
  const artifact = artifactOf(output, zip)
  const { sizeBytes, sha256 } = artifact
  tell({
    type: 'artifact.written',
    summary: `wrote ${output}: ${artifact.entryCount} entries, ${sizeBytes} bytes, sha256 ${sha256}`,
    path: output,
    sizeBytes,
    sha256,
  })
  return artifact
}

function planned(application: string, commit: string, { entries }: ArtifactPlan) {
  const contentBytes = entries.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.sizeBytes : 0), 0)
  return {
    type: 'artifact.planned' as const,
    summary: `${application} at ${commit.slice(0, 12)}: ${entries.length} entries, ${contentBytes} bytes`,
    application,
    commit,
    entryCount: entries.length,
    contentBytes,
  }
}

function requireNoSecrets(root: string, { refused, stale }: SecretVerdict): void {
  if (refused.length > 0) throw artifactErrors.ARTIFACT_HOLDS_SECRETS({ root, findings: refused })
  if (stale.length > 0) {
    const allowances = stale.map(({ path, rule }) => ({ path, rule }))
    throw artifactErrors.ARTIFACT_ALLOWANCE_STALE({ root, allowances })
  }
}

async function requireCommittedTree(
  root: string,
  tree: CommittedTree,
  facts: {
    readonly selection: Selection
    readonly plan: ArtifactPlan
    readonly inspected: readonly InspectedEntry[]
    readonly signal: AbortSignal | undefined
  },
): Promise<void> {
  const { selection, plan, inspected, signal } = facts
  const plain = new Map(inspected.map(({ entry, blobId }) => [entry.path, blobId]))
  const compare = (idOf: (path: string) => string | undefined) =>
    compareTree({
      entries: plan.entries,
      committed: tree.entries,
      indexed: tree.indexed,
      unknownSubmodules: tree.unknownSubmodules,
      chooses: (path) => chooses(selection, path),
      idOf,
    })
  const differing = compare((path) => plain.get(path))
    .filter(({ difference }) => difference === 'content')
    .map(({ path }) => path)
  // Links have no conversions, and git would follow them.
  const files = differing.filter((path) => plan.entries.some((entry) => entry.path === path && entry.type === 'file'))
  const converted = await readConvertedIds(root, files, signal)
  const differences = compare((path) => converted.get(path) ?? plain.get(path))
  if (differences.length > 0) {
    throw artifactErrors.ARTIFACT_TREE_DIFFERS({ root, commit: tree.commit, files: differences })
  }
}

function makeManifest(
  application: string,
  commit: string,
  inspected: readonly InspectedEntry[],
  allow: readonly SecretAllowance[],
): Manifest {
  const entries = inspected.map(({ entry }) => entry)
  return {
    schema: 'fairlead/manifest/1',
    application,
    commit,
    contentDigest: digestContent(entries),
    entries,
    allowances: [...allow]
      .map(({ path, rule, reason }) => ({ path, rule, reason }))
      .sort((a, b) => compareBytes(a.path, b.path) || compareBytes(a.rule, b.rule) || compareBytes(a.reason, b.reason)),
  }
}

/** What goes into the zip, in the order of the bytes of the paths, the manifest in its place among the others. */
async function* members(
  root: string,
  inspected: readonly InspectedEntry[],
  manifest: Manifest,
  tell: Tell,
): AsyncGenerator<ZipMember, void, undefined> {
  const manifestMember: ZipMember = {
    path: manifestPath,
    type: 'file',
    mode: 0o644,
    content: Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`),
  }
  const entryCount = inspected.length
  let entriesDone = 0
  let manifestDone = false
  for (const one of inspected) {
    const { path, type, mode, sizeBytes } = one.entry
    if (!manifestDone && compareBytes(manifestPath, path) < 0) {
      manifestDone = true
      yield manifestMember
    }
    yield { path, type, mode: Number.parseInt(mode, 8), content: await contentAsInspected(root, one) }
    entriesDone += 1
    const summary = `added ${path}`
    tell({ type: 'artifact.entry-added', summary, path, entryType: type, sizeBytes, entriesDone, entryCount })
  }
  if (!manifestDone) yield manifestMember
}

/** The bytes of an entry for the second time, which must be those of the first. */
async function contentAsInspected(root: string, one: InspectedEntry): Promise<ZipMember['content']> {
  const { planned, entry } = one
  if (planned.type === 'directory') return Buffer.alloc(0)
  const content = sameAsBefore(root, entry.path, entry.sha256, contentOf(root, planned))
  if (entry.sizeBytes > pieceBytes) return content
  const pieces: Uint8Array[] = []
  for await (const piece of content) pieces.push(piece)
  return Buffer.concat(pieces)
}

async function* sameAsBefore(
  root: string,
  path: string,
  sha256: string | undefined,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const digest = createHash('sha256')
  for await (const piece of content) {
    digest.update(piece)
    yield piece
  }
  if (digest.digest('hex') !== sha256) throw artifactErrors.ARTIFACT_FILE_CHANGED({ root, path, change: 'changed' })
}

/** Reads back what was written: archiver's word is not enough, and the manifest inside must be the one that was meant. */
async function verifyWritten(
  path: string,
  output: string,
  meant: Manifest,
  signal: AbortSignal | undefined,
): Promise<VerifiedZip> {
  try {
    const verified = await verifyZip(path, signal)
    if (JSON.stringify(verified.manifest) === JSON.stringify(meant)) return verified
  } catch (error) {
    if (!isDeployError(error, artifactErrors.ARTIFACT_NOT_FOUND)) throw error
    throw artifactErrors.ARTIFACT_OUTPUT_UNWRITABLE({ output, reason: error.context.reason }, { cause: error })
  }
  throw artifactErrors.ARTIFACT_INVALID({ path: output, problem: 'its manifest is not the one that was written' })
}
