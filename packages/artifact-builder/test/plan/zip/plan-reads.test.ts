import { expect, test } from 'vitest'
import { laneBatchBytes, laneBatchEntries, laneEntryBytes } from '../../../src/limits.ts'
import { planReads } from '../../../src/plan/zip/plan-reads.ts'
import type { ZipEntry, ZipExtent } from '../../../src/plan/zip/read-directory.ts'

/** Extents of entries with this many packed bytes and bytes of content, one behind the other. */
function extentsOf(...sizes: readonly (readonly [number, number])[]): readonly ZipExtent[] {
  let end = 0
  return sizes.map(([packedBytes, sizeBytes], index) => {
    const entry = { offset: end, packedBytes, sizeBytes } as ZipEntry
    end += packedBytes + 40
    return { entry, index, end }
  })
}

test('a zip without entries has no batch', () => {
  expect(planReads([])).toEqual({ batches: [], large: [] })
})

test('small neighbours are one batch, up to a number of them', () => {
  const extents = extentsOf(...Array.from({ length: laneBatchEntries + 1 }, () => [10, 20] as const))
  const { batches } = planReads(extents)
  expect(batches).toEqual([
    [0, laneBatchEntries],
    [laneBatchEntries, laneBatchEntries + 1],
  ])
})

test('a batch has a bounded number of bytes of the zip, and of content', () => {
  const half = laneBatchBytes / 2
  expect(planReads(extentsOf([half, 1], [half, 1], [1, 1])).batches).toEqual([
    [0, 1],
    [1, 3],
  ])
  const most = laneEntryBytes - 1
  expect(planReads(extentsOf([9, most], [9, 1], [9, 1])).batches).toEqual([
    [0, 2],
    [2, 3],
  ])
})

test('what is larger than a batch is one of its own, and what is larger than a lane takes is streamed', () => {
  const extents = extentsOf([1, 1], [laneEntryBytes, laneEntryBytes], [1, laneEntryBytes + 1], [laneEntryBytes + 1, 1])
  expect(planReads([...extents])).toEqual({
    batches: [
      [0, 1],
      [1, 2],
    ],
    large: [2, 3],
  })
})
