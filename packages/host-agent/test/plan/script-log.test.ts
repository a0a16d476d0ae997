import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deploymentLogLine, keepTail, logTime } from '../../src/plan/script-log.ts'

test('lines begin with the time in UTC', () => {
  expect(logTime(Date.UTC(2026, 10, 22, 10, 0, 5))).toBe('2026-11-22 10:00:05 ')
  const line = deploymentLogLine(Date.UTC(2026, 10, 22, 10, 0, 5, 7), 'd-1', Buffer.from('  a \n'))
  expect(line).toBe('[2026-11-22 10:00:05.007] [d-1]a\n')
})

test('the tail is the longest run of newest pieces below 2 KB, and nothing is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2100)), (lengths) => {
      const pieces = lengths.map((length) => new Uint8Array(length))
      const tail = keepTail(pieces)
      const bytes = tail.reduce((sum, piece) => sum + piece.length, 0)
      expect(tail).toEqual(pieces.slice(pieces.length - tail.length))
      expect(bytes).toBeLessThan(2048)
      const next = pieces[pieces.length - tail.length - 1]
      if (next) expect(bytes + next.length).toBeGreaterThanOrEqual(2048)
    }),
  )
})

test('characters count, not bytes', () => {
  const piece = Buffer.from(`${'ž'.repeat(1500)}\n`)
  expect(keepTail([piece])).toEqual([piece])
  expect(keepTail([Buffer.from(`${'ž'.repeat(2047)}\n`)])).toEqual([])
})
