/** The ways of a file into a release, and what may not be believed on each of them. */
import {
  chmodSync,
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { manifestPath, parseManifest } from '@fairlead/core'
import { temporaryFolder, withTools } from '@fairlead/test-support'
import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { stageRelease, type ArtifactReader, type ReleaseEvent } from '../src/index.ts'
import { systemDisk } from '../src/ports/disk.ts'
import { stageOn } from '../src/stage-release.ts'
import { commitOf, unpackArchive } from './support/archive.ts'
import { filesOf, leftovers, testHost, type TestHost } from './support/host.ts'
import { refusal } from './support/refusal.ts'

/** How many files came in which way. */
async function waysOf(
  stage: (onEvent: (event: ReleaseEvent) => void) => Promise<unknown>,
): Promise<Record<string, number>> {
  let ways = {}
  await stage((event) => {
    if (event.type !== 'release.staged') return
    const { moved, linked, cloned, copied } = event
    ways = { moved, linked, cloned, copied }
  })
  return ways
}

const inode = (path: string) => statSync(path).ino
const archive = (host: TestHost, files = filesOf('a'), letter = 'a') =>
  unpackArchive(join(host.folder, 'archive'), files, commitOf(letter)).from

describe('a second name (immutable)', () => {
  test('is given to what is the same in the live release; what is not is taken from the archive', async () => {
    const host = testHost()
    const a = await host.deploy('a', { files: { ...filesOf('a'), same: 'same', mode: 'm' } })
    const files = { ...filesOf('b'), same: 'same', mode: { text: 'm', mode: '0600' } }
    const { from } = unpackArchive(join(host.folder, 'b'), files, commitOf('b'))
    let b = ''
    const ways = await waysOf(async (onEvent) => {
      b = (await stageRelease({ root: host.root, from, id: 'd-b', immutable: true, onEvent })).path
    })
    expect(ways).toEqual({ moved: 0, linked: 5, cloned: 0, copied: 0 })
    expect(inode(join(b, 'same'))).toBe(inode(join(a.path, 'same')))
    expect(inode(join(b, 'version'))).toBe(inode(join(from, 'version')))
    expect(inode(join(b, 'mode'))).toBe(inode(join(from, 'mode')))
    expect(readFileSync(join(a.path, 'version'), 'utf8')).toBe('a')
  })

  test('is never given to a file that has drifted, or to what stands in its place', async () => {
    const host = testHost()
    const a = await host.deploy('a', { files: { drifted: 'good', pipe: 'good', link: 'good' } })
    writeFileSync(join(a.path, 'drifted'), 'evil')
    const secret = join(host.folder, 'secret')
    writeFileSync(secret, 'good')
    execFileSync('rm', [join(a.path, 'pipe'), join(a.path, 'link')])
    execFileSync('mkfifo', [join(a.path, 'pipe')])
    symlinkSync(secret, join(a.path, 'link'))
    const from = archive(host, { drifted: 'good', pipe: 'good', link: 'good' }, 'b')
    const staged = await stageRelease({ root: host.root, from, id: 'd-b', immutable: true })
    for (const name of ['drifted', 'pipe', 'link']) {
      expect(lstatSync(join(staged.path, name)).isFile()).toBe(true)
      expect(inode(join(staged.path, name))).toBe(inode(join(from, name)))
    }
  })

  test.runIf(process.geteuid?.() === 0)('is not given to a file of another owner: it is copied', async () => {
    const host = testHost()
    const from = archive(host)
    const staged = await stageRelease({ root: host.root, from, id: 'd-a', immutable: true, owner: 33 })
    expect(statSync(join(staged.path, 'version'))).toMatchObject({ uid: 33, nlink: 1 })
    expect(statSync(join(from, 'version')).uid).toBe(0)
  })

  test('is not needed: where none can be had, files are copied', async () => {
    const host = testHost()
    const disk = { ...systemDisk, linkFile: () => Promise.resolve(false) }
    const options = { root: host.root, from: archive(host), id: 'd-a', immutable: true }
    const { moved, linked, cloned, copied } = (await waysOf((onEvent) => stageOn(disk, { ...options, onEvent }))) as {
      [way: string]: number
    }
    expect({ moved, linked, all: (cloned ?? 0) + (copied ?? 0) }).toEqual({ moved: 0, linked: 0, all: 3 })
  })
})

describe('a rename (move)', () => {
  const files = { 'app/index.php': 'a', 'app/lib/x.php': 'x', 'hooks/run.sh': { text: '#!/bin/sh', mode: '0755' } }

  test('takes the folder out of the archive and leaves the others', async () => {
    const host = testHost()
    const from = archive(host, files)
    const number = inode(join(from, 'app/index.php'))
    chmodSync(join(from, 'app/index.php'), 0o600)
    const ways = await waysOf((onEvent) =>
      stageRelease({ root: host.root, from, id: 'd-a', move: ['app'], owner: userInfo().uid, onEvent }),
    )
    expect(ways).toMatchObject({ moved: 2, linked: 0 })
    const [name = ''] = readdirSync(join(host.root, 'releases'))
    const path = join(host.root, 'releases', name)
    expect(statSync(join(path, 'app/index.php'))).toMatchObject({ ino: number, mode: 0o100644 })
    expect(existsSync(join(from, 'app'))).toBe(false)
    expect(readFileSync(join(from, 'hooks/run.sh'), 'utf8')).toBe('#!/bin/sh')
    expect(leftovers(host.root)).toEqual([])
    // The archive has no payload any more, and the deployment may be repeated all the same.
    expect((await stageRelease({ root: host.root, from, id: 'd-a', move: ['app'] })).name).toBe(name)
  })

  test('is given back where the payload is not what the manifest says', async () => {
    const host = testHost()
    const from = archive(host, files)
    writeFileSync(join(from, 'app/lib/x.php'), 'y')
    const attempt = stageRelease({ root: host.root, from, id: 'd-a', move: ['app'] })
    expect(await refusal(attempt)).toMatch(/^RELEASE_SOURCE_DIFFERS: [^]*app\/lib\/x.php/)
    expect(readFileSync(join(from, 'app/index.php'), 'utf8')).toBe('a')
    expect(readdirSync(join(host.root, 'releases'))).toEqual([])
    expect(leftovers(host.root)).toEqual([])
  })

  test('is given back by the next run where a run was killed, whichever verb that is', async () => {
    const host = testHost()
    await host.deploy('b')
    const from = archive(host, files)
    const killed = { ...systemDisk, setMode: () => new Promise<void>(() => {}) }
    const staging = join(host.root, 'releases/.staging-d-a')
    void stageOn(killed, { root: host.root, from, id: 'd-a', move: ['app'] })
    await expect.poll(() => existsSync(join(staging, 'app'))).toBe(true)
    execFileSync('rm', [join(host.root, '.fairlead/lock')])
    await host.stage('c')
    expect(readFileSync(join(from, 'app/index.php'), 'utf8')).toBe('a')
    expect(leftovers(host.root)).toEqual([])
    expect((await stageRelease({ root: host.root, from, id: 'd-a', move: ['app'] })).state).toBe('staged')
  })

  test.each<[string, (from: string) => void, readonly string[]]>([
    ['a file in it is not listed', (from) => writeFileSync(join(from, 'app/log'), ''), []],
    ['a folder in it is not listed', (from) => mkdirSync(join(from, 'app/cache')), []],
    ['a part of it is shared', () => {}, ['app/var']],
  ])('does not happen where %s: it is copied', async (_name, change, shared) => {
    const host = testHost()
    const from = archive(host, files)
    change(from)
    const staged = await stageRelease({ root: host.root, from, id: 'd-a', move: ['app'], shared })
    expect(existsSync(join(from, 'app/index.php'))).toBe(true)
    expect(readdirSync(join(staged.path, 'app')).filter((name) => name !== 'var')).toEqual(['index.php', 'lib'])
  })

  test('does not happen across file systems: it is copied', async () => {
    const host = testHost()
    const from = archive(host, files)
    const disk = { ...systemDisk, renameWithin: () => Promise.resolve(false) }
    const staged = await stageOn(disk, { root: host.root, from, id: 'd-a', move: ['app'] })
    expect(readFileSync(join(staged.path, 'app/index.php'), 'utf8')).toBe('a')
    expect(existsSync(join(from, 'app/index.php'))).toBe(true)
  })

  test('RELEASE_SOURCE_DIFFERS: of a file that has another name outside, which would change with it', async () => {
    const host = testHost()
    const from = archive(host, files)
    linkSync(join(from, 'app/index.php'), join(host.folder, 'another-name'))
    const attempt = stageRelease({ root: host.root, from, id: 'd-a', move: ['app'] })
    expect(await refusal(attempt)).toMatch(/^RELEASE_SOURCE_DIFFERS: [^]*has other names too/)
  })

  test.each(['app/lib', '', '..', '.fairlead'])('MOVE_PATH_INVALID: of %j', async (path) => {
    const host = testHost()
    const attempt = stageRelease({ root: host.root, from: archive(host, files), id: 'd-a', move: [path] })
    expect(await refusal(attempt)).toMatch(/^MOVE_PATH_INVALID: /)
    expect(existsSync(host.root)).toBe(false)
  })
})

describe('a file of an artifact (reader)', () => {
  /** Reads "archives" that are files with the path of a folder in them. */
  const reader: ArtifactReader = {
    readArtifact: (path) => {
      const place = join(readFileSync(path, 'utf8'), manifestPath)
      return Promise.resolve({ manifest: parseManifest(readFileSync(place, 'utf8'), place) })
    },
    extractArtifact: (path, { into }) =>
      Promise.resolve(cpSync(readFileSync(path, 'utf8'), into, { recursive: true, verbatimSymlinks: true })),
  }

  test('is unpacked beside the releases, moved into its own, and leaves nothing', async () => {
    const host = testHost()
    const packed = join(host.folder, 'shop.zip')
    writeFileSync(packed, archive(host, { ...filesOf('a'), 'public/app': { link: 'index.html' } }))
    const ways = await waysOf((onEvent) =>
      stageRelease({ root: host.root, from: packed, id: 'd-a', reader, onEvent, shared: ['var/up'] }),
    )
    expect(ways).toMatchObject({ moved: 2 })
    expect(leftovers(host.root)).toEqual([])
    const again = await stageRelease({ root: host.root, from: packed, id: 'd-a', reader })
    expect(readFileSync(join(again.path, 'public/app'), 'utf8')).toBe('<h1>a</h1>')
  })

  test('what the reader throws reaches the caller, and nothing is left', async () => {
    const host = testHost()
    const packed = join(host.folder, 'shop.zip')
    writeFileSync(packed, archive(host))
    const failure = new Error('the zip is damaged')
    const broken = { ...reader, extractArtifact: () => Promise.reject(failure) }
    await expect(stageRelease({ root: host.root, from: packed, id: 'd-a', reader: broken })).rejects.toBe(failure)
    expect(leftovers(host.root)).toEqual([])
    expect(readdirSync(join(host.root, 'releases'))).toEqual([])
  })

  test('RELEASE_SOURCE_MISSING: that is not there, and INVALID_OPTION: half a reader', async () => {
    const host = testHost()
    const from = join(host.folder, 'gone.zip')
    expect(await refusal(stageRelease({ root: host.root, from, id: 'd-a', reader }))).toMatch(/^RELEASE_SOURCE_MISSING/)
    const half = { readArtifact: reader.readArtifact } as never
    expect(await refusal(stageRelease({ root: host.root, from, id: 'd-a', reader: half }))).toMatch(/^INVALID_OPTION/)
  })
})

describe('any folder (commit)', () => {
  test('is taken as it is, with the manifest that its artifact would have', async () => {
    const host = testHost()
    const from = join(host.folder, 'site')
    mkdirSync(join(from, 'empty'), { recursive: true })
    writeFileSync(join(from, 'index.html'), 'a', { mode: 0o640 })
    symlinkSync('index.html', join(from, 'home'))
    const staged = await stageRelease({ root: host.root, from, id: 'd-a', commit: commitOf('a') })
    expect(readFileSync(join(staged.path, 'home'), 'utf8')).toBe('a')
    expect(readdirSync(staged.path).sort()).toEqual(['.fairlead', 'empty', 'home', 'index.html'])
    const manifest = parseManifest(readFileSync(join(staged.path, manifestPath), 'utf8'), manifestPath)
    expect(manifest).toMatchObject({ application: 'site', commit: commitOf('a'), contentDigest: staged.contentDigest })
    expect((await stageRelease({ root: host.root, from, id: 'd-a', commit: commitOf('a') })).name).toBe(staged.name)
  })

  test('RELEASE_MANIFEST_UNSAFE: with a pipe in it', async () => {
    const host = testHost()
    const from = join(host.folder, 'site')
    mkdirSync(from)
    execFileSync('mkfifo', [join(from, 'pipe')])
    const attempt = stageRelease({ root: host.root, from, id: 'd-a', commit: commitOf('a') })
    expect(await refusal(attempt)).toMatch(/^RELEASE_MANIFEST_UNSAFE: .*"pipe", which is neither a file nor a folder/)
  })

  test('INVALID_OPTION: with half a commit', async () => {
    const host = testHost()
    const attempt = stageRelease({ root: host.root, from: temporaryFolder(), id: 'd-a', commit: 'abc' })
    expect(await refusal(attempt)).toMatch(/^INVALID_OPTION: .*a full git commit id/)
  })
})

test.each([
  ['out', '/etc/passwd'],
  ['out', '../outside'],
  ['a/out', '../../outside'],
  ['a/out', 'b/../../../outside'],
  ['out', 'a/../..'],
])('RELEASE_MANIFEST_UNSAFE: a link %s that leads to %s', async (path, link) => {
  const host = testHost()
  const from = archive(host, { ...filesOf('a'), [path]: { link } })
  expect(await refusal(stageRelease({ root: host.root, from, id: 'd-a' }))).toMatch(
    /^RELEASE_MANIFEST_UNSAFE: .*out of the release/,
  )
  expect(existsSync(host.root)).toBe(false)
})

describe('assets that are kept for the overlap', () => {
  const assets = (letter: string) => ({
    version: letter,
    'public/index.html': letter,
    [`public/assets/app.${letter}.js`]: letter,
    [`public/assets/img/${letter}.png`]: letter,
  })
  const listOf = (path: string) =>
    readdirSync(join(path, 'public/assets'), { recursive: true, encoding: 'utf8' }).sort()

  test('come along for one release, each as its manifest says', async () => {
    const host = testHost()
    const overlap = ['public/assets']
    await host.deploy('a', { files: assets('a'), overlap })
    const b = await host.deploy('b', { files: assets('b'), overlap })
    expect(listOf(b.path)).toEqual(['app.a.js', 'app.b.js', 'img', 'img/a.png', 'img/b.png'])
    expect(readFileSync(join(b.path, 'public/assets/app.a.js'), 'utf8')).toBe('a')
    writeFileSync(join(b.path, 'public/assets/app.b.js'), 'changed')
    const c = await host.deploy('c', { files: assets('c'), overlap })
    expect(listOf(c.path)).toEqual(['app.c.js', 'img', 'img/b.png', 'img/c.png'])
    expect(leftovers(host.root)).toEqual([])
  })

  test('are no reason to fail where the live release cannot be read', async () => {
    const host = testHost()
    const a = await host.deploy('a', { files: assets('a') })
    writeFileSync(join(a.path, manifestPath), '{')
    const b = await host.stage('b', { files: assets('b'), overlap: ['public/assets'] })
    expect(listOf(b.path)).toEqual(['app.b.js', 'img', 'img/b.png'])
  })

  test.each(['../x', '/x', 'a//b'])('INVALID_OPTION: %s', async (path) => {
    expect(await refusal(testHost().stage('a', { overlap: [path] }))).toMatch(/^INVALID_OPTION: /)
  })
})

describe('writable folders', () => {
  test('are made with their mode, a shared one when it is made, and stay as they are afterwards', async () => {
    const host = testHost()
    const writable = [
      { path: 'var/cache', mode: '2770' },
      { path: 'var/up/', mode: '0777' },
    ]
    const staged = await host.stage('a', { writable, shared: ['var/up'], owner: userInfo().uid })
    expect(statSync(join(staged.path, 'var/cache')).mode & 0o7777).toBe(0o2770)
    expect(statSync(join(host.root, 'shared/var/up')).mode & 0o7777).toBe(0o777)
    chmodSync(join(host.root, 'shared/var/up'), 0o700)
    await host.stage('b', { writable, shared: ['var/up'] })
    expect(statSync(join(host.root, 'shared/var/up')).mode & 0o7777).toBe(0o700)
  })

  test.runIf(process.geteuid?.() === 0)('belong to their owner and group', async () => {
    const host = testHost()
    const staged = await host.stage('a', { writable: [{ path: 'var/cache', owner: 33, group: 34 }], owner: 0 })
    expect(statSync(join(staged.path, 'var/cache'))).toMatchObject({ uid: 33, gid: 34 })
    expect(statSync(join(staged.path, 'var'))).toMatchObject({ uid: 0 })
  })

  withTools(['setfacl', 'getfacl'], 'give a user what its entries say, and what is made in them too', async () => {
    const host = testHost()
    const staged = await host.stage('a', { writable: [{ path: 'var/cache', acl: ['u:12345:rwX'] }] })
    const list = execFileSync('getfacl', ['-cpn', join(staged.path, 'var/cache')], { encoding: 'utf8' })
    expect(list).toContain('\nuser:12345:rwx\n')
    expect(list).toContain('\ndefault:user:12345:rwx\n')
  })

  withTools(['setfacl'], 'ACL_REFUSED: for a user that the machine does not know', async () => {
    const host = testHost()
    const attempt = host.stage('a', { writable: [{ path: 'var', acl: ['u:nobody-of-that-name:rwX'] }] })
    expect(await refusal(attempt)).toMatch(/^ACL_REFUSED: /)
    expect(readdirSync(join(host.root, 'releases'))).toEqual([])
  })

  test.each([
    ['leaves the release', { path: '../x' }],
    ['belongs to the manifest', { path: '.fairlead' }],
    ['stands inside var/up, which is shared', { path: 'var/up/a' }],
    ['is or stands below version, which is a file', { path: 'version/x' }],
  ])('WRITABLE_PATH_INVALID: what %s', async (problem, folder) => {
    const host = testHost()
    const words = await refusal(host.stage('a', { writable: [folder], shared: ['var/up'] }))
    expect(words).toMatch(/^WRITABLE_PATH_INVALID: /)
    expect(words).toContain(problem)
  })

  test.each([
    { path: 'var', mode: '777' },
    { path: 'var', acl: ['-R'] },
    { path: 'var', acl: ['u:a:rwX,g:b'] },
    { path: 'var', owner: '-x' },
    { path: 1 as never },
    { path: 'var', recursive: true } as never,
  ])('INVALID_OPTION: %j', async (folder) => {
    expect(await refusal(testHost().stage('a', { writable: [folder] }))).toMatch(/^(INVALID|UNKNOWN)_OPTION: /)
  })
})

describe('SELinux', () => {
  test('labels are restored before the release is made durable, and what cannot be is told', async () => {
    const host = testHost()
    const events: ReleaseEvent[] = []
    const restored: string[] = []
    const disk = {
      ...systemDisk,
      restoreLabels: (path: string) => {
        restored.push(path)
        return Promise.resolve({ problem: 'there is no program restorecon' })
      },
    }
    const from = archive(host)
    await stageOn(disk, { root: host.root, from, id: 'd-a', onEvent: (event) => events.push(event) })
    expect(restored).toEqual([join(host.root, 'releases/.staging-d-a')])
    expect(events.find(({ type }) => type === 'release.labels-kept')?.summary).toContain('no program restorecon')
  })
})
