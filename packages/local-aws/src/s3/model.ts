import type { ChecksumAlgorithm, ChecksumType } from '../checksum/checksums.ts'
import type { Segment } from '../ports/object-files.ts'

/** A checksum that the object carries, in base64 (`…-<parts>` where it is composite). */
export interface StoredChecksum {
  readonly algorithm: ChecksumAlgorithm
  readonly type: ChecksumType
  readonly value: string
}

/** The headers that are kept with an object and come back with it. */
export interface ObjectHeaders {
  /** By the header's name in lower case: content-type, cache-control and so on. */
  readonly system: Readonly<Record<string, string>>
  /** `x-amz-meta-` by name in lower case, without the prefix. */
  readonly user: Readonly<Record<string, string>>
  readonly tags: readonly (readonly [string, string])[]
}

interface VersionFacts {
  /** Names the record that keeps it. */
  readonly id: string
  readonly key: string
  /** `null` where the bucket had no versioning when it was written. */
  readonly versionId: string
  readonly modifiedMs: number
  /** Grows with every version of the bucket: tells the order of two in the same millisecond. */
  readonly sequence: number
}

export interface ObjectVersion extends VersionFacts, ObjectHeaders {
  readonly kind: 'object'
  readonly sizeBytes: number
  /** Without quotes. */
  readonly eTag: string
  readonly checksum: StoredChecksum | undefined
  readonly segments: readonly Segment[]
  /** Zero where it was put whole. */
  readonly partCount: number
  /** What `partNumber` and GetObjectAttributes tell of the parts; missing where it was put whole. */
  readonly parts?: readonly ObjectPart[] | undefined
}

/** A part of an object that came in parts. */
export interface ObjectPart {
  readonly number: number
  readonly sizeBytes: number
  /** In base64, of the object's own algorithm. */
  readonly checksum?: string | undefined
}

export interface DeleteMarker extends VersionFacts {
  readonly kind: 'delete-marker'
}

export type Version = ObjectVersion | DeleteMarker

export interface UploadPart {
  readonly number: number
  readonly eTag: string
  readonly sizeBytes: number
  readonly modifiedMs: number
  readonly segment: Segment
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly value: string } | undefined
}

export interface MultipartUpload extends ObjectHeaders {
  readonly id: string
  readonly key: string
  readonly startedMs: number
  readonly checksumAlgorithm: ChecksumAlgorithm | undefined
  readonly checksumType: ChecksumType | undefined
  readonly parts: Map<number, UploadPart>
}

export type Versioning = 'Enabled' | 'Suspended' | undefined

/** A conditional write that is still receiving its body. */
export interface ConditionalWrite {
  readonly key: string
  /** Whether the key was deleted meanwhile. */
  deleted: boolean
}

export interface Bucket {
  readonly name: string
  readonly createdMs: number
  versioning: Versioning
  /** As it was put, byte for byte; `undefined` where there is none. */
  policy: string | undefined
  /** By key, newest version first; a key without a version has no entry. */
  readonly versions: Map<string, readonly Version[]>
  readonly uploads: Map<string, MultipartUpload>
  readonly conditionalWrites: Set<ConditionalWrite>
}
