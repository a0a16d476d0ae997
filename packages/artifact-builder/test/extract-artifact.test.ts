import { execFile, execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { manifestPath } from '@fairlead/core'
import { temporaryFolder, withTools } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import { buildArtifact, extractArtifact, type ArtifactEvent } from '../src/index.ts'
import { letters } from './support/made-up-secrets.ts'
import { rawArtifact, writeZip } from './support/raw-artifact.ts'
import { folderMode, linkMode, type RawEntry } from './support/raw-zip.ts'
import { createShop } from './support/shop.ts'

const run = promisify(execFile)
const child = join(import.meta.dirname, 'support/extract-in-child.mjs')

const members: readonly RawEntry[] = [
  { name: 'bin/run', data: '#!/bin/sh\n', mode: 0o100755, method: 8 },
  { name: 'deep/er/file.txt', data: 'x'.repeat(1000), method: 8 },
  { name: 'deep/link', data: 'er/file.txt', mode: linkMode },
  { name: 'deep/to-folder', data: 'er', mode: linkMode },
  { name: 'empty-folder/', mode: folderMode },
  { name: 'empty.txt' },
  { name: 'ü 😀', data: 'y' },
]

/** All that stands below a folder, with its mode and content. */
function treeOf(folder: string, below = ''): Readonly<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const name of readdirSync(join(folder, below))) {
    const path = below === '' ? name : `${below}/${name}`
    const facts = lstatSync(join(folder, path))
    const mode = (facts.mode & 0o7777).toString(8)
    if (facts.isSymbolicLink()) found[path] = `-> ${readlinkSync(join(folder, path))}`
    else if (facts.isDirectory()) Object.assign(found, { [path]: `folder ${mode}` }, treeOf(folder, path))
    else found[path] = `${mode} ${readFileSync(join(folder, path)).toString('base64')}`
  }
  return found
}

const base64 = (text: string) => Buffer.from(text).toString('base64')

test.each([0, 1, 2])('with %i workers everything is as it was, exec bits, links and empty folders', async (workers) => {
  const zip = writeZip(rawArtifact(members))
  const into = join(temporaryFolder(), 'above', 'release')
  const { path, manifest } = await extractArtifact(zip, { into, workers })
  expect(path).toBe(into)
  expect(manifest.entries).toHaveLength(members.length)
  const { [manifestPath]: inside, ...tree } = treeOf(into)
  expect(inside).toMatch(/^644 /)
  expect(tree).toEqual({
    '.fairlead': 'folder 755',
    bin: 'folder 755',
    'bin/run': `755 ${base64('#!/bin/sh\n')}`,
    deep: 'folder 755',
    'deep/er': 'folder 755',
    'deep/er/file.txt': `644 ${base64('x'.repeat(1000))}`,
    'deep/link': '-> er/file.txt',
    'deep/to-folder': '-> er',
    'empty-folder': 'folder 755',
    'empty.txt': '644 ',
    'ü 😀': `644 ${base64('y')}`,
  })
  expect((statSync(into).mode & 0o7777).toString(8)).toBe('755')
  expect(readdirSync(dirname(into))).toEqual(['release'])
})

test('the umask of the process changes nothing', async () => {
  const zip = writeZip(rawArtifact([...members, { name: 'odd/', mode: 0o040777 }, { name: 'odd/x', mode: 0o100666 }]))
  const folder = temporaryFolder()
  for (const umask of ['022', '077', '000']) {
    const options = JSON.stringify({ into: join(folder, umask) })
    await run('sh', ['-c', `umask ${umask} && exec "$@"`, 'sh', process.execPath, child, zip, options])
  }
  const tree = treeOf(join(folder, '022'))
  expect(tree).toMatchObject({ odd: 'folder 777', 'odd/x': '666 ' })
  expect(treeOf(join(folder, '077'))).toEqual(tree)
  expect(treeOf(join(folder, '000'))).toEqual(tree)
})

