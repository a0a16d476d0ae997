import { expect, test } from 'vitest'
import { FoldersAbove } from '../../src/plan/folders-above.ts'

test('each folder above some paths is told once, the outermost first', () => {
  const above = new FoldersAbove()
  const paths = ['top', 'a/b/c/1', 'a/b/c/2', 'a/b/cc', 'a/b/c/d/3', 'a/bb/4', 'top2', 'a/b/c/5', 'a/b/c/d', 'e/']
  expect(paths.map((path) => above.add(path))).toEqual([
    [],
    ['a', 'a/b', 'a/b/c'],
    [],
    [],
    ['a/b/c/d'],
    ['a/bb'],
    [],
    [],
    [],
    ['e'],
  ])
})
