import { request, type Agent } from 'node:http'
import { onTestFinished } from 'vitest'
import { startLocalAws, type LocalAws, type LocalAwsOptions } from '../src/index.ts'
import {
  canonicalRequest,
  sha256Hex,
  signatureOf,
  signingKey,
  stringToSign,
  type SignatureClaim,
} from '../src/sigv4/canonical.ts'

/** A server for one test. */
export async function running(options: LocalAwsOptions = {}): Promise<LocalAws> {
  const aws = await startLocalAws(options)
  onTestFinished(() => aws.close())
  return aws
}

export interface RawRequest {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

export interface RawResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** Sends exactly these headers and this path. */
export function send(
  endpoint: string,
  { method = 'GET', path, headers = {}, body }: RawRequest,
  agent?: Agent,
): Promise<RawResponse> {
  const url = new URL(endpoint)
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: url.hostname,
        port: url.port,
        method,
        path,
        headers: { ...(agent ? {} : { connection: 'close' }), ...headers },
        ...(agent ? { agent } : {}),
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString('utf8'),
          }),
        )
        response.on('error', reject)
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

export interface SigningOptions {
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly service?: string
  readonly region?: string
  readonly atMs?: number
  /** Stands in `x-amz-content-sha256`. Default: the hash of the body. */
  readonly payload?: string
  /** Headers that are sent and not signed. */
  readonly unsigned?: readonly string[]
}

/** Signs a request by header; answers it with its claim, for chunks that follow. */
export function sign(
  endpoint: string,
  raw: RawRequest,
  options: SigningOptions,
): { readonly request: RawRequest; readonly claim: SignatureClaim; readonly key: Buffer } {
  const { credentials, service = 's3', region = 'us-east-1', unsigned = [] } = options
  const timestamp = new Date(options.atMs ?? Date.now()).toISOString().replace(/[-:]|\.\d{3}/g, '')
  const payload = options.payload ?? sha256Hex(raw.body ?? '')
  const headers: Record<string, string> = {
    host: new URL(endpoint).host,
    'x-amz-date': timestamp,
    ...(service === 's3' ? { 'x-amz-content-sha256': payload } : {}),
    ...raw.headers,
  }
  const signedHeaders = Object.keys(headers)
    .filter((name) => !unsigned.includes(name))
    .sort()
  const scope = { date: timestamp.slice(0, 8), region, service }
  const claim: SignatureClaim = {
    ...scope,
    accessKeyId: credentials.accessKeyId,
    signedHeaders,
    timestamp,
    expiresSeconds: undefined,
    signature: '',
  }
  const [rawPath = '', rawQuery = ''] = raw.path.split('?')
  const canonical = canonicalRequest(
    {
      method: raw.method ?? 'GET',
      rawPath,
      query: [...new URLSearchParams(rawQuery)],
      headers: new Map(Object.entries(headers).map(([name, value]) => [name, [value]])),
    },
    claim,
    { payloadHash: payload, encodePathTwice: service !== 's3' },
  )
  const key = signingKey(credentials.secretAccessKey, scope)
  const signature = signatureOf(key, stringToSign(claim, canonical))
  const authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope.date}/${region}/${service}/aws4_request, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`
  return { request: { ...raw, headers: { ...headers, authorization } }, claim: { ...claim, signature }, key }
}

/** Signs and sends. */
export function sendSigned(
  aws: LocalAws,
  raw: RawRequest,
  options: Partial<SigningOptions> = {},
): Promise<RawResponse> {
  return send(aws.endpoint, sign(aws.endpoint, raw, { credentials: aws.credentials, ...options }).request)
}

/** A presigned path. */
export function presign(
  aws: Pick<LocalAws, 'endpoint' | 'region' | 'credentials'>,
  options: {
    readonly method: string
    readonly path: string
    readonly expiresSeconds?: number
    readonly atMs?: number
    readonly query?: Readonly<Record<string, string>>
  },
): string {
  const timestamp = new Date(options.atMs ?? Date.now()).toISOString().replace(/[-:]|\.\d{3}/g, '')
  const scope = { date: timestamp.slice(0, 8), region: aws.region, service: 's3' }
  const query = new URLSearchParams({
    ...options.query,
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${aws.credentials.accessKeyId}/${scope.date}/${scope.region}/s3/aws4_request`,
    'X-Amz-Date': timestamp,
    'X-Amz-Expires': String(options.expiresSeconds ?? 60),
    'X-Amz-SignedHeaders': 'host',
  })
  const claim: SignatureClaim = {
    ...scope,
    accessKeyId: aws.credentials.accessKeyId,
    signedHeaders: ['host'],
    timestamp,
    expiresSeconds: options.expiresSeconds ?? 60,
    signature: '',
  }
  const canonical = canonicalRequest(
    {
      method: options.method,
      rawPath: options.path,
      query: [...query],
      headers: new Map([['host', [new URL(aws.endpoint).host]]]),
    },
    claim,
    { payloadHash: 'UNSIGNED-PAYLOAD', encodePathTwice: false },
  )
  query.set(
    'X-Amz-Signature',
    signatureOf(signingKey(aws.credentials.secretAccessKey, scope), stringToSign(claim, canonical)),
  )
  return `${options.path}?${query.toString()}`
}

/** The code of an error's XML. */
export function codeIn(response: RawResponse): string | undefined {
  return /<Code>([^<]*)<\/Code>/.exec(response.text)?.[1]
}
