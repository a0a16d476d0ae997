import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeployError } from '@fairlead/core'
import { expect, test } from 'vitest'
import { releaseSymlinkerErrors } from '../src/index.ts'

const entries = Object.values(releaseSymlinkerErrors)
const codes = entries.map(({ code }) => code)

test.each(entries.map((entry) => [entry.code, entry] as const))(
  '%s says what failed and what to do next',
  (code, entry) => {
    const make = entry as (context: unknown) => Error & { readonly hint: string }
    const error = make(entry.description.example)
    expect(isDeployError(error, entry as never)).toBe(true)
    expect(error).toMatchObject({ code, package: 'release-symlinker' })
    expect(`${error.message} ${error.hint}`).not.toMatch(/undefined|\[object|null/)
    expect(error.hint).toMatch(/[.!]$/)
  },
)

test('every code is provoked by a test of this package and described in its README', () => {
  const tests = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts') && name !== 'errors.test.ts')
    .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'))
    .join('\n')
  const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
  expect(codes.filter((code) => !tests.includes(code))).toEqual([])
  expect(codes.filter((code) => !readme.includes(`\`${code}\``))).toEqual([])
})
