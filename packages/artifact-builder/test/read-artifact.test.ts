import { readFileSync, rmSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { manifestPath, type ManifestEntry } from '@fairlead/core'
import { temporaryFolder } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import { artifactErrors, buildArtifact, digestContent, readArtifact } from '../src/index.ts'
import { letters } from './support/made-up-secrets.ts'
import { manifestMember, manifestOf, sha256, writeZip } from './support/raw-artifact.ts'
import { fileMode, folderMode, linkMode, rawZip, type RawEntry } from './support/raw-zip.ts'
import { createShop } from './support/shop.ts'

const entries: readonly ManifestEntry[] = [
  { path: 'a.txt', type: 'file', mode: '0644', sizeBytes: 5, sha256: sha256('hello') },
  { path: 'empty', type: 'directory', mode: '0755', sizeBytes: 0 },
  { path: 'link', type: 'symlink', mode: '0777', sizeBytes: 5, sha256: sha256('a.txt') },
]
const members: readonly RawEntry[] = [
  { name: 'a.txt', data: 'hello' },
  { name: 'empty/', mode: folderMode },
  { name: 'link', data: 'a.txt', mode: linkMode },
]

const manifest = manifestMember(manifestOf(entries))
const [file, folder, link] = members as [RawEntry, RawEntry, RawEntry]

async function readBytes(bytes: Uint8Array) {
  return readArtifact(writeZip(bytes))
}

test('a zip that holds what its manifest says is read, whoever wrote it', async () => {
  const bytes = rawZip([manifest, ...members])
  const { artifact, manifest: found } = await readBytes(bytes)
  expect(found).toEqual(manifestOf(entries))
  expect(artifact).toMatchObject({
    application: 'shop',
    commit: 'c'.repeat(40),
    sha256: createHash('sha256').update(bytes).digest('hex'),
    sizeBytes: bytes.length,
    entryCount: 3,
    contentDigest: digestContent(entries),
  })
})

test('what was read is told', async () => {
  const shop = createShop()
  const artifact = await buildArtifact(shop.options())
  shop.events.length = 0
  await readArtifact({ ...artifact }, { onEvent: (event) => shop.events.push(event) })
  expect(shop.events).toMatchObject([
    { type: 'artifact.reading', path: shop.output, entriesDone: 7, entryCount: 7 },
    { type: 'artifact.verified', path: shop.output, sha256: artifact.sha256 },
  ])
})

describe('corrupt', () => {
  const rows: Readonly<Record<string, readonly [readonly RawEntry[], string, string]>> = {
    'an entry more than the manifest has': [[manifest, ...members, { name: 'b' }], 'b', 'is not in the manifest'],
    'an entry fewer': [[manifest, file, folder], 'link', 'is missing'],
    'other bytes of the same number': [
      [manifest, { ...file, data: 'hallo' }, folder, link],
      'a.txt',
      'has other bytes',
    ],
    'more bytes': [[manifest, { ...file, data: 'hello!' }, folder, link], 'a.txt', 'has 6 bytes, not 5'],
    'another target of a link': [[manifest, file, folder, { ...link, data: 'b.txt' }], 'link', 'has other bytes'],
    'an exec bit': [[manifest, { ...file, mode: 0o100755 }, folder, link], 'a.txt', 'has mode 0755, not 0644'],
    'a set-user-id bit': [[manifest, { ...file, mode: 0o104644 }, folder, link], 'a.txt', 'has mode 4644, not 0644'],
    'a file where the manifest has a link': [
      [manifest, file, folder, { ...link, mode: 0o100777 }],
      'link',
      'is a file, not a symlink',
    ],
    'a checksum that is not that of the bytes': [
      [manifest, { ...file, checksum: 1 }, folder, link],
      'a.txt',
      'has another checksum than its header says',
    ],
  }
  test.each(Object.entries(rows))('%s', async (_name, [zip, entry, problem]) => {
    await expect(readBytes(rawZip(zip))).rejects.toMatchObject({
      code: 'ARTIFACT_CORRUPT',
      context: { entry, problem },
    })
  })
})

describe('invalid', () => {
  const wrong = (name: string, others: Partial<RawEntry> = {}) => [manifest, ...members, { name, ...others }]
  const rows: Readonly<Record<string, readonly [readonly RawEntry[] | Uint8Array, RegExp]>> = {
    'no zip at all': [Buffer.from('hello'), /end of central directory/i],
    'an empty file': [Buffer.alloc(0), /end of central directory/i],
    'no manifest': [members, /no \.fairlead\/manifest\.json/],
    'a manifest that is a link': [[{ ...manifest, mode: linkMode }, ...members], /is no file/],
    'a manifest that is no JSON': [[{ name: manifestPath, data: '{' }, ...members], /manifest.*expected JSON/],
    'a manifest of another form': [
      [manifestMember({ ...manifestOf(entries), schema: 'fairlead/manifest/2' }), ...members],
      /schema is "fairlead\/manifest\/2"/,
    ],
    'a content digest that is not that of the entries': [
      [manifestMember(manifestOf(entries, { contentDigest: '0'.repeat(64) })), ...members],
      /content digest/,
    ],
    'a manifest that is wrong, beside an entry that is wrong too': [
      [
        manifestMember(manifestOf(entries, { contentDigest: '0'.repeat(64) })),
        { ...file, checksum: 1 },
        ...members.slice(1),
      ],
      /content digest/,
    ],
    'a manifest that names an entry twice': [
      [manifestMember(manifestOf([...entries.slice(0, 1), ...entries])), ...members],
      /not in order at "a\.txt"/,
    ],
    'a manifest out of order': [[manifestMember(manifestOf(entries.toReversed())), ...members], /not in order/],
    'a folder with a digest': [
      [
        manifestMember(
          manifestOf([{ path: 'd', type: 'directory', mode: '0755', sizeBytes: 0, sha256: 'a'.repeat(64) }]),
        ),
      ],
      /digest, or one too many, for "d"/,
    ],
    'an entry twice': [[manifest, ...members, file], /two entries "a\.txt"/],
    'the manifest twice': [[manifest, ...members, manifest], /two entries "\.fairlead\/manifest\.json"/],
    'a file and a folder of one name': [wrong('a.txt/', { mode: folderMode }), /two entries "a\.txt"/],
    'a path that climbs': [wrong('../up'), /"\.\.\/up" is no relative path/],
    'an absolute path': [wrong('/etc/cron.d/x'), /absolute path/],
    'a path with a dot': [wrong('./b'), /"\.\/b" is no relative path/],
    'a path with an empty part': [wrong('a//b'), /"a\/\/b" is no relative path/],
    'a folder without its slash': [wrong('b', { mode: folderMode }), /"b" is no name of a directory/],
    'a file with a slash': [wrong('b/', { mode: fileMode }), /"b\/" is no name of a file/],
    'a device': [wrong('b', { mode: 0o020644 }), /no Unix file type/],
    'an entry of another system': [wrong('b', { madeBy: 0 }), /no Unix file type/],
    'an encrypted entry': [wrong('b', { flags: 0x801, method: 8 }), /encrypted/],
    'an unknown compression': [wrong('b', { method: 12 }), /unusual/],
    'an entry below a link': [wrong('link/b'), /"link\/b" is below "link", which is no folder/],
    'an entry below a file': [wrong('a.txt/b'), /"a\.txt\/b" is below "a\.txt", which is no folder/],
  }
  test.each(Object.entries(rows))('%s', async (_name, [zip, problem]) => {
    const bytes = zip instanceof Uint8Array ? zip : rawZip(zip)
    await expect(readBytes(bytes)).rejects.toMatchObject({
      code: 'ARTIFACT_INVALID',
      context: { problem: expect.stringMatching(problem) as string },
    })
  })
})

test.each([
  ['/etc/passwd', 'link-escapes'],
  ['../up', 'link-escapes'],
  ['nowhere', 'link-dangling'],
  ['link', 'link-cycle'],
])('a link to %s is refused, although the manifest says the same', async (target, reason) => {
  const list: readonly ManifestEntry[] = [
    { path: 'link', type: 'symlink', mode: '0777', sizeBytes: target.length, sha256: sha256(target) },
  ]
  const zip = rawZip([manifestMember(manifestOf(list)), { name: 'link', data: target, mode: linkMode }])
  await expect(readBytes(zip)).rejects.toMatchObject({
    code: 'ARTIFACT_INVALID',
    context: { problem: `its link "link" leads where it must not (${reason})` },
  })
})

test('an artifact that was cut anywhere, or to which something was added, is refused', async () => {
  const shop = createShop()
  await buildArtifact(shop.options())
  const bytes = readFileSync(shop.output)
  for (const length of [0, 1, 100, bytes.length >> 1, bytes.length - 22, bytes.length - 1]) {
    await expect(readBytes(bytes.subarray(0, length))).rejects.toMatchObject({ code: 'ARTIFACT_INVALID' })
  }
  await expect(readBytes(Buffer.concat([bytes, Buffer.from('x')]))).rejects.toMatchObject({ code: 'ARTIFACT_INVALID' })
})

test('one changed bit in the content of any entry is refused', async () => {
  const shop = createShop({ 'built.js': letters(20_000) })
  await buildArtifact(shop.options())
  const bytes = readFileSync(shop.output)
  // In the middle of the data of an entry, and of the manifest.
  for (const at of [bytes.indexOf('built.js') + 5_000, bytes.indexOf(manifestPath) + 100]) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] as number) ^ 1
    await expect(readBytes(changed)).rejects.toMatchObject({
      code: expect.stringMatching(/^ARTIFACT_(?:CORRUPT|INVALID)$/) as string,
    })
  }
})

test('refuses a path that is not there, a folder, and what is no path', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'no.zip')
  await expect(readArtifact(path)).rejects.toMatchObject({
    code: artifactErrors.ARTIFACT_NOT_FOUND.code,
    context: { path, reason: 'ENOENT' },
  })
  await expect(readArtifact({ path: folder })).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' })
  for (const subject of ['', null, undefined, 7, {}, { path: '' }]) {
    await expect(readArtifact(subject as string)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  }
  await expect(readArtifact(path, { onEvents: 1 } as object)).rejects.toMatchObject({ code: 'UNKNOWN_OPTION' })
})

test('cancelled, it rejects with the very reason', async () => {
  const shop = createShop()
  await buildArtifact(shop.options())
  const reason = new Error('enough')
  await expect(readArtifact(shop.output, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  const controller = new AbortController()
  const reading = readArtifact(shop.output, { signal: controller.signal })
  setImmediate(() => controller.abort(reason))
  await expect(reading).rejects.toBe(reason)
  // Nothing holds the file.
  rmSync(shop.output)
})
