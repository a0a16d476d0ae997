import { bodyOfStream } from '../../body.ts'
import type { ChecksumAlgorithm } from '../../checksum/checksums.ts'
import { checksumAlgorithms, defaultChecksum } from '../../checksum/checksums.ts'
import { keyLimitBytes } from '../../limits.ts'
import {
  bucketArn,
  eTagsIn,
  isoSeconds,
  objectArn,
  requireBucket,
  xmlHeaders,
  type S3Answer,
  type S3Call,
} from '../call.ts'
import { copySourceOf } from '../copy-source.ts'
import { S3Fault, s3Faults } from '../fault.ts'
import { currentObject, type WriteCondition } from '../state.ts'
import type { Bucket, ObjectVersion, StoredChecksum } from '../model.ts'
import { checksumHeaders, encryptionHeaders, entityTag, readObjectHeaders, versionHeader } from '../object-headers.ts'
import { receiveBody } from '../receive.ts'
import { writeXml } from '../xml.ts'
import { requireVersionId } from './read-object.ts'

/** Reads `If-None-Match: *` and `If-Match: <ETag>` of a write. */
export function readWriteCondition(call: S3Call): WriteCondition {
  const noneMatch = call.header('if-none-match')
  const match = call.header('if-match')
  if (noneMatch !== undefined && noneMatch !== '*')
    throw s3Faults.notImplemented(`If-None-Match: ${noneMatch} on a write`)
  if (noneMatch !== undefined && match !== undefined) {
    throw s3Faults.notImplemented('If-Match together with If-None-Match on a write')
  }
  const tags = match === undefined ? [] : eTagsIn(match)
  if (tags.length > 1 || tags[0] === '*') throw s3Faults.notImplemented(`If-Match: ${match ?? ''} on a write`)
  return { absent: noneMatch !== undefined, eTag: tags[0] }
}

export function requireKeyLength(key: string): void {
  const sizeBytes = Buffer.byteLength(key)
  if (sizeBytes > keyLimitBytes) {
    throw new S3Fault('KeyTooLongError', 'Your key is too long', 400, {
      Size: String(sizeBytes),
      MaxSizeAllowed: String(keyLimitBytes),
    })
  }
}

export async function putObject(call: S3Call): Promise<S3Answer> {
  const bucket = requireBucket(call)
  requireKeyLength(call.key)
  const condition = readWriteCondition(call)
  const headers = readObjectHeaders(call)
  const write = call.state.beginWrite(bucket, call.key, condition)
  const version = await (async () => {
    try {
      const { segment, md5, checksum } = await receiveBody(call, { otherwise: defaultChecksum })
      return await call.state.commitWrite(bucket, write, condition, {
        ...headers,
        key: call.key,
        sizeBytes: segment.sizeBytes,
        eTag: entityTag(md5, headers.system),
        checksum: checksum && { ...checksum, type: 'FULL_OBJECT' },
        segments: [segment],
        partCount: 0,
      })
    } finally {
      call.state.abandonWrite(bucket, write)
    }
  })()
  return { status: 200, headers: { etag: `"${version.eTag}"`, ...writtenHeaders(bucket, version) } }
}

function writtenHeaders(bucket: Bucket, version: ObjectVersion): Record<string, string> {
  return {
    ...encryptionHeaders(version.system),
    ...versionHeader(bucket, version.versionId),
    ...checksumHeaders(version.checksum),
  }
}

