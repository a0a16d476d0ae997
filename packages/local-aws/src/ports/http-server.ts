import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable, type Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { TakePiece } from '../body.ts'
import { SlowBodyError, type HttpRequest, type HttpResponse } from '../http.ts'
import { bodyIdleMs } from '../limits.ts'
import { writePlainXml } from '../s3/xml.ts'

/** A server on loopback. */
export interface HttpServer {
  /** `http://127.0.0.1:<port>`, no slash at the end. */
  readonly endpoint: string
  /** Cuts every connection, and waits until no handler runs. */
  readonly close: () => Promise<void>
}

export interface HttpServerOptions {
  /** Zero for a free one. */
  readonly port: number
  /** Answers a request; must not reject. */
  readonly handle: (request: HttpRequest) => Promise<HttpResponse>
  /** How long the next bytes of a body may take. Default: as S3. */
  readonly idleMs?: number | undefined
}

/** What one read of a socket delivers. */
const highWaterMark = 64 * 1024

/**
 * Starts an HTTP server that listens on 127.0.0.1 alone, and refuses a `Host` that is not loopback: a page in a browser
 * can make its own name resolve to 127.0.0.1, but it cannot send another `Host`.
 */
export async function startHttpServer({ port, handle, idleMs = bodyIdleMs }: HttpServerOptions): Promise<HttpServer> {
  const running = new Set<Promise<void>>()
  const serve = (message: IncomingMessage, response: ServerResponse, expectsContinue: boolean) => {
    const task = answer(message, response, { expectsContinue, idleMs, handle }).finally(() => running.delete(task))
    running.add(task)
  }
  // A body of gigabytes may take its time, as long as it does not stand still.
  const server = createServer({
    keepAlive: true,
    noDelay: true,
    requestTimeout: 0,
    headersTimeout: 60_000,
    highWaterMark,
  })
  server.on('clientError', refuseUnparsed)
  server.on('request', (message: IncomingMessage, response: ServerResponse) => serve(message, response, false))
  server.on('checkContinue', (message: IncomingMessage, response: ServerResponse) => serve(message, response, true))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host: '127.0.0.1' }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const address = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    close: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
      await Promise.all(running)
    },
  }
}

async function answer(
  message: IncomingMessage,
  response: ServerResponse,
  {
    expectsContinue,
    idleMs,
    handle,
  }: Pick<HttpServerOptions, 'handle'> & { readonly expectsContinue: boolean; readonly idleMs: number },
): Promise<void> {
  const hangUp = new AbortController()
  response.on('close', () => hangUp.abort(new Error('the caller hung up')))
  // A cut connection is an error of the request; whoever reads the body hears of it, and nobody else has to.
  message.on('error', () => {})
  response.on('error', () => {})
  const handleSafely = (request: HttpRequest) =>
    handle(request).catch((error: unknown) => ({ ...serverFailed, body: `local-aws failed: ${String(error)}\n` }))
  const headers = readHeaders(message.rawHeaders)
  const host = headers.get('host') ?? []
  const patience = { isLost: false }
  const name = hostName(host[0] ?? '')
  const reply =
    host.length !== 1 || name === undefined || !isLoopback(name)
      ? refuseHost
      : await handleSafely({
          method: message.method ?? '',
          host: name,
          ...splitTarget(message.url ?? '/'),
          headers,
          body: {
            pour: async (take) => {
              if (expectsContinue && !response.headersSent) response.writeContinue()
              try {
                await pourBody(message, { idleMs, take })
              } catch (error) {
                // The rest may never come: this connection is not used again.
                patience.isLost = error instanceof SlowBodyError
                throw error
              }
            },
          },
          signal: hangUp.signal,
        })
  if (response.destroyed) {
    if (reply.body instanceof Readable) reply.body.destroy()
    return
  }
  if (reply.cutAfterBytes === 'nothing') {
    message.socket.destroy()
    return
  }
  const abandoned = (expectsContinue && !message.readableDidRead) || patience.isLost
  // What was not read is thrown away, or the caller would go on writing and never look at the answer.
  message.resume()
  // Whoever waits for "100 Continue" may or may not send the body after a final answer: the connection cannot be used again.
  response.writeHead(reply.status, { ...reply.headers, ...(abandoned ? { connection: 'close' } : {}) })
  if (reply.cutAfterBytes !== undefined) {
    await sendAndCut(response, reply.body ?? '', reply.cutAfterBytes)
    return
  }
  if (!(reply.body instanceof Readable)) {
    response.end(reply.body)
    return
  }
  if (message.method === 'HEAD') {
    reply.body.destroy()
    response.end()
    return
  }
  // The status is sent: what fails from here on can only be shown by cutting the connection.
  await pipeline(reply.body, response).catch(() => response.destroy())
}

