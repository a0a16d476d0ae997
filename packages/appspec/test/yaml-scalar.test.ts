import { expect, test } from 'vitest'
import { isDate, printedScalar, scalarValueOf } from '../src/plan/yaml-scalar.ts'

const printed = (text: string) => printedScalar(scalarValueOf({ text, quoted: false }))

// Each row was seen with Ruby 3.1, whose Psych reads YAML for the official agent.
test.each([
  ['', ''],
  ['~', ''],
  ['null', ''],
  ['yes', 'true'],
  ['Off', 'false'],
  ['0644', '420'],
  ['0o644', '0o644'],
  ['089', '089'],
  ['0x1F', '31'],
  ['0b11', '3'],
  ['1_000', '1000'],
  ['1,000', '1000'],
  ['+5', '5'],
  ['-0', '0'],
  ['1.50', '1.5'],
  ['1.', '1.0'],
  ['.5', '0.5'],
  ['.', '.'],
  ['1e3', '1e3'],
  ['1.0e+3', '1000.0'],
  ['1:30', '5400'],
  [':sym', 'sym'],
  ['a:b', 'a:b'],
  ['12a', '12a'],
])('without quotes, %s is %s to the agent', (text, expected) => {
  expect(printed(text)).toBe(expected)
})

test('in quotes, everything is the text that it is', () => {
  expect(printedScalar(scalarValueOf({ text: '0644', quoted: true }))).toBe('0644')
})

test('dates and times are told from texts', () => {
  const texts = ['2026-01-02', '2026-1-2', '2026-01-02 10:00:00', '2026-01-02T10:00:00Z', '2026-13-01', '2026-01-02x']
  expect(texts.map(isDate)).toEqual([true, true, true, true, false, false])
})
