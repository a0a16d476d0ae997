import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { temporaryFolder, withTools } from '@fairlead/test-support'
import { expect, test } from 'vitest'
import { buildArtifact, extractArtifact, verifyArtifact, type BuildArtifactOptions } from '../src/index.ts'
import { letters } from './support/made-up-secrets.ts'
import { createShop } from './support/shop.ts'

const ways: Readonly<Record<string, Partial<BuildArtifactOptions>>> = {
  'a zip': {},
  'a zip by archiver': { engine: 'archiver' },
  'a tar': { format: 'tar' },
  'a tgz': { format: 'tgz' },
}

function createBuiltShop() {
  const shop = createShop({ 'ü/käse 😀.txt': 'x', 'src/-dash': 'y' })
  writeFileSync(join(shop.repository.path, 'large.bin'), letters(5_000_000))
  mkdirSync(join(shop.repository.path, 'var/empty'), { recursive: true })
  return shop
}

test.each(Object.entries(ways))('%s verifies, unpacks whole, and is the same twice', async (_name, way) => {
  const shop = createBuiltShop()
  const artifact = await buildArtifact(shop.options(way))
  expect(artifact.format).toBe(way.format ?? 'zip')
  const { manifest, artifact: verified } = await verifyArtifact(artifact, { expectedSha256: artifact.sha256 })
  expect(verified).toEqual(artifact)
  expect(await buildArtifact(shop.options(way))).toEqual(artifact)

  const into = join(temporaryFolder(), 'unpacked')
  await extractArtifact(artifact, { into })
  expect(readFileSync(join(into, 'large.bin'), 'utf8')).toBe(letters(5_000_000))
  expect(readlinkSync(join(into, 'src/main-link.js'))).toBe('main.js')
  expect(statSync(join(into, 'hooks/after-install.sh')).mode & 0o777).toBe(0o755)
  expect(statSync(join(into, 'var/empty')).isDirectory()).toBe(true)
  expect(JSON.parse(readFileSync(join(into, '.fairlead/manifest.json'), 'utf8'))).toEqual(manifest)
})

test('what an artifact holds does not depend on how it is packed', async () => {
  const shop = createBuiltShop()
  const digests: string[] = []
  for (const way of Object.values(ways)) digests.push((await buildArtifact(shop.options(way))).contentDigest)
  expect(new Set(digests).size).toBe(1)
})

test('archiver is not given a name that it would change, and nothing is written', async () => {
  const shop = createShop({ 'src/back\\slash.txt': 'x', 'c:drive.txt': 'y' })
  await expect(buildArtifact(shop.options())).resolves.toMatchObject({ format: 'zip' })
  for (const way of [{ engine: 'archiver' }, { format: 'tar' }, { format: 'tgz' }] as const) {
    await expect(buildArtifact(shop.options(way))).rejects.toMatchObject({
      code: 'ARTIFACT_ENTRY_REFUSED',
      context: {
        entries: [
          { path: 'c:drive.txt', reason: 'name-not-archivable' },
          { path: 'src/back\\slash.txt', reason: 'name-not-archivable' },
        ],
      },
    })
  }
})

test.each([
  [{ format: 'rar' }, 'format'],
  [{ format: 'tar', engine: 'native' }, 'engine'],
  [{ format: 'tgz', cache: 'cache' }, 'cache'],
  [{ timestamps: 'now' }, 'timestamps'],
])('refuses %j', async (given, option) => {
  await expect(buildArtifact(createShop().options(given as never))).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    context: { option },
  })
})

test('verify: true reads the zip back before it gets its name, and says so', async () => {
  const shop = createBuiltShop()
  const plain = await buildArtifact(shop.options())
  expect(shop.events.map(({ type }) => type)).not.toContain('artifact.verified')
  expect(await buildArtifact(shop.options({ verify: true }))).toEqual(plain)
  expect(shop.events.filter(({ type }) => type === 'artifact.verified')).toMatchObject([
    { path: shop.output, sha256: plain.sha256, contentDigest: plain.contentDigest },
  ])
})

withTools(['python3'], 'timestamps: commit gives every entry the time of the commit, in UTC', async () => {
  const shop = createShop()
  const committed = Number(shop.repository.git('show', '--no-patch', '--format=%ct').trim())
  for (const way of Object.values(ways)) {
    const artifact = await buildArtifact(shop.options({ ...way, timestamps: 'commit' }))
    const times = JSON.parse(execFileSync('python3', ['-c', timesOf, artifact.path], { encoding: 'utf8' })) as number[]
    // A zip counts in steps of two seconds.
    const expected = artifact.format === 'zip' ? committed - (committed % 2) : committed
    expect(new Set(times)).toEqual(new Set([expected]))
  }
})

const timesOf = `
import calendar, json, sys, tarfile, zipfile
path = sys.argv[1]
if zipfile.is_zipfile(path):
    print(json.dumps([calendar.timegm(entry.date_time + (0, 0, 0)) for entry in zipfile.ZipFile(path).infolist()]))
else:
    print(json.dumps([entry.mtime for entry in tarfile.open(path)]))
`

test('a zip that is cut off or repacked in another format is refused', async () => {
  const shop = createShop()
  const { path } = await buildArtifact(shop.options({ format: 'tgz' }))
  writeFileSync(join(dirname(path), 'cut.tgz'), readFileSync(path).subarray(0, -20))
  await expect(verifyArtifact(join(dirname(path), 'cut.tgz'))).rejects.toMatchObject({ code: 'ARTIFACT_INVALID' })
})
