import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { coreErrors, isDeployError, manifestPath, parseStagedRelease, systemClock } from '@fairlead/core'
import { temporaryFolder } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import { requireTrusted } from '../src/layout.ts'
import type { ReleaseEvent } from '../src/model.ts'
import { findOwnership } from '../src/owner.ts'
import { systemDisk } from '../src/ports/disk.ts'
import { activateRelease, readInstalledReleases, stageRelease } from '../src/index.ts'
import { stageOn } from '../src/stage-release.ts'
import { commitOf, unpackArchive } from './support/archive.ts'
import { filesOf, leftovers, testHost } from './support/host.ts'
import { refusal } from './support/refusal.ts'

/** Whom files are given to: root gives them away, others can only keep them. */
const isRoot = process.geteuid?.() === 0
const owner = isRoot ? 33 : userInfo().uid

describe('a staged release', () => {
  test('is a complete copy under a name that says when, what and by whom', async () => {
    const host = testHost()
    const clock = { ...systemClock, now: () => Date.parse('2026-11-22T23:59:58.765Z') }
    const staged = await host.stage('a', {
      clock,
      files: { ...filesOf('a'), 'public/app': { link: '../bin/run' }, 'var/cache': 'folder' },
    })

    expect(staged).toEqual({
      schema: 'fairlead/staged-release/1',
      root: host.root,
      name: `20261122235958-${commitOf('a').slice(0, 12)}-d-a`,
      id: 'd-a',
      path: join(host.root, 'releases', staged.name),
      commit: commitOf('a'),
      contentDigest: staged.contentDigest,
      state: 'staged',
    })
    expect(parseStagedRelease(JSON.stringify(staged))).toEqual(staged)
    expect(readFileSync(join(staged.path, 'public/index.html'), 'utf8')).toBe('<h1>a</h1>')
    expect(readlinkSync(join(staged.path, 'public/app'))).toBe('../bin/run')
    expect(readdirSync(join(staged.path, 'var/cache'))).toEqual([])
    expect(statSync(join(staged.path, 'bin/run')).mode & 0o777).toBe(0o755)
    expect(statSync(join(staged.path, 'version')).mode & 0o777).toBe(0o644)
    expect(statSync(staged.path).mode & 0o777).toBe(0o755)
    expect(readFileSync(join(staged.path, manifestPath))).toEqual(
      readFileSync(join(host.folder, 'archives/a', manifestPath)),
    )
    expect(leftovers(host.root)).toEqual([])
  })

  test('leaves the archive as it was: later hooks run from it', async () => {
    const host = testHost()
    await host.stage('a')
    expect(readFileSync(join(host.folder, 'archives/a/version'), 'utf8')).toBe('a')
  })

  test('has the modes of the manifest, whatever unpacking made of them', async () => {
    const host = testHost()
    const { from } = unpackArchive(join(host.folder, 'a'), filesOf('a'))
    chmodSync(join(from, 'bin/run'), 0o600)
    const staged = await stageRelease({ root: host.root, from, id: 'd-a' })
    expect(statSync(join(staged.path, 'bin/run')).mode & 0o777).toBe(0o755)
  })

  test('has no file that the manifest does not list, and says so', async () => {
    const host = testHost()
    const { from } = unpackArchive(join(host.folder, 'a'), filesOf('a'))
    writeFileSync(join(from, 'left-by-a-hook.log'), 'x')
    const events: ReleaseEvent[] = []
    const staged = await stageRelease({ root: host.root, from, id: 'd-a', onEvent: (event) => events.push(event) })
    expect(existsSync(join(staged.path, 'left-by-a-hook.log'))).toBe(false)
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'release.left-out', count: 1, examples: ['left-by-a-hook.log'] }),
    )
  })

  test('belongs to the owner, links and folders too, while what they link to does not change hands', async () => {
    const host = testHost()
    const outside = join(host.root, 'shared/of-another')
    mkdirSync(join(host.root, 'shared'), { recursive: true })
    writeFileSync(outside, 'of somebody else')
    const before = statSync(outside).uid
    const staged = await host.stage('a', {
      owner,
      files: { ...filesOf('a'), inside: { link: 'version' } },
      shared: ['var/up', 'of-another'],
    })
    const uids = ['.', 'version', 'public', 'inside', 'of-another', 'var', 'var/up', manifestPath].map(
      (path) => lstatSync(join(staged.path, path)).uid,
    )
    expect(new Set(uids)).toEqual(new Set([owner]))
    expect(statSync(join(host.root, 'shared/var/up')).uid).toBe(owner)
    expect(statSync(outside).uid).toBe(before)
    expect(statSync(join(host.root, 'releases')).uid).toBe(process.geteuid?.())
  })

  test('more files than are worth an fsync each are made durable together', async () => {
    const host = testHost()
    const files = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`f/${index}`, String(index)]))
    const synced: string[] = []
    const disk = {
      ...systemDisk,
      syncFileSystem: async (path: string) => {
        synced.push(path)
        return await systemDisk.syncFileSystem(path)
      },
    }
    const { from } = unpackArchive(join(host.folder, 'many'), files)
    const staged = await stageOn(disk, { root: host.root, from, id: 'd-1' })
    expect(synced).toHaveLength(1)
    expect(readdirSync(join(staged.path, 'f'))).toHaveLength(300)

    const eachOne = { ...systemDisk, syncFileSystem: () => Promise.resolve(false) }
    const again = await stageOn(eachOne, { root: host.root, from, id: 'd-2' })
    expect(readdirSync(join(again.path, 'f'))).toHaveLength(300)
  })
})

