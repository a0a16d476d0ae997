/**
 * `npm run dotenv-matrix -- FILE`: runs the real parser of every dialect of a file of values, as far as it is installed, and says
 * which cells came out as the file says. Ends with 1 where one did not.
 */
import { readFileSync } from 'node:fs'
import { outcomesOf, type ValuesFile } from './matrix.ts'
import { findOracles } from './oracles.ts'

const [path] = process.argv.slice(2)
if (path === undefined) {
  console.error('usage: npm run dotenv-matrix -- FILE')
  process.exit(2)
}
const { values, cells } = JSON.parse(readFileSync(path, 'utf8')) as ValuesFile
const oracles = findOracles()
let passed = 0
let failed = 0

for (const [id, expected] of Object.entries(cells)) {
  const oracle = oracles.find((candidate) => candidate.id === id)
  if (!oracle) {
    console.log(`${id.padEnd(16)} not run: its parser is not installed`)
    continue
  }
  const asked = Object.fromEntries(Object.keys(expected).map((name) => [name, requireValue(name)]))
  const outcomes = await outcomesOf(oracle, asked)
  const count = (wanted: string) => String([...outcomes.values()].filter((outcome) => outcome === wanted).length)
  const failures = Object.entries(expected).filter(([name, cell]) => outcomes.get(name) !== outcomeWanted(cell))
  failed += failures.length
  passed += outcomes.size - failures.length
  const counts = ['exact', 'refused', 'wrong'].map((outcome) => `${outcome} ${count(outcome).padStart(2)}`)
  console.log(`${id.padEnd(16)} ${counts.join('  ')}  (${oracle.parser})`)
  for (const [name, cell] of failures) console.log(`  ${name} is ${outcomes.get(name)}, expected ${cell}`)
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0

function requireValue(name: string): string {
  const value = values[name]
  if (value === undefined) throw new Error(`${path} has a cell for ${name}, but no such value`)
  return value
}

function outcomeWanted(cell: string): string {
  if (cell === 'ok') return 'exact'
  if (cell === 'impossible') return 'refused'
  throw new Error(`${path} has a cell that is neither ok nor impossible: ${cell}`)
}
