import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { execFileSync } from 'node:child_process'
import { createSecretKey, type KeyObject } from 'node:crypto'
import { dirname, join } from 'node:path'
import { inspect } from 'node:util'
import { temporaryFolder } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import { buildArtifact, readArtifact, type ArtifactEvent, type BuildArtifactOptions } from '../src/index.ts'
import { decodeCacheIndex, encodeCacheIndex, type CacheIndex } from '../src/plan/cache-index.ts'
import { letters } from './support/made-up-secrets.ts'
import { createShop, type Shop } from './support/shop.ts'

const longAgo = new Date(Date.UTC(2020, 0, 1))

/** A shop whose files were made long ago, large and small ones, and a cache for it. */
function createCachedShop() {
  const shop = createShop({ '.gitignore': 'dist/\n', 'src/tracked.js': 'tracked' })
  const root = shop.repository.path
  mkdirSync(join(root, 'dist'))
  for (let index = 0; index < 300; index++) write(shop, `dist/chunk-${index}.js`, `${letters(500)} ${index}\n`)
  write(shop, 'dist/incompressible.bin', letters(100))
  write(shop, 'dist/large.txt', `${letters(2000)}\n`.repeat(3000))
  for (const path of ['appspec.yml', 'package.json', 'src/main.js', 'src/tracked.js']) {
    utimesSync(join(root, path), longAgo, longAgo)
  }
  const cache = join(dirname(shop.output), 'cache')
  return {
    shop,
    cache,
    build: (others: Partial<BuildArtifactOptions> = {}) => buildTelling(shop, { cache, ...others }),
  }
}

function write(shop: Shop, path: string, text: string): void {
  writeFileSync(join(shop.repository.path, path), text)
  utimesSync(join(shop.repository.path, path), longAgo, longAgo)
}

