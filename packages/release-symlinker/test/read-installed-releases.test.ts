import { mkdirSync, readdirSync, readlinkSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { activateRelease, pruneReleases, readInstalledReleases, rollbackRelease } from '../src/index.ts'
import { leftovers, testHost, type TestHost } from './support/host.ts'
import { refusal } from './support/refusal.ts'

test('a status table says what is live, what was, and what is only staged', async () => {
  const host = testHost()
  const [a, b, c] = [await host.deploy('a'), await host.deploy('b'), await host.stage('c')]
  const installed = await readInstalledReleases({ root: host.root })
  expect(installed).toMatchObject({
    root: host.root,
    current: b.name,
    currentLink: `releases/${b.name}`,
    previous: a.name,
    settled: true,
    releases: [
      { name: c.name, path: c.path, state: 'staged', id: 'd-c', commit: c.commit, contentDigest: c.contentDigest },
      { name: b.name, state: 'live' },
      { name: a.name, state: 'previous' },
    ],
  })
  expect(JSON.parse(JSON.stringify(installed))).toMatchObject({ current: b.name })
})

test('an empty root has no releases, and a missing one is an error', async () => {
  const host = testHost()
  expect(await refusal(readInstalledReleases({ root: host.root }))).toMatch(/^RELEASE_ROOT_MISSING: /)
  mkdirSync(host.root, { recursive: true })
  expect(await readInstalledReleases({ root: host.root })).toMatchObject({ releases: [], settled: true, earlier: [] })
  expect(readdirSync(host.root)).toEqual([])
})

test.each<[string, (root: string) => void]>([
  ['a dangling link', (root) => symlinkSync('releases/gone', join(root, 'current'))],
  ['a loop', (root) => symlinkSync('current', join(root, 'current'))],
  ['a link to a file', (root) => symlinkSync('/etc/hostname', join(root, 'current'))],
])('with %s for current, no release is live', async (_name, plant) => {
  const host = testHost()
  await host.stage('a')
  plant(host.root)
  const { current, currentLink } = await readInstalledReleases({ root: host.root })
  expect(current).toBeUndefined()
  expect(currentLink).toBe(readlinkSync(join(host.root, 'current')))
})

test('CURRENT_NOT_A_LINK: with a folder for current', async () => {
  const host = testHost()
  mkdirSync(join(host.root, 'current'), { recursive: true })
  expect(await refusal(readInstalledReleases({ root: host.root }))).toMatch(/^CURRENT_NOT_A_LINK: /)
})

test('a release is live by whatever way current leads to it', async () => {
  const host = testHost()
  const a = await host.stage('a')
  const other = join(host.folder, 'other-name')
  symlinkSync(host.root, other)
  for (const target of [`releases/${a.name}/`, `./releases/${a.name}`, a.path, join(other, 'releases', a.name)]) {
    symlinkSync(target, join(host.root, 'current'))
    expect((await readInstalledReleases({ root: host.root })).current).toBe(a.name)
    expect((await readInstalledReleases({ root: other })).current).toBe(a.name)
    unlinkSync(join(host.root, 'current'))
  }
})

/** What `cap deploy` leaves: fourteen digits, an absolute link, REVISION, shared, repo and revisions.log. */
function capistrano({ root }: TestHost): string[] {
  const names = ['20260101000000', '20260102000000', '20260103000000']
  for (const name of names) {
    mkdirSync(join(root, 'releases', name), { recursive: true })
    writeFileSync(join(root, 'releases', name, 'version'), name)
    writeFileSync(join(root, 'releases', name, 'REVISION'), 'f'.repeat(40))
  }
  mkdirSync(join(root, 'shared/public/uploads'), { recursive: true })
  writeFileSync(join(root, 'shared/public/uploads/photo'), 'photo')
  mkdirSync(join(root, 'repo'))
  writeFileSync(join(root, 'revisions.log'), 'Branch main deployed\n')
  symlinkSync(join(root, 'releases/20260103000000'), join(root, 'current'))
  return names
}

/** What `dep deploy` leaves: counted names, a relative link, and `.dep`. */
function deployer({ root }: TestHost): string[] {
  const names = ['8', '9', '10']
  for (const [index, name] of names.entries()) {
    const path = join(root, 'releases', name)
    mkdirSync(path, { recursive: true })
    writeFileSync(join(path, 'version'), name)
    utimesSync(path, 1_700_000_000 + index, 1_700_000_000 + index)
  }
  mkdirSync(join(root, '.dep'))
  writeFileSync(join(root, '.dep/latest_release'), '10')
  mkdirSync(join(root, 'shared/public/uploads'), { recursive: true })
  writeFileSync(join(root, 'shared/public/uploads/photo'), 'photo')
  symlinkSync('releases/10', join(root, 'current'))
  return names
}

test('a release that Deployer marked as bad is passed over', async () => {
  const host = testHost()
  for (const name of ['1', '2', '3']) mkdirSync(join(host.root, 'releases', name), { recursive: true })
  for (const [index, name] of ['1', '2', '3'].entries()) {
    writeFileSync(join(host.root, 'releases', name, 'version'), name)
    utimesSync(join(host.root, 'releases', name), index, index)
  }
  writeFileSync(join(host.root, 'releases/2/BAD_RELEASE'), '')
  utimesSync(join(host.root, 'releases/2'), 1, 1)
  symlinkSync('releases/3', join(host.root, 'current'))
  const { previous, releases } = await readInstalledReleases({ root: host.root })
  expect({ previous, bad: releases.find(({ name }) => name === '2')?.bad?.reason }).toEqual({
    previous: '1',
    bad: 'Deployer marked it',
  })
})

describe.each([
  ['Capistrano', capistrano],
  ['Deployer', deployer],
])('on a host of %s', (_tool, make) => {
  test('its releases are listed, without a commit', async () => {
    const host = testHost()
    const names = make(host)
    const installed = await readInstalledReleases({ root: host.root })
    expect(installed).toMatchObject({ current: names[2], previous: names[1], settled: false })
    expect(installed.releases.map(({ name, state }) => `${name} ${state}`)).toEqual([
      `${names[2]} live`,
      `${names[1]} previous`,
      `${names[0]} past`,
    ])
    expect(installed.releases.every(({ commit, id }) => commit === undefined && id === undefined)).toBe(true)
  })

  test('the next deploy takes over, a rollback goes back, and a prune knows them', async () => {
    const host = testHost()
    const names = make(host)
    const before = readlinkSync(join(host.root, 'current'))
    const a = await host.deploy('a', { shared: ['public/uploads'] })
    expect(host.live()).toBe('a')
    expect(host.live('public/uploads/photo')).toBe('photo')
    expect((await readInstalledReleases({ root: host.root })).previous).toBe(names[2])

    expect(await rollbackRelease({ root: host.root })).toMatchObject({ from: a.name, to: names[2] })
    expect(host.live()).toBe(names[2])
    expect(before.endsWith(names[2] ?? '?')).toBe(true)

    const { removed } = await pruneReleases({ root: host.root, keep: 1 })
    expect(removed).toEqual([names[0]])
  })

  test('a deploy that fails puts back the very link that was there', async () => {
    const host = testHost()
    make(host)
    const before = readlinkSync(join(host.root, 'current'))
    const a = await host.stage('a')
    await refusal(activateRelease(a, { reload: () => Promise.reject(new Error('no')) }))
    expect(readlinkSync(join(host.root, 'current'))).toBe(before)
    expect(leftovers(host.root).filter((name) => !['repo', 'revisions.log', '.dep'].includes(name))).toEqual([])
  })
})
