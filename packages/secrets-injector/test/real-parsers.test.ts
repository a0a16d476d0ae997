import { withTools } from '@fairlead/test-support'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DialectName } from '../src/index.ts'
import { dialects } from '../src/plan/dialects.ts'
import { encodeIn } from '../src/plan/env-text.ts'
import { areRead, outcomesOf } from './oracles/matrix.ts'
import { findOracles, type Oracle } from './oracles/oracles.ts'
import { hostileValue, vectors } from './support/hostile-values.ts'

const isLong = process.env['FAIRLEAD_LONG'] !== undefined
/** Different values that each parser's dialect holds. */
const fuzzedValues = isLong ? 20_000 : 300
/** Some parsers are a program that is started for each file. */
const valuesPerFile: Partial<Record<DialectName, number>> = { shell: 30, docker: 300, apache: 30 }
const timeoutMs = isLong ? 3_600_000 : 120_000

/** Parsers that Debian and npm have, and what they come with; the others are run where they are found. */
const required: Readonly<Record<string, readonly string[]>> = {
  dotenv16: [],
  dotenv18: [],
  expand: [],
  expand12: [],
  next: [],
  vite: [],
  vite6: [],
  vite8: [],
  node_parseEnv: [],
  dotenvx: [],
  symfony54: ['php', 'php-symfony-dotenv'],
  phpdotenv54: ['php', 'php-vlucas-phpdotenv'],
  php_ini: ['php'],
  pydotenv021: ['python3-dotenv'],
  yaml: ['python3-yaml'],
  json: ['python3'],
  rubydotenv24: ['ruby-dotenv'],
  bash52: ['bash'],
  dash: ['dash'],
  busybox_ash: ['busybox'],
  mksh: ['mksh'],
  zsh: ['zsh'],
  systemd252: ['systemd'],
  docker28: ['docker'],
  ...(process.geteuid?.() === 0 ? { apache24: ['apache2'] } : {}),
}

const oracles = findOracles()

function expectedOf({ id, dialect }: Oracle): Readonly<Record<string, string>> {
  const cells = vectors.cells[id]
  if (cells) return cells
  // Nobody has measured this parser: what our encoder says of the value, the parser has to bear out.
  return Object.fromEntries(
    Object.entries(vectors.values).map(([name, value]) => [
      name,
      'text' in encodeIn(dialects[dialect], 'K', value) ? 'ok' : 'impossible',
    ]),
  )
}

async function expectMeasured(oracle: Oracle): Promise<void> {
  const outcomes = await outcomesOf(oracle, vectors.values)
  const cells = Object.entries(expectedOf(oracle)).map(([name, cell]) => [name, cell === 'ok' ? 'exact' : 'refused'])
  expect(Object.fromEntries(outcomes)).toEqual(Object.fromEntries(cells))
}

/** Different hostile values that the dialect does not refuse. */
function heldValues(name: DialectName): readonly string[] {
  const values = new Set<string>()
  while (values.size < fuzzedValues) {
    for (const value of fc.sample(hostileValue, fuzzedValues)) {
      if ('text' in encodeIn(dialects[name], 'K', value)) values.add(value)
    }
  }
  return [...values].slice(0, fuzzedValues)
}

async function expectFuzzed(oracle: Oracle): Promise<void> {
  const values = heldValues(oracle.dialect)
  const perFile = valuesPerFile[oracle.dialect] ?? 3
  const files = Array.from({ length: Math.ceil(values.length / perFile) }, (_, index) =>
    values.slice(index * perFile, (index + 1) * perFile).map((value, at) => [`K${at}`, value] as const),
  )
  for (let start = 0; start < files.length; start += 1000) {
    const some = files.slice(start, start + 1000)
    const read = await areRead(oracle, some)
    expect(some.filter((_, index) => !read[index])).toEqual([])
  }
}

describe('a real parser', () => {
  for (const [id, packages] of Object.entries(required)) {
    if (oracles.some((oracle) => oracle.id === id)) continue
    withTools(packages.length > 0 ? packages : [id], `${id} reads what is written for it`, () => {
      throw new Error(`${packages.join(', ')} is there, but cannot be run`)
    })
  }

  test.each(oracles.map((oracle) => [oracle.id, oracle.parser, oracle] as const))(
    '%s (%s) reads every measured value between any two others, and what it cannot hold is refused',
    (_id, _parser, oracle) => expectMeasured(oracle),
    timeoutMs,
  )

  test.each(oracles.map((oracle) => [oracle.id, oracle.parser, oracle] as const))(
    '%s (%s) reads hostile values exactly, or they are refused',
    (_id, _parser, oracle) => expectFuzzed(oracle),
    timeoutMs,
  )
})
