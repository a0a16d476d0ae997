import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { artifactErrors, buildArtifact, secretRules } from '../src/index.ts'
import { createShop } from './support/shop.ts'

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')

/** The codes in the first column of the table below a heading or a line. */
function firstColumn(after: string): readonly string[] {
  const table =
    readme
      .slice(readme.indexOf(after))
      .split('\n\n')
      .find((block) => block.startsWith('|')) ?? ''
  return table
    .split('\n')
    .slice(2)
    .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code))
}

test('the README lists every error of the catalogue, and no other', () => {
  expect(firstColumn('## Errors')).toEqual(Object.keys(artifactErrors))
})

test('the README lists every rule of the secret guard, and no other', () => {
  expect(firstColumn('- Secrets, all of them')).toEqual([...secretRules])
})

test('the README lists every option, and no other', async () => {
  const error: unknown = await buildArtifact(createShop().options({ unknown: 1 } as object)).catch(
    (caught: unknown) => caught,
  )
  expect(error).toMatchObject({ code: 'UNKNOWN_OPTION', context: { known: firstColumn('`buildArtifact(options)`') } })
})

test('each error says what failed and what to do, from the facts of its example', () => {
  for (const entry of Object.values(artifactErrors)) {
    const error = (entry as (context: unknown) => Error & { readonly hint: string })(entry.description.example)
    expect(error.message).not.toMatch(/undefined|\[object/)
    expect(error.hint).not.toBe('')
  }
})
