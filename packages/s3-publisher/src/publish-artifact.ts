import {
  ambientOptionNames,
  artifactFormat,
  artifactKey,
  checkOptions,
  commitId,
  commitRecordKey,
  coreErrors,
  count,
  describeValue,
  isDeployError,
  nonEmptyText,
  object,
  parseCommitRecord,
  publicationOf,
  readStoredText,
  recordReader,
  sha256Text,
  systemClock,
  timestamp,
  type ArtifactStore,
  type CommitRecord,
  type Publication,
  type StoreBody,
  textBody,
} from '@fairlead/core'
import { errors } from './errors.ts'
import { progressSteps } from './limits.ts'
import type { PublicationEvent, PublishableArtifact, PublishArtifactOptions } from './model.ts'
import { formatLocation } from './plan/location.ts'
import { planPublication } from './plan/publication.ts'
import { digestFile, readFile } from './ports/artifact-file.ts'

const readArtifact = recordReader(
  'artifact',
  object({
    path: nonEmptyText,
    application: nonEmptyText,
    commit: commitId,
    format: artifactFormat,
    sha256: sha256Text,
    contentDigest: sha256Text,
    sizeBytes: count,
  }),
)

/** An event before its time. */
type Told = PublicationEvent extends infer E ? (E extends unknown ? Omit<E, 'at'> : never) : never

/**
 * Gets an artifact's bytes into a store once and records that its commit led to them.
 *
 * In this order: the file still is what was built; what the store says of the commit; the bytes, content-addressed; the
 * commit's record, which only its first writer makes. Killed anywhere, it leaves nothing that the next run cannot use:
 * bytes without a record are found again. Publishing the same again sends no bytes and answers the existing publication.
 *
 * @throws ARTIFACT_MISSING, ARTIFACT_EMPTY, ARTIFACT_CHANGED, ARTIFACT_CONFLICT, APPLICATION_CONFLICT,
 *   PUBLISHED_BYTES_MISSING, PUBLISHED_BYTES_DIFFER, INVALID_RECORD, INVALID_OPTION, UNKNOWN_OPTION, and what the store
 *   throws; `signal.reason` when cancelled
 */
export async function publishArtifact(
  artifact: PublishableArtifact,
  options: PublishArtifactOptions,
): Promise<Publication> {
  checkOptions('publishArtifact', options ?? {}, ['store', 'whenDifferent', ...ambientOptionNames])
  const { store, whenDifferent = 'fail', signal, onEvent, clock = systemClock } = readOptions(options)
  const given = readArtifact(artifact)
  const { path, commit, format, sha256, sizeBytes } = given
  const key = artifactKey(given)
  const tell = (event: Told) => onEvent?.({ ...event, at: timestamp(clock) } as PublicationEvent)

  const settle = async (record: CommitRecord | undefined): Promise<Publication | undefined> => {
    const plan = planPublication({ artifact: given, record, whenDifferent, store: store.url })
    if (plan.do === 'upload') return undefined
    await requireBytes(store, plan.publication, signal)
    if (plan.do === 'nothing') {
      const summary = `${short(commit)} was published to ${store.url} before: nothing to do`
      tell({ type: 'publication.already-published', summary, commit, sha256 })
    } else {
      const summary = `${short(commit)} was published to ${store.url} with other bytes before (sha256 ${short(plan.publication.sha256)}): those are used`
      const used = plan.publication.sha256
      tell({ type: 'publication.existing-used', summary, commit, sha256: used, givenSha256: sha256 })
    }
    return plan.publication
  }

  signal?.throwIfAborted()
  await requireUnchanged(given, signal)
  tell({
    type: 'publication.artifact-checked',
    summary: `${path} is what was built: ${sizeBytes} bytes, sha256 ${short(sha256)}`,
    path,
    sha256,
    sizeBytes,
  })

  const before = await settle(await findCommitRecord(store, commit, signal))
  if (before) return before

  const uploadStarted = () => {
    const summary = `sending ${sizeBytes} bytes to ${store.url}/${key}`
    tell({ type: 'publication.upload-started', summary, store: store.url, key, sizeBytes })
  }
  const uploadProgressed = (sentBytes: number) => {
    const summary = `sent ${sentBytes} of ${sizeBytes} bytes`
    tell({ type: 'publication.upload-progressed', summary, key, sentBytes, sizeBytes })
  }
  const stored = await putArtifact(
    store,
    key,
    fileBody(given, { uploadStarted, uploadProgressed, signal }),
    given,
    signal,
  )
  tell({
    type: 'publication.bytes-stored',
    summary: stored.created
      ? `stored ${formatLocation(stored.object.location)}`
      : `the store had these bytes before: ${formatLocation(stored.object.location)}`,
    key,
    created: stored.created,
    location: stored.object.location,
  })

  const record: CommitRecord = {
    schema: 'fairlead/commit/1',
    application: given.application,
    commit,
    format,
    sha256,
    contentDigest: given.contentDigest,
    sizeBytes,
    location: stored.object.location,
    recordedAt: timestamp(clock),
  }
  const { created } = await store.put(commitRecordKey(commit), textBody(`${JSON.stringify(record, null, 2)}\n`), {
    signal,
  })
  if (!created) {
    // Another writer was first between our look and our record: its record counts, by the same rule.
    const first = await settle(await findCommitRecord(store, commit, signal))
    if (first) return first
    throw coreErrors.OBJECT_NOT_FOUND({ store: store.url, key: commitRecordKey(commit) })
  }
  const summary = `recorded that ${short(commit)} led to sha256 ${short(sha256)}`
  tell({ type: 'publication.commit-recorded', summary, commit, sha256 })
  return { ...publicationOf(record), alreadyPublished: false }
}

