import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isDeployError } from '@fairlead/core'
import { canary, createRepository, missingTools, temporaryFolder } from '@fairlead/test-support'
import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { artifactErrors, buildArtifact, type BuildArtifactOptions } from '../src/index.ts'
import { scannedBytes } from '../src/limits.ts'
import { keyBlock, letters } from './support/made-up-secrets.ts'
import { createShop, type Shop } from './support/shop.ts'

interface Refusal {
  readonly code: string
  readonly context?: Readonly<Record<string, unknown>>
  /** Brings about what is refused; answers the options for it. */
  readonly given: (shop: Shop) => Partial<BuildArtifactOptions> | void
}

const bad = (options: Readonly<Record<string, unknown>>) => options as Partial<BuildArtifactOptions>

const refusals: Readonly<Record<string, Refusal>> = {
  'an option that does not exist': {
    code: 'UNKNOWN_OPTION',
    context: { option: 'ouput', nearest: 'output' },
    given: () => bad({ ouput: 'x' }),
  },
  'null for an option': { code: 'INVALID_OPTION', context: { option: 'exclude' }, given: () => bad({ exclude: null }) },
  'no root': { code: 'INVALID_OPTION', context: { option: 'root' }, given: () => bad({ root: undefined }) },
  'an empty root': { code: 'INVALID_OPTION', context: { option: 'root' }, given: () => ({ root: '' }) },
  'a root with a zero byte': { code: 'INVALID_OPTION', context: { option: 'root' }, given: () => ({ root: 'a\0b' }) },
  'an include that is no list': {
    code: 'INVALID_OPTION',
    context: { option: 'include' },
    given: () => bad({ include: '**' }),
  },
  'an empty include': { code: 'INVALID_OPTION', context: { option: 'include' }, given: () => ({ include: [] }) },
  'an include out of root': {
    code: 'INVALID_OPTION',
    context: { option: 'include[1]' },
    given: () => ({ include: ['**', '../other/**'] }),
  },
  'an absolute exclude': {
    code: 'INVALID_OPTION',
    context: { option: 'exclude[0]' },
    given: () => ({ exclude: ['/etc/**'] }),
  },
  'a negated include': {
    code: 'INVALID_OPTION',
    context: { option: 'include[0]' },
    given: () => ({ include: ['!a'] }),
  },
  'no output': { code: 'INVALID_OPTION', context: { option: 'output' }, given: () => bad({ output: undefined }) },
  'an empty application': {
    code: 'INVALID_OPTION',
    context: { option: 'application' },
    given: () => ({ application: '' }),
  },
  'requireAppSpec that is no flag': {
    code: 'INVALID_OPTION',
    context: { option: 'requireAppSpec' },
    given: () => bad({ requireAppSpec: 'no' }),
  },
  'an allowance without a reason': {
    code: 'INVALID_OPTION',
    context: { option: 'allow[0].reason' },
    given: () => bad({ allow: [{ path: 'a', rule: 'private-key' }] }),
  },
  'an allowance of an unknown rule': {
    code: 'INVALID_OPTION',
    context: { option: 'allow[0].rule' },
    given: () => bad({ allow: [{ path: 'a', rule: 'secrets', reason: 'r' }] }),
  },
  'an allowance with a misspelt key': {
    code: 'UNKNOWN_OPTION',
    context: { option: 'reasons' },
    given: () => bad({ allow: [{ path: 'a', rule: 'private-key', reasons: 'r' }] }),
  },
  'a root that does not exist': {
    code: 'ARTIFACT_ROOT_MISSING',
    given: (shop) => ({ root: join(shop.repository.path, 'no') }),
  },
  'a root that is a file': {
    code: 'ARTIFACT_ROOT_NOT_A_FOLDER',
    given: (shop) => ({ root: join(shop.repository.path, 'package.json') }),
  },
  'a root below a file': {
    code: 'ARTIFACT_ROOT_NOT_A_FOLDER',
    given: (shop) => ({ root: join(shop.repository.path, 'package.json/x') }),
  },
  'an output that include chooses': {
    code: 'ARTIFACT_OUTPUT_INSIDE_ROOT',
    context: { path: 'build/shop.zip' },
    given: (shop) => ({ output: join(shop.repository.path, 'build/shop.zip') }),
  },
  'an output that include chooses, by way of a link': {
    code: 'ARTIFACT_OUTPUT_INSIDE_ROOT',
    context: { path: 'src/new/shop.zip' },
    given: (shop) => {
      const link = join(dirname(shop.repository.path), 'link')
      symlinkSync(join(shop.repository.path, 'src'), link)
      return { output: join(link, 'new/shop.zip') }
    },
  },
  'an output whose temporary name include chooses': {
    code: 'ARTIFACT_OUTPUT_INSIDE_ROOT',
    given: (shop) => ({ output: join(shop.repository.path, 'shop.zip'), include: ['*.tmp', 'src/**'] }),
  },
  'an output that is root': {
    code: 'ARTIFACT_OUTPUT_NOT_A_FILE',
    given: (shop) => ({ output: shop.repository.path }),
  },
  'an output that is a link to a folder': {
    code: 'ARTIFACT_OUTPUT_NOT_A_FILE',
    given: (shop) => {
      const output = join(dirname(shop.repository.path), 'link')
      symlinkSync(shop.repository.path, output)
      return { output }
    },
  },
  'an output that is a device': { code: 'ARTIFACT_OUTPUT_NOT_A_FILE', given: () => ({ output: '/dev/null' }) },
  'an output below a file': {
    code: 'ARTIFACT_OUTPUT_UNWRITABLE',
    context: { reason: 'ENOTDIR' },
    given: (shop) => {
      const file = join(dirname(shop.repository.path), 'file')
      writeFileSync(file, '')
      return { output: join(file, 'shop.zip') }
    },
  },
  'includes that choose nothing, all named': {
    code: 'ARTIFACT_INCLUDE_UNMATCHED',
    context: { globs: ['dist/**', '*.php'] },
    given: () => ({ include: ['src/**', 'dist/**', '*.php'] }),
  },
  'links that lead out or nowhere, all named': {
    code: 'ARTIFACT_ENTRY_REFUSED',
    context: {
      entries: [
        { path: 'gone', reason: 'link-dangling', target: 'nowhere' },
        { path: 'out', reason: 'link-escapes', target: '/etc/hosts' },
      ],
    },
    given: (shop) => {
      symlinkSync('/etc/hosts', join(shop.repository.path, 'out'))
      symlinkSync('nowhere', join(shop.repository.path, 'gone'))
    },
  },
  'a name with a control character': {
    code: 'ARTIFACT_ENTRY_REFUSED',
    context: { entries: [{ path: 'src/a\tb', reason: 'name-control-character' }] },
    given: (shop) => shop.repository.write({ 'src/a\tb': 'y' }),
  },
  'a name that is not UTF-8': {
    code: 'ARTIFACT_ENTRY_REFUSED',
    context: { entries: [{ path: 'src/\ufffd', reason: 'name-not-utf8' }] },
    given: (shop) => {
      writeFileSync(Buffer.concat([Buffer.from(`${shop.repository.path}/src/`), Buffer.from([0xe9])]), 'x')
    },
  },
  'a pipe': {
    code: 'ARTIFACT_ENTRY_REFUSED',
    context: { entries: [{ path: 'src/pipe', reason: 'not-a-file' }] },
    given: (shop) => {
      execFileSync('mkfifo', [join(shop.repository.path, 'src/pipe')])
    },
  },
  "a file in the manifest's place": {
    code: 'ARTIFACT_ENTRY_REFUSED',
    context: { entries: [{ path: '.fairlead/manifest.json', reason: 'name-reserved' }] },
    given: (shop) => shop.repository.write({ '.fairlead/manifest.json': '{}' }),
  },
  'no appspec.yml': {
    code: 'ARTIFACT_APPSPEC_MISSING',
    given: () => ({ include: ['src/**'] }),
  },
  'an appspec.yaml, which the agent does not read': {
    code: 'ARTIFACT_APPSPEC_MISSING',
    given: (shop) => {
      shop.repository.git('mv', 'appspec.yml', 'appspec.yaml')
      shop.repository.commit({})
    },
  },
  'an appspec.yml that does not parse': {
    code: 'APPSPEC_INVALID',
    given: (shop) => {
      shop.repository.commit({ 'appspec.yml': 'version: 7\nos: linux\n' })
    },
  },
  'a hook whose script is not chosen': {
    code: 'ARTIFACT_HOOK_MISSING',
    context: { scripts: [{ event: 'AfterInstall', location: 'hooks/after-install.sh' }] },
    given: () => ({ exclude: ['hooks/**'] }),
  },
  'a hook whose script is a folder': {
    code: 'ARTIFACT_HOOK_MISSING',
    given: (shop) => {
      shop.repository.commit({
        'appspec.yml': 'version: 0.0\nos: linux\nhooks:\n  AfterInstall:\n    - location: hooks\n',
      })
    },
  },
  'a folder without a repository': {
    code: 'ARTIFACT_REPOSITORY_MISSING',
    given: (shop) => {
      const root = join(dirname(shop.repository.path), 'plain')
      mkdirSync(root)
      writeFileSync(join(root, 'appspec.yml'), 'version: 0.0\nos: linux\n')
      return { root }
    },
  },
  'a repository without a commit': {
    code: 'ARTIFACT_COMMIT_MISSING',
    given: (shop) => {
      const other = createRepository(join(dirname(shop.repository.path), 'new'))
      other.write({ 'appspec.yml': 'version: 0.0\nos: linux\n' })
      return { root: other.path }
    },
  },
  'tracked files that differ from the commit, all named': {
    code: 'ARTIFACT_TREE_DIFFERS',
    context: {
      files: [
        { path: 'hooks/after-install.sh', difference: 'mode' },
        { path: 'new.js', difference: 'added' },
        { path: 'src/empty.js', difference: 'missing' },
        { path: 'src/main-link.js', difference: 'content' },
        { path: 'src/main.js', difference: 'content' },
      ],
    },
    given: ({ repository }) => {
      repository.write({
        'src/main.js': 'console.log("shoq")\n',
        'new.js': 'x',
        'hooks/after-install.sh': { text: '#!/bin/sh\nexit 0\n', mode: 0o644 },
      })
      repository.git('add', 'new.js')
      execFileSync('rm', ['src/empty.js', 'src/main-link.js'], { cwd: repository.path })
      repository.write({ 'src/main-link.js': { link: '../src/main.js' } })
    },
  },
  'a tracked file that git was told not to look at': {
    code: 'ARTIFACT_TREE_DIFFERS',
    context: { files: [{ path: 'src/main.js', difference: 'content' }] },
    given: ({ repository }) => {
      repository.git('update-index', '--assume-unchanged', 'src/main.js')
      repository.write({ 'src/main.js': 'changed' })
    },
  },
  'a submodule that is not checked out and would be chosen': {
    code: 'ARTIFACT_TREE_DIFFERS',
    context: { files: [{ path: 'vendor/library', difference: 'submodule' }] },
    given: ({ repository }) => {
      const library = createRepository(join(temporaryFolder(), 'library'))
      library.commit({ 'lib.php': '<?php' })
      repository.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library.path, 'vendor/library')
      repository.commit({})
      repository.git('submodule', '--quiet', 'deinit', '--force', 'vendor/library')
    },
  },
  'ignoreFiles with a folder': {
    code: 'INVALID_OPTION',
    context: { option: 'ignoreFiles[0]' },
    given: () => ({ ignoreFiles: ['config/.gitignore'] }),
  },
  'npmDependencies that are none that exist': {
    code: 'INVALID_OPTION',
    context: { option: 'npmDependencies' },
    given: () => bad({ npmDependencies: 'development' }),
  },
  'npmDependencies of no workspace': {
    code: 'INVALID_OPTION',
    context: { option: 'npmDependencies.workspaces' },
    given: () => ({ npmDependencies: { workspaces: [] } }),
  },
  'a place out of root': {
    code: 'INVALID_OPTION',
    context: { option: 'map[0].from' },
    given: () => ({ map: [{ from: '../x', to: 'x' }] }),
  },
  'a place out of the artifact': {
    code: 'INVALID_OPTION',
    context: { option: 'map[0].to' },
    given: () => ({ map: [{ from: 'src', to: '/srv' }] }),
  },
  'a folder with two places': {
    code: 'INVALID_OPTION',
    context: { option: 'map[1].from' },
    given: () => ({
      map: [
        { from: 'src', to: 'a' },
        { from: './src/', to: 'b' },
      ],
    }),
  },
  'a place for what is not chosen': {
    code: 'ARTIFACT_INCLUDE_UNMATCHED',
    context: { globs: ['dist'] },
    given: () => ({ map: [{ from: 'dist', to: 'public' }] }),
  },
  'two files in one place': {
    code: 'ARTIFACT_ENTRY_REFUSED',
    context: {
      entries: [
        { path: 'package.json', reason: 'path-clash' },
        { path: 'package.json', reason: 'path-clash', source: 'src/main.js' },
      ],
    },
    given: () => ({ map: [{ from: 'src/main.js', to: 'package.json' }], exclude: ['src/main-link.js'] }),
  },
  'production dependencies without a lock': {
    code: 'ARTIFACT_NPM_LOCK_MISSING',
    given: () => ({ npmDependencies: 'production' }),
  },
  'a lock of an npm before 7': {
    code: 'INVALID_RECORD',
    context: { record: 'package-lock.json', path: 'packages' },
    given: (shop) => {
      shop.repository.commit({ 'package-lock.json': '{ "lockfileVersion": 1, "dependencies": {} }\n' })
      return { npmDependencies: 'production' }
    },
  },
  'a workspace that does not exist': {
    code: 'ARTIFACT_NPM_WORKSPACE_MISSING',
    context: { workspace: 'apps/x', known: [] },
    given: (shop) => {
      shop.repository.commit({ 'package-lock.json': '{ "lockfileVersion": 3, "packages": { "": {} } }\n' })
      return { npmDependencies: { workspaces: ['apps/x'] } }
    },
  },
  'an npm package that is not installed': {
    code: 'ARTIFACT_NPM_PACKAGE_MISSING',
    context: {
      packages: [
        { name: 'unlocked', neededBy: '.' },
        { name: 'node_modules/pg', neededBy: '.' },
      ],
    },
    given: (shop) => {
      const packages = { '': { dependencies: { pg: '1', unlocked: '1' } }, 'node_modules/pg': {} }
      shop.repository.commit({ 'package-lock.json': JSON.stringify({ lockfileVersion: 3, packages }) })
      return { npmDependencies: 'production' }
    },
  },
  "a hook with Windows' line ends": {
    code: 'ARTIFACT_APPSPEC_REFUSED',
    context: { defects: [{ rule: 'script-crlf', given: 'hooks/after-install.sh' }] },
    given: (shop) => {
      shop.repository.commit({ 'hooks/after-install.sh': { text: '#!/bin/sh\r\nexit 0\r\n', mode: 0o755 } })
    },
  },
  'a source that is not chosen': {
    code: 'ARTIFACT_APPSPEC_REFUSED',
    context: { defects: [{ rule: 'source-missing', given: 'dist' }] },
    given: (shop) => {
      shop.repository.commit({
        'appspec.yml': 'version: 0.0\nos: linux\nfiles:\n  - source: dist\n    destination: /srv/shop\n',
      })
    },
  },
  'an allowance that nothing needs': {
    code: 'ARTIFACT_ALLOWANCE_STALE',
    context: { allowances: [{ path: 'src/main.js', rule: 'private-key' }] },
    given: () => ({ allow: [{ path: 'src/main.js', rule: 'private-key', reason: 'was a test key' }] }),
  },
  'a package.json that is no JSON': {
    code: 'INVALID_RECORD',
    given: (shop) => {
      shop.repository.commit({ 'package.json': '{' })
    },
  },
}