async function sendAndCut(response: ServerResponse, body: string | Uint8Array | Readable, limitBytes: number) {
  const pieces = body instanceof Readable ? (body as AsyncIterable<Buffer>) : [Buffer.from(body)]
  let left = limitBytes
  for await (const piece of pieces) {
    const sent = piece.subarray(0, left)
    left -= sent.length
    // What was written has to have left before the connection is cut.
    await new Promise<void>((resolve) => response.write(sent, () => resolve()))
    if (left === 0) break
  }
  response.destroy()
}

/** A handler that rejects is a mistake of ours, and no reason to take the process of a test with it. */
const serverFailed: HttpResponse = { status: 500, headers: { 'content-type': 'text/plain; charset=utf-8' } }

const refuseHost: HttpResponse = {
  status: 421,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: 'local-aws answers only requests whose Host is 127.0.0.1, [::1], localhost or a name under .localhost\n',
}

function hostName(host: string): string | undefined {
  return /^(\[[0-9a-fA-F:]+\]|[^:[\]/@\s]+)(?::\d{1,5})?$/.exec(host)?.[1]?.toLowerCase()
}

function isLoopback(name: string): boolean {
  return name === '127.0.0.1' || name === '[::1]' || name === 'localhost' || name.endsWith('.localhost')
}

/** The target as it was sent: a key may hold an encoded slash, or two slashes in a row. */
function splitTarget(target: string): { rawPath: string; rawQuery: string } {
  const mark = target.indexOf('?')
  return mark < 0
    ? { rawPath: target, rawQuery: '' }
    : { rawPath: target.slice(0, mark), rawQuery: target.slice(mark + 1) }
}

function readHeaders(raw: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const headers = new Map<string, string[]>()
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase()
    // Node reads header bytes as latin1; AWS clients send UTF-8 there, and sign it so.
    const value = Buffer.from(raw[index + 1] ?? '', 'latin1').toString('utf8')
    headers.set(name, [...(headers.get(name) ?? []), value])
  }
  return headers
}

/** Hands over the pieces as the parser delivers them, and stops the socket while the taker asks for a pause. */
function pourBody(
  message: IncomingMessage,
  { idleMs, take }: { readonly idleMs: number; readonly take: TakePiece },
): Promise<void> {
  return new Promise((resolve, reject) => {
    let isPaused = false
    let isOver = false
    const idle = setTimeout(() => {
      if (isPaused) idle.refresh()
      else finish(new SlowBodyError(`nothing was sent for ${idleMs} ms`))
    }, idleMs)
    const goOn = () => {
      if (isOver) return
      isPaused = false
      idle.refresh()
      message.resume()
    }
    const onData = (piece: Buffer) => {
      idle.refresh()
      try {
        const pause = take(piece)
        if (!pause) return
        isPaused = true
        message.pause()
        pause.then(goOn, finish)
      } catch (error) {
        finish(error as Error)
      }
    }
    const onEnd = () => finish()
    const onClose = () => finish(message.errored ?? new Error('the caller hung up'))
    const finish = (error?: Error) => {
      isOver = true
      clearTimeout(idle)
      message.off('data', onData).off('end', onEnd).off('close', onClose)
      if (error) reject(error)
      else resolve()
    }
    message.on('end', onEnd).on('close', onClose)
    if (message.readableEnded) onEnd()
    else if (message.destroyed) onClose()
    else message.on('data', onData)
  })
}

/** What Node's parser refuses never becomes a request; S3's words are those that most callers can read. */
function refuseUnparsed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const [code, text] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? ['RequestHeaderSectionTooLarge', 'Your request header section exceeds the maximum allowed size.']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? ['RequestTimeout', 'Your socket connection to the server was not read from within the timeout period.']
        : ['BadRequest', 'An error occurred when parsing the HTTP request.']
  const body = writePlainXml('Error', [
    ['Code', code],
    ['Message', text],
  ])
  socket.end(
    `HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: application/xml\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}
