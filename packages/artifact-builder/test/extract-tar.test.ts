import { randomBytes } from 'node:crypto'
import {
  createWriteStream,
  existsSync,
  lstatSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { manifestPath } from '@fairlead/core'
import { temporaryFolder } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import { extractTar } from '../src/extract-tar.ts'
import { manifestOf, membersOf, pack, withManifest, write, type PackedFiles } from './support/packed.ts'
import { rawTar } from './support/raw-tar.ts'

const files: PackedFiles = {
  'a.txt': 'hello',
  'big.bin': randomBytes(700_001),
  empty: '',
  'folder/none': 'folder/',
  link: { link: 'run/start.sh' },
  'run/start.sh': { script: '#!/bin/sh\n' },
  [`${'ä'.repeat(100)}/${'ö'.repeat(100)}`]: 'a long name',
}

/** A place for a folder that is made once it is known how much goes in. */
function place() {
  const into = join(temporaryFolder(), 'release')
  const told: number[] = []
  return {
    into,
    told,
    prepare: async ({ contentBytes }: { readonly contentBytes: number }) => {
      told.push(contentBytes)
      await mkdir(into)
      return { folder: into, into, keepsModes: false, durable: false }
    },
  }
}

describe.each(['tar', 'tgz'] as const)('extracting a %s', (format) => {
  test('makes the same files, modes, links and empty folders, whatever the umask', async () => {
    const path = await pack(files, format)
    const { into, told, prepare } = place()
    const before = process.umask(0o077)
    try {
      expect((await extractTar(path, undefined, { prepare })).manifest).toEqual(manifestOf(membersOf(files)))
    } finally {
      process.umask(before)
    }
    for (const { path: name, type, mode, content } of membersOf(files)) {
      const facts = lstatSync(join(into, name))
      if (type === 'symlink') expect(readlinkSync(join(into, name))).toBe(content.toString())
      else expect(facts.mode & 0o7777, name).toBe(mode)
      if (type === 'file') expect(readFileSync(join(into, name)).equals(content), name).toBe(true)
      if (type === 'directory') expect(readdirSync(join(into, name))).toEqual([])
    }
    expect(lstatSync(join(into, 'run')).mode & 0o7777).toBe(0o755)
    expect(JSON.parse(readFileSync(join(into, manifestPath), 'utf8'))).toEqual(manifestOf(membersOf(files)))
    expect(told).toEqual([membersOf(files).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)])
  })

  test('makes nothing of a tar of which the last byte is wrong', async () => {
    const bytes = readFileSync(await pack(files, format))
    bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1
    const path = join(temporaryFolder(), 'shop.tar')
    writeFileSync(path, bytes)
    const { into, told, prepare } = place()
    await expect(extractTar(path, undefined, { prepare })).rejects.toMatchObject({ code: 'ARTIFACT_INVALID' })
    expect(told).toEqual([])
    expect(existsSync(into)).toBe(false)
  })

  test('can be refused for its size before anything is written', async () => {
    // A small tgz that holds much.
    const path = await pack({ 'zeros.bin': Buffer.alloc(30_000_000) }, format)
    const refuse = ({ contentBytes }: { readonly contentBytes: number }) =>
      Promise.reject(new Error(`no room for ${contentBytes} bytes`))
    await expect(extractTar(path, undefined, { prepare: refuse })).rejects.toThrow('no room for 30000000 bytes')
  })
})

test('a tar that leads out of its folder is refused before anything is written', async () => {
  const outside = join(temporaryFolder(), 'outside')
  const hostile = [
    rawTar([{ name: '../outside', data: 'x' }]),
    rawTar([
      { name: 'way', type: '2', link: '..' },
      { name: 'way/outside', data: 'x' },
    ]),
    readFileSync(
      await write(withManifest(membersOf({ way: { link: '../outside' } })), { format: 'tar', memberCount: 2 }),
    ),
  ]
  for (const bytes of hostile) {
    const path = join(temporaryFolder(), 'shop.tar')
    writeFileSync(path, bytes)
    const { told, prepare } = place()
    await expect(extractTar(path, undefined, { prepare })).rejects.toMatchObject({ code: 'ARTIFACT_INVALID' })
    expect(told).toEqual([])
    expect(existsSync(outside)).toBe(false)
  }
})

test('a tar that becomes another one between its two readings is refused', async () => {
  const path = await pack({ 'a.txt': 'hello' }, 'tar')
  const other = readFileSync(await pack({ 'a.txt': 'hallo' }, 'tar'))
  const { prepare } = place()
  const swap = async (contents: { readonly contentBytes: number }) => {
    writeFileSync(path, other)
    return prepare(contents)
  }
  await expect(extractTar(path, undefined, { prepare: swap })).rejects.toMatchObject({ code: 'ARTIFACT_INVALID' })
})

test('what stands in the way is never written through', async () => {
  const path = await pack({ 'a.txt': 'hello' }, 'tar')
  const { into, prepare } = place()
  const occupy = async (contents: { readonly contentBytes: number }) => {
    const target = await prepare(contents)
    await new Promise((done) => createWriteStream(join(into, 'a.txt')).end('mine', () => done(undefined)))
    return target
  }
  await expect(extractTar(path, undefined, { prepare: occupy })).rejects.toMatchObject({
    code: 'ARTIFACT_FOLDER_UNWRITABLE',
    context: { path: 'a.txt', reason: 'EEXIST' },
  })
  expect(readFileSync(join(into, 'a.txt'), 'utf8')).toBe('mine')
})

test('cancelling ends it with the reason that was given', async () => {
  const controller = new AbortController()
  const { prepare } = place()
  const cancel = async (contents: { readonly contentBytes: number }) => {
    controller.abort(new Error('enough'))
    return prepare(contents)
  }
  const path = await pack(files, 'tgz')
  await expect(extractTar(path, controller.signal, { prepare: cancel })).rejects.toThrow('enough')
})
