import { execFileSync } from 'node:child_process'
import { createCipheriv, createHash } from 'node:crypto'
import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { manifestPath, type Artifact } from '@fairlead/core'
import { createRepository, temporaryFolder, withTools } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import { openPromise } from 'yauzl'
import { buildArtifact, readArtifact } from '../src/index.ts'
import { createShop } from './support/shop.ts'
import { fileFacts, folderFacts, linkFacts, treeFacts, type TreeFacts } from './support/tree-facts.ts'

const isLong = process.env['FAIRLEAD_LONG'] !== undefined
const mebibyte = 1024 * 1024
const gibibyte = 1024 * mebibyte

/** Names that a file of Linux may have; all of them must come out as they went in. */
const oddNames: readonly string[] = [
  '-dash and space',
  ' space first',
  'space last ',
  'dot last.',
  'ü/käse 😀.txt',
  'composed-\u00e9',
  'decomposed-e\u0301',
  'right-to-left-\u05d0\u05d1',
  'src/10:30.txt',
  'quote\'s "and" `more`',
  '$HOME/%41;&|<>?*[a].txt',
  '~',
  '.hidden',
  'back\\slash.txt',
  'c:drive.txt',
  '...',
  'n'.repeat(255),
  `${'ü'.repeat(127)}n`,
  `${'deep/'.repeat(100)}file`,
]

/**
 * What bsdtar unpacks under another name, because it does so with every archive: libarchive composes letters and their
 * accents, takes a backslash of a name without `/` for a separator, and removes what looks like a drive.
 */
const renamedByBsdtar: Readonly<Record<string, string>> = {
  'decomposed-e\u0301': 'decomposed-\u00e9',
  'back\\slash.txt': 'back/slash.txt',
  'c:drive.txt': 'drive.txt',
}

/** Bytes that do not compress, the same in every run. */
function noise(sizeBytes: number): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(sizeBytes))
}

/** An artifact with all that is odd, and what an unpacking tool has to make of it. */
async function buildOddities() {
  const shop = createShop({
    ...Object.fromEntries(oddNames.map((name) => [name, `content of ${name}`])),
    'bin/tool': { text: '#!/bin/sh\n', mode: 0o755 },
    'src/deep/up.js': { link: '../main.js' },
    'src/link-to-link.js': { link: 'deep/up.js' },
    'link-to-folder': { link: 'src/deep' },
    'empty/file': '',
  })
  const source = shop.repository.path
  mkdirSync(join(source, 'var/empty'), { recursive: true })
  mkdirSync(join(source, 'ü-empty'))
  writeFileSync(join(source, 'noise.bin'), noise(5 * mebibyte))
  writeFileSync(join(source, 'zeros.bin'), Buffer.alloc(5 * mebibyte))
  const artifact = await buildArtifact(shop.options())
  const expected = treeFacts(source, ({ mode }) => (mode & 0o100 ? 0o755 : 0o644))
  return { artifact, expected }
}

/** Runs a program with the umask and the locale that most machines have, and answers what it prints. */
function run(program: string, args: readonly string[], cwd?: string): string {
  return execFileSync('sh', ['-c', 'umask 022 && exec "$@"', 'sh', program, ...args], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
    maxBuffer: 64 * mebibyte,
  })
}

/** What a program makes of an artifact in an empty folder, the manifest left out. */
function unpacked(artifact: Artifact, [program, ...args]: readonly [string, ...string[]]): TreeFacts {
  const target = join(dirname(artifact.path), 'unpacked')
  mkdirSync(target)
  run(program, args, target)
  return withoutManifest(treeFacts(target))
}

function withoutManifest(facts: TreeFacts): TreeFacts {
  return Object.fromEntries(Object.entries(facts).filter(([path]) => path !== manifestPath))
}

