import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deploymentLogLine, keepTail, logTime } from '../../src/plan/script-log.ts'

test('lines begin with the time in UTC', () => {
  expect(logTime(Date.UTC(2026, 10, 22, 10, 0, 5))).toBe('2026-11-22 10:00:05 ')
  const line = deploymentLogLine(Date.UTC(2026, 10, 22, 10, 0, 5, 7), 'd-1', Buffer.from('  a \n'))
  expect(line).toBe('[2026-11-22 10:00:05.007] [d-1]a\n')
})

// Each row was seen with the official agent 1.8.1: the lengths of what was printed, and of what it kept.
test.each<[number[], number[]]>([
  [
    [31, 14, 2009],
    [31, 14, 2009],
  ],
  [
    [1000, 1000, 40],
    [1000, 40],
  ],
  [
    [100, 1000, 1000],
    [100, 1000, 1000],
  ],
  [
    [10, 2047],
    [10, 2047],
  ],
  [[10, 2048], []],
  [[2049, 10], [10]],
])('of pieces of %j characters, %j are kept', (printed, kept) => {
  const tail = printed.reduce<readonly Uint8Array[]>(
    (pieces, length) => keepTail([...pieces, new Uint8Array(length)]),
    [],
  )
  expect(tail.map(({ length }) => length)).toEqual(kept)
})

test('nothing is cut, and the newest piece stays unless it is too long by itself', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2100), { minLength: 1 }), (lengths) => {
      const pieces = lengths.map((length) => new Uint8Array(length))
      const tail = keepTail(pieces)
      expect(tail).toEqual(pieces.slice(pieces.length - tail.length))
      expect(tail.length > 0).toBe((lengths.at(-1) ?? 0) < 2048)
    }),
  )
})

test('characters count, not bytes', () => {
  const piece = Buffer.from(`${'ž'.repeat(1500)}\n`)
  expect(keepTail([piece])).toEqual([piece])
  expect(keepTail([Buffer.from(`${'ž'.repeat(2047)}\n`)])).toEqual([])
})
