import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { manifestPath } from '@fairlead/core'
import { temporaryFolder } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import { verifyTar } from '../src/verify-tar.ts'
import { manifestOf, membersOf, pack, someCommit, withManifest, write, type PackedFiles } from './support/packed.ts'
import { extended, rawTar, type RawTarEntry } from './support/raw-tar.ts'

const files: PackedFiles = {
  'a.txt': 'hello',
  'big.bin': randomBytes(700_001),
  empty: '',
  'folder/none': 'folder/',
  link: { link: 'run/start.sh' },
  'run/start.sh': { script: '#!/bin/sh\n' },
  'ü/käse 😀.txt': 'x',
  [`${'d/'.repeat(60)}${'f'.repeat(120)}`]: 'a long name',
  [`${'ä'.repeat(120)}/${'ö'.repeat(120)}`]: 'a longer one',
  ['l'.repeat(90)]: { link: `${'d/'.repeat(60)}${'f'.repeat(120)}` },
}

function fileOf(bytes: Uint8Array, name = 'shop.tar'): string {
  const path = join(temporaryFolder(), name)
  writeFileSync(path, bytes)
  return path
}

const one: RawTarEntry = { name: 'a.txt', data: 'hello' }
/** A manifest that says of the one file what is there. */
const manifestEntry: RawTarEntry = {
  name: manifestPath,
  data: JSON.stringify(manifestOf(membersOf({ 'a.txt': 'hello' }))),
}

async function refusal(bytes: Uint8Array) {
  return verifyTar(fileOf(bytes), undefined).then(
    () => ({ code: 'none', message: 'it was accepted' }),
    (error: { code: string; message: string }) => ({ code: error.code, message: error.message }),
  )
}

describe.each(['tar', 'tgz'] as const)('a %s', (format) => {
  test('is read back as it was written', async () => {
    const path = await pack(files, format)
    const { manifest, sizeBytes } = await verifyTar(path, undefined)
    expect(manifest).toEqual(manifestOf(membersOf(files)))
    expect(manifest.commit).toBe(someCommit)
    expect(sizeBytes).toBe(readFileSync(path).length)
  })

  test('is refused where it is cut off, wherever that is', async () => {
    const bytes = readFileSync(await pack({ 'a.txt': 'hello', 'b.bin': randomBytes(2000) }, format))
    for (let size = 0; size < bytes.length; size += 97) {
      expect(await refusal(bytes.subarray(0, size)), `${size} bytes`).toMatchObject({ code: 'ARTIFACT_INVALID' })
    }
  })

  test('is refused with one bit changed, wherever that is', async () => {
    const bytes = readFileSync(await pack({ 'a.txt': 'hello', link: { link: 'a.txt' } }, format))
    // A tar has no checksum for the text of its manifest, which names the application: the artifact's digest is that.
    // The header of gzip has a time and a system, which mean nothing to the content.
    const [first, end] = format === 'tar' ? [0, bytes.indexOf(manifestPath) + 512] : [10, bytes.length]
    for (let place = first; place < end; place += 13) {
      const broken = Buffer.from(bytes)
      broken[place] = (broken[place] as number) ^ 0x10
      expect((await refusal(broken)).code, `byte ${place}`).toMatch(/^ARTIFACT_(INVALID|CORRUPT)$/)
    }
  })

  test('is not read to its end once the caller has cancelled', async () => {
    const controller = new AbortController()
    const path = await pack(files, format)
    const reading = verifyTar(path, controller.signal)
    controller.abort(new Error('enough'))
    await expect(reading).rejects.toThrow('enough')
  })
})

test('a tar that was written by hand is accepted, and each refusal below is one change to it', async () => {
  expect(await refusal(rawTar([one, manifestEntry]))).toEqual({ code: 'none', message: 'it was accepted' })
  expect((await verifyTar(fileOf(gzipSync(rawTar([one, manifestEntry]))), undefined)).manifest.commit).toBe(someCommit)
})

