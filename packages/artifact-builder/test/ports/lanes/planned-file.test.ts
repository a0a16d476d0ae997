import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '@fairlead/test-support'
import { expect, test } from 'vitest'
import { readAsListed } from '../../../src/ports/lanes/planned-file.ts'

function read(path: string, sizeBytes: number, make: (root: string) => void): string | undefined {
  const root = temporaryFolder()
  make(root)
  return readAsListed({ root, path, sizeBytes }, Buffer.alloc(64))?.toString()
}

test('a file is read that has as many bytes as were listed', () => {
  expect(read('a.txt', 5, (root) => writeFileSync(join(root, 'a.txt'), 'hello'))).toBe('hello')
  expect(read('a.txt', 0, (root) => writeFileSync(join(root, 'a.txt'), ''))).toBe('')
})

test.each<readonly [string, (root: string) => void]>([
  ['has grown', (root) => writeFileSync(join(root, 'a.txt'), 'hello, and more')],
  ['has shrunk', (root) => writeFileSync(join(root, 'a.txt'), 'hell')],
  ['is gone', () => undefined],
  ['has become a folder', (root) => mkdirSync(join(root, 'a.txt'))],
  [
    'has become a link to a file with the same bytes',
    (root) => {
      writeFileSync(join(root, 'b.txt'), 'hello')
      symlinkSync('b.txt', join(root, 'a.txt'))
    },
  ],
])('nothing is answered of one that %s since', (_name, make) => {
  expect(read('a.txt', 5, make)).toBeUndefined()
})
