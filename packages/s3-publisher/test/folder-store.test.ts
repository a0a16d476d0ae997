import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { temporaryFolder } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import { folderStore } from '../src/index.ts'
import { bodyOf, describeStore, sha256Of } from './store-conformance.ts'

describeStore('folderStore', async () => {
  const path = temporaryFolder()
  return { store: folderStore(path), again: () => folderStore({ path }) }
})

describe('folderStore', () => {
  test('says where it is, and the path need not be absolute', () => {
    expect(folderStore('/srv/the artifacts').url).toBe('file:///srv/the%20artifacts')
    expect(folderStore('build/store').url).toBe(pathToFileURL(join(process.cwd(), 'build/store')).href)
  })

  test('refuses a folder that is not there: a volume that is not mounted is no empty store', async () => {
    const path = join(temporaryFolder(), 'not-mounted')
    const store = folderStore(path)
    const refused = { code: 'FOLDER_STORE_NOT_FOUND', context: { path } }
    await expect(store.find('a')).rejects.toMatchObject(refused)
    await expect(store.put('a', bodyOf('x'))).rejects.toMatchObject(refused)
    await expect(store.readHead('a')).rejects.toMatchObject(refused)
    await expect(store.list('')[Symbol.asyncIterator]().next()).rejects.toMatchObject(refused)
  })

  test('makes the folder where it is told to', async () => {
    const path = join(temporaryFolder(), 'deep', 'store')
    const store = folderStore({ path, create: true })
    expect(await store.find('a')).toBeUndefined()
    expect(statSync(path).isDirectory()).toBe(true)
  })

  test.each([
    ['no path', {}],
    ['an empty path', ''],
    ['null as the path', { path: null }],
    ['a number as create', { path: '/srv', create: 1 }],
  ])('refuses %s', (_case, options) => {
    expect(() => folderStore(options as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })

  test('refuses an option that it does not have', () => {
    expect(() => folderStore({ path: '/srv', creat: true } as never)).toThrow(/create/)
  })

  test('keeps an object as a file under its key that nobody can write to', async () => {
    const path = temporaryFolder()
    await folderStore(path).put('artifacts/a.zip', bodyOf('bytes'))
    expect(readFileSync(join(path, 'artifacts/a.zip'), 'utf8')).toBe('bytes')
    expect(statSync(join(path, 'artifacts/a.zip')).mode & 0o777).toBe(0o444)
    expect(readdirSync(join(path, '.pending'))).toEqual([])
  })

  test('shows an object whose bytes were damaged by their digest', async () => {
    const path = temporaryFolder()
    const store = folderStore(path)
    await store.put('artifacts/a.zip', bodyOf('bytes'))
    chmodSync(join(path, 'artifacts/a.zip'), 0o644)
    writeFileSync(join(path, 'artifacts/a.zip'), 'bytez')
    expect(await store.find('artifacts/a.zip')).toMatchObject({ sha256: sha256Of('bytez') })
  })

  test('finds an object by a location that was made where the same folder is mounted elsewhere', async () => {
    const store = folderStore(temporaryFolder())
    await store.put('artifacts/a.zip', bodyOf('bytes'))
    const location = { kind: 'folder', path: '/mnt/build/artifacts/a.zip' } as const
    expect(await store.find('artifacts/a.zip', { location })).toBeDefined()
  })

  test('says so where a folder cannot hold a key that S3 could', async () => {
    const store = folderStore(temporaryFolder())
    await store.put('a/b', bodyOf('x'))
    await expect(store.put('a', bodyOf('x'))).rejects.toMatchObject({ code: 'FOLDER_STORE_FAILED' })
    await expect(store.put('a/b/c', bodyOf('x'))).rejects.toMatchObject({ code: 'FOLDER_STORE_FAILED' })
    expect(await store.find('a')).toBeUndefined()
    expect(await store.find('a/b/c')).toBeUndefined()
  })

  test('rejects where it cannot look, and does not say that nothing is there', async () => {
    const path = temporaryFolder()
    symlinkSync('loop', join(path, 'loop'))
    const store = folderStore(path)
    await expect(store.find('loop')).rejects.toMatchObject({
      code: 'FOLDER_STORE_FAILED',
      context: { reason: 'ELOOP' },
    })
  })

  test('sweeps what a crashed writer left long ago, and leaves what another one writes now', async () => {
    const path = temporaryFolder()
    mkdirSync(join(path, '.pending'))
    writeFileSync(join(path, '.pending/old.tmp'), 'x')
    writeFileSync(join(path, '.pending/new.tmp'), 'x')
    const longAgo = new Date(Date.now() - 2 * 60 * 60 * 1000)
    utimesSync(join(path, '.pending/old.tmp'), longAgo, longAgo)
    await folderStore(path).put('artifacts/a.zip', bodyOf('x'))
    expect(readdirSync(join(path, '.pending'))).toEqual(['new.tmp'])
  })

  test('keeps one full revision of a head; the spent ones are empty and keep their names', async () => {
    const path = temporaryFolder()
    const store = folderStore(path)
    let revision: string | undefined
    for (const value of ['one', 'two', 'three']) {
      revision = (await store.swapHead('ledger/head.json', { expected: revision, value }))?.revision
    }
    const folder = join(path, '.heads/ledger/head.json')
    expect(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')])).toEqual([
      ['1', ''],
      ['2', ''],
      ['3', 'three'],
    ])
  })

  test.each(['0', '-1', '1e3', '99', 'abc', '../1', '"etag"'])(
    'a swap from the made-up revision %j is lost',
    async (made) => {
      const path = temporaryFolder()
      const store = folderStore(path)
      const first = await store.swapHead('h', { expected: undefined, value: '1' })
      expect(await store.swapHead('h', { expected: made, value: 'x' })).toBeUndefined()
      expect(await store.readHead('h')).toEqual(first)
    },
  )
})
