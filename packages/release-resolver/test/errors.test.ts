import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { releaseResolverErrors } from '../src/index.ts'

test('the table of errors in the README has every code of the catalogue', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  for (const code of Object.keys(releaseResolverErrors)) expect(readme).toContain(`\`${code}\``)
})

test('every error of the catalogue makes a message and a hint of its example', () => {
  for (const entry of Object.values(releaseResolverErrors)) {
    const { message, hint } = (entry as (context: unknown) => Error & { hint: string })(entry.description.example)
    expect(message).not.toMatch(/undefined|\[object/)
    expect(hint).toMatch(/[.!?)]$/)
  }
})
