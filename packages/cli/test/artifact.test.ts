import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Artifact, Manifest } from '@fairlead/core'
import { createRepository, temporaryFolder, type TestRepository } from '@fairlead/test-support'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { fairlead } from './support/run.ts'

const appspec = 'version: 0.0\nos: linux\nhooks:\n  AfterInstall:\n    - location: hooks/hello.sh\n'

/** Looks like a token and is none. Assembled here, so that no scanner flags the repository. */
const madeUpToken = `ghp_${'Ab3dE6gH9k'.repeat(4).slice(0, 36)}`

interface Shop {
  readonly folder: string
  readonly repository: TestRepository
}

/** A committed shop, and what a build of it made and git ignores. */
function createShop(): Shop {
  const folder = temporaryFolder()
  const repository = createRepository(join(folder, 'shop'))
  repository.commit({
    '.gitignore': 'dist\nnode_modules\n',
    'appspec.yml': appspec,
    'hooks/hello.sh': { text: '#!/bin/sh\necho hello\n', mode: 0o755 },
  })
  repository.write({ 'dist/main.js': 'main()\n', 'dist/main.js.map': '{}\n', 'dist/old.js': 'old()\n' })
  return { folder, repository }
}

/** Builds with flags and answers the record; `name` is that of the artifact in the shop's folder. */
async function build({ folder, repository }: Shop, name: string, ...flags: readonly string[]): Promise<Artifact> {
  const output = join(folder, name)
  const ran = await fairlead('artifact', 'build', '--root', repository.path, '--output', output, '--json', ...flags)
  expect(ran.exitCode, ran.stderr).toBe(0)
  return JSON.parse(ran.stdout) as Artifact
}

async function manifestOf({ path }: Artifact): Promise<Manifest> {
  const { stdout } = await fairlead('artifact', 'list', path, '--json')
  return JSON.parse(stdout) as Manifest
}