withTools(['unzip', 'python3'], 'unzip and Python unpack the same', async () => {
  const shop = createShop({ 'ü/käse 😀.txt': 'x', 'src/deep/up.js': { link: '../main.js' } })
  mkdirSync(join(shop.repository.path, 'var/empty'), { recursive: true })
  writeFileSync(join(shop.repository.path, 'built.bin'), letters(5_000_001))
  const artifact = await buildArtifact(shop.options())
  const folder = temporaryFolder()
  await extractArtifact(artifact, { into: join(folder, 'ours'), durable: true })
  execFileSync('unzip', ['-q', artifact.path, '-d', join(folder, 'unzip')])
  const tree = treeOf(join(folder, 'ours'))
  expect(treeOf(join(folder, 'unzip'))).toEqual(tree)
  execFileSync('python3', ['-m', 'zipfile', '-e', artifact.path, join(folder, 'python')])
  // Python's knows no modes and no links.
  expect(Object.keys(treeOf(join(folder, 'python')))).toEqual(Object.keys(tree))
})

test('entries that are too large for a lane are streamed and arrive whole', async () => {
  const large = letters(4_500_000)
  const zip = writeZip(
    rawArtifact([
      { name: 'a', data: 'small' },
      { name: 'deflated', data: large, method: 8 },
      { name: 'stored', data: large },
      { name: 'z', data: 'small' },
    ]),
  )
  const into = join(temporaryFolder(), 'release')
  const events: ArtifactEvent[] = []
  await extractArtifact(zip, { into, onEvent: (event) => events.push(event) })
  expect(readFileSync(join(into, 'deflated'), 'utf8')).toBe(large)
  expect(readFileSync(join(into, 'stored'), 'utf8')).toBe(large)
  const last = events.findLast(({ type }) => type === 'artifact.reading')
  expect(last).toMatchObject({ entriesDone: 5, entryCount: 5 })
  expect(events.at(-1)).toMatchObject({ type: 'artifact.extracted', into, entryCount: 4 })
})

test('many large entries leave no listener behind', async () => {
  const warnings: Error[] = []
  const listen = (warning: Error) => warnings.push(warning)
  process.on('warning', listen)
  const large = Array.from({ length: 12 }, (_, index) => ({
    name: `f${index}`,
    data: Buffer.alloc(4_300_000, index),
    method: 8,
  }))
  const into = join(temporaryFolder(), 'release')
  await extractArtifact(writeZip(rawArtifact(large)), { into })
  process.off('warning', listen)
  expect(warnings).toEqual([])
  expect(readFileSync(join(into, 'f11')).equals(Buffer.alloc(4_300_000, 11))).toBe(true)
})

test('an empty folder is taken, and keeps its mode', async () => {
  const into = join(temporaryFolder(), 'release')
  mkdirSync(into)
  chmodSync(into, 0o750)
  await extractArtifact(writeZip(rawArtifact(members)), { into })
  expect(statSync(into).mode & 0o7777).toBe(0o750)
  expect(existsSync(join(into, 'bin/run'))).toBe(true)
})

