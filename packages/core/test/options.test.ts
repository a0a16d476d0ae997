import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkOptions, describeValue, nearestName } from '../src/options.ts'

const known = ['root', 'include', 'output']

describe('checkOptions', () => {
  test('lets known options, undefined values and no options pass', () => {
    checkOptions('buildArtifact', { root: '.', output: undefined }, known)
    checkOptions('buildArtifact', undefined, known)
  })

  test('refuses an option that nobody reads, and names the nearest', () => {
    expect(() => checkOptions('buildArtifact', { ouput: 'x' }, known)).toThrow(
      expect.objectContaining({
        code: 'UNKNOWN_OPTION',
        hint: 'Did you mean "output"?',
        context: expect.objectContaining({ option: 'ouput' }),
      }),
    )
  })

  test.each([
    ['null for a value', { root: null }],
    ['null for the options', null],
    ['a list for the options', ['root']],
    ['text for the options', 'root'],
  ])('refuses %s', (_name, options) => {
    expect(() => checkOptions('buildArtifact', options, known)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
  })
})

describe('nearestName', () => {
  test.each([
    ['autoRolback', ['autoRollback', 'whenBusy'], 'autoRollback'],
    ['whenbusy', ['autoRollback', 'whenBusy'], 'whenBusy'],
    ['zebra', ['autoRollback', 'whenBusy'], undefined],
  ])('of %s', (name, names, nearest) => {
    expect(nearestName(name, names)).toBe(nearest)
  })

  test('a known name is its own nearest', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1 }), (names) => {
        const name = names[0] ?? ''
        expect(nearestName(name, names)?.toLowerCase()).toBe(name.toLowerCase())
      }),
    )
  })
})

test('describeValue is short whatever it is given', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      expect(describeValue(value).length).toBeLessThanOrEqual(80)
    }),
  )
})

test('describeValue calls a number that is none what it is', () => {
  expect([Number.NaN, Infinity, 0, -1].map(describeValue)).toEqual(['NaN', 'Infinity', '0', '-1'])
})
