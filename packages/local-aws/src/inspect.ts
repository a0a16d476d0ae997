import { checkOptions, coreErrors, describeValue } from '@fairlead/core'
import type { ObjectVersion, Version } from './s3/model.ts'
import { compareKeys } from './s3/order.ts'
import { newestVersion, sortedKeys, type S3State } from './s3/state.ts'
import type { Secret } from './secrets-manager/model.ts'
import type { SecretsState } from './secrets-manager/state.ts'

/** A version of an object, or the marker that hides it. */
export interface InspectedObject {
  readonly key: string
  /** `null` where the bucket kept no versions when it was written. */
  readonly versionId: string
  readonly isDeleteMarker: boolean
  /** Whether a read without a version sees it. */
  readonly isLatest: boolean
  /** ISO 8601, UTC, with milliseconds. */
  readonly modifiedAt: string
  /** Zero of a delete marker. */
  readonly sizeBytes: number
  /** Without quotes; empty of a delete marker. */
  readonly eTag: string
  /** `content-type` and the other headers that come back with it, by name in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** `x-amz-meta-` by name, without the prefix. */
  readonly metadata: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
}

/** A secret without its values. */
export interface InspectedSecret {
  readonly name: string
  readonly arn: string
  readonly description: string | undefined
  readonly tags: Readonly<Record<string, string>>
  readonly versions: readonly { readonly id: string; readonly stages: readonly string[]; readonly createdAt: string }[]
  /** When it goes for good, where it was scheduled for deletion. */
  readonly deletesAt: string | undefined
}

interface ObjectPlace {
  readonly bucket: string
  readonly key: string
  readonly versionId?: string | undefined
}

/** Looks at what is there. Nothing changes, and nothing is recorded. */
export interface Inspection {
  /** Names, sorted. */
  readonly buckets: () => readonly string[]
  /** What a listing shows, in S3's order. Throws INVALID_OPTION where there is no such bucket. */
  readonly objects: (place: {
    readonly bucket: string
    readonly prefix?: string | undefined
  }) => readonly InspectedObject[]
  /** Every version and delete marker, by key and then the newest first. Throws INVALID_OPTION as `objects`. */
  readonly versions: (place: {
    readonly bucket: string
    readonly key?: string | undefined
  }) => readonly InspectedObject[]
  readonly findObject: (place: ObjectPlace) => InspectedObject | undefined
  /** The bytes. Throws INVALID_OPTION where there is no such object. */
  readonly readObject: (place: ObjectPlace) => Promise<Buffer>
  /** The uploads in parts that are neither completed nor aborted. */
  readonly uploads: (place: {
    readonly bucket: string
  }) => readonly { readonly key: string; readonly parts: readonly number[] }[]
  /** Names, sorted. */
  readonly secrets: () => readonly string[]
  readonly findSecret: (place: { readonly name: string }) => InspectedSecret | undefined
  /** The value at a stage (default AWSCURRENT), text or bytes. Throws INVALID_OPTION where there is none. */
  readonly readSecret: (place: { readonly name: string; readonly stage?: string | undefined }) => string | Buffer
}

