import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { defaultProbe, fsyncEachUpTo, inProgressMs, maxIdLength } from '../src/limits.ts'
import { planActivation } from '../src/plan/activate.ts'

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')

/** The cells of the rows of a table, by what its first row begins with. */
function tableAfter(heading: string): string[][] {
  const lines = readme.slice(readme.indexOf(heading)).split('\n')
  const rows = lines.slice(
    2,
    lines.findIndex((line) => !line.startsWith('|')),
  )
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

test('the table of an activation has the steps of the plan, in their order', () => {
  const { steps } = planActivation(
    { current: 'old', currentLink: 'releases/old', settled: true },
    {
      to: 'new',
      token: '0',
      prepare: true,
      check: true,
      trial: { command: ['node', 'server.js'] },
      reload: true,
      probe: { url: 'http://127.0.0.1/' },
    },
  )
  const rows = tableAfter('| Step ').map(([step, , undone, durable, blames]) => [
    step,
    undone?.startsWith('nothing'),
    durable,
    blames,
  ])
  expect(rows).toEqual(
    steps.map(({ name, undo, durableAfter, blames }) => [
      `\`${name}\``,
      undo.length === 0,
      `\`${durableAfter}\``,
      `the ${blames}`,
    ]),
  )
})

test('the numbers in the text are those in the code', () => {
  const defaults = Object.fromEntries(tableAfter('| `probe: { … }` ').map(([option, value]) => [option, value]))
  expect(defaults).toMatchObject({
    '`timeoutMs`': String(defaultProbe.timeoutMs),
    '`attempts`': String(defaultProbe.attempts),
    '`intervalMs`': String(defaultProbe.intervalMs),
  })
  expect(readme).toContain(`Up to ${fsyncEachUpTo} entries`)
  expect(readme).toContain(`in the last ${inProgressMs / 3_600_000} hours`)
  expect(readme).toContain(`up to ${maxIdLength} letters`)
})