/** The change time of a file cannot be set: it is new, and counts as unsettled for two seconds. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 2100))
}

async function buildTelling(shop: Shop, others: Partial<BuildArtifactOptions>) {
  shop.events.length = 0
  const artifact = await buildArtifact(shop.options(others))
  await readArtifact(artifact)
  const used = shop.events.find(({ type }) => type === 'artifact.cache-used')
  const ignored = shop.events.find(({ type }) => type === 'artifact.cache-ignored')
  return { artifact, sha256: artifact.sha256, ...counts(used), ignored: ignored?.summary }
}

function counts(event: ArtifactEvent | undefined) {
  return event?.type === 'artifact.cache-used'
    ? { unchanged: event.unchangedCount, same: event.sameContentCount, compressed: event.compressedCount }
    : {}
}

test('a warm build is the cold one, byte for byte, and reads nothing that has not changed', async () => {
  const { build } = createCachedShop()
  const cold = await build({ cache: undefined })
  await settle()
  expect(await build()).toMatchObject({ sha256: cold.sha256 })
  expect(await build()).toMatchObject({ sha256: cold.sha256, unchanged: 309, same: 0, compressed: 0 })
})

test('what was written just before it was read is read again: a later change could have the same times', async () => {
  const { shop, build } = createCachedShop()
  const first = await build()
  write(shop, 'dist/chunk-7.js', 'x'.repeat(502))
  const second = await build()
  expect(second.sha256).not.toBe(first.sha256)
  expect(second).toMatchObject({ compressed: 1 })
})

test('a change of one file compresses that file alone, whatever its times say', async () => {
  const { shop, build } = createCachedShop()
  await settle()
  await build()
  const { size } = statSync(join(shop.repository.path, 'dist/chunk-7.js'))
  write(shop, 'dist/chunk-7.js', 'x'.repeat(size))
  await settle()
  const changed = await build()
  expect(changed).toMatchObject({ unchanged: 308, same: 0, compressed: 1 })
  expect(await build({ cache: undefined })).toMatchObject({ sha256: changed.sha256 })
})

test('entries get the time that is asked for, whatever time they have in the cache', async () => {
  const { shop, build } = createCachedShop()
  await settle()
  await build()
  write(shop, 'dist/chunk-7.js', 'changed')
  const cold = await build({ cache: undefined, timestamps: 'commit' })
  expect(await build({ timestamps: 'commit' })).toMatchObject({ sha256: cold.sha256, unchanged: 308, compressed: 1 })
})

test('a fresh clone with a filled cache compresses nothing', async () => {
  const { shop, cache, build } = createCachedShop()
  const cold = await build()
  const clone = join(temporaryFolder(), 'checkout')
  cpSync(shop.repository.path, clone, { recursive: true, verbatimSymlinks: true })
  expect(await buildTelling(shop, { cache, root: clone })).toMatchObject({
    sha256: cold.sha256,
    unchanged: 0,
    same: 309,
    compressed: 0,
  })
})

test('a file that was moved is taken from where it was', async () => {
  const { shop, build } = createCachedShop()
  await build()
  for (const name of ['chunk-7.js', 'large.txt']) {
    renameSync(join(shop.repository.path, 'dist', name), join(shop.repository.path, `dist/moved-${name}`))
  }
  const moved = await build()
  expect(moved).toMatchObject({ compressed: 0 })
  expect(await build({ cache: undefined })).toMatchObject({ sha256: moved.sha256 })
})

test('a file that becomes tracked has its bytes compared with the commit', async () => {
  const { shop, build } = createCachedShop()
  await settle()
  await build()
  shop.repository.git('add', '--force', 'dist/chunk-7.js')
  shop.repository.git('commit', '--quiet', '--message', 'track a chunk')
  await expect(build()).resolves.toMatchObject({ unchanged: 308, same: 1, compressed: 0 })
})

test('a file with an allowed finding is looked at whenever something has changed, and told each time', async () => {
  const { shop, build } = createCachedShop()
  write(shop, 'dist/.env', `DB_PASSWORD=${letters(20)}\n`)
  const allow = [{ path: 'dist/.env', rule: 'dotenv-secret', reason: 'of a test' }] as const
  const isTold = () => shop.events.some(({ type }) => type === 'artifact.secret-allowed')
  await settle()
  await build({ allow })
  await expect(build({ allow })).resolves.toMatchObject({ unchanged: 310, same: 0 })
  expect(isTold()).toBe(true)
  await expect(build({ allow, timestamps: 'commit' })).resolves.toMatchObject({ unchanged: 309, same: 1 })
  expect(isTold()).toBe(true)
  await expect(build()).rejects.toMatchObject({ code: 'ARTIFACT_HOLDS_SECRETS' })
})

const dependencies: Readonly<Record<string, (shop: Shop) => Partial<BuildArtifactOptions>>> = {
  'another option': () => ({ exclude: ['dist/chunk-7.js'] }),
  'a file more': (shop) => (write(shop, 'dist/new.js', 'x'), {}),
  'a file less': (shop) => (rmSync(join(shop.repository.path, 'dist/chunk-7.js')), {}),
  'another commit': (shop) => (shop.repository.git('commit', '--quiet', '--allow-empty', '--message', 'x'), {}),
  'an exec bit': (shop) => (chmodSync(join(shop.repository.path, 'dist/chunk-7.js'), 0o755), {}),
}

test.each(Object.entries(dependencies))('the kept artifact is not taken after %s', async (_name, change) => {
  const { shop, build } = createCachedShop()
  await settle()
  await build()
  const others = change(shop)
  const warm = await build(others)
  expect(await build({ ...others, cache: undefined })).toMatchObject({ sha256: warm.sha256 })
})

/** Each is done after those before it. */
const edits: Readonly<Record<string, (shop: Shop) => void>> = {
  nothing: () => undefined,
  'other bytes in a file': (shop) => write(shop, 'dist/chunk-7.js', 'other'),
  'an exec bit': ({ repository }) => chmodSync(join(repository.path, 'dist/chunk-8.js'), 0o755),
  'a file more, with a name that Windows cannot have': (shop) => write(shop, 'dist/a:b', 'more'),
  'a file less': ({ repository }) => rmSync(join(repository.path, 'dist/chunk-9.js')),
  'a link in place of a file': ({ repository }) => {
    rmSync(join(repository.path, 'dist/chunk-10.js'))
    symlinkSync('chunk-11.js', join(repository.path, 'dist/chunk-10.js'))
  },
  'another target of a link': ({ repository }) => {
    rmSync(join(repository.path, 'dist/chunk-10.js'))
    symlinkSync('chunk-12.js', join(repository.path, 'dist/chunk-10.js'))
  },
  'an empty folder': ({ repository }) => mkdirSync(join(repository.path, 'dist/empty')),
  'a file in the folder that was empty': (shop) => write(shop, 'dist/empty/file', ''),
  'another rule in an ignore file': (shop) => write(shop, '.pack-ignore', 'chunk-13.js\n'),
}

