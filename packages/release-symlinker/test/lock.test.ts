import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, unlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { identifyThisProcess, type ProcessIdentity } from '@fairlead/core/machine'
import { isDeployError, systemClock } from '@fairlead/core'
import { temporaryFolder } from '@fairlead/test-support'
import { describe, expect, onTestFinished, test } from 'vitest'
import { errors } from '../src/errors.ts'
import { activateRelease, pruneReleases, stageRelease } from '../src/index.ts'
import type { ReleaseEvent } from '../src/model.ts'
import { unpackArchive, commitOf } from './support/archive.ts'
import { buildChild, runChild } from './support/child-process.ts'
import { filesOf, leftovers, testHost, type TestHost } from './support/host.ts'
import { refusal } from './support/refusal.ts'

/** Puts the lock of another process in place. */
function plantLock(host: TestHost, owner: Partial<ProcessIdentity> & { token?: string }, name = 'lock'): string {
  const fields = { since: '2026-11-22T12:00:00.000Z', verb: 'activateRelease', token: 'feedfacefeedface', ...owner }
  const given = Object.entries(fields).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, String(value)] as const],
  )
  mkdirSync(join(host.root, '.fairlead'), { recursive: true })
  const path = join(host.root, '.fairlead', name)
  symlinkSync(new URLSearchParams(Object.fromEntries(given)).toString(), path)
  return path
}

