import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { manifestPath } from '@fairlead/core'
import { describe, expect, test } from 'vitest'
import { verifyInstalledRelease } from '../src/index.ts'
import { filesOf, testHost } from './support/host.ts'
import { refusal } from './support/refusal.ts'

const files = { ...filesOf('a'), 'var/up/seed': 's', 'public/app': { link: 'index.html' }, cache: 'folder' } as const

test('a release that nobody touched is as staged, with what is shared and what the application writes', async () => {
  const host = testHost()
  const { path, name } = await host.deploy('a', { files, shared: ['var/up'], writable: [{ path: 'cache' }] })
  writeFileSync(join(path, 'var/up/photo'), 'of a user')
  writeFileSync(join(path, 'cache/page'), 'of the application')
  const report = await verifyInstalledRelease({ root: host.root })
  expect(report).toMatchObject({ name, path, fileCount: 3, matches: true, differences: [], extra: [] })
})

describe('drift is shown file by file', () => {
  test.each<[string, (path: string) => void, string, string]>([
    ['contents', (path) => writeFileSync(join(path, 'version'), 'x'), 'version', 'has other contents'],
    ['modes', (path) => chmodSync(join(path, 'bin/run'), 0o644), 'bin/run', 'has the mode 0644, expected 0755'],
    ['missing files', (path) => unlinkSync(join(path, 'version')), 'version', 'is missing'],
    [
      'other types',
      (path) => {
        unlinkSync(join(path, 'version'))
        symlinkSync('/etc/hostname', join(path, 'version'))
      },
      'version',
      'is a symbolic link, expected a file',
    ],
    [
      'links',
      (path) => {
        unlinkSync(join(path, 'public/app'))
        symlinkSync('../version', join(path, 'public/app'))
      },
      'public/app',
      'is not the link that it was',
    ],
    [
      'what is no longer shared',
      (path) => {
        unlinkSync(join(path, 'var/up'))
        mkdirSync(join(path, 'var/up'))
      },
      'var/up',
      'is no link to what is shared',
    ],
    [
      'the manifest itself',
      (path) => writeFileSync(join(path, manifestPath), `${readFileSync(join(path, manifestPath), 'utf8')}\n`),
      manifestPath,
      'is not the manifest that was staged',
    ],
  ])('%s', async (_name, change, path, problem) => {
    const host = testHost()
    const staged = await host.deploy('a', { files, shared: ['var/up'] })
    change(staged.path)
    const { matches, differences } = await verifyInstalledRelease({ root: host.root })
    expect({ matches, differences }).toEqual({ matches: false, differences: [{ path, problem }] })
  })

  test('and what nobody staged is listed beside it', async () => {
    const host = testHost()
    const { path } = await host.deploy('a', { files })
    writeFileSync(join(path, '.env.local'), 'A=1')
    const { matches, extra } = await verifyInstalledRelease({ root: host.root })
    expect({ matches, extra }).toEqual({ matches: true, extra: ['.env.local'] })
  })
})

test('any release can be named', async () => {
  const host = testHost()
  const a = await host.deploy('a')
  await host.deploy('b')
  rmSync(join(a.path, 'version'))
  expect((await verifyInstalledRelease({ root: host.root })).matches).toBe(true)
  expect((await verifyInstalledRelease({ root: host.root, release: a.name })).matches).toBe(false)
})

test('RELEASE_NOT_INSTALLED: without a live release, or under a name that is not there', async () => {
  const host = testHost()
  await host.stage('a')
  expect(await refusal(verifyInstalledRelease({ root: host.root }))).toMatch(/^RELEASE_NOT_INSTALLED: /)
  const other = verifyInstalledRelease({ root: host.root, release: 'other' })
  expect(await refusal(other)).toMatch(/^RELEASE_NOT_INSTALLED: /)
})

test('RELEASE_WITHOUT_MANIFEST: of another tool', async () => {
  const host = testHost()
  mkdirSync(join(host.root, 'releases/7'), { recursive: true })
  symlinkSync('releases/7', join(host.root, 'current'))
  expect(await refusal(verifyInstalledRelease({ root: host.root }))).toMatch(/^RELEASE_WITHOUT_MANIFEST: /)
})

test.each([{ release: '' }, { release: 1 as never }, { other: 1 } as never])(
  'an option that is none: %j',
  async (one) => {
    const host = testHost()
    await host.deploy('a')
    expect(await refusal(verifyInstalledRelease({ root: host.root, ...one }))).toMatch(/^(INVALID|UNKNOWN)_OPTION: /)
  },
)