test.each(Object.entries(refusals))('refuses %s', async (_name, { code, context = {}, given }) => {
  const shop = createShop()
  const others = given(shop) ?? {}
  const options = shop.options(others)
  const before = listing(dirname(shop.repository.path))
  const error: unknown = await buildArtifact(options).catch((caught: unknown) => caught)
  expect(error).toMatchObject({ code, context })
  // Nothing is left, not under another name either.
  expect(listing(dirname(shop.repository.path)).filter((path) => path !== 'out')).toEqual(before)
  expect(shop.events.filter(({ type }) => type === 'artifact.written')).toEqual([])
})

function listing(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.includes('.git'))
    .sort()
}

test('every error that a build can have before it writes is refused above', () => {
  const elsewhere = [
    'ARTIFACT_HOLDS_SECRETS',
    'ARTIFACT_FILE_CHANGED',
    'ARTIFACT_FILE_UNREADABLE',
    'ARTIFACT_CACHE_INSIDE_ROOT',
    'ARTIFACT_CACHE_UNUSABLE',
    'ARTIFACT_NOT_FOUND',
    'ARTIFACT_INVALID',
    'ARTIFACT_CORRUPT',
    'ARTIFACT_UNEXPECTED',
    'ARTIFACT_FOLDER_OCCUPIED',
    'ARTIFACT_FOLDER_UNWRITABLE',
    'ARTIFACT_ENGINE_FAILED',
  ]
  const here = Object.values(refusals).map(({ code }) => code)
  expect(Object.keys(artifactErrors).filter((code) => !here.includes(code))).toEqual(elsewhere)
})

