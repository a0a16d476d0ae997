import { crc32, inflateRawSync } from 'node:zlib'
import type { ManifestEntry } from '@fairlead/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { digestContent } from '../../src/plan/content-digest.ts'
import { encodeManifest, manifestHead, type ManifestFacts } from '../../src/plan/encode-manifest.ts'
import { deflateLines, deflateText } from '../../src/ports/deflate-manifest.ts'
import { withLanes, type Lane } from '../../src/ports/lanes/pool.ts'
import type { PackedEntries } from '../../src/ports/zip-engine.ts'
import { columnsOf, sortedEntries } from '../support/columns.ts'

const facts: ManifestFacts = {
  schema: 'fairlead/manifest/1',
  application: 'shop',
  commit: 'a'.repeat(40),
  contentDigest: 'b'.repeat(64),
  allowances: [],
}

async function deflated(entries: readonly ManifestEntry[], threads: number, pieceBytes: number) {
  const columns = columnsOf(entries)
  const packed = { entries: { ...columns, count: entries.length }, results: columns } as unknown as PackedEntries
  return withLanes({ threads, signal: undefined }, async (lanes) => {
    const { contentDigest, pieces } = await deflateLines(lanes, packed, pieceBytes)
    const text = await deflateText(lanes[0] as Lane, manifestHead(facts, entries.length), pieces)
    return { ...text, contentDigest, bytes: Buffer.concat(text.pieces) }
  })
}

function manifestOf(entries: readonly ManifestEntry[]): Buffer {
  const options = { entryCount: entries.length, pieceBytes: 512 * 1024 }
  return Buffer.concat([...encodeManifest(facts, columnsOf(entries), options)])
}

test('the pieces are one stream of the whole manifest, wherever it is cut, and the digest is that of its entries', async () => {
  await fc.assert(
    fc.asyncProperty(sortedEntries(300), fc.integer({ min: 1, max: 60_000 }), async (entries, pieceBytes) => {
      const manifest = manifestOf(entries)
      const { bytes, sizeBytes, compressedBytes, checksum, contentDigest } = await deflated(entries, 0, pieceBytes)
      expect(inflateRawSync(bytes).equals(manifest)).toBe(true)
      expect([sizeBytes, compressedBytes]).toEqual([manifest.length, bytes.length])
      expect(checksum).toBe(crc32(manifest))
      expect(contentDigest).toBe(digestContent(entries))
    }),
  )
})

const many = Array.from({ length: 20_000 }, (_, index): ManifestEntry => {
  const path = `node_modules/package-${String(index >> 4).padStart(5, '0')}/dist/${String(index & 15).padStart(2, '0')}.js`
  const digest = Buffer.from(`${index}`).toString('hex').padEnd(64, '0')
  return { path, type: 'file', mode: '0644', sizeBytes: index, sha256: digest }
})

test('it is the same with each number of threads', async () => {
  const [here, one, three] = await Promise.all([0, 1, 3].map((threads) => deflated(many, threads, 64 * 1024)))
  expect(inflateRawSync(here?.bytes ?? '').equals(manifestOf(many))).toBe(true)
  expect([one, three].every((other) => other?.bytes.equals(here?.bytes ?? Buffer.alloc(0)))).toBe(true)
})

test('a piece of more digests than the kernel notes is the same stream', async () => {
  const { bytes } = await deflated(many, 0, 16 * 1024 ** 2)
  expect(inflateRawSync(bytes).equals(manifestOf(many))).toBe(true)
})

test('a text of any length is one stream too, and no character is cut', async () => {
  const text = `${'é'.repeat(300_000)}😀${'x'.repeat(600_000)}`
  for (const shift of ['', 'a', 'ab']) {
    const found = await withLanes({ threads: 0, signal: undefined }, ([lane]) =>
      deflateText(lane as Lane, shift + text),
    )
    expect(inflateRawSync(Buffer.concat(found.pieces)).toString() === shift + text).toBe(true)
    expect(found.checksum).toBe(crc32(shift + text))
  }
})
