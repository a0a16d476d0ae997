import { DeleteObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { readStoredText, type ArtifactStore, type S3Location } from '@fairlead/core'
import { describe, expect, test, vi } from 'vitest'
import { s3Store, type S3StoreOptions } from '../src/index.ts'
import { brokenConnection, meddling, serviceError, useLocalS3 } from './local-s3.ts'
import { bodyOf, describeStore, sha256Of } from './store-conformance.ts'

const s3 = useLocalS3()
const clock = { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() }

describeStore('s3Store with versions, a prefix and its own client', async () => {
  const bucket = await s3.makeBucket()
  const prefix = 'teams/shop/'
  return { store: s3Store({ bucket, prefix }), again: () => s3Store({ bucket, prefix }) }
})

describeStore('s3Store without versions and prefix, with a client given', async () => {
  const bucket = await s3.makeBucket({ versioned: false })
  const client = s3.aws.clients.s3
  return { store: s3Store({ bucket, client }), again: () => s3Store({ bucket, client }) }
})

/** Calls every method of a store once. */
const methods: readonly (readonly [string, (store: ArtifactStore) => Promise<unknown>])[] = [
  ['put', (store) => store.put('a', bodyOf('x'))],
  ['find', (store) => store.find('a')],
  ['open', (store) => readStoredText(store, 'a')],
  ['list', (store) => store.list('')[Symbol.asyncIterator]().next()],
  ['delete', (store) => store.delete('a')],
  ['readHead', (store) => store.readHead('a')],
  ['swapHead', (store) => store.swapHead('a', { expected: undefined, value: 'x' })],
  ['swapHead of a revision', (store) => store.swapHead('a', { expected: 'f00', value: 'x' })],
]

describe('s3Store', () => {
  test('says where it is', () => {
    expect(s3Store({ bucket: 'artifacts', prefix: 'shop/' }).url).toBe('s3://artifacts/shop')
    expect(s3Store({ bucket: 'artifacts', prefix: '' }).url).toBe('s3://artifacts')
  })

  test('pins bucket, key with the prefix, version and eTag without quotes', async () => {
    const bucket = await s3.makeBucket()
    const { object } = await s3Store({ bucket, prefix: 'shop' }).put('artifacts/a.zip', bodyOf('bytes'))
    expect(object.location).toEqual({
      kind: 's3',
      bucket,
      key: 'shop/artifacts/a.zip',
      versionId: expect.stringMatching(/./),
      eTag: expect.stringMatching(/^[0-9a-f]+$/),
    })
    const { key: Key, versionId: VersionId } = object.location as S3Location
    const head = await s3.aws.clients.s3.send(
      new HeadObjectCommand({ Bucket: bucket, Key, VersionId, ChecksumMode: 'ENABLED' }),
    )
    expect(head.Metadata).toEqual({ sha256: sha256Of('bytes') })
    expect(head.ChecksumSHA256).toBe(Buffer.from(sha256Of('bytes'), 'hex').toString('base64'))
  })

  test('pins no version where the bucket has none', async () => {
    const bucket = await s3.makeBucket({ versioned: false })
    const { object } = await s3Store({ bucket }).put('a', bodyOf('bytes'))
    expect(object.location).toEqual({ kind: 's3', bucket, key: 'a', eTag: expect.any(String) })
  })

  test('opens the version that was pinned, whatever came after it', async () => {
    const bucket = await s3.makeBucket()
    const store = s3Store({ bucket })
    const { object } = await store.put('a', bodyOf('first'))
    await store.delete('a')
    await s3.aws.clients.s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'a', Body: 'second' }))
    expect(await readStoredText(store, 'a')).toBe('second')
    const { location } = object
    expect(await readStoredText(store, 'a', { location } as never)).toBe('first')
    expect(await store.find('a', { location })).toEqual(object)
    const { versionId: VersionId } = location as S3Location
    await s3.aws.clients.s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'a', VersionId }))
    expect(await store.find('a', { location })).toBeUndefined()
    await expect(readStoredText(store, 'a', { location } as never)).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' })
  })

  test('refuses other bytes under a pinned name where the bucket has no versions', async () => {
    const bucket = await s3.makeBucket({ versioned: false })
    const store = s3Store({ bucket })
    const { location } = (await store.put('a', bodyOf('first'))).object
    await s3.aws.clients.s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'a', Body: 'second' }))
    const refused = { code: 'STORED_OBJECT_CHANGED' }
    await expect(store.find('a', { location })).rejects.toMatchObject(refused)
    await expect(readStoredText(store, 'a', { location } as never)).rejects.toMatchObject(refused)
  })

  test('sends a body of many megabytes whole', async () => {
    const store = s3Store({ bucket: await s3.makeBucket() })
    const bytes = randomBytes(20 * 1024 * 1024)
    const { created, object } = await store.put('artifacts/big.zip', bodyOf(bytes, 1024 * 1024))
    expect(created).toBe(true)
    expect(object).toMatchObject({ sizeBytes: bytes.byteLength, sha256: sha256Of(bytes) })
  })

  test('lists over as many pages as there are', async () => {
    const bucket = await s3.makeBucket()
    for (const key of ['a', 'b', 'c', 'd', 'e']) await s3Store({ bucket }).put(key, bodyOf(key))
    let pages = 0
    const client = meddling(s3.aws.clients.s3, (command, send) => {
      pages++
      command.input['MaxKeys'] = 2
      return send()
    })
    const keys = []
    for await (const { key } of s3Store({ bucket, client }).list('')) keys.push(key)
    expect(keys).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(pages).toBe(3)
  })

  test('refuses a head that something else wrote', async () => {
    const bucket = await s3.makeBucket()
    await s3.aws.clients.s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'h', Body: '{}' }))
    await expect(s3Store({ bucket }).readHead('h')).rejects.toMatchObject({ code: 'STORED_HEAD_INVALID' })
  })
})

