import { checkAppSpec } from '@fairlead/appspec'
import { expect, test } from 'vitest'
import { appSpecWords } from '../../src/plan/appspec-words.ts'

const wordsFor = (text: string) => appSpecWords(checkAppSpec(text).filter(({ severity }) => severity === 'error'))

test('of several defects the one is told that the official agent meets first', () => {
  const text = 'os: linux\nfiles: [{source: a}]\nhooks:\n  A: [{timeout: 1}]\nversion: 1\n'
  expect(wordsFor(text)).toMatch(/invalid version value \(1\)/)
  expect(wordsFor(text.replace('version: 1', 'version: 0.0'))).toMatch(/a script with no location value/)
})

test('where the official agent only passes on its runtime’s words, ours name the place', () => {
  expect(wordsFor('version: 0.0\nos: linux\nhooks:\n  A: {location: a}\n')).toBe(
    'hooks.A is a map, expected a list at line 4 column 6',
  )
})
