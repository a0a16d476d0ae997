import { bodyOfStream } from '../../body.ts'
import {
  compositeChecksum,
  defaultChecksum,
  startDigest,
  type ChecksumAlgorithm,
  type ChecksumType,
  checksumAlgorithms,
  checksumHeader,
} from '../../checksum/checksums.ts'
import { listLimit, partFloorBytes, partNumberLimit } from '../../limits.ts'
import { childrenOf, namesIn, textOf, type XmlValue } from '../../ports/xml-parser.ts'
import {
  countInQuery,
  isoSeconds,
  partNumberIn,
  requireBucket,
  xmlHeaders,
  type S3Answer,
  type S3Call,
} from '../call.ts'
import { S3Fault, s3Faults } from '../fault.ts'
import type { Bucket, MultipartUpload, StoredChecksum, UploadPart } from '../model.ts'
import { encryptionHeaders, readObjectHeaders, versionHeader } from '../object-headers.ts'
import { compareKeys } from '../order.ts'
import { receiveBody, receiveXml, type Received } from '../receive.ts'
import { writeXml, type XmlNode } from '../xml.ts'
import { readEncoding } from './list.ts'
import { findCopySource, readChecksumAlgorithm, readWriteCondition, requireKeyLength } from './write-object.ts'

export async function createMultipartUpload(call: S3Call): Promise<S3Answer> {
  const bucket = requireBucket(call)
  requireKeyLength(call.key)
  const checksumAlgorithm = readChecksumAlgorithm(call)
  const upload = call.state.beginUpload(bucket, {
    ...readObjectHeaders(call),
    key: call.key,
    checksumAlgorithm,
    checksumType: readChecksumType(call, checksumAlgorithm),
  })
  return {
    status: 200,
    headers: {
      ...xmlHeaders,
      ...encryptionHeaders(upload.system),
      ...(upload.checksumAlgorithm ? { 'x-amz-checksum-algorithm': upload.checksumAlgorithm } : {}),
      ...(upload.checksumType ? { 'x-amz-checksum-type': upload.checksumType } : {}),
    },
    body: writeXml('InitiateMultipartUploadResult', [
      ['Bucket', bucket.name],
      ['Key', call.key],
      ['UploadId', upload.id],
    ]),
  }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html: which type goes with which. */
function readChecksumType(call: S3Call, algorithm: ChecksumAlgorithm | undefined): ChecksumType | undefined {
  const wanted = call.header('x-amz-checksum-type')?.toUpperCase()
  if (wanted !== undefined && wanted !== 'COMPOSITE' && wanted !== 'FULL_OBJECT') {
    throw s3Faults.invalidRequest('Value for x-amz-checksum-type header is invalid.')
  }
  if (!algorithm) {
    if (wanted === undefined) return undefined
    throw s3Faults.invalidRequest(
      'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
    )
  }
  const type = wanted ?? (algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE')
  const impossible = type === 'FULL_OBJECT' ? algorithm.startsWith('SHA') : algorithm === 'CRC64NVME'
  if (impossible) {
    throw s3Faults.invalidRequest(
      `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    )
  }
  return type
}

export async function uploadPart(call: S3Call): Promise<S3Answer> {
  const upload = requireUpload(call)
  const number = partNumberIn(call.query.get('partNumber') ?? '')
  const received = await receiveBody(call)
  const { checksum } = received
  const mismatch =
    upload.checksumAlgorithm && upload.checksumType === 'COMPOSITE' && checksum?.algorithm !== upload.checksumAlgorithm
  const part = await addPart(call, upload, number, received, () => {
    if (!mismatch) return
    throw s3Faults.invalidRequest(
      `Checksum Type mismatch occurred, expected checksum Type: ${upload.checksumAlgorithm?.toLowerCase() ?? 'null'}, actual checksum Type: ${checksum?.algorithm.toLowerCase() ?? 'null'}`,
    )
  })
  return {
    status: 200,
    headers: {
      etag: `"${part.eTag}"`,
      ...encryptionHeaders(upload.system),
      ...(checksum ? { [checksumHeader(checksum.algorithm)]: checksum.value } : {}),
    },
  }
}

/** Adds a part that was received, or throws its bytes away where it cannot belong to the upload any more. */
async function addPart(
  call: S3Call,
  upload: MultipartUpload,
  number: number,
  { segment, md5, checksum }: Received,
  requireFit: () => void = () => {},
): Promise<UploadPart> {
  try {
    if (!isOpen(call, upload)) throw s3Faults.noSuchUpload(upload.id)
    requireFit()
  } catch (error) {
    await call.state.files.remove([segment])
    throw error
  }
  const replaced = upload.parts.get(number)
  const part: UploadPart = {
    number,
    eTag: md5.toString('hex'),
    sizeBytes: segment.sizeBytes,
    modifiedMs: call.state.nowMs(),
    segment,
    checksum,
  }
  upload.parts.set(number, part)
  if (replaced) await call.state.files.remove([replaced.segment])
  return part
}

/** A part whose bytes are those of an object, or a range of it. */
export async function uploadPartCopy(call: S3Call): Promise<S3Answer> {
  const upload = requireUpload(call)
  const number = partNumberIn(call.query.get('partNumber') ?? '')
  const source = findCopySource(call)
  const range = copyRange(call.header('x-amz-copy-source-range'), source.object.sizeBytes)
  const { checksumAlgorithm: algorithm } = upload
  const { segment, digests } = await call.state.files.write(
    bodyOfStream(call.state.files.read(source.object.segments, range)),
    { digests: algorithm ? ['MD5', algorithm] : ['MD5'], sizeBytes: range.end - range.start + 1 },
  )
  const [md5 = Buffer.alloc(0), actual] = digests
  const checksum = algorithm && actual && { algorithm, value: actual.toString('base64') }
  const part = await addPart(call, upload, number, { segment, md5, checksum })
  return {
    status: 200,
    headers: {
      ...xmlHeaders,
      ...encryptionHeaders(upload.system),
      ...(source.bucket.versioning ? { 'x-amz-copy-source-version-id': source.object.versionId } : {}),
    },
    body: writeXml('CopyPartResult', [
      ['LastModified', isoSeconds(part.modifiedMs)],
      ['ETag', `"${part.eTag}"`],
      part.checksum && [`Checksum${part.checksum.algorithm}`, part.checksum.value],
    ]),
  }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html: both ends stand there, and lie in the source. */
function copyRange(text: string | undefined, sizeBytes: number): { readonly start: number; readonly end: number } {
  if (text === undefined) return { start: 0, end: sizeBytes - 1 }
  const match = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(text)
  const [start, end] = [Number(match?.[1] ?? Number.NaN), Number(match?.[2] ?? Number.NaN)]
  if (!(start <= end)) {
    throw s3Faults.invalidArgument(
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
      'x-amz-copy-source-range',
      text,
    )
  }
  if (end < sizeBytes) return { start, end }
  throw s3Faults.invalidArgument(
    `Range specified is not valid for source object of size: ${sizeBytes}`,
    'x-amz-copy-source-range',
    text,
  )
}

export async function completeMultipartUpload(call: S3Call): Promise<S3Answer> {
  const bucket = requireBucket(call)
  const upload = requireUpload(call)
  const condition = readWriteCondition(call)
  const request = await receiveXml({ ...call, headerNames: [] }, 'CompleteMultipartUpload')
  const parts = chooseParts(upload, request)
  const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0)
  const declaredSize = call.header('x-amz-mp-object-size')
  if (declaredSize !== undefined && declaredSize !== String(sizeBytes)) {
    throw s3Faults.invalidRequest(
      `The provided 'x-amz-mp-object-size' header value ${declaredSize} does not match what was computed: ${sizeBytes}`,
    )
  }
  const checksum = await checksumOfParts(call, upload, parts)
  requireClaimedChecksum(call, checksum)
  const write = call.state.beginWrite(bucket, upload.key, condition)
  // From here on nobody else completes or adds to it; a refusal puts it back.
  if (!bucket.uploads.delete(upload.id)) throw s3Faults.noSuchUpload(upload.id)
  const segments = parts.map(({ segment }) => segment)
  const version = await call.state
    .commitWrite(bucket, write, condition, {
      key: upload.key,
      system: upload.system,
      user: upload.user,
      tags: upload.tags,
      sizeBytes,
      eTag: `${compositeChecksum(
        'MD5',
        parts.map(({ eTag }) => Buffer.from(eTag, 'hex')),
      ).toString('hex')}-${parts.length}`,
      checksum,
      segments,
      partCount: parts.length,
      parts: parts.map(({ number, sizeBytes, checksum: own }) => ({
        number,
        sizeBytes,
        checksum: own?.algorithm === checksum.algorithm ? own.value : undefined,
      })),
    })
    .finally(() => call.state.abandonWrite(bucket, write))
  const unused = [...upload.parts.values()].filter((part) => !parts.includes(part))
  await call.state.files.remove(unused.map(({ segment }) => segment))
  return {
    status: 200,
    headers: { ...xmlHeaders, ...encryptionHeaders(upload.system), ...versionHeader(bucket, version.versionId) },
    body: writeXml('CompleteMultipartUploadResult', [
      ['Location', `/${bucket.name}/${upload.key}`],
      ['Bucket', bucket.name],
      ['Key', upload.key],
      ['ETag', `"${version.eTag}"`],
      [`Checksum${checksum.algorithm}`, checksum.value],
      ['ChecksumType', checksum.type],
    ]),
  }
}

function chooseParts(upload: MultipartUpload, request: XmlValue): readonly UploadPart[] {
  const listed = childrenOf(request, 'Part')
  if (listed.length === 0) throw s3Faults.malformedXml()
  const numbers = listed.map((element) => {
    const known = ['PartNumber', 'ETag', ...checksumAlgorithms.map((algorithm) => `Checksum${algorithm}`)]
    const unknown = namesIn(element).find((name) => !known.includes(name))
    if (unknown !== undefined) throw s3Faults.notImplemented(`CompleteMultipartUpload/Part/${unknown}`)
    const number = Number(textOf(element, 'PartNumber'))
    if (!Number.isInteger(number)) throw s3Faults.malformedXml()
    return number
  })
  if (numbers.some((number, index) => number <= (numbers[index - 1] ?? 0))) {
    throw new S3Fault(
      'InvalidPartOrder',
      'The list of parts was not in ascending order. The parts list must be specified in order by part number.',
      400,
      { UploadId: upload.id },
    )
  }
  const parts = listed.map((element, index) => choosePart(upload, numbers[index] ?? 0, element))
  const small = parts.slice(0, -1).find(({ sizeBytes }) => sizeBytes < partFloorBytes)
  if (small) {
    throw new S3Fault('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', 400, {
      ProposedSize: String(small.sizeBytes),
      MinSizeAllowed: String(partFloorBytes),
      PartNumber: String(small.number),
      ETag: small.eTag,
    })
  }
  return parts
}

function choosePart(upload: MultipartUpload, number: number, element: XmlValue): UploadPart {
  const part = upload.parts.get(number)
  const eTag = (textOf(element, 'ETag') ?? '').replace(/^"(.*)"$/, '$1')
  const claimed = checksumAlgorithms.flatMap((algorithm) => {
    const value = textOf(element, `Checksum${algorithm}`)
    return value === undefined ? [] : [{ algorithm, value }]
  })
  const wrong = claimed.some(
    ({ algorithm, value }) => part?.checksum?.algorithm !== algorithm || part.checksum.value !== value,
  )
  if (!part || part.eTag !== eTag || wrong) {
    throw new S3Fault(
      'InvalidPart',
      "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
      400,
      { UploadId: upload.id, PartNumber: String(number), ETag: eTag },
    )
  }
  if (upload.checksumType === 'COMPOSITE' && claimed.length === 0) {
    throw s3Faults.invalidRequest(
      `The upload was created using a ${upload.checksumAlgorithm?.toLowerCase() ?? ''} checksum. The complete request must include the checksum for each part. It was missing for part ${number} in the request.`,
    )
  }
  return part
}

async function checksumOfParts(
  call: S3Call,
  upload: MultipartUpload,
  parts: readonly UploadPart[],
): Promise<StoredChecksum> {
  // An upload that named no algorithm gets what S3 computes of its own accord.
  const { checksumAlgorithm: algorithm = defaultChecksum, checksumType: type = 'FULL_OBJECT' } = upload
  if (type === 'COMPOSITE') {
    const digests = parts.map(({ checksum }) => Buffer.from(checksum?.value ?? '', 'base64'))
    return { algorithm, type, value: `${compositeChecksum(algorithm, digests).toString('base64')}-${parts.length}` }
  }
  const digest = startDigest(algorithm)
  const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0)
  const segments = parts.map(({ segment }) => segment)
  for await (const piece of call.state.files.read(segments, {
    start: 0,
    end: sizeBytes - 1,
  }) as AsyncIterable<Buffer>) {
    digest.update(piece)
  }
  return { algorithm, type, value: digest.digest().toString('base64') }
}

function requireClaimedChecksum(call: S3Call, checksum: StoredChecksum): void {
  for (const algorithm of checksumAlgorithms) {
    const claimed = call.header(checksumHeader(algorithm))
    if (claimed === undefined) continue
    if (checksum.algorithm !== algorithm) {
      throw s3Faults.invalidRequest(`The upload was not created with the ${algorithm} checksum algorithm.`)
    }
    if (checksum.value !== claimed) {
      throw s3Faults.badDigest(`The ${algorithm} you specified did not match the calculated checksum.`)
    }
  }
}

export async function abortMultipartUpload(call: S3Call): Promise<S3Answer> {
  const bucket = requireBucket(call)
  const upload = requireUpload(call)
  bucket.uploads.delete(upload.id)
  await call.state.files.remove([...upload.parts.values()].map(({ segment }) => segment))
  return { status: 204 }
}

export async function listParts(call: S3Call): Promise<S3Answer> {
  const bucket = requireBucket(call)
  const upload = requireUpload(call)
  const limit = countInQuery(call, 'max-parts', { fallback: listLimit, most: listLimit })
  const after = countInQuery(call, 'part-number-marker', { fallback: 0, most: partNumberLimit })
  const rest = [...upload.parts.values()].filter(({ number }) => number > after).sort((a, b) => a.number - b.number)
  const page = rest.slice(0, limit)
  return {
    status: 200,
    headers: xmlHeaders,
    body: writeXml('ListPartsResult', [
      ['Bucket', bucket.name],
      ['Key', upload.key],
      ['UploadId', upload.id],
      ['PartNumberMarker', after],
      ['NextPartNumberMarker', page.at(-1)?.number ?? after],
      ['MaxParts', limit],
      ['IsTruncated', page.length > 0 && page.length < rest.length],
      ['ChecksumAlgorithm', upload.checksumAlgorithm],
      ['ChecksumType', upload.checksumType],
      ...page.map((part): XmlNode => [
        'Part',
        [
          ['PartNumber', part.number],
          ['LastModified', isoSeconds(part.modifiedMs)],
          ['ETag', `"${part.eTag}"`],
          ['Size', part.sizeBytes],
          part.checksum && [`Checksum${part.checksum.algorithm}`, part.checksum.value],
        ],
      ]),
      ['StorageClass', upload.system['x-amz-storage-class'] ?? 'STANDARD'],
    ]),
  }
}

export async function listMultipartUploads(call: S3Call): Promise<S3Answer> {
  const bucket = requireBucket(call)
  const { encode, encodingType } = readEncoding(call)
  const query = (name: string) => call.query.get(name) ?? ''
  const [prefix, delimiter] = [query('prefix'), query('delimiter')]
  const [keyMarker, uploadIdMarker] = [query('key-marker'), query('upload-id-marker')]
  const limit = countInQuery(call, 'max-uploads', { fallback: listLimit, most: listLimit })
  const commonOf = (key: string) => {
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
    return cut < 0 ? undefined : key.slice(0, cut + delimiter.length)
  }
  const uploads = [...bucket.uploads.values()]
    .filter(({ key }) => key.startsWith(prefix))
    .sort((a, b) => compareKeys(a.key, b.key) || a.startedMs - b.startedMs || (a.id < b.id ? -1 : 1))
  const reached = uploads.findIndex(({ key, id }) => key === keyMarker && id === uploadIdMarker)
  const rest = uploads.filter(({ key }, index) => {
    if (keyMarker === '') return true
    const order = compareKeys(commonOf(key) ?? key, keyMarker)
    // Without the id of an upload, all uploads of the marker's key are behind.
    return order > 0 || (order === 0 && uploadIdMarker !== '' && reached >= 0 && index > reached)
  })
  const prefixes = new Set<string>()
  const page: MultipartUpload[] = []
  let next: { readonly key: string; readonly id: string } | undefined
  let truncated = false
  for (const upload of rest) {
    const common = commonOf(upload.key)
    if (common !== undefined && prefixes.has(common)) continue
    if (page.length + prefixes.size >= limit) {
      truncated = limit > 0
      break
    }
    if (common === undefined) page.push(upload)
    else prefixes.add(common)
    next = common === undefined ? upload : { key: common, id: '' }
  }
  return {
    status: 200,
    headers: xmlHeaders,
    body: writeXml('ListMultipartUploadsResult', [
      ['Bucket', bucket.name],
      ['KeyMarker', encode(keyMarker)],
      ['UploadIdMarker', uploadIdMarker],
      truncated && next ? ['NextKeyMarker', encode(next.key)] : undefined,
      truncated && next ? ['NextUploadIdMarker', next.id] : undefined,
      ['Prefix', encode(prefix)],
      delimiter === '' ? undefined : ['Delimiter', encode(delimiter)],
      ['EncodingType', encodingType],
      ['MaxUploads', limit],
      ['IsTruncated', truncated],
      ...page.map((upload): XmlNode => [
        'Upload',
        [
          ['Key', encode(upload.key)],
          ['UploadId', upload.id],
          ['StorageClass', upload.system['x-amz-storage-class'] ?? 'STANDARD'],
          ['Initiated', isoSeconds(upload.startedMs)],
          ['ChecksumAlgorithm', upload.checksumAlgorithm],
          ['ChecksumType', upload.checksumType],
        ],
      ]),
      ...[...prefixes].map((common): XmlNode => ['CommonPrefixes', [['Prefix', encode(common)]]]),
    ]),
  }
}

function requireUpload(call: S3Call): MultipartUpload {
  const uploadId = call.query.get('uploadId') ?? ''
  const upload = requireBucket(call).uploads.get(uploadId)
  if (!upload || upload.key !== call.key) throw s3Faults.noSuchUpload(uploadId)
  return upload
}

function isOpen(call: S3Call, upload: MultipartUpload): boolean {
  const bucket: Bucket | undefined = call.state.buckets.get(call.bucketName)
  return bucket?.uploads.get(upload.id) === upload
}