describe('s3Store, where the network or S3 fails,', () => {
  test('sends a put again with its bytes opened anew', async () => {
    const bucket = await s3.makeBucket()
    const troubles = [
      serviceError('ConditionalRequestConflict', 409),
      serviceError('SlowDown', 503),
      brokenConnection(),
    ]
    const client = meddling(s3.aws.clients.s3, async (command, send) => {
      const trouble = command instanceof PutObjectCommand ? troubles.shift() : undefined
      if (!trouble) return send()
      // As much as S3 had read when it failed.
      for await (const _piece of command.input['Body'] as AsyncIterable<Uint8Array>) break
      throw trouble
    })
    const body = bodyOf(randomBytes(500_000))
    const { created, object } = await s3Store({ bucket, client, clock }).put('a', body)
    expect(created).toBe(true)
    expect(object.sha256).toBe(body.sha256)
    expect(body.opened).toBe(4)
  })

  test.each([
    [
      'a service that stays busy',
      () => serviceError('SlowDown', 503, { $retryable: { throttling: true } }),
      'AWS_THROTTLED',
    ],
    ['a service that stays broken', () => serviceError('InternalError', 500), 'AWS_REQUEST_FAILED'],
    ['a connection that breaks each time', () => brokenConnection(), 'AWS_UNREACHABLE'],
    ['a conflict that does not end', () => serviceError('ConditionalRequestConflict', 409), 'AWS_REQUEST_FAILED'],
  ])('gives up after four attempts: %s', async (_case, trouble, code) => {
    const bucket = await s3.makeBucket()
    let attempts = 0
    const client = meddling(s3.aws.clients.s3, async (command, send) => {
      if (!(command instanceof PutObjectCommand)) return send()
      attempts++
      throw trouble()
    })
    await expect(s3Store({ bucket, client, clock }).put('a', bodyOf('x'))).rejects.toMatchObject({ code })
    expect(attempts).toBe(4)
  })

  test('sends nothing again that was refused for good', async () => {
    let attempts = 0
    const client = meddling(s3.aws.clients.s3, async (command, send) => {
      if (!(command instanceof PutObjectCommand)) return send()
      attempts++
      throw serviceError('InvalidRequest', 400)
    })
    const store = s3Store({ bucket: await s3.makeBucket(), client, clock })
    await expect(store.put('a', bodyOf('x'))).rejects.toMatchObject({ code: 'AWS_REQUEST_FAILED' })
    expect(attempts).toBe(1)
  })

  /** Every first write takes effect, and its answer is lost on the way. */
  const losingAnswers = () => {
    let lost = 0
    return meddling(s3.aws.clients.s3, async (command, send) => {
      const answer = await send()
      if (command instanceof PutObjectCommand && lost++ === 0) throw brokenConnection()
      return answer
    })
  }

  test('knows its own put again when the answer was lost', async () => {
    const bucket = await s3.makeBucket()
    const { created, object } = await s3Store({ bucket, client: losingAnswers(), clock }).put('a', bodyOf('mine'))
    expect(created).toBe(true)
    expect(object).toEqual(await s3Store({ bucket }).find('a'))
  })

  test('knows its own swap again when the answer was lost', async () => {
    const bucket = await s3.makeBucket()
    const swapped = await s3Store({ bucket, client: losingAnswers(), clock }).swapHead('h', {
      expected: undefined,
      value: 'mine',
    })
    expect(swapped).toEqual(await s3Store({ bucket }).readHead('h'))
    const next = await s3Store({ bucket, client: losingAnswers(), clock }).swapHead('h', {
      expected: swapped?.revision,
      value: 'next',
    })
    expect(next?.value).toBe('next')
    expect(next).toEqual(await s3Store({ bucket }).readHead('h'))
  })

  test('does not take the swap of another writer for its own, be the value the same', async () => {
    const bucket = await s3.makeBucket()
    let first = true
    const client = meddling(s3.aws.clients.s3, async (command, send) => {
      if (!(command instanceof PutObjectCommand) || !first) return send()
      first = false
      await s3Store({ bucket }).swapHead('h', { expected: undefined, value: 'same' })
      throw brokenConnection()
    })
    expect(
      await s3Store({ bucket, client, clock }).swapHead('h', { expected: undefined, value: 'same' }),
    ).toBeUndefined()
  })

  test('says so when what S3 stored is not what was sent', async () => {
    const client = meddling(s3.aws.clients.s3, async (command, send) => {
      const answer = await send()
      if (!(command instanceof HeadObjectCommand)) return answer
      return { ...(answer as object), ContentLength: 3 }
    })
    const store = s3Store({ bucket: await s3.makeBucket(), client })
    await expect(store.put('a', bodyOf('bytes'))).rejects.toMatchObject({
      code: 'PUBLISHED_BYTES_DIFFER',
      context: { sizeBytes: 3, expectedSizeBytes: 5 },
    })
  })
})

