import { Readable } from 'node:stream'
import type {
  DeleteObjectCommandOutput,
  GetObjectCommandOutput,
  HeadObjectCommandOutput,
  ListObjectsV2CommandOutput,
  PutObjectCommand,
  PutObjectCommandOutput,
  S3Client,
} from '@aws-sdk/client-s3'
import type * as S3Sdk from '@aws-sdk/client-s3'
import { describeAwsFailure } from '@fairlead/core'
import { errors } from '../errors.ts'
import { connectionTimeoutMs, idleSocketTimeoutMs } from '../limits.ts'
import { contentTypeOf } from '../plan/content-type.ts'

/** What the store needs of a client of `@aws-sdk/client-s3`; an `S3Client` fits. */
export interface S3ClientLike {
  readonly send: (command: never, options?: { readonly abortSignal?: AbortSignal }) => Promise<unknown>
}

/** Where the client comes from. */
export interface S3PortOptions {
  readonly bucket: string
  readonly client?: S3ClientLike | undefined
  readonly region?: string | undefined
  readonly endpoint?: string | undefined
  readonly forcePathStyle?: boolean | undefined
}

/** Which object, and which version of it. */
interface S3Key {
  readonly key: string
  readonly versionId?: string | undefined
  readonly eTag?: string | undefined
}

/** What S3 says of an object. */
export interface S3Facts {
  readonly sizeBytes: number
  readonly versionId?: string | undefined
  readonly eTag?: string | undefined
  /** Lowercase hex, as S3 computed it, of the whole object. */
  readonly checksumSha256?: string | undefined
  /** Lowercase hex, as the writer said. */
  readonly claimedSha256?: string | undefined
}

/** The condition of a write: the key is free, or still holds this ETag. */
export type WriteCondition = { readonly free: true } | { readonly eTag: string }

interface S3Write {
  readonly key: string
  readonly condition: WriteCondition
  readonly sizeBytes: number
  readonly sha256: string
  readonly pieces: AsyncIterable<Uint8Array>
}

/**
 * How one attempt to write ended. `lost`: the condition did not hold. `conflict`: another write to the key was on its
 * way, and this one was not done. `try-again`: S3 did not do it, or, where `perhapsDone`, may have done it and the
 * answer did not come through.
 */
type WriteOutcome =
  | { readonly end: 'written'; readonly versionId?: string | undefined; readonly eTag?: string | undefined }
  | { readonly end: 'lost' }
  | { readonly end: 'conflict'; readonly error: unknown }
  | { readonly end: 'try-again'; readonly perhapsDone: boolean; readonly error: unknown }

type S3Opened =
  { readonly pieces: AsyncIterable<Uint8Array>; readonly eTag?: string | undefined } | 'missing' | 'changed'

/** The calls of S3 that a store makes, each failure in the one form of errors. */
export interface S3Port {
  /** `undefined`: the bucket is there and the object is not. */
  readonly head: (object: S3Key, signal?: AbortSignal) => Promise<S3Facts | 'changed' | undefined>
  readonly write: (write: S3Write, signal?: AbortSignal) => Promise<WriteOutcome>
  readonly open: (object: S3Key, signal?: AbortSignal) => Promise<S3Opened>
  readonly list: (
    prefix: string,
    token: string | undefined,
    signal?: AbortSignal,
  ) => Promise<{
    readonly objects: readonly {
      readonly key: string
      readonly sizeBytes: number
      readonly eTag?: string | undefined
    }[]
    readonly next?: string | undefined
  }>
  readonly delete: (key: string, signal?: AbortSignal) => Promise<void>
  readonly close: () => void
}

type Sdk = typeof S3Sdk

interface Failure {
  readonly name?: string
  readonly $metadata?: { readonly httpStatusCode?: number }
  readonly $retryable?: { readonly throttling?: boolean }
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> }
  readonly Region?: string
}

/** The bytes were refused as damaged on the way, or did not all arrive: nothing was written. */
const damagedNames = new Set([
  'BadDigest',
  'IncompleteBody',
  'RequestTimeout',
  'XAmzContentChecksumMismatch',
  'XAmzContentSHA256Mismatch',
])

