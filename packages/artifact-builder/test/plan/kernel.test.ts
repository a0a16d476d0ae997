import { createHash } from 'node:crypto'
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compileKernel } from '../../kernel/compile.js'
import { kernelCode } from '../../src/plan/kernel/kernel-code.ts'
import { openKernel } from '../../src/plan/kernel/kernel.ts'

const { source, deflate, inflatesTo, triplePlaces, findWindows } = openKernel()
const pieceBytes = source.length - 32 * 1024

function compressed(bytes: Uint8Array, tries = 16): Buffer {
  source.set(bytes)
  return Buffer.from(deflate({ dictionaryBytes: 0, bytes: bytes.length, isLast: true, tries }))
}

/** One stream of several pieces, as a large file is compressed. */
function inPieces(bytes: Uint8Array, piece: number): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at === 0 || at < bytes.length; at += piece) {
    const before = Math.min(at, 32 * 1024)
    const end = Math.min(bytes.length, at + piece)
    source.set(bytes.subarray(at - before, end))
    const content = { dictionaryBytes: before, bytes: end - at, isLast: end === bytes.length, tries: 16 }
    parts.push(Buffer.from(deflate(content)))
  }
  return Buffer.concat(parts)
}

/** Bytes without a pattern, the same each time. */
function noise(length: number): Buffer {
  const blocks: Buffer[] = []
  for (let at = 0; at * 32 < length; at++) blocks.push(createHash('sha256').update(`${at}`).digest())
  return Buffer.concat(blocks).subarray(0, length)
}

/** Bytes that repeat themselves near and far, in runs and not at all. */
const contents = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc.record({ byte: fc.nat(255), count: fc.nat(1500) }).map(({ byte, count }) => new Uint8Array(count).fill(byte)),
      fc.string({ maxLength: 60 }).map((text) => Buffer.from(`${text}\n`.repeat(40))),
      fc.nat(60_000).map((length) => noise(length)),
    ),
    { maxLength: 12 },
  )
  .map((parts) => Buffer.concat(parts))

test('the compiled kernel is what its source compiles to', async () => {
  expect((await compileKernel()).toString('base64')).toBe(kernelCode)
})

describe('what is compressed', () => {
  test('inflates to itself, whatever it is', () => {
    fc.assert(
      fc.property(contents, (bytes) => {
        expect(inflateRawSync(compressed(bytes)).equals(bytes)).toBe(true)
      }),
    )
  })

  test('inflates to itself when it came in pieces that refer to the ones before', () => {
    fc.assert(
      fc.property(contents, fc.integer({ min: 1000, max: 90_000 }), (bytes, piece) => {
        expect(inflateRawSync(inPieces(bytes, piece)).equals(bytes)).toBe(true)
      }),
    )
  })

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['one byte', Buffer.from('x')],
    ['three bytes', Buffer.from('xyz')],
    ['four bytes', Buffer.from('xyzx')],
    ['a run that ends in the middle of a match', Buffer.alloc(259, 'a')],
    [
      'the longest match, and one byte less',
      Buffer.concat([Buffer.alloc(258, 'b'), Buffer.from('c'), Buffer.alloc(257, 'b')]),
    ],
    ['the farthest match', Buffer.concat([Buffer.from('0123456789'), noise(32_757), Buffer.from('0123456789')])],
    ['one byte too far', Buffer.concat([Buffer.from('0123456789'), noise(32_758), Buffer.from('0123456789')])],
    ['all bytes once', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
    ['frequencies that would make a code of more than 15 bits', fibonacci()],
    ['a piece of noise as large as a piece can be', noise(pieceBytes)],
    ['a piece of zeros as large as a piece can be', Buffer.alloc(pieceBytes)],
  ])('inflates to itself: %s', (_name, bytes) => {
    expect(inflateRawSync(compressed(bytes)).equals(bytes)).toBe(true)
  })

  test('never takes more than a stored block does', () => {
    for (const length of [1, 100, 65_535, 65_536, 1_000_000]) {
      const most = length + 5 * Math.ceil(length / 16_000)
      expect(compressed(noise(length)).length).toBeLessThanOrEqual(most)
    }
  })

  test('is as small as what zlib makes of it at level 5, within a hundredth', () => {
    const text = Buffer.from(
      Array.from({ length: 20_000 }, (_, line) => `export const name${line % 977} = ${line}\n`).join(''),
    )
    for (const bytes of [text, text.subarray(0, 2000), Buffer.concat([noise(5000), text.subarray(0, 9000)])]) {
      expect(compressed(bytes).length).toBeLessThan(deflateRawSync(bytes, { level: 5 }).length * 1.01)
    }
  })
})

