import { randomUUID } from 'node:crypto'
import {
  checkOptions,
  coreErrors,
  describeValue,
  systemClock,
  type ObjectLocation,
  type S3Location,
  type StoredObject,
  type StoreHead,
  textBody,
} from '@fairlead/core'
import { errors } from './errors.ts'
import { maxPutAttempts, retryDelayMs } from './limits.ts'
import type { S3Store, S3StoreOptions } from './model.ts'
import { decodeHead, encodeHead } from './plan/head.ts'
import { faultOfKey, faultOfPrefix } from './plan/key.ts'
import { formatLocation } from './plan/location.ts'
import { openS3, type S3Facts, type WriteCondition } from './ports/s3.ts'
import { checkBodySize, verifiedBytes } from './ports/verified-bytes.ts'

const clientOptions = ['region', 'endpoint', 'forcePathStyle'] as const

/**
 * A store in one bucket of S3.
 *
 * `put` asks first (a big body is not sent for nothing), then sends one PutObject with `If-None-Match: *` and the
 * SHA-256 of the whole object, which S3 checks before it answers, and looks at the result. A put that did not go
 * through is sent again with its bytes opened anew, which the SDK cannot do. `location` pins bucket, key with the
 * prefix, version (where the bucket has versions) and ETag.
 *
 * A head is an object whose last line is the token of the swap that wrote it: a swap whose answer was lost recognises
 * itself, and a value that comes back has another revision. `swapHead` is PutObject with `If-Match` or `If-None-Match`.
 *
 * @throws INVALID_OPTION, UNKNOWN_OPTION
 */
