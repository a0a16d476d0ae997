import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** The first `maxBodyBytes` of it. */
  readonly body: string
}

export interface HttpRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly maxBodyBytes: number
  readonly signal: AbortSignal
}

/**
 * One GET on a connection of its own: a connection that is kept open would meet the same worker again. Rejects with what
 * the socket says, or with the reason of `signal`. Node's modules are loaded by the first call: most deploys make none, and
 * to load them takes 15 ms of each.
 */
export async function get(url: URL, { headers, maxBodyBytes, signal }: HttpRequest): Promise<HttpAnswer> {
  const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http')
  return await new Promise((resolve, reject) => {
    const fail = (error: unknown) => reject(signal.aborted ? (signal.reason as Error) : (error as Error))
    const outgoing = request(url, { agent: false, signal, headers: { ...headers, connection: 'close' } })
    outgoing.once('error', fail)
    outgoing.once('response', (incoming) => {
      readBody(incoming, maxBodyBytes).then((body) => {
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body })
        outgoing.destroy()
      }, fail)
    })
    outgoing.end()
  })
}

async function readBody(incoming: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes >= maxBytes) break
  }
  return Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8')
}

/** A port of loopback that nobody listens on. The system does not give it to another for a while. */
export async function findSparePort(): Promise<number> {
  const { createServer } = await import('node:net')
  return await new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
