import { expect, test } from 'vitest'
import { printable } from '../../src/plan/printable.ts'

test.each([
  ['a name of any script', 'dist/größe 日本.js', 'dist/größe 日本.js'],
  ['an escape sequence', 'a\u001b[2Jb', 'a\\x1b[2Jb'],
  ['a line of its own', 'a\n0644  0  b', 'a\\x0a0644  0  b'],
  ['a control character of C1', 'a\u009bb', 'a\\x9bb'],
])('%s is printed so that a terminal only shows it', (_name, given, expected) => {
  expect(printable(given)).toBe(expected)
})