describe('a tar is no artifact', () => {
  test.each<[string, readonly RawTarEntry[], string]>([
    ['without a manifest', [one], 'it has no .fairlead/manifest.json'],
    ['with an entry behind its manifest', [manifestEntry, one], 'behind its .fairlead/manifest.json'],
    ['with two entries of one name', [one, one, manifestEntry], 'it has two entries "a.txt"'],
    ['with an entry that climbs out', [{ ...one, name: '../a.txt' }, manifestEntry], '"../a.txt" is no relative path'],
    ['with an absolute name', [{ ...one, name: '/a.txt' }, manifestEntry], '"/a.txt" is no relative path'],
    ['with a dot in its names', [{ ...one, name: './a.txt' }, manifestEntry], '"./a.txt" is no relative path'],
    ['with a name of nothing', [{ ...one, name: '' }, manifestEntry], '"" is no relative path'],
    ['with a folder named like a file', [{ name: 'a', type: '5' }, manifestEntry], 'is no name of a directory'],
    ['with a file named like a folder', [{ name: 'a/' }, manifestEntry], 'is no name of a file'],
    ['with a hard link', [{ name: 'b', type: '1', link: 'a.txt' }, manifestEntry], 'an entry of the type "1"'],
    ['with a device', [{ name: 'b', type: '3' }, manifestEntry], 'an entry of the type "3"'],
    ['with a pipe', [{ name: 'b', type: '6' }, manifestEntry], 'an entry of the type "6"'],
    ["with GNU's long names", [{ name: 'L', type: 'L', data: 'b' }, one, manifestEntry], 'an entry of the type "L"'],
    ['with a global header', [{ ...extended({ path: 'b' }), type: 'g' }, one, manifestEntry], 'of the type "g"'],
    ['with a link to nowhere', [{ name: 'b', type: '2' }, manifestEntry], 'a target that is none of a symlink'],
    ['with a file that has a target', [{ ...one, link: 'b' }, manifestEntry], 'a target that is none of a file'],
    ['with a link that has content', [{ name: 'b', type: '2', link: 'a', data: 'x' }, manifestEntry], 'has content'],
    ['with an owner', [{ ...one, uid: '1750' }, manifestEntry], 'an entry with an owner'],
    ['with the name of an owner', [{ ...one, user: 'root' }, manifestEntry], 'an entry with an owner'],
    ['of the kind of GNU', [{ ...one, magic: 'ustar  \0' }, manifestEntry], 'no tar of the POSIX kind'],
    ['with a wrong checksum', [{ ...one, checksumOff: 1 }, manifestEntry], 'a wrong checksum'],
    ['with a number that is none', [{ ...one, size: '-0000000005' }, manifestEntry], 'a number that is none'],
    ['with a negative size', [{ ...one, size: Buffer.alloc(12, 0xff) }, manifestEntry], 'a number that is none'],
    [
      'with a size beyond any',
      [{ ...one, size: Buffer.concat([Buffer.from([0x80]), Buffer.alloc(11, 0x7f)]) }, manifestEntry],
      'no possible size',
    ],
    ['with two sizes', [extended({ size: '6' }), one, manifestEntry], 'an entry of two sizes'],
    ['with text behind a name', [{ ...one, name: 'a.txt\0b' }, manifestEntry], 'hidden text'],
    ['with a name that is not UTF-8', [{ ...one, prefix: Buffer.from([0xff]) }, manifestEntry], 'not UTF-8'],
    ['with bytes between its entries', [{ ...one, padding: 1 }, manifestEntry], 'bytes that belong to no entry'],
    ['with an unknown extension', [extended({ 'GNU.sparse.size': '9' }), one, manifestEntry], '"GNU.sparse.size"'],
    ['with an extension twice', [extended({ path: 'a' }), extended({ path: 'b' }), one], 'two extended headers'],
    [
      'with one key twice',
      [{ ...extended({}), data: '8 path=a\n8 path=b\n'.replaceAll('8', '9') }, one, manifestEntry],
      'has path twice',
    ],
    ['with a record that is none', [{ ...extended({}), data: '99 path=a\n' }, one, manifestEntry], 'a record that is'],
    ['with an extension for nothing', [one, manifestEntry, extended({ path: 'b' })], 'ends after an extended header'],
    ['with an extension that is huge', [extended({ path: 'a'.repeat(70_000) }), one], 'an extended header of 7'],
    ['with a zero in a long name', [extended({ path: 'a\0.txt' }), one, manifestEntry], 'is no relative path'],
    [
      'with an entry below a link',
      [{ name: 'b', type: '2', link: 'c', mode: '777' }, { ...one, name: 'b/a.txt' }, manifestEntry],
      '"b/a.txt" is below "b"',
    ],
    [
      'with its manifest below a link',
      [{ name: '.fairlead', type: '2', link: 'c', mode: '777' }, manifestEntry],
      'is below ".fairlead"',
    ],
    ['with a manifest that is none', [one, { ...manifestEntry, data: '{}' }], 'manifest'],
    ['with a manifest that is a link', [{ name: manifestPath, type: '2', link: 'a.txt' }], 'is no file of at most'],
  ])('%s', async (_name, entries, words) => {
    const { code, message } = await refusal(rawTar(entries))
    expect({ code, message }).toMatchObject({ code: 'ARTIFACT_INVALID', message: expect.stringContaining(words) })
    expect((await refusal(gzipSync(rawTar(entries)))).code).toBe(code)
  })

  test('with something behind its end', async () => {
    const end = Buffer.alloc(1536)
    end[1030] = 1
    expect(await refusal(rawTar([one, manifestEntry], end))).toMatchObject({ code: 'ARTIFACT_INVALID' })
  })

  test('without its second block of zeros', async () => {
    expect(await refusal(rawTar([one, manifestEntry], Buffer.alloc(512)))).toMatchObject({ code: 'ARTIFACT_INVALID' })
  })

  test('with a link that leads out', async () => {
    const members = membersOf({ 'a.txt': 'hello', link: { link: '../../etc/passwd' } })
    const failure = await refusal(readFileSync(await write(withManifest(members), { format: 'tar' })))
    expect(failure).toMatchObject({ code: 'ARTIFACT_INVALID', message: expect.stringContaining('link-escapes') })
  })

  test('that is no tar at all, is empty, or is not there', async () => {
    expect((await refusal(randomBytes(2048))).code).toBe('ARTIFACT_INVALID')
    expect((await refusal(Buffer.alloc(0))).code).toBe('ARTIFACT_INVALID')
    expect((await refusal(readFileSync(await pack({ a: 'b' }, 'zip')))).code).toBe('ARTIFACT_INVALID')
    const missing = join(temporaryFolder(), 'none.tar')
    await expect(verifyTar(missing, undefined)).rejects.toMatchObject({
      code: 'ARTIFACT_NOT_FOUND',
      context: { path: missing, reason: 'ENOENT' },
    })
    await expect(verifyTar(temporaryFolder(), undefined)).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' })
  })

  test('in gzip with something behind it', async () => {
    const bytes = readFileSync(await pack({ a: 'b' }, 'tgz'))
    expect((await refusal(Buffer.concat([bytes, Buffer.from('more')]))).code).toBe('ARTIFACT_INVALID')
  })
})