test('all secrets are refused in one error, which names path, line and rule and never a value', async () => {
  const secret = canary()
  const token = `gh${'p_'}${letters(36)}`
  const key = keyBlock('RSA PRIVATE KEY')
  const shop = createShop({
    '.env': `APP_ENV=prod\nDB_PASSWORD=${secret.value}\nDSN=mysql://app:${secret.value}@db/app\n`,
    '.npmrc': `//registry.npmjs.org/:_authToken=${secret.value}\n`,
    'auth.json': JSON.stringify({ bearer: { 'example.com': secret.value } }),
    'src/token.js': `// a\nexport const token = '${token}'\n`,
  })
  shop.repository.write({ '.env.local': `A=${secret.value}\n`, 'config/jwt/private.pem': key })

  const error: unknown = await buildArtifact(shop.options()).catch((caught: unknown) => caught)
  if (!isDeployError(error, artifactErrors.ARTIFACT_HOLDS_SECRETS)) throw error
  expect(error.context.findings).toEqual([
    { path: '.env', line: 2, rule: 'dotenv-secret' },
    { path: '.env', line: 3, rule: 'dotenv-connection-password' },
    { path: '.env.local', line: 1, rule: 'dotenv-local' },
    { path: '.npmrc', line: 1, rule: 'npmrc-token' },
    { path: 'auth.json', line: 1, rule: 'auth-json-token' },
    { path: 'config/jwt/private.pem', line: 1, rule: 'private-key' },
    { path: 'src/token.js', line: 2, rule: 'github-token' },
  ])
  const said = [inspect(error, { depth: 9 }), JSON.stringify(error), error.stack, JSON.stringify(shop.events)].join(
    '\n',
  )
  expect(secret.leaksInto(said)).toBe(false)
  for (const value of [token, key]) {
    for (let at = 0; at + 12 <= value.length; at += 4) expect(said).not.toContain(value.slice(at, at + 12))
  }
  expect(existsSync(shop.output)).toBe(false)
})

