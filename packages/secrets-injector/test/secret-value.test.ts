import { format, inspect } from 'node:util'
import { canary } from '@fairlead/test-support'
import { expect, test } from 'vitest'
import { secretValue } from '../src/secret-value.ts'

test('a secret value prints as its name, whatever prints it; only reveal() yields it', () => {
  const { value, leaksInto } = canary()
  const held = secretValue('shop/dev/env A', value)
  const shown = [
    String(held),
    `${held}`,
    held + '',
    JSON.stringify({ held }),
    inspect(held, { showHidden: true, depth: 9, showProxy: true }),
    inspect(held, { customInspect: false, showHidden: true, depth: 9 }),
    inspect({ nested: [held] }),
    ...['%s', '%d', '%i', '%f', '%j', '%o', '%O', '%c'].map((directive) => format(directive, held)),
    Object.entries(held).join(),
    new Error('x', { cause: held }).cause?.toString() ?? '',
    inspect(new Error(`${held}`, { cause: held })),
  ]
  for (const text of shown) expect(leaksInto(text)).toBe(false)
  expect(shown[0]).toBe('[secret shop/dev/env A]')
  expect(() => structuredClone(held)).toThrow()
  expect(Object.isFrozen(held)).toBe(true)
  expect(held.reveal()).toBe(value)
})
