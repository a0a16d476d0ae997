import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { parseArtifact, type Clock } from '@fairlead/core'
import { createRepository, temporaryFolder } from '@fairlead/test-support'
import { expect, test } from 'vitest'
import { buildArtifact, readArtifact } from '../src/index.ts'
import { createShop, shopFiles } from './support/shop.ts'

test('builds one zip whose manifest names every entry, and answers what it is', async () => {
  const shop = createShop({ 'ü/käse 😀.txt': 'x', 'src/-dash': 'y', 'src/c:d': 'z' })
  mkdirSync(join(shop.repository.path, 'var/empty'), { recursive: true })
  const artifact = await buildArtifact(shop.options())

  expect(parseArtifact(JSON.stringify(artifact))).toEqual(artifact)
  expect(artifact).toMatchObject({ path: shop.output, application: 'shop', commit: shop.commit, entryCount: 10 })
  expect(readFileSync(shop.output).length).toBe(artifact.sizeBytes)
  const read = await readArtifact(artifact)
  expect(read.artifact).toEqual(artifact)
  expect(read.manifest).toMatchObject({ application: 'shop', commit: shop.commit, allowances: [] })
  expect(read.manifest.entries.map(({ path, type, mode }) => `${mode} ${type} ${path}`)).toEqual([
    '0644 file appspec.yml',
    '0755 file hooks/after-install.sh',
    '0644 file package.json',
    '0644 file src/-dash',
    '0644 file src/c:d',
    '0644 file src/empty.js',
    '0777 symlink src/main-link.js',
    '0644 file src/main.js',
    '0755 directory var/empty',
    '0644 file ü/käse 😀.txt',
  ])
  expect(readdirSync(dirname(shop.output))).toEqual(['shop.zip'])
})

test('tells what happens, in order', async () => {
  const shop = createShop()
  const now = Date.UTC(2026, 4, 6, 7, 8, 9)
  const clock: Clock = { now: () => now, monotonic: () => 0, sleep: () => Promise.resolve() }
  const { sha256, sizeBytes } = await buildArtifact(shop.options({ clock }))
  expect(shop.events.map(({ type }) => type)).toEqual(['artifact.planned', 'artifact.progress', 'artifact.written'])
  expect(new Set(shop.events.map(({ at }) => at))).toEqual(new Set(['2026-05-06T07:08:09.000Z']))
  expect(JSON.parse(JSON.stringify(shop.events))).toEqual(shop.events)
  expect(shop.events[0]).toMatchObject({ application: 'shop', commit: shop.commit, entryCount: 6 })
  expect(shop.events[1]).toMatchObject({ entriesDone: 6, entryCount: 6, bytesDone: 223, contentBytes: 223 })
  expect(shop.events.at(-1)).toMatchObject({ path: shop.output, sizeBytes, sha256 })
})

test('what git does not track goes in where a glob chooses it, ignored or not', async () => {
  const shop = createShop({ '.gitignore': 'dist/\n' })
  shop.repository.write({ 'dist/main.js': 'built', 'vendor/lib.php': '<?php' })
  await buildArtifact(shop.options({ include: ['dist/**', 'vendor/**', 'appspec.yml', 'hooks/**'] }))
  const { manifest } = await readArtifact(shop.output)
  expect(manifest.entries.map(({ path }) => path)).toEqual([
    'appspec.yml',
    'dist/main.js',
    'hooks/after-install.sh',
    'vendor/lib.php',
  ])
})

test('a file that differs from the commit does not matter where it is not chosen', async () => {
  const shop = createShop()
  shop.repository.write({ 'src/main.js': 'changed' })
  await expect(buildArtifact(shop.options({ exclude: ['src/**'] }))).resolves.toMatchObject({ entryCount: 3 })
})

test('root may be a folder below the top of the repository', async () => {
  const folder = temporaryFolder()
  const repository = createRepository(join(folder, 'mono'))
  const commit = repository.commit({
    'apps/shop/appspec.yml': 'version: 0.0\nos: linux\n',
    'apps/shop/src/"quoted".js': 'x',
    'apps/other/file': 'y',
  })
  repository.write({ 'apps/other/file': 'changed, and not ours' })
  const options = { root: join(repository.path, 'apps/shop'), include: ['**'], output: join(folder, 'shop.zip') }
  await expect(buildArtifact(options)).resolves.toMatchObject({ application: 'shop', commit, entryCount: 2 })
})

