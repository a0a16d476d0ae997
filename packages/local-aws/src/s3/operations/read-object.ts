import { bucketArn, eTagsIn, httpDate, partNumberIn, requireBucket, type S3Answer, type S3Call } from '../call.ts'
import { S3Fault, s3Faults } from '../fault.ts'
import type { Bucket, ObjectVersion } from '../model.ts'
import { checksumHeaders, describeObject, versionHeader } from '../object-headers.ts'
import { newestVersion } from '../state.ts'

/** A version id of the form that this server gives out, or `null`. */
export function requireVersionId(versionId: string): string {
  if (!/^(?:null|[A-Za-z0-9._]{32})$/.test(versionId)) {
    throw s3Faults.invalidArgument('Invalid version id specified', 'versionId', versionId)
  }
  return versionId
}

/** The version that the request means: the newest, or the one that `versionId` names. */
export function findVersion(call: S3Call): { readonly bucket: Bucket; readonly object: ObjectVersion } {
  const bucket = requireBucket(call)
  const versionId = call.query.get('versionId')
  if (versionId === undefined) {
    const newest = newestVersion(bucket, call.key)
    if (newest?.kind === 'object') return { bucket, object: newest }
    requireToKnow(call)
    throw s3Faults.noSuchKey(
      call.key,
      newest ? { 'x-amz-delete-marker': 'true', ...versionHeader(bucket, newest.versionId) } : {},
    )
  }
  const version = bucket.versions.get(call.key)?.find((other) => other.versionId === requireVersionId(versionId))
  if (!version) {
    requireVersionId(versionId)
    requireToKnow(call)
    throw s3Faults.noSuchVersion(call.key, versionId)
  }
  if (version.kind === 'object') return { bucket, object: version }
  throw new S3Fault(
    'MethodNotAllowed',
    'The specified method is not allowed against this resource.',
    405,
    { Method: 'GET', ResourceType: 'DeleteMarker' },
    {
      'x-amz-delete-marker': 'true',
      allow: 'DELETE',
      'last-modified': httpDate(version.modifiedMs),
      ...versionHeader(bucket, version.versionId),
    },
  )
}

/**
 * Whoever may not list a bucket is not told what is missing in it:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
function requireToKnow(call: S3Call): void {
  if (!call.mayAccess({ action: 's3:ListBucket', resource: bucketArn(call.bucketName) })) throw s3Faults.accessDenied()
}

export async function getObject(call: S3Call): Promise<S3Answer> {
  const { object, answer, range } = prepareRead(call)
  if (!range) return answer
  return { ...answer, body: call.state.files.read(object.segments, range) }
}

export async function headObject(call: S3Call): Promise<S3Answer> {
  return prepareRead(call).answer
}

interface ByteRange {
  readonly start: number
  readonly end: number
}

function prepareRead(call: S3Call): {
  readonly object: ObjectVersion
  readonly answer: S3Answer
  /** `undefined` where the answer has no body. */
  readonly range: ByteRange | undefined
} {
  const { bucket, object } = findVersion(call)
  const description = describeObject(bucket, object)
  if (isUnchanged(call, object)) {
    const { 'content-type': _type, ...headers } = description
    return { object, answer: { status: 304, headers }, range: undefined }
  }
  const part = readPart(call, object)
  const wanted = part?.range ?? readRange(call.header('range'), object.sizeBytes)
  const range = wanted ?? { start: 0, end: object.sizeBytes - 1 }
  const mode = call.header('x-amz-checksum-mode')
  if (mode !== undefined && mode.toUpperCase() !== 'ENABLED')
    throw s3Faults.notImplemented(`x-amz-checksum-mode: ${mode}`)
  return {
    object,
    range,
    answer: {
      status: wanted ? 206 : 200,
      headers: {
        ...description,
        // A checksum of the whole object says nothing about a part of it.
        ...(mode !== undefined && !wanted ? checksumHeaders(object.checksum) : {}),
        ...(part?.count ? { 'x-amz-mp-parts-count': String(part.count) } : {}),
        ...overrides(call),
        'content-length': String(range.end - range.start + 1),
        ...(wanted ? { 'content-range': `bytes ${range.start}-${range.end}/${object.sizeBytes}` } : {}),
      },
    },
  }
}

