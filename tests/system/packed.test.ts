import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRepository } from '@fairlead/test-support'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { walls } from '../../tools/walls.js'

const root = join(import.meta.dirname, '../..')
const names = Object.keys(walls)
let project = ''

function run(command: string, args: readonly string[], folder = project): string {
  return execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** What npm would publish, installed into a project that has nothing else. */
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'packed-test-'))
  const tarballs = join(project, 'tarballs')
  mkdirSync(tarballs)
  for (const name of names)
    run('npm', ['pack', '--silent', '--pack-destination', tarballs], join(root, 'packages', name))
  const dependencies = Object.fromEntries(
    names.map((name) => {
      const tarball = readdirSync(tarballs).find((file) => new RegExp(`^fairlead-${name}-\\d`).test(file))
      return [`@fairlead/${name}`, `file:tarballs/${tarball}`]
    }),
  )
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ name: 'hello', private: true, type: 'module', dependencies, overrides: dependencies }),
  )
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund'])
})
afterAll(() => rmSync(project, { recursive: true, force: true }))

test('the tarballs hold the build and the README, and no sources, tests or settings', () => {
  for (const name of names) {
    const files = readdirSync(join(project, 'node_modules/@fairlead', name)).filter((file) => file !== 'node_modules')
    // The launcher of the host's file is a shell script, which is its own build.
    const more = name === 'cli' ? ['launcher'] : []
    expect(files.sort(), name).toEqual(['README.md', 'dist', ...more, 'package.json'])
  }
})

test("the README's script deploys from the tarballs", () => {
  const script = /```js\n([^]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8'))?.[1] ?? ''
  const hello = join(root, 'examples/hello')
  const repository = createRepository(join(project, 'examples'))
  repository.commit({
    'hello/appspec.yml': readFileSync(join(hello, 'appspec.yml'), 'utf8'),
    'hello/hooks/say-hello.sh': { text: readFileSync(join(hello, 'hooks/say-hello.sh'), 'utf8'), mode: 0o755 },
  })
  writeFileSync(join(project, 'deploy.mjs'), script)
  expect(run(process.execPath, ['deploy.mjs']).trimEnd().split('\n').at(-1)).toBe('succeeded')
})

test('the commands run from the tarballs', () => {
  expect(run('npx', ['--no-install', 'fairlead', '--help'])).toContain('artifact')
  const alone = join(project, 'alone')
  mkdirSync(alone)
  writeFileSync(
    join(alone, 'fairlead-host.mjs'),
    readFileSync(join(project, 'node_modules/@fairlead/cli/dist/fairlead-host.mjs')),
  )
  expect(run(process.execPath, ['fairlead-host.mjs', '--help'], alone)).toContain('secrets')
})

test('a consumer compiles against the declarations', () => {
  writeFileSync(
    join(project, 'consumer.ts'),
    `${names.map((name, index) => `import * as p${index} from '@fairlead/${name}'`).join('\n')}\nexport const all = [${names
      .map((_, index) => `p${index}`)
      .join(', ')}]\n`,
  )
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const types = join(root, 'node_modules/@types')
  for (const resolution of [
    ['--module', 'NodeNext', '--moduleResolution', 'NodeNext'],
    ['--module', 'ESNext', '--moduleResolution', 'Bundler'],
  ]) {
    const flags = [
      '--noEmit',
      '--strict',
      '--exactOptionalPropertyTypes',
      '--target',
      'ES2022',
      '--lib',
      'ES2023,ESNext.Disposable',
      '--skipLibCheck',
    ]
    run(process.execPath, [compiler, ...flags, ...resolution, '--typeRoots', types, '--types', 'node', 'consumer.ts'])
  }
})
