/** Many files are read on two threads: what they find is the same, and what is wrong is found by whichever has the file. */
import { appendFileSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '@fairlead/test-support'
import { expect, test } from 'vitest'
import { stageRelease } from '../src/index.ts'
import { copyChunkBytes, threadForFiles } from '../src/limits.ts'
import { systemDisk, type FileFacts } from '../src/ports/disk.ts'
import { startExamination } from '../src/ports/examination.ts'
import { commitOf, unpackArchive } from './support/archive.ts'
import { leftovers, testHost } from './support/host.ts'

const count = threadForFiles + 100
const numbers = Array.from({ length: count }, (_, index) => index)

/** Files of which those at both ends and in the middle are out of the ordinary. */
function oddFiles(folder: string): readonly { readonly path: string; readonly sizeBytes?: number }[] {
  const odd: Readonly<Record<string, (path: string) => void>> = {
    missing: () => {},
    link: (path) => symlinkSync('plain', path),
    folder: (path) => mkdirSync(path),
    empty: (path) => writeFileSync(path, ''),
    big: (path) => writeFileSync(path, Buffer.alloc(copyChunkBytes + 1)),
  }
  const makers = Object.entries(odd)
  return numbers.map((index) => {
    const make = index < 100 || index >= count - 100 || index === count / 2 ? makers[index % 7]?.[1] : undefined
    const path = join(folder, `file-${index}`)
    if (make) make(path)
    else writeFileSync(path, `file ${index}`)
    return index % 11 === 0 ? { path, sizeBytes: 6 } : { path }
  })
}

async function oneByOne(files: ReturnType<typeof oddFiles>): Promise<readonly (FileFacts | undefined)[]> {
  const facts = []
  for (const { path, sizeBytes } of files) facts.push(await systemDisk.examineFile(path, sizeBytes))
  return facts
}

test('two threads answer what one answers, file by file', async () => {
  const files = oddFiles(temporaryFolder())
  const examination = startExamination(systemDisk.examineFile, files.length)
  for (const { path, sizeBytes } of files) examination.add(path, sizeBytes)
  expect(await examination.facts()).toEqual(await oneByOne(files))
  await examination.close()
})

test('what a thread that has ended leaves is examined all the same', async () => {
  const files = oddFiles(temporaryFolder())
  const examination = startExamination(systemDisk.examineFile, files.length)
  for (const { path, sizeBytes } of files) examination.add(path, sizeBytes)
  await examination.close()
  expect(await examination.facts()).toEqual(await oneByOne(files))
})

test('more files than were expected are examined too', async () => {
  const files = oddFiles(temporaryFolder())
  const examination = startExamination(systemDisk.examineFile, threadForFiles)
  for (const { path, sizeBytes } of [...files, ...files]) examination.add(path, sizeBytes)
  const facts = await oneByOne(files)
  expect(await examination.facts()).toEqual([...facts, ...facts])
  await examination.close()
})

test('a cancelled examination rejects with the reason and leaves no thread', async () => {
  const files = oddFiles(temporaryFolder())
  const examination = startExamination(systemDisk.examineFile, files.length)
  for (const { path, sizeBytes } of files) examination.add(path, sizeBytes)
  const reason = new Error('enough')
  await expect(examination.facts(AbortSignal.abort(reason))).rejects.toBe(reason)
  await examination.close()
})

const release = (letter: string) =>
  Object.fromEntries(
    numbers.map((index) => [`app/d${index % 30}/file-${index}`, `${index % 50 === 0 ? letter : ''}${index}`]),
  )

test('of a release of many files, second names of what was changed in place become copies of the archive', async () => {
  const host = testHost()
  const a = await host.deploy('a', { files: release('a'), immutable: true })
  for (const index of [1, count / 2 + 1, count - 1])
    appendFileSync(join(a.path, `app/d${index % 30}/file-${index}`), '!')
  const { from } = unpackArchive(join(host.folder, 'archives/b'), release('b'), commitOf('b'))
  const b = await stageRelease({ root: host.root, from, id: 'd-b', immutable: true })
  for (const [path, text] of Object.entries(release('b'))) expect(readFileSync(join(b.path, path), 'utf8')).toBe(text)
  expect(statSync(join(b.path, 'app/d2/file-2')).ino).toBe(statSync(join(a.path, 'app/d2/file-2')).ino)
})

test('RELEASE_SOURCE_DIFFERS: of an archive of many files, every one that is not as its manifest says is named', async () => {
  const host = testHost()
  const { from } = unpackArchive(join(host.folder, 'archives/a'), release('a'))
  const changed = [0, count / 2, count - 1].map((index) => `app/d${index % 30}/file-${index}`)
  for (const path of changed) writeFileSync(join(from, path), 'x'.repeat(statSync(join(from, path)).size))
  const staged = stageRelease({ root: host.root, from, id: 'd-a', immutable: true })
  await expect(staged).rejects.toMatchObject({
    code: 'RELEASE_SOURCE_DIFFERS',
    context: { total: 3, differences: changed.toSorted().map((path) => expect.objectContaining({ path })) },
  })
  expect(leftovers(host.root)).toEqual([])
})
