import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '@fairlead/core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { errors } from '../src/errors.ts'
import { activateRelease, pruneReleases, rollbackRelease } from '../src/index.ts'
import type { ReleaseEvent } from '../src/model.ts'
import { systemDisk } from '../src/ports/disk.ts'
import { pruneOn } from '../src/prune-releases.ts'
import { leftovers, testHost } from './support/host.ts'
import { refusal } from './support/refusal.ts'

const inAWeek = { ...systemClock, now: () => Date.now() + 7 * 86_400_000 }

test('the newest stay, the others go with their records and leave nothing', async () => {
  const host = testHost()
  const names: string[] = []
  for (const letter of 'abcde') names.unshift((await host.deploy(letter)).name)
  const events: ReleaseEvent[] = []
  const report = await pruneReleases({ root: host.root, keep: 2, onEvent: (event) => events.push(event) })
  expect(report).toEqual({ root: host.root, kept: names.slice(0, 2), removed: names.slice(2), warnings: [] })
  expect(readdirSync(join(host.root, 'releases')).sort()).toEqual(names.slice(0, 2).sort())
  expect(events.map(({ type }) => type)).toEqual(['prune.removed', 'prune.removed', 'prune.removed'])
  expect(host.live()).toBe('e')
  expect(leftovers(host.root)).toEqual([])
  expect((await pruneReleases({ root: host.root, keep: 2 })).removed).toEqual([])
})

test('the live release and the one before it stay, however old they are', async () => {
  const host = testHost()
  const [a, b] = [await host.deploy('a'), await host.deploy('b')]
  await host.deploy('c')
  const d = await host.deploy('d')
  await rollbackRelease({ root: host.root, to: b.name })
  const { kept } = await pruneReleases({ root: host.root, keep: 1 })
  expect(kept).toEqual([d.name, b.name, a.name])
  expect(host.live()).toBe('b')
})

test('a release that is staged for a deployment in progress stays, until the deployment cannot be any more', async () => {
  const host = testHost()
  await host.deploy('a')
  const b = await host.stage('b')
  expect((await pruneReleases({ root: host.root, keep: 1 })).removed).toEqual([])
  expect((await pruneReleases({ root: host.root, keep: 1, clock: inAWeek })).removed).toEqual([b.name])
})

test('a release that failed goes', async () => {
  const host = testHost()
  await host.deploy('a')
  const b = await host.stage('b')
  await refusal(activateRelease(b, { check: () => Promise.reject(new Error('no')) }))
  expect((await pruneReleases({ root: host.root, keep: 5 })).removed).toEqual([b.name])
})

test('what a prune that was killed left in the trash goes with the next one', async () => {
  const host = testHost()
  await host.deploy('a')
  mkdirSync(join(host.root, '.fairlead/trash/old.0/var'), { recursive: true })
  expect((await pruneReleases({ root: host.root, keep: 5 })).warnings).toEqual([])
  expect(leftovers(host.root)).toEqual([])
})

describe('what cannot be removed is a warning', () => {
  const denied = (operation: string, path: string) =>
    Promise.reject(errors.FILE_OPERATION_FAILED({ operation, path, code: 'EACCES' }))

  test('when the release does not leave its place', async () => {
    const host = testHost()
    const [a, b] = [await host.deploy('a'), await host.deploy('b')]
    await host.deploy('c')
    await host.deploy('d')
    const rename = (from: string, to: string) => (from === a.path ? denied('rename', to) : systemDisk.rename(from, to))
    const events: ReleaseEvent[] = []
    const report = await pruneOn(
      { ...systemDisk, rename },
      { root: host.root, keep: 1, onEvent: (event) => events.push(event) },
    )
    expect(report.removed).toEqual([b.name])
    expect(report.warnings).toEqual([{ path: a.path, reason: expect.stringContaining('EACCES') }])
    expect(events.map(({ type }) => type)).toEqual(['prune.warned', 'prune.removed'])
    expect(existsSync(join(a.path, 'version'))).toBe(true)
    expect((await pruneReleases({ root: host.root, keep: 1 })).removed).toEqual([a.name])
  })

  test('when it cannot be deleted', async () => {
    const host = testHost()
    const a = await host.deploy('a')
    await host.deploy('b')
    await host.deploy('c')
    const removeTree = (path: string) => denied('remove', path)
    const report = await pruneOn({ ...systemDisk, removeTree }, { root: host.root, keep: 1 })
    expect(report).toMatchObject({ removed: [a.name], warnings: [{ reason: expect.stringContaining('EACCES') }] })
    await pruneReleases({ root: host.root, keep: 1 })
    expect(leftovers(host.root)).toEqual([])
  })
})

test.each([[0], [-1], [1.5], ['2' as never], [undefined as never]])('INVALID_OPTION: keep %j', async (keep) => {
  const host = testHost()
  await host.deploy('a')
  expect(await refusal(pruneReleases({ root: host.root, keep }))).toMatch(
    /^INVALID_OPTION: .*a whole number, 1 or more/,
  )
})

test('RELEASE_ROOT_MISSING: without the root', async () => {
  expect(await refusal(pruneReleases({ root: testHost().root, keep: 1 }))).toMatch(/^RELEASE_ROOT_MISSING: /)
})

test('cancelled, it removes no further release', async () => {
  const host = testHost()
  await host.deploy('a')
  const reason = new Error('stop')
  const attempt = pruneReleases({ root: host.root, keep: 1, signal: AbortSignal.abort(reason) })
  await expect(attempt).rejects.toBe(reason)
})

test('a release that a process works in stays where that is asked for', async () => {
  const host = testHost()
  const names: Record<string, string> = {}
  for (const letter of 'abcdef') names[letter] = (await host.deploy(letter)).name
  const inside = spawn('sleep', ['60'], { cwd: join(host.root, 'releases', names['a'] ?? '') })
  const holding = openSync(join(host.root, 'releases', names['b'] ?? '', 'version'), 'r')
  onTestFinished(() => {
    inside.kill('SIGKILL')
    closeSync(holding)
  })
  await expect.poll(() => readlinkSync(`/proc/${inside.pid}/cwd`)).toContain(names['a'])
  const { removed } = await pruneReleases({ root: host.root, keep: 1, keepInUse: true })
  expect([...removed].sort()).toEqual([names['c'], names['d']].sort())
  inside.kill('SIGKILL')
  await once(inside, 'exit')
  expect((await pruneReleases({ root: host.root, keep: 1, keepInUse: true })).removed).toEqual([names['a']])
  expect((await pruneReleases({ root: host.root, keep: 1 })).removed).toEqual([names['b']])
})
