import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { createRepository, temporaryFolder, withTools } from '@fairlead/test-support'
import { expect } from 'vitest'
import { buildArtifact, readArtifact, readArtifactPlan, type ArtifactPlan } from '../src/index.ts'

type PackageJson = Readonly<Record<string, unknown>>

function writePackage(folder: string, json: PackageJson, files: Readonly<Record<string, string>> = {}): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ version: '1.0.0', ...json }))
  for (const [path, text] of Object.entries({ 'index.js': `// ${String(json['name'])}\n`, ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text, { mode: path.startsWith('bin/') ? 0o755 : 0o644 })
  }
}

/**
 * A workspace in which every kind of dependency occurs: nested versions, optional ones for other systems, peers,
 * commands, links between workspaces, and what only development needs. Its packages are files: no network is used.
 */
function createProject() {
  const folder = temporaryFolder()
  const npm = (cwd: string, ...args: string[]) =>
    execFileSync('npm', [...args, '--offline', '--no-audit', '--no-fund', '--cache', join(folder, 'cache')], {
      cwd,
      encoding: 'utf8',
      env: { ...process.env, HOME: folder, npm_config_userconfig: join(folder, 'npmrc'), npm_config_loglevel: 'error' },
    })
  const packed = join(folder, 'packed')
  const tarball = (name: string, version = '1.0.0') => `file:${join(packed, `${name}-${version}.tgz`)}`
  const made: string[] = []
  const make = (json: PackageJson & { name: string; version?: string }, files?: Readonly<Record<string, string>>) => {
    const source = join(folder, 'made', `${json.name}-${json.version ?? '1.0.0'}`)
    writePackage(source, json, files)
    made.push(source)
  }
  make({ name: 'shared' })
  make({ name: 'shared', version: '2.0.0' })
  make({ name: 'elsewhere', os: ['aix'] })
  make({ name: 'host' })
  make({ name: 'extra' })
  make(
    {
      name: 'first',
      bin: { first: 'bin/first.js' },
      dependencies: { shared: tarball('shared') },
      optionalDependencies: { elsewhere: tarball('elsewhere') },
      bundleDependencies: [],
    },
    { 'bin/first.js': '#!/usr/bin/env node\n', 'test/node_modules/fixture/index.js': '' },
  )
  make({ name: 'second', dependencies: { shared: tarball('shared', '2.0.0') }, peerDependencies: { host: '1' } })
  make({ name: 'third', peerDependencies: { extra: '1' }, peerDependenciesMeta: { extra: { optional: true } } })
  make({ name: 'below' })
  make(
    { name: 'builder', bin: 'bin/builder.js', dependencies: { below: tarball('below'), shared: tarball('shared', '2.0.0') } },
    { 'bin/builder.js': '#!/usr/bin/env node\n' },
  ) // prettier-ignore
  mkdirSync(packed)
  npm(packed, 'pack', '--silent', ...made)

  const repository = createRepository(join(folder, 'project'))
  const root = repository.path
  writePackage(root, {
    name: 'project',
    private: true,
    workspaces: ['apps/*', './packages/*'],
    devDependencies: { builder: tarball('builder'), extra: tarball('extra') },
  })
  writePackage(join(root, 'apps/shop'), {
    name: 'shop',
    dependencies: { first: tarball('first'), lib: '*' },
    devDependencies: { tool: '*' },
  })
  writePackage(join(root, 'apps/admin'), { name: 'admin', dependencies: { third: tarball('third'), shared: tarball('shared', '2.0.0') } }) // prettier-ignore
  writePackage(join(root, 'packages/lib'), {
    name: 'lib',
    dependencies: { second: tarball('second'), host: tarball('host') },
  })
  writePackage(join(root, 'packages/tool'), { name: 'tool', dependencies: { below: tarball('below') } })
  writeFileSync(join(root, '.gitignore'), 'node_modules\n')
  npm(root, 'install', '--ignore-scripts')
  repository.commit({})
  return { root, npm, folder }
}

