import { execFileSync } from 'node:child_process'
import { lstatSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchCase, Place } from './artifact/cases.ts'
import type { Contender } from './artifact/contenders.ts'
import { measure, type Measurement } from './measure.ts'
import { makeRow, median, type Row, type Unit } from './results.ts'

/** A measured run, and the size of the file that it wrote; no size where it wrote a folder. */
interface Run extends Measurement {
  readonly outputBytes: number | undefined
}

/** What the runs of one case are told. */
export interface CaseOptions {
  /** The tree's name in the results. */
  readonly treeName: string
  readonly tree: string
  /** An existing folder on a disk with room for some copies of the tree. */
  readonly workFolder: string
  readonly rounds: number
  readonly say: (line: string) => void
}

/** Runs ours and its peers in turn, round by round, so that what slows the machine for a while slows all of them. */
export async function runCase(one: BenchCase, options: CaseOptions): Promise<readonly Row[]> {
  const { treeName, tree, workFolder, rounds, say } = options
  const folder = mkdtempSync(join(workFolder, `${one.name}-`))
  try {
    const place = { tree, folder }
    const subjects = one.subjects(place)
    readAll(subjects.first)
    if (one.fillsCache) await runOnce(one.ours, subjects.first, place)
    const runs = new Map<Contender, Run[]>([one.ours, ...one.peers].map((contender) => [contender, []]))
    for (let round = 0; round < rounds; round += 1) {
      const subject = subjects.next(round)
      for (const contender of turned([...runs.keys()], round)) {
        const run = await runOnce(contender, subject, place)
        runs.get(contender)?.push(run)
        say(`  ${one.name} ${treeName}, round ${round + 1}: ${describeRun(contender, run)}`)
      }
    }
    return rowsOf(`${one.name}-${treeName}`, one, runs)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** So that the first round finds in memory what the others do. A file of more than a gigabyte may not fit there. */
function readAll(subject: string): void {
  execFileSync('find', [subject, '-type', 'f', '-size', '-1000000k', '-exec', 'cksum', '{}', '+'], { stdio: 'ignore' })
}

/** Another one begins in each round. */
function turned<T>(values: readonly T[], round: number): readonly T[] {
  const start = round % values.length
  return [...values.slice(start), ...values.slice(0, start)]
}

async function runOnce(contender: Contender, subject: string, { folder }: Place): Promise<Run> {
  const cache = join(folder, 'cache')
  mkdirSync(cache, { recursive: true })
  const output = join(mkdtempSync(join(folder, 'output-')), 'out')
  const isFolder = lstatSync(subject).isDirectory()
  const measured = await measure(
    contender.command({ subject, output: isFolder ? `${output}.zip` : output, cache }),
    isFolder ? subject : folder,
  )
  if (!isFolder) return { ...measured, outputBytes: undefined }
  const outputBytes = lstatSync(`${output}.zip`).size
  rmSync(`${output}.zip`)
  return { ...measured, outputBytes }
}

function describeRun({ name }: Contender, run: Run): string {
  const { seconds, cpuSeconds, peakMiB, othersCores } = run
  const rest = [
    cpuSeconds !== undefined && `${cpuSeconds.toFixed(2)} s of processor`,
    peakMiB !== undefined && `${peakMiB.toFixed(0)} MiB`,
    othersCores !== undefined && `others took ${othersCores.toFixed(1)} cores`,
  ].filter((text) => text !== false)
  return `${name} ${seconds.toFixed(2)} s (${rest.join(', ')})`
}

const facts: readonly (readonly [Unit, (run: Run) => number | undefined])[] = [
  ['s', ({ seconds }) => seconds],
  ['bytes', ({ outputBytes }) => outputBytes],
  ['MiB', ({ peakMiB }) => peakMiB],
]

function rowsOf(
  name: string,
  { ours, peers }: BenchCase,
  runs: ReadonlyMap<Contender, readonly Run[]>,
): readonly Row[] {
  return facts.flatMap(([unit, factOf]) =>
    peers.flatMap((peer) => {
      const [mine, theirs] = [ours, peer].map((one) =>
        (runs.get(one) ?? []).map(factOf).filter((fact) => fact !== undefined),
      )
      return mine?.length && theirs?.length ? [makeRow(name, peer.name, unit, [median(mine), median(theirs)])] : []
    }),
  )
}
