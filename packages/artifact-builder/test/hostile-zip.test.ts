import { deflateRawSync, crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { readArtifact } from '../src/index.ts'
import { entryOf, manifestMember, manifestOf, rawArtifact, writeZip } from './support/raw-artifact.ts'
import { descriptor, folderMode, rawZip, u16, u32, type RawEntry } from './support/raw-zip.ts'

const file: RawEntry = { name: 'a.txt', data: 'hello' }
const packed = deflateRawSync('hello')
const nothing = Buffer.alloc(0)

describe('read, whichever engine wrote it', () => {
  const rows: Readonly<Record<string, Uint8Array>> = {
    'stored entries': rawArtifact([file]),
    'deflated entries': rawArtifact([{ ...file, method: 8 }]),
    'a data descriptor': rawArtifact([
      { ...file, method: 8, flags: 0x808, local: [14, Buffer.alloc(12)], behind: descriptor('hello', packed.length) },
    ]),
    'zip64 fields of an entry': rawArtifact([{ ...file, zip64: true }]),
    'zip64 records at the end': rawArtifact([file], { zip64: true }),
    'a name that is ASCII and does not say so': rawArtifact([{ ...file, flags: 0 }]),
    'names that are strange on other systems': rawArtifact([
      { name: 'a\\b' },
      { name: 'c:/x' },
      { name: '...' },
      { name: ' -dash "quoted" \ufffd 😀' },
    ]),
    'an empty entry that is deflated': rawArtifact([{ name: 'empty', method: 8 }]),
    'many entries, one of them with the first bytes of a gzip file in it': rawArtifact([
      ...Array.from({ length: 300 }, (_, index) => ({ name: `f${index}`, data: `content ${index}`, method: 8 })),
      { name: 'magic', method: 8, data: 'x', packed: deflateRawSync('x', { level: 0 }) },
      { name: 'magic-inside', method: 8, data: Buffer.from([0x1f, 0x8b, 8, 0]), packed: stored([0x1f, 0x8b, 8, 0]) },
    ]),
  }
  test.each(Object.entries(rows))('%s', async (_name, bytes) => {
    const path = writeZip(bytes)
    const one = await readArtifact(path, { workers: 0 })
    await expect(readArtifact(path, { workers: 2 })).resolves.toEqual(one)
  })
})

/** A deflate stream of one stored block. */
function stored(data: readonly number[]): Buffer {
  return Buffer.concat([Buffer.from([1]), u16(data.length), u16(~data.length & 0xffff), Buffer.from(data)])
}

describe('refused, although the manifest says the same', () => {
  const one = (entry: Partial<RawEntry>) => rawArtifact([{ ...file, ...entry }])
  const gzipMember = Buffer.concat([
    Buffer.from([3, 0]),
    u32(0),
    u32(0),
    Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]),
  ])
  const rows: Readonly<Record<string, readonly [Uint8Array, RegExp]>> = {
    'bytes before the first entry': [
      rawArtifact([file], { before: Buffer.from('#!') }),
      /does not begin with an entry/,
    ],
    'bytes before the directory': [rawArtifact([file], { beforeDirectory: u32(7) }), /bytes behind/],
    'many bytes before the directory': [
      rawArtifact([file], { beforeDirectory: Buffer.alloc(500) }),
      /belong to no entry/,
    ],
    'bytes behind the directory': [rawArtifact([file], { behindDirectory: u32(7) }), /does not lie where its end says/],
    'a comment': [rawArtifact([file], { comment: 'hello' }), /end of central directory/],
    'a comment that ends as a zip does': [
      rawArtifact([file], { comment: rawZip([]).toString('latin1') }),
      /does not lie where its end says/,
    ],
    'a comment of an entry': [one({ comment: 'x' }), /"a\.txt" has a comment/],
    'fewer entries than its end says': [rawArtifact([file], { entryCount: 3 }), /has 2 entries, not 3/],
    'more entries than its end says': [rawArtifact([file], { entryCount: 1 }), /has 2 entries, not 1/],
    'two ends that contradict each other': [
      rawArtifact([file], { zip64: true, statedOffset: 7 }),
      /two end of central directory records contradict/,
    ],
    'an extra field': [one({ extra: Buffer.concat([u16(0x7075), u16(0)]) }), /extra field/],
    'an extra field before the data': [one({ localExtra: Buffer.concat([u16(0x5455), u16(0)]) }), /two headers/],
    'a zip64 field that nothing asks for': [
      one({ extra: Buffer.concat([u16(1), u16(8), Buffer.alloc(8)]) }),
      /extra field/,
    ],
    'another name before the data': [one({ localName: 'b.txt' }), /two headers/],
    'another method before the data': [one({ local: [8, u16(8)] }), /two headers/],
    'other flags before the data': [one({ local: [6, u16(0)] }), /two headers/],
    'another checksum before the data': [one({ local: [14, u32(1)] }), /two headers/],
    'another size before the data': [one({ local: [22, u32(1)] }), /two headers/],
    'another packed size before the data': [one({ local: [18, u32(1)] }), /two headers/],
    'no local header': [one({ local: [0, u32(0)] }), /two headers/],
    'bytes behind the data': [one({ behind: u32(7) }), /bytes behind "a\.txt"/],
    'a descriptor that is not announced': [one({ behind: descriptor('hello', 5) }), /bytes behind "a\.txt"/],
    'a descriptor of something else': [
      one({ flags: 0x808, local: [14, Buffer.alloc(12)], behind: descriptor('hallo', 5) }),
      /bytes behind "a\.txt"/,
    ],
    'an announced descriptor that is not there': [
      one({ flags: 0x808, local: [14, Buffer.alloc(12)] }),
      /bytes behind "a\.txt"/,
    ],
    'two entries with the same bytes': [
      rawArtifact([file, { ...file, name: 'b.txt', offset: 0 }]),
      /"(?:a|b)\.txt" overlaps|belong to no entry|bytes behind/,
    ],
    'an entry inside another one': [
      rawArtifact([file, { ...file, name: 'b.txt', offset: 10 }]),
      /"a\.txt" overlaps with what follows it/,
    ],
    'an entry behind the end': [
      rawArtifact([file, { ...file, name: 'b.txt', offset: 100_000 }]),
      /overlaps|belong to no entry/,
    ],
    'bytes behind the end of compressed data': [
      one({ method: 8, packed: Buffer.concat([packed, u32(7)]) }),
      /bytes behind the end of its compressed data/,
    ],
    'a stored entry of another size': [one({ packed: Buffer.from('hello!') }), /stored in another number of bytes/],
    'a folder with content': [
      rawZip([{ name: 'd/', mode: folderMode, data: 'x' }, manifestMember(manifestOf([]))]),
      /directory with content/,
    ],
    'a name with a zero byte': [one({ name: 'a\0b' }), /no relative path/],
    'a name that is empty': [one({ name: '' }), /no relative path/],
    'a folder without a name': [
      rawZip([{ name: '/', mode: folderMode }, manifestMember(manifestOf([]))]),
      /absolute path/,
    ],
    'a part that climbs in the middle': [one({ name: 'a/../../b' }), /no relative path/],
    'a part that climbs at the end': [one({ name: 'a/..' }), /no relative path/],
    'a name that is not UTF-8': [
      rawZip([{ name: Buffer.from([0x66, 0xff]) }, manifestMember(manifestOf([]))]),
      /no name in UTF-8/,
    ],
    'a name that is UTF-8 and does not say so': [one({ name: 'ü', flags: 0 }), /does not say that it is UTF-8/],
    'a manifest that is executable': [
      rawZip([{ ...manifestMember(manifestOf([])), mode: 0o100755 }]),
      /no file of mode 0644/,
    ],
  }
  test.each(Object.entries(rows))('%s', async (_name, [bytes, problem]) => {
    const path = writeZip(bytes)
    for (const workers of [0, 1]) {
      await expect(readArtifact(path, { workers })).rejects.toMatchObject({
        code: 'ARTIFACT_INVALID',
        context: { problem: expect.stringMatching(problem) as string },
      })
    }
  })

  const corrupt: Readonly<Record<string, readonly [Uint8Array, RegExp]>> = {
    'more content than it states': [one({ method: 8, packed: deflateRawSync('hello!') }), /has more than 5 bytes/],
    'a thousand times the content that it states': [
      one({ method: 8, packed: deflateRawSync(Buffer.alloc(10_000_000)) }),
      /has more than 5 bytes/,
    ],
    'less content than it states': [one({ method: 8, packed: deflateRawSync('hell') }), /has 4 bytes, not 5/],
    'no compressed data': [one({ method: 8, packed: nothing }), /cannot be read/],
    'compressed data that were cut': [one({ method: 8, packed: packed.subarray(0, -2) }), /cannot be read/],
    'another checksum': [one({ method: 8, checksum: 1 }), /another checksum/],
    // Many entries are unpacked as the members of one gzip file: this one would be two members of it.
    'a member of a gzip file of its own': [
      rawArtifact([
        { ...file, method: 8, packed: Buffer.concat([gzipMember, packed]) },
        { ...file, name: 'b.txt', method: 8 },
      ]),
      /has 0 bytes, not 5|bytes behind/,
    ],
  }
  test.each(Object.entries(corrupt))('%s', async (_name, [bytes, problem]) => {
    const path = writeZip(bytes)
    for (const workers of [0, 1]) {
      await expect(readArtifact(path, { workers })).rejects.toMatchObject({
        code: expect.stringMatching(/^ARTIFACT_(?:CORRUPT|INVALID)$/) as string,
        context: { problem: expect.stringMatching(problem) as string },
      })
    }
  })
})

