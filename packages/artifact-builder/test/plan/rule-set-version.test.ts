import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { secretRuleSetVersion } from '../../src/plan/secrets/rule-set-version.ts'

/** What judges: the sources without comments, blanks and line ends. */
function digestOfSources(): string {
  const folder = join(import.meta.dirname, '../../src/plan/secrets')
  const sources = [...readdirSync(folder).sort(), '../scan-secrets.ts'].map((name) =>
    readFileSync(join(folder, name), 'utf8').replaceAll(/^\s*(?:\/\*\*|\*|\/\/).*$|\s+/gm, ''),
  )
  return createHash('sha256').update(sources.join('\n')).digest('hex').slice(0, 16)
}

test('a change of the rules changes the version: raise `judgement`, then record both', () => {
  expect({ sources: digestOfSources(), judgement: judgement() }).toEqual({
    sources: '02a92f1065dad22f',
    judgement: '2',
  })
})

test('the version is the same in every process, and fit for the name of a file', () => {
  expect(secretRuleSetVersion).toMatch(/^[0-9a-f]{16}$/)
})

function judgement(): string | undefined {
  const source = readFileSync(join(import.meta.dirname, '../../src/plan/secrets/rule-set-version.ts'), 'utf8')
  return /const judgement = (\d+)/.exec(source)?.[1]
}
