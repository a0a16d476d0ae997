import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '@fairlead/test-support'
import { expect, test } from 'vitest'
import { chooseEntries } from '../../../src/plan/choose-entries.ts'
import { compileSelection } from '../../../src/ports/globs.ts'
import { readAsListed } from '../../../src/ports/lanes/planned-file.ts'
import { withLanes } from '../../../src/ports/lanes/pool.ts'
import { entriesOf } from '../../../src/plan/tree-listing.ts'
import { shareEntries } from '../../../src/ports/lanes/shared-entries.ts'
import { listTree } from '../../../src/ports/tree.ts'

/** Lists a file, does something to it, and reads it as it was listed. */
async function read(text: string, change: (path: string) => void): Promise<string | undefined> {
  const root = temporaryFolder()
  const path = join(root, 'a.txt')
  writeFileSync(path, text)
  const listing = await withLanes({ threads: 0, signal: undefined }, (lanes) =>
    listTree(root, () => 'all below it', lanes),
  )
  const { plan, rows, isMoved } = chooseEntries(entriesOf(listing), compileSelection({ include: ['**'] }))
  const entries = shareEntries(plan.entries, { listing, rows, isMoved, trackedPaths: [], lastPath: 'last' })
  change(path)
  return readAsListed(path, entries, 0, Buffer.alloc(64))?.toString()
}

test('a file that is as it was listed is read', async () => {
  expect(await read('hello', () => undefined)).toBe('hello')
  expect(await read('', () => undefined)).toBe('')
})

test.each<readonly [string, (path: string) => void]>([
  ['has grown', (path) => appendFileSync(path, ', and more')],
  ['has shrunk', (path) => writeFileSync(path, 'hell')],
  ['has other bytes', (path) => writeFileSync(path, 'olleh')],
  ['has another time', (path) => utimesSync(path, 1, 1)],
  ['is a script now', (path) => chmodSync(path, 0o755)],
  ['is gone', (path) => rmSync(path)],
  [
    'is another one',
    (path) => {
      writeFileSync(`${path}.new`, 'hello')
      renameSync(`${path}.new`, path)
    },
  ],
  [
    'has become a folder',
    (path) => {
      rmSync(path)
      mkdirSync(path)
    },
  ],
  [
    'has become a link to itself',
    (path) => {
      renameSync(path, `${path}.old`)
      symlinkSync(`${path}.old`, path)
    },
  ],
])('nothing is answered of one that %s', async (_name, change) => {
  expect(await read('hello', change)).toBeUndefined()
})