async function pathsOf(artifact: Artifact): Promise<readonly string[]> {
  return (await manifestOf(artifact)).entries.map(({ path }) => path)
}

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('artifact build', () => {
  test('hands every flag to the library', async () => {
    const shop = createShop()
    shop.repository.write({ 'dist/odd:name.js': `const token = '${madeUpToken}'\n` })
    const cache = join(shop.folder, 'cache')
    vi.stubEnv('SHOP_CACHE_KEY', 'made up, and of more than 32 characters')
    const flags = [
      ...['--tracked', '--ignore-file', '.fairleadignore', '--include', 'dist/**', '--exclude', '**/*.map'],
      ...['--map', 'dist=public', '--map', 'hooks/hello.sh=hooks/hello.sh', '--application', 'cart'],
      ...['--format', 'zip', '--engine', 'native', '--timestamps', 'commit', '--verify', '--workers', '0'],
      ...['--cache', cache, '--max-cache-bytes', '1000000', '--cache-key-env', 'SHOP_CACHE_KEY'],
      ...['--allow', 'public/odd:name.js:github-token:made up: see docs'],
    ]
    shop.repository.commit({ '.fairleadignore': '.fairleadignore\n/.gitignore\ndist/old.js\n' })

    const artifact = await build(shop, 'cart.zip', ...flags)

    expect(artifact).toMatchObject({ application: 'cart', format: 'zip', entryCount: 4 })
    const { entries, allowances } = await manifestOf(artifact)
    expect(entries.map(({ path }) => path)).toEqual([
      'appspec.yml',
      'hooks/hello.sh',
      'public/main.js',
      'public/odd:name.js',
    ])
    expect(allowances).toEqual([{ path: 'public/odd:name.js', rule: 'github-token', reason: 'made up: see docs' }])
    const written = readdirSync(cache)
    expect(written).not.toEqual([])
    expect((await build(shop, 'again.zip', ...flags)).sha256).toBe(artifact.sha256)
    expect((await build(shop, 'threads.zip', ...flags, '--workers', '2')).sha256).toBe(artifact.sha256)
    vi.stubEnv('SHOP_CACHE_KEY', 'another one, of another slot of the folder')
    await build(shop, 'other.zip', ...flags)
    expect(readdirSync(cache).length).toBe(2 * written.length)
  })

  test('tells an event a line, and answers path, size and digests', async () => {
    const shop = createShop()
    const output = join(shop.folder, 'shop.zip')
    const args = ['--root', shop.repository.path, '--tracked', '--output', output]
    const { stdout, stderr } = await fairlead('artifact', 'build', ...args)
    expect(stdout).toMatch(
      /shop\.zip {2}3 entries {2}\d+ bytes {2}commit [0-9a-f]{40}\nsha256 [0-9a-f]{64}\ncontentDigest /,
    )
    expect(stderr).toContain(`wrote ${output}`)
    expect(await fairlead('artifact', 'build', ...args, '--quiet')).toEqual({ exitCode: 0, stdout, stderr: '' })
  })

  test('takes the packages that npm needs, of the project or of a workspace', async () => {
    const shop = createShop()
    shop.repository.commit({
      'package.json': '{"name":"@acme/shop","workspaces":["apps/*"]}\n',
      'package-lock.json': JSON.stringify({
        lockfileVersion: 3,
        packages: {
          '': { workspaces: ['apps/*'], dependencies: { pg: '1' } },
          'apps/cart': { dependencies: { tax: '1' } },
          'node_modules/cart': { resolved: 'apps/cart', link: true },
          'node_modules/pg': { version: '1.0.0' },
          'node_modules/tax': { version: '1.0.0' },
          'node_modules/mocker': { version: '1.0.0', dev: true },
        },
      }),
      'apps/cart/package.json': '{"name":"cart"}\n',
    })
    for (const name of ['pg', 'tax', 'mocker']) shop.repository.write({ [`node_modules/${name}/index.js`]: name })
    shop.repository.write({ 'node_modules/cart': { link: '../apps/cart' } })

    const whole = await build(shop, 'whole.zip', '--no-appspec', '--npm-production', '--include', 'apps/**')
    expect(whole.application).toBe('shop')
    expect(await pathsOf(whole)).toEqual([
      'apps/cart/package.json',
      'node_modules/cart',
      'node_modules/pg/index.js',
      'node_modules/tax/index.js',
    ])
    const cart = await build(shop, 'cart.zip', '--no-appspec', '--npm-workspace', 'apps/cart')
    expect(await pathsOf(cart)).toEqual(['node_modules/tax/index.js'])
  })

  test('that is refused ends with 1, names the place and what to do, and never the secret', async () => {
    const { folder, repository } = createShop()
    repository.commit({ 'config.js': `const token = '${madeUpToken}'\n` })
    const args = ['--root', repository.path, '--tracked', '--output', join(folder, 'shop.zip')]
    const { exitCode, stdout, stderr } = await fairlead('artifact', 'build', ...args)
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toMatch(
      /error ARTIFACT_HOLDS_SECRETS: .*config\.js:1 \(github-token\)\n.*inject them on the host.*\n$/,
    )
    expect(stderr).not.toContain(madeUpToken)
    expect(existsSync(join(folder, 'shop.zip'))).toBe(false)
  })
})