test('what an earlier build chose is taken over where the same names and rules choose it, and only there', async () => {
  const { shop, cache, build } = createCachedShop()
  write(shop, '.pack-ignore', 'chunk-14.js\n')
  const options = { ignoreFiles: ['.pack-ignore'] }
  const fingerprints: (string | undefined)[] = []
  for (const edit of Object.values(edits)) {
    edit(shop)
    const warm = await build(options)
    const told = warningsOf(shop)
    expect(await build({ ...options, cache: undefined })).toMatchObject({ sha256: warm.sha256 })
    expect(told).toEqual(warningsOf(shop))
    fingerprints.push(readCacheIndex(cache).choice?.fingerprint)
  }
  expect(fingerprints).not.toContain(undefined)
  expect(fingerprints[1]).toBe(fingerprints[0])
  expect(new Set(fingerprints).size).toBe(fingerprints.length - 1)
})

function warningsOf({ events }: Shop): readonly string[] {
  return events.filter(({ type }) => type === 'artifact.warned').map(({ summary }) => summary)
}

const madeUpChoices: Readonly<Record<string, (index: CacheIndex) => Partial<CacheIndex>>> = {
  'of rows in another order': ({ rows }) => ({ rows: Uint32Array.from(rows).reverse() }),
  'of rows that are not in the listing': ({ rows }) => ({ rows: rows.map((row) => row + rows.length) }),
  'of rows that come twice': ({ rows }) => ({ rows: rows.map((_row, index) => rows[index >> 1] as number) }),
  'of fewer rows than there are names': ({ rows }) => ({ rows: rows.slice(0, -1) }),
  // Files are opened by their names.
  'with names that lead out of the folder': ({ names }) => ({
    names: new Uint8Array(Buffer.from(Buffer.from(names).toString('latin1').replaceAll('dist/', '../a/'), 'latin1')),
  }),
  'that says nothing of warnings': ({ choice }) => ({ choice: { fingerprint: choice?.fingerprint } as never }),
}

test.each(Object.entries(madeUpChoices))('a made-up choice %s does not show in the artifact', async (_name, change) => {
  const { shop, cache, build } = createCachedShop()
  await build()
  forge(cache, change)
  write(shop, 'dist/chunk-7.js', 'other')
  const warm = await build()
  expect(await build({ cache: undefined })).toMatchObject({ sha256: warm.sha256 })
})

test('a pack that another build replaces at the last moment is still read, and the artifact is right', async () => {
  const { shop, cache, build } = createCachedShop()
  await settle()
  const { sha256 } = await build()
  // What a killed build left is told of right before the pack is copied.
  writeFileSync(join(dirname(shop.output), '.shop.zip.99999999.0123456789ab.tmp'), 'x')
  const onEvent = (event: ArtifactEvent) => {
    if (event.type === 'artifact.leftover-removed') rmSync(cacheFile(cache, '.pack'))
    shop.events.push(event)
  }
  expect(await build({ onEvent })).toMatchObject({ sha256, unchanged: 309, compressed: 0 })
})

test('the kept artifact is written wherever it is asked for', async () => {
  const { shop, build } = createCachedShop()
  await settle()
  const { sha256 } = await build()
  const output = join(dirname(shop.output), 'other.zip')
  expect(await build({ output })).toMatchObject({ sha256, unchanged: 309, artifact: { path: output } })
})

test('a cache that would go into the artifact is refused', async () => {
  const { shop, build } = createCachedShop()
  const cache = join(shop.repository.path, '.cache')
  await expect(build({ cache })).rejects.toMatchObject({
    code: 'ARTIFACT_CACHE_INSIDE_ROOT',
    context: { cache, path: '.cache' },
  })
  await expect(build({ cache, exclude: ['.cache/**'] })).resolves.toMatchObject({ compressed: 309 })
})

