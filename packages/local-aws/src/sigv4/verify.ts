import { timingSafeEqual } from 'node:crypto'
import {
  canonicalRequest,
  signatureOf,
  signingKey,
  stringToSign,
  type SignableRequest,
  type SignatureClaim,
} from './canonical.ts'
import { clockSkewLimitMs, presignLimitSeconds } from '../limits.ts'

/** A key that may sign. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Where the credentials are temporary, as an instance role's are. */
  readonly sessionToken?: string | undefined
}

/** Why a request is refused. Each protocol has its own words for these. */
export type SignatureProblem =
  | 'unsigned'
  | 'malformed'
  | 'wrong-scope'
  | 'unknown-key'
  | 'wrong-token'
  | 'skewed'
  | 'expired'
  | 'header-not-signed'
  | 'mismatch'

export type Verdict =
  | {
      readonly ok: true
      readonly credentials: Credentials
      readonly claim: SignatureClaim
      readonly presigned: boolean
      /** Signs the chunks that follow. */
      readonly signingKey: Uint8Array
    }
  | { readonly ok: false; readonly problem: SignatureProblem; readonly detail: string }

export interface VerifyOptions {
  /** The name of the service in the scope, for example `s3`. */
  readonly service: string
  /** The region that the scope must name, or several. */
  readonly regions: readonly string[]
  /** SHA-256 of the body in hex, or the word that stands for it. */
  readonly payloadHash: string
  readonly findCredentials: (accessKeyId: string) => Credentials | undefined
  /** Milliseconds since 1970. */
  readonly nowMs: number
}

/**
 * Whether a known key signed this very request, by header or by query. Pure.
 * See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function verifySignature(request: SignableRequest, options: VerifyOptions): Verdict {
  const presigned = request.query.some(([name]) => name === 'X-Amz-Signature' || name === 'X-Amz-Algorithm')
  const authorization = request.headers.get('authorization')
  if (!presigned && authorization === undefined) return refuse('unsigned', 'the request carries no signature')
  if (presigned && authorization !== undefined) {
    return refuse('malformed', 'only one of the Authorization header and the X-Amz-Signature parameter is allowed')
  }
  const claim = presigned ? claimOfQuery(request) : claimOfHeader(request)
  if (typeof claim === 'string') return refuse('malformed', claim)
  if (claim.service !== options.service) {
    return refuse('wrong-scope', `the service '${claim.service}' is wrong; expecting '${options.service}'`)
  }
  if (!options.regions.includes(claim.region)) {
    return refuse('wrong-scope', `the region '${claim.region}' is wrong; expecting '${options.regions[0] ?? ''}'`)
  }
  const credentials = options.findCredentials(claim.accessKeyId)
  if (!credentials) return refuse('unknown-key', claim.accessKeyId)
  const token = presigned
    ? request.query.find(([name]) => name === 'X-Amz-Security-Token')?.[1]
    : request.headers.get('x-amz-security-token')?.join(',')
  if ((token ?? '') !== (credentials.sessionToken ?? '')) return refuse('wrong-token', claim.accessKeyId)
  const late = lateness(claim, options.nowMs)
  if (late) return late
  const unsigned = headerThatMustBeSigned(request, claim, options.service)
  if (unsigned !== undefined) return refuse('header-not-signed', unsigned)
  const canonical = canonicalRequest(request, claim, {
    payloadHash: options.payloadHash,
    encodePathTwice: options.service !== 's3',
  })
  const key = signingKey(credentials.secretAccessKey, claim)
  if (!sameText(signatureOf(key, stringToSign(claim, canonical)), claim.signature)) {
    return refuse('mismatch', claim.accessKeyId)
  }
  return { ok: true, credentials, claim, presigned, signingKey: key }
}

/** Compares in a time that does not depend on where two texts differ. */
export function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

function refuse(problem: SignatureProblem, detail: string): Verdict {
  return { ok: false, problem, detail }
}