describe('a dry run', () => {
  test('prints what would go in, and writes nothing', async () => {
    const { folder, repository } = createShop()
    const output = join(folder, 'shop.zip')
    const args = ['--root', repository.path, '--tracked', '--output', output]
    const built = await fairlead('artifact', 'build', ...args, '--dry-run')
    const commit = repository.git('rev-parse', 'HEAD')
    const bytes = ['.gitignore', 'appspec.yml', 'hooks/hello.sh'].reduce(
      (sum, path) => sum + statSync(join(repository.path, path)).size,
      0,
    )
    const stdout = `shop  commit ${commit}\n3 entries  ${bytes} bytes  0 left out\n`
    expect(built).toEqual({ exitCode: 0, stdout, stderr: '' })
    expect(await fairlead('artifact', 'plan', ...args)).toEqual(built)
    expect(existsSync(output)).toBe(false)
    const plan = await fairlead('artifact', 'plan', ...args, '--json')
    expect(JSON.parse(plan.stdout)).toMatchObject({ application: 'shop', commit, plan: { refused: [] } })
  })

  test('explains every path, or one, or one in a folder that is left out', async () => {
    const { repository } = createShop()
    const args = ['--root', repository.path, '--include', '**', '--ignore-file', '.gitignore', '--exclude', 'dist/*.js']
    const all = await fairlead('artifact', 'plan', ...args, '--explain')
    expect(all.stdout.split('\n').slice(0, 4)).toEqual([
      'in       .gitignore  (include **)',
      'in       appspec.yml  (include **)',
      'out      dist/main.js  (exclude dist/*.js)',
      'out      dist/main.js.map  (.gitignore:1 dist)',
    ])
    const one = await fairlead('artifact', 'plan', ...args, '--explain', './dist/main.js.map', '--json')
    expect(JSON.parse(one.stdout)).toEqual([
      { path: 'dist/main.js.map', decision: 'out', because: '.gitignore:1 dist' },
    ])
    const none = await fairlead('artifact', 'plan', ...args, '--explain', 'dist/none.js')
    expect(none).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^unknown {2}dist\/none\.js {2}\(/) })
  })

  test('ends with 1 where a build would be refused, with every reason and its cure, and warns of odd names', async () => {
    const { repository } = createShop()
    repository.write({ 'dist/MAIN.js': '', 'dist/gone': { link: 'nowhere' }, 'dist/bell\u0007.js': '' })
    const args = ['--root', repository.path, '--include', 'dist/**', '--include', 'lib/**']
    const { exitCode, stdout } = await fairlead('artifact', 'plan', ...args)
    expect(exitCode).toBe(1)
    expect(stdout).toMatch(/warning {2}dist\/main\.js {2}\(name-collision with dist\/main\.js\)\n/i)
    expect(stdout).toMatch(/refused ARTIFACT_INCLUDE_UNMATCHED: .*"lib\/\*\*"\n {2}Build first/)
    expect(stdout).toMatch(/refused ARTIFACT_ENTRY_REFUSED: .*dist\/gone -> nowhere \(link-dangling\)\n {2}Exclude it/)
    expect(stdout).toContain('dist/bell\\x07.js')
  })
})

describe('reading', () => {
  test('verify ends with 1 for another artifact and for damaged bytes', async () => {
    const shop = createShop()
    const { path, sha256, contentDigest } = await build(shop, 'shop.zip', '--tracked')
    const known = ['--sha256', sha256, '--content-digest', contentDigest, '--workers', '1']
    const verified = await fairlead('artifact', 'verify', path, ...known)
    expect(verified).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(`sha256 ${sha256}\n`) })
    const record = await fairlead('artifact', 'verify', path, '--json')
    expect(JSON.parse(record.stdout)).toMatchObject({ schema: 'fairlead/artifact/1', sha256, contentDigest })

    const other = await fairlead('artifact', 'verify', path, '--content-digest', 'a'.repeat(64))
    expect(other).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('error ARTIFACT_UNEXPECTED') })
    writeFileSync(path, readFileSync(path).subarray(0, -1))
    const damaged = await fairlead('artifact', 'verify', path)
    expect(damaged).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('error ARTIFACT_INVALID') })
  })

  test('list shows mode, size and path of each entry', async () => {
    const shop = createShop()
    mkdirSync(join(shop.repository.path, 'uploads'))
    const { path } = await build(shop, 'shop.zip', '--include', 'hooks/**', '--include', 'uploads', '--no-appspec')
    expect((await fairlead('artifact', 'list', path)).stdout).toBe(
      '0755          21  hooks/hello.sh\n0755           0  uploads/\n',
    )
  })

  test('extract makes a folder, and none of what is another artifact', async () => {
    const shop = createShop()
    const { path, sha256, commit } = await build(shop, 'shop.tgz', '--format', 'tgz', '--tracked')
    const into = join(shop.folder, 'releases/1')
    const refused = await fairlead('artifact', 'extract', path, '--into', into, '--sha256', 'b'.repeat(64))
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('error ARTIFACT_UNEXPECTED') })
    expect(existsSync(into)).toBe(false)

    const flags = ['--into', into, '--durable', '--workers', '1', '--sha256', sha256]
    const extracted = await fairlead('artifact', 'extract', path, ...flags)
    expect(extracted).toMatchObject({ exitCode: 0, stdout: `${into}  3 entries  commit ${commit}\n` })
    expect(statSync(join(into, 'hooks/hello.sh')).mode & 0o777).toBe(0o755)
    const occupied = await fairlead('artifact', 'extract', path, '--into', into)
    expect(occupied).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('Give a folder that is not there') })
  })
})