test('digests in hexadecimal digits take hardly more than their four bits for each, whatever short repeats are in them', () => {
  const digests = noise(150_000)
  const text = Buffer.from(digests.toString('hex'))
  expect(compressed(text).length).toBeLessThan(digests.length * 1.04)
  expect(deflateRawSync(text, { level: 6 }).length).toBeGreaterThan(digests.length * 1.07)
})

/** Whether deflated bytes are those of a content, as the kernel says it. */
function provesEqual(deflated: Uint8Array, bytes: Uint8Array): boolean {
  source.fill(0xa5)
  source.set(bytes)
  return inflatesTo(deflated, bytes.length)
}

/** As zlib says it: nothing behind the stream, and no byte more or less. */
function inflatesByZlib(deflated: Uint8Array, bytes: Uint8Array): boolean {
  try {
    // The types lack `info`: https://nodejs.org/api/zlib.html#class-options
    const { buffer, engine } = inflateRawSync(deflated, { info: true }) as unknown as {
      readonly buffer: Buffer
      readonly engine: { readonly bytesWritten: number }
    }
    return buffer.equals(bytes) && engine.bytesWritten === deflated.length
  } catch {
    return false
  }
}

describe('whether deflated bytes are those of a content', () => {
  test('is said of what was compressed here, whatever it is', () => {
    fc.assert(
      fc.property(contents, (bytes) => {
        expect(provesEqual(compressed(bytes), bytes)).toBe(true)
      }),
    )
  })

  test('is said of streams of every kind of block', () => {
    const text = Buffer.from('to be, or not to be: that is the question. '.repeat(300))
    for (const bytes of [text, noise(70_000), Buffer.concat([noise(300), text, noise(66_000), text])]) {
      for (const strategy of [constants.Z_FIXED, constants.Z_RLE, constants.Z_DEFAULT_STRATEGY]) {
        expect(provesEqual(deflateRawSync(bytes, { level: 6, strategy }), bytes)).toBe(true)
      }
      expect(provesEqual(deflateRawSync(bytes, { level: 0 }), bytes)).toBe(true)
    }
    expect(provesEqual(inPieces(text, 1000), text)).toBe(true)
  })

  test('is denied of what is another content, cut off or longer, in one byte', () => {
    fc.assert(
      fc.property(contents, fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, place, change) => {
        const deflated = compressed(bytes)
        expect(provesEqual(deflated, Buffer.concat([bytes, Buffer.from('x')]))).toBe(false)
        expect(provesEqual(deflated.subarray(0, -1), bytes)).toBe(false)
        expect(provesEqual(Buffer.concat([deflated, Buffer.from('x')]), bytes)).toBe(false)
        if (bytes.length === 0) return
        const other = Buffer.from(bytes)
        other[place % bytes.length] = (other[place % bytes.length] ?? 0) ^ change
        expect(provesEqual(deflated, other)).toBe(false)
        expect(provesEqual(deflated, bytes.subarray(0, -1))).toBe(false)
      }),
    )
  })

  test('is never said of damaged bytes of which zlib does not say it', () => {
    fc.assert(
      fc.property(contents, fc.array(fc.tuple(fc.nat(), fc.nat(7)), { minLength: 1, maxLength: 4 }), (bytes, flips) => {
        const damaged = Buffer.from(compressed(bytes))
        for (const [place, bit] of flips) {
          damaged[place % damaged.length] = (damaged[place % damaged.length] ?? 0) ^ (1 << bit)
        }
        if (provesEqual(damaged, bytes)) expect(inflatesByZlib(damaged, bytes)).toBe(true)
      }),
    )
  })

  test('is denied of a stream that goes on behind its end, however far the content would follow it', () => {
    // Of two symbols, this content's byte has the code of a zero: it is what unused memory reads as.
    const zeros = deflateRawSync(Buffer.alloc(10_000, 'a'), { strategy: constants.Z_HUFFMAN_ONLY })
    const emptyBlock = Buffer.from([0, 0, 0, 0xff, 0xff])
    const count = Math.floor((source.length - 200) / emptyBlock.length)
    const blocks = Buffer.concat(Array.from({ length: count }, () => emptyBlock))
    const deflated = Buffer.concat([blocks, zeros.subarray(0, source.length - blocks.length)])
    expect(deflated.length).toBe(source.length)
    expect(provesEqual(deflated, Buffer.alloc(pieceBytes, 'a'))).toBe(false)
  })

  test('is denied of noise, whatever follows in memory', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.uint8Array({ maxLength: 40 }), (deflated, bytes) => {
        if (provesEqual(deflated, bytes)) expect(inflatesByZlib(deflated, bytes)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
})

test('the bytes do not depend on what was compressed before, not even when positions begin anew', () => {
  const text = Buffer.from('to be, or not to be: that is the question. '.repeat(900))
  const first = compressed(text)
  const zeros = new Uint8Array(pieceBytes)
  for (let count = 0; count < 260; count++) compressed(zeros, 1)
  expect(compressed(text).equals(first)).toBe(true)
  compressed(noise(70_000))
  expect(compressed(text).equals(first)).toBe(true)
})

test('more effort makes a smaller stream', () => {
  const words = Array.from({ length: 30_000 }, (_, at) => noise(64)[at % 64] ?? 0)
  const text = Buffer.from(words.map((byte, at) => `word${byte % 50}x${(at * 7919) % 611} `).join(''))
  expect(compressed(text, 16).length).toBeLessThan(compressed(text, 2).length)
})

test('every window is found that both of its triples allow, in memory of the kernel and elsewhere', () => {
  const slot = (bytes: Uint8Array, at: number) => {
    const triple = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16)
    return Math.imul(triple << 8, 0x9e3779b1) >>> 16
  }
  const letters = fc.array(fc.constantFrom(...Buffer.from('abcd')), { maxLength: 300 }).map((all) => Buffer.from(all))
  const kept = Buffer.from(triplePlaces)
  try {
    fc.assert(
      fc.property(letters, letters, fc.nat(20), (bytes, marks, from) => {
        triplePlaces.fill(0)
        for (let at = 0; at + 3 <= marks.length; at++) triplePlaces[slot(marks, at)] = 1 + (at % 3)
        const last = bytes.length - 4
        const expected: number[] = []
        for (let at = from; at <= last; at++) {
          const isWindow = (triplePlaces[slot(bytes, at)] ?? 0) & 1 && (triplePlaces[slot(bytes, at + 1)] ?? 0) & 2
          if (isWindow) expected.push(at)
        }
        const elsewhere: number[] = []
        findWindows(bytes, from, last, (start) => elsewhere.push(start))
        source.set(bytes)
        const inside: number[] = []
        findWindows(source.subarray(0, bytes.length), from, last, (start) => inside.push(start))
        expect({ elsewhere, inside }).toEqual({ elsewhere: expected, inside: expected })
      }),
    )
    triplePlaces.fill(0)
    const needle = Buffer.from('wxyz')
    triplePlaces[slot(needle, 0)] = 1
    triplePlaces[slot(needle, 1)] = 2
    const large = Buffer.alloc(300_000, ' ')
    const places = [0, 65_275, 65_276, 65_277, 65_279, 65_280, 130_551, 130_553, 299_996]
    for (const place of places) {
      large.fill(' ').set(needle, place)
      const found: number[] = []
      findWindows(large, 0, large.length - 4, (start) => found.push(start))
      expect(found).toEqual([place])
    }
  } finally {
    triplePlaces.set(kept)
  }
})

/** Each symbol as often as the two rarer ones together, which makes the tree as deep as there are symbols. */
function fibonacci(): Buffer {
  const parts: Buffer[] = []
  let [one, two] = [1, 1]
  for (let symbol = 0; symbol < 24; symbol++) {
    parts.push(Buffer.alloc(Math.min(one, 60_000), symbol))
    ;[one, two] = [two, one + two]
  }
  // In an order without runs or repeats, else there would be matches and no literals.
  const all = Buffer.concat(parts).subarray(0, 16_000)
  const order = noise(4 * all.length)
  const at = Array.from(all.keys()).sort((a, b) => order.readUInt32LE(4 * a) - order.readUInt32LE(4 * b))
  return Buffer.from(at.map((index) => all[index] ?? 0))
}
