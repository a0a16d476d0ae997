import { checksumAlgorithms, checksumHeader } from '../checksum/checksums.ts'
import type { Need } from '../permissions/access.ts'
import { bucketArn, objectArn, type S3Answer, type S3Call } from './call.ts'
import { copySourceOf } from './copy-source.ts'
import { objectHeaderNames } from './object-headers.ts'
import {
  createBucket,
  deleteBucket,
  deleteBucketPolicy,
  getBucketLocation,
  getBucketPolicy,
  getBucketVersioning,
  headBucket,
  listBuckets,
  putBucketPolicy,
  putBucketVersioning,
} from './operations/buckets.ts'
import { getObjectAttributes } from './operations/attributes.ts'
import { deleteObjects } from './operations/delete-objects.ts'
import { listObjects, listObjectsV2, listObjectVersions } from './operations/list.ts'
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
  listMultipartUploads,
  listParts,
  uploadPart,
  uploadPartCopy,
} from './operations/multipart.ts'
import { getObject, headObject, overrideNames } from './operations/read-object.ts'
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from './operations/tagging.ts'
import { copyObject, deleteObject, putObject } from './operations/write-object.ts'

/** A query parameter, perhaps with its value, or a header, or both at once. */
interface Marker {
  readonly query?: string
  readonly value?: string
  readonly header?: string
}

/** The part of a request that says which operation it is, and what permissions that takes. */
export interface OperationTarget {
  readonly bucketName: string
  readonly key: string
  readonly query: ReadonlyMap<string, string>
  readonly headers: ReadonlyMap<string, string>
}

/** An operation of S3: how a request for it looks, and what it may say. */
export interface S3Operation {
  readonly name: string
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** What the path names. */
  readonly level: 'account' | 'bucket' | 'object'
  /** The query parameter, or the header, that tells it from others of the same method and level. */
  readonly marker?: Marker
  /** Further query parameters that it understands. */
  readonly query?: readonly string[]
  /** The conditional, range and `x-amz-` headers that it understands. */
  readonly headers?: readonly string[]
  /** What IAM asks for before it runs. */
  readonly needs: (target: OperationTarget) => readonly Need[]
  /** Whether it asks for each object by itself, because its answer names the refused ones. */
  readonly asksForEach?: boolean
  readonly run: (call: S3Call) => Promise<S3Answer>
}

const listing = ['prefix', 'delimiter', 'max-keys', 'encoding-type'] as const
const checksums = checksumAlgorithms.map(checksumHeader)
const bodyHeaders = ['content-md5', 'x-amz-sdk-checksum-algorithm', ...checksums] as const
const writeConditions = ['if-match', 'if-none-match'] as const
const sourceConditions = [
  'x-amz-copy-source-if-match',
  'x-amz-copy-source-if-none-match',
  'x-amz-copy-source-if-modified-since',
  'x-amz-copy-source-if-unmodified-since',
] as const
const readHeaders = [
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'range',
  'x-amz-checksum-mode',
] as const
const onBucket =
  (action: string) =>
  ({ bucketName }: OperationTarget): readonly Need[] => [{ action, resource: bucketArn(bucketName) }]
const onObject =
  (...actions: readonly string[]) =>
  ({ bucketName, key }: OperationTarget): readonly Need[] =>
    actions.map((action) => ({ action, resource: objectArn(bucketName, key) }))
const byVersion = (plain: readonly string[], versioned: readonly string[]) => (target: OperationTarget) =>
  onObject(...(target.query.has('versionId') ? versioned : plain))(target)

/** Beside s3:PutObject: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html and …/userguide/conditional-writes.html */
function writeNeeds(target: OperationTarget): readonly Need[] {
  const { headers } = target
  return onObject(
    's3:PutObject',
    ...(headers.has('if-match') ? ['s3:GetObject'] : []),
    ...(headers.has('x-amz-tagging') ? ['s3:PutObjectTagging'] : []),
    ...(headers.has('x-amz-acl') ? ['s3:PutObjectAcl'] : []),
  )(target)
}