describe('a repeat', () => {
  test('with the same deployment finds what was staged, live or not', async () => {
    const host = testHost()
    const first = await host.stage('a')
    const events: ReleaseEvent[] = []
    const from = join(host.folder, 'archives/a')
    const again = () => stageRelease({ root: host.root, from, id: 'd-a', onEvent: (event) => events.push(event) })
    expect(await again()).toEqual(first)
    await activateRelease(first)
    expect(await again()).toEqual({ ...first, state: 'live' })
    expect(readdirSync(join(host.root, 'releases'))).toEqual([first.name])
    expect(events.map(({ type }) => type)).toEqual(['release.already-staged', 'release.already-staged'])
  })

  test('with another deployment of the same commit makes a new folder: its secrets may be others', async () => {
    const host = testHost()
    const first = await host.deploy('a')
    const from = join(host.folder, 'archives/a')
    const second = await stageRelease({ root: host.root, from, id: 'd-again' })
    expect(second.name).not.toBe(first.name)
  })

  test('with the same deployment and another commit is refused', async () => {
    const host = testHost()
    await host.stage('a')
    expect(await refusal(host.stage('b', { id: 'd-a' }))).toMatch(/^RELEASE_ID_TAKEN: .*d-a has brought/)
  })

  test('with the same deployment, the same commit and other content is refused', async () => {
    const host = testHost()
    await host.stage('a')
    const { from } = unpackArchive(join(host.folder, 'other'), { version: 'changed' }, commitOf('a'))
    expect(await refusal(stageRelease({ root: host.root, from, id: 'd-a' }))).toMatch(
      /^RELEASE_ID_TAKEN: .*with content/,
    )
  })
})