export async function copyObject(call: S3Call): Promise<S3Answer> {
  const bucket = requireBucket(call)
  requireKeyLength(call.key)
  const condition = readWriteCondition(call)
  const source = findCopySource(call)
  const metadata = directive(call, 'x-amz-metadata-directive')
  const tagging = directive(call, 'x-amz-tagging-directive')
  const given = readObjectHeaders(call)
  if (metadata === 'COPY' && source.bucket === bucket && source.object.key === call.key && !source.pinned) {
    throw s3Faults.invalidRequest(
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    )
  }
  if (tagging === 'COPY' && source.object.tags.length > 0) {
    // https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html: tags go along only where both may be done.
    const read = source.pinned ? 's3:GetObjectVersionTagging' : 's3:GetObjectTagging'
    call.requireAccess({ action: read, resource: objectArn(source.bucket.name, source.object.key) })
    call.requireAccess({ action: 's3:PutObjectTagging', resource: objectArn(bucket.name, call.key) })
  }
  const algorithm = readChecksumAlgorithm(call) ?? source.object.checksum?.algorithm ?? defaultChecksum
  const write = call.state.beginWrite(bucket, call.key, condition)
  const version = await (async () => {
    try {
      const { object } = source
      const bytes = call.state.files.read(object.segments, { start: 0, end: object.sizeBytes - 1 })
      const { segment, digests } = await call.state.files.write(bodyOfStream(bytes), {
        digests: ['MD5', algorithm],
        sizeBytes: object.sizeBytes,
      })
      const [md5 = Buffer.alloc(0), actual = Buffer.alloc(0)] = digests
      const checksum: StoredChecksum = { algorithm, type: 'FULL_OBJECT', value: actual.toString('base64') }
      const system = metadata === 'COPY' ? { ...object.system, ...encryptionOf(given.system) } : given.system
      return await call.state.commitWrite(bucket, write, condition, {
        system,
        user: metadata === 'COPY' ? object.user : given.user,
        tags: tagging === 'COPY' ? object.tags : given.tags,
        key: call.key,
        sizeBytes: segment.sizeBytes,
        eTag: entityTag(md5, system),
        checksum,
        segments: [segment],
        partCount: 0,
      })
    } finally {
      call.state.abandonWrite(bucket, write)
    }
  })()
  return {
    status: 200,
    headers: {
      ...xmlHeaders,
      ...encryptionHeaders(version.system),
      ...versionHeader(bucket, version.versionId),
      ...(source.bucket.versioning ? { 'x-amz-copy-source-version-id': source.object.versionId } : {}),
    },
    body: writeXml('CopyObjectResult', [
      ['ETag', `"${version.eTag}"`],
      ['LastModified', isoSeconds(version.modifiedMs)],
      version.checksum && [`Checksum${version.checksum.algorithm}`, version.checksum.value],
      version.checksum && ['ChecksumType', version.checksum.type],
    ]),
  }
}

/** How a copy is encrypted is its own affair, whatever its metadata are copied from. */
function encryptionOf(system: ObjectVersion['system']): Record<string, string> {
  return Object.fromEntries(Object.entries(system).filter(([name]) => name.startsWith('x-amz-server-side-encryption')))
}

/** The algorithm that a copy or an upload asks for. */
export function readChecksumAlgorithm(call: S3Call): ChecksumAlgorithm | undefined {
  const wanted = call.header('x-amz-checksum-algorithm')?.toUpperCase()
  if (wanted === undefined) return undefined
  const algorithm = checksumAlgorithms.find((name) => name === wanted)
  if (!algorithm) throw s3Faults.notImplemented(`the checksum algorithm ${wanted}`)
  return algorithm
}

function directive(call: S3Call, name: string): 'COPY' | 'REPLACE' {
  const value = call.header(name) ?? 'COPY'
  if (value !== 'COPY' && value !== 'REPLACE') throw s3Faults.invalidArgument('Unknown directive.', name, value)
  return value
}

