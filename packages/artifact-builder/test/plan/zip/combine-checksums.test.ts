import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { combineChecksums } from '../../../src/plan/zip/combine-checksums.ts'

test('the checksum of two runs is that of their bytes in a row', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5000 }), fc.uint8Array({ maxLength: 5000 }), (first, second) => {
      const whole = crc32(Buffer.concat([first, second]))
      expect(combineChecksums(crc32(first), crc32(second), second.length)).toBe(whole)
    }),
  )
})

test('a run may be longer than 32 bits count', () => {
  // Zero bytes behind a checksum: in two steps the same as in one, whatever the length.
  const lengths = [2 ** 31, 2 ** 32, 5 * 2 ** 32 + 7]
  for (const length of lengths) {
    const half = Math.floor(length / 2)
    const zeroes = (checksum: number, bytes: number) => combineChecksums(checksum, 0, bytes)
    expect(zeroes(zeroes(0x12345678, half), length - half)).toBe(zeroes(0x12345678, length))
  }
})