describe('shared paths', () => {
  test('become links, and the first release seeds them once', async () => {
    const host = testHost()
    const files = (letter: string) => ({
      ...filesOf(letter),
      'var/uploads/logo.txt': `logo ${letter}`,
      'config/local.ini': { text: `ini ${letter}`, mode: '0640' },
    })
    const shared = ['var/uploads', 'config/local.ini', 'var/log']
    const a = await host.stage('a', { files: files('a'), shared })
    const b = await host.stage('b', { files: files('b'), shared })

    for (const staged of [a, b]) {
      expect(readlinkSync(join(staged.path, 'var/uploads'))).toBe('../../../shared/var/uploads')
      expect(readFileSync(join(staged.path, 'var/uploads/logo.txt'), 'utf8')).toBe('logo a')
      expect(readFileSync(join(staged.path, 'config/local.ini'), 'utf8')).toBe('ini a')
      expect(readdirSync(join(staged.path, 'var/log'))).toEqual([])
    }
    expect(statSync(join(host.root, 'shared/config/local.ini')).mode & 0o777).toBe(0o640)
    expect(leftovers(host.root)).toEqual([])
  })

  test('that the administrator leads to another disk are linked to and left alone', async () => {
    const host = testHost()
    const elsewhere = join(host.folder, 'efs')
    mkdirSync(elsewhere)
    writeFileSync(join(elsewhere, 'kept'), 'kept')
    mkdirSync(join(host.root, 'shared'), { recursive: true })
    symlinkSync(elsewhere, join(host.root, 'shared/uploads'))
    const staged = await host.stage('a', { shared: ['uploads'], files: { 'uploads/seed': 'seed' } })
    expect(readdirSync(join(staged.path, 'uploads'))).toEqual(['kept'])
  })

  test('are never made through a link: it may lead anywhere', async () => {
    const host = testHost()
    const elsewhere = join(host.folder, 'etc')
    mkdirSync(elsewhere)
    mkdirSync(join(host.root, 'shared'), { recursive: true })
    symlinkSync(elsewhere, join(host.root, 'shared/var'))
    expect(await refusal(host.stage('a', { shared: ['var/uploads'] }))).toMatch(
      /^SHARED_PATH_INVALID: .*would be made through .*\/shared\/var, which is a symbolic link/,
    )
    expect(readdirSync(elsewhere)).toEqual([])
    expect(readdirSync(host.root)).toEqual(['shared'])
  })

  test('of another type than the release has are refused', async () => {
    const host = testHost()
    mkdirSync(join(host.root, 'shared'), { recursive: true })
    writeFileSync(join(host.root, 'shared/uploads'), 'a file')
    expect(await refusal(host.stage('a', { shared: ['uploads'], files: { 'uploads/x': 'x' } }))).toMatch(
      /^SHARED_PATH_INVALID: .*is a file in .*shared and a folder in the release/,
    )
  })

  test('keep what users wrote while the next release is staged', async () => {
    const host = testHost()
    const options = { shared: ['uploads'], files: { 'uploads/seed': 'seed' } }
    await host.stage('a', options)
    unlinkSync(join(host.root, 'shared/uploads/seed'))
    writeFileSync(join(host.root, 'shared/uploads/photo'), 'photo')
    await host.stage('b', options)
    expect(readdirSync(join(host.root, 'shared/uploads'))).toEqual(['photo'])
  })
})

