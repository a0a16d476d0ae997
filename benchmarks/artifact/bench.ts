import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { cpus } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { cases, type BenchCase } from './cases.ts'
import { measuresMemory } from '../measure.ts'
import { formatTable, writeResults, type Row } from '../results.ts'
import { runCase } from '../run-case.ts'
import { isTreeName, makeTree } from '../trees.ts'

export const usage = `usage: npm run bench -- artifact [options]
  --runs <n>         rounds of each case; what is reported is the median (default 5)
  --tree <list>      small, big, or the path of a git repository (default small,big)
  --case <list>      ${cases.map(({ name }) => name).join(', ')} (default all)
  --huge             the cases of one file of 6 GiB too
  --results <file>   default benchmarks/results/artifact.json`

interface Settings {
  readonly rounds: number
  readonly trees: readonly string[]
  readonly chosen: readonly BenchCase[]
  readonly resultsFile: string
}

function readSettings(args: readonly string[]): Settings {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      runs: { type: 'string', default: '5' },
      tree: { type: 'string', default: 'small,big' },
      case: { type: 'string', default: cases.map(({ name }) => name).join(',') },
      huge: { type: 'boolean', default: false },
      results: { type: 'string', default: join(import.meta.dirname, '../results/artifact.json') },
    },
  })
  if (positionals.length > 0) throw new Error(`what is ${positionals.join(' ')}?`)
  const rounds = Number(values.runs)
  if (!Number.isSafeInteger(rounds) || rounds < 1) throw new Error(`--runs ${values.runs} is no number of rounds`)
  const names = values.case.split(',')
  const unknown = names.filter((name) => !cases.some((one) => one.name === name))
  if (unknown.length > 0) throw new Error(`no case is called ${unknown.join(', ')}`)
  return {
    rounds,
    trees: [...values.tree.split(','), ...(values.huge ? ['huge'] : [])],
    chosen: cases.filter(({ name }) => names.includes(name)),
    resultsFile: resolve(values.results),
  }
}

/** The case with the peers that this machine has; which it lacks is said. */
function withPresentPeers(one: BenchCase): BenchCase {
  const peers = one.peers.filter(({ name, needs }) => {
    const missing = needs.filter((program) => !isInstalled(program))
    if (missing.length > 0) console.log(`  without ${name}: no ${missing.join(', ')} on this machine`)
    return missing.length === 0
  })
  return { ...one, peers }
}

function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program]).status === 0
}

async function runAll({ rounds, trees, chosen, resultsFile }: Settings): Promise<void> {
  const workFolder = resolve(import.meta.dirname, '../../build/bench')
  mkdirSync(workFolder, { recursive: true })
  const cores = cpus()
  console.log(`Node ${process.versions.node}, ${cores.length} cores (${cores[0]?.model}), ${rounds} rounds`)
  if (!measuresMemory) console.log("no peak memory without Debian's package time")
  const rows: Row[] = []
  for (const treeName of trees) {
    const tree = isTreeName(treeName) ? makeTree(treeName) : resolve(treeName)
    for (const one of chosen.filter((one) => (one.tree === 'huge') === (treeName === 'huge'))) {
      try {
        const options = { treeName: basename(treeName), tree, workFolder, rounds, say: console.log }
        rows.push(...(await runCase(withPresentPeers(one), options)))
      } catch (error) {
        console.log(`  ${one.name} ${treeName} FAILED: ${messageOf(error)}`)
        process.exitCode = 1
      }
    }
  }
  if (rows.length === 0) return
  writeResults(resultsFile, rows)
  console.log(`\n${formatTable(rows)}\n\nwritten to ${resultsFile}`)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** @throws what is wrong with the arguments */
export async function benchArtifacts(args: readonly string[]): Promise<void> {
  await runAll(readSettings(args))
}
