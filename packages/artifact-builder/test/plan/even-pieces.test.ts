import fc from 'fast-check'
import { expect, test } from 'vitest'
import { evenPieces } from '../../src/plan/even-pieces.ts'

test('the same bytes come in the same pieces, however they came in', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 40 })),
      fc.integer({ min: 1, max: 17 }),
      async (given, size) => {
        const source = async function* () {
          yield* given
        }
        const pieces: Uint8Array[] = []
        for await (const piece of evenPieces(source(), size)) pieces.push(piece)
        expect(Buffer.concat(pieces).equals(Buffer.concat(given))).toBe(true)
        expect(pieces.slice(0, -1).every(({ length }) => length === size)).toBe(true)
        expect(pieces.every(({ length }) => length > 0 && length <= size)).toBe(true)
      },
    ),
  )
})
