import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, readFileSync, statSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { temporaryFolder } from '@fairlead/test-support'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { writeWithArchiver, type ArchiveMember } from '../../src/ports/archiver-writer.ts'
import { membersOf, withManifest, write, type PackedFiles } from '../support/packed.ts'

const formats = ['zip', 'tar', 'tgz'] as const
const files: PackedFiles = {
  'a.txt': 'hello',
  empty: '',
  'folder/none': 'folder/',
  link: { link: 'run/start.sh' },
  'run/start.sh': { script: '#!/bin/sh\n' },
  [`${'d/'.repeat(60)}${'f'.repeat(120)}`]: 'a long name',
  'lines.txt': Array.from({ length: 60_000 }, (_, index) => `line ${index}\n`).join(''),
}

function member(path: string, content: ArchiveMember['content'], sizeBytes = 5): ArchiveMember {
  return { path, type: 'file', mode: 0o644, sizeBytes, content }
}

async function* pieces(...given: readonly (string | Error)[]): AsyncGenerator<Uint8Array> {
  for (const piece of given) {
    await new Promise(setImmediate)
    if (piece instanceof Error) throw piece
    yield Buffer.from(piece)
  }
}

/** Errors that no promise tells of. */
function uncaught(): readonly unknown[] {
  const found: unknown[] = []
  const note = (error: unknown) => void found.push(error)
  process.on('uncaughtException', note)
  process.on('unhandledRejection', note)
  onTestFinished(() => {
    process.off('uncaughtException', note)
    process.off('unhandledRejection', note)
  })
  return found
}

const big = 2_000_000

describe.each(formats)('archiver, writing a %s,', (format) => {
  test('rejects with the error of a file that is missing, and leaves none uncaught', async () => {
    const found = uncaught()
    const missing = async function* () {
      yield* createReadStream(join(temporaryFolder(), 'gone.js')) as AsyncIterable<Buffer>
    }
    const error = await write([member('gone.js', missing(), big)], { format }).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'ENOENT' })
    await new Promise((done) => setTimeout(done, 20))
    expect(found).toEqual([])
  })

  test.each([5, big])('rejects with the error of a content of %d bytes that fails on its way', async (sizeBytes) => {
    const found = uncaught()
    const failing = [member('a', Buffer.from('first')), member('b', pieces('x', new Error('unreadable')), sizeBytes)]
    await expect(write(failing, { format })).rejects.toThrow('unreadable')
    await new Promise((done) => setTimeout(done, 20))
    expect(found).toEqual([])
  })

  test.each([
    ['fewer', 5, 'has 4 bytes, not 5'],
    ['more', 3, 'has more bytes, not 3'],
    ['fewer', big, `has 4 bytes, not ${big}`],
  ])('refuses a file that has %s bytes than were said before, and leaves nothing uncaught', async (_, size, words) => {
    const found = uncaught()
    await expect(write([member('a.js', pieces('abcd'), size)], { format })).rejects.toMatchObject({
      code: 'ARTIFACT_ENGINE_FAILED',
      context: { engine: 'archiver', entry: 'a.js', problem: expect.stringContaining(words) },
    })
    await new Promise((done) => setTimeout(done, 20))
    expect(found).toEqual([])
  })

  test('refuses a large file that grows, before the growth is written', async () => {
    const grown = pieces(...Array.from({ length: 30 }, () => 'x'.repeat(100_000)))
    await expect(write([member('a.log', grown, big)], { format })).rejects.toMatchObject({
      code: 'ARTIFACT_ENGINE_FAILED',
      context: { problem: expect.stringContaining('has more bytes') },
    })
  })

  test.each(['foo:bar.js', 'a\\b', '../../up', '/abs'])('refuses the name %j, which it would change', async (path) => {
    await expect(write([member(path, Buffer.from('hello'))], { format })).rejects.toMatchObject({
      code: 'ARTIFACT_ENGINE_FAILED',
      context: { entry: path, problem: 'has a name that it would change' },
    })
  })

  test('refuses an entry that comes twice', async () => {
    const twice = [member('a', Buffer.from('hello')), member('a', Buffer.from('again'))]
    await expect(write(twice, { format })).rejects.toMatchObject({
      code: 'ARTIFACT_ENGINE_FAILED',
      context: { entry: 'a', problem: 'comes twice' },
    })
  })

  test('refuses another number of entries than was said before', async () => {
    await expect(write([member('a', Buffer.from('hello'))], { format, memberCount: 2 })).rejects.toMatchObject({
      code: 'ARTIFACT_ENGINE_FAILED',
      context: { problem: 'got 1 entries, not 2' },
    })
  })

  test('rejects with what the system says of a file that cannot be written to', async () => {
    const path = join(temporaryFolder(), 'read-only')
    writeFileSync(path, '')
    const file = await open(path, 'r')
    onTestFinished(() => file.close())
    const one = () => pieces('hello')

    const members = async function* () {
      yield member('a', one())
    }
    await expect(writeWithArchiver(file, members(), { format, memberCount: 1 })).rejects.toMatchObject({
      syscall: 'write',
    })
  })

  test.runIf(process.platform === 'linux')('rejects where the disk is full', async () => {
    const file = await open('/dev/full', 'w')
    onTestFinished(() => file.close())
    const full = Array.from({ length: 40 }, (_, index) => member(`${index}`, randomBytes(200_000), 200_000))

    const members = async function* () {
      yield* full
    }
    await expect(writeWithArchiver(file, members(), { format, memberCount: 40 })).rejects.toMatchObject({
      code: 'ENOSPC',
    })
  })

  test('rejects with the reason of whoever cancels, in the middle of a file too', async () => {
    const found = uncaught()
    const controller = new AbortController()
    const endless = async function* () {
      for (let count = 0; ; count += 1) {
        await new Promise(setImmediate)
        if (count === 20) controller.abort(new Error('enough'))
        yield Buffer.alloc(100_000)
      }
    }
    const { signal } = controller
    const writing = write([member('endless', endless(), 1e12)], { format, signal })
    await expect(writing).rejects.toThrow('enough')
    await expect(write([], { format, signal })).rejects.toThrow('enough')
    await new Promise((done) => setTimeout(done, 20))
    expect(found).toEqual([])
  })

  test('gives the same bytes whatever the time, the time zone, the umask and the pieces that the content came in', async () => {
    const members = withManifest(membersOf(files))
    const reference = readFileSync(await write(members, { format }))
    const before = { TZ: process.env['TZ'], umask: process.umask(0o077) }
    onTestFinished(() => {
      process.umask(before.umask)
      if (before.TZ === undefined) delete process.env['TZ']
      else process.env['TZ'] = before.TZ
    })
    for (const [TZ, size] of [
      ['Pacific/Kiritimati', 1000],
      ['America/Anchorage', 77_777],
    ] as const) {
      process.env['TZ'] = TZ
      const inPieces = members.map((one) => ({
        ...one,
        content: one.type === 'file' ? cut(one.content, size) : one.content,
      }))
      expect(readFileSync(await write(inPieces, { format })).equals(reference), TZ).toBe(true)
    }
  })
})

