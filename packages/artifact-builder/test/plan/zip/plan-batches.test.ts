import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planBatches, type Batch } from '../../../src/plan/zip/plan-batches.ts'

const limits = { pieceBytes: 10, entriesInBatch: 3, bytesInBatch: 8 }

function ofSizes(sizeBytes: readonly number[]) {
  return { count: sizeBytes.length, sizeBytes, keptBytes: new Map<number, number>() }
}

function shown(batches: readonly Batch[]): readonly string[] {
  return batches.map((batch) =>
    batch.type === 'entries'
      ? `${batch.first}-${batch.end - 1}`
      : `${batch.type} of ${batch.entry}: ${batch.sizeBytes} at ${batch.offset}${batch.isLast ? ', last' : ''}`,
  )
}

const rows: Readonly<Record<string, readonly [readonly number[], readonly string[]]>> = {
  'nothing makes no batch': [[], []],
  'a batch has a bounded number of entries': [
    [0, 0, 0, 0],
    ['0-2', '3-3'],
  ],
  'a batch has a bounded number of bytes': [
    [5, 3, 1],
    ['0-1', '2-2'],
  ],
  'a file that is larger than a batch and no larger than a piece is alone': [
    [1, 10, 1],
    ['0-0', '1-1', '2-2'],
  ],
  'a larger file is cut into pieces': [
    [1, 25, 1],
    ['0-0', 'piece of 1: 10 at 0', 'piece of 1: 10 at 10', 'piece of 1: 5 at 20, last', '2-2'],
  ],
  'a file of whole pieces has no empty one': [[20], ['piece of 0: 10 at 0', 'piece of 0: 10 at 10, last']],
}

test.each(Object.entries(rows))('%s', (_name, [sizes, expected]) => {
  expect(shown(planBatches(ofSizes(sizes), limits))).toEqual(expected)
})

test('a large file whose compressed bytes are there is copied in ranges of those', () => {
  expect(shown(planBatches({ ...ofSizes([100]), keptBytes: new Map([[0, 12]]) }, limits))).toEqual([
    'copy of 0: 10 at 0',
    'copy of 0: 2 at 10, last',
  ])
})

test('whatever the sizes, each entry is in the batches once, in order and whole', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50)), (sizes) => {
      const done = sizes.map(() => 0)
      const order: number[] = []
      for (const batch of planBatches(ofSizes(sizes), limits)) {
        if (batch.type === 'entries') {
          for (let entry = batch.first; entry < batch.end; entry++) {
            order.push(entry)
            done[entry] = sizes[entry] as number
          }
        } else {
          expect(batch.offset).toBe(done[batch.entry])
          done[batch.entry] = batch.offset + batch.sizeBytes
          if (batch.isLast) order.push(batch.entry)
        }
      }
      expect(done).toEqual(sizes)
      expect(order).toEqual(sizes.map((_, entry) => entry))
    }),
  )
})
