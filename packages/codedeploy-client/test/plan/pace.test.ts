import { expect, test } from 'vitest'
import { backOffMs, nextPollMs } from '../../src/plan/pace.ts'

test('polls come slower while nothing happens, up to a bound, and at the first pace after a change', () => {
  const pauses: number[] = []
  for (let index = 0; index < 8; index++) pauses.push(nextPollMs(pauses.at(-1), false))
  expect(pauses).toEqual([1_000, 1_500, 2_250, 3_375, 5_063, 7_595, 11_393, 15_000])
  expect(nextPollMs(15_000, true)).toBe(1_000)
})

test('a service that does not answer is asked ever more rarely, up to a bound', () => {
  expect([1, 2, 3, 4, 5, 6, 50].map(backOffMs)).toEqual([5_000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000])
})