describe('artifact diff', () => {
  const all = ['--tracked', '--include', 'dist/**', '--ignore-file', '.fairleadignore']

  test('has a line for each difference, and ends with 0', async () => {
    const shop = createShop()
    const before = await build(shop, 'before.zip', ...all)
    shop.repository.commit({ 'hooks/hello.sh': { text: '#!/bin/sh\necho bye\n', mode: 0o755 }, 'added.txt': 'new\n' })
    shop.repository.commit({ 'dist/tool.js': { text: 'main()\n', mode: 0o755 }, '.fairleadignore': 'dist/*.map\n' })
    shop.repository.git('mv', 'added.txt', 'extra.txt')
    shop.repository.commit({})
    const after = await build(shop, 'after.zip', ...all, '--map', 'dist/old.js=dist/older.js', '--exclude', '.git*')

    const { exitCode, stdout } = await fairlead('artifact', 'diff', before.path, after.path)

    expect(exitCode).toBe(0)
    expect(stdout.split('\n')).toEqual([
      '+ .fairleadignore  11 bytes',
      '- .gitignore  18 bytes',
      '- dist/main.js.map  3 bytes',
      '> dist/older.js  from dist/old.js, 6 bytes',
      '+ dist/tool.js  7 bytes',
      '+ extra.txt  4 bytes',
      '~ hooks/hello.sh  21 -> 19 bytes',
      expect.stringMatching(/^3 added, 2 removed, 1 changed, 1 moved: 6 entries, \d+ bytes -> 7 entries, \d+ bytes$/),
      '',
    ])
  })

  test('tells a mode and a type, and with --exit-code ends with 1', async () => {
    const shop = createShop()
    const before = await build(shop, 'before.zip', ...all)
    shop.repository.git('rm', '--quiet', '--force', 'hooks/hello.sh')
    shop.repository.commit({
      'hooks/hello.sh': { link: 'bye.sh' },
      'hooks/bye.sh': { text: '#!/bin/sh\n', mode: 0o755 },
    })
    shop.repository.write({ 'dist/main.js': { text: 'main()\n', mode: 0o755 } })
    const after = await build(shop, 'after.zip', ...all)
    const sides = [before.path, after.path]

    const { exitCode, stdout } = await fairlead('artifact', 'diff', ...sides, '--exit-code')

    expect(exitCode).toBe(1)
    expect(stdout).toContain('m dist/main.js  0644 -> 0755\n')
    expect(stdout).toContain('~ hooks/hello.sh  file -> symlink, 21 -> 6 bytes, 0755 -> 0777\n')
    const value = await fairlead('artifact', 'diff', ...sides, '--json')
    expect(JSON.parse(value.stdout)).toMatchObject({ isSame: false, before: { commit: before.commit } })
  })

  test('finds no difference between a zip, a tar and the manifest of either', async () => {
    const shop = createShop()
    const zip = await build(shop, 'shop.zip', '--tracked')
    const tar = await build(shop, 'shop.tar', '--format', 'tar', '--tracked')
    const manifest = join(shop.folder, 'manifest.json')
    writeFileSync(manifest, (await fairlead('artifact', 'list', zip.path, '--json')).stdout)
    for (const after of [tar.path, manifest]) {
      const { exitCode, stdout } = await fairlead('artifact', 'diff', zip.path, after, '--exit-code')
      expect({ exitCode, stdout }).toEqual({
        exitCode: 0,
        stdout: expect.stringMatching(/^the same content: 3 entries, /),
      })
    }
  })
})