export function inspection(s3: S3State, secretsState: SecretsState): Inspection {
  const requireBucket = (verb: string, name: string) => {
    const bucket = s3.buckets.get(name)
    if (bucket) return bucket
    throw missing(verb, 'bucket', name, 'the name of a bucket')
  }
  const findVersion = ({ bucket: name, key, versionId }: ObjectPlace): Version | undefined => {
    const bucket = s3.buckets.get(name)
    if (!bucket) return undefined
    if (versionId === undefined) return newestVersion(bucket, key)
    return bucket.versions.get(key)?.find((version) => version.versionId === versionId)
  }
  const describe = (bucketName: string, version: Version): InspectedObject => {
    const bucket = s3.buckets.get(bucketName)
    return describeVersion(version, bucket !== undefined && newestVersion(bucket, version.key)?.id === version.id)
  }
  const findSecret = (name: string) => secretsState.all().find((secret) => secret.name === name)
  return {
    buckets: () => [...s3.buckets.keys()].sort(),
    objects: (place) => {
      checkOptions('inspect.objects', place, ['bucket', 'prefix'])
      const bucket = requireBucket('inspect.objects', place.bucket)
      return sortedKeys(bucket)
        .filter((key) => key.startsWith(place.prefix ?? ''))
        .flatMap((key) => {
          const newest = newestVersion(bucket, key)
          return newest?.kind === 'object' ? [describe(bucket.name, newest)] : []
        })
    },
    versions: (place) => {
      checkOptions('inspect.versions', place, ['bucket', 'key'])
      const bucket = requireBucket('inspect.versions', place.bucket)
      return sortedKeys(bucket)
        .filter((key) => place.key === undefined || key === place.key)
        .flatMap((key) => (bucket.versions.get(key) ?? []).map((version) => describe(bucket.name, version)))
    },
    findObject: (place) => {
      checkOptions('inspect.findObject', place, ['bucket', 'key', 'versionId'])
      const version = findVersion(place)
      const hidden = version?.kind === 'delete-marker' && place.versionId === undefined
      return version && !hidden ? describe(place.bucket, version) : undefined
    },
    readObject: async (place) => {
      const verb = 'inspect.readObject'
      checkOptions(verb, place, ['bucket', 'key', 'versionId'])
      requireBucket(verb, place.bucket)
      const version = findVersion(place)
      if (version?.kind !== 'object') throw missing(verb, 'key', place.key, `an object of the bucket ${place.bucket}`)
      return readWhole(s3, version)
    },
    uploads: (place) => {
      checkOptions('inspect.uploads', place, ['bucket'])
      return [...requireBucket('inspect.uploads', place.bucket).uploads.values()]
        .map(({ key, parts }) => ({ key, parts: [...parts.keys()].sort((a, b) => a - b) }))
        .sort((a, b) => compareKeys(a.key, b.key))
    },
    secrets: () =>
      secretsState
        .all()
        .map(({ name }) => name)
        .sort(),
    findSecret: (place) => {
      checkOptions('inspect.findSecret', place, ['name'])
      const secret = findSecret(place.name)
      return secret && describeSecret(secret)
    },
    readSecret: (place) => {
      const verb = 'inspect.readSecret'
      checkOptions(verb, place, ['name', 'stage'])
      const secret = findSecret(place.name)
      if (!secret) throw missing(verb, 'name', place.name, 'the name of a secret')
      const stage = place.stage ?? 'AWSCURRENT'
      const version = [...secret.versions.values()].find(({ stages }) => stages.includes(stage))
      const value = version?.text ?? (version?.binary === undefined ? undefined : Buffer.from(version.binary, 'base64'))
      if (value === undefined)
        throw missing(verb, 'stage', stage, `a stage of the secret ${place.name} that has a value`)
      return value
    },
  }
}

function describeVersion(version: Version, isLatest: boolean): InspectedObject {
  const { key, versionId } = version
  const facts = { key, versionId, isLatest, modifiedAt: new Date(version.modifiedMs).toISOString() }
  if (version.kind === 'delete-marker') {
    return { ...facts, isDeleteMarker: true, sizeBytes: 0, eTag: '', headers: {}, metadata: {}, tags: {} }
  }
  const { sizeBytes, eTag, system, user, tags } = version
  return {
    ...facts,
    isDeleteMarker: false,
    sizeBytes,
    eTag,
    headers: { ...system },
    metadata: { ...user },
    tags: Object.fromEntries(tags),
  }
}

async function readWhole({ files }: S3State, { segments, sizeBytes }: ObjectVersion): Promise<Buffer> {
  const pieces: Buffer[] = []
  const bytes = files.read(segments, { start: 0, end: sizeBytes - 1 }) as AsyncIterable<Buffer>
  for await (const piece of bytes) pieces.push(piece)
  return Buffer.concat(pieces)
}

function describeSecret(secret: Secret): InspectedSecret {
  return {
    name: secret.name,
    arn: secret.arn,
    description: secret.description,
    tags: Object.fromEntries(secret.tags.map(({ Key, Value }) => [Key, Value])),
    versions: [...secret.versions.values()].map(({ id, stages, createdMs }) => ({
      id,
      stages: [...stages],
      createdAt: new Date(createdMs).toISOString(),
    })),
    deletesAt: secret.deletion && new Date(secret.deletion.goneMs).toISOString(),
  }
}

function missing(verb: string, option: string, given: string, expected: string) {
  return coreErrors.INVALID_OPTION({ verb, option, given: describeValue(given), expected })
}