test('the folder of a cache is made when the tree is listed, and goes into no artifact', async () => {
  const { shop, build } = createCachedShop()
  const options = { include: ['dist/*'], tracked: true, cache: join(shop.repository.path, 'dist/cache') }
  const without = await build({ ...options, cache: undefined })
  for (const workers of [0, 2]) {
    rmSync(options.cache, { recursive: true, force: true })
    expect(await build({ ...options, workers })).toMatchObject({ sha256: without.sha256 })
    expect(await build({ ...options, workers })).toMatchObject({ sha256: without.sha256, compressed: 0 })
  }
})

test('a secret that a poisoned cache calls clean is found all the same', async () => {
  const { shop, cache, build } = createCachedShop()
  write(shop, 'dist/.env', `DB_PASSWORD=${letters(20)}\n`)
  await build({ allow: [{ path: 'dist/.env', rule: 'dotenv-secret', reason: 'of a test' }] })
  forge(cache, ({ clean }) => ({ clean: clean.map(() => 1) }))
  const clone = join(temporaryFolder(), 'checkout')
  cpSync(shop.repository.path, clone, { recursive: true, verbatimSymlinks: true })
  await expect(buildTelling(shop, { cache, root: clone })).rejects.toMatchObject({ code: 'ARTIFACT_HOLDS_SECRETS' })
})

/** The file of a cache with this ending. */
function cacheFile(cache: string, ending: string): string {
  const name = readdirSync(cache).find((name) => name.endsWith(ending))
  return join(cache, name ?? '')
}

/** Replaces a file of the cache: the pack has the inode of an artifact. */
function rewrite(path: string, change: (bytes: Buffer) => Buffer): void {
  const bytes = change(readFileSync(path))
  rmSync(path)
  writeFileSync(path, bytes)
}

function flipBit(at: number) {
  return (bytes: Buffer) => {
    bytes[at] = (bytes[at] ?? 0) ^ 1
    return bytes
  }
}

function readCacheIndex(cache: string, key?: KeyObject): CacheIndex {
  const index = decodeCacheIndex(new Uint8Array(readFileSync(cacheFile(cache, '.index'))), key)
  if (index === undefined) throw new Error('the index of a cache cannot be read')
  return index
}

/** Writes an index whose own digest is right; with a key, one that only who has it could write. */
function forge(cache: string, change: (index: CacheIndex) => Partial<CacheIndex>, key?: KeyObject): void {
  const index = readCacheIndex(cache, key)
  rewrite(cacheFile(cache, '.index'), () => Buffer.concat(encodeCacheIndex({ ...index, ...change(index) }, key)))
}

const damages: Readonly<Record<string, readonly [(cache: string) => void, RegExp]>> = {
  'an index of which a bit is another': [
    (cache) => rewrite(cacheFile(cache, '.index'), flipBit(5000)),
    /its index is damaged/,
  ],
  'an index that was cut off': [
    (cache) => rewrite(cacheFile(cache, '.index'), (bytes) => bytes.subarray(0, 3000)),
    /its index is damaged/,
  ],
  'an index that is something else': [
    (cache) => rewrite(cacheFile(cache, '.index'), () => Buffer.from('not an index')),
    /its index is damaged/,
  ],
  'an index of another compressor': [
    (cache) => forge(cache, () => ({ key: 'another' })),
    /of another compressor or other rules/,
  ],
  'an index of entries that lie behind the pack': [
    (cache) => forge(cache, ({ dataOffsets, packBytes }) => ({ dataOffsets: dataOffsets.map((at) => at + packBytes) })),
    /its index is damaged/,
  ],
  'an index of entries that lie nowhere': [
    (cache) => forge(cache, ({ dataOffsets }) => ({ dataOffsets: dataOffsets.map(() => Number.NaN) })),
    /its index is damaged/,
  ],
  'an index whose names end before they begin': [
    (cache) => forge(cache, ({ nameEnds }) => ({ nameEnds: nameEnds.map((end, at) => (at === 3 ? 0 : end)) })),
    /its index is damaged/,
  ],
  'a pack of which a bit is another': [
    (cache) => rewrite(cacheFile(cache, '.pack'), flipBit(2000)),
    /its pack is damaged/,
  ],
  'a pack that was cut off': [
    (cache) => rewrite(cacheFile(cache, '.pack'), (bytes) => bytes.subarray(0, 3000)),
    /its pack has another size/,
  ],
  'a pipe in the place of the index': [
    (cache) => {
      const index = cacheFile(cache, '.index')
      rmSync(index)
      execFileSync('mkfifo', [index])
    },
    /its index is damaged/,
  ],
  'an index of a terabyte of nothing': [
    (cache) => truncateSync(cacheFile(cache, '.index'), 2 ** 40),
    /its index is damaged/,
  ],
  'a link in the place of the pack': [
    (cache) => {
      const pack = cacheFile(cache, '.pack')
      renameSync(pack, join(cache, 'elsewhere'))
      symlinkSync('elsewhere', pack)
    },
    /its pack is no file/,
  ],
  'a pack that is gone': [(cache) => rmSync(cacheFile(cache, '.pack')), /its pack is missing/],
}

