import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { errors } from '../src/errors.ts'
import { activateRelease, readInstalledReleases, repairReleases, rollbackRelease } from '../src/index.ts'
import { systemDisk } from '../src/ports/disk.ts'
import { repairOn } from '../src/repair-releases.ts'
import { leftovers, testHost, type TestHost } from './support/host.ts'
import { refusal } from './support/refusal.ts'

const lead = (host: TestHost, target: string) => {
  rmSync(join(host.root, 'current'), { force: true })
  symlinkSync(target, join(host.root, 'current'))
}
const nothingLeft = { repaired: [], problems: [] }

/** A host on which a, b and c were live, c last. */
async function hostWithThree() {
  const host = testHost()
  const releases = [await host.deploy('a'), await host.deploy('b'), await host.deploy('c')] as const
  return { host, releases }
}

test('a host in order stays as it is', async () => {
  const { host, releases } = await hostWithThree()
  const live = releases[2].name
  expect(await repairReleases({ root: host.root })).toEqual({ root: host.root, live, ...nothingLeft })
})

describe('current is led back', () => {
  test.each<[string, (host: TestHost, names: readonly string[]) => void, 'b' | 'c']>([
    ['that was removed', (host) => unlinkSync(join(host.root, 'current')), 'c'],
    ['that leads nowhere', (host) => lead(host, 'releases/gone'), 'c'],
    ['that leads out of the root, to nothing', (host) => lead(host, '/gone/for/good'), 'c'],
    ['that leads to itself', (host) => lead(host, 'current'), 'c'],
    [
      'whose release was removed, to the one before',
      (host, names) => rmSync(join(host.root, 'releases', names[2] ?? ''), { recursive: true }),
      'b',
    ],
  ])('%s', async (_name, damage, live) => {
    const { host, releases } = await hostWithThree()
    damage(
      host,
      releases.map(({ name }) => name),
    )
    const reloaded: string[] = []
    const report = await repairReleases({ root: host.root, reload: ({ name }) => void reloaded.push(name) })
    expect(report.problems).toEqual([])
    expect(report.repaired).toHaveLength(1 + Number(live === 'b'))
    expect(host.live()).toBe(live)
    expect(reloaded).toEqual([report.live])
    expect(await repairReleases({ root: host.root })).toMatchObject(nothingLeft)
    expect(leftovers(host.root)).toEqual([])
  })

  test('from a release that never proved itself: its run was stopped behind the switch', async () => {
    const { host } = await hostWithThree()
    const d = await host.stage('d')
    lead(host, `releases/${d.name}`)
    expect((await repairReleases({ root: host.root, why: 'the host was restarted' })).repaired).toEqual([
      expect.stringContaining('is live again'),
    ])
    expect(host.live()).toBe('c')
    const last = readFileSync(join(host.root, '.fairlead/history.jsonl'), 'utf8').trimEnd().split('\n').at(-1) ?? ''
    expect(JSON.parse(last)).toMatchObject({ outcome: 'cancelled', to: d.name, why: 'the host was restarted' })
    await activateRelease(d)
    expect(host.live()).toBe('d')
  })
})

test('a rollback that was stopped behind its switch is recorded, not taken back', async () => {
  const { host, releases } = await hostWithThree()
  lead(host, `releases/${releases[1].name}`)
  await repairReleases({ root: host.root })
  expect(host.live()).toBe('b')
  expect((await readInstalledReleases({ root: host.root })).settled).toBe(true)
  await rollbackRelease({ root: host.root })
  expect(host.live()).toBe('a')
})

test('what another tool made live stays live', async () => {
  const { host } = await hostWithThree()
  mkdirSync(join(host.root, 'releases/20300101000000'))
  lead(host, 'releases/20300101000000')
  await repairReleases({ root: host.root })
  expect(readlinkSync(join(host.root, 'current'))).toBe('releases/20300101000000')
  expect((await readInstalledReleases({ root: host.root })).settled).toBe(true)
})

