import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cutTexts } from '../../src/plan/cut-texts.ts'

/** All pieces of a size, as they were given out. */
function piecesOf(texts: readonly string[], size: number): readonly Buffer[] {
  const cutter = cutTexts(texts)
  const pieces: Buffer[] = []
  while (!cutter.hasEnded()) {
    const into = new Uint8Array(new SharedArrayBuffer(size))
    pieces.push(Buffer.from(into.subarray(0, cutter.fill(into))))
  }
  return pieces
}

test('the pieces are the bytes of the texts, each but the last one full, wherever a character is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), fc.integer({ min: 1, max: 9 }), (texts, size) => {
      const pieces = piecesOf(texts, size)
      expect(Buffer.concat(pieces).toString()).toBe(texts.join(''))
      expect(pieces.slice(0, -1).every(({ length }) => length === size)).toBe(true)
    }),
  )
})

test('there is no piece of nothing, and none behind one that is exactly full', () => {
  expect(piecesOf(['', ''], 4)).toEqual([])
  expect(piecesOf(['abc', 'd', ''], 4).map(String)).toEqual(['abcd'])
})