test('any single byte that changes is found, wherever it lies', async () => {
  // Stored: the last byte of compressed data has bits that mean nothing.
  const bytes = rawArtifact([file, { name: 'd/', mode: folderMode }])
  const accepted: number[] = []
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] as number) ^ 0x20
    await readArtifact(writeZip(changed), { workers: 0 }).then(
      () => accepted.push(at),
      () => undefined,
    )
  }
  // Version needed, version made by, internal attributes and the lower half of the external ones say nothing of content.
  expect(accepted.filter((at) => !isSilent(bytes, at))).toEqual([])
})

function isSilent(bytes: Buffer, at: number): boolean {
  for (const [signature, places] of [
    [0x04034b50, [4, 5]],
    [0x02014b50, [4, 6, 7, 36, 37, 38, 39]],
  ] as const) {
    for (const place of places) {
      if (at >= place && at - place + 4 <= bytes.length && bytes.readUInt32LE(at - place) === signature) return true
    }
  }
  return false
}

test('an entry is not read by what it says of itself alone', async () => {
  const lying = { ...file, data: 'hello', checksum: crc32('hello') }
  const zip = rawZip([lying, manifestMember(manifestOf([{ ...entryOf(file), sha256: 'a'.repeat(64) }]))])
  await expect(readArtifact(writeZip(zip))).rejects.toMatchObject({ context: { problem: 'has other bytes' } })
})
