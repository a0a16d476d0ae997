import { expect, test } from 'vitest'
import { planPruning } from '../../src/plan/pruning.ts'

const entries = (...names: string[]) => names.map((path, index) => ({ path, modifiedNs: BigInt(index) }))

test.each<[string, string[], number, string | undefined, string[]]>([
  ['room is left', ['a', 'b'], 3, undefined, []],
  ['the new one would be one too many: the oldest goes', ['a', 'b', 'c'], 3, undefined, ['a']],
  ['several are too many', ['a', 'b', 'c', 'd'], 2, undefined, ['a', 'b', 'c']],
  ['the oldest is the last successful one: it stays', ['a', 'b', 'c'], 3, 'a', ['b']],
  ['only one is kept, and the last successful one with it', ['a'], 1, 'a', []],
  ['the current one is there already: it does not count twice', ['a', 'b', 'current'], 3, undefined, []],
])('%s', (_name, names, maxRevisions, lastSuccessful, expected) => {
  expect(planPruning(entries(...names), { current: 'current', lastSuccessful, maxRevisions })).toEqual(expected)
})

test('the time of the last change decides, not the name', () => {
  const unordered = [
    { path: 'young', modifiedNs: 9n },
    { path: 'old', modifiedNs: 1n },
  ]
  expect(planPruning(unordered, { current: 'c', lastSuccessful: undefined, maxRevisions: 2 })).toEqual(['old'])
})