describe('an artifact with every odd name, links, exec bits, empty folders and files, and large files', () => {
  withTools(['unzip'], 'is without error for unzip, which unpacks the same tree', async () => {
    const { artifact, expected } = await buildOddities()
    expect(run('unzip', ['-t', artifact.path])).toContain('No errors detected')
    expect(unpacked(artifact, ['unzip', '-q', artifact.path])).toEqual(expected)
  })

  withTools(['7z'], 'is without error for 7z, which unpacks the same tree', async () => {
    const { artifact, expected } = await buildOddities()
    expect(run('7z', ['t', artifact.path])).toContain('Everything is Ok')
    // By itself, 7-Zip since 25.01 leaves out every link with `..` in it, wherever it leads.
    expect(unpacked(artifact, ['7z', 'x', '-bso0', '-snld20', artifact.path])).toEqual(expected)
  })

  withTools(
    ['bsdtar'],
    'is unpacked by bsdtar to the same tree, but for the names that it always changes',
    async () => {
      const { artifact, expected } = await buildOddities()
      const renamed = Object.entries(expected).map(([path, facts]) => [renamedByBsdtar[path] ?? path, facts])
      expect(unpacked(artifact, ['bsdtar', '-xpf', artifact.path])).toEqual(Object.fromEntries(renamed))
    },
  )

  test('is read by yauzl with the same names, kinds, modes and bytes', async () => {
    const { artifact, expected } = await buildOddities()
    const seen: Record<string, string> = {}
    const zip = await openPromise(artifact.path, { decodeStrings: false })
    for await (const entry of zip.eachEntry()) {
      const bytes = await buffer(await zip.openReadStreamPromise(entry))
      seen[entry.fileNameRaw.toString().replace(/\/$/, '')] = factsOf(entry.externalFileAttributes >>> 16, bytes)
    }
    expect(withoutManifest(seen)).toEqual(expected)
  })

  withTools(
    ['java'],
    "is read by Java's ZipInputStream, which sees the local headers alone, with the same bytes",
    async () => {
      const { artifact, expected } = await buildOddities()
      const seen = readWithJava(artifact.path).filter(({ name }) => name !== manifestPath)
      // A local header has neither mode nor kind: a link is a file with its target in it.
      const wanted = Object.entries(expected).map(([path, facts]) => {
        if (facts === folderFacts) return { name: `${path}/`, sha256: sha256Of('') }
        const [kind, rest = ''] = [facts.split(' ', 1)[0], facts.slice(facts.indexOf(' ') + 1)]
        return { name: path, sha256: kind === 'link' ? sha256Of(rest) : rest.split(' ')[1] }
      })
      expect(seen.map(({ name, sha256 }) => ({ name, sha256 }))).toEqual(inByteOrder(wanted))
    },
  )

  withTools(
    ['python3'],
    "is read by Python's zipfile, which computes the digest of the content as documented",
    async () => {
      const { artifact } = await buildOddities()
      const { manifest } = await readArtifact(artifact)
      expect(JSON.parse(run('python3', ['-c', python, artifact.path]))).toEqual({
        digest: artifact.contentDigest,
        stated: artifact.contentDigest,
        seen: manifest.entries.map(({ path }) => path),
        sorted: true,
        last: manifestPath,
      })
    },
  )
})

function factsOf(mode: number, bytes: Uint8Array): string {
  const kind = mode & 0o170000
  if (kind === 0o120000) return linkFacts(Buffer.from(bytes).toString())
  return kind === 0o040000 ? folderFacts : fileFacts(mode & 0o7777, bytes)
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function inByteOrder<T extends { readonly name: string }>(entries: readonly T[]): readonly T[] {
  return entries.toSorted((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))
}

function readWithJava(path: string) {
  const printed = run('java', [join(import.meta.dirname, 'support/Oracle.java'), path])
  return printed
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [size, sha256 = '', ...name] = line.split(' ')
      return { sizeBytes: Number(size), sha256, name: name.join(' ') }
    })
}

const python = String.raw`
import hashlib, json, stat, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as z:
    assert z.testzip() is None
    manifest = json.loads(z.read('.fairlead/manifest.json'))
    content = hashlib.sha256(b'fairlead/content/1\n')
    seen = []
    for info in z.infolist():
        mode = info.external_attr >> 16
        kind = {stat.S_IFREG: 'file', stat.S_IFDIR: 'directory', stat.S_IFLNK: 'symlink'}[stat.S_IFMT(mode)]
        name = info.filename.rstrip('/')
        assert info.date_time == (1980, 1, 1, 0, 0, 0), info
        assert info.extra == b'' and info.comment == b'', info
        if name == '.fairlead/manifest.json': continue
        data = z.read(info)
        digest = '-' if kind == 'directory' else hashlib.sha256(data).hexdigest()
        content.update(('%s %04o %d %s %s\0' % (kind, stat.S_IMODE(mode), len(data), digest, name)).encode())
        seen.append(name)
    names = [info.filename.rstrip('/') for info in z.infolist()]
    print(json.dumps({'digest': content.hexdigest(), 'stated': manifest['contentDigest'], 'seen': seen,
                      'sorted': names[:-1] == sorted(names[:-1], key=lambda name: name.encode()), 'last': names[-1]}))
`

const countNames = 'import sys, zipfile; print(len(zipfile.ZipFile(sys.argv[1]).namelist()))'

/** How many entries each tool finds. */
const counters: Readonly<Record<string, (path: string) => number>> = {
  unzip: (path) => linesIn(run('unzip', ['-Z', '-1', path])),
  python3: (path) => Number(run('python3', ['-c', countNames, path])),
  '7z': (path) => linesIn(run('7z', ['l', '-ba', path])),
  bsdtar: (path) => linesIn(run('bsdtar', ['-tf', path])),
  java: (path) => readWithJava(path).length,
}

