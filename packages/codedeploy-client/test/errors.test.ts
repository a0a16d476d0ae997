import { isDeployError } from '@fairlead/core'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { codeDeployErrors } from '../src/index.ts'

const entries = Object.values(codeDeployErrors)

test.each(entries.map((entry) => [entry.code, entry] as const))(
  '%s says what failed and what to do next',
  (code, entry) => {
    const make = entry as (context: unknown) => Error & { readonly hint: string }
    const error = make(entry.description.example)
    expect(isDeployError(error, entry as never)).toBe(true)
    expect(error).toMatchObject({ code, package: 'codedeploy-client' })
    expect(error.message).not.toMatch(/undefined|\[object|null/)
    expect(error.hint).not.toMatch(/undefined|\[object|null/)
    expect(error.hint).toMatch(/\.$/)
    expect(JSON.parse(JSON.stringify(entry.description.example))).toEqual(
      JSON.parse(JSON.stringify(structuredClone(entry.description.example))),
    )
  },
)

test('every code is provoked by a test of this package and described in its README', () => {
  const tests = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith('.test.ts') && name !== 'errors.test.ts')
    .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'))
    .join('\n')
  const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
  const words = (text: string) => new Set(text.match(/\b[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+\b/g))
  const [provoked, described] = [words(tests), words(readme)]
  expect(entries.map(({ code }) => code).filter((code) => !provoked.has(code))).toEqual([])
  expect(entries.map(({ code }) => code).filter((code) => !described.has(code))).toEqual([])
})