describe('a tar does not hold what its manifest says', () => {
  test.each<[string, readonly RawTarEntry[], string]>([
    ['where bytes differ', [{ ...one, data: 'hallo' }], 'a.txt has other bytes'],
    ['where a size differs', [{ ...one, data: 'hello!' }], 'a.txt has 6 bytes, not 5'],
    ['where a mode differs', [{ ...one, mode: '755' }], 'a.txt has mode 0755, not 0644'],
    ['where a mode has more bits', [{ ...one, mode: '4644' }], 'a.txt has mode 4644, not 0644'],
    ['where a type differs', [{ name: 'a.txt', type: '2', link: 'hello' }], 'a.txt is a symlink, not a file'],
    ['where an entry is missing', [], 'a.txt is missing'],
    ['where an entry is too many', [one, { ...one, name: 'b.txt' }], 'b.txt is not in the manifest'],
  ])('%s', async (_name, entries, words) => {
    expect(await refusal(rawTar([...entries, manifestEntry]))).toMatchObject({
      code: 'ARTIFACT_CORRUPT',
      message: expect.stringContaining(words),
    })
  })
})

test('a long name stays whole wherever the pieces that are read end', async () => {
  // Extended headers all along the first 400 kB, with characters of two bytes across every boundary.
  const many = Object.fromEntries(
    Array.from({ length: 260 }, (_, index) => [`${String(index).padStart(3, '0')}${'ü'.repeat(110)}`, 'x']),
  )
  for (const format of ['tar', 'tgz'] as const) {
    const path = await pack(many, format)
    expect((await verifyTar(path, undefined)).manifest).toEqual(manifestOf(membersOf(many)))
    if (format === 'tgz') expect(gunzipSync(readFileSync(path)).length).toBeGreaterThan(400_000)
  }
})

test('8 GiB and more are read where the extended header and the header agree', async () => {
  const inHeader = Buffer.alloc(12)
  inHeader[0] = 0x80
  inHeader.writeBigUInt64BE(BigInt(9 * 1024 ** 3), 4)
  const header: RawTarEntry = { name: 'huge', size: inHeader }
  const failure = await refusal(rawTar([extended({ size: String(9 * 1024 ** 3) }), header]))
  // The bytes themselves are not in this small file.
  expect(failure.message).toContain('it is cut off')
})
