import { existsSync, mkdirSync, readlinkSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { identifyThisProcess, type ProcessIdentity } from '@fairlead/core/machine'
import { expect, test } from 'vitest'
import { unlockReleases } from '../src/index.ts'
import { testHost, type TestHost } from './support/host.ts'
import { refusal } from './support/refusal.ts'

function plant({ root }: TestHost, { pid, host, startTicks, bootId, pidNamespace }: ProcessIdentity): string {
  const fields = {
    pid: String(pid),
    host,
    startTicks,
    bootId,
    pidNamespace,
    token: 'aa',
    since: 'then',
    verb: 'deploy',
  }
  const given = Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined)
  const path = join(root, '.fairlead/lock')
  mkdirSync(join(root, '.fairlead'), { recursive: true })
  symlinkSync(new URLSearchParams(given).toString(), path)
  return path
}

test('a root that nobody holds has nothing to unlock', async () => {
  const host = testHost()
  await host.stage('a')
  expect(await unlockReleases({ root: host.root })).toEqual({ root: host.root, removed: false })
})

test('the lock of a run that is proved dead goes', async () => {
  const host = testHost()
  const path = plant(host, { ...(await identifyThisProcess()), startTicks: '1' })
  expect(await unlockReleases({ root: host.root })).toMatchObject({ removed: true, owner: { verb: 'deploy' } })
  expect(existsSync(path)).toBe(false)
})

test('RELEASE_LOCKED: that of another machine goes on your word alone', async () => {
  const host = testHost()
  const path = plant(host, { ...(await identifyThisProcess()), host: 'web-2' })
  expect(await refusal(unlockReleases({ root: host.root }))).toMatch(/^RELEASE_LOCKED: deploy works on/)
  expect((await unlockReleases({ root: host.root, force: true })).removed).toBe(true)
  expect(existsSync(path)).toBe(false)
})

test('RELEASE_LOCKED: that of a run at work here stays, whatever is said', async () => {
  const host = testHost()
  const path = plant(host, await identifyThisProcess())
  expect(await refusal(unlockReleases({ root: host.root, force: true }))).toMatch(/^RELEASE_LOCKED: /)
  expect(readlinkSync(path)).toContain('verb=deploy')
})

test('INVALID_OPTION: with something else than a word', async () => {
  const host = testHost()
  await host.stage('a')
  expect(await refusal(unlockReleases({ root: host.root, force: 1 as never }))).toMatch(/^INVALID_OPTION: /)
})