async function* cut(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}

test('an empty file in a zip has no data descriptor, which stream readers reject', async () => {
  const bytes = readFileSync(await write([member('empty', Buffer.alloc(0), 0)], { format: 'zip' }))
  expect(bytes.readUInt32LE(0)).toBe(0x04034b50)
  expect(bytes.readUInt16LE(6) & 0x0008).toBe(0)
})

/** archiver takes a dozen steps for each entry: some ten seconds for so many, which only the long run has. */
const manyEntries: readonly (readonly [number, boolean])[] = process.env['FAIRLEAD_LONG']
  ? [
      [65_534, false],
      [65_535, true],
    ]
  : []

test.each(manyEntries)('a zip of %d entries: its 64-bit record is there: %s', async (memberCount, isThere) => {
  const members = async function* () {
    for (let index = 0; index < memberCount; index++) yield member(`${index}`, Buffer.alloc(0), 0)
  }
  const path = join(temporaryFolder(), 'many.zip')
  const file = await open(path, 'wx')
  await writeWithArchiver(file, members(), { format: 'zip', memberCount })
  await file.close()
  // The end of a zip without a comment is 22 bytes, and the locator of the 64-bit record the 20 before them.
  const bytes = readFileSync(path)
  expect(bytes.readUInt32LE(bytes.length - 22)).toBe(0x06054b50)
  expect(bytes.readUInt32LE(bytes.length - 42) === 0x07064b50).toBe(isThere)
  expect(bytes.readUInt16LE(bytes.length - 12)).toBe(memberCount)
})

test('the bytes of a tar are these, on every machine', async () => {
  const bytes = readFileSync(await write(withManifest(membersOf(files)), { format: 'tar' }))
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(
    '6c2d2df114dfb0dabc3609d0fbed98450895db31f9fcff2ee41fa68b7767dacf',
  )
})

test('a tgz is its tar in gzip without a time, a name or the system that made it', async () => {
  const members = withManifest(membersOf(files))
  const tgz = readFileSync(await write(members, { format: 'tgz' }))
  expect(gunzipSync(tgz).equals(readFileSync(await write(members, { format: 'tar' })))).toBe(true)
  expect(tgz.subarray(0, 10).toString('hex')).toBe('1f8b0800000000000003')
})

test('a file of more than 8 GiB has its size in an extended header', async () => {
  const sizeBytes = 9 * 1024 ** 3
  const path = join(temporaryFolder(), 'huge.tar')
  const file = await open(path, 'wx')
  onTestFinished(() => file.close())

  const beginning = async function* () {
    yield Buffer.alloc(3_000_000)
    await vi.waitUntil(() => statSync(path).size >= 1536, { timeout: 60_000 })
    throw new Error('that is enough of it')
  }
  const members = async function* () {
    yield member('huge', beginning(), sizeBytes)
  }
  await expect(writeWithArchiver(file, members(), { format: 'tar', memberCount: 1 })).rejects.toThrow('enough of it')
  const head = readFileSync(path).subarray(0, 1536)
  expect(head.toString('latin1', 512, 1024)).toContain(`size=${sizeBytes}\n`)
  expect(head.readBigUInt64BE(1024 + 128)).toBe(BigInt(sizeBytes))
})
