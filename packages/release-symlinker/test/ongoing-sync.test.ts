/** A big release is written to the disk while it is compared with its manifest: what is durable and trusted is the same. */
import { appendFileSync, chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { errors } from '../src/errors.ts'
import { fsyncEachUpTo } from '../src/limits.ts'
import { systemDisk, type Disk } from '../src/ports/disk.ts'
import { stageOn } from '../src/stage-release.ts'
import { commitOf, unpackArchive } from './support/archive.ts'
import { leftovers, testHost, type TestHost } from './support/host.ts'
import { refusal } from './support/refusal.ts'

const numbers = Array.from({ length: fsyncEachUpTo }, (_, index) => index)
const files = (letter: string) => ({
  ...Object.fromEntries(numbers.map((index) => [`app/d${index % 10}/file-${index}`, String(index)])),
  version: letter,
})

/** What a staging does, in order: files that are looked at, and changes after the first of those. */
function noting(done: string[], syncs: readonly (() => Promise<boolean>)[] = []): Disk {
  const note = (word: string) => {
    if (done.at(-1) !== word) done.push(word)
  }
  let calls = 0
  return {
    ...systemDisk,
    startExamination: () => undefined,
    examineFile: (path, sizeBytes) => {
      note('look')
      return systemDisk.examineFile(path, sizeBytes)
    },
    linkFile: (path, second) => {
      note('link')
      return systemDisk.linkFile(path, second)
    },
    setMode: (path, mode) => {
      if (path.includes('.staging-') && !path.endsWith('.staging-d-b')) note(`chmod ${mode.toString(8)}`)
      return systemDisk.setMode(path, mode)
    },
    cloneFile: () => undefined,
    copyFile: (from, to, copy) => {
      note('copy')
      return systemDisk.copyFile(from, to, copy)
    },
    syncFileSystem: async (path) => {
      note('sync')
      return await (syncs[calls++]?.() ?? systemDisk.syncFileSystem(path))
    },
  }
}

async function hostWithLive(): Promise<TestHost> {
  const host = testHost()
  await host.deploy('a', { files: files('a'), immutable: true })
  return host
}

function arrival(host: TestHost): string {
  return unpackArchive(join(host.folder, 'archives/b'), files('b'), commitOf('b')).from
}

test('it is written once, from the moment that all has its name, where all is as it should be', async () => {
  const host = await hostWithLive()
  const { from } = unpackArchive(join(host.folder, 'archives/b'), files('a'), commitOf('b'))
  const done: string[] = []
  await stageOn(noting(done), { root: host.root, from, id: 'd-b', immutable: true })
  expect(done).toEqual(['link', 'chmod 755', 'sync', 'look'])
})

test('a second name that is exchanged after the disk began to write is written by a second sync', async () => {
  const host = await hostWithLive()
  appendFileSync(join(host.root, 'current/app/d1/file-1'), '!')
  const done: string[] = []
  const { path } = await stageOn(noting(done), { root: host.root, from: arrival(host), id: 'd-b', immutable: true })
  // It, and the one file that is new: each is linked to the archive's.
  expect(done.slice(0, 5)).toEqual(['link', 'chmod 755', 'sync', 'look', 'link'])
  expect(done.slice(5).filter((word) => word === 'sync')).toHaveLength(1)
  expect(done.at(-1)).toBe('sync')
  expect(readFileSync(join(path, 'app/d1/file-1'), 'utf8')).toBe('1')
  expect(readFileSync(join(path, 'version'), 'utf8')).toBe('b')
})

test('a copy has nothing to be looked at: one sync', async () => {
  const host = testHost()
  const done: string[] = []
  await stageOn(noting(done), { root: host.root, from: arrival(host), id: 'd-b' })
  expect(done).toEqual(['copy', 'chmod 755', 'sync'])
})

test('a renamed file whose mode has to change is written by a second sync', async () => {
  const host = testHost()
  const from = arrival(host)
  chmodSync(join(from, 'app/d3/file-3'), 0o600)
  const done: string[] = []
  await stageOn(noting(done), { root: host.root, from, id: 'd-b', move: ['app'] })
  expect(done).toEqual(['copy', 'chmod 755', 'sync', 'look', 'chmod 644', 'look', 'sync'])
})

test('a folder that others may write to opens when all in it is confirmed, and is written by a second sync', async () => {
  const host = testHost()
  const { from, manifest } = unpackArchive(join(host.folder, 'archives/b'), files('b'), commitOf('b'))
  const open = { path: 'app/d5', type: 'directory', mode: '0777', sizeBytes: 0 }
  const entries = [...manifest.entries, open].sort((a, b) => (a.path < b.path ? -1 : 1))
  writeFileSync(join(from, '.fairlead/manifest.json'), JSON.stringify({ ...manifest, entries }))
  const done: string[] = []
  const { path } = await stageOn(noting(done), { root: host.root, from, id: 'd-b', move: ['app'] })
  expect(done).toEqual(['copy', 'chmod 755', 'sync', 'look', 'chmod 777', 'sync'])
  expect(statSync(join(path, 'app/d5')).mode & 0o777).toBe(0o777)
})

test('with writable folders, what they are given is written by a second sync', async () => {
  const host = testHost()
  const done: string[] = []
  const writable = [{ path: 'cache', mode: '2775' }]
  await stageOn(noting(done), { root: host.root, from: arrival(host), id: 'd-b', writable })
  expect(done).toEqual(['copy', 'chmod 755', 'sync', 'chmod 2775', 'sync'])
})

const failing = () => Promise.reject(errors.FILE_OPERATION_FAILED({ operation: 'sync', path: 'disk', code: 'EIO' }))

test.each([
  ['the first', [failing]],
  ['the second', [() => Promise.resolve(true), failing]],
])('FILE_OPERATION_FAILED: where %s sync fails, nothing is left', async (_name, syncs) => {
  const host = await hostWithLive()
  appendFileSync(join(host.root, 'current/app/d1/file-1'), '!')
  const staging = stageOn(noting([], syncs), { root: host.root, from: arrival(host), id: 'd-b', immutable: true })
  expect(await refusal(staging)).toMatch(/^FILE_OPERATION_FAILED: /)
  expect(readdirSync(join(host.root, 'releases'))).toHaveLength(1)
  expect(leftovers(host.root)).toEqual([])
})

test('RELEASE_SOURCE_DIFFERS: a release that is not as its manifest says is gone when the disk has ended', async () => {
  const host = testHost()
  const from = arrival(host)
  writeFileSync(join(from, 'app/d3/file-3'), '?')
  let ended = false
  const slow = async () => {
    await new Promise((resolve) => setTimeout(resolve, 50))
    ended = true
    throw errors.FILE_OPERATION_FAILED({ operation: 'sync', path: 'disk', code: 'EIO' })
  }
  const staging = stageOn(noting([], [slow]), { root: host.root, from, id: 'd-b', move: ['app'] })
  expect(await refusal(staging)).toMatch(/^RELEASE_SOURCE_DIFFERS: /)
  expect(ended).toBe(true)
  expect(readFileSync(join(from, 'app/d4/file-4'), 'utf8')).toBe('4')
  expect(leftovers(host.root)).toEqual([])
})