test.each(Object.entries(damages))('%s is found out, told, and built without', async (_name, [damage, words]) => {
  const { cache, build } = createCachedShop()
  const cold = await build()
  damage(cache)
  const after = await build()
  expect(after.sha256).toBe(cold.sha256)
  expect(after.ignored).toMatch(words)
  expect(await build()).toMatchObject({ sha256: cold.sha256, ignored: undefined })
})

/** Each has what its neighbour had. */
function rotated<T extends Float64Array | Uint8Array>(array: T): T {
  const copy = array.slice() as T
  copy.set(array.subarray(1))
  copy[copy.length - 1] = array[0] as number
  return copy
}

test('a cache that is whole and holds other bytes under a digest is found out by the bytes', async () => {
  const { shop, cache, build } = createCachedShop()
  const cold = await build()
  // Somebody who can write the folder swaps the bytes of all entries, and writes an index that says so.
  forge(cache, ({ dataOffsets, compressedBytes, deflated }) => ({
    dataOffsets: rotated(dataOffsets),
    compressedBytes: rotated(compressedBytes),
    deflated: rotated(deflated),
  }))
  const clone = join(temporaryFolder(), 'checkout')
  cpSync(shop.repository.path, clone, { recursive: true, verbatimSymlinks: true })
  expect(await buildTelling(shop, { cache, root: clone })).toMatchObject({ sha256: cold.sha256, same: 0 })
})

