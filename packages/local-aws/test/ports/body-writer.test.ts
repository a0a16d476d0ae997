import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { temporaryFolder } from '@fairlead/test-support'
import { describe, expect, onTestFinished, test } from 'vitest'
import { checksumAlgorithms, digestOf } from '../../src/checksum/checksums.ts'
import { openBodyWriters, type BodyWriter } from '../../src/ports/bodies/body-writer.ts'
import { sha256Hex } from '../../src/sigv4/canonical.ts'
import { codeIn, running, sendSigned } from '../running.ts'

const algorithms = ['MD5', ...checksumAlgorithms] as const
const large = randomBytes(5_000_003)

function openWriters() {
  const writers = openBodyWriters()
  onTestFinished(writers.close)
  return writers
}

async function pour(bytes: Buffer, writer: BodyWriter, pieceBytes: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += pieceBytes) await writer.take(bytes.subarray(at, at + pieceBytes))
}

describe('a large body', () => {
  test.each([1_000, 65_536, 524_288, 5_000_003])(
    'is written and digested whole, in pieces of %i bytes',
    async (size) => {
      const path = join(temporaryFolder(), 'body')
      const writer = openWriters().start(path, { digests: algorithms, sizeBytes: large.length })
      await pour(large, writer, size)
      expect(await writer.end()).toEqual(algorithms.map((algorithm) => digestOf(algorithm, large)))
      expect(readFileSync(path).equals(large)).toBe(true)
    },
  )

  test('keeps apart from others that come at the same time', async () => {
    const folder = temporaryFolder()
    const writers = openWriters()
    const bodies = Array.from({ length: 12 }, (_, index) => ({
      path: join(folder, String(index)),
      bytes: randomBytes(3_000_000),
    }))
    await Promise.all(
      bodies.map(async ({ path, bytes }) => {
        const writer = writers.start(path, { digests: ['MD5'], sizeBytes: bytes.length })
        await pour(bytes, writer, 50_000)
        expect(await writer.end()).toEqual([digestOf('MD5', bytes)])
      }),
    )
    for (const { path, bytes } of bodies) expect(readFileSync(path).equals(bytes)).toBe(true)
  })

  test('that is abandoned leaves no file, and the next one is none the worse', async () => {
    const path = join(temporaryFolder(), 'body')
    const writers = openWriters()
    const first = writers.start(path, { digests: ['MD5'], sizeBytes: large.length })
    await pour(large.subarray(0, 2_000_000), first, 65_536)
    await first.abandon()
    expect(existsSync(path)).toBe(false)
    const second = writers.start(path, { digests: ['MD5'], sizeBytes: large.length })
    await pour(large, second, 65_536)
    expect(await second.end()).toEqual([digestOf('MD5', large)])
  })

  test.each([100, 1_000_000])(
    'of %i bytes that cannot be written is an error, and nobody waits for it',
    async (size) => {
      const writer = openWriters().start(join(temporaryFolder(), 'missing', 'body'), {
        digests: ['MD5'],
        sizeBytes: size,
      })
      const written = pour(large.subarray(0, size), writer, 65_536).then(writer.end)
      await expect(written).rejects.toThrow('ENOENT')
      await writer.abandon()
    },
  )

  test('ends with an error where the thread does', async () => {
    const writers = openBodyWriters()
    const path = join(temporaryFolder(), 'body')
    const writer = writers.start(path, { digests: ['MD5'], sizeBytes: large.length })
    await pour(large.subarray(0, 1_000_000), writer, 65_536)
    await writers.close()
    await expect(writer.end()).rejects.toThrow('the thread that writes bodies ended')
    await writer.abandon()
    expect(existsSync(path)).toBe(false)
  })

  test('that comes after its thread ended gets another one', async () => {
    const folder = temporaryFolder()
    const writers = openWriters()
    const first = writers.start(join(folder, 'first'), { digests: ['MD5'], sizeBytes: large.length })
    await pour(large.subarray(0, 1_000_000), first, 65_536)
    // What a crash of the thread looks like from here.
    await writers.close()
    await expect(first.end()).rejects.toThrow('the thread that writes bodies ended')
    const second = writers.start(join(folder, 'second'), { digests: ['MD5'], sizeBytes: large.length })
    await pour(large, second, 65_536)
    expect(await second.end()).toEqual([digestOf('MD5', large)])
    expect(readFileSync(join(folder, 'second')).equals(large)).toBe(true)
  })

  test('is answered with InternalError where its thread dies, and the next put is stored', async () => {
    const folder = temporaryFolder()
    const aws = await running({ buckets: [{ name: 'bucket' }], folder })
    // Node tells of each thread that is started. It has ended before the end of a body can reach it.
    const died = once(process, 'worker').then(([worker]) => (worker as Worker).terminate())
    const put = { method: 'PUT', path: '/bucket/k', body: large, headers: { 'content-length': String(large.length) } }
    const lost = await sendSigned(aws, put)
    await died
    expect([lost.status, codeIn(lost)]).toEqual([500, 'InternalError'])
    expect(readdirSync(join(folder, 's3', 'bodies'))).toEqual([])
    const stored = await sendSigned(aws, put)
    expect([stored.status, stored.headers['etag']]).toEqual([200, `"${digestOf('MD5', large).toString('hex')}"`])
  })

  test.each([
    ['its hash is not the signed one', {}, sha256Hex('other'), 'XAmzContentSHA256Mismatch'],
    [
      'its MD5 is not the announced one',
      { 'content-md5': digestOf('MD5', Buffer.from('other')).toString('base64') },
      undefined,
      'BadDigest',
    ],
    ['its checksum is not the announced one', { 'x-amz-checksum-crc64nvme': 'AAAAAAAAAAA=' }, undefined, 'BadDigest'],
  ])('is not kept where %s', async (_, headers, payload, code) => {
    const folder = temporaryFolder()
    const aws = await running({ buckets: [{ name: 'bucket' }], folder })
    const put = {
      method: 'PUT',
      path: '/bucket/k',
      body: large,
      headers: { 'content-length': String(large.length), ...headers },
    }
    expect(codeIn(await sendSigned(aws, put, payload === undefined ? {} : { payload }))).toBe(code)
    expect(readdirSync(join(folder, 's3', 'bodies'))).toEqual([])
  })
})
