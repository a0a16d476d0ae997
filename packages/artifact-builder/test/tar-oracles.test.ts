import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { lstatSync, mkdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder, withTools } from '@fairlead/test-support'
import { expect } from 'vitest'
import { membersOf, pack, withManifest, type PackedFiles } from './support/packed.ts'

const files: PackedFiles = {
  'a.txt': 'hello',
  'big.bin': randomBytes(700_001),
  empty: '',
  'folder/none': 'folder/',
  link: { link: 'run/start.sh' },
  'run/start.sh': { script: '#!/bin/sh\n' },
  'ü/käse 😀.txt': 'x',
  '-dash and space': 'y',
  [`${'d/'.repeat(60)}${'f'.repeat(120)}`]: 'a long name',
  [`${'ä'.repeat(120)}/${'ö'.repeat(120)}/${'ü'.repeat(30)}`]: 'one of more than 255 bytes',
  [`${'g'.repeat(100)}/${'h'.repeat(100)}`]: 'folder/',
  ['l'.repeat(90)]: { link: `${'d/'.repeat(60)}${'f'.repeat(120)}` },
}

/** What a listing of the tar must say, in its order. */
const expected = withManifest(membersOf(files)).map(({ path, type, mode, content }) => ({
  path,
  type,
  mode: mode.toString(8),
  content: type === 'file' ? createHash('sha256').update(content).digest('hex') : content.toString(),
}))

withTools(['tar'], 'GNU tar lists and unpacks the same names, types, modes, links and bytes', async () => {
  for (const format of ['tar', 'tgz'] as const) {
    const path = await pack(files, format)
    const names = execFileSync('tar', ['--list', '--quoting-style=literal', '--file', path], { encoding: 'utf8' })
    expect(names.trimEnd().split('\n')).toEqual(
      expected.map(({ path: name, type }) => (type === 'directory' ? `${name}/` : name)),
    )
    const folder = join(temporaryFolder(), 'unpacked')
    mkdirSync(folder)
    const said = execFileSync('tar', ['-xpf', path, '-C', folder], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    expect(said).toBe('')
    expect(expected.map(({ path: name }) => lookAt(folder, name))).toEqual(expected)
  }
})

withTools(['tar'], 'GNU tar sees owner 0 without a name, and the same time everywhere', async () => {
  const listing = execFileSync('tar', ['tvf', await pack(files, 'tar')], {
    encoding: 'utf8',
    env: { ...process.env, TZ: 'UTC' },
  })
  const lines = listing.trimEnd().split('\n')
  expect(lines.every((line) => / 0\/0 +\d+ 1980-01-01 00:00 /.test(line))).toBe(true)
})

function lookAt(folder: string, path: string) {
  const place = join(folder, path)
  const facts = lstatSync(place)
  const type = facts.isSymbolicLink() ? 'symlink' : facts.isDirectory() ? 'directory' : 'file'
  const content =
    type === 'file'
      ? createHash('sha256').update(readFileSync(place)).digest('hex')
      : type === 'symlink'
        ? readlinkSync(place)
        : ''
  return { path, type, mode: (facts.mode & 0o7777).toString(8), content }
}

withTools(['gzip'], 'gzip finds no error in a tgz, and says nothing of a name or a time', async () => {
  const path = await pack(files, 'tgz')
  expect(execFileSync('gzip', ['--test', path], { encoding: 'utf8' })).toBe('')
  const plain = execFileSync('gzip', ['--decompress', '--stdout', path], { maxBuffer: 1e8 })
  expect(plain.equals(readFileSync(await pack(files, 'tar')))).toBe(true)
})

const script = String.raw`
import hashlib, json, sys, tarfile
answer = []
with tarfile.open(sys.argv[1], errorlevel=2) as tar:
    for info in tar:
        assert info.mtime == 315532800 and (info.uid, info.gid, info.uname, info.gname) == (0, 0, '', ''), info
        assert info.isfile() or info.isdir() or info.issym(), info.type
        assert set(info.pax_headers) <= {'path', 'linkpath'}, info.pax_headers
        kind = 'file' if info.isfile() else 'directory' if info.isdir() else 'symlink'
        content = hashlib.sha256(tar.extractfile(info).read()).hexdigest() if info.isfile() else info.linkname
        answer.append({'path': info.name, 'type': kind, 'mode': '%o' % info.mode, 'content': content})
print(json.dumps(answer))
`

withTools(
  ['python3'],
  "Python's tarfile reads the same names, types, modes, links, bytes, times and owners",
  async () => {
    for (const format of ['tar', 'tgz'] as const) {
      const path = await pack(files, format)
      expect(JSON.parse(execFileSync('python3', ['-c', script, path], { encoding: 'utf8' }))).toEqual(expected)
    }
  },
)

withTools(['bsdtar'], 'bsdtar lists the same names', async () => {
  for (const format of ['tar', 'tgz'] as const) {
    const names = execFileSync('bsdtar', ['-tf', await pack(files, format)], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    })
    expect(names.trimEnd().split('\n')).toEqual(
      expected.map(({ path, type }) => (type === 'directory' ? `${path}/` : path)),
    )
  }
})
