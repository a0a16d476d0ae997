import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { withTools } from '@fairlead/test-support'
import fc from 'fast-check'
import { describe, expect } from 'vitest'
import { symfony } from '../src/plan/dialects/symfony.ts'
import { hostileValue, propertyRuns, vectors } from './support/hostile-values.ts'

const autoload = '/usr/share/php/Symfony/Component/Dotenv/autoload.php'
const script = fileURLToPath(new URL('fixtures/parse-with-symfony.php', import.meta.url))

type Parsed = Readonly<Record<string, string>> | undefined

/** What Debian's Symfony Dotenv reads from each file; `undefined` where it rejects it. */
function parseWithSymfony(files: readonly string[]): readonly Parsed[] {
  const input = JSON.stringify(files.map((file) => Buffer.from(file).toString('base64')))
  const output = execFileSync('php', [script], { input, encoding: 'utf8', maxBuffer: 1024 ** 3 })
  const answers = JSON.parse(output) as readonly (Readonly<Record<string, string>> | { readonly rejected: true })[]
  return answers.map((answer) =>
    answer['rejected'] === true
      ? undefined
      : Object.fromEntries(
          Object.entries(answer).map(([name, value]) => [name, Buffer.from(value, 'base64').toString('utf8')]),
        ),
  )
}

function lineOf(name: string, value: string): string {
  const encoding = symfony.encode(name, value)
  if (!('text' in encoding)) throw new Error(encoding.reason)
  return `${encoding.text}\n`
}

describe("Debian's Symfony Dotenv", () => {
  const tools = ['php', ...(existsSync(autoload) ? [] : ['php-symfony-dotenv'])]

  withTools(tools, 'reads every measured value between any two others', () => {
    const values = Object.values(vectors.values).filter((value) => !value.includes('\0'))
    const wanted = values.flatMap((BEFORE) => values.flatMap((K) => values.map((AFTER) => ({ BEFORE, K, AFTER }))))
    const files = wanted.map((file) => Object.entries(file).map(([name, value]) => lineOf(name, value)).join('')) // prettier-ignore
    expect(parseWithSymfony(files)).toEqual(wanted)
  })

  withTools(tools, 'reads hostile values exactly', () => {
    const wanted = fc.sample(
      fc.record({ BEFORE: hostileValue, K: hostileValue, AFTER: hostileValue }),
      propertyRuns(5_000),
    )
    const files = wanted.map((file) => Object.entries(file).map(([name, value]) => lineOf(name, value)).join('')) // prettier-ignore
    expect(parseWithSymfony(files)).toEqual(wanted.map((file) => ({ ...file })))
  })

  withTools(tools, 'and our reader agree on any file, where nothing expands', () => {
    const piece = fc.constantFrom('A=', 'B=', 'export C=', ' ', '\t', '\n', '\r', '#', "'", '"', '\\', '\\n', 'x', 'y z', '=', '$', '(', ')', '\\$', '{', '}', 'é') // prettier-ignore
    const files = fc.sample(
      fc.array(piece, { maxLength: 14 }).map((pieces) => `A=${pieces.join('')}`),
      propertyRuns(20_000),
    )
    const parsed = parseWithSymfony(files)
    let compared = 0
    for (const [index, file] of files.entries()) {
      const reading = symfony.read(file)
      if ('variables' in reading && reading.variables.some(({ expands }) => expands)) continue
      const ours =
        'rejected' in reading
          ? undefined
          : Object.fromEntries(reading.variables.map(({ name, value }) => [name, value]))
      expect({ file, variables: ours }).toEqual({ file, variables: parsed[index] })
      compared++
    }
    expect(compared).toBeGreaterThan(files.length / 2)
  })
})
