import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { S3Client } from '@aws-sdk/client-s3'
import {
  canonicalRequest,
  sha256Hex,
  signatureOf,
  signingKey,
  stringToSign,
} from '../../packages/local-aws/src/sigv4/canonical.ts'

/** A server under load: local-aws, or the bare sink beside it, which verifies nothing. */
export interface LoadedServer {
  readonly endpoint: string
  readonly pid: number
  readonly region?: string
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly stop: () => Promise<void>
}

export async function startServer(script: 'server.mjs' | 'sink.mjs' | 'floor.mjs'): Promise<LoadedServer> {
  const child: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, script)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
  const stop = async () => {
    const exited = once(child, 'exit')
    child.kill()
    await exited
  }
  return { ...(JSON.parse(line.toString()) as Omit<LoadedServer, 'stop'>), stop }
}

/** The bytes of a request: one block, so many times. */
export interface Payload {
  readonly block: Buffer
  readonly times: number
  readonly sizeBytes: number
  readonly sha256: string
  readonly crc32: string
  readonly md5: string
}

export function makePayload(block: Buffer, times: number): Payload {
  const [sha256, md5] = [createHash('sha256'), createHash('md5')]
  let crc = 0
  for (let turn = 0; turn < times; turn++) {
    sha256.update(block)
    md5.update(block)
    crc = crc32(block, crc)
  }
  const crcBytes = Buffer.alloc(4)
  crcBytes.writeUInt32BE(crc)
  return {
    block,
    times,
    sizeBytes: block.length * times,
    sha256: sha256.digest('hex'),
    crc32: crcBytes.toString('base64'),
    md5: md5.digest('hex'),
  }
}

export const agent = new Agent({ keepAlive: true, maxSockets: 64 })

interface Answer {
  readonly status: number
  readonly eTag: string | undefined
  readonly sizeBytes: number
  /** Of the whole body, where the caller asked for it. */
  readonly body: Buffer | undefined
}

/** Puts with a signature over the body's hash and with a CRC-32, so that both have to be verified. */
export function put(server: LoadedServer, key: string, payload: Payload): Promise<Answer> {
  const headers = {
    'content-length': String(payload.sizeBytes),
    'x-amz-checksum-crc32': payload.crc32,
    'x-amz-sdk-checksum-algorithm': 'CRC32',
  }
  return send(server, { method: 'PUT', path: `/bench/${key}`, headers, hash: payload.sha256, payload })
}

export function get(
  server: LoadedServer,
  key: string,
  options: { sizeBytes: number; keep?: boolean },
): Promise<Answer> {
  // The sink keeps nothing: it has to be told how much to send.
  const path = server.credentials ? `/bench/${key}` : `/bench/${key}?bytes=${options.sizeBytes}`
  return send(server, { method: 'GET', path, headers: {}, hash: sha256Hex(''), keep: options.keep ?? false })
}

interface Sending {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly hash: string
  readonly payload?: Payload
  readonly keep?: boolean
}

function send(server: LoadedServer, { method, path, headers, hash, payload, keep }: Sending): Promise<Answer> {
  const { hostname, port } = new URL(server.endpoint)
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { agent, hostname, port, method, path, headers: { ...headers, ...signed(server, method, path, headers, hash) } },
      (response) => {
        const pieces: Buffer[] = []
        let sizeBytes = 0
        response.on('data', (piece: Buffer) => {
          sizeBytes += piece.length
          if (keep || response.statusCode !== 200) pieces.push(piece)
        })
        response.on('error', reject)
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            eTag: response.headers.etag?.replaceAll('"', ''),
            sizeBytes,
            body: keep ? Buffer.concat(pieces) : undefined,
          }),
        )
      },
    )
    outgoing.on('error', reject)
    let left = payload?.times ?? 0
    const write = () => {
      for (; left > 0; left--) {
        if (!outgoing.write(payload?.block)) {
          left--
          outgoing.once('drain', write)
          return
        }
      }
      outgoing.end()
    }
    write()
  })
}

function signed(
  { endpoint, region = 'us-east-1', credentials }: LoadedServer,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  payloadHash: string,
): Record<string, string> {
  // The sink gets the same headers, so that both read as many.
  const { accessKeyId, secretAccessKey } = credentials ?? { accessKeyId: 'sink', secretAccessKey: 'sink' }
  const timestamp = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '')
  const own = { host: new URL(endpoint).host, 'x-amz-content-sha256': payloadHash, 'x-amz-date': timestamp }
  const all = { ...headers, ...own }
  const signedHeaders = Object.keys(all).sort()
  const claim = {
    accessKeyId,
    date: timestamp.slice(0, 8),
    region,
    service: 's3',
    signedHeaders,
    signature: '',
    timestamp,
    expiresSeconds: undefined,
  }
  const canonical = canonicalRequest(
    {
      method,
      rawPath: path.split('?')[0] ?? '',
      query: [],
      headers: new Map(Object.entries(all).map(([name, value]) => [name, [value]])),
    },
    claim,
    { payloadHash, encodePathTwice: false },
  )
  const signature = signatureOf(signingKey(secretAccessKey, claim), stringToSign(claim, canonical))
  const credential = `${accessKeyId}/${claim.date}/${region}/s3/aws4_request`
  return {
    ...own,
    authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`,
  }
}

/** The client that deploy scripts use: it computes the CRC-32 and the hash that it signs in every request. */
export function sdkClient({ endpoint, region = 'us-east-1', credentials }: LoadedServer): S3Client {
  return new S3Client({
    ...{ endpoint, region, forcePathStyle: true, maxAttempts: 1 },
    // The sink asks for none, and gets the same headers.
    credentials: credentials ?? { accessKeyId: 'sink', secretAccessKey: 'sink' },
  })
}

/** The largest resident set so far, where the system tells it. */
export function peakMiB({ pid }: LoadedServer): number | undefined {
  try {
    const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024
  } catch {
    return undefined
  }
}
