import { missingTools, withTools } from '@fairlead/test-support'
import fc from 'fast-check'
import { expect } from 'vitest'
import { symfony } from '../src/plan/dialects/symfony.ts'
import { findOracles } from './oracles/oracles.ts'
import { propertyRuns } from './support/hostile-values.ts'

const oracle = findOracles().find(({ id }) => id === 'symfony54')
const tools = oracle || missingTools('php').length > 0 ? ['php'] : ['php-symfony-dotenv']

withTools(tools, "Debian's Symfony Dotenv and our reader agree on any file, where nothing expands", async () => {
  const piece = fc.constantFrom('A=', 'B=', 'export C=', ' ', '\t', '\n', '\r', '#', "'", '"', '\\', '\\n', 'x', 'y z', '=', '$', '(', ')', '\\$', '{', '}', 'é') // prettier-ignore
  // No command, since a pair of parentheses in it is empty: rare among random files.
  const known = ['A=y z\\$(())', 'A=y z\\$((x))', 'A=y z\\$(x())', 'A=y z\\$()']
  const random = fc.sample(
    fc.array(piece, { maxLength: 14 }).map((pieces) => `A=${pieces.join('')}`),
    propertyRuns(20_000),
  )
  const files = [...known, ...random]
  const parsed = await oracle!.read(files)
  let compared = 0
  for (const [index, file] of files.entries()) {
    const reading = symfony.read(file)
    if ('variables' in reading && reading.variables.some(({ expands }) => expands)) continue
    const ours =
      'rejected' in reading ? undefined : Object.fromEntries(reading.variables.map(({ name, value }) => [name, value]))
    expect({ file, variables: ours }).toEqual({ file, variables: parsed[index] })
    compared++
  }
  expect(compared).toBeGreaterThan(files.length / 2)
})
