/**
 * Root deploys where the web user writes: no step may follow what that user plants. Only root can try it; elsewhere the
 * tests of the refusals stand for it.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { activateRelease, pruneReleases, repairReleases } from '../src/index.ts'
import { systemDisk } from '../src/ports/disk.ts'
import { filesOf, testHost, type TestHost } from './support/host.ts'
import { refusal } from './support/refusal.ts'

const webUser = 33
const files = { ...filesOf('a'), 'var/up/seed': 's' }

/** A file of root's that nothing may change, and what it looked like. */
function treasure(host: TestHost): {
  readonly path: string
  readonly folder: string
  readonly isUntouched: () => boolean
} {
  const folder = join(host.folder, 'etc')
  const path = join(folder, 'shadow')
  mkdirSync(folder, { mode: 0o700 })
  writeFileSync(path, 'of root', { mode: 0o600 })
  return {
    path,
    folder,
    isUntouched: () => {
      const [file, above] = [statSync(path), statSync(folder)]
      const same = file.uid === 0 && (file.mode & 0o777) === 0o600 && above.uid === 0 && (above.mode & 0o777) === 0o700
      return same && readFileSync(path, 'utf8') === 'of root' && readdirSync(folder).join() === 'shadow'
    },
  }
}

/** `shared` as the web user has it: everything in it is that user's. */
function sharedOfWebUser(host: TestHost, ...folders: readonly string[]): string {
  const shared = join(host.root, 'shared')
  for (const folder of ['', ...folders]) {
    mkdirSync(join(shared, folder), { recursive: true })
    chownSync(join(shared, folder), webUser, webUser)
  }
  return shared
}

describe.runIf(process.geteuid?.() === 0)('what the web user plants in shared', () => {
  const options = { files, shared: ['var/up'], owner: webUser, writable: [{ path: 'var/up', mode: '0777' }] }

  test.each<[string, (shared: string, folder: string) => void]>([
    ['a link in place of the shared folder', (shared, folder) => symlinkSync(folder, join(shared, 'var/up'))],
    ['a link that leads to nothing yet', (shared, folder) => symlinkSync(join(folder, 'new'), join(shared, 'var/up'))],
    [
      'a link on the way to it',
      (shared, folder) => {
        rmSync(join(shared, 'var'), { recursive: true })
        symlinkSync(folder, join(shared, 'var'))
      },
    ],
  ])('%s: nothing behind it is made, given away or written', async (_name, plant) => {
    const host = testHost()
    const { folder, isUntouched } = treasure(host)
    plant(sharedOfWebUser(host, 'var'), folder)
    await refusal(host.stage('a', options))
    expect(isUntouched()).toBe(true)
  })

  test('a folder of the web user on the way: root makes nothing in it', async () => {
    const host = testHost()
    const shared = sharedOfWebUser(host, 'var')
    expect(await refusal(host.stage('a', options))).toMatch(/^FOLDER_NOT_TRUSTED: root does not work in .*shared/)
    expect(readdirSync(join(shared, 'var'))).toEqual([])
    expect(existsSync(join(host.root, 'releases'))).toBe(false)
  })

  test('what is there already is linked to, and its owner and mode stay, whatever is asked for', async () => {
    const host = testHost()
    const { path, folder, isUntouched } = treasure(host)
    const shared = sharedOfWebUser(host, 'var', 'var/up')
    chmodSync(join(shared, 'var/up'), 0o700)
    symlinkSync(path, join(shared, 'var/up/seed'))
    symlinkSync(folder, join(shared, 'var/up/folder'))
    const staged = await host.stage('a', options)
    await activateRelease(staged)
    await pruneReleases({ root: host.root, keep: 1 })
    await repairReleases({ root: host.root })
    expect(lstatSync(join(staged.path, 'var/up')).isSymbolicLink()).toBe(true)
    expect(statSync(join(shared, 'var/up')).mode & 0o777).toBe(0o700)
    expect(isUntouched()).toBe(true)
  })

  test('links in an old release of the web user are removed with it, and not followed', async () => {
    const host = testHost()
    const { path, folder, isUntouched } = treasure(host)
    const a = await host.deploy('a', { files, owner: webUser })
    symlinkSync(folder, join(a.path, 'var/evil'))
    symlinkSync(path, join(a.path, 'evil'))
    // A deploy links what is the same, and keeps assets, from a release in which the web user writes.
    for (const letter of 'bcd') {
      await host.deploy(letter, {
        files: { ...files, version: letter },
        owner: webUser,
        immutable: true,
        overlap: ['var'],
      })
    }
    const { removed } = await pruneReleases({ root: host.root, keep: 1 })
    expect(removed).toContain(a.name)
    expect(isUntouched()).toBe(true)
  })
})

test('a folder that becomes a link to another place while its tree is removed leads nobody there', async () => {
  const host = testHost()
  const { path, folder } = treasure(host)
  const tree = join(host.folder, 'tree')
  const swap = `
    const { mkdirSync, renameSync, symlinkSync, unlinkSync } = require('node:fs')
    const [, folder, aside, target] = process.argv
    process.send('ready')
    for (;;) {
      for (const step of [
        () => renameSync(folder, aside),
        () => symlinkSync(target, folder),
        () => unlinkSync(folder),
        () => renameSync(aside, folder),
        () => mkdirSync(folder),
      ]) try { step() } catch {}
    }`
  const swapper = spawn(process.execPath, ['-e', swap, join(tree, 'a/b'), join(tree, 'a/c'), folder], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  onTestFinished(() => void swapper.kill('SIGKILL'))
  await once(swapper, 'message')
  for (let turn = 0; turn < 100; turn += 1) {
    mkdirSync(join(tree, 'a'), { recursive: true })
    for (let file = 0; file < 20; file += 1) appendFileSync(join(tree, `a/file${file}`), 'x')
    // It may fail, since somebody goes on writing there.
    await systemDisk.removeTree(tree).catch(() => undefined)
    expect(readFileSync(path, 'utf8')).toBe('of root')
  }
})
