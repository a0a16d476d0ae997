import { randomBytes, randomUUID } from 'node:crypto'
import type { Clock } from '@fairlead/core'
import type { ObjectFiles, Segment } from '../ports/object-files.ts'
import { s3Faults } from './fault.ts'
import type {
  Bucket,
  ConditionalWrite,
  DeleteMarker,
  MultipartUpload,
  ObjectVersion,
  Version,
  Versioning,
} from './model.ts'
import { compareKeys } from './order.ts'

/** A condition on the object that a write would replace. */
export interface WriteCondition {
  /** `If-None-Match: *`. */
  readonly absent: boolean
  /** `If-Match`, without quotes. */
  readonly eTag: string | undefined
}

type NewObject = Omit<ObjectVersion, 'kind' | 'id' | 'versionId' | 'modifiedMs' | 'sequence'>

/** The buckets and what is in them. Every change is one step in memory, so that no request sees half of another's. */
export interface S3State {
  readonly buckets: ReadonlyMap<string, Bucket>
  readonly files: ObjectFiles
  readonly nowMs: () => number
  readonly createBucket: (name: string, versioning?: Versioning) => Promise<void>
  readonly deleteBucket: (bucket: Bucket) => Promise<void>
  readonly setVersioning: (bucket: Bucket, versioning: Versioning) => Promise<void>
  /** Replaces the policy of the bucket, or removes it. */
  readonly setPolicy: (bucket: Bucket, policy: string | undefined) => Promise<void>
  /** Announces a conditional write, so that a deletion before its end is noticed. Refuses one that cannot succeed now. */
  readonly beginWrite: (bucket: Bucket, key: string, condition: WriteCondition) => ConditionalWrite
  readonly abandonWrite: (bucket: Bucket, write: ConditionalWrite) => void
  /** Ends the write: the object is there, or, where the condition no longer holds, its bytes are gone. */
  readonly commitWrite: (
    bucket: Bucket,
    write: ConditionalWrite,
    condition: WriteCondition,
    object: NewObject,
  ) => Promise<ObjectVersion>
  /** Deletes the current object; answers the delete marker where the bucket keeps versions. */
  readonly deleteCurrent: (bucket: Bucket, key: string) => Promise<DeleteMarker | undefined>
  /** Deletes one version for good; answers it, if there was one. */
  readonly deleteVersion: (bucket: Bucket, key: string, versionId: string) => Promise<Version | undefined>
  readonly setTags: (bucket: Bucket, version: ObjectVersion, tags: ObjectVersion['tags']) => Promise<void>
  readonly beginUpload: (bucket: Bucket, upload: Omit<MultipartUpload, 'id' | 'startedMs' | 'parts'>) => MultipartUpload
}

/** The newest version of a key, which may be a delete marker. */
export function newestVersion(bucket: Bucket, key: string): Version | undefined {
  return bucket.versions.get(key)?.[0]
}

/** The object that a read without a version sees. */
export function currentObject(bucket: Bucket, key: string): ObjectVersion | undefined {
  const newest = newestVersion(bucket, key)
  return newest?.kind === 'object' ? newest : undefined
}

/** The keys that have a version, in S3's order. */
export function sortedKeys(bucket: Bucket): readonly string[] {
  return [...bucket.versions.keys()].sort(compareKeys)
}

interface BucketRecord {
  readonly schema: 1
  readonly name: string
  readonly createdMs: number
  readonly versioning?: Versioning
  readonly policy?: string | undefined
}

interface VersionRecord {
  readonly schema: 1
  readonly bucket: string
  readonly version: Version
}

const bucketRecord = 'bucket-'
const versionRecord = 'version-'