describe('s3Store refuses', () => {
  test.each(methods)('a bucket that is not there, in %s: S3_BUCKET_NOT_FOUND', async (_name, call) => {
    const store = s3Store({ bucket: 'nobody-made-this' })
    await expect(call(store)).rejects.toMatchObject({
      code: 'S3_BUCKET_NOT_FOUND',
      context: { bucket: 'nobody-made-this' },
    })
  })

  test.each(methods)('an endpoint that does not answer, in %s: AWS_UNREACHABLE', async (_name, call) => {
    const store = s3Store({ bucket: 'artifacts', endpoint: 'http://127.0.0.1:1' })
    await expect(call(store)).rejects.toMatchObject({
      code: 'AWS_UNREACHABLE',
      context: { endpoint: '127.0.0.1:1', reason: 'ECONNREFUSED' },
    })
  })

  test.each([
    ['put', 's3:PutObject'],
    ['find', 's3:GetObject'],
    ['open', 's3:GetObject'],
    ['list', 's3:ListBucket'],
    ['delete', 's3:DeleteObject'],
    ['readHead', 's3:GetObject'],
    ['swapHead', 's3:PutObject'],
  ])('credentials that may not, in %s, and names %s: AWS_ACCESS_DENIED', async (name, action) => {
    const bucket = await s3.makeBucket()
    const client = meddling(s3.aws.clients.s3, async (command, send) => {
      if (name === 'put' && !(command instanceof PutObjectCommand)) return send()
      throw serviceError('AccessDenied', 403)
    })
    const call = methods.find(([method]) => method === name)?.[1]
    await expect(call?.(s3Store({ bucket, client }))).rejects.toMatchObject({
      code: 'AWS_ACCESS_DENIED',
      context: { action, resource: expect.stringContaining(`arn:aws:s3:::${bucket}`) },
    })
  })

  test('credentials that S3 does not know: AWS_CREDENTIALS_MISSING', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAAAAAAAAAAAAAAAAA')
    try {
      const store = s3Store({ bucket: await s3.makeBucket() })
      await expect(readStoredText(store, 'a')).rejects.toMatchObject({ code: 'AWS_CREDENTIALS_MISSING' })
    } finally {
      vi.stubEnv('AWS_ACCESS_KEY_ID', s3.aws.credentials.accessKeyId)
    }
  })

  test('a bucket of another region, and names that: S3_BUCKET_ELSEWHERE', async () => {
    const $response = { headers: { 'x-amz-bucket-region': 'eu-central-1' } }
    const client = meddling(s3.aws.clients.s3, () => Promise.reject(serviceError('301', 301, { $response })))
    await expect(s3Store({ bucket: 'artifacts', client }).find('a')).rejects.toMatchObject({
      code: 'S3_BUCKET_ELSEWHERE',
      context: { region: 'eu-central-1' },
    })
  })

  test.each<[string, unknown]>([
    ['no options', undefined],
    ['no bucket', {}],
    ['a URL for a bucket', { bucket: 's3://artifacts' }],
    ['an absolute prefix', { bucket: 'artifacts', prefix: '/shop' }],
    ['a prefix that climbs', { bucket: 'artifacts', prefix: 'a/../..' }],
    ['null as the prefix', { bucket: 'artifacts', prefix: null }],
    ['an endpoint that is no URL', { bucket: 'artifacts', endpoint: 'localhost' }],
    ['a client that cannot send', { bucket: 'artifacts', client: {} }],
    ['a region beside a client', { bucket: 'artifacts', client: { send: () => undefined }, region: 'eu-central-1' }],
  ])('%s: INVALID_OPTION', (_case, options) => {
    expect(() => s3Store(options as S3StoreOptions)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })

  test('an option that it does not have: UNKNOWN_OPTION', () => {
    expect(() => s3Store({ bucket: 'artifacts', prefx: 'shop' } as never)).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_OPTION', context: expect.objectContaining({ nearest: 'prefix' }) }),
    )
  })
})

