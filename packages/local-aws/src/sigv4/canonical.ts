import { createHash, createHmac } from 'node:crypto'
import { encodeRfc3986 } from '../http.ts'

/** What a signature says about itself, from the Authorization header or the query. */
export interface SignatureClaim {
  readonly accessKeyId: string
  /** `YYYYMMDD` of the scope. */
  readonly date: string
  readonly region: string
  readonly service: string
  /** In lower case, sorted, as they were sent. */
  readonly signedHeaders: readonly string[]
  /** 64 lowercase hex digits. */
  readonly signature: string
  /** `YYYYMMDDTHHMMSSZ`. */
  readonly timestamp: string
  /** How long a presigned request is good for; `undefined` where the signature stands in the header. */
  readonly expiresSeconds: number | undefined
}

export interface SignableRequest {
  readonly method: string
  readonly rawPath: string
  /** Decoded pairs. */
  readonly query: readonly (readonly [string, string])[]
  readonly headers: ReadonlyMap<string, readonly string[]>
}

export function sha256Hex(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

function hmac(key: string | Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

/** `<date>/<region>/<service>/aws4_request`. */
export function scopeOf({ date, region, service }: Pick<SignatureClaim, 'date' | 'region' | 'service'>): string {
  return `${date}/${region}/${service}/aws4_request`
}

export function signingKey(
  secretAccessKey: string,
  { date, region, service }: Pick<SignatureClaim, 'date' | 'region' | 'service'>,
): Buffer {
  return hmac(hmac(hmac(hmac(`AWS4${secretAccessKey}`, date), region), service), 'aws4_request')
}

export function signatureOf(key: Uint8Array, stringToSign: string): string {
  return hmac(key, stringToSign).toString('hex')
}

/**
 * The canonical request. Only the headers that the signature names are in it: SDKs sign more than any fixed list, and
 * each version others. S3 encodes the path once; the other services encode the encoded path again.
 */
export function canonicalRequest(
  request: SignableRequest,
  claim: Pick<SignatureClaim, 'signedHeaders'>,
  options: { readonly payloadHash: string; readonly encodePathTwice: boolean },
): string {
  const once = request.rawPath.split('/').map((segment) => encodeRfc3986(decodeURIComponent(segment)))
  const path = (options.encodePathTwice ? once.map(encodeRfc3986) : once).join('/')
  const query = request.query
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [encodeRfc3986(name), encodeRfc3986(value)] as const)
    .sort(([a, x], [b, y]) => compareText(a, b) || compareText(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
  const headers = claim.signedHeaders.map((name) => {
    const values = (request.headers.get(name) ?? []).map((value) => value.trim().replace(/ +/g, ' '))
    return `${name}:${values.join(',')}\n`
  })
  return [
    request.method,
    path || '/',
    query,
    headers.join(''),
    claim.signedHeaders.join(';'),
    options.payloadHash,
  ].join('\n')
}

export function stringToSign(claim: SignatureClaim, canonical: string): string {
  return ['AWS4-HMAC-SHA256', claim.timestamp, scopeOf(claim), sha256Hex(canonical)].join('\n')
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