describe('a cache that is signed', () => {
  const cacheKey = 'made up, and in none of the files of the shop'
  const key = createSecretKey(cacheKey, 'utf8')

  /** Builds of fresh copies of a shop, with its cache and a key. */
  function createSignedShop() {
    const { shop, cache, build } = createCachedShop()
    const cloneAndBuild = (
      edit: (root: string) => void = () => undefined,
      others: Partial<BuildArtifactOptions> = {},
    ) => {
      const root = join(temporaryFolder(), 'checkout')
      cpSync(shop.repository.path, root, { recursive: true, verbatimSymlinks: true })
      edit(root)
      return buildTelling(shop, { cache, cacheKey, root, ...others })
    }
    return { shop, cache, build: (others = {}) => build({ cacheKey, ...others }), cloneAndBuild }
  }

  test('gives a fresh clone the same artifact, with nothing compressed', async () => {
    const { build, cloneAndBuild } = createSignedShop()
    const cold = await build({ cache: undefined, cacheKey: undefined })
    expect(await build()).toMatchObject({ sha256: cold.sha256, compressed: 309 })
    expect(await cloneAndBuild()).toMatchObject({ sha256: cold.sha256, unchanged: 0, same: 309, compressed: 0 })
    expect(await cloneAndBuild(undefined, { workers: 0, timestamps: 'commit' })).toMatchObject({ same: 309 })
  })

  test('is not believed of what has other bytes, another name or another mode', async () => {
    const { build, cloneAndBuild } = createSignedShop()
    await build()
    const edit = (root: string) => {
      writeFileSync(join(root, 'dist/chunk-7.js'), readFileSync(join(root, 'dist/chunk-7.js'), 'utf8').toUpperCase())
      const large = readFileSync(join(root, 'dist/large.txt'))
      large.write('changed', 5_000_000)
      writeFileSync(join(root, 'dist/large.txt'), large)
      renameSync(join(root, 'dist/chunk-8.js'), join(root, 'dist/moved.js'))
      chmodSync(join(root, 'dist/chunk-9.js'), 0o755)
      rmSync(join(root, 'dist/chunk-10.js'))
      symlinkSync('chunk-11.js', join(root, 'dist/chunk-10.js'))
    }
    const warm = await cloneAndBuild(edit)
    expect(warm).toMatchObject({ unchanged: 0, compressed: 2 })
    expect(await cloneAndBuild(edit, { cache: undefined })).toMatchObject({ sha256: warm.sha256 })
  })

  test('is believed of the bytes of the same name alone: rules go by names too', async () => {
    const { shop, build, cloneAndBuild } = createSignedShop()
    write(shop, 'dist/settings.txt', `DB_PASSWORD=${letters(20)}\n`)
    await build()
    const rename = (root: string) => renameSync(join(root, 'dist/settings.txt'), join(root, 'dist/.env'))
    await expect(cloneAndBuild(rename)).rejects.toMatchObject({ code: 'ARTIFACT_HOLDS_SECRETS' })
  })

  test('has findings looked at each time, whether they are allowed or not', async () => {
    const { shop, build, cloneAndBuild } = createSignedShop()
    write(shop, 'dist/.env', `DB_PASSWORD=${letters(20)}\n`)
    const allow = [{ path: 'dist/.env', rule: 'dotenv-secret' as const, reason: 'of a test' }]
    await build({ allow })
    await expect(cloneAndBuild()).rejects.toMatchObject({ code: 'ARTIFACT_HOLDS_SECRETS' })
    await expect(cloneAndBuild(undefined, { allow })).resolves.toMatchObject({ same: 310 })
  })

  test('compares tracked files with the commit', async () => {
    const { build, cloneAndBuild } = createSignedShop()
    await build()
    const edit = (root: string) => appendFileSync(join(root, 'src/tracked.js'), 'x')
    await expect(cloneAndBuild(edit)).rejects.toMatchObject({ code: 'ARTIFACT_TREE_DIFFERS' })
  })

  test('is of no use where somebody without the key wrote the index', async () => {
    const { cache, build, cloneAndBuild } = createSignedShop()
    const cold = await build()
    const lie = ({ dataOffsets, compressedBytes, deflated }: CacheIndex) => ({
      dataOffsets: rotated(dataOffsets),
      compressedBytes: rotated(compressedBytes),
      deflated: rotated(deflated),
    })
    const index = readCacheIndex(cache, key)
    for (const forger of [undefined, createSecretKey(letters(41), 'utf8')]) {
      rewrite(cacheFile(cache, '.index'), () => Buffer.concat(encodeCacheIndex({ ...index, ...lie(index) }, forger)))
      expect(await cloneAndBuild()).toMatchObject({
        sha256: cold.sha256,
        same: 0,
        ignored: expect.stringMatching(/its index is damaged, or was written without the key/) as string,
      })
    }
    rewrite(cacheFile(cache, '.pack'), flipBit(2000))
    expect(await cloneAndBuild()).toMatchObject({
      sha256: cold.sha256,
      ignored: expect.stringMatching(/its pack is damaged/) as string,
    })
  })

  test('is taken at its word: neither looked through nor inflated once more', async () => {
    const { shop, cache, build, cloneAndBuild } = createSignedShop()
    write(shop, 'dist/.env', `DB_PASSWORD=${letters(20)}\n`)
    await build({ allow: [{ path: 'dist/.env', rule: 'dotenv-secret', reason: 'of a test' }] })
    forge(cache, ({ clean }) => ({ clean: clean.map(() => 1) }), key)
    await expect(cloneAndBuild()).resolves.toMatchObject({ same: 310, compressed: 0 })
  })

  test('has a slot of its own for each key, and for none', async () => {
    const { cache, build } = createSignedShop()
    await build()
    await build({ cacheKey: undefined })
    await build({ cacheKey: letters(50) })
    await settle()
    expect(readdirSync(cache).filter((name) => name.endsWith('.index'))).toHaveLength(3)
    expect(await build()).toMatchObject({ compressed: 0, ignored: undefined })
  })

  test('its key is in no file of it, no event and no error', async () => {
    const { shop, cache, build } = createSignedShop()
    await build()
    const failure: unknown = await build({ root: '/none' }).catch((error: unknown) => error)
    const texts: Record<string, string> = {
      events: inspect(shop.events, { depth: 9 }),
      failure: inspect(failure, { depth: 9 }),
      json: JSON.stringify(failure),
    }
    for (const name of readdirSync(cache)) texts[name] = readFileSync(join(cache, name), 'latin1')
    expect(Object.keys(texts).filter((name) => texts[name]?.includes(cacheKey))).toEqual([])
  })

  test.each([
    ['too short a text', 'hunter2', /cacheKey is a text of 7 characters, expected a secret of 32 characters or more/],
    ['no text', 7, /cacheKey is of type number, expected a secret/],
  ])('a key that is %s is refused, and not repeated', async (_name, given, words) => {
    const { build } = createSignedShop()
    await expect(build({ cacheKey: given as string })).rejects.toThrow(words)
    await expect(build({ cacheKey: given as string })).rejects.not.toThrow(/hunter2/)
  })
})

