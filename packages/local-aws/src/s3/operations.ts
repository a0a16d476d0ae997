import { checksumAlgorithms, checksumHeader } from '../checksum/checksums.ts'
import type { S3Answer, S3Call } from './call.ts'
import { objectHeaderNames } from './object-headers.ts'
import {
  createBucket,
  deleteBucket,
  getBucketLocation,
  getBucketVersioning,
  headBucket,
  listBuckets,
  putBucketVersioning,
} from './operations/buckets.ts'
import { deleteObjects } from './operations/delete-objects.ts'
import { listObjects, listObjectsV2, listObjectVersions } from './operations/list.ts'
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
  listMultipartUploads,
  listParts,
  uploadPart,
} from './operations/multipart.ts'
import { getObject, headObject, overrideNames } from './operations/read-object.ts'
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from './operations/tagging.ts'
import { copyObject, deleteObject, putObject } from './operations/write-object.ts'

/** An operation of S3: how a request for it looks, and what it may say. */
export interface S3Operation {
  readonly name: string
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** What the path names. */
  readonly level: 'account' | 'bucket' | 'object'
  /** The query parameter, or the header, that tells it from others of the same method and level. */
  readonly marker?: { readonly query: string; readonly value?: string } | { readonly header: string }
  /** Further query parameters that it understands. */
  readonly query?: readonly string[]
  /** The conditional, range and `x-amz-` headers that it understands. */
  readonly headers?: readonly string[]
  /** The IAM actions that it needs; of a version, other ones. */
  readonly permissions: (versioned: boolean) => readonly string[]
  readonly run: (call: S3Call) => Promise<S3Answer>
}

const listing = ['prefix', 'delimiter', 'max-keys', 'encoding-type'] as const
const checksums = checksumAlgorithms.map(checksumHeader)
const bodyHeaders = ['content-md5', 'x-amz-sdk-checksum-algorithm', ...checksums] as const
const writeConditions = ['if-match', 'if-none-match'] as const
const readHeaders = [
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'range',
  'x-amz-checksum-mode',
] as const
const always =
  (...permissions: readonly string[]) =>
  () =>
    permissions
const byVersion = (plain: string, versioned: string) => (isVersioned: boolean) => [isVersioned ? versioned : plain]

