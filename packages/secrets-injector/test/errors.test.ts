import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { secretsInjectorErrors } from '../src/index.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

describe.each(Object.values(secretsInjectorErrors).map((entry) => [entry.code, entry] as const))(
  '%s',
  (code, entry) => {
    test('says what failed and what to do next, from JSON-safe facts', () => {
      const make = entry as unknown as (context: unknown) => Error & { hint: string }
      const { example } = entry.description
      const error = make(example)
      expect(error.message).not.toMatch(/undefined|\[object/)
      expect(error.hint).toMatch(/^[A-Z].*[.?]$/s)
      expect(JSON.parse(JSON.stringify(example))).toEqual(example)
    })

    test('is in the README', () => {
      expect(readme).toContain(`\`${code}\``)
    })
  },
)
