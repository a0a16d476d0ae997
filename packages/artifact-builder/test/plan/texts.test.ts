import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isBefore, lengthOf, lengthsOf, openTexts } from '../../src/plan/texts.ts'
import { shareTexts } from '../../src/ports/lanes/shared-entries.ts'

const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '-', 'é', '\u{e000}', '\u{1f600}'), maxLength: 6 })

test('texts are what they were, with their lengths, in the order of their bytes', () => {
  fc.assert(
    fc.property(fc.array(text, { minLength: 1 }), (written) => {
      const texts = shareTexts(written)
      const textOf = openTexts(texts)
      const bytes = written.map((one) => Buffer.from(one))
      expect(written.map((_one, index) => textOf(index))).toEqual(written)
      expect(written.map((_one, index) => lengthOf(texts, index))).toEqual(bytes.map(({ length }) => length))
      expect([...lengthsOf(written)].sort()).toEqual([...new Set(bytes.map(({ length }) => length))].sort())
      for (const [one, ofOne] of bytes.entries()) {
        for (const [other, ofOther] of bytes.entries()) {
          expect(isBefore(texts, one, other)).toBe(ofOne.compare(ofOther) < 0)
        }
      }
    }),
  )
})