test('root may be a folder that a build made, of which git knows nothing', async () => {
  const shop = createShop({ '.gitignore': 'build/\n' })
  shop.repository.write({ 'build/app/index.html': 'x' })
  const root = join(shop.repository.path, 'build/app')
  const artifact = await buildArtifact(shop.options({ root, requireAppSpec: false }))
  expect(artifact).toMatchObject({ application: 'app', commit: shop.commit, entryCount: 1 })
})

test('conversions that the repository asks for are no difference', async () => {
  const shop = createShop({ '.gitattributes': '*.txt text eol=crlf\n', '"a" b.txt': 'one\ntwo\n' })
  // As a checkout writes it.
  shop.repository.write({ '"a" b.txt': 'one\r\ntwo\r\n' })
  await buildArtifact(shop.options())
  const { manifest } = await readArtifact(shop.output)
  expect(manifest.entries.find(({ path }) => path.startsWith('"'))).toMatchObject({ sizeBytes: 10 })
})

test('a repository with SHA-256 ids is read like any other', async () => {
  const folder = temporaryFolder()
  const repository = createRepository(join(folder, 'checkout'))
  repository.git('init', '--quiet', '--object-format=sha256', '../other')
  const other = { ...createRepositoryAt(join(folder, 'other'), repository) }
  const artifact = await buildArtifact({ root: other.path, include: ['**'], output: join(folder, 'a.zip') })
  expect(artifact.commit).toMatch(/^[0-9a-f]{64}$/)
})

/** Commits the shop in a repository that is there already, with the identity of another. */
function createRepositoryAt(path: string, { git }: { readonly git: (...args: string[]) => string }) {
  createShopFiles(path)
  git('-C', path, 'add', '--all')
  git('-C', path, 'commit', '--quiet', '--message', 'first')
  return { path }
}

function createShopFiles(path: string): void {
  for (const [name, file] of Object.entries(shopFiles)) {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    if (typeof file === 'string') writeFileSync(join(path, name), file)
    else if ('link' in file) symlinkSync(file.link, join(path, name))
    else writeFileSync(join(path, name), file.text, { mode: file.mode })
  }
}

test('a submodule at its commit goes in, its files compared with that commit', async () => {
  const folder = temporaryFolder()
  const library = createRepository(join(folder, 'library'))
  library.commit({ 'lib.php': '<?php' })
  const shop = createShop()
  shop.repository.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library.path, 'vendor/library')
  const commit = shop.repository.commit({})
  await expect(buildArtifact(shop.options())).resolves.toMatchObject({ commit, entryCount: 8 })
  const { manifest } = await readArtifact(shop.output)
  expect(manifest.entries.map(({ path }) => path)).toContain('vendor/library/lib.php')

  shop.repository.write({ 'vendor/library/lib.php': 'changed' })
  await expect(buildArtifact(shop.options())).rejects.toMatchObject({
    code: 'ARTIFACT_TREE_DIFFERS',
    context: { files: [{ path: 'vendor/library/lib.php', difference: 'content' }] },
  })
})

test('the application is the name in package.json without its scope, else the folder, else what is given', async () => {
  const shop = createShop()
  await expect(buildArtifact(shop.options())).resolves.toMatchObject({ application: 'shop' })
  await expect(buildArtifact(shop.options({ application: 'till' }))).resolves.toMatchObject({ application: 'till' })
  shop.repository.git('rm', '--quiet', 'package.json')
  shop.repository.commit({})
  await expect(buildArtifact(shop.options())).resolves.toMatchObject({
    application: basename(shop.repository.path),
  })
})

test('the output may be below root where include does not choose it, and replaces the one before', async () => {
  const shop = createShop()
  const output = join(shop.repository.path, 'build/shop.zip')
  const options = shop.options({ include: ['src/**', 'hooks/**', 'appspec.yml'], output })
  const first = await buildArtifact(options)
  expect(await buildArtifact(options)).toEqual(first)
  expect(await buildArtifact({ ...options, include: ['**'], exclude: ['build/**', 'package.json'] })).toEqual(first)
  expect(readdirSync(dirname(output))).toEqual(['shop.zip'])
})

test('a name that begins like that of root is not inside root', async () => {
  const shop = createShop()
  const output = `${shop.repository.path}-artifacts/shop.zip`
  await expect(buildArtifact(shop.options({ output }))).resolves.toMatchObject({ path: output })
})

