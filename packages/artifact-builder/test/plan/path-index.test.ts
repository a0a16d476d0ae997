import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sortedByBytes } from '../../src/plan/byte-order.ts'
import { indexPaths } from '../../src/plan/path-index.ts'

const part = fc.string({
  unit: fc.constantFrom('a', 'B', '-', '.', '\u{e000}', '\u{1f600}'),
  minLength: 1,
  maxLength: 2,
})
const path = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'))

test('each path is found, each folder above one is known, and nothing else is', () => {
  fc.assert(
    fc.property(fc.uniqueArray(path), fc.array(path), (some, others) => {
      const paths = sortedByBytes(some, (one) => one)
      const index = indexPaths(paths)
      for (const asked of [...paths, ...others]) {
        expect(index.find(asked)).toBe(paths.indexOf(asked))
        const isFolder = paths.some((one) => one.startsWith(`${asked}/`))
        expect(index.isFolder(asked)).toBe(isFolder)
        expect(index.holds(asked)).toBe(isFolder || paths.includes(asked))
      }
    }),
  )
})
