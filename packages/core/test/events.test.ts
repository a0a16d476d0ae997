import { expect, test } from 'vitest'
import { formatEvent } from '../src/events.ts'

test('an event is a line: the time of day in UTC and its summary', () => {
  expect(formatEvent({ type: 'artifact.written', at: '2026-11-22T10:20:30.456Z', summary: 'shop.zip written' })).toBe(
    '10:20:30  shop.zip written',
  )
})
