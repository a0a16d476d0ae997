import { getActiveResourcesInfo } from 'node:process'
import { expect, test } from 'vitest'
import { systemClock, timestamp } from '../src/clock.ts'

const timers = () => getActiveResourcesInfo().filter((name) => name === 'Timeout').length

test('a sleep that is cancelled rejects with the reason itself and leaves no timer', async () => {
  const before = timers()
  const stopping = new AbortController()
  const sleeping = systemClock.sleep(60_000, stopping.signal)
  const reason = new Error('enough')
  stopping.abort(reason)
  await expect(sleeping).rejects.toBe(reason)
  expect(timers()).toBe(before)
})

test('a sleep under a signal that has gone off does not begin', async () => {
  const reason = new Error('too late')
  await expect(systemClock.sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason)
})

test('a sleep that ends takes its listener off the signal', async () => {
  const stopping = new AbortController()
  await systemClock.sleep(1, stopping.signal)
  stopping.abort(new Error('afterwards'))
})

test('a timestamp is UTC with milliseconds', () => {
  expect(timestamp({ ...systemClock, now: () => 0 })).toBe('1970-01-01T00:00:00.000Z')
})