/** Reading the source of a copy. A source that names nothing is refused by the operation. */
function sourceNeeds({ headers }: OperationTarget): readonly Need[] {
  const source = copySourceOf(headers.get('x-amz-copy-source') ?? '')
  if (!source) return []
  const action = source.versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion'
  return [{ action, resource: objectArn(source.bucketName, source.key) }]
}

/** Everything that S3 does here; what is not in the table is refused by name. */
const s3Operations: readonly S3Operation[] = [
  {
    name: 'ListBuckets',
    method: 'GET',
    level: 'account',
    needs: () => [{ action: 's3:ListAllMyBuckets', resource: '*' }],
    run: listBuckets,
  },
  {
    name: 'CreateBucket',
    method: 'PUT',
    level: 'bucket',
    headers: [...bodyHeaders, 'x-amz-acl', 'x-amz-object-ownership', 'x-amz-bucket-object-lock-enabled'],
    needs: onBucket('s3:CreateBucket'),
    run: createBucket,
  },
  {
    name: 'DeleteBucket',
    method: 'DELETE',
    level: 'bucket',
    needs: onBucket('s3:DeleteBucket'),
    run: deleteBucket,
  },
  { name: 'HeadBucket', method: 'HEAD', level: 'bucket', needs: onBucket('s3:ListBucket'), run: headBucket },
  {
    name: 'GetBucketLocation',
    method: 'GET',
    level: 'bucket',
    marker: { query: 'location' },
    needs: onBucket('s3:GetBucketLocation'),
    run: getBucketLocation,
  },
  {
    name: 'GetBucketVersioning',
    method: 'GET',
    level: 'bucket',
    marker: { query: 'versioning' },
    needs: onBucket('s3:GetBucketVersioning'),
    run: getBucketVersioning,
  },
  {
    name: 'PutBucketVersioning',
    method: 'PUT',
    level: 'bucket',
    marker: { query: 'versioning' },
    headers: bodyHeaders,
    needs: onBucket('s3:PutBucketVersioning'),
    run: putBucketVersioning,
  },
  {
    name: 'GetBucketPolicy',
    method: 'GET',
    level: 'bucket',
    marker: { query: 'policy' },
    needs: onBucket('s3:GetBucketPolicy'),
    run: getBucketPolicy,
  },
  {
    name: 'PutBucketPolicy',
    method: 'PUT',
    level: 'bucket',
    marker: { query: 'policy' },
    headers: [...bodyHeaders, 'x-amz-confirm-remove-self-bucket-access'],
    needs: onBucket('s3:PutBucketPolicy'),
    run: putBucketPolicy,
  },
  {
    name: 'DeleteBucketPolicy',
    method: 'DELETE',
    level: 'bucket',
    marker: { query: 'policy' },
    needs: onBucket('s3:DeleteBucketPolicy'),
    run: deleteBucketPolicy,
  },
  {
    name: 'ListObjectsV2',
    method: 'GET',
    level: 'bucket',
    marker: { query: 'list-type', value: '2' },
    query: [...listing, 'continuation-token', 'start-after', 'fetch-owner'],
    needs: onBucket('s3:ListBucket'),
    run: listObjectsV2,
  },
  {
    name: 'ListObjectVersions',
    method: 'GET',
    level: 'bucket',
    marker: { query: 'versions' },
    query: [...listing, 'key-marker', 'version-id-marker'],
    needs: onBucket('s3:ListBucketVersions'),
    run: listObjectVersions,
  },
  {
    name: 'ListMultipartUploads',
    method: 'GET',
    level: 'bucket',
    marker: { query: 'uploads' },
    query: ['prefix', 'delimiter', 'encoding-type', 'key-marker', 'upload-id-marker', 'max-uploads'],
    needs: onBucket('s3:ListBucketMultipartUploads'),
    run: listMultipartUploads,
  },
  {
    name: 'ListObjects',
    method: 'GET',
    level: 'bucket',
    query: [...listing, 'marker'],
    needs: onBucket('s3:ListBucket'),
    run: listObjects,
  },
  {
    name: 'DeleteObjects',
    method: 'POST',
    level: 'bucket',
    marker: { query: 'delete' },
    headers: bodyHeaders,
    needs: ({ bucketName }) => [{ action: 's3:DeleteObject', resource: `${bucketArn(bucketName)}/*` }],
    asksForEach: true,
    run: deleteObjects,
  },
  {
    name: 'CopyObject',
    method: 'PUT',
    level: 'object',
    marker: { header: 'x-amz-copy-source' },
    headers: [
      ...objectHeaderNames,
      ...writeConditions,
      'x-amz-checksum-algorithm',
      'x-amz-metadata-directive',
      'x-amz-tagging-directive',
      ...sourceConditions,
    ],
    needs: (target) => [...sourceNeeds(target), ...writeNeeds(target)],
    run: copyObject,
  },
  {
    name: 'UploadPartCopy',
    method: 'PUT',
    level: 'object',
    marker: { query: 'uploadId', header: 'x-amz-copy-source' },
    query: ['partNumber'],
    headers: ['x-amz-copy-source-range', ...sourceConditions],
    needs: (target) => [...sourceNeeds(target), ...onObject('s3:PutObject')(target)],
    run: uploadPartCopy,
  },
  {
    name: 'UploadPart',
    method: 'PUT',
    level: 'object',
    marker: { query: 'uploadId' },
    query: ['partNumber'],
    headers: bodyHeaders,
    needs: onObject('s3:PutObject'),
    run: uploadPart,
  },
  {
    name: 'PutObjectTagging',
    method: 'PUT',
    level: 'object',
    marker: { query: 'tagging' },
    query: ['versionId'],
    headers: bodyHeaders,
    needs: byVersion(['s3:PutObjectTagging'], ['s3:PutObjectVersionTagging']),
    run: putObjectTagging,
  },
  {
    name: 'PutObject',
    method: 'PUT',
    level: 'object',
    headers: [...bodyHeaders, ...objectHeaderNames, ...writeConditions],
    needs: writeNeeds,
    run: putObject,
  },
  {
    name: 'GetObjectTagging',
    method: 'GET',
    level: 'object',
    marker: { query: 'tagging' },
    query: ['versionId'],
    needs: byVersion(['s3:GetObjectTagging'], ['s3:GetObjectVersionTagging']),
    run: getObjectTagging,
  },
  {
    name: 'ListParts',
    method: 'GET',
    level: 'object',
    marker: { query: 'uploadId' },
    query: ['max-parts', 'part-number-marker'],
    needs: onObject('s3:ListMultipartUploadParts'),
    run: listParts,
  },
  {
    name: 'GetObjectAttributes',
    method: 'GET',
    level: 'object',
    marker: { query: 'attributes' },
    query: ['versionId'],
    headers: ['x-amz-object-attributes', 'x-amz-max-parts', 'x-amz-part-number-marker'],
    needs: byVersion(
      ['s3:GetObject', 's3:GetObjectAttributes'],
      ['s3:GetObjectVersion', 's3:GetObjectVersionAttributes'],
    ),
    run: getObjectAttributes,
  },
  {
    name: 'GetObject',
    method: 'GET',
    level: 'object',
    query: ['versionId', 'partNumber', ...overrideNames],
    headers: readHeaders,
    needs: byVersion(['s3:GetObject'], ['s3:GetObjectVersion']),
    run: getObject,
  },
  {
    name: 'HeadObject',
    method: 'HEAD',
    level: 'object',
    query: ['versionId', 'partNumber', ...overrideNames],
    headers: readHeaders,
    needs: byVersion(['s3:GetObject'], ['s3:GetObjectVersion']),
    run: headObject,
  },
  {
    name: 'CreateMultipartUpload',
    method: 'POST',
    level: 'object',
    marker: { query: 'uploads' },
    headers: [...objectHeaderNames, 'x-amz-checksum-algorithm', 'x-amz-checksum-type'],
    needs: writeNeeds,
    run: createMultipartUpload,
  },
  {
    name: 'CompleteMultipartUpload',
    method: 'POST',
    level: 'object',
    marker: { query: 'uploadId' },
    headers: [...checksums, ...writeConditions, 'x-amz-checksum-type', 'x-amz-mp-object-size'],
    needs: writeNeeds,
    run: completeMultipartUpload,
  },
  {
    name: 'AbortMultipartUpload',
    method: 'DELETE',
    level: 'object',
    marker: { query: 'uploadId' },
    needs: onObject('s3:AbortMultipartUpload'),
    run: abortMultipartUpload,
  },
  {
    name: 'DeleteObjectTagging',
    method: 'DELETE',
    level: 'object',
    marker: { query: 'tagging' },
    query: ['versionId'],
    needs: byVersion(['s3:DeleteObjectTagging'], ['s3:DeleteObjectVersionTagging']),
    run: deleteObjectTagging,
  },
  {
    name: 'DeleteObject',
    method: 'DELETE',
    level: 'object',
    query: ['versionId'],
    headers: ['if-match'],
    needs: byVersion(['s3:DeleteObject'], ['s3:DeleteObjectVersion']),
    run: deleteObject,
  },
]

