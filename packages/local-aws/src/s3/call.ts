import type { Readable } from 'node:stream'
import type { Body } from '../body.ts'
import type { Need } from '../permissions/access.ts'
import { partNumberLimit } from '../limits.ts'
import type { S3State } from './state.ts'
import type { Bucket } from './model.ts'
import { s3Faults } from './fault.ts'

/** What an operation of S3 is given: a request whose signature is verified. */
export interface S3Call {
  readonly state: S3State
  readonly account: string
  readonly region: string
  /** Empty where the request names none. */
  readonly bucketName: string
  /** Empty where the request names none. */
  readonly key: string
  readonly query: ReadonlyMap<string, string>
  /** A header; of a presigned request also what the URL says in its place. */
  readonly header: (name: string) => string | undefined
  readonly headerNames: readonly string[]
  /** The body without framing; its hash and chunk signatures are verified as it is read. */
  readonly body: Body
  /** Refuses a caller who lacks a permission that only the operation itself knows of, and records that it was needed. */
  readonly requireAccess: (need: Need) => void
  /** Whether the caller may; nothing is recorded. */
  readonly mayAccess: (need: Need) => boolean
  /** The trailing headers, complete when the body has been read. */
  readonly trailer: ReadonlyMap<string, string>
  /** How many bytes the body will have, where the request says so. */
  readonly declaredBytes: number | undefined
}

export interface S3Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | Uint8Array | Readable | undefined
}

export function bucketArn(bucketName: string): string {
  return `arn:aws:s3:::${bucketName}`
}

export function objectArn(bucketName: string, key: string): string {
  return `arn:aws:s3:::${bucketName}/${key}`
}

/** The bucket that the request names. */
export function requireBucket({ state, bucketName }: S3Call): Bucket {
  const bucket = state.buckets.get(bucketName)
  if (!bucket) throw s3Faults.noSuchBucket(bucketName)
  return bucket
}

/** A number of the query within its range; `fallback` where it was not sent. */
export function countInQuery(
  call: S3Call,
  name: string,
  { fallback, most }: { readonly fallback: number; readonly most: number },
): number {
  const text = call.query.get(name)
  if (text === undefined || text === '') return fallback
  if (!/^\d{1,10}$/.test(text)) {
    throw s3Faults.invalidArgument(`Provided ${name} not an integer or within integer range`, name, text)
  }
  return Math.min(Number(text), most)
}

/** A part's number, of `partNumber`. */
export function partNumberIn(text: string): number {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (number >= 1 && number <= partNumberLimit) return number
  throw s3Faults.invalidArgument(
    `Part number must be an integer between 1 and ${partNumberLimit}, inclusive`,
    'partNumber',
    text,
  )
}

export const xmlHeaders = { 'content-type': 'application/xml' }

/** Of a time in an XML answer: S3 keeps whole seconds. */
export function isoSeconds(ms: number): string {
  return new Date(Math.floor(ms / 1000) * 1000).toISOString()
}

/** Of a time in a header. */
export function httpDate(ms: number): string {
  return new Date(ms).toUTCString()
}

/** A quoted entity tag, or several, without quotes; `*` stays. */
export function eTagsIn(value: string): readonly string[] {
  return value.split(',').map((tag) =>
    tag
      .trim()
      .replace(/^W\//, '')
      .replace(/^"(.*)"$/, '$1'),
  )
}
