import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { activateRelease, stageRelease } from '@fairlead/release-symlinker'
import { makeRow, type Row } from '../results.ts'

/**
 * The latency of a whole activation in this process, with lock, checks, switch, fsync and history, beside the bare
 * symlink(2), rename(2) and fsync(2) that no change of release can do without.
 */
export async function measureSwitches(
  folder: string,
  count: number,
  say: (line: string) => void,
): Promise<readonly Row[]> {
  const root = join(folder, 'srv')
  const stage = async (id: string) => {
    const from = join(folder, id)
    mkdirSync(from, { recursive: true })
    writeFileSync(join(from, 'version'), id)
    return await stageRelease({ root, from, id, commit: id.repeat(40).slice(0, 40) })
  }
  const releases = [await stage('a'), await stage('b')] as const
  const ours: number[] = []
  const bare: number[] = []
  for (let turn = 0; turn < count; turn += 1) {
    const start = performance.now()
    await activateRelease(releases[turn % 2 === 0 ? 0 : 1])
    ours.push(performance.now() - start)
    const next = performance.now()
    switchBare(folder)
    bare.push(performance.now() - next)
  }
  const rows = [0.5, 0.99].map((share) =>
    makeRow(`switch-p${share * 100}`, 'symlink, rename, fsync', 'ms', [
      percentile(ours, share),
      percentile(bare, share),
    ]),
  )
  for (const { case: name, ours: mine, theirs } of rows)
    say(`  ${count} activations: ${name} ${mine} ms, bare ${theirs} ms`)
  return rows
}

function switchBare(folder: string): void {
  symlinkSync('srv/releases', join(folder, 'next'))
  renameSync(join(folder, 'next'), join(folder, 'current'))
  const file = openSync(folder, 'r')
  fsyncSync(file)
  closeSync(file)
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
