import { randomBytes } from 'node:crypto'
import { checksumHeader } from '../checksum/checksums.ts'
import { metadataLimitBytes } from '../limits.ts'
import { httpDate, type S3Call } from './call.ts'
import { S3Fault, s3Faults } from './fault.ts'
import type { Bucket, ObjectHeaders, ObjectVersion, StoredChecksum } from './model.ts'

const plainHeaders = ['content-type', 'cache-control', 'content-disposition', 'content-language', 'expires'] as const
const userPrefix = 'x-amz-meta-'

/** Headers of a write whose other values would change what it does; the listed ones change nothing in one account. */
const harmlessValues: Readonly<Record<string, readonly string[]>> = {
  'x-amz-acl': ['private', 'bucket-owner-full-control', 'bucket-owner-read'],
  'x-amz-server-side-encryption': ['AES256', 'aws:kms', 'aws:kms:dsse'],
  'x-amz-server-side-encryption-bucket-key-enabled': ['true', 'false'],
  'x-amz-storage-class': ['STANDARD', 'STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING', 'REDUCED_REDUNDANCY'],
}

const keyIdHeader = 'x-amz-server-side-encryption-aws-kms-key-id'

/** The names of the headers that {@link readObjectHeaders} reads. */
export const objectHeaderNames = [...Object.keys(harmlessValues), keyIdHeader, 'x-amz-tagging'] as const

/** Reads what is kept with an object from the headers of the request that writes it. */
export function readObjectHeaders(call: S3Call): ObjectHeaders {
  for (const [name, values] of Object.entries(harmlessValues)) {
    const value = call.header(name)
    if (value !== undefined && !values.includes(value)) throw s3Faults.notImplemented(`${name}: ${value}`)
  }
  const system = plainHeaders.flatMap((name) => {
    const value = call.header(name)
    return value === undefined || value === '' ? [] : [[name, value] as const]
  })
  const encoding = (call.header('content-encoding') ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'aws-chunked')
    .join(',')
  const storageClass = call.header('x-amz-storage-class')
  const user = call.headerNames
    .filter((name) => name.startsWith(userPrefix))
    .map((name) => [name.slice(userPrefix.length), call.header(name) ?? ''] as const)
  const sizeBytes = user.reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value), 0)
  if (sizeBytes > metadataLimitBytes) {
    throw new S3Fault('MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size', 400, {
      Size: String(sizeBytes),
      MaxSizeAllowed: String(metadataLimitBytes),
    })
  }
  for (const [name, value] of [...system, ...user]) {
    if (!/^[\x20-\x7e]*$/.test(value)) throw s3Faults.notImplemented(`characters outside US-ASCII in ${name}`)
  }
  return {
    system: {
      'content-type': 'binary/octet-stream',
      ...Object.fromEntries(system),
      ...(encoding ? { 'content-encoding': encoding } : {}),
      ...(storageClass !== undefined && storageClass !== 'STANDARD' ? { 'x-amz-storage-class': storageClass } : {}),
      ...readEncryption(call),
    },
    user: Object.fromEntries(user),
    tags: readTags(call.header('x-amz-tagging') ?? ''),
  }
}

/** What the request says of KMS; the bytes are kept as they are, and no key is looked up. */
function readEncryption(call: S3Call): Record<string, string> {
  const mode = call.header('x-amz-server-side-encryption')
  const keyId = call.header(keyIdHeader)
  if (mode === undefined || mode === 'AES256') {
    if (keyId === undefined) return {}
    throw s3Faults.invalidArgument(
      'Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms',
      'x-amz-server-side-encryption',
      mode ?? 'null',
    )
  }
  const bucketKey = call.header('x-amz-server-side-encryption-bucket-key-enabled')
  return {
    'x-amz-server-side-encryption': mode,
    [keyIdHeader]: keyId ?? `arn:aws:kms:${call.region}:${call.account}:alias/aws/s3`,
    ...(bucketKey === 'true' ? { 'x-amz-server-side-encryption-bucket-key-enabled': 'true' } : {}),
  }
}

function readTags(header: string): ObjectHeaders['tags'] {
  return checkTags([...new URLSearchParams(header)])
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html: ten tags, 128 and 256 characters. */
export function checkTags(tags: ObjectHeaders['tags']): ObjectHeaders['tags'] {
  if (tags.length > 10) {
    throw new S3Fault('BadRequest', 'Object tags cannot be greater than 10', 400)
  }
  for (const [key, value] of tags) {
    if (key === '' || key.length > 128) throw new S3Fault('InvalidTag', 'The TagKey you have provided is invalid', 400)
    if (value.length > 256) throw new S3Fault('InvalidTag', 'The TagValue you have provided is invalid', 400)
  }
  if (new Set(tags.map(([key]) => key)).size < tags.length) {
    throw new S3Fault('InvalidTag', 'Cannot provide multiple Tags with the same key', 400)
  }
  return tags
}

/** `x-amz-version-id`, where the bucket has or had versions. */
export function versionHeader(bucket: Bucket, versionId: string): Record<string, string> {
  return bucket.versioning === undefined ? {} : { 'x-amz-version-id': versionId }
}

export function checksumHeaders(checksum: StoredChecksum | undefined): Record<string, string> {
  return checksum ? { [checksumHeader(checksum.algorithm)]: checksum.value, 'x-amz-checksum-type': checksum.type } : {}
}

/** Every bucket encrypts with S3's own keys by default since 2023, and says so; KMS where the write asked for it. */
export function encryptionHeaders(system: ObjectHeaders['system']): Record<string, string> {
  const asked = Object.entries(system).filter(([name]) => name.startsWith('x-amz-server-side-encryption'))
  return { 'x-amz-server-side-encryption': 'AES256', ...Object.fromEntries(asked) }
}

/**
 * The entity tag of an object that was put whole: MD5, except under KMS, where it is no digest of anything.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
 */
export function entityTag(md5: Buffer, system: ObjectHeaders['system']): string {
  const kms = system['x-amz-server-side-encryption'] !== undefined
  return kms ? randomBytes(16).toString('hex') : md5.toString('hex')
}

/** The headers that describe an object in the answer to a read. */
export function describeObject(bucket: Bucket, object: ObjectVersion): Record<string, string> {
  return {
    'accept-ranges': 'bytes',
    etag: `"${object.eTag}"`,
    'last-modified': httpDate(object.modifiedMs),
    ...encryptionHeaders(object.system),
    ...versionHeader(bucket, object.versionId),
    ...object.system,
    ...Object.fromEntries(Object.entries(object.user).map(([name, value]) => [userPrefix + name, value])),
    ...(object.tags.length > 0 ? { 'x-amz-tagging-count': String(object.tags.length) } : {}),
  }
}
