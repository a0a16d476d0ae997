import { expect, test } from 'vitest'
import { entryParts } from '../../src/plan/archive-path.ts'
import { expandPath, folderOf, joinPath, nameOf, placeOnHost } from '../../src/plan/host-path.ts'
import { isInside } from '../../src/plan/layout.ts'

test.each<[string, string, string]>([
  ['an absolute path lies below the folder', '/srv/shop', '/hosts/a/srv/shop'],
  ['a path that lies there already stays', '/hosts/a/srv', '/hosts/a/srv'],
  ['a folder that only begins alike is another one', '/hosts/ab', '/hosts/a/hosts/ab'],
  ['the root is the folder', '/', '/hosts/a/'],
  ['a relative path stays, and is found in the folder', 'srv', 'srv'],
  ['slashes too many stay for the plan', '//srv//shop/', '/hosts/a//srv//shop/'],
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

// Each row was seen with Ruby 3.1.
test.each<[string, string, string]>([
  ['a', 'b', 'a/b'],
  ['a/', '/b', 'a/b'],
  ['a//', 'b', 'a//b'],
  ['a', './b', 'a/./b'],
  ['a', '', 'a/'],
  ['a', '/', 'a/'],
])('%j and %j are joined to %j', (first, second, expected) => {
  expect(joinPath(first, second)).toBe(expected)
})

test.each<[string, string, string]>([
  ['/x/d/', '/x', 'd'],
  ['/x//d//', '/x', 'd'],
  ['a', '.', 'a'],
  ['/a', '/', 'a'],
  ['a//b/', 'a', 'b'],
  ['/', '/', '/'],
])('the folder of %j is %j, its name %j', (path, folder, name) => {
  expect(folderOf(path)).toBe(folder)
  expect(nameOf(path)).toBe(name)
})

test('the home of the agent is the folder of the host', () => {
  expect(['~/x', '~', 'x/../y', '/z/'].map((path) => expandPath('/h', path))).toEqual(['/h/x', '/h', '/h/y', '/z'])
})