/** The number of a process that has ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ['-e', '']).pid
}

describe('a lock is taken over when its owner is proved dead', () => {
  test.each<[string, (self: ProcessIdentity) => Partial<ProcessIdentity>]>([
    ['there is no such process', (self) => ({ ...self, pid: deadPid() })],
    ['its number belongs to another process now', (self) => ({ ...self, startTicks: '1' })],
    ['the machine has been started again', (self) => ({ ...self, bootId: 'another' })],
  ])('because %s', async (_name, ownerOf) => {
    const host = testHost()
    plantLock(host, ownerOf(await identifyThisProcess()))
    const events: ReleaseEvent[] = []
    await host.stage('a', { onEvent: (event) => events.push(event) })
    expect(events.find(({ type }) => type === 'lock.taken-over')).toMatchObject({
      owner: { verb: 'activateRelease', host: hostname() },
    })
    expect(leftovers(host.root)).toEqual([])
  })

  test('because it is a zombie that nobody has buried', async () => {
    const host = testHost()
    // The shell starts a child that ends at once, and never waits for it.
    const parent = spawn('sh', ['-c', 'sleep 0.01 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] })
    onTestFinished(() => void parent.kill('SIGKILL'))
    const [output] = (await once(parent.stdout, 'data')) as [Buffer]
    const pid = Number(output.toString())
    await expect.poll(() => readFileSync(`/proc/${pid}/stat`, 'utf8')).toMatch(/\) Z /)
    plantLock(host, { ...(await identifyThisProcess()), pid, startTicks: undefined })
    expect((await host.stage('a')).state).toBe('staged')
  })

  test('with the guard of another that died while it took the lock over', async () => {
    const host = testHost()
    const self = await identifyThisProcess()
    plantLock(host, { ...self, pid: deadPid(), token: 'aa' })
    plantLock(host, { ...self, pid: deadPid(), token: 'bb' }, 'lock.aa')
    plantLock(host, { ...self, pid: deadPid(), token: 'cc' }, 'lock.of-long-ago')
    await host.stage('a')
    expect(leftovers(host.root)).toEqual([])
  })
})

describe('RELEASE_LOCKED: a lock stays', () => {
  test.each<[string, (self: ProcessIdentity) => Partial<ProcessIdentity>]>([
    ['while its owner lives', (self) => self],
    ['of another machine: it cannot be asked from here', (self) => ({ ...self, host: 'web-2', pid: deadPid() })],
    [
      'of another container: its numbers mean other processes',
      (self) => ({ ...self, pidNamespace: 'pid:[1]', pid: deadPid() }),
    ],
  ])('%s', async (_name, ownerOf) => {
    const host = testHost()
    const path = plantLock(host, ownerOf(await identifyThisProcess()))
    const text = readlinkSync(path)
    const error: unknown = await host.stage('a').catch((caught: unknown) => caught)
    expect(isDeployError(error, errors.RELEASE_LOCKED) && error.context).toMatchObject({
      root: host.root,
      lock: path,
      owner: { since: '2026-11-22T12:00:00.000Z', verb: 'activateRelease' },
    })
    expect(isDeployError(error) && error.retryable).toBe(true)
    expect(readlinkSync(path)).toBe(text)
    expect(readdirSync(join(host.root, '.fairlead'))).toEqual(['lock'])
  })

  test('of a program that we do not know', async () => {
    const host = testHost()
    mkdirSync(join(host.root, '.fairlead'), { recursive: true })
    symlinkSync('elsewhere', join(host.root, '.fairlead/lock'))
    expect(await refusal(host.stage('a'))).toMatch(/^RELEASE_LOCKED: another program works on/)
  })

  test('when another takes over the lock of a dead one at this moment', async () => {
    const host = testHost()
    const self = await identifyThisProcess()
    plantLock(host, { ...self, pid: deadPid(), token: 'aa' })
    plantLock(host, { ...self, token: 'bb' }, 'lock.aa')
    expect(await refusal(host.stage('a'))).toMatch(/^RELEASE_LOCKED: /)
    expect(readdirSync(join(host.root, '.fairlead')).sort()).toEqual(['lock', 'lock.aa'])
  })
})

describe('waiting', () => {
  test('goes on when the lock is free, and says for whom it waits', async () => {
    const host = testHost()
    const path = plantLock(host, await identifyThisProcess())
    const events: ReleaseEvent[] = []
    const staged = await host.stage('a', {
      whenLocked: 'wait',
      onEvent: (event) => {
        events.push(event)
        if (event.type === 'lock.waiting') unlinkSync(path)
      },
    })
    expect(staged.state).toBe('staged')
    expect(events.filter(({ type }) => type === 'lock.waiting')).toHaveLength(1)
  })

  test('ends after the time that was given', async () => {
    const host = testHost()
    plantLock(host, await identifyThisProcess())
    let now = 0
    const clock = {
      ...systemClock,
      monotonic: () => now,
      sleep: (ms: number) => {
        now += ms
        return Promise.resolve()
      },
    }
    const attempt = host.stage('a', { whenLocked: 'wait', lockTimeoutMs: 30_000, clock })
    expect(await refusal(attempt)).toMatch(/^RELEASE_LOCKED: .*; waited 30000 ms$/)
  })

  test('ends when it is cancelled', async () => {
    const host = testHost()
    plantLock(host, await identifyThisProcess())
    const controller = new AbortController()
    const reason = new Error('stop')
    const attempt = host.stage('a', {
      whenLocked: 'wait',
      signal: controller.signal,
      onEvent: ({ type }) => type === 'lock.waiting' && controller.abort(reason),
    })
    await expect(attempt).rejects.toBe(reason)
    expect(readdirSync(join(host.root, '.fairlead'))).toEqual(['lock'])
  })
})

describe('several at once', () => {
  test('stagings in one process wait for each other, and each has its own folder', async () => {
    const host = testHost()
    const letters = [...'abcdefgh']
    const staged = await Promise.all(
      letters.map((letter) => host.stage(letter, { whenLocked: 'wait', shared: ['up'] })),
    )
    expect(readdirSync(join(host.root, 'releases')).sort()).toEqual(staged.map(({ name }) => name).sort())
    for (const [index, { path }] of staged.entries()) {
      expect(readFileSync(join(path, 'version'), 'utf8')).toBe(letters[index])
    }
    expect(leftovers(host.root)).toEqual([])
  })

  test('stagings of one deployment are one release', async () => {
    const host = testHost()
    const { from } = unpackArchive(join(host.folder, 'a'), filesOf('a'), commitOf('a'))
    const stage = () => stageRelease({ root: host.root, from, id: 'd-1', whenLocked: 'wait' })
    const names = (await Promise.all([stage(), stage(), stage()])).map(({ name }) => name)
    expect(new Set(names).size).toBe(1)
    expect(readdirSync(join(host.root, 'releases'))).toEqual([names[0]])
  })

  test('without waiting one goes on and the others say who it is', async () => {
    const host = testHost()
    const staged = [await host.stage('a'), await host.stage('b')]
    const outcomes = await Promise.all(
      staged.map((release) =>
        refusal(activateRelease(release, { check: () => new Promise((go) => setTimeout(go, 50)) })),
      ),
    )
    expect(outcomes.filter((words) => words === 'Error: nothing was refused')).toHaveLength(1)
    expect(outcomes.filter((words) => words.startsWith('RELEASE_LOCKED: activateRelease works on'))).toHaveLength(1)
    expect(leftovers(host.root)).toEqual([])
  })

  test('processes that find a dead owner and wait for each other are never two at a time', async () => {
    const host = testHost()
    const program = await buildChild(temporaryFolder())
    const staged = await Promise.all([...'abcdef'].map((letter) => host.stage(letter, { whenLocked: 'wait' })))
    const self = await identifyThisProcess()
    plantLock(host, { ...self, pid: deadPid(), token: 'aa' })
    plantLock(host, { ...self, pid: deadPid(), token: 'bb' }, 'lock.aa')
    const outcomes = await Promise.all(
      staged.map((release) => runChild(program, { kind: 'contend', staged: release, whenLocked: 'wait' })),
    )
    expect(outcomes).toEqual(staged.map(() => ({ killed: false, results: [{ operations: 0 }] })))
    const history = readFileSync(join(host.root, '.fairlead/history.jsonl'), 'utf8').trimEnd().split('\n')
    expect(history).toHaveLength(staged.length)
    // Each one went from what the one before it had made live.
    const lines = history.map((line) => JSON.parse(line) as { from?: string; to: string })
    expect(lines.map(({ from }) => from)).toEqual([undefined, ...lines.slice(0, -1).map(({ to }) => to)])
    expect(leftovers(host.root)).toEqual([])
  })

  test('a prune and a staging at once leave what both promise', async () => {
    const host = testHost()
    for (const letter of 'abc') await host.deploy(letter)
    const [pruned, staged] = await Promise.all([
      pruneReleases({ root: host.root, keep: 1, whenLocked: 'wait' }),
      host.stage('d', { whenLocked: 'wait' }),
    ])
    expect(pruned.removed).toHaveLength(1)
    expect(readdirSync(join(host.root, 'releases'))).toContain(staged.name)
    expect(leftovers(host.root)).toEqual([])
  })
})
