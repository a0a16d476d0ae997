/** `npm run bench -- release`: measures deploys on a host beside Capistrano, Ansible's deploy_helper and `cp -a`. */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { measure, type Command } from '../measure.ts'
import { formatTable, makeRow, median, writeResults, type Row } from '../results.ts'
import { makeReleaseTree, changeOnePercent } from './tree.ts'
import { capistrano, copyAndLink, deployHelper, ours, type Contender } from './contenders.ts'
import { measureSwitches } from './switches.ts'

export const usage = `usage: npm run bench -- release [options]
  --runs <n>         rounds; what is reported is the median (default 5)
  --files <n>        files of the release (default 5000, 31 MB)
  --switches <n>     switches whose latency is measured (default 2000)
  --peers <list>     capistrano, deploy-helper, cp (default all that are installed)
  --results <file>   default benchmarks/results/release.json`

const allPeers: readonly Contender[] = [capistrano, deployHelper, copyAndLink]

interface Settings {
  readonly rounds: number
  readonly files: number
  readonly switches: number
  readonly peers: readonly string[]
  readonly resultsFile: string
}

function readSettings(args: readonly string[]): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: 'string', default: '5' },
      files: { type: 'string', default: '5000' },
      switches: { type: 'string', default: '2000' },
      peers: { type: 'string', default: allPeers.map(({ name }) => name).join(',') },
      results: { type: 'string', default: join(import.meta.dirname, '../results/release.json') },
    },
  })
  const [rounds, files, switches] = [values.runs, values.files, values.switches].map(Number)
  for (const [name, value] of Object.entries({ rounds, files, switches })) {
    if (!Number.isSafeInteger(value) || Number(value) < 1) throw new Error(`${name}: a whole number, 1 or more`)
  }
  const peers = values.peers.split(',')
  const unknown = peers.filter((name) => !allPeers.some((peer) => peer.name === name))
  if (unknown.length > 0) throw new Error(`no peer is called ${unknown.join(', ')}`)
  const resultsFile = resolve(values.results)
  return { rounds: rounds ?? 5, files: files ?? 5000, switches: switches ?? 2000, peers, resultsFile }
}

/** @throws what is wrong with the arguments */
export async function benchReleases(args: readonly string[]): Promise<void> {
  const settings = readSettings(args)
  const workFolder = resolve(import.meta.dirname, '../../build/bench')
  mkdirSync(workFolder, { recursive: true })
  const folder = mkdtempSync(join(workFolder, 'release-'))
  try {
    const tree = makeReleaseTree(join(folder, 'tree'), settings.files)
    const rows = [
      ...(await deploysAndRollbacks(folder, tree, settings)),
      ...bytesOfOnePercent(folder, tree),
      ...(await measureSwitches(join(folder, 'switches'), settings.switches, console.log)),
    ]
    writeResults(settings.resultsFile, rows)
    console.log(`\n${formatTable(rows)}\n\nwritten to ${settings.resultsFile}`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** All take turns, round by round, and another one begins in each. The first round fills caches and does not count. */
async function deploysAndRollbacks(
  folder: string,
  tree: string,
  { rounds, peers: names }: Settings,
): Promise<readonly Row[]> {
  const mine = [ours('move'), ours('immutable'), ours('copy')]
  const peers = allPeers.filter((peer) => names.includes(peer.name)).filter(isInstalled)
  const all = [...mine, ...peers]
  for (const one of all) one.prepare(join(folder, one.name), tree)
  const seconds = new Map<string, number[]>()
  for (let round = 0; round <= rounds; round += 1) {
    const start = round % all.length
    for (const one of [...all.slice(start), ...all.slice(0, start)]) {
      const place = join(folder, one.name)
      one.beforeDeploy(place, tree, round)
      await timed(seconds, round, `deploy ${one.name}`, one.deploy(place, round), place)
      one.check(place)
      if (one.rollback === undefined) continue
      await timed(seconds, round, `rollback ${one.name}`, one.rollback(place), place)
    }
  }
  const middle = (name: string) => median(seconds.get(name) ?? [])
  const rowsOf = (what: 'deploy' | 'rollback') =>
    mine.flatMap((one) =>
      peers
        .filter((peer) => seconds.has(`${what} ${peer.name}`))
        .map((peer) =>
          makeRow(`${what}-${one.way}`, peer.label, 's', [
            middle(`${what} ${one.name}`),
            middle(`${what} ${peer.name}`),
          ]),
        ),
    )
  return [...rowsOf('deploy'), ...rowsOf('rollback')]
}

async function timed(
  seconds: Map<string, number[]>,
  round: number,
  name: string,
  command: Command,
  cwd: string,
): Promise<void> {
  const run = await measure(command, cwd)
  const others = run.othersCores === undefined ? '' : `, others took ${run.othersCores.toFixed(1)} cores`
  console.log(`  round ${round}: ${name} ${run.seconds.toFixed(2)} s${others}`)
  if (round > 0) seconds.set(name, [...(seconds.get(name) ?? []), run.seconds])
}

function isInstalled({ label, needs, isPresent }: Contender): boolean {
  const missing = needs.filter((program) => spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program]).status !== 0)
  if (missing.length === 0 && isPresent()) return true
  console.log(`  without ${label}: ${missing.join(', ') || 'a part of it'} is not on this machine`)
  return false
}

/** What a second release costs of which one file in a hundred is new, beside a copy of all, in blocks of the file system. */
function bytesOfOnePercent(folder: string, tree: string): readonly Row[] {
  const one = ours('immutable')
  const place = join(folder, 'one-percent')
  one.prepare(place, tree)
  one.beforeDeploy(place, tree, 1)
  run(one.deploy(place, 1), place)
  const changed = join(folder, 'changed')
  cpSync(tree, changed, { recursive: true })
  changeOnePercent(changed)
  one.beforeDeploy(place, changed, 2)
  // The archive is CodeDeploy's, and there already: what counts is what a deploy adds below the root.
  const root = join(place, 'srv')
  const before = diskBytes(root)
  run(one.deploy(place, 2), place)
  const added = diskBytes(root) - before
  rmSync(join(folder, 'copy'), { recursive: true, force: true })
  run(['cp', '-a', changed, join(folder, 'copy')], folder)
  return [makeRow('bytes-1-percent-changed', 'cp -a', 'bytes', [added, diskBytes(join(folder, 'copy'))])]
}

/** As du counts: a file with two names once. */
function diskBytes(folder: string): number {
  if (!existsSync(folder)) return 0
  return Number(spawnSync('du', ['-sB1', folder], { encoding: 'utf8' }).stdout.split('\t')[0])
}

function run([program, ...args]: Command, cwd: string): void {
  const { status, stderr, stdout } = spawnSync(program, args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr || stdout}`)
}
