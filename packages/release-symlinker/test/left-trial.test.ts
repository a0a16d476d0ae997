/** A run that is killed in a trial leaves the program of the trial: the next run ends it, and nothing but it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProcess, identifyThisProcess, type ProcessIdentity } from '@fairlead/core/machine'
import { describe, expect, onTestFinished, test } from 'vitest'
import { activateRelease, checkHost, repairReleases } from '../src/index.ts'
import { buildChild } from './support/child-process.ts'
import type { Task } from './support/child.ts'
import { leftovers, testHost, type TestHost } from './support/host.ts'

/** Only Linux tells what a note needs. */
const onLinux = describe.runIf(process.platform === 'linux')

const isRunning = async (pid: number) => (await findProcess(pid))?.isZombie === false

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 20))
}

/** A run that was killed while its trial, a program with a child of its own, was being asked. */
async function killedInTrial(host: TestHost): Promise<readonly number[]> {
  const staged = await host.stage('b')
  const numbers = join(host.folder, 'numbers')
  const script = `sleep 600 & echo $$ $! > ${numbers}.half; mv ${numbers}.half ${numbers}; wait`
  const task: Task = { kind: 'trial', staged, command: ['/bin/sh', '-c', script] }
  const run = spawn(process.execPath, [await buildChild(host.folder), JSON.stringify(task)], { stdio: 'ignore' })
  await until(() => existsSync(numbers))
  const pids = readFileSync(numbers, 'utf8').trim().split(' ').map(Number)
  onTestFinished(() => {
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has ended, as it should.
      }
    }
  })
  run.kill('SIGKILL')
  await once(run, 'exit')
  for (const pid of pids) expect(await isRunning(pid)).toBe(true)
  return pids
}

onLinux('what a killed run left of a trial', () => {
  test('is ended by a repair, with what it started', async () => {
    const host = testHost()
    await host.deploy('a')
    const pids = await killedInTrial(host)
    const findings = await checkHost({ root: host.root })
    expect(findings.find(({ subject }) => subject === 'leftovers')?.found).toMatch(
      /\.fairlead\/trial-[0-9a-f]{16}\.json/,
    )
    const { repaired } = await repairReleases({ root: host.root })
    expect(repaired).toContain(`ended process ${pids[0]}, a trial that was left`)
    for (const pid of pids) await until(async () => !(await isRunning(pid)))
    expect(host.live()).toBe('a')
    expect(leftovers(host.root)).toEqual([])
  })

  test('is ended by the next deploy', async () => {
    const host = testHost()
    await host.deploy('a')
    const pids = await killedInTrial(host)
    await activateRelease(await host.stage('b'))
    for (const pid of pids) await until(async () => !(await isRunning(pid)))
    expect(host.live()).toBe('b')
    expect(leftovers(host.root)).toEqual([])
  })
})

onLinux('a note of a trial', () => {
  /** A process of somebody else's that has the number in a note. */
  async function noteOf(host: TestHost, change: (identity: ProcessIdentity) => object): Promise<number> {
    const other = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' })
    onTestFinished(() => void other.kill('SIGKILL'))
    await once(other, 'spawn')
    const pid = other.pid ?? 0
    const { startTicks } = (await findProcess(pid)) ?? {}
    const identity = { ...(await identifyThisProcess()), pid, startTicks }
    const note = { schema: 'fairlead/trial/1', ...identity, ...change(identity) }
    mkdirSync(join(host.root, '.fairlead'), { recursive: true })
    writeFileSync(join(host.root, '.fairlead/trial-0123456789abcdef.json'), `${JSON.stringify(note)}\n`)
    return pid
  }
  const noteNames = (host: TestHost) => readdirSync(join(host.root, '.fairlead')).filter((name) => /^trial-/.test(name))

  test('of the very process ends it', async () => {
    const host = testHost()
    await host.deploy('a')
    const pid = await noteOf(host, () => ({}))
    await repairReleases({ root: host.root })
    await until(async () => !(await isRunning(pid)))
    expect(noteNames(host)).toEqual([])
  })

  test.each<[string, (identity: ProcessIdentity) => object]>([
    ['of a process that began at another time', ({ startTicks }) => ({ startTicks: String(Number(startTicks) - 1) })],
    ['of before the machine was started anew', () => ({ bootId: '00000000-0000-0000-0000-000000000000' })],
    ['of another host', () => ({ host: 'another' })],
    ['of another container', () => ({ pidNamespace: '1' })],
    ['that says everybody', () => ({ pid: 1 })],
    ['of which half was written', () => ({ schema: 'fairlead/tri' })],
  ])('%s ends nothing and is removed', async (_name, change) => {
    const host = testHost()
    await host.deploy('a')
    const pid = await noteOf(host, change)
    const { repaired } = await repairReleases({ root: host.root })
    expect(repaired).toEqual([expect.stringMatching(/^removed the leftover .*trial-0123456789abcdef\.json$/)])
    expect(await isRunning(pid)).toBe(true)
    expect(noteNames(host)).toEqual([])
  })
})