test('lines of the history that cannot be read are set aside, the others stay', async () => {
  const { host, releases } = await hostWithThree()
  const history = join(host.root, '.fairlead/history.jsonl')
  const lines = readFileSync(history, 'utf8').split('\n')
  writeFileSync(history, [lines[0], '{"half', lines[1], '\0\0\0', lines[2], ''].join('\n'))
  expect(await refusal(readInstalledReleases({ root: host.root }))).toMatch(/^INVALID_RECORD/)
  const { repaired } = await repairReleases({ root: host.root })
  expect(repaired).toEqual(['2 lines of the history could not be read and were set aside'])
  expect(readFileSync(history, 'utf8')).toBe(`${lines.slice(0, 3).join('\n')}\n`)
  const aside = readdirSync(join(host.root, '.fairlead')).find((name) => name.startsWith('history.damaged-')) ?? ''
  expect(readFileSync(join(host.root, '.fairlead', aside), 'utf8')).toContain('{"half')
  expect(await readInstalledReleases({ root: host.root })).toMatchObject({ previous: releases[1].name, settled: true })
})

test.each<[string, (path: string) => void]>([
  ['lost', (path) => unlinkSync(path)],
  ['damaged', (path) => writeFileSync(path, '{')],
])('a record that is %s is written anew from the manifest', async (_name, damage) => {
  const { host, releases } = await hostWithThree()
  const { name, commit } = releases[2]
  damage(join(host.root, '.fairlead/releases', `${name}.json`))
  expect((await repairReleases({ root: host.root })).repaired).toEqual([expect.stringContaining(name)])
  const { releases: installed } = await readInstalledReleases({ root: host.root })
  expect(installed.find((release) => release.name === name)).toMatchObject({ commit, id: 'd-c' })
  expect(await repairReleases({ root: host.root })).toMatchObject(nothingLeft)
})

test('leftovers go, and the trash', async () => {
  const { host } = await hostWithThree()
  mkdirSync(join(host.root, 'releases/.staging-d-x/a'), { recursive: true })
  mkdirSync(join(host.root, '.fairlead/trash/x.0/a'), { recursive: true })
  symlinkSync('releases/x', join(host.root, '.current-0123456789abcdef'))
  expect((await repairReleases({ root: host.root })).repaired).toHaveLength(2)
  expect(leftovers(host.root)).toEqual([])
})

test('a host where nothing was ever live is told so', async () => {
  const host = testHost()
  await host.stage('a')
  lead(host, 'releases/gone')
  const { problems, live } = await repairReleases({ root: host.root })
  expect({ problems, live }).toEqual({ problems: [expect.stringContaining('deploy one')], live: undefined })
})

test.each<[string, (host: TestHost) => void, RegExp]>([
  [
    'CURRENT_NOT_A_LINK: a folder of files',
    (host) => {
      renameSync(join(host.root, 'current'), join(host.root, 'before'))
      mkdirSync(join(host.root, 'current'))
    },
    /^CURRENT_NOT_A_LINK/,
  ],
  ['LAYOUT_NOT_UNDERSTOOD: a link to somewhere else', (host) => lead(host, '/etc'), /^LAYOUT_NOT_UNDERSTOOD/],
])('%s is not touched', async (_name, damage, words) => {
  const { host } = await hostWithThree()
  damage(host)
  expect(await refusal(repairReleases({ root: host.root }))).toMatch(words)
  expect(existsSync(join(host.root, 'current'))).toBe(true)
})

test('REPAIR_FAILED: with a disk that fails, what was done is undone', async () => {
  const { host } = await hostWithThree()
  const history = join(host.root, '.fairlead/history.jsonl')
  appendFileSync(history, 'damaged\n')
  const before = readFileSync(history, 'utf8')
  lead(host, 'releases/gone')
  const rename = (from: string, to: string) =>
    to.endsWith('/current')
      ? Promise.reject(errors.FILE_OPERATION_FAILED({ operation: 'rename', path: to, code: 'EIO' }))
      : systemDisk.rename(from, to)
  expect(await refusal(repairOn({ ...systemDisk, rename }, { root: host.root }))).toMatch(/^REPAIR_FAILED: .*"switch"/)
  expect(readFileSync(history, 'utf8')).toBe(before)
  await repairReleases({ root: host.root })
  expect(host.live()).toBe('c')
  expect(leftovers(host.root).filter((name) => !name.startsWith('history.damaged-'))).toEqual([])
})
