import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildArtifact } from '@fairlead/artifact-builder'
import { createRepository } from '@fairlead/test-support'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { fairlead, fairleadHost, type Ran } from './support/run.ts'

let folder: string
let root: string
const zips: Record<string, string> = {}
let hosts = 0

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'fairlead-cli-host-')))
  for (const letter of 'abc') {
    const repository = createRepository(join(folder, letter))
    repository.commit({
      version: letter,
      'public/index.html': `<h1>${letter}</h1>`,
      'bin/run': { text: '#!/bin/sh\n', mode: 0o755 },
    })
    const output = join(folder, `${letter}.zip`)
    await buildArtifact({ root: repository.path, include: ['**'], output, requireAppSpec: false })
    zips[letter] = output
  }
})
afterAll(() => rmSync(folder, { recursive: true }))
beforeEach(() => {
  hosts += 1
  root = join(folder, `host-${hosts}`)
})

const live = () => readFileSync(join(root, 'current/version'), 'utf8')
const deploy = (letter: string, ...args: readonly string[]): Promise<Ran> =>
  fairleadHost('host', 'deploy', '--root', root, '--from', zips[letter] ?? '', '--id', `d-${letter}`, ...args)
const host = (verb: string, ...args: readonly string[]) => fairleadHost('host', verb, '--root', root, ...args)

describe('host deploy', () => {
  test('takes a zip live in one command, and removes what is too old', async () => {
    expect(await deploy('a', '--keep', '1')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^live: .*-d-a\n$/),
    })
    expect(await deploy('b', '--keep', '1')).toMatchObject({ exitCode: 0 })
    expect((await deploy('c', '--keep', '1', '--why', 'a test')).stdout).toMatch(/-d-c\nremoved .*-d-a\n$/)
    expect(live()).toBe('c')
    expect(readFileSync(join(root, '.fairlead/history.jsonl'), 'utf8')).toContain('"why":"a test"')
  })

  test('takes a zip live with the one file for hosts, which has nothing beside it', () => {
    const alone = join(folder, `alone-${hosts}`)
    mkdirSync(alone)
    copyFileSync(new URL('../dist/fairlead-host.mjs', import.meta.url), join(alone, 'fairlead-host.mjs'))
    const args = ['host', 'deploy', '--root', root, '--from', zips['a'] ?? '', '--id', 'd-a']
    execFileSync(process.execPath, [join(alone, 'fairlead-host.mjs'), ...args], { stdio: 'pipe' })
    expect(live()).toBe('a')
  })

  test('runs its commands in the release, around the switch', async () => {
    const log = join(folder, `log-${hosts}`)
    const say = (word: string) =>
      `echo ${word} $(cat "$FAIRLEAD_RELEASE/version") $(cat "${root}/current/version" 2>/dev/null || echo none) >> ${log}`
    await deploy('a')
    const args = ['--before-switch', say('secrets'), '--check', say('check'), '--reload', say('reload')]
    const { exitCode, stderr } = await deploy('b', ...args, '--writable', 'var/cache:2770', '--shared', 'var/up')
    expect(exitCode, stderr).toBe(0)
    expect(readFileSync(log, 'utf8')).toBe('secrets b a\ncheck b a\nreload b b\n')
  })

  test('puts the old release back when a command fails, with what it printed', async () => {
    await deploy('a')
    const { exitCode, stderr } = await deploy('b', '--reload', 'echo out of order >&2; exit 3')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('out of order')
    expect(stderr).toMatch(/error ACTIVATION_FAILED: [^]*ended with 3/)
    expect(live()).toBe('a')
    expect((await host('list')).stdout).toMatch(/bad: reload/)
  })

  test('prints the operations for a folder without a manifest too, with its commit', async () => {
    const from = join(root, '../plain')
    mkdirSync(from, { recursive: true })
    writeFileSync(join(from, 'version'), 'plain')
    const args = ['--from', from, '--id', 'd-1', '--commit', 'a'.repeat(40), '--dry-run']
    const { exitCode, stdout } = await host('deploy', ...args)
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/-aaaaaaaaaaaa-d-1 {2}\d+ entries {2}5 bytes/)
    expect(existsSync(root)).toBe(false)
  })

  test('OPTION_ALONE: an archive without the deployment, where no hook runs', async () => {
    const { exitCode, stderr } = await host('deploy', '--from', 'somewhere')
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/OPTION_ALONE: --from was given without --id/)
  })

  test('lists that the link leads nowhere, which a table does not show', async () => {
    await deploy('a')
    rmSync(join(root, 'current'))
    symlinkSync('releases/gone', join(root, 'current'))
    expect((await host('list')).stdout).toMatch(
      /no release is live: current leads to releases\/gone, which is not there/,
    )
    expect((await host('verify')).stderr).toMatch(/RELEASE_NOT_INSTALLED: .* has no live release/)
  })

  test('prints every operation with --dry-run and changes nothing', async () => {
    const { exitCode, stdout } = await deploy('a', '--shared', 'var/up', '--dry-run')
    expect(exitCode).toBe(0)
    expect(stdout).toContain('/version releases/.staging-d-a/version')
    expect(stdout).toContain('ln -s ../../../shared/var/up')
    expect(existsSync(root)).toBe(false)
  })

  test('asks the release on a port of its own before it is live', async () => {
    const trial = `exec ${process.execPath} -e 'require("node:http").createServer((q, r) => r.end(q.url)).listen(process.env.PORT)'`
    const { exitCode, stderr } = await deploy('a', '--trial', trial, '--trial-path', '/health', '--json')
    expect(exitCode, stderr).toBe(0)
    expect((await deploy('b', '--trial', 'exit 1')).stderr).toContain('the step "trial" failed')
    expect(live()).toBe('a')
  })

  test.each([
    ['--writable', 'var:999'],
    ['--writable', ':0777'],
    ['--when-locked', 'perhaps'],
    ['--link', 'hard'],
    ['--probe-url', 'ftp://x'],
    ['--trial-path', 'health'],
  ])('is a wrong call with %s %s', async (...args) => {
    expect(await deploy('a', ...args)).toMatchObject({ exitCode: 2 })
    expect(existsSync(root)).toBe(false)
  })

  test('without an archive and outside a hook says what it needs', async () => {
    const { exitCode, stderr } = await fairleadHost('host', 'deploy', '--root', root)
    expect(exitCode).not.toBe(0)
    expect(stderr).toMatch(/^error [A-Z_]+: /)
  })
})