/** Headers that say how the request is sent, not what it does. */
const plumbing = new Set([
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-decoded-content-length',
  'x-amz-expected-bucket-owner',
  'x-amz-request-payer',
  'x-amz-security-token',
  'x-amz-source-expected-bucket-owner',
  'x-amz-trailer',
  'x-amz-user-agent',
])
const conditional = new Set(['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since', 'range'])

/** Query parameters that say how the request is sent: the signature's, and the SDK's name of the operation. */
function isPlumbingParameter(name: string): boolean {
  return name === 'x-id' || name.toLowerCase().startsWith('x-amz-')
}

/** Finds the operation that a request is for; `undefined` where there is none. */
export function findOperation(request: {
  readonly method: string
  readonly level: S3Operation['level']
  readonly query: ReadonlyMap<string, string>
  readonly headerNames: readonly string[]
}): S3Operation | undefined {
  const candidates = s3Operations.filter(({ method, level }) => method === request.method && level === request.level)
  const marked = candidates.find(({ marker }) => marker !== undefined && isMarked(marker, request))
  return marked ?? candidates.find(({ marker }) => marker === undefined)
}

function isMarked(
  { query: name, value: wanted, header: headerName }: Marker,
  { query, headerNames }: { readonly query: ReadonlyMap<string, string>; readonly headerNames: readonly string[] },
): boolean {
  if (headerName !== undefined && !headerNames.includes(headerName)) return false
  // A copy into an upload carries the header of a copy, too.
  if (name === undefined) return !query.has('uploadId')
  const value = query.get(name)
  return value !== undefined && (wanted === undefined || wanted === value)
}

/** The first thing in a request that its operation does not understand and that is more than plumbing. */
export function findUnsupported(
  operation: S3Operation,
  query: ReadonlyMap<string, string>,
  headerNames: readonly string[],
): string | undefined {
  const { marker } = operation
  const parameter = [...query.keys()].find(
    (name) => name !== marker?.query && !operation.query?.includes(name) && !isPlumbingParameter(name),
  )
  if (parameter !== undefined) return `the query parameter ${parameter} of ${operation.name}`
  const header = headerNames.find(
    (name) =>
      (conditional.has(name) || name.startsWith('x-amz-')) &&
      !name.startsWith('x-amz-meta-') &&
      name !== marker?.header &&
      !plumbing.has(name) &&
      !operation.headers?.includes(name),
  )
  return header === undefined ? undefined : `the header ${header} of ${operation.name}`
}
