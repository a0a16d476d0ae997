import { resolve } from 'node:path'
import {
  ambientOptionNames,
  artifactKey,
  checkOptions,
  commitRecordKey,
  coreErrors,
  describeValue,
  parseCommitRecord,
  publicationOf,
  readStoredText,
  systemClock,
  timestamp,
  type ArtifactStore,
  type Publication,
  type Release,
} from '@fairlead/core'
import { errors } from './errors.ts'
import { requireStore } from './given.ts'
import type { ReleaseEvent, ResolveReleaseOptions } from './model.ts'
import { faultOfRefName } from './plan/ref-name.ts'
import { readRepository } from './plan/repository.ts'
import { readLocalTag, readRemoteTag } from './ports/git.ts'

/**
 * Leads from a tag to the bytes that were built of its commit when that was merged: nothing is built here, and the
 * newest of anything is never taken.
 *
 * A tag may move. The release is pinned when it is resolved; hand the value on, and do not resolve twice.
 *
 * @throws TAG_NAME_INVALID, REPOSITORY_ADDRESS_INVALID, REPOSITORY_NOT_FOUND, REPOSITORY_UNREACHABLE, TAG_NOT_FOUND,
 *   TAG_NOT_A_COMMIT, TAG_NAME_DIFFERS, RELEASE_NOT_BUILT, RELEASE_BYTES_MISSING, RELEASE_BYTES_DIFFER, INVALID_RECORD,
 *   GIT_MISSING, GIT_FAILED, INVALID_OPTION, UNKNOWN_OPTION, and what the store throws; `signal.reason` when cancelled
 */
export async function resolveRelease(options: ResolveReleaseOptions): Promise<Release> {
  checkOptions('resolveRelease', options ?? {}, ['repository', 'tag', 'store', ...ambientOptionNames])
  const { tag, store, signal, onEvent, clock = systemClock } = options ?? {}
  requireStore('resolveRelease', store)
  const reason = faultOfRefName(tag)
  if (reason) throw errors.TAG_NAME_INVALID({ tag: describeValue(tag), reason })
  const repository = readRepository(options.repository)
  if ('fault' in repository) throw errors.REPOSITORY_ADDRESS_INVALID({ reason: repository.fault })
  const tell = (event: ReleaseEvent) => onEvent?.(event)
  signal?.throwIfAborted()

  const shown = repository.kind === 'local' ? resolve(repository.path) : repository.shown
  const commit =
    repository.kind === 'local'
      ? await readLocalTag(repository, tag, signal)
      : await readRemoteTag(repository, tag, signal)
  tell({
    type: 'release.tag-resolved',
    at: timestamp(clock),
    summary: `the tag ${tag} of ${shown} points to commit ${commit}`,
    tag,
    commit,
    repository: shown,
  })

  const publication = await readPublication(store, { tag, commit }, signal)
  const { sha256 } = publication
  tell({
    type: 'release.publication-found',
    at: timestamp(clock),
    summary: `commit ${commit.slice(0, 12)} led to sha256 ${sha256.slice(0, 12)}, which ${store.url} has`,
    commit,
    sha256,
    store: store.url,
  })
  return { schema: 'fairlead/release/1', tag, commit, repository: shown, publication }
}

async function readPublication(
  store: ArtifactStore,
  { tag, commit }: { readonly tag: string; readonly commit: string },
  signal: AbortSignal | undefined,
): Promise<Publication> {
  const key = commitRecordKey(commit)
  if (!(await store.find(key, { signal }))) throw errors.RELEASE_NOT_BUILT({ tag, commit, store: store.url })
  const from = `${store.url}/${key}`
  const record = parseCommitRecord(await readStoredText(store, key, { signal }), from)
  if (record.commit !== commit) {
    const given = describeValue(record.commit)
    throw coreErrors.INVALID_RECORD({ record: 'commit record', path: 'commit', given, expected: commit, from })
  }
  await requireBytes(store, publicationOf(record), signal)
  return publicationOf(record)
}

async function requireBytes(
  store: ArtifactStore,
  publication: Publication,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { commit, sha256, sizeBytes, location } = publication
  const key = artifactKey(publication)
  const found = await store.find(key, { signal, location })
  if (!found) throw errors.RELEASE_BYTES_MISSING({ commit, store: store.url, key })
  if (found.sizeBytes === sizeBytes && (found.sha256 ?? sha256) === sha256) return
  throw errors.RELEASE_BYTES_DIFFER({
    store: store.url,
    key,
    expectedSha256: sha256,
    expectedSizeBytes: sizeBytes,
    sha256: found.sha256,
    sizeBytes: found.sizeBytes,
  })
}
