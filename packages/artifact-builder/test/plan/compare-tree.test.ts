import { expect, test } from 'vitest'
import type { PlannedEntry } from '../../src/index.ts'
import { compareTree, type TreeComparison } from '../../src/plan/compare-tree.ts'

const file = (path: string, mode: '0644' | '0755' = '0644'): PlannedEntry => ({
  path,
  source: path,
  type: 'file',
  mode,
  sizeBytes: 1,
  chosenBy: 'tracked',
})
const link = (path: string): PlannedEntry => ({
  path,
  source: path,
  type: 'symlink',
  mode: '0777',
  target: 'x',
  chosenBy: 'tracked',
})

const rows: Readonly<Record<string, readonly [Partial<TreeComparison>, readonly string[]]>> = {
  'what is as committed does not differ': [
    {
      entries: [file('a'), file('b', '0755'), link('c')],
      committed: [
        { path: 'a', mode: '100644', id: 'a' },
        { path: 'b', mode: '100755', id: 'b' },
        { path: 'c', mode: '120000', id: 'c' },
      ],
    },
    [],
  ],
  'what was moved is compared where it came from': [
    {
      entries: [{ ...file('public/a'), source: 'dist/a' }],
      committed: [
        { path: 'dist/a', mode: '100644', id: 'public/a' },
        { path: 'public/a', mode: '100644', id: 'other' },
      ],
      chooses: (path) => path === 'dist/a',
    },
    [],
  ],
  'other content differs': [
    { entries: [file('a')], committed: [{ path: 'a', mode: '100644', id: 'z' }] },
    ['a content'],
  ],
  'another exec bit differs, either way': [
    {
      entries: [file('a', '0755'), file('b')],
      committed: [
        { path: 'a', mode: '100644', id: 'a' },
        { path: 'b', mode: '100755', id: 'b' },
      ],
    },
    ['a mode', 'b mode'],
  ],
  'the group bit that old commits have is no exec bit': [
    { entries: [file('a')], committed: [{ path: 'a', mode: '100664', id: 'a' }] },
    [],
  ],
  'a link where a file was committed differs, and the other way round': [
    {
      entries: [link('a'), file('b')],
      committed: [
        { path: 'a', mode: '100644', id: 'a' },
        { path: 'b', mode: '120000', id: 'b' },
      ],
    },
    ['a type', 'b type'],
  ],
  'a committed file that is gone differs where include would choose it': [
    {
      entries: [],
      committed: [
        { path: 'a', mode: '100644', id: 'a' },
        { path: 'skipped', mode: '100644', id: 's' },
      ],
    },
    ['a missing'],
  ],
  'what git does not track is what a build made': [{ entries: [file('dist/main.js')], committed: [] }, []],
  'what was added to the index and not committed differs': [
    { entries: [file('new')], committed: [], indexed: ['new', 'elsewhere'] },
    ['new added'],
  ],
  'a submodule that is not at its commit differs where something of it is chosen': [
    { entries: [file('lib/a')], unknownSubmodules: ['lib', 'skipped'] },
    ['lib submodule'],
  ],
}

test.each(Object.entries(rows))('%s', (_name, [given, expected]) => {
  const differences = compareTree({
    entries: [],
    committed: [],
    indexed: [],
    unknownSubmodules: [],
    chooses: (path) => path !== 'skipped',
    idOf: (path) => path,
    ...given,
  })
  expect(differences.map(({ path, difference }) => `${path} ${difference}`)).toEqual(expected)
})
