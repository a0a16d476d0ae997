import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openBatchMemory } from '../../../src/ports/lanes/batch-memory.ts'

const heldBytes = 2000
const largestRoom = 4000
const bytes = heldBytes + 2 * largestRoom

test('kept bytes are not written over, and nothing needs memory of its own, in any order of sizes', () => {
  const turn = fc.record({
    roomBytes: fc.oneof(fc.integer({ min: 1, max: 700 }), fc.integer({ min: 1, max: largestRoom })),
    /** How much of the room is kept. */
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    releases: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(turn, { maxLength: 200 }), (turns) => {
      const memory = openBatchMemory(bytes)
      const kept: { readonly batch: Buffer; readonly mark: number }[] = []
      const buffers = new Set<ArrayBufferLike>()
      const release = () => {
        const oldest = kept.shift()
        expect(oldest?.batch.every((byte) => byte === oldest.mark)).toBe(true)
        memory.release()
      }
      for (const [index, { roomBytes, share, releases }] of turns.entries()) {
        const mark = index % 251
        const room = memory.room(roomBytes).fill(mark)
        buffers.add(room.buffer)
        kept.push({ batch: memory.keep(Math.ceil(share * roomBytes)), mark })
        // As a queue does: when the next one is made, no more is held than this.
        while (kept.reduce((sum, { batch }) => sum + batch.length, 0) > heldBytes) release()
        if (releases && kept.length > 0) release()
      }
      while (kept.length > 0) release()
      expect(buffers.size).toBeLessThanOrEqual(1)
    }),
  )
})

test('what fits nowhere gets memory of its own, is kept and given back in its turn', () => {
  const memory = openBatchMemory(100)
  const first = keep(memory, 60, 1)
  const second = keep(memory, 70, 2)
  const third = keep(memory, 40, 3)
  expect(second.buffer).not.toBe(first.buffer)
  expect(third.buffer).toBe(first.buffer)
  expect([first, second, third].map((batch) => new Set(batch))).toEqual([new Set([1]), new Set([2]), new Set([3])])
  memory.release()
  memory.release()
  expect(memory.room(60).byteOffset).toBe(0)
  expect(new Set(third)).toEqual(new Set([3]))
})

test('a room that is not kept is given again', () => {
  const memory = openBatchMemory(100)
  const room = memory.room(80)
  expect(memory.room(80).byteOffset).toBe(room.byteOffset)
})

function keep(memory: ReturnType<typeof openBatchMemory>, length: number, mark: number): Buffer {
  memory.room(length).fill(mark)
  return memory.keep(length)
}
