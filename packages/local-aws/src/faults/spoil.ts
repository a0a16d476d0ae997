import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Body } from '../body.ts'
import type { HttpRequest, HttpResponse } from '../http.ts'
import { writePlainXml, writeXml } from '../s3/xml.ts'
import type { Fault, NamedCall } from './model.ts'

/** Nothing is sent, and the connection ends. */
export const cutBeforeAnswer: HttpResponse = { status: 0, headers: {}, cutAfterBytes: 'nothing' }

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, and the common errors of the JSON services. */
const statusOfCode: Readonly<Record<string, number>> = {
  AccessDenied: 403,
  ConditionalRequestConflict: 409,
  InternalError: 500,
  InternalFailure: 500,
  InternalServiceError: 500,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  NoSuchVersion: 404,
  OperationAborted: 409,
  PreconditionFailed: 412,
  RequestTimeTooSkewed: 403,
  ServiceUnavailable: 503,
  ServiceUnavailableException: 503,
  SignatureDoesNotMatch: 403,
  SlowDown: 503,
}

/** The answer that a fault gives in the place of the service; `undefined` where the call takes effect all the same. */
export async function answerInstead(
  fault: Fault,
  call: NamedCall,
  request: Pick<HttpRequest, 'body'>,
): Promise<HttpResponse | undefined> {
  switch (fault.kind) {
    case 'error':
      return refuse(call, fault.code, fault.message ?? `${fault.code}, as it was ordered.`, fault.status)
    case 'throttled':
      return call.service === 's3'
        ? refuse(call, 'SlowDown', 'Please reduce your request rate.')
        : refuse(call, call.service === 'sts' ? 'Throttling' : 'ThrottlingException', 'Rate exceeded')
    case 'html':
      return { status: fault.status ?? 503, headers: { 'content-type': 'text/html; charset=utf-8' }, body: page }
    case 'cut-request':
      await readAtMost(request.body, fault.afterBytes ?? 0)
      return cutBeforeAnswer
    case 'delayed':
    case 'cut-answer':
    case 'truncated':
    case 'corrupt':
    case 'lost-reply':
      return undefined
  }
}

const page = '<!DOCTYPE html>\n<html><head><title>503</title></head><body><h1>Service Unavailable</h1></body></html>\n'

function refuse(
  { service }: NamedCall,
  code: string,
  message: string,
  status = statusOfCode[code] ?? 400,
): HttpResponse {
  const requestId = randomUUID()
  if (service === 's3') {
    return {
      status,
      headers: { 'content-type': 'application/xml', 'x-amz-request-id': requestId },
      body: writePlainXml('Error', [
        ['Code', code],
        ['Message', message],
        ['RequestId', requestId],
      ]),
    }
  }
  if (service === 'sts') {
    const error = [
      ['Type', status < 500 ? 'Sender' : 'Receiver'],
      ['Code', code],
      ['Message', message],
    ] as const
    return { status, headers: { 'content-type': 'text/xml' }, body: writeXml('ErrorResponse', [['Error', error]]) }
  }
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': requestId },
    body: JSON.stringify({ __type: code, message }),
  }
}

async function readAtMost(body: Body, limitBytes: number): Promise<void> {
  if (limitBytes === 0) return
  let sizeBytes = 0
  const stop = (piece: Buffer) => {
    sizeBytes += piece.length
    if (sizeBytes >= limitBytes) throw new Error('enough was read')
    return undefined
  }
  // Or the caller cut it first.
  await body.pour(stop).catch(() => {})
}

/** What a fault makes of an answer whose call took effect. An answer without a body can only be lost as a whole. */
export function spoil(fault: Fault, response: HttpResponse): HttpResponse {
  const sizeBytes = bodyBytes(response)
  switch (fault.kind) {
    case 'cut-answer':
      if (sizeBytes === 0) return lose(response)
      return { ...response, cutAfterBytes: Math.min(fault.afterBytes ?? Math.floor(sizeBytes / 2), sizeBytes - 1) }
    case 'truncated': {
      if (sizeBytes === 0) return lose(response)
      const kept = Math.floor(sizeBytes / 2)
      const headers = { ...response.headers, 'content-length': String(kept) }
      return { ...response, headers, body: reshape(response, (piece, at) => piece.subarray(0, Math.max(kept - at, 0))) }
    }
    case 'corrupt':
      if (sizeBytes === 0) return lose(response)
      return { ...response, body: reshape(response, flipAt(Math.floor(sizeBytes / 2))) }
    case 'lost-reply':
      return lose(response)
    case 'error':
    case 'throttled':
    case 'delayed':
    case 'html':
    case 'cut-request':
      return response
  }
}

function lose({ body }: HttpResponse): HttpResponse {
  if (body instanceof Readable) body.destroy()
  return cutBeforeAnswer
}

function bodyBytes({ body, headers }: HttpResponse): number {
  if (body === undefined) return 0
  return body instanceof Readable ? Number(headers['content-length'] ?? 0) : Buffer.byteLength(body)
}

/** The body with every piece changed; `at` is where the piece begins. */
function reshape({ body }: HttpResponse, change: (piece: Buffer, at: number) => Buffer): Buffer | Readable {
  if (!(body instanceof Readable)) return change(Buffer.from(body ?? ''), 0)
  const pieces = async function* () {
    let at = 0
    for await (const piece of body as AsyncIterable<Buffer>) {
      yield change(piece, at)
      at += piece.length
    }
  }
  return Readable.from(pieces(), { objectMode: false })
}

function flipAt(place: number): (piece: Buffer, at: number) => Buffer {
  return (piece, at) => {
    if (place < at || place >= at + piece.length) return piece
    const changed = Buffer.from(piece)
    changed[place - at] = (changed[place - at] as number) ^ 0x01
    return changed
  }
}