function readOptions(options: PublishArtifactOptions): PublishArtifactOptions {
  const refuse = (option: string, given: unknown, expected: string) =>
    coreErrors.INVALID_OPTION({ verb: 'publishArtifact', option, given: describeValue(given), expected })
  const { store, whenDifferent } = options ?? {}
  if (typeof store?.put !== 'function' || typeof store.find !== 'function') {
    throw refuse('store', store, 'a store, for example s3Store({ bucket })')
  }
  if (whenDifferent !== undefined && whenDifferent !== 'fail' && whenDifferent !== 'use-existing') {
    throw refuse('whenDifferent', whenDifferent, '"fail" or "use-existing"')
  }
  return options
}

async function requireUnchanged(artifact: PublishableArtifact, signal: AbortSignal | undefined): Promise<void> {
  const { path } = artifact
  if (artifact.sizeBytes === 0) throw errors.ARTIFACT_EMPTY({ path })
  const { sha256, sizeBytes } = await digestFile(path, signal)
  if (sha256 === artifact.sha256 && sizeBytes === artifact.sizeBytes) return
  throw changed(artifact, sha256, sizeBytes)
}

function changed(artifact: PublishableArtifact, sha256: string, sizeBytes: number, cause?: unknown) {
  const { path, sha256: expectedSha256, sizeBytes: expectedSizeBytes } = artifact
  return errors.ARTIFACT_CHANGED({ path, expectedSha256, expectedSizeBytes, sha256, sizeBytes }, { cause })
}

async function findCommitRecord(
  store: ArtifactStore,
  commit: string,
  signal: AbortSignal | undefined,
): Promise<CommitRecord | undefined> {
  const key = commitRecordKey(commit)
  if (!(await store.find(key, { signal }))) return undefined
  const from = `${store.url}/${key}`
  const record = parseCommitRecord(await readStoredText(store, key, { signal }), from)
  if (record.commit === commit) return record
  throw coreErrors.INVALID_RECORD({
    record: 'commit record',
    path: 'commit',
    given: describeValue(record.commit),
    expected: commit,
    from,
  })
}

/** A publication is worth something only while the bytes that it pins are there. */
async function requireBytes(
  store: ArtifactStore,
  publication: Publication,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { commit, sha256, sizeBytes, location } = publication
  const key = artifactKey(publication)
  const found = await store.find(key, { signal, location })
  if (!found) {
    throw errors.PUBLISHED_BYTES_MISSING({ store: store.url, commit, key, location: formatLocation(location) })
  }
  requireSame(store, key, found, { sha256, sizeBytes })
}

function requireSame(
  store: ArtifactStore,
  key: string,
  found: { readonly sizeBytes: number; readonly sha256?: string },
  expected: { readonly sizeBytes: number; readonly sha256: string },
): void {
  if (found.sizeBytes === expected.sizeBytes && (found.sha256 ?? expected.sha256) === expected.sha256) return
  throw errors.PUBLISHED_BYTES_DIFFER({
    store: store.url,
    key,
    expectedSha256: expected.sha256,
    expectedSizeBytes: expected.sizeBytes,
    sha256: found.sha256,
    sizeBytes: found.sizeBytes,
  })
}

async function putArtifact(
  store: ArtifactStore,
  key: string,
  body: StoreBody,
  artifact: PublishableArtifact,
  signal: AbortSignal | undefined,
) {
  try {
    const stored = await store.put(key, body, { signal })
    requireSame(store, key, stored.object, artifact)
    return stored
  } catch (error) {
    if (!isDeployError(error, errors.STORE_BODY_DIFFERS)) throw error
    throw changed(artifact, error.context.sha256, error.context.sizeBytes, error)
  }
}

function fileBody(
  { path, sha256, sizeBytes }: PublishableArtifact,
  options: {
    readonly uploadStarted: () => void
    readonly uploadProgressed: (sentBytes: number) => void
    readonly signal: AbortSignal | undefined
  },
): StoreBody {
  const { uploadStarted, uploadProgressed, signal } = options
  return {
    sizeBytes,
    sha256,
    open: async function* () {
      uploadStarted()
      let sentBytes = 0
      let told = 0
      for await (const piece of readFile(path, signal)) {
        yield piece
        sentBytes += piece.byteLength
        const step = Math.floor((sentBytes * progressSteps) / sizeBytes)
        if (step > told && sentBytes < sizeBytes) uploadProgressed(sentBytes)
        told = step
      }
    },
  }
}

/** Enough of a digest to recognise it in a log. */
function short(digest: string): string {
  return digest.slice(0, 12)
}