describe('host verify', () => {
  test('says file by file what has drifted', async () => {
    await deploy('a')
    expect(await host('verify')).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('as staged') })
    writeFileSync(join(root, 'current/version'), 'x')
    writeFileSync(join(root, 'current/planted\u001b[2J'), '')
    const { exitCode, stdout } = await host('verify')
    expect(exitCode).toBe(1)
    expect(stdout).toContain('  version: has other contents\n')
    expect(stdout).toContain('  planted\\x1b[2J: is not in the manifest\n')
  })
})

describe('host repair', () => {
  test('leads current back, and has nothing to do the second time', async () => {
    await deploy('a')
    rmSync(join(root, 'current'))
    symlinkSync('releases/gone', join(root, 'current'))
    const { exitCode, stdout } = await host('repair', '--reload', 'true')
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/is live again\nlive: .*-d-a\n$/)
    expect(live()).toBe('a')
    expect((await host('repair')).stdout).toContain('nothing was to repair')
  })

  test('ends with 1 where a person has to act', async () => {
    await deploy('a')
    for (const name of readdirSync(join(root, 'releases'))) rmSync(join(root, 'releases', name), { recursive: true })
    expect(await host('repair')).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('deploy one') })
  })
})

test('host unlock removes the lock of another machine on your word alone', async () => {
  await deploy('a')
  expect((await host('unlock')).stdout).toBe('nobody held the lock\n')
  symlinkSync('pid=1&host=web-2&token=aa&since=then&verb=deploy', join(root, '.fairlead/lock'))
  expect(await host('unlock')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('RELEASE_LOCKED') })
  expect((await host('unlock', '--force')).stdout).toBe('removed the lock of deploy (process 1 on web-2, since then)\n')
  expect((await deploy('b')).exitCode).toBe(0)
})

test('host doctor says what a deploy would meet, each with its cure', async () => {
  await deploy('a')
  mkdirSync(join(root, 'releases/.staging-d-x'))
  const agent = join(folder, 'no-agent')
  const { stdout } = await host('doctor', '--agent-folder', agent)
  expect(stdout).toMatch(/^warning {2}agent: there is no CodeDeploy agent in .*\n {9}Install/m)
  expect(stdout).toMatch(/^fine {5}space: /m)
  expect(stdout).toMatch(/^warning {2}leftovers: .*\.staging-d-x\n {9}The next run removes them/m)
  const asJson = await fairlead('host', 'doctor', '--root', root, '--agent-folder', agent, '--json')
  expect((JSON.parse(asJson.stdout) as { subject: string }[]).map(({ subject }) => subject)).toContain('file-system')
})

test('host rollback goes back, to a bad release only where that is allowed', async () => {
  await deploy('a')
  await deploy('b')
  expect((await host('rollback', '--why', 'b is slow')).stdout).toMatch(/^live: .*-d-a\n$/)
  expect(live()).toBe('a')
  expect(await host('rollback')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('ROLLBACK_NO_TARGET') })
})