function linesIn(text: string): number {
  return text.split('\n').length - 1
}

/** Around the number that the 16 bits of a zip's end cannot say (APPNOTE.TXT 4.4.22), the manifest counted. */
const entryCounts = isLong ? [65_534, 65_535, 65_536, 65_537, 70_000, 70_001] : [65_535]
const minutes = 60_000

withTools(
  Object.keys(counters),
  `every tool finds all entries of artifacts with ${entryCounts.join(', ')} of them`,
  async () => {
    const folder = temporaryFolder()
    const repository = createRepository(join(folder, 'tree'))
    repository.commit({ 'package.json': '{ "name": "many" }\n' })
    let made = 2 // package.json and the manifest
    for (const entryCount of entryCounts) {
      for (; made < entryCount; made += 1) writeEmptyFile(repository.path, made)
      const output = join(folder, `${entryCount}.zip`)
      const artifact = await buildArtifact({ root: repository.path, include: ['**'], output, requireAppSpec: false })
      expect(artifact.entryCount).toBe(entryCount - 1)
      for (const [tool, count] of Object.entries(counters)) expect([tool, count(output)]).toEqual([tool, entryCount])
      expect((await openPromise(output)).entryCount).toBe(entryCount)
    }
  },
  20 * minutes,
)

function writeEmptyFile(root: string, index: number): void {
  const folder = join(root, `folder-${Math.floor(index / 1000)}`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `file-${index}`), '')
}

/** How each tool takes the bytes of one entry out; `$1` is the zip, `$2` the name. */
const readers: Readonly<Record<string, string>> = {
  unzip: 'unzip -p "$1" "$2"',
  python3: `python3 -c 'import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]).open(sys.argv[2]) as f: shutil.copyfileobj(f, sys.stdout.buffer, 1 << 20)' "$1" "$2"`,
  '7z': '7z x -so "$1" "$2"',
  bsdtar: 'bsdtar -xOf "$1" "$2"',
}

/** Around what 32 bits cannot say (APPNOTE.TXT 4.4.8 and 4.4.9). The last one is over the limit when compressed, too. */
const largeFiles: Readonly<Record<string, { readonly sizeBytes: number; readonly isNoise?: boolean }>> = {
  '4 GiB - 1 byte': { sizeBytes: 4 * gibibyte - 1 },
  '4 GiB': { sizeBytes: 4 * gibibyte },
  '5 GiB': { sizeBytes: 5 * gibibyte },
  '4 GiB + 64 MiB that do not compress': { sizeBytes: 4 * gibibyte + 64 * mebibyte, isNoise: true },
}

/** Declared in the long run alone: what a shorter run leaves out is no test that it skips. */
const filesOfLongRun = isLong ? Object.entries(largeFiles) : []

for (const [name, { sizeBytes, isNoise = false }] of filesOfLongRun) {
  withTools(
    [...Object.keys(readers), 'java', 'sha256sum'],
    `the same bytes come out of an artifact with a file of ${name}`,
    async () => {
      const folder = temporaryFolder()
      const repository = createRepository(join(folder, 'tree'))
      repository.commit({ 'package.json': '{ "name": "large" }\n', 'z-last.txt': 'behind it\n' })
      const large = join(repository.path, 'large.bin')
      writeLargeFile(large, sizeBytes, isNoise)
      const output = join(folder, 'large.zip')
      await buildArtifact({ root: repository.path, include: ['**'], output, requireAppSpec: false })

      const sha256 = digestPrinted('cat "$1"', large)
      for (const [tool, command] of Object.entries(readers)) {
        expect([tool, digestPrinted(command, output, 'large.bin')]).toEqual([tool, sha256])
        expect([tool, digestPrinted(command, output, 'z-last.txt')]).toEqual([tool, sha256Of('behind it\n')])
      }
      expect(readWithJava(output)).toContainEqual({ name: 'large.bin', sizeBytes, sha256 })
      expect(readWithJava(output).map((entry) => entry.name)).toContain('z-last.txt')
    },
    30 * minutes,
  )
}

/** A hole with some bytes at both ends, or the same MiB of noise again and again, which no window of deflate notices. */
function writeLargeFile(path: string, sizeBytes: number, isNoise: boolean): void {
  const file = openSync(path, 'w')
  ftruncateSync(file, sizeBytes)
  const piece = noise(mebibyte)
  const places = isNoise
    ? Array.from({ length: sizeBytes / mebibyte }, (_, index) => index * mebibyte)
    : [0, sizeBytes - mebibyte]
  for (const place of places) writeSync(file, piece, 0, mebibyte, place)
  closeSync(file)
}

function digestPrinted(command: string, ...args: readonly string[]): string {
  return execFileSync('sh', ['-c', `${command} | sha256sum`, 'sh', ...args], { encoding: 'utf8' }).slice(0, 64)
}