/** The object that a copy reads, its conditions checked. */
export function findCopySource(call: S3Call): {
  readonly bucket: Bucket
  readonly object: ObjectVersion
  readonly pinned: boolean
} {
  const raw = call.header('x-amz-copy-source') ?? ''
  const source = copySourceOf(raw)
  if (!source) {
    throw s3Faults.invalidArgument(
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
      'x-amz-copy-source',
      raw,
    )
  }
  const { bucketName, key, versionId } = source
  const bucket = call.state.buckets.get(bucketName)
  if (!bucket) throw s3Faults.noSuchBucket(bucketName)
  const object =
    versionId === undefined
      ? currentObject(bucket, key)
      : bucket.versions.get(key)?.find((version) => version.versionId === requireVersionId(versionId))
  if (!object) {
    const maySee = call.mayAccess({ action: 's3:ListBucket', resource: bucketArn(bucketName) })
    if (!maySee) throw s3Faults.accessDenied()
    throw versionId === undefined ? s3Faults.noSuchKey(key) : s3Faults.noSuchVersion(key, versionId)
  }
  if (object.kind !== 'object')
    throw s3Faults.invalidRequest(
      'The source of a copy request may not specifically refer to a delete marker by version id.',
    )
  requireSourceConditions(call, object)
  return { bucket, object, pinned: versionId !== undefined }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html: a match outweighs the dates beside it. */
function requireSourceConditions(call: S3Call, object: ObjectVersion): void {
  const header = (name: string) => call.header(`x-amz-copy-source-${name}`)
  const names = (tags: string) => eTagsIn(tags).some((tag) => tag === '*' || tag === object.eTag)
  const modifiedMs = Math.floor(object.modifiedMs / 1000) * 1000
  const [match, noneMatch] = [header('if-match'), header('if-none-match')]
  if (match !== undefined && !names(match)) throw s3Faults.preconditionFailed('x-amz-copy-source-If-Match')
  if (match === undefined && modifiedMs > Date.parse(header('if-unmodified-since') ?? '')) {
    throw s3Faults.preconditionFailed('x-amz-copy-source-If-Unmodified-Since')
  }
  if (noneMatch !== undefined && names(noneMatch)) throw s3Faults.preconditionFailed('x-amz-copy-source-If-None-Match')
  if (noneMatch === undefined && modifiedMs <= Date.parse(header('if-modified-since') ?? '')) {
    throw s3Faults.preconditionFailed('x-amz-copy-source-If-Modified-Since')
  }
}

export async function deleteObject(call: S3Call): Promise<S3Answer> {
  const bucket = requireBucket(call)
  const versionId = call.query.get('versionId')
  const match = call.header('if-match')
  if (match !== undefined) requireToDelete(bucket, call.key, versionId, match)
  return { status: 204, headers: deletedHeaders(await deleteOne(call, bucket, call.key, versionId)) }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html */
export function requireToDelete(bucket: Bucket, key: string, versionId: string | undefined, match: string): void {
  if (versionId !== undefined) throw s3Faults.notImplemented('If-Match on the deletion of a version')
  const current = currentObject(bucket, key)
  if (!current) throw s3Faults.noSuchKey(key)
  if (!eTagsIn(match).some((tag) => tag === '*' || tag === current.eTag)) throw s3Faults.preconditionFailed('If-Match')
}

export interface Deletion {
  /** Of the version that is gone, or of the marker that hides the object. */
  readonly versionId: string | undefined
  readonly isMarker: boolean
  readonly madeMarker: boolean
}

/** Deletes an object, or one version of it; one that does not exist is no error. */
export async function deleteOne(
  call: S3Call,
  bucket: Bucket,
  key: string,
  versionId: string | undefined,
): Promise<Deletion> {
  if (versionId === undefined) {
    const marker = await call.state.deleteCurrent(bucket, key)
    return { versionId: marker?.versionId, isMarker: marker !== undefined, madeMarker: marker !== undefined }
  }
  const gone = await call.state.deleteVersion(bucket, key, requireVersionId(versionId))
  return { versionId, isMarker: gone?.kind === 'delete-marker', madeMarker: false }
}

function deletedHeaders({ versionId, isMarker }: Deletion): Record<string, string> {
  return {
    ...(versionId === undefined ? {} : { 'x-amz-version-id': versionId }),
    ...(isMarker ? { 'x-amz-delete-marker': 'true' } : {}),
  }
}