describe('refuses before anything is written', () => {
  const rows: Readonly<Record<string, readonly [(into: string) => void, string]>> = {
    'a folder that is not empty': [
      (into) => {
        mkdirSync(into)
        writeFileSync(join(into, 'x'), '')
      },
      'the folder is not empty',
    ],
    'a file': [(into) => writeFileSync(into, ''), 'it is no folder'],
    'a link, even to an empty folder': [(into) => symlinkSync(temporaryFolder(), into), 'a link is there'],
  }
  test.each(Object.entries(rows))('%s', async (_name, [make, found]) => {
    const into = join(temporaryFolder(), 'release')
    make(into)
    await expect(extractArtifact(writeZip(rawArtifact(members)), { into })).rejects.toMatchObject({
      code: 'ARTIFACT_FOLDER_OCCUPIED',
      context: { into, found },
    })
    expect(readdirSync(dirname(into))).toEqual(['release'])
  })

  test('the working directory', async () => {
    const cwd = temporaryFolder()
    const options = JSON.stringify({ into: '.' })
    const answer = await run(process.execPath, [child, writeZip(rawArtifact(members)), options], { cwd }).catch(
      (error: { readonly stdout: string }) => error,
    )
    expect(JSON.parse(answer.stdout)).toMatchObject({
      code: 'ARTIFACT_FOLDER_OCCUPIED',
      context: { found: 'it is the working directory' },
    })
  })

  test('options that it does not have, and values that are none', async () => {
    const zip = writeZip(rawArtifact(members))
    const into = join(temporaryFolder(), 'release')
    await expect(extractArtifact(zip, { into, overwrite: true } as never)).rejects.toMatchObject({
      code: 'UNKNOWN_OPTION',
    })
    for (const wrong of [
      {},
      { into: '' },
      { into, workers: -1 },
      { into, durable: 1 },
      { into, expectedSha256: 'A' },
    ]) {
      await expect(extractArtifact(zip, wrong as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    }
    await expect(extractArtifact(zip, undefined as never)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    expect(existsSync(into)).toBe(false)
  })
})

describe('leaves nothing behind', () => {
  const outside = [
    { name: 'link', data: '/etc', mode: linkMode },
    { name: 'link/passwd', data: 'x' },
  ]
  const rows: Readonly<Record<string, readonly [Uint8Array, string]>> = {
    'an entry that climbs': [rawArtifact([{ name: '../up' }]), 'ARTIFACT_INVALID'],
    'an absolute entry': [rawArtifact([{ name: '/tmp/fairlead-escaped' }]), 'ARTIFACT_INVALID'],
    'an entry below a link': [rawArtifact(outside), 'ARTIFACT_INVALID'],
    'a link that leaves': [rawArtifact([{ name: 'l', data: '../..', mode: linkMode }]), 'ARTIFACT_INVALID'],
    'a link over another link that leaves': [
      rawArtifact([
        { name: 'a/b/', mode: folderMode },
        { name: 'c', data: 'a/b', mode: linkMode },
        { name: 'd', data: 'c/../../../x', mode: linkMode },
      ]),
      'ARTIFACT_INVALID',
    ],
    'a bomb': [
      rawArtifact([...members, { name: 'z', data: 'x', method: 8, packed: bomb(), sizeBytes: 1 }]),
      'ARTIFACT_CORRUPT',
    ],
    'other bytes in the last entry': [rawArtifact([...members, { name: 'z', checksum: 1 }]), 'ARTIFACT_CORRUPT'],
    'other bytes in a streamed entry': [
      rawArtifact([...members, { name: 'z', data: letters(4_500_000), checksum: 1 }]),
      'ARTIFACT_CORRUPT',
    ],
  }
  test.each(Object.entries(rows))('%s', async (_name, [zip, code]) => {
    for (const workers of [0, 2]) {
      const into = join(temporaryFolder(), 'release')
      await expect(extractArtifact(writeZip(zip), { into, workers })).rejects.toMatchObject({ code })
      expect(readdirSync(dirname(into))).toEqual([])
    }
  })

  test('an artifact that is another one than was expected', async () => {
    const zip = writeZip(rawArtifact(members))
    const into = join(temporaryFolder(), 'release')
    for (const expected of [{ expectedSha256: 'a'.repeat(64) }, { expectedContentDigest: 'b'.repeat(64) }]) {
      await expect(extractArtifact(zip, { into, ...expected })).rejects.toMatchObject({ code: 'ARTIFACT_UNEXPECTED' })
      expect(readdirSync(dirname(into))).toEqual([])
    }
  })

  test('a call that is cancelled, which rejects with the very reason', async () => {
    const zip = writeZip(rawArtifact(members))
    const reason = { why: 'any value' }
    for (const workers of [0, 2]) {
      const into = join(temporaryFolder(), 'release')
      const controller = new AbortController()
      const onEvent = () => controller.abort(reason)
      const extracting = extractArtifact(zip, { into, workers, signal: controller.signal, onEvent })
      await expect(extracting).rejects.toBe(reason)
      expect(readdirSync(dirname(into))).toEqual([])
      await expect(extractArtifact(zip, { into, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    }
  })

  test('an exception of the listener', async () => {
    const into = join(temporaryFolder(), 'release')
    const mine = new Error('mine')
    const onEvent = () => {
      throw mine
    }
    await expect(extractArtifact(writeZip(rawArtifact(members)), { into, onEvent })).rejects.toBe(mine)
    expect(readdirSync(dirname(into))).toEqual([])
  })

  test('a disk that takes no more', async () => {
    const into = join(temporaryFolder(), 'release')
    for (const size of [600_000, 4_500_000]) {
      const zip = writeZip(rawArtifact([...members, { name: 'large', data: letters(size) }]))
      // Of 512 bytes each.
      const script = 'ulimit -f 400 && exec "$@"'
      const args = ['-c', script, 'sh', process.execPath, child, zip, JSON.stringify({ into })]
      const answer = await run('sh', args).catch((error: { readonly stdout: string }) => error)
      expect(JSON.parse(answer.stdout)).toEqual({
        code: 'ARTIFACT_FOLDER_UNWRITABLE',
        context: { into, path: 'large', reason: 'EFBIG' },
      })
      expect(readdirSync(dirname(into))).toEqual([])
    }
  })

  test('a name that the disk does not take', async () => {
    const into = join(temporaryFolder(), 'release')
    const path = 'n'.repeat(256)
    await expect(extractArtifact(writeZip(rawArtifact([{ name: path }])), { into })).rejects.toMatchObject({
      code: 'ARTIFACT_FOLDER_UNWRITABLE',
      context: { into, path, reason: 'ENAMETOOLONG' },
    })
    expect(readdirSync(dirname(into))).toEqual([])
  })
})

function bomb(): Buffer {
  const packed = rawArtifact([{ name: 'x', data: Buffer.alloc(30_000_000), method: 8 }])
  const length = packed.readUInt32LE(18)
  return packed.subarray(31, 31 + length)
}

const many: readonly RawEntry[] = Array.from({ length: 600 }, (_, index) => ({
  name: `f${index}`,
  data: `${index}`,
}))

test.each([
  ['artifact.reading', 1],
  ['artifact.reading', 3],
  ['artifact.extracted', 1],
])('killed after %s number %i, it leaves nothing or all, and the next call clears up', async (event, nth) => {
  const zip = writeZip(rawArtifact(many))
  const folder = temporaryFolder()
  const into = join(folder, 'release')
  const isDone = event === 'artifact.extracted'
  await expect(run(process.execPath, [child, zip, JSON.stringify({ into }), event, String(nth)])).rejects.toMatchObject(
    { signal: 'SIGKILL' },
  )
  expect(existsSync(into)).toBe(isDone)
  expect(readdirSync(folder)).toHaveLength(1)
  if (isDone) return
  const leftover = join(folder, readdirSync(folder)[0] as string)
  const events: ArtifactEvent[] = []
  await extractArtifact(zip, { into, onEvent: (one) => events.push(one) })
  expect(events[0]).toMatchObject({ type: 'artifact.leftover-removed', path: leftover })
  expect(readdirSync(folder)).toEqual(['release'])
  expect(readdirSync(into)).toHaveLength(601)
})

test('two calls for one folder: one of them makes it, and the other one says that it is taken', async () => {
  const zip = writeZip(rawArtifact(many))
  const folder = temporaryFolder()
  const into = join(folder, 'release')
  const both = await Promise.allSettled([extractArtifact(zip, { into }), extractArtifact(zip, { into })])
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  expect(both.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { code: 'ARTIFACT_FOLDER_OCCUPIED' },
  })
  expect(readdirSync(folder)).toEqual(['release'])
  expect(readdirSync(into)).toHaveLength(601)
})
