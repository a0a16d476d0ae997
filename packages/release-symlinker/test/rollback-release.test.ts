import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { activateRelease, readInstalledReleases, rollbackRelease } from '../src/index.ts'
import { commitOf } from './support/archive.ts'
import { leftovers, testHost } from './support/host.ts'
import { refusal } from './support/refusal.ts'
import { webServer } from './support/web-server.ts'

test('a rollback goes to the release before, and a second one further back', async () => {
  const host = testHost()
  const [a, b, c] = [await host.deploy('a'), await host.deploy('b'), await host.deploy('c')]
  expect(await rollbackRelease({ root: host.root })).toMatchObject({ from: c.name, to: b.name, alreadyLive: false })
  expect(host.live()).toBe('b')
  expect(await rollbackRelease({ root: host.root })).toMatchObject({ from: b.name, to: a.name })
  expect(await refusal(rollbackRelease({ root: host.root }))).toMatch(
    /^ROLLBACK_NO_TARGET: .*no release that is still there was live before/,
  )
  expect(leftovers(host.root)).toEqual([])
})

test('it goes to the named release, forth as well as back', async () => {
  const host = testHost()
  await host.deploy('a')
  const b = await host.deploy('b')
  await rollbackRelease({ root: host.root })
  expect(await rollbackRelease({ root: host.root, to: b.name })).toMatchObject({ to: b.name })
  expect(await rollbackRelease({ root: host.root, to: b.name })).toMatchObject({ to: b.name, alreadyLive: true })
})

test('it passes over a bad release, unless that one is named and allowed', async () => {
  const host = testHost()
  const a = await host.deploy('a')
  const b = await host.deploy('b')
  await host.deploy('c')
  await refusal(activateRelease(b, { check: () => Promise.reject(new Error('no database')) }))
  expect(await refusal(rollbackRelease({ root: host.root, to: b.name }))).toMatch(
    /^ROLLBACK_NO_TARGET: .*it is bad \(check: no database\)/,
  )
  expect((await rollbackRelease({ root: host.root, to: b.name, allowBad: true })).to).toBe(b.name)
  expect((await rollbackRelease({ root: host.root })).to).toBe(a.name)
})

describe('fresh secrets', () => {
  test('are put into the old release before it is live again', async () => {
    const host = testHost()
    const a = await host.deploy('a')
    await host.deploy('b')
    await rollbackRelease({
      root: host.root,
      beforeSwitch: ({ path, name, commit, id }) => {
        expect({ name, commit, id, live: host.live() }).toEqual({
          name: a.name,
          commit: a.commit,
          id: 'd-a',
          live: 'b',
        })
        writeFileSync(join(path, '.env.local'), 'rotated')
      },
    })
    expect(readFileSync(join(host.root, 'current/.env.local'), 'utf8')).toBe('rotated')
  })

  test('that cannot be had leave the live release, and blame none', async () => {
    const host = testHost()
    await host.deploy('a')
    const b = await host.deploy('b')
    const attempt = rollbackRelease({ root: host.root, beforeSwitch: () => Promise.reject(new Error('denied')) })
    expect(await refusal(attempt)).toMatch(/^ACTIVATION_FAILED: .*the step "prepare" failed: denied/s)
    const installed = await readInstalledReleases({ root: host.root })
    expect(installed.current).toBe(b.name)
    expect(installed.releases.every(({ bad }) => bad === undefined)).toBe(true)
  })
})

test('a release that does not prove itself goes away again', async () => {
  const host = testHost()
  await host.deploy('a')
  const b = await host.deploy('b')
  const server = await webServer((_request, response) => {
    response.setHeader('x-release-commit', commitOf('b')).end()
  })
  const probe = { url: server.url, expectCommit: true, attempts: 1 } as const
  expect(await refusal(rollbackRelease({ root: host.root, probe }))).toMatch(
    new RegExp(`^ACTIVATION_FAILED: .*another release answers.*expected ${commitOf('a')}.*Live is ${b.name}`, 's'),
  )
  expect(host.live()).toBe('b')
})

test.each([
  ['to', { to: '' }],
  ['beforeSwitch', { beforeSwitch: true as never }],
  ['probe.url', { probe: { url: '' } }],
])('INVALID_OPTION: %s', async (option, given) => {
  const host = testHost()
  await host.deploy('a')
  await host.deploy('b')
  expect(await refusal(rollbackRelease({ root: host.root, ...given }))).toMatch(
    new RegExp(`^INVALID_OPTION: rollbackRelease: the option ${option} is`),
  )
  expect(host.live()).toBe('b')
})

test('RELEASE_NOT_INSTALLED: to a name that is not there', async () => {
  const host = testHost()
  const a = await host.deploy('a')
  expect(await refusal(rollbackRelease({ root: host.root, to: 'x' }))).toBe(
    `RELEASE_NOT_INSTALLED: ${host.root} has no release "x"; it has ${a.name}`,
  )
})