test.each(['zip', 'tar', 'tgz', 'tar.gz'])('publish takes a .%s', async (extension) => {
  const shop = createShop()
  const store = join(shop.folder, 'store')
  mkdirSync(store)
  const format = extension === 'tar.gz' ? 'tgz' : extension
  const { path, sha256 } = await build(shop, `shop.${extension}`, '--format', format, '--tracked')
  const published = await fairlead('artifact', 'publish', path, '--store', store, '--json')
  expect(published.exitCode, published.stderr).toBe(0)
  expect(JSON.parse(published.stdout)).toMatchObject({ sha256, format, alreadyPublished: false })
  expect(readdirSync(join(store, 'artifacts'))).toEqual([`${sha256}.${format}`])
})

describe('a wrong call', () => {
  const output = ['--output', 'none/shop.zip']
  test.each([
    ['nothing chosen', ['build', ...output], /INVALID_OPTION.*include/],
    ['no output', ['build', '--tracked'], /--output/],
    ['an unknown format', ['build', '--tracked', ...output, '--format', 'rar'], /INVALID_OPTION.*zip, tar, tgz/],
    ['a number that is none', ['build', '--tracked', ...output, '--workers', 'two'], /INVALID_OPTION.*workers/],
    [
      'a cache for archiver',
      ['build', '--tracked', ...output, '--engine', 'archiver', '--cache', 'x'],
      /INVALID_OPTION/,
    ],
    ['a size without a cache', ['build', '--tracked', ...output, '--max-cache-bytes', '1'], /OPTION_ALONE.*--cache/],
    ['a key without a cache', ['build', '--tracked', ...output, '--cache-key-env', 'X'], /OPTION_ALONE.*--cache/],
    [
      'a variable that is empty',
      ['build', '--tracked', ...output, '--cache', 'x', '--cache-key-env', 'NO_SUCH_VARIABLE'],
      /VARIABLE_MISSING.*NO_SUCH_VARIABLE/,
    ],
    [
      'a secret in place of its variable',
      ['build', '--tracked', ...output, '--cache', 'x', '--cache-key-env', '9f86d081884c7d659a2feaa0c55ad015'],
      /VARIABLE_MISSING(?!.*9f86d081)/s,
    ],
    ['an explanation without a dry run', ['build', '--tracked', ...output, '--explain'], /OPTION_ALONE.*--dry-run/],
    ['a mapping without =', ['plan', '--tracked', '--map', 'dist'], /ASSIGNMENT_INVALID.*FROM=TO/],
    ['a mapping that can be read in two ways', ['plan', '--tracked', '--map', 'a=b=c'], /ASSIGNMENT_INVALID/],
    [
      'an allowance without a reason',
      ['build', '--tracked', ...output, '--allow', 'a:npm-token'],
      /ASSIGNMENT_INVALID/,
    ],
    ['an unknown rule', ['build', '--tracked', ...output, '--allow', 'a:b:c'], /INVALID_OPTION.*npm-token/],
    ['a digest that is none', ['verify', 'shop.zip', '--sha256', 'abc'], /INVALID_OPTION.*64 lowercase/],
    ['no folder to extract to', ['extract', 'shop.zip'], /--into/],
    ['one side of a comparison', ['diff', 'shop.zip'], /missing required argument 'after'/],
  ])('ends with 2 for %s', async (_name, args, words) => {
    const { exitCode, stderr } = await fairlead('artifact', ...args)
    expect(stderr).toMatch(words)
    expect(exitCode).toBe(2)
  })
})