/** All that stands in the node_modules of a project, as paths; no link is followed. */
function installedIn(root: string, folder = ''): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) return installedIn(root, path)
    return isInstalled(path) && entry.name !== '.package-lock.json' ? [path] : []
  })
}

const isInstalled = (path: string) => /(^|\/)node_modules\//.test(path)

const planOf = async (root: string, npmDependencies: 'production' | { readonly workspaces: readonly string[] }) => {
  const { plan } = await readArtifactPlan({ root, npmDependencies, requireAppSpec: false })
  expect(plan).toMatchObject({ refused: [], missingPackages: [], unmatched: [] })
  return plan
}

withTools(['npm'], 'the production dependencies are those that npm itself leaves and lists', async () => {
  const { root, npm } = createProject()
  for (const workspace of ['apps/shop', 'apps/admin', 'packages/lib', 'packages/tool']) {
    const listed = npm(root, 'ls', '--omit=dev', '--all', '--parseable', '--workspace', workspace)
    const plan = await planOf(root, { workspaces: [workspace] })
    expect({ workspace, packages: packagesIn(root, plan) }).toEqual({
      workspace,
      packages: withoutRoot(root, listed.trim().split('\n'), workspace),
    })
  }

  const plan = await planOf(root, 'production')
  const chosen = plan.entries.map(({ path }) => path).filter(isInstalled)
  const before = installedIn(root)
  npm(root, 'prune', '--omit=dev', '--ignore-scripts')
  expect(chosen).toEqual([...installedIn(root)].sort())
  expect(before.length).toBeGreaterThan(chosen.length)
  expect(chosen).toContain('node_modules/.bin/first')
  expect(chosen).not.toContain('node_modules/.bin/builder')
})

/** The real folders of the packages that a plan holds. */
function packagesIn(root: string, { entries }: ArtifactPlan): readonly string[] {
  const folders = entries.flatMap(({ path }) => (path.endsWith('package.json') ? [dirname(path)] : []))
  return [...new Set(folders.map((path) => relative(root, realpathSync(join(root, path)))))].sort()
}

/** The same of what npm lists, which begins with the project and the workspace itself. */
function withoutRoot(root: string, paths: readonly string[], workspace: string): readonly string[] {
  const folders = paths.map((path) => relative(root, realpathSync(path)))
  return [...new Set(folders)].filter((path) => path !== '' && path !== workspace).sort()
}

withTools(
  ['npm'],
  'an artifact holds what a workspace needs, and is refused where a part of it is not installed',
  async () => {
    const { root, folder } = createProject()
    const output = join(folder, 'shop.zip')
    await buildArtifact({
      root,
      tracked: true,
      exclude: ['apps/admin/**', 'packages/tool/**'],
      npmDependencies: { workspaces: ['apps/shop'] },
      output,
      requireAppSpec: false,
    })
    const { manifest } = await readArtifact(output)
    const paths = manifest.entries.map(({ path }) => path)
    expect(paths).toContain('apps/shop/index.js')
    expect(paths).toContain('node_modules/lib')
    expect(paths).toContain('packages/lib/index.js')
    expect(paths).toContain('node_modules/first/test/node_modules/fixture/index.js')
    expect(paths.filter((path) => /builder|extra|admin|tool|below|third/.test(path))).toEqual([])

    rmSync(join(root, 'node_modules/host'), { recursive: true })
    const options = {
      root,
      npmDependencies: 'production',
      output: join(folder, 'x.zip'),
      requireAppSpec: false,
    } as const
    await expect(buildArtifact(options)).rejects.toMatchObject({
      code: 'ARTIFACT_NPM_PACKAGE_MISSING',
      context: { packages: [{ name: 'node_modules/host', neededBy: 'packages/lib' }] },
    })
    await expect(buildArtifact({ ...options, npmDependencies: { workspaces: ['apps/shpo'] } })).rejects.toMatchObject({
      code: 'ARTIFACT_NPM_WORKSPACE_MISSING',
      context: { workspace: 'apps/shpo', known: ['apps/admin', 'apps/shop', 'packages/lib', 'packages/tool'] },
    })
  },
)
