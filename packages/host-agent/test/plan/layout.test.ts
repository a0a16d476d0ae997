import { expect, test } from 'vitest'
import { entryParts } from '../../src/plan/archive-path.ts'
import { isInside, placeOnHost } from '../../src/plan/layout.ts'

test.each<[string, string, string]>([
  ['an absolute path lies below the folder', '/srv/shop', '/hosts/a/srv/shop'],
  ['a path that lies there already stays', '/hosts/a/srv', '/hosts/a/srv'],
  ['a folder that only begins alike is another one', '/hosts/ab', '/hosts/a/hosts/ab'],
  ['the root is the folder', '/', '/hosts/a'],
  ['a relative path begins at the folder', 'srv', '/hosts/a/srv'],
  ['slashes too many go', '//srv//shop/', '/hosts/a/srv/shop'],
  ['dots stay for the plan', '/srv/x/../y', '/hosts/a/srv/x/../y'],
  ['a way out of the folder does not count as below it', '/hosts/a/../b', '/hosts/a/hosts/a/../b'],
])('%s', (_name, path, expected) => {
  expect(placeOnHost('/hosts/a', path)).toBe(expected)
})

test('a folder is inside of itself, its neighbour is not', () => {
  expect(isInside('/a', '/a')).toBe(true)
  expect(isInside('/a', '/a/b')).toBe(true)
  expect(isInside('/a', '/ab')).toBe(false)
  expect(isInside('/', '/a')).toBe(true)
})

test.each<[string, readonly string[] | undefined]>([
  ['a/b', ['a', 'b']],
  ['./a//b/', ['a', 'b']],
  ['./', []],
  ['/a', undefined],
  ['../a', undefined],
  ['a/../../b', undefined],
  ['a/..', undefined],
  ['a\0b', undefined],
  ['..a/b..', ['..a', 'b..']],
])('the name %j of an entry has the parts %j', (name, expected) => {
  expect(entryParts(name)).toEqual(expected)
})