/** The bytes of the part that `partNumber` asks for; an object that was put whole is its own first part. */
function readPart(
  call: S3Call,
  { parts = [], sizeBytes }: ObjectVersion,
): { readonly range: ByteRange | undefined; readonly count: number } | undefined {
  const text = call.query.get('partNumber')
  if (text === undefined) return undefined
  if (call.header('range') !== undefined) {
    throw s3Faults.invalidRequest('Cannot specify both Range header and partNumber query parameter')
  }
  const number = partNumberIn(text)
  if (parts.length === 0 && number === 1) return { range: undefined, count: 0 }
  const index = parts.findIndex((part) => part.number === number)
  const part = parts[index]
  if (!part) {
    throw new S3Fault('InvalidPartNumber', 'The requested partnumber is not satisfiable', 416, {
      ActualPartCount: String(Math.max(parts.length, 1)),
      PartNumberRequested: text,
    })
  }
  const start = parts.slice(0, index).reduce((sum, before) => sum + before.sizeBytes, 0)
  // An empty part has no range; only a whole object can be empty.
  return part.sizeBytes === 0 && sizeBytes === 0
    ? { range: undefined, count: parts.length }
    : { range: { start, end: start + part.sizeBytes - 1 }, count: parts.length }
}

/** The query parameters by which the caller chooses headers of the answer. */
export const overrideNames = [
  'response-cache-control',
  'response-content-disposition',
  'response-content-encoding',
  'response-content-language',
  'response-content-type',
  'response-expires',
] as const

function overrides(call: S3Call): Record<string, string> {
  return Object.fromEntries(
    overrideNames.flatMap((name) => {
      const value = call.query.get(name)
      if (value === undefined) return []
      if (!/^[\x20-\x7e]*$/.test(value)) throw s3Faults.invalidArgument('Header value is not valid', name, value)
      return [[name.slice('response-'.length), value] as const]
    }),
  )
}

/** Applies the conditions of a read in the order of RFC 9110, section 13.2.2: true where the caller has it already. */
function isUnchanged(call: S3Call, object: ObjectVersion): boolean {
  const [match, noneMatch] = [call.header('if-match'), call.header('if-none-match')]
  const holds = (tags: string) => eTagsIn(tags).some((tag) => tag === '*' || tag === object.eTag)
  const modifiedMs = Math.floor(object.modifiedMs / 1000) * 1000
  if (match !== undefined) {
    if (!holds(match)) throw s3Faults.preconditionFailed('If-Match')
  } else {
    const unmodifiedSince = Date.parse(call.header('if-unmodified-since') ?? '')
    if (modifiedMs > unmodifiedSince) throw s3Faults.preconditionFailed('If-Unmodified-Since')
  }
  if (noneMatch !== undefined) return holds(noneMatch)
  const modifiedSince = Date.parse(call.header('if-modified-since') ?? '')
  return modifiedMs <= modifiedSince
}

/** The one range that S3 answers; several, or something else, mean the whole object. */
function readRange(value: string | undefined, sizeBytes: number): ByteRange | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(value ?? '')
  if (!match || (match[1] === '' && match[2] === '')) return undefined
  const [first, last] = [match[1] ?? '', match[2] ?? '']
  const start = first === '' ? Math.max(sizeBytes - Number(last), 0) : Number(first)
  const end = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1)
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined
  if (start >= sizeBytes || (first === '' && Number(last) === 0)) {
    throw new S3Fault(
      'InvalidRange',
      'The requested range is not satisfiable',
      416,
      { RangeRequested: value ?? '', ActualObjectSize: String(sizeBytes) },
      { 'content-range': `bytes */${sizeBytes}` },
    )
  }
  return { start, end }
}