test('requireAppSpec: false builds an artifact that is not for CodeDeploy', async () => {
  const shop = createShop()
  const options = shop.options({ include: ['src/**'] })
  await expect(buildArtifact(options)).rejects.toMatchObject({ code: 'ARTIFACT_APPSPEC_MISSING' })
  await expect(buildArtifact({ ...options, requireAppSpec: false })).resolves.toMatchObject({ entryCount: 3 })
})

test('a hook may be a link to a script that is in the artifact', async () => {
  const shop = createShop({ 'hooks/after-install.sh': 'placeholder' })
  shop.repository.git('rm', '--quiet', 'hooks/after-install.sh')
  shop.repository.commit({
    'scripts/run.sh': { text: '#!/bin/sh\n', mode: 0o755 },
    'hooks/after-install.sh': { link: '../scripts/run.sh' },
  })
  await expect(buildArtifact(shop.options())).resolves.toMatchObject({ application: 'shop' })
})

test('findings that are allowed pass, are told, and are recorded in the manifest', async () => {
  const password = 'correct horse'
  const shop = createShop({ '.env': `# local\nDB_PASSWORD="${password}"\n`, 'keys/id_rsa.bak': 'x' })
  const allow = [
    { path: 'keys/id_rsa.bak', rule: 'private-key-path', reason: 'a file of that name' },
    { path: '.env', rule: 'dotenv-secret', reason: 'of the test database' },
  ] as const
  await buildArtifact(shop.options({ allow }))
  const { manifest } = await readArtifact(shop.output)
  expect(manifest.allowances).toEqual([allow[1], allow[0]])
  expect(shop.events.filter(({ type }) => type === 'artifact.secret-allowed')).toMatchObject([
    { path: '.env', line: 2, rule: 'dotenv-secret', reason: 'of the test database' },
    { path: 'keys/id_rsa.bak', line: 1, rule: 'private-key-path' },
  ])
  expect(JSON.stringify(shop.events)).not.toContain('horse')
})

test('a committed .env without secrets and an example pass', async () => {
  const shop = createShop({
    '.env': 'APP_ENV=prod\nAPP_SECRET=\nDATABASE_URL="postgresql://app:!ChangeMe!@127.0.0.1/app"\n',
    '.env.example': 'API_TOKEN=ask-somebody-for-it\n',
  })
  await expect(buildArtifact(shop.options())).resolves.toMatchObject({ entryCount: 8 })
})

test('files larger than the memory that is kept for one go in and come out whole', async () => {
  const shop = createShop()
  // Compressible, and of no round length.
  const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => `line ${index * 7919}\n`).join(''))
  writeFileSync(join(shop.repository.path, 'big.txt'), bytes)
  const first = await buildArtifact(shop.options())
  expect(first.sizeBytes).toBeLessThan(bytes.length / 2)
  const { manifest } = await readArtifact(first)
  expect(manifest.entries.find(({ path }) => path === 'big.txt')).toMatchObject({ sizeBytes: bytes.length })
  expect(await buildArtifact(shop.options())).toEqual(first)
})

test('exactly as many files as a piece has bytes, one fewer and one more', async () => {
  const shop = createShop()
  for (const size of [262_143, 262_144, 262_145]) {
    writeFileSync(join(shop.repository.path, `size-${size}`), Buffer.alloc(size, 'ab'))
  }
  await buildArtifact(shop.options())
  const { manifest } = await readArtifact(shop.output)
  expect(manifest.entries.filter(({ path }) => path.startsWith('size-')).map(({ sizeBytes }) => sizeBytes)).toEqual([
    262_143, 262_144, 262_145,
  ])
})

test('an exception of onEvent reaches the caller and leaves nothing behind', async () => {
  for (const type of ['artifact.planned', 'artifact.warned', 'artifact.progress']) {
    const shop = createShop({ 'src/aux.js': '' })
    const onEvent = (event: { readonly type: string }) => {
      if (event.type === type) throw new Error(`stopped at ${type}`)
    }
    await expect(buildArtifact(shop.options({ onEvent }))).rejects.toThrow(`stopped at ${type}`)
    expect(existsSync(dirname(shop.output)) ? readdirSync(dirname(shop.output)) : []).toEqual([])
  }
})

test('the group and other bits of a file do not matter, the bit of its owner does', async () => {
  const shop = createShop()
  const first = await buildArtifact(shop.options())
  chmodSync(join(shop.repository.path, 'src/main.js'), 0o677)
  expect(await buildArtifact(shop.options())).toEqual(first)
})