test('an artifact that somebody writes into does not harm the next build', async () => {
  const { shop, build } = createCachedShop()
  const cold = await build()
  appendFileSync(shop.output, 'x')
  expect(await build()).toMatchObject({
    sha256: cold.sha256,
    ignored: expect.stringMatching(/its pack has another/) as string,
  })
})

test('an exception of onEvent at an ignored cache reaches the caller', async () => {
  const { shop, cache, build } = createCachedShop()
  await build()
  rmSync(cacheFile(cache, '.pack'))
  const onEvent = (event: ArtifactEvent) => {
    if (event.type === 'artifact.cache-ignored') throw new Error('stopped there')
  }
  await expect(buildArtifact(shop.options({ cache, onEvent }))).rejects.toThrow('stopped there')
})

test('two builds with one cache at the same time are both right', async () => {
  const { shop, cache, build } = createCachedShop()
  const cold = await build({ cache: undefined })
  const outputs = ['one.zip', 'two.zip', 'three.zip'].map((name) => join(dirname(shop.output), name))
  const built = await Promise.all(outputs.map((output) => buildArtifact(shop.options({ cache, output }))))
  expect(new Set(built.map(({ sha256 }) => sha256))).toEqual(new Set([cold.sha256]))
  expect(readdirSync(cache).filter((name) => name.endsWith('.tmp'))).toEqual([])
  expect(await build()).toMatchObject({ sha256: cold.sha256, compressed: 0 })
})

test('a folder holds no more than it may: what was not used for longest goes', async () => {
  const { shop, cache, build } = createCachedShop()
  for (const application of ['one', 'two', 'three']) await build({ application })
  const sizes = readdirSync(cache).map((name) => statSync(join(cache, name)).size)
  expect(sizes).toHaveLength(6)
  writeFileSync(join(cache, 'of-somebody-else'), 'x')
  const one = readdirSync(cache).filter((name) => name.endsWith('.index'))
  for (const name of one) utimesSync(join(cache, name), longAgo, longAgo)
  await build({ application: 'four', maxCacheBytes: Math.ceil((sizes.reduce((sum, size) => sum + size, 0) / 3) * 2.5) })
  expect(readdirSync(cache).filter((name) => name.endsWith('.index'))).toHaveLength(2)
  expect(existsSync(join(cache, 'of-somebody-else'))).toBe(true)
  await build({ application: 'four', maxCacheBytes: 10 })
  expect(shop.events.find(({ type }) => type === 'artifact.cache-ignored')).toBeUndefined()
})

test('a new artifact takes the place of the one before, and leftovers of killed builds go', async () => {
  const { shop, cache, build } = createCachedShop()
  await build()
  const pack = cacheFile(cache, '.pack')
  linkSync(pack, `${pack}.0123456789ab.tmp`)
  const hourAgo = new Date(Date.now() - 2 * 60 * 60 * 1000)
  utimesSync(`${pack}.0123456789ab.tmp`, hourAgo, hourAgo)
  write(shop, 'dist/chunk-7.js', 'changed')
  await build()
  expect(readdirSync(cache).filter((name) => name.endsWith('.pack'))).toHaveLength(1)
  expect(readdirSync(cache).filter((name) => name.endsWith('.tmp'))).toEqual([])
  expect(existsSync(pack)).toBe(false)
})

test('a folder that cannot be used is a typed error, before anything is written', async () => {
  const { shop, cache, build } = createCachedShop()
  mkdirSync(dirname(cache), { recursive: true })
  writeFileSync(cache, 'a file')
  chmodSync(cache, 0o400)
  await expect(build()).rejects.toMatchObject({ code: 'ARTIFACT_CACHE_UNUSABLE', context: { folder: cache } })
  expect(existsSync(shop.output)).toBe(false)
})