test('an allowance lets pass what it names and nothing else', async () => {
  const shop = createShop({ 'test/a.pem': keyBlock('PRIVATE KEY'), 'test/b.pem': keyBlock('PRIVATE KEY') })
  const allow = [{ path: 'test/a.pem', rule: 'private-key', reason: 'made for tests' }] as const
  await expect(buildArtifact(shop.options({ allow }))).rejects.toMatchObject({
    code: 'ARTIFACT_HOLDS_SECRETS',
    context: { findings: [{ path: 'test/b.pem', line: 1, rule: 'private-key' }] },
  })
})

test('a file that must not be read is named', async (context) => {
  // The superuser reads everything, so another user has to try.
  if (process.getuid?.() === 0 && missingTools('setpriv').length > 0) return context.skip()
  const shop = createShop()
  shop.repository.write({ 'dist/locked.js': { text: 'x', mode: 0o000 } })
  if (process.getuid?.() !== 0) {
    await expect(buildArtifact(shop.options())).rejects.toMatchObject({
      code: 'ARTIFACT_FILE_UNREADABLE',
      context: { path: 'dist/locked.js', reason: 'EACCES' },
    })
    return
  }
  const answer = buildAsNobody(shop)
  expect(answer).toMatchObject({
    code: 'ARTIFACT_FILE_UNREADABLE',
    context: { path: 'dist/locked.js', reason: 'EACCES' },
  })
})