/** Everything that S3 does here; what is not in the table is refused by name. */
const s3Operations: readonly S3Operation[] = [
  {
    name: 'ListBuckets',
    method: 'GET',
    level: 'account',
    permissions: always('s3:ListAllMyBuckets'),
    run: listBuckets,
  },
  {
    name: 'CreateBucket',
    method: 'PUT',
    level: 'bucket',
    headers: [...bodyHeaders, 'x-amz-acl', 'x-amz-object-ownership', 'x-amz-bucket-object-lock-enabled'],
    permissions: always('s3:CreateBucket'),
    run: createBucket,
  },
  {
    name: 'DeleteBucket',
    method: 'DELETE',
    level: 'bucket',
    permissions: always('s3:DeleteBucket'),
    run: deleteBucket,
  },
  { name: 'HeadBucket', method: 'HEAD', level: 'bucket', permissions: always('s3:ListBucket'), run: headBucket },
  {
    name: 'GetBucketLocation',
    method: 'GET',
    level: 'bucket',
    marker: { query: 'location' },
    permissions: always('s3:GetBucketLocation'),
    run: getBucketLocation,
  },
  {
    name: 'GetBucketVersioning',
    method: 'GET',
    level: 'bucket',
    marker: { query: 'versioning' },
    permissions: always('s3:GetBucketVersioning'),
    run: getBucketVersioning,
  },
  {
    name: 'PutBucketVersioning',
    method: 'PUT',
    level: 'bucket',
    marker: { query: 'versioning' },
    headers: bodyHeaders,
    permissions: always('s3:PutBucketVersioning'),
    run: putBucketVersioning,
  },
  {
    name: 'ListObjectsV2',
    method: 'GET',
    level: 'bucket',
    marker: { query: 'list-type', value: '2' },
    query: [...listing, 'continuation-token', 'start-after', 'fetch-owner'],
    permissions: always('s3:ListBucket'),
    run: listObjectsV2,
  },
  {
    name: 'ListObjectVersions',
    method: 'GET',
    level: 'bucket',
    marker: { query: 'versions' },
    query: [...listing, 'key-marker', 'version-id-marker'],
    permissions: always('s3:ListBucketVersions'),
    run: listObjectVersions,
  },
  {
    name: 'ListMultipartUploads',
    method: 'GET',
    level: 'bucket',
    marker: { query: 'uploads' },
    query: ['prefix'],
    permissions: always('s3:ListBucketMultipartUploads'),
    run: listMultipartUploads,
  },
  {
    name: 'ListObjects',
    method: 'GET',
    level: 'bucket',
    query: [...listing, 'marker'],
    permissions: always('s3:ListBucket'),
    run: listObjects,
  },
  {
    name: 'DeleteObjects',
    method: 'POST',
    level: 'bucket',
    marker: { query: 'delete' },
    headers: bodyHeaders,
    permissions: always('s3:DeleteObject'),
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
      'x-amz-copy-source-if-match',
      'x-amz-copy-source-if-none-match',
    ],
    permissions: always('s3:GetObject', 's3:PutObject'),
    run: copyObject,
  },
  {
    name: 'UploadPart',
    method: 'PUT',
    level: 'object',
    marker: { query: 'uploadId' },
    query: ['partNumber'],
    headers: bodyHeaders,
    permissions: always('s3:PutObject'),
    run: uploadPart,
  },
  {
    name: 'PutObjectTagging',
    method: 'PUT',
    level: 'object',
    marker: { query: 'tagging' },
    query: ['versionId'],
    headers: bodyHeaders,
    permissions: byVersion('s3:PutObjectTagging', 's3:PutObjectVersionTagging'),
    run: putObjectTagging,
  },
  {
    name: 'PutObject',
    method: 'PUT',
    level: 'object',
    headers: [...bodyHeaders, ...objectHeaderNames, ...writeConditions],
    permissions: always('s3:PutObject'),
    run: putObject,
  },
  {
    name: 'GetObjectTagging',
    method: 'GET',
    level: 'object',
    marker: { query: 'tagging' },
    query: ['versionId'],
    permissions: byVersion('s3:GetObjectTagging', 's3:GetObjectVersionTagging'),
    run: getObjectTagging,
  },
  {
    name: 'ListParts',
    method: 'GET',
    level: 'object',
    marker: { query: 'uploadId' },
    query: ['max-parts', 'part-number-marker'],
    permissions: always('s3:ListMultipartUploadParts'),
    run: listParts,
  },
  {
    name: 'GetObject',
    method: 'GET',
    level: 'object',
    query: ['versionId', ...overrideNames],
    headers: readHeaders,
    permissions: byVersion('s3:GetObject', 's3:GetObjectVersion'),
    run: getObject,
  },
  {
    name: 'HeadObject',
    method: 'HEAD',
    level: 'object',
    query: ['versionId', ...overrideNames],
    headers: readHeaders,
    permissions: byVersion('s3:GetObject', 's3:GetObjectVersion'),
    run: headObject,
  },
  {
    name: 'CreateMultipartUpload',
    method: 'POST',
    level: 'object',
    marker: { query: 'uploads' },
    headers: [...objectHeaderNames, 'x-amz-checksum-algorithm', 'x-amz-checksum-type'],
    permissions: always('s3:PutObject'),
    run: createMultipartUpload,
  },
  {
    name: 'CompleteMultipartUpload',
    method: 'POST',
    level: 'object',
    marker: { query: 'uploadId' },
    headers: [...checksums, ...writeConditions, 'x-amz-checksum-type', 'x-amz-mp-object-size'],
    permissions: always('s3:PutObject'),
    run: completeMultipartUpload,
  },
  {
    name: 'AbortMultipartUpload',
    method: 'DELETE',
    level: 'object',
    marker: { query: 'uploadId' },
    permissions: always('s3:AbortMultipartUpload'),
    run: abortMultipartUpload,
  },
  {
    name: 'DeleteObjectTagging',
    method: 'DELETE',
    level: 'object',
    marker: { query: 'tagging' },
    query: ['versionId'],
    permissions: byVersion('s3:DeleteObjectTagging', 's3:DeleteObjectVersionTagging'),
    run: deleteObjectTagging,
  },
  {
    name: 'DeleteObject',
    method: 'DELETE',
    level: 'object',
    query: ['versionId'],
    headers: ['if-match'],
    permissions: byVersion('s3:DeleteObject', 's3:DeleteObjectVersion'),
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
  const marked = candidates.find(({ marker }) => {
    if (!marker) return false
    if ('header' in marker) return request.headerNames.includes(marker.header) && !request.query.has('uploadId')
    const value = request.query.get(marker.query)
    return value !== undefined && (marker.value === undefined || marker.value === value)
  })
  return marked ?? candidates.find(({ marker }) => marker === undefined)
}

/** The first thing in a request that its operation does not understand and that is more than plumbing. */
export function findUnsupported(
  operation: S3Operation,
  query: ReadonlyMap<string, string>,
  headerNames: readonly string[],
): string | undefined {
  const { marker } = operation
  const markerQuery = marker && 'query' in marker ? marker.query : undefined
  const markerHeader = marker && 'header' in marker ? marker.header : undefined
  const parameter = [...query.keys()].find(
    (name) => name !== markerQuery && !operation.query?.includes(name) && !isPlumbingParameter(name),
  )
  if (parameter !== undefined) return `the query parameter ${parameter} of ${operation.name}`
  const header = headerNames.find(
    (name) =>
      (conditional.has(name) || name.startsWith('x-amz-')) &&
      !name.startsWith('x-amz-meta-') &&
      name !== markerHeader &&
      !plumbing.has(name) &&
      !operation.headers?.includes(name),
  )
  return header === undefined ? undefined : `the header ${header} of ${operation.name}`
}
