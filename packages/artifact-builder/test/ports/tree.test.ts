import fs, { lstatSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { temporaryFolder } from '@fairlead/test-support'
import type { TreeEntry } from '../../src/index.ts'
import { sortedByBytes } from '../../src/plan/byte-order.ts'
import { rowsBeforeSharing } from '../../src/limits.ts'
import { digestListing, entriesOf, factsPerPath, pathTypes, type TreeListing } from '../../src/plan/tree-listing.ts'
import type { FolderListing, ListJob } from '../../src/ports/lanes/list-lane.ts'
import { withLanes, type Lane } from '../../src/ports/lanes/pool.ts'
import { shareTexts } from '../../src/ports/lanes/shared-entries.ts'
import { listTree } from '../../src/ports/tree.ts'
import type { ListingDepth } from '../../src/ports/globs.ts'

/** Of some depth, several times as large as what a lane lists at a time, with folders in which nothing stands. */
function makeLargeTree(root: string): void {
  for (let outer = 0; outer < 12; outer++) {
    for (let inner = 0; inner < 9; inner++) {
      const folder = join(root, `outer-${outer}`, `inner-${inner}`)
      mkdirSync(join(folder, 'empty', 'below'), { recursive: true })
      mkdirSync(join(folder, 'repository', '.git'), { recursive: true })
      for (let file = 0; file < 3 * inner; file++) writeFileSync(join(folder, `${file}.txt`), `${file}`)
      symlinkSync(`to-${outer}-${inner}`, join(folder, `link-${outer}`))
    }
  }
  for (const name of ['flat', 'flat-er', 'flat.d']) mkdirSync(join(root, name))
  for (const name of ['flat.txt', 'flat!', 'flat-er/file', 'flat.d/file', 'flat0']) writeFileSync(join(root, name), '')
  for (let file = 0; file < 2 * rowsBeforeSharing; file++) writeFileSync(join(root, 'flat', `${file}`), '')
}

/** What Node itself says that stands there. */
function expectedIn(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }))
    .filter(({ path }) => !`${path}/`.includes('/.git/'))
    .filter(({ entry, path }) => !entry.isDirectory() || readdirSync(path).every((name) => name === '.git'))
    .map(({ entry, path }) => `${entry.isDirectory() ? 'directory' : entry.isFile() ? 'file' : 'symlink'} ${path}`)
    .sort()
}

function entriesIn(listing: TreeListing): readonly TreeEntry[] {
  const entries = entriesOf(listing)
  return Array.from({ length: entries.length }, (_, row) => entries.at(row) as TreeEntry)
}

function pathsIn(listing: TreeListing): readonly string[] {
  return entriesIn(listing).map(({ path }) => path)
}

const list = (root: string, threads: number, depth: ListingDepth) =>
  withLanes({ threads, signal: undefined }, (_lanes, lanes) => listTree(root, () => depth, lanes))

test('a tree is listed whole and in one order, however many list it and however much each does at a time', async () => {
  const root = temporaryFolder()
  makeLargeTree(root)
  const listings = await Promise.all(
    [0, 1, 2, 4].flatMap((threads) => [list(root, threads, 'its names'), list(root, threads, 'all below it')]),
  )
  for (const listing of listings) {
    const found = entriesIn(listing).map(({ type, path }) => `${type} ${join(root, path)}`)
    expect(found.sort()).toEqual(expectedIn(root))
  }
  expect(new Set(listings.map((listing) => pathsIn(listing).join('\0'))).size).toBe(1)
  // That a folder is empty shows when it is opened, and not where its name stands among the others.
  const files = entriesIn(listings[0] as TreeListing).filter(({ type }) => type !== 'directory')
  const paths = files.map(({ path }) => path)
  expect(paths).toEqual(sortedByBytes(paths, (path) => path))
  expect(new Set(listings.map((listing) => digestListing(listing).names)).size).toBe(1)
  expect(new Set(listings.map((listing) => digestListing(listing).states)).size).toBe(1)
  for (const listing of listings) {
    for (const link of entriesIn(listing).filter((entry) => entry.type === 'symlink')) {
      expect(link.target).toBe(link.path.replace(/^outer-(\d+)\/inner-(\d+)\/.*/, 'to-$1-$2'))
    }
  }
})

