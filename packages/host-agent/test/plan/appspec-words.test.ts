import { inspectAppSpec } from '@fairlead/appspec'
import { expect, test } from 'vitest'
import { appSpecWords } from '../../src/plan/appspec-words.ts'

function wordsFor(text: string): string {
  const first = inspectAppSpec(text).findings.find(({ severity }) => severity === 'error')
  if (!first) throw new Error('the agent takes it')
  return appSpecWords(first)
}

const head = 'version: 0.0\nos: linux\n'

test('of several defects the one is told that the official agent meets first', () => {
  const text = 'os: linux\nfiles: [{source: a}]\nhooks:\n  A: [{timeout: 1}]\nversion: 1\n'
  expect(wordsFor(text)).toMatch(/invalid version value \(1\)/)
  expect(wordsFor(text.replace('version: 1', 'version: 0.0'))).toMatch(/a script with no location value/)
})

test.each<[string, string, RegExp]>([
  ['a number is printed as Ruby prints it', 'version: 1.10\nos: linux\n', /invalid version value \(1\.1\)/],
  ['a list is printed as Ruby prints it', 'version: [1, a]\nos: linux\n', /invalid version value \(\[1, "a"\]\)/],
  ['a source without a destination', `${head}files: [{source: a}]\n`, /specifies only a source file \(a\)\. Add/],
  ['a text where an entry should be', `${head}files: [a]\n`, /a destination file, but no source file/],
  [
    'a behaviour',
    `${head}file_exists_behavior: retain\n`,
    /invalid file_exists_behavior value \(retain\).* one of DISALLOW,OVERWRITE,RETAIN as/,
  ],
  [
    'a mode is padded before it is judged',
    `${head}permissions: [{object: /a, mode: x}]\n`,
    /mode \(00x\).* invalid character \(x\)/,
  ],
  [
    'a base entry',
    `${head}permissions: [{object: /a, acls: ["u::rw"]}]\n`,
    /Use mode to set the base acl entry \(u::rw\)/,
  ],
  [
    'a wrong right',
    `${head}permissions: [{object: /a, acls: ["u:a:rwz"]}]\n`,
    /named u:a:rwz .* invalid character \(z\)/,
  ],
  [
    'a context without type',
    `${head}permissions: [{object: /a, context: {name: n}}]\n`,
    /context type \(\{"name"=>"n"\}\)/,
  ],
])('%s', (_name, text, words) => {
  expect(wordsFor(text)).toMatch(words)
})

test('where the official agent only passes on its runtime’s words, ours name the place', () => {
  expect(wordsFor(`${head}hooks:\n  A: {location: a}\n`)).toBe('hooks.A is a map, expected a list at line 4 column 6')
})