function buildAsNobody(shop: Shop): unknown {
  execFileSync('chmod', ['a+rwx', dirname(shop.repository.path)])
  execFileSync('chown', ['-R', '65534', shop.repository.path])
  execFileSync('chown', ['0', join(shop.repository.path, 'dist/locked.js')])
  const { root, include, output } = shop.options()
  const child = join(import.meta.dirname, 'support/build-in-child.mjs')
  const command = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, child]
  try {
    return JSON.parse(
      execFileSync('setpriv', [...command, JSON.stringify({ root, include, output })], { encoding: 'utf8' }),
    )
  } catch (error) {
    return JSON.parse((error as { readonly stdout: string }).stdout)
  }
}

test.each([0, 1])(
  'a file of credentials hides nothing by its length or its number of secrets (%i workers)',
  async (workers) => {
    const shop = createShop()
    const lines = Array.from({ length: 250_000 }, (_, index) => `SERVICE_${index}_PASSWORD=${letters(16)}${index}`)
    shop.repository.write({ 'config/.env.prod': lines.join('\n') })
    const options = shop.options({ workers })
    await expect(buildArtifact(options)).rejects.toMatchObject({ code: 'ARTIFACT_HOLDS_SECRETS' })
  },
)

test.each([0, 1])('a secret is found wherever it stands in a large file (%i workers)', async (workers) => {
  const shop = createShop()
  const token = `"gh${'p_'}${letters(36)}"\n`
  const lines = Buffer.alloc(5 * 1024 ** 2, `${'-'.repeat(63)}\n`)
  for (const border of [scannedBytes, 3 * scannedBytes]) {
    // Across it, and in what is looked at again with the next piece.
    for (const before of [20, 2000]) {
      const content = Buffer.from(lines)
      content.write(`\n${token}`, border - before)
      shop.repository.write({ [`dist/${border}-${before}.txt`]: content.toString('latin1') })
    }
  }
  await expect(buildArtifact(shop.options({ workers }))).rejects.toMatchObject({
    code: 'ARTIFACT_HOLDS_SECRETS',
    context: {
      findings: [scannedBytes, 3 * scannedBytes].flatMap((border) =>
        [20, 2000].map((before) => ({
          path: `dist/${border}-${before}.txt`,
          line: Math.floor((border - before) / 64) + 2,
          rule: 'github-token',
        })),
      ),
    },
  })
})
