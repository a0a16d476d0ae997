import type { Readable } from 'node:stream'
import type { Body } from './body.ts'

/** A request as the wire had it, decoded by nobody yet. */
export interface HttpRequest {
  readonly method: string
  /** The name in `Host` without the port, in lower case. */
  readonly host: string
  /** Percent-encoded, as it was sent. */
  readonly rawPath: string
  /** Percent-encoded, as it was sent, without the question mark. */
  readonly rawQuery: string
  /** By name in lower case, each with its values in the order of the wire. */
  readonly headers: ReadonlyMap<string, readonly string[]>
  /** Can be read once; "100 Continue" is answered when the reading begins. */
  readonly body: Body
  /** Aborts when the caller hangs up or the server closes. */
  readonly signal: AbortSignal
}

export interface HttpResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array | Readable | undefined
  /** Cuts the connection after so many bytes of the body, or before anything is sent. */
  readonly cutAfterBytes?: number | 'nothing' | undefined
}

/** The caller sent nothing for too long in the middle of a body. */
export class SlowBodyError extends Error {
  override readonly name = 'SlowBodyError'
}

/** The value of a header, its repetitions joined as HTTP says; `undefined` where it was not sent. */
export function header(request: Pick<HttpRequest, 'headers'>, name: string): string | undefined {
  return request.headers.get(name)?.join(',')
}

/** The query's pairs, decoded, in the order of the wire. Throws a URIError where the encoding is broken. */
export function parseQuery(rawQuery: string): readonly (readonly [string, string])[] {
  return rawQuery
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const mark = pair.indexOf('=')
      const decode = (text: string) => decodeURIComponent(text.replaceAll('+', ' '))
      return mark < 0 ? [decode(pair), ''] : [decode(pair.slice(0, mark)), decode(pair.slice(mark + 1))]
    })
}

/** Whether the percent-encoding of the path and the query can be undone. */
export function isWellFormed({ rawPath, rawQuery }: Pick<HttpRequest, 'rawPath' | 'rawQuery'>): boolean {
  try {
    decodeURIComponent(rawPath)
    parseQuery(rawQuery)
    return true
  } catch {
    return false
  }
}

/** Percent-encodes everything but RFC 3986's unreserved characters, as Signature Version 4 and S3 do. */
export function encodeRfc3986(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