function claimOfHeader(request: SignableRequest): SignatureClaim | string {
  const values = request.headers.get('authorization') ?? []
  const value = values[0] ?? ''
  if (values.length !== 1) return 'the Authorization header is repeated'
  const parts = /^AWS4-HMAC-SHA256\s+(.*)$/.exec(value)?.[1]
  if (parts === undefined) return 'the Authorization header must begin with AWS4-HMAC-SHA256'
  const fields = new Map(
    parts.split(',').map((part) => {
      const mark = part.indexOf('=')
      return [part.slice(0, mark).trim(), part.slice(mark + 1).trim()] as const
    }),
  )
  const timestamp = request.headers.get('x-amz-date')?.[0] ?? isoBasic(request.headers.get('date')?.[0])
  return readClaim({
    credential: fields.get('Credential'),
    signedHeaders: fields.get('SignedHeaders'),
    signature: fields.get('Signature'),
    timestamp,
    expiresSeconds: undefined,
  })
}

function claimOfQuery(request: SignableRequest): SignatureClaim | string {
  const query = new Map(request.query)
  if (query.get('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256') return 'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"'
  const expires = query.get('X-Amz-Expires') ?? ''
  if (!/^\d{1,7}$/.test(expires)) return 'X-Amz-Expires should be a number'
  if (Number(expires) > presignLimitSeconds) {
    return `X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than ${presignLimitSeconds} seconds`
  }
  return readClaim({
    credential: query.get('X-Amz-Credential'),
    signedHeaders: query.get('X-Amz-SignedHeaders'),
    signature: query.get('X-Amz-Signature'),
    timestamp: query.get('X-Amz-Date'),
    expiresSeconds: Number(expires),
  })
}

function readClaim(raw: {
  readonly credential: string | undefined
  readonly signedHeaders: string | undefined
  readonly signature: string | undefined
  readonly timestamp: string | undefined
  readonly expiresSeconds: number | undefined
}): SignatureClaim | string {
  const { credential, signedHeaders, signature, timestamp, expiresSeconds } = raw
  const scope = /^([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request$/.exec(credential ?? '')
  if (!scope) return 'the credential must be <access key>/<YYYYMMDD>/<region>/<service>/aws4_request'
  const [, accessKeyId = '', date = '', region = '', service = ''] = scope
  if (!signature || !/^[0-9a-f]{64}$/.test(signature)) return 'the signature must be 64 lowercase hex digits'
  if (!timestamp || !/^\d{8}T\d{6}Z$/.test(timestamp)) return 'the date must be in the form YYYYMMDDTHHMMSSZ'
  if (!timestamp.startsWith(date)) return `the date in the credential scope, ${date}, is not that of ${timestamp}`
  const names = (signedHeaders ?? '').split(';')
  if (!names.includes('host')) return "'host' must be a signed header"
  return { accessKeyId, date, region, service, signedHeaders: names, signature, timestamp, expiresSeconds }
}

function isoBasic(httpDate: string | undefined): string | undefined {
  const ms = Date.parse(httpDate ?? '')
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, '')
}

function lateness(claim: SignatureClaim, nowMs: number): Verdict | undefined {
  const signedMs = Date.parse(
    claim.timestamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'),
  )
  if (Number.isNaN(signedMs)) return refuse('malformed', `${claim.timestamp} is no date`)
  if (claim.expiresSeconds === undefined) {
    return Math.abs(nowMs - signedMs) > clockSkewLimitMs ? refuse('skewed', claim.timestamp) : undefined
  }
  if (signedMs - nowMs > clockSkewLimitMs) return refuse('expired', 'Request is not yet valid')
  return nowMs > signedMs + claim.expiresSeconds * 1000 ? refuse('expired', 'Request has expired') : undefined
}

/** S3 refuses an `x-amz-` header that the signature does not cover: whoever holds a presigned URL could add one. */
function headerThatMustBeSigned(request: SignableRequest, claim: SignatureClaim, service: string): string | undefined {
  if (service !== 's3') return undefined
  return [...request.headers.keys()].find((name) => name.startsWith('x-amz-') && !claim.signedHeaders.includes(name))
}
