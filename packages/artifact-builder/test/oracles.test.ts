import { execFileSync } from 'node:child_process'
import { lstatSync, mkdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Manifest } from '@fairlead/core'
import { withTools } from '@fairlead/test-support'
import { expect } from 'vitest'
import { buildArtifact, readArtifact } from '../src/index.ts'
import { letters } from './support/made-up-secrets.ts'
import { createShop } from './support/shop.ts'

async function buildShop() {
  const shop = createShop({
    'ü/käse 😀.txt': 'x',
    'src/-dash and space': 'y',
    'src/deep/up.js': { link: '../main.js' },
  })
  mkdirSync(join(shop.repository.path, 'var/empty'), { recursive: true })
  writeFileSync(join(shop.repository.path, 'built.bin'), letters(700_001))
  const artifact = await buildArtifact(shop.options())
  const { manifest } = await readArtifact(artifact)
  return { artifact, manifest, source: shop.repository.path }
}

withTools(['unzip'], 'unzip finds no error, and unpacks the same files, links, modes and empty folders', async () => {
  const { artifact, manifest, source } = await buildShop()
  expect(execFileSync('unzip', ['-t', artifact.path], { encoding: 'utf8' })).toContain('No errors detected')
  const target = join(dirname(artifact.path), 'unpacked')
  execFileSync('unzip', ['-q', artifact.path, '-d', target])
  expectSame(manifest, source, target)
})

function expectSame(manifest: Manifest, source: string, target: string): void {
  for (const { path, type, mode } of manifest.entries) {
    const place = join(target, path)
    if (type === 'symlink') expect(readlinkSync(place)).toBe(readlinkSync(join(source, path)))
    if (type === 'directory') expect(statSync(place).isDirectory()).toBe(true)
    if (type === 'file') {
      expect(readFileSync(place).equals(readFileSync(join(source, path))), path).toBe(true)
      expect((lstatSync(place).mode & 0o777).toString(8).padStart(4, '0')).toBe(mode)
    }
  }
}

const script = String.raw`
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

withTools(
  ['python3'],
  "Python's zipfile reads the same entries, and computes the same content digest as documented",
  async () => {
    const { artifact, manifest } = await buildShop()
    const answer: unknown = JSON.parse(execFileSync('python3', ['-c', script, artifact.path], { encoding: 'utf8' }))
    expect(answer).toEqual({
      digest: artifact.contentDigest,
      stated: artifact.contentDigest,
      seen: manifest.entries.map(({ path }) => path),
      sorted: true,
      last: '.fairlead/manifest.json',
    })
  },
)
