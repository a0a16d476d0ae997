import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fillDigestTable, findByDigest, slotsFor } from '../../src/plan/digest-table.ts'

/** Few beginnings, so that many get in each other's way; zeros stand for none. */
const digest = fc
  .tuple(fc.constantFrom(0, 1, 0x80, 0xff), fc.nat(3))
  .map(([beginning, end]) => Buffer.concat([Buffer.alloc(4, beginning), Buffer.alloc(28, beginning === 0 ? 0 : end)]))

test('each digest is found where it stands first, and none that is not there', () => {
  fc.assert(
    fc.property(fc.array(digest), fc.array(digest), (some, others) => {
      const table = fillDigestTable(Buffer.concat(some), new Uint32Array(slotsFor(some.length)))
      for (const asked of [...some, ...others]) {
        const place = some.findIndex((one) => one.equals(asked))
        const isKnown = place !== -1 && !asked.equals(Buffer.alloc(32))
        expect(findByDigest(table, Buffer.concat([Buffer.alloc(32, 7), asked]), 1)).toBe(isKnown ? place : undefined)
      }
    }),
    { numRuns: 1000 },
  )
})

test('half of the slots stay free, and there is one where there is no digest', () => {
  for (const count of [0, 1, 2, 3, 4, 1000, 65_536]) {
    expect(slotsFor(count)).toBeGreaterThan(2 * count)
    expect(Math.log2(slotsFor(count)) % 1).toBe(0)
  }
})
