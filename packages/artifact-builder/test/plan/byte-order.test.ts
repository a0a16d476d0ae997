import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareBytes } from '../../src/plan/byte-order.ts'

test('names are ordered as their UTF-8 bytes are, characters beyond U+FFFF included', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (a, b) => {
      expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)))
    }),
  )
})

test('a private-use character comes before an emoji, which UTF-16 has the other way round', () => {
  expect(['😀', '\ue000', 'z'].sort(compareBytes)).toEqual(['z', '\ue000', '😀'])
  expect(['😀', '\ue000'].sort()).toEqual(['😀', '\ue000'])
})