describe('the client of s3Store', () => {
  test('is closed with the store when the store made it, and made again when it is needed', async () => {
    const bucket = await s3.makeBucket()
    using store = s3Store({ bucket })
    await store.put('a', bodyOf('x'))
    store.close()
    expect(await store.find('a')).toBeDefined()
  })

  test('is never destroyed when it was given', async () => {
    const bucket = await s3.makeBucket()
    let destroyed = 0
    const client = { send: s3.aws.clients.s3.send.bind(s3.aws.clients.s3), destroy: () => destroyed++ }
    const store = s3Store({ bucket, client })
    await store.put('a', bodyOf('x'))
    store.close()
    expect(destroyed).toBe(0)
  })

  test('is loaded by the first call, not by the import', async () => {
    // A hook of the module loader refuses the SDK: the import still succeeds, and only the call needs it.
    const hook = `export async function resolve(name, context, next) {
      if (name.startsWith('@aws-sdk/')) throw new Error('the SDK was loaded')
      return next(name, context)
    }`
    const program = `
      import { register } from 'node:module'
      register('data:text/javascript,' + ${JSON.stringify(encodeURIComponent(hook))})
      const { s3Store } = await import('@fairlead/s3-publisher')
      const store = s3Store({ bucket: 'artifacts' })
      console.log('imported')
      await store.find('a').catch((error) => console.log(error.cause?.message ?? error.message))
    `
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
      cwd: new URL('.', import.meta.url),
    })
    expect(stdout).toBe('imported\nthe SDK was loaded\n')
  })

  test('prints nothing, a lost race included', async () => {
    const warn = vi.spyOn(console, 'warn')
    const bucket = await s3.makeBucket()
    await s3Store({ bucket }).swapHead('h', { expected: undefined, value: '1' })
    await s3Store({ bucket }).swapHead('h', { expected: undefined, value: '2' })
    expect(warn).not.toHaveBeenCalled()
    warn.mockRestore()
  })
})
