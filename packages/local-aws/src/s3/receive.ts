import { readSmallBody, type Body } from '../body.ts'
import {
  algorithmOfHeader,
  checksumAlgorithms,
  checksumHeader,
  digestOf,
  isDigestText,
  type ChecksumAlgorithm,
} from '../checksum/checksums.ts'
import { putLimitBytes, xmlLimitBytes } from '../limits.ts'
import type { Segment } from '../ports/object-files.ts'
import { parseXml, type XmlValue } from '../ports/xml-parser.ts'
import type { S3Call } from './call.ts'
import { S3Fault, s3Faults } from './fault.ts'

/** What was received: its bytes are on disk, and every checksum that came with them holds. */
export interface Received {
  readonly segment: Segment
  readonly md5: Buffer
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly value: string } | undefined
}

interface Announced {
  readonly algorithm: ChecksumAlgorithm
  /** In base64; `undefined` where it follows in the trailer. */
  readonly value: string | undefined
}

/**
 * Receives a body into a file and verifies Content-MD5 and the flexible checksum of header or trailer. A body that came
 * without one gets that of the algorithm `otherwise`, if there is one.
 */
export async function receiveBody(
  call: S3Call,
  { otherwise }: { readonly otherwise?: ChecksumAlgorithm } = {},
): Promise<Received> {
  const announced = announcedChecksum(call)
  const algorithm = announced?.algorithm ?? otherwise
  const contentMd5 = announcedMd5(call)
  if (call.declaredBytes === undefined) {
    throw new S3Fault('MissingContentLength', 'You must provide the Content-Length HTTP header.', 411)
  }
  if (call.declaredBytes > putLimitBytes) throw tooLarge(call.declaredBytes)
  const { segment, digests } = await call.state.files.write(requireSize(call.body, call.declaredBytes), {
    digests: algorithm ? ['MD5', algorithm] : ['MD5'],
    sizeBytes: call.declaredBytes,
  })
  try {
    const [md5 = Buffer.alloc(0), actual] = digests
    requireMd5(contentMd5, md5)
    if (announced && actual) return { segment, md5, checksum: verifyChecksum(announced, actual, call) }
    return { segment, md5, checksum: algorithm && actual && { algorithm, value: actual.toString('base64') } }
  } catch (error) {
    await call.state.files.remove([segment])
    throw error
  }
}

/** Receives a small body, its checksums verified too; `undefined` where it is larger than the limit. */
export async function receiveSmall(
  call: S3Call,
  limitBytes: number,
  options: { readonly checksumRequired?: boolean } = {},
): Promise<Buffer | undefined> {
  const announced = announcedChecksum(call)
  const contentMd5 = announcedMd5(call)
  if (options.checksumRequired && !announced && contentMd5 === undefined) {
    throw s3Faults.invalidRequest('Missing required header for this request: Content-MD5 OR x-amz-checksum-*')
  }
  const bytes = await readSmallBody(call.body, limitBytes)
  if (!bytes) return undefined
  requireMd5(contentMd5, digestOf('MD5', bytes))
  if (announced) verifyChecksum(announced, digestOf(announced.algorithm, bytes), call)
  return bytes
}

/** Receives the small XML document of a request; `{}` where there is none. */
export async function receiveXml(
  call: S3Call,
  root: string,
  options: { readonly checksumRequired?: boolean } = {},
): Promise<XmlValue> {
  const bytes = await receiveSmall(call, xmlLimitBytes, options)
  if (!bytes) throw s3Faults.malformedXml()
  if (bytes.length === 0) return {}
  const document = await parseXml(bytes.toString('utf8'))
  const element = document?.[root]
  if (!document || !Array.isArray(element)) throw s3Faults.malformedXml()
  return (element as readonly XmlValue[])[0] ?? {}
}

function announcedChecksum(call: S3Call): Announced | undefined {
  const sent = call.headerNames.flatMap((name) => {
    const algorithm = algorithmOfHeader(name)
    return algorithm ? [{ algorithm, value: call.header(name) ?? '' }] : []
  })
  const trailing = (call.header('x-amz-trailer') ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '')
    .map((name) => {
      const algorithm = algorithmOfHeader(name)
      if (!algorithm) throw s3Faults.notImplemented(`the trailing header ${name}`)
      return { algorithm, value: undefined }
    })
  const all = [...sent, ...trailing]
  if (all.length > 1) {
    throw s3Faults.invalidRequest('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.')
  }
  const [announced] = all
  if (announced?.value !== undefined && !isDigestText(announced.algorithm, announced.value)) {
    throw s3Faults.invalidRequest(`Value for ${checksumHeader(announced.algorithm)} header is invalid.`)
  }
  const wanted = call.header('x-amz-sdk-checksum-algorithm')?.toUpperCase()
  if (wanted === undefined) return announced
  if (!(checksumAlgorithms as readonly string[]).includes(wanted)) {
    throw s3Faults.notImplemented(`the checksum algorithm ${wanted}`)
  }
  if (announced?.algorithm !== wanted && call.header('content-md5') === undefined) {
    throw s3Faults.invalidRequest(
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    )
  }
  return announced
}

function verifyChecksum(
  { algorithm, value }: Announced,
  actual: Buffer,
  call: S3Call,
): { readonly algorithm: ChecksumAlgorithm; readonly value: string } {
  const claimed = value ?? call.trailer.get(checksumHeader(algorithm))
  if (claimed === undefined) {
    throw new S3Fault(
      'MalformedTrailerError',
      'The request contained trailing data that was not well-formed or did not conform to our published schema.',
      400,
    )
  }
  if (claimed !== actual.toString('base64')) {
    throw s3Faults.badDigest(`The ${algorithm} you specified did not match the calculated checksum.`)
  }
  return { algorithm, value: claimed }
}

function announcedMd5(call: S3Call): string | undefined {
  const value = call.header('content-md5')
  if (value !== undefined && !isDigestText('MD5', value)) {
    throw new S3Fault('InvalidDigest', 'The Content-MD5 you specified was invalid.', 400, { 'Content-MD5': value })
  }
  return value
}

function requireMd5(claimed: string | undefined, actual: Buffer): void {
  if (claimed !== undefined && claimed !== actual.toString('base64')) {
    throw s3Faults.badDigest('The Content-MD5 you specified did not match what we received.')
  }
}

/** The same body; ends with a fault where it has more or fewer bytes than the request says. */
function requireSize(body: Body, declaredBytes: number): Body {
  return {
    pour: async (take) => {
      let sizeBytes = 0
      await body.pour((piece) => {
        sizeBytes += piece.length
        if (sizeBytes > declaredBytes) throw incomplete(declaredBytes, sizeBytes)
        return take(piece)
      })
      if (sizeBytes < declaredBytes) throw incomplete(declaredBytes, sizeBytes)
    },
  }
}

function tooLarge(sizeBytes: number): S3Fault {
  return new S3Fault('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', 400, {
    ProposedSize: String(sizeBytes),
    MaxSizeAllowed: String(putLimitBytes),
  })
}

function incomplete(declared: number, received: number): S3Fault {
  return new S3Fault(
    'IncompleteBody',
    'You did not provide the number of bytes specified by the Content-Length HTTP header',
    400,
    { NumberBytesExpected: String(declared), NumberBytesReceived: String(received) },
  )
}
