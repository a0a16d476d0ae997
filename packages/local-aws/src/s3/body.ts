import { createHash } from 'node:crypto'
import { ChunkSignatureError, FramingError, startDecoder, type DecodeOptions } from '../aws-chunked/decode.ts'
import type { Body, TakePiece } from '../body.ts'
import { header, type HttpRequest } from '../http.ts'
import type { SignatureClaim } from '../sigv4/canonical.ts'
import { sameText } from '../sigv4/verify.ts'
import { S3Fault, s3Faults } from './fault.ts'

/** How `x-amz-content-sha256` says that the body is protected. */
export type PayloadForm =
  | { readonly kind: 'hashed'; readonly sha256: string }
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'chunked'; readonly signed: boolean; readonly hasTrailer: boolean }

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html */
export function readPayloadForm(value: string): PayloadForm {
  switch (value) {
    case 'UNSIGNED-PAYLOAD':
      return { kind: 'unsigned' }
    case 'STREAMING-UNSIGNED-PAYLOAD-TRAILER':
      return { kind: 'chunked', signed: false, hasTrailer: true }
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD':
      return { kind: 'chunked', signed: true, hasTrailer: false }
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER':
      return { kind: 'chunked', signed: true, hasTrailer: true }
    default:
      if (/^[0-9a-f]{64}$/.test(value)) return { kind: 'hashed', sha256: value }
      throw s3Faults.invalidArgument(
        'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.',
        'x-amz-content-sha256',
        value,
      )
  }
}

export interface OpenedBody {
  readonly body: Body
  readonly trailer: ReadonlyMap<string, string>
  readonly declaredBytes: number | undefined
}

/** The body without its framing; ends with a fault where it is not the one that was signed. */
export function openBody(
  request: HttpRequest,
  form: PayloadForm,
  signing: { readonly key: Uint8Array; readonly claim: SignatureClaim },
): OpenedBody {
  const trailer = new Map<string, string>()
  const length = header(request, form.kind === 'chunked' ? 'x-amz-decoded-content-length' : 'content-length')
  const declaredBytes = length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined
  switch (form.kind) {
    case 'unsigned':
      return { body: request.body, trailer, declaredBytes }
    case 'hashed':
      return { body: verifyHash(request.body, form.sha256), trailer, declaredBytes }
    case 'chunked':
      return {
        body: decodeChunks(request.body, {
          signing: form.signed ? signing : undefined,
          hasTrailer: form.hasTrailer,
          onTrailer: (name, value) => void trailer.set(name, value),
        }),
        trailer,
        declaredBytes,
      }
  }
}

function verifyHash(body: Body, claimed: string): Body {
  return {
    pour: async (take) => {
      const hash = createHash('sha256')
      await body.pour((piece) => {
        hash.update(piece)
        return take(piece)
      })
      requireHash(claimed, hash.digest('hex'))
    },
  }
}

function requireHash(claimed: string, actual: string): void {
  if (sameText(actual, claimed)) return
  throw new S3Fault(
    'XAmzContentSHA256Mismatch',
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
    400,
    { ClientComputedContentSHA256: claimed, S3ComputedContentSHA256: actual },
  )
}

function decodeChunks(body: Body, options: DecodeOptions): Body {
  return {
    pour: async (take) => {
      const decoder = startDecoder(options)
      await body.pour((piece) =>
        takeAll(
          translateFaults(() => decoder.decode(piece)),
          take,
        ),
      )
      translateFaults(decoder.end)
    },
  }
}

/** The pieces are at hand: only the next ones wait. */
function takeAll(pieces: readonly Buffer[], take: TakePiece): Promise<void> | undefined {
  let pause: Promise<void> | undefined
  for (const piece of pieces) pause = take(piece) ?? pause
  return pause
}

function translateFaults<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (error instanceof ChunkSignatureError) throw signatureDoesNotMatch()
    if (!(error instanceof FramingError)) throw error
    throw new S3Fault('IncompleteBody', `The request body terminated unexpectedly: ${error.message}`, 400)
  }
}

export function signatureDoesNotMatch(): S3Fault {
  return new S3Fault(
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    403,
  )
}
