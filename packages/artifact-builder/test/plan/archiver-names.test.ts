import { PassThrough } from 'node:stream'
import { TarArchive, ZipArchive, type EntryData } from 'archiver'
import { describe, expect, test } from 'vitest'
import { checkArchiverName } from '../../src/plan/archiver-names.ts'

const kept = [
  'a',
  'a/b',
  '.env',
  '..a/b',
  'a..',
  'ü/käse 😀.txt',
  '-dash',
  ' space ',
  'a b:c',
  'b/c:d',
  '.:x',
  '-:x',
  'a;b',
]
const changed = [
  '',
  'foo:bar.js',
  'c:',
  'c:/a',
  '_x:y',
  '1:2',
  'a\\b',
  '\\',
  'a\\',
  '../../up',
  '/abs',
  'a//b',
  'a/',
  '//',
]

/** The name that archiver tells of an entry, or its error. */
async function storedName(archive: ZipArchive | TarArchive, name: string): Promise<string> {
  const stored = new Promise<string>((resolve) => {
    archive.on('error', (error) => resolve(`error ${error.message}`))
    archive.on('entry', (data: EntryData) => resolve(data.name))
  })
  archive.pipe(new PassThrough()).resume()
  // A name that it takes for a folder with a byte in it ends the process, a tick later.
  archive.append(Buffer.alloc(0), { name })
  return stored
}

test.each(kept)('archiver can hold the name %j', (name) => {
  expect(checkArchiverName(name)).toBeUndefined()
})

test.each(changed)('archiver cannot hold the name %j', (name) => {
  expect(checkArchiverName(name)).toBe('name-not-archivable')
})

describe.each([
  ['zip', () => new ZipArchive()],
  ['tar', () => new TarArchive()],
])('archiver itself, writing a %s,', (_format, open) => {
  test.each(kept)('stores %j as it is', async (name) => {
    expect(await storedName(open(), name)).toBe(name)
  })

  test.each(changed)('says nothing and stores %j under another name, or takes it for a folder', async (name) => {
    const stored = await storedName(open(), name)
    expect(stored !== name || stored.endsWith('/')).toBe(true)
  })
})