describe('nothing is staged and nothing changes', () => {
  test('RELEASE_SOURCE_MISSING: without an archive', async () => {
    const root = join(temporaryFolder(), 'srv')
    expect(await refusal(stageRelease({ root, from: '/no/such/archive', id: 'd-1' }))).toMatch(
      /^RELEASE_SOURCE_MISSING: there is no folder \/no\/such\/archive/,
    )
    expect(existsSync(root)).toBe(false)
  })

  test('RELEASE_MANIFEST_MISSING: of a folder that is no artifact', async () => {
    const from = temporaryFolder()
    const root = join(temporaryFolder(), 'srv')
    expect(await refusal(stageRelease({ root, from, id: 'd-1' }))).toMatch(
      /^RELEASE_MANIFEST_MISSING: .*has no \.fairlead\/manifest\.json/,
    )
    expect(existsSync(root)).toBe(false)
  })

  test('INVALID_RECORD: with a manifest that is none', async () => {
    const host = testHost()
    const { from } = unpackArchive(join(host.folder, 'a'), filesOf('a'))
    writeFileSync(join(from, manifestPath), '{"schema":"fairlead/manifest/1"}')
    expect(await refusal(stageRelease({ root: host.root, from, id: 'd-1' }))).toMatch(/^INVALID_RECORD: .*application/)
  })

  test.each<[string, (from: string) => void, RegExp]>([
    ['is missing', (from) => unlinkSync(join(from, 'version')), /in 1 entry:\n {2}version: is missing$/],
    [
      'is another',
      (from) => writeFileSync(join(from, 'version'), 'b'),
      /version: has the sha256 3e23e8.*, expected ca9781/,
    ],
    [
      'is a link',
      (from) => {
        unlinkSync(join(from, 'version'))
        symlinkSync('/etc/passwd', join(from, 'version'))
      },
      /version: is a symbolic link, expected a file/,
    ],
    [
      'is a link to another place',
      (from) => {
        unlinkSync(join(from, 'link'))
        symlinkSync('/etc', join(from, 'link'))
      },
      /link: is a link to another place/,
    ],
    [
      'stands behind a link',
      (from) => {
        rmSync(join(from, 'public'), { recursive: true })
        symlinkSync('/etc', join(from, 'public'))
      },
      /in 2 entries:\n {2}public: is a symbolic link, expected a folder\n {2}public\/index.html: is missing/,
    ],
  ])('RELEASE_SOURCE_DIFFERS: when an entry %s', async (_name, damage, expected) => {
    const host = testHost()
    const { from } = unpackArchive(join(host.folder, 'a'), { ...filesOf('a'), link: { link: 'version' } })
    damage(from)
    expect(await refusal(stageRelease({ root: host.root, from, id: 'd-1' }))).toMatch(expected)
    expect(existsSync(join(host.root, 'releases')) ? readdirSync(join(host.root, 'releases')) : []).toEqual([])
  })

  test('RELEASE_MANIFEST_UNSAFE: with a manifest that leads out of the release', async () => {
    const host = testHost()
    const { from, manifest } = unpackArchive(join(host.folder, 'a'), filesOf('a'))
    const entries = manifest.entries.map((entry) => ({ ...entry, path: `../${entry.path}` }))
    writeFileSync(join(from, manifestPath), JSON.stringify({ ...manifest, entries }))
    expect(await refusal(stageRelease({ root: host.root, from, id: 'd-1' }))).toMatch(/^RELEASE_MANIFEST_UNSAFE: /)
    expect(existsSync(host.root)).toBe(false)
  })

  test('RELEASE_NO_SPACE: where it does not fit', async () => {
    const host = testHost()
    const { from, manifest } = unpackArchive(join(host.folder, 'a'), filesOf('a'))
    const entries = manifest.entries.map((entry) => ({ ...entry, sizeBytes: 2 ** 50 }))
    writeFileSync(join(from, manifestPath), JSON.stringify({ ...manifest, entries }))
    expect(await refusal(stageRelease({ root: host.root, from, id: 'd-1' }))).toMatch(
      /^RELEASE_NO_SPACE: .*needs 33776997205\d+ bytes and \d+ inodes, free are \d+ bytes/,
    )
    expect(readdirSync(join(host.root, 'releases'))).toEqual([])
  })

  test('CURRENT_NOT_A_LINK: where current is a folder', async () => {
    const host = testHost()
    mkdirSync(join(host.root, 'current'), { recursive: true })
    expect(await refusal(host.stage('a'))).toMatch(
      /^CURRENT_NOT_A_LINK: .*current is a folder, expected a symbolic link/,
    )
    expect(readdirSync(host.root)).toEqual(['current'])
  })

  test.each<[string, (root: string) => void, RegExp]>([
    [
      'releases is a file',
      (root) => writeFileSync(join(root, 'releases'), ''),
      /releases is a file, expected a folder/,
    ],
    [
      'shared is a link',
      (root) => symlinkSync('/etc', join(root, 'shared')),
      /shared is a symbolic link, expected a folder/,
    ],
    [
      'current leads out of releases',
      (root) => symlinkSync('/etc', join(root, 'current')),
      /current is a link to \/etc/,
    ],
    [
      'current leads to itself',
      (root) => symlinkSync('current', join(root, 'current')),
      /current is a link to current/,
    ],
  ])('LAYOUT_NOT_UNDERSTOOD: where %s', async (_name, plant, expected) => {
    const host = testHost()
    mkdirSync(host.root, { recursive: true })
    plant(host.root)
    const before = readdirSync(host.root)
    expect(await refusal(host.stage('a'))).toMatch(expected)
    expect(readdirSync(host.root)).toEqual(before)
  })

  test('FOLDER_NOT_TRUSTED: as root in a folder that somebody else can write', async () => {
    const folder = temporaryFolder()
    if (isRoot) chownSync(folder, 33, 33)
    expect(await refusal(requireTrusted(systemDisk, folder, 0))).toMatch(/^FOLDER_NOT_TRUSTED: root does not work in/)
    expect(await refusal(requireTrusted(systemDisk, folder, 1000))).toBe('Error: nothing was refused')
    expect(await refusal(requireTrusted(systemDisk, '/', 0))).toBe('Error: nothing was refused')
  })

  test('FOLDER_NOT_TRUSTED: a verb that runs as root refuses, any other user works', async () => {
    const host = testHost()
    mkdirSync(host.root, { recursive: true })
    if (isRoot) chownSync(host.root, 33, 33)
    const words = await refusal(host.stage('a'))
    expect(words).toMatch(isRoot ? /^FOLDER_NOT_TRUSTED: .*the user 33 owns it/ : /nothing was refused/)
  })

  test('OWNER_UNKNOWN: for an account that the machine does not have', async () => {
    const host = testHost()
    expect(await refusal(host.stage('a', { owner: 'no-such-user' }))).toMatch(
      /^OWNER_UNKNOWN: .*no user "no-such-user"/,
    )
    const other = testHost()
    expect(await refusal(other.stage('a', { group: 'no-such-group' }))).toMatch(/^OWNER_UNKNOWN: .*no group/)
    expect(existsSync(host.root)).toBe(false)
  })

  test('OWNER_NOT_ALLOWED: for another user, when not root', async () => {
    expect(await refusal(findOwnership(33, undefined, 1000))).toMatch(/^OWNER_NOT_ALLOWED: the user 1000/)
    expect(await findOwnership(33, 7, 0)).toEqual({ uid: 33, gid: 7 })
  })

  test.each([
    ['id', { id: 'a/b' }],
    ['id', { id: '..' }],
    ['id', { id: '' }],
    ['id', { id: 'x'.repeat(129) }],
    ['root', { root: '' }],
    ['from', { from: '' }],
    ['shared', { shared: 'uploads' as never }],
    ['owner', { owner: '-u' }],
    ['owner', { owner: 1.5 }],
    ['whenLocked', { whenLocked: 'later' as never }],
    ['lockTimeoutMs', { lockTimeoutMs: -1 }],
  ])('INVALID_OPTION: %s %j', async (option, given) => {
    const host = testHost()
    const attempt = host.stage('a', given)
    expect(await refusal(attempt)).toMatch(new RegExp(`^INVALID_OPTION: stageRelease: the option ${option} is`))
    expect(existsSync(host.root)).toBe(false)
  })

  test('UNKNOWN_OPTION: a name that it does not have', async () => {
    const attempt = testHost().stage('a', { shard: [] } as never)
    await expect(attempt).rejects.toSatisfy((error) => isDeployError(error, coreErrors.UNKNOWN_OPTION))
  })
})