/** The port to one bucket. Loads the SDK with the first call. */
export function openS3({ bucket, client: given, region, endpoint, forcePathStyle }: S3PortOptions): S3Port {
  let created: S3Client | undefined
  let bucketSeen = false

  const connect = async (): Promise<{ client: S3ClientLike; sdk: Sdk }> => {
    const sdk = await import('@aws-sdk/client-s3')
    if (given) return { client: given, sdk }
    created ??= new sdk.S3Client({
      ...(region === undefined ? {} : { region }),
      ...(endpoint === undefined ? {} : { endpoint }),
      forcePathStyle: forcePathStyle ?? hasOwnEndpoint(endpoint),
      // Each put brings its own SHA-256; a second checksum as a trailer has broken compatible services (aws-sdk-js-v3 issue 6810).
      requestChecksumCalculation: 'WHEN_REQUIRED',
      requestHandler: { connectionTimeout: connectionTimeoutMs, socketTimeout: idleSocketTimeoutMs },
    })
    return { client: created, sdk }
  }
  const call = async <T>(make: (sdk: Sdk) => unknown, signal: AbortSignal | undefined): Promise<T> => {
    signal?.throwIfAborted()
    const { client, sdk } = await connect()
    const answer = await client.send(make(sdk) as never, signal ? { abortSignal: signal } : {})
    bucketSeen = true
    return answer as T
  }
  const describe = (error: unknown, action: string, key: string | undefined, signal: AbortSignal | undefined) => {
    const { name, $metadata, $response, Region } = error as Failure
    if (!signal?.aborted && name === 'NoSuchBucket') return errors.S3_BUCKET_NOT_FOUND({ bucket }, { cause: error })
    if (!signal?.aborted && (name === 'PermanentRedirect' || $metadata?.httpStatusCode === 301)) {
      const home = $response?.headers?.['x-amz-bucket-region'] ?? Region
      return errors.S3_BUCKET_ELSEWHERE({ bucket, region: home }, { cause: error })
    }
    const resource = `arn:aws:s3:::${bucket}${key === undefined ? '' : `/${key}`}`
    return describeAwsFailure(error, { action, resource, signal })
  }
  /** The answer to HEAD has no body, so that a missing bucket and a missing object look the same. */
  const requireBucket = async (signal: AbortSignal | undefined): Promise<void> => {
    if (bucketSeen) return
    try {
      await call((sdk) => new sdk.HeadBucketCommand({ Bucket: bucket }), signal)
    } catch (error) {
      if (!signal?.aborted && statusOf(error) === 404) throw errors.S3_BUCKET_NOT_FOUND({ bucket }, { cause: error })
      throw describe(error, 's3:ListBucket', undefined, signal)
    }
  }

  return {
    head: async ({ key, versionId, eTag }, signal) => {
      try {
        const answer = await call<HeadObjectCommandOutput>(
          (sdk) =>
            new sdk.HeadObjectCommand({
              Bucket: bucket,
              Key: key,
              ChecksumMode: 'ENABLED',
              ...(versionId === undefined ? {} : { VersionId: versionId }),
              ...(eTag === undefined ? {} : { IfMatch: `"${eTag}"` }),
            }),
          signal,
        )
        return {
          sizeBytes: answer.ContentLength ?? 0,
          versionId: pinnedVersion(answer.VersionId),
          eTag: unquoted(answer.ETag),
          checksumSha256: wholeSha256(answer.ChecksumSHA256),
          claimedSha256: answer.Metadata?.['sha256'],
        }
      } catch (error) {
        signal?.throwIfAborted()
        if (statusOf(error) === 412) return 'changed'
        if (statusOf(error) !== 404) {
          throw describe(error, versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion', key, signal)
        }
        await requireBucket(signal)
        return undefined
      }
    },

    write: async ({ key, condition, sizeBytes, sha256, pieces }, signal) => {
      const body = Readable.from(pieces, { objectMode: false })
      // The SDK's handler does not listen to the body: its failure has to end the request, or that waits for ever.
      const source = new AbortController()
      body.on('error', (error) => source.abort(error))
      try {
        const answer = await call<PutObjectCommandOutput>(
          (sdk) =>
            quietly(
              new sdk.PutObjectCommand({
                Bucket: bucket,
                Key: key,
                Body: body,
                ContentLength: sizeBytes,
                ContentType: contentTypeOf(key),
                ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64'),
                Metadata: { sha256 },
                ...('free' in condition ? { IfNoneMatch: '*' } : { IfMatch: `"${condition.eTag}"` }),
              }),
            ),
          signal ? AbortSignal.any([signal, source.signal]) : source.signal,
        )
        return { end: 'written', versionId: pinnedVersion(answer.VersionId), eTag: unquoted(answer.ETag) }
      } catch (error) {
        signal?.throwIfAborted()
        if (source.signal.aborted) throw source.signal.reason
        const outcome = outcomeOfFailedWrite(error, condition)
        if (outcome === undefined) throw describe(error, 's3:PutObject', key, signal)
        return outcome.end === 'lost' ? outcome : { ...outcome, error: describe(error, 's3:PutObject', key, signal) }
      } finally {
        body.destroy()
      }
    },

    open: async ({ key, versionId, eTag }, signal) => {
      const action = versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion'
      try {
        const answer = await call<GetObjectCommandOutput>(
          (sdk) =>
            new sdk.GetObjectCommand({
              Bucket: bucket,
              Key: key,
              ChecksumMode: 'ENABLED',
              ...(versionId === undefined ? {} : { VersionId: versionId }),
              ...(eTag === undefined ? {} : { IfMatch: `"${eTag}"` }),
            }),
          signal,
        )
        const body = answer.Body as Readable
        const pieces = readBody(body, signal, (error) => describe(error, action, key, signal))
        return { pieces, eTag: unquoted(answer.ETag) }
      } catch (error) {
        signal?.throwIfAborted()
        if (statusOf(error) === 412) return 'changed'
        const { name } = error as Failure
        if (name === 'NoSuchKey' || name === 'NoSuchVersion' || (statusOf(error) === 404 && name !== 'NoSuchBucket')) {
          return 'missing'
        }
        throw describe(error, action, key, signal)
      }
    },

    list: async (prefix, token, signal) => {
      try {
        const answer = await call<ListObjectsV2CommandOutput>(
          (sdk) =>
            new sdk.ListObjectsV2Command({
              Bucket: bucket,
              Prefix: prefix,
              ...(token === undefined ? {} : { ContinuationToken: token }),
            }),
          signal,
        )
        const objects = (answer.Contents ?? []).map(({ Key, Size, ETag }) => ({
          key: Key ?? '',
          sizeBytes: Size ?? 0,
          eTag: unquoted(ETag),
        }))
        return { objects, next: answer.IsTruncated ? answer.NextContinuationToken : undefined }
      } catch (error) {
        throw describe(error, 's3:ListBucket', undefined, signal)
      }
    },

    delete: async (key, signal) => {
      try {
        await call<DeleteObjectCommandOutput>(
          (sdk) => new sdk.DeleteObjectCommand({ Bucket: bucket, Key: key }),
          signal,
        )
      } catch (error) {
        throw describe(error, 's3:DeleteObject', key, signal)
      }
    },

    close: () => {
      created?.destroy()
      created = undefined
    },
  }
}

/**
 * The SDK tells the console of each failed request that has a stream for a body, a lost race included, unless the
 * client has a logger of its own; that one is left alone.
 */
function quietly(command: PutObjectCommand): PutObjectCommand {
  const silence = () => undefined
  command.middlewareStack.add(
    (next, context) => (args) => {
      if (context.logger === undefined || context.logger.constructor.name === 'NoOpLogger') {
        context.logger = { debug: silence, info: silence, warn: silence, error: silence }
      }
      return next(args)
    },
    { step: 'initialize', name: 'fairleadQuiet' },
  )
  return command
}

/** Path style needs no DNS name for the bucket, which an endpoint of one's own seldom has. */
function hasOwnEndpoint(endpoint: string | undefined): boolean {
  return [endpoint, process.env['AWS_ENDPOINT_URL_S3'], process.env['AWS_ENDPOINT_URL']].some(
    (address) => address !== undefined && address !== '',
  )
}

function statusOf(error: unknown): number | undefined {
  return (error as Failure | undefined)?.$metadata?.httpStatusCode
}

/** A suspended bucket names the version `null`, which the next write replaces: it pins nothing. */
function pinnedVersion(versionId: string | undefined): string | undefined {
  return versionId === 'null' ? undefined : versionId
}

function unquoted(eTag: string | undefined): string | undefined {
  return eTag?.replaceAll('"', '')
}

/** A checksum with a count of parts behind it is one of checksums, not of the bytes. */
function wholeSha256(checksum: string | undefined): string | undefined {
  return checksum === undefined || checksum.includes('-') ? undefined : Buffer.from(checksum, 'base64').toString('hex')
}

/**
 * What a failed write means. 412: the condition did not hold. 409: another write to the key is on its way. 404 for a
 * write over an ETag: the object is gone.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
function outcomeOfFailedWrite(
  error: unknown,
  condition: WriteCondition,
): { end: 'lost' } | { end: 'conflict' } | { end: 'try-again'; perhapsDone: boolean } | undefined {
  const { name = '', $retryable } = error as Failure
  const status = statusOf(error)
  if (status === 412) return { end: 'lost' }
  if (status === 409) return { end: 'conflict' }
  if (status === 404 && name !== 'NoSuchBucket' && 'eTag' in condition) return { end: 'lost' }
  if (damagedNames.has(name)) return { end: 'try-again', perhapsDone: false }
  if (status === 429 || status === 503 || $retryable?.throttling) return { end: 'try-again', perhapsDone: false }
  if (status !== undefined && status >= 500) return { end: 'try-again', perhapsDone: true }
  // Without a status no answer came; whether the request arrived is unknown. A refused connection never did.
  if (status === undefined && isTransient(error)) return { end: 'try-again', perhapsDone: true }
  return undefined
}

function isTransient(error: unknown): boolean {
  const { name, code } = error as { readonly name?: string; readonly code?: string }
  return name === 'TimeoutError' || ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED'].includes(code ?? '')
}

/** The bytes of an answer; leaving the loop early closes the connection. */
function readBody(
  body: Readable,
  signal: AbortSignal | undefined,
  describe: (error: unknown) => unknown,
): AsyncIterable<Uint8Array> {
  const stop = () => body.destroy()
  signal?.addEventListener('abort', stop, { once: true })
  // A body that nobody reads may fail too, and an error without a listener ends the process.
  body.on('error', () => undefined)
  body.on('close', () => signal?.removeEventListener('abort', stop))
  return {
    [Symbol.asyncIterator]: () => {
      const pieces = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
      return {
        next: async () => {
          try {
            const piece = await pieces.next()
            signal?.throwIfAborted()
            return piece
          } catch (error) {
            signal?.throwIfAborted()
            throw describe(error)
          }
        },
        return: async () => {
          body.destroy()
          return { done: true, value: undefined }
        },
      }
    },
  }
}