/** Opens the state that the files hold; empty where they are new. */
export async function openS3State(files: ObjectFiles, clock: Clock): Promise<S3State> {
  const buckets = new Map<string, Bucket>()
  let sequence = 0

  const saveBucket = ({ name, createdMs, versioning, policy }: Bucket) =>
    files.saveRecord(`${bucketRecord}${name}`, {
      schema: 1,
      name,
      createdMs,
      versioning,
      policy,
    } satisfies BucketRecord)
  const saveVersion = (bucket: Bucket, version: Version) =>
    files.saveRecord(`${versionRecord}${version.id}`, {
      schema: 1,
      bucket: bucket.name,
      version,
    } satisfies VersionRecord)
  const forget = async (versions: readonly Version[]) => {
    for (const version of versions) {
      // The record first: a record without its bytes would be an object that cannot be read.
      await files.removeRecord(`${versionRecord}${version.id}`)
      if (version.kind === 'object') await files.remove(version.segments)
    }
  }

  const records = await files.loadRecords()
  for (const [name, record] of records)
    if (name.startsWith(bucketRecord)) {
      const { schema: _, ...facts } = record as BucketRecord
      buckets.set(facts.name, { ...newBucket(facts.name, facts.createdMs, facts.versioning), policy: facts.policy })
    }
  const stored = [...records].flatMap(([name, record]) =>
    name.startsWith(versionRecord) ? [record as VersionRecord] : [],
  )
  const kept: Segment[] = []
  for (const { bucket: name, version } of stored.sort((a, b) => b.version.sequence - a.version.sequence)) {
    sequence = Math.max(sequence, version.sequence)
    const bucket = buckets.get(name)
    const others = bucket?.versions.get(version.key) ?? []
    // A crash came between the record of the new null version and the end of the old one.
    const replaced = others.some((other) => other.versionId === version.versionId)
    if (!bucket || replaced) await forget([version])
    else {
      bucket.versions.set(version.key, [...others, version])
      if (version.kind === 'object') kept.push(...version.segments)
    }
  }
  await files.keepOnly(kept)

  /** Puts a version on top of its key; answers the null version that it replaces. */
  const insert = (bucket: Bucket, version: Version): readonly Version[] => {
    const others = bucket.versions.get(version.key) ?? []
    const replaced = others.filter((other) => version.versionId === 'null' && other.versionId === 'null')
    bucket.versions.set(version.key, [version, ...others.filter((other) => !replaced.includes(other))])
    return replaced
  }
  const takeOut = (bucket: Bucket, version: Version) => {
    const left = (bucket.versions.get(version.key) ?? []).filter((other) => other.id !== version.id)
    if (left.length > 0) bucket.versions.set(version.key, left)
    else bucket.versions.delete(version.key)
  }
  const store = async (bucket: Bucket, version: Version) => {
    const replaced = insert(bucket, version)
    try {
      await saveVersion(bucket, version)
    } catch (error) {
      takeOut(bucket, version)
      for (const old of replaced) insert(bucket, old)
      throw error
    }
    await forgetIfGone(bucket, version)
    await forget(replaced)
  }
  /** What was replaced or deleted while its record was being written would come back at the next start. */
  const forgetIfGone = async (bucket: Bucket, version: Version) => {
    const isThere = bucket.versions.get(version.key)?.some((other) => other.id === version.id)
    if (!isThere) await forget([version])
  }
  const facts = (bucket: Bucket) => ({
    id: randomUUID(),
    versionId: bucket.versioning === 'Enabled' ? newVersionId() : 'null',
    modifiedMs: clock.now(),
    sequence: ++sequence,
  })
  const noteDeletion = (bucket: Bucket, key: string) => {
    for (const write of bucket.conditionalWrites) if (write.key === key) write.deleted = true
  }

  return {
    buckets,
    files,
    nowMs: () => clock.now(),
    createBucket: async (name, versioning) => {
      const bucket = newBucket(name, clock.now(), versioning)
      buckets.set(name, bucket)
      await saveBucket(bucket)
    },
    deleteBucket: async (bucket) => {
      buckets.delete(bucket.name)
      await files.removeRecord(`${bucketRecord}${bucket.name}`)
      for (const upload of bucket.uploads.values()) {
        await files.remove([...upload.parts.values()].map(({ segment }) => segment))
      }
    },
    setVersioning: async (bucket, versioning) => {
      bucket.versioning = versioning
      await saveBucket(bucket)
    },
    setPolicy: async (bucket, policy) => {
      bucket.policy = policy
      await saveBucket(bucket)
    },
    beginWrite: (bucket, key, condition) => {
      requireCondition(bucket, key, condition)
      const write = { key, deleted: false }
      if (condition.absent || condition.eTag !== undefined) bucket.conditionalWrites.add(write)
      return write
    },
    abandonWrite: (bucket, write) => void bucket.conditionalWrites.delete(write),
    commitWrite: async (bucket, write, condition, object) => {
      bucket.conditionalWrites.delete(write)
      try {
        if (buckets.get(bucket.name) !== bucket) throw s3Faults.noSuchBucket(bucket.name)
        // https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html: a delete that got in between is 409.
        if (write.deleted) throw s3Faults.conditionalConflict(object.key)
        requireCondition(bucket, object.key, condition)
        const version: ObjectVersion = { kind: 'object', ...facts(bucket), ...object }
        await store(bucket, version)
        return version
      } catch (error) {
        await files.remove(object.segments)
        throw error
      }
    },
    deleteCurrent: async (bucket, key) => {
      noteDeletion(bucket, key)
      if (bucket.versioning === undefined) {
        const gone = bucket.versions.get(key) ?? []
        bucket.versions.delete(key)
        await forget(gone)
        return undefined
      }
      const marker: DeleteMarker = { kind: 'delete-marker', key, ...facts(bucket) }
      await store(bucket, marker)
      return marker
    },
    deleteVersion: async (bucket, key, versionId) => {
      const version = bucket.versions.get(key)?.find((other) => other.versionId === versionId)
      if (!version) return undefined
      if (newestVersion(bucket, key) === version) noteDeletion(bucket, key)
      takeOut(bucket, version)
      await forget([version])
      return version
    },
    setTags: async (bucket, version, tags) => {
      const tagged = { ...version, tags }
      const versions = bucket.versions.get(version.key) ?? []
      bucket.versions.set(
        version.key,
        versions.map((other) => (other.id === version.id ? tagged : other)),
      )
      await saveVersion(bucket, tagged)
      await forgetIfGone(bucket, tagged)
    },
    beginUpload: (bucket, upload) => {
      const started: MultipartUpload = {
        ...upload,
        id: randomBytes(48).toString('base64url'),
        startedMs: clock.now(),
        parts: new Map(),
      }
      bucket.uploads.set(started.id, started)
      return started
    },
  }
}

function newBucket(name: string, createdMs: number, versioning: Versioning): Bucket {
  return {
    name,
    createdMs,
    versioning,
    policy: undefined,
    versions: new Map(),
    uploads: new Map(),
    conditionalWrites: new Set(),
  }
}

/** Of the length and letters that AWS uses; opaque. */
function newVersionId(): string {
  return randomBytes(24).toString('base64url').replaceAll('-', '.')
}

function requireCondition(bucket: Bucket, key: string, { absent, eTag }: WriteCondition): void {
  const current = currentObject(bucket, key)
  if (absent && current) throw s3Faults.preconditionFailed('If-None-Match')
  if (eTag === undefined) return
  if (!current) throw s3Faults.noSuchKey(key)
  if (current.eTag !== eTag) throw s3Faults.preconditionFailed('If-Match')
}