export function s3Store(options: S3StoreOptions): S3Store {
  readOptions(options)
  const { bucket, client, region, endpoint, forcePathStyle, clock = systemClock } = options
  const prefix = (options.prefix ?? '').replace(/\/+$/, '')
  const url = `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`
  const s3 = openS3({ bucket, client, region, endpoint, forcePathStyle })

  const inBucket = (key: string): string => (prefix === '' ? key : `${prefix}/${key}`)
  const keyOf = (key: string): string => {
    const reason = faultOfKey(key)
    if (reason) throw errors.STORE_KEY_INVALID({ store: url, key: String(key), reason })
    return inBucket(key)
  }
  const pin = (key: string, location: ObjectLocation | undefined): Pick<S3Location, 'versionId' | 'eTag'> => {
    if (location === undefined) return {}
    if (location.kind !== 's3' || location.bucket !== bucket || location.key !== inBucket(key)) {
      throw errors.STORE_LOCATION_MISMATCH({ store: url, key, location: formatLocation(location) })
    }
    return location
  }
  const stored = (key: string, { sizeBytes, versionId, eTag, checksumSha256, claimedSha256 }: S3Facts) => {
    const sha256 = checksumSha256 ?? claimedSha256
    const object: StoredObject = {
      key,
      sizeBytes,
      ...(sha256 === undefined ? {} : { sha256 }),
      location: {
        kind: 's3',
        bucket,
        key: inBucket(key),
        ...(versionId === undefined ? {} : { versionId }),
        ...(eTag === undefined ? {} : { eTag }),
      },
    }
    return object
  }
  const find: S3Store['find'] = async (key, { signal, location } = {}) => {
    const facts = await s3.head({ key: keyOf(key), ...pin(key, location) }, signal)
    if (facts === 'changed') {
      throw errors.STORED_OBJECT_CHANGED({
        store: url,
        key,
        location: location === undefined ? '' : formatLocation(location),
      })
    }
    return facts && stored(key, facts)
  }
  const open: S3Store['open'] = async (key, { signal, location } = {}) => {
    const opened = await s3.open({ key: keyOf(key), ...pin(key, location) }, signal)
    if (opened === 'missing') throw coreErrors.OBJECT_NOT_FOUND({ store: url, key })
    if (opened === 'changed') {
      throw errors.STORED_OBJECT_CHANGED({
        store: url,
        key,
        location: location === undefined ? '' : formatLocation(location),
      })
    }
    return opened.pieces
  }
  const pause = (attempt: number, signal: AbortSignal | undefined): Promise<void> =>
    clock.sleep(Math.random() * retryDelayMs * 2 ** attempt, signal)

  const readHeadWithToken = async (key: string, signal: AbortSignal | undefined) => {
    const opened = await s3.open({ key: keyOf(key) }, signal)
    if (opened === 'missing' || opened === 'changed') return undefined
    const pieces: Uint8Array[] = []
    for await (const piece of opened.pieces) pieces.push(piece)
    const head = decodeHead(Buffer.concat(pieces).toString('utf8'))
    if (head === undefined || opened.eTag === undefined) throw errors.STORED_HEAD_INVALID({ store: url, key })
    return { ...head, revision: opened.eTag }
  }

  return {
    url,
    find,
    open,

    put: async (key, body, { signal } = {}) => {
      const place = { store: url, key }
      checkBodySize(body, place)
      const existing = await find(key, { signal })
      if (existing) return { created: false, object: existing }
      for (let attempt = 0, perhapsDone = false; ; attempt++) {
        const outcome = await s3.write(
          {
            key: keyOf(key),
            condition: { free: true },
            sizeBytes: body.sizeBytes,
            sha256: body.sha256,
            pieces: verifiedBytes(body, place),
          },
          signal,
        )
        if (outcome.end === 'try-again' || outcome.end === 'conflict') {
          perhapsDone ||= outcome.end === 'try-again' && outcome.perhapsDone
          if (attempt + 1 >= maxPutAttempts) throw outcome.error
          await pause(attempt, signal)
          continue
        }
        const pinned = outcome.end === 'written' ? { versionId: outcome.versionId, eTag: outcome.eTag } : {}
        const facts = await s3.head({ key: keyOf(key), ...pinned }, signal)
        const object = facts === undefined || facts === 'changed' ? undefined : stored(key, facts)
        if (outcome.end === 'written') {
          if (object?.sizeBytes !== body.sizeBytes || (object.sha256 ?? body.sha256) !== body.sha256) {
            throw errors.PUBLISHED_BYTES_DIFFER({
              ...place,
              expectedSha256: body.sha256,
              expectedSizeBytes: body.sizeBytes,
              sha256: object?.sha256,
              sizeBytes: object?.sizeBytes ?? 0,
            })
          }
          return { created: true, object }
        }
        // The key was taken a moment ago; where it is free now, somebody deletes while we write.
        if (!object) throw coreErrors.OBJECT_NOT_FOUND(place)
        // A retried put meets its own success (aws-sdk-java-v2 issue 6580): equal bytes after a lost answer are ours.
        return { created: perhapsDone && object.sha256 === body.sha256, object }
      }
    },

    list: async function* (prefixOfKeys, { signal } = {}) {
      const reason = faultOfPrefix(prefixOfKeys)
      if (reason) throw errors.STORE_KEY_INVALID({ store: url, key: String(prefixOfKeys), reason })
      let next: string | undefined
      do {
        const page = await s3.list(inBucket(prefixOfKeys), next, signal)
        for (const { key, sizeBytes, eTag } of page.objects) {
          yield stored(prefix === '' ? key : key.slice(prefix.length + 1), { sizeBytes, eTag })
        }
        next = page.next
      } while (next !== undefined)
    },

    delete: async (key, { signal } = {}) => s3.delete(keyOf(key), signal),

    readHead: async (key, { signal } = {}): Promise<StoreHead | undefined> => {
      const head = await readHeadWithToken(key, signal)
      return head && { value: head.value, revision: head.revision }
    },

    swapHead: async (key, { expected, value }, { signal } = {}) => {
      const token = randomUUID()
      const body = textBody(encodeHead({ value, token }))
      const condition: WriteCondition = expected === undefined ? { free: true } : { eTag: expected }
      for (let attempt = 0, perhapsDone = false; ; attempt++) {
        const { sizeBytes, sha256 } = body
        const write = { key: keyOf(key), condition, sizeBytes, sha256, pieces: body.open() }
        const outcome = await s3.write(write, signal)
        if (outcome.end === 'written') {
          if (outcome.eTag === undefined) throw errors.STORED_HEAD_INVALID({ store: url, key })
          return { value, revision: outcome.eTag }
        }
        if (outcome.end === 'lost' || outcome.end === 'conflict') {
          const head = perhapsDone ? await readHeadWithToken(key, signal) : undefined
          return head?.token === token ? { value, revision: head.revision } : undefined
        }
        perhapsDone ||= outcome.perhapsDone
        if (attempt + 1 >= maxPutAttempts) throw outcome.error
        await pause(attempt, signal)
      }
    },

    close: s3.close,
    [Symbol.dispose]: s3.close,
  }
}

function readOptions(options: S3StoreOptions): void {
  const refuse = (option: string, given: unknown, expected: string) =>
    coreErrors.INVALID_OPTION({ verb: 's3Store', option, given: describeValue(given), expected })
  checkOptions('s3Store', options ?? {}, ['bucket', 'prefix', 'client', ...clientOptions, 'clock'])
  const { bucket, prefix, client, endpoint } = options ?? {}
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html; capitals and _ are in old buckets of us-east-1.
  if (typeof bucket !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/.test(bucket)) {
    throw refuse('bucket', bucket, 'the name of a bucket')
  }
  if (
    prefix !== undefined &&
    (typeof prefix !== 'string' || (prefix !== '' && faultOfKey(prefix.replace(/\/+$/, ''))))
  ) {
    throw refuse('prefix', prefix, 'a relative path with / between its parts')
  }
  if (endpoint !== undefined && !URL.canParse(endpoint)) throw refuse('endpoint', endpoint, 'a URL')
  if (client !== undefined && typeof client?.send !== 'function') {
    throw refuse('client', client, 'a client of @aws-sdk/client-s3')
  }
  const second = client && clientOptions.find((option) => options[option] !== undefined)
  if (second) throw refuse(second, options[second], 'nothing beside client, which has its own')
}
