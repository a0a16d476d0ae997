import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { manifestPath } from '@fairlead/core'
import { withTools } from '@fairlead/test-support'
import { expect, test } from 'vitest'
import { openPromise } from 'yauzl'
import { buildArtifact, readArtifact, verifyArtifact } from '../src/index.ts'
import { letters } from './support/made-up-secrets.ts'
import { rawArtifact, writeZip } from './support/raw-artifact.ts'
import { folderMode, linkMode, type RawEntry, type RawZipOptions } from './support/raw-zip.ts'
import { createShop } from './support/shop.ts'

const members: readonly RawEntry[] = [
  { name: 'bin/run', data: '#!/bin/sh\n', mode: 0o100755, method: 8 },
  { name: 'empty-folder/', mode: folderMode },
  { name: 'link', data: 'bin/run', mode: linkMode },
  { name: 'zip64', data: letters(100_000), method: 8, zip64: true },
  { name: 'ü 😀', data: 'y' },
]

const zips: Readonly<Record<string, () => Promise<string>>> = {
  'an artifact of archiver, which has descriptors': async () =>
    (await buildArtifact(createShop({ 'built.js': letters(700_000) }).options())).path,
  'an artifact with sizes before the data': () => Promise.resolve(written({})),
  'an artifact with zip64 records': () => Promise.resolve(written({ zip64: true })),
}

function written(options: RawZipOptions): string {
  return writeZip(rawArtifact(members, options))
}

/** Entries as lines: path, bytes, digest, Unix mode. */
async function ours(path: string): Promise<readonly string[]> {
  const { manifest } = await readArtifact(path)
  const types = { file: 0o100000, directory: 0o040000, symlink: 0o120000 }
  return manifest.entries.map((entry) => {
    const mode = types[entry.type] | Number.parseInt(entry.mode, 8)
    const name = entry.type === 'directory' ? `${entry.path}/` : entry.path
    const digest = entry.sha256 ?? createHash('sha256').digest('hex')
    return `${name} ${entry.sizeBytes} ${digest} ${mode.toString(8)}`
  })
}

test.each(Object.entries(zips))('yauzl reads the same of %s', async (_name, make) => {
  const path = await make()
  const found: string[] = []
  const zip = await openPromise(path, { autoClose: false, strictFileNames: true })
  for await (const entry of zip.eachEntry()) {
    const hash = createHash('sha256')
    for await (const piece of await zip.openReadStreamPromise(entry)) hash.update(piece as Buffer)
    const mode = (entry.externalFileAttributes >>> 16).toString(8)
    found.push(`${entry.fileName} ${entry.uncompressedSize} ${hash.digest('hex')} ${mode}`)
  }
  zip.close()
  expect(found.filter((line) => !line.startsWith(manifestPath)).sort()).toEqual([...(await ours(path))].sort())
})

const script = String.raw`
import hashlib, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as z:
    for info in z.infolist():
        if info.filename == '.fairlead/manifest.json': continue
        print(info.filename, info.file_size, hashlib.sha256(z.read(info)).hexdigest(), oct(info.external_attr >> 16)[2:])
`

withTools(['python3', 'unzip'], "Python's zipfile and unzip read the same", async () => {
  for (const make of Object.values(zips)) {
    const path = await make()
    const found = execFileSync('python3', ['-X', 'utf8', '-c', script, path], { encoding: 'utf8' })
    expect(found.trim().split('\n').sort()).toEqual([...(await ours(path))].sort())
    expect(execFileSync('unzip', ['-tq', path], { encoding: 'utf8' })).toContain('No errors detected')
  }
})

test.each([65_534, 65_535, 65_536, 70_000])('an artifact of %i entries is read', async (entryCount) => {
  const list = Array.from({ length: entryCount - 1 }, (_, index) => ({ name: `f${String(index).padStart(5, '0')}` }))
  const path = writeZip(rawArtifact(list, { zip64: entryCount >= 0xffff }))
  const { artifact } = await verifyArtifact(path)
  expect(artifact.entryCount).toBe(entryCount - 1)
})

test('verifyArtifact refuses another artifact than the one that was meant', async () => {
  const path = written({})
  const { artifact } = await verifyArtifact(path)
  const { sha256, contentDigest } = artifact
  const expected = { expectedSha256: sha256, expectedContentDigest: contentDigest }
  await expect(verifyArtifact(artifact, expected)).resolves.toMatchObject({ artifact })
  await expect(verifyArtifact(path, { ...expected, expectedSha256: 'a'.repeat(64) })).rejects.toMatchObject({
    code: 'ARTIFACT_UNEXPECTED',
    context: { path, fact: 'sha256', expected: 'a'.repeat(64), found: sha256 },
  })
  await expect(verifyArtifact(path, { expectedContentDigest: 'b'.repeat(64) })).rejects.toMatchObject({
    code: 'ARTIFACT_UNEXPECTED',
    context: { fact: 'content digest', found: contentDigest },
  })
  await expect(verifyArtifact(path, { expectedSha256: sha256.toUpperCase() })).rejects.toMatchObject({
    code: 'INVALID_OPTION',
  })
})