describe('cancelling', () => {
  test('while it copies leaves nothing behind and rejects with the reason', async () => {
    const host = testHost()
    const controller = new AbortController()
    const reason = new Error('the instance is going away')
    const attempt = host.stage('a', {
      signal: controller.signal,
      onEvent: ({ type }) => type === 'release.staging' && controller.abort(reason),
    })
    await expect(attempt).rejects.toBe(reason)
    expect(readdirSync(join(host.root, 'releases'))).toEqual([])
    expect(leftovers(host.root)).toEqual([])
    expect((await host.stage('a')).state).toBe('staged')
  })

  test('before it begins changes nothing', async () => {
    const host = testHost()
    const reason = new Error('too late')
    await expect(host.stage('a', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(existsSync(host.root)).toBe(false)
  })
})

test('what a dead run left is swept', async () => {
  const host = testHost()
  const a = await host.deploy('a')
  const half = join(host.root, 'releases/.staging-d-dead')
  mkdirSync(half)
  writeFileSync(join(half, 'half'), 'half')
  mkdirSync(join(host.root, '.fairlead/seed-0123456789abcdef'))
  writeFileSync(join(host.root, '.fairlead/releases/gone.json'), '{"half":')
  symlinkSync('releases/gone', join(host.root, '.current-0123456789abcdef'))
  await host.stage('b')
  expect(leftovers(host.root)).toEqual([])
  expect((await readInstalledReleases({ root: host.root })).current).toBe(a.name)
})

test('a folder in place of a release is no release of this deployment', async () => {
  const host = testHost()
  mkdirSync(join(host.root, 'releases/d-a'), { recursive: true })
  expect((await host.stage('a')).state).toBe('staged')
})
