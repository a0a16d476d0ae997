import { createHash, createHmac } from 'node:crypto'

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

/** A POST to the root of a service, as Secrets Manager takes it. */
export interface Post {
  readonly host: string
  readonly region: string
  readonly service: string
  /** Those to be signed, in lower case, without the ones that every signature has. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * The headers of a signed request: Signature Version 4, "Create a signed AWS API request" in the IAM user guide.
 */
export function signedHeaders(post: Post, credentials: Credentials, now: Date): Readonly<Record<string, string>> {
  const { host, region, service, body } = post
  const { accessKeyId, secretAccessKey, sessionToken } = credentials
  const timestamp = now.toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const date = timestamp.slice(0, 8)
  const headers = sortedByName({
    ...post.headers,
    host,
    'x-amz-date': timestamp,
    ...(sessionToken ? { 'x-amz-security-token': sessionToken } : {}),
  })
  const names = Object.keys(headers).join(';')
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}`)
  const canonical = ['POST', '/', '', ...lines, '', names, sha256(body)].join('\n')
  const scope = [date, region, service, 'aws4_request']
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`)
  const text = ['AWS4-HMAC-SHA256', timestamp, scope.join('/'), sha256(canonical)].join('\n')
  const signature = (hmac(key, text) as Buffer).toString('hex')
  const claim = `Credential=${accessKeyId}/${scope.join('/')}, SignedHeaders=${names}, Signature=${signature}`
  return { ...headers, authorization: `AWS4-HMAC-SHA256 ${claim}` }
}

function sortedByName(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