test('a folder of which nothing is wanted is not listed, and is not called empty', async () => {
  const root = temporaryFolder()
  makeLargeTree(root)
  const listing = await withLanes({ threads: 1, signal: undefined }, (lanes) =>
    listTree(root, (folder) => (folder.startsWith('outer-1') ? 'nothing' : 'its names'), lanes),
  )
  const expected = expectedIn(root).filter((line) => !line.includes(`${root}/outer-1`))
  expect(
    entriesIn(listing)
      .map(({ type, path }) => `${type} ${join(root, path)}`)
      .sort(),
  ).toEqual(expected)
})

/** What a lane answers that found folders. */
function listingOf(paths: readonly string[], ends: readonly number[]): FolderListing {
  return {
    paths: shareTexts(paths),
    facts: new Float64Array(paths.length * factsPerPath).fill(pathTypes.indexOf('folder')),
    folders: paths.map((_path, row) => row),
    links: [],
    targets: [],
    bytes: new Map(),
    ends,
  }
}

test('a folder of more folders than a call takes arguments is listed like any other', async () => {
  const count = 200_000
  const folders = Array.from({ length: count }, (_, index) => `${index}`)
  // To make them on a disk would take longer than all other tests of this file.
  const run = (_kind: string, { folders: asked }: ListJob) =>
    Promise.resolve(
      asked[0]?.path === ''
        ? listingOf(folders, [count])
        : listingOf(
            [],
            asked.map(() => 0),
          ),
    )
  const listing = await listTree('/nowhere', () => 'its names', [{ run } as unknown as Lane])
  expect(pathsIn(listing)).toEqual(folders)
  expect(listing.facts[0]).toBe(pathTypes.indexOf('empty folder'))
})

test('what is thrown while folders are judged is thrown by the listing', async () => {
  const refuse = (): never => {
    throw new Error('a judge that fails')
  }
  const root = temporaryFolder()
  makeLargeTree(root)
  const depthOf = (folder: string): ListingDepth => (folder === '' ? 'its names' : refuse())
  await expect(
    withLanes({ threads: 1, signal: undefined }, (_lanes, lanes) => listTree(root, depthOf, lanes)),
  ).rejects.toThrow('a judge that fails')
})

test('where a lane fails, the others end before it is told, and nothing is listed afterwards', async () => {
  const folders = Array.from({ length: 200 }, (_, index) => `${index}`)
  const asked: string[] = []
  const laneOf = (name: string, answer: (job: ListJob) => Promise<FolderListing>) => ({
    run: (_kind: string, job: ListJob) => {
      asked.push(name)
      return answer(job)
    },
  })
  const listed = laneOf('listed', async ({ folders: wanted }) => {
    if (wanted[0]?.path === '') return listingOf(folders, [folders.length])
    await setTimeout(50)
    asked.push('listed, late')
    // As a lane answers that was told to stop.
    return listingOf([], [])
  })
  const failed = laneOf('failed', () => Promise.reject(new Error('a lane that fails')))
  const lanes = [failed, listed] as unknown as readonly Lane[]
  await expect(listTree('/nowhere', () => 'its names', lanes)).rejects.toThrow('a lane that fails')
  const until = [...asked]
  expect(until.at(-1)).toBe('listed, late')
  await setTimeout(100)
  expect(asked).toEqual(until)
})

test('where a file system tells no types, a name that is not UTF-8 is listed all the same', async () => {
  const root = temporaryFolder()
  mkdirSync(join(root, 'folder', 'below'), { recursive: true })
  writeFileSync(join(root, 'folder', 'below', 'file'), '')
  writeFileSync(Buffer.from(`${root}/folder/\xff`, 'latin1'), '')
  const listing = await withoutTypes(() => list(root, 0, 'all below it'))
  expect(entriesIn(listing).map(({ type, path }) => `${type} ${path}`)).toEqual([
    'file folder/below/file',
    'file folder/\ufffd',
  ])
})

/** As Node answers on such a file system, of which it asks lstat: https://github.com/nodejs/node/blob/v20.20.0/lib/internal/fs/utils.js */
async function withoutTypes<T>(run: () => Promise<T>): Promise<T> {
  const { readdirSync: original } = fs
  fs.readdirSync = ((place: string, options?: { readonly withFileTypes?: boolean }) => {
    if (options?.withFileTypes) for (const name of original(place)) lstatSync(join(place, name))
    return original(place, options as never)
  }) as never
  syncBuiltinESMExports()
  try {
    return await run()
  } finally {
    fs.readdirSync = original
    syncBuiltinESMExports()
  }
}
