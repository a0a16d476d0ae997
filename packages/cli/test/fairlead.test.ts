import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startLocalAws, type LocalAws } from '@fairlead/local-aws'
import { canary, createRepository, type TestRepository } from '@fairlead/test-support'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runFairlead } from '../src/index.ts'
import { fairlead, fairleadHost } from './support/run.ts'

let aws: LocalAws
let folder: string
let repository: TestRepository
const before = { ...process.env }

const appspec = 'version: 0.0\nos: linux\nhooks:\n  AfterInstall:\n    - location: hooks/hello.sh\n'

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'fairlead-cli-')))
  repository = createRepository(join(folder, 'shop'))
  repository.commit({ 'appspec.yml': appspec, 'hooks/hello.sh': { text: '#!/bin/sh\necho hello\n', mode: 0o755 } })
  aws = await startLocalAws({
    buckets: [{ name: 'artifacts', versioned: true }],
    secrets: { 'shop/dev/env': '{"DATABASE_URL":"mysql://db.dev"}', 'shop/dev/key': 'a key\n' },
    hosts: [{ name: 'web-1', folder: join(folder, 'web-1') }],
    applications: [{ name: 'shop', groups: [{ name: 'dev', hosts: ['web-1'] }] }],
  })
  Object.assign(process.env, aws.environment)
})
afterAll(async () => {
  process.env = before
  await aws.close()
  rmSync(folder, { recursive: true })
})

/** Runs with `--json`, keeps the answer in a file for the next subcommand, and answers it. */
async function answerOf(
  name: string,
  ...args: readonly string[]
): Promise<{ file: string; value: Record<string, unknown> }> {
  const { exitCode, stdout, stderr } = await fairlead(...args, '--json')
  expect(exitCode, stderr).toBe(0)
  const file = join(folder, `${name}.json`)
  writeFileSync(file, stdout)
  return { file, value: JSON.parse(stdout) as Record<string, unknown> }
}

const store = ['--store', 's3://artifacts/shop']

test('a merge and a promotion, each value handed on in a file', async () => {
  const zip = join(folder, 'shop.zip')
  const artifact = await answerOf(
    'artifact',
    'artifact',
    'build',
    '--root',
    repository.path,
    '--include',
    '**',
    '--output',
    zip,
  )
  const list = await fairlead('artifact', 'list', zip)
  expect(list.stdout).toContain('hooks/hello.sh')

  const publication = await answerOf('publication', 'artifact', 'publish', artifact.file, ...store)
  expect(publication.value).toMatchObject({ sha256: artifact.value['sha256'], alreadyPublished: false })
  const again = await answerOf('again', 'artifact', 'publish', zip, ...store)
  expect(again.value).toMatchObject({ sha256: artifact.value['sha256'], alreadyPublished: true })

  const deployment = await answerOf('deployment', 'deployment', 'start', publication.file, '--target', 'shop/dev')
  const waited = await fairlead('deployment', 'wait', deployment.file)
  expect(waited).toMatchObject({ exitCode: 0, stdout: `${String(deployment.value['deploymentId'])} succeeded\n` })
  expect(waited.stderr).toContain('AfterInstall')
  const watched = await fairlead('deployment', 'watch', String(deployment.value['deploymentId']))
  expect(watched.stdout).toContain('ValidateService')
  const stopped = await fairlead('deployment', 'stop', deployment.file)
  expect(stopped).toMatchObject({
    exitCode: 0,
    stdout: `${String(deployment.value['deploymentId'])} had ended before\n`,
  })
  await answerOf('entry', 'deployment', 'record', deployment.file, ...store, '--by', 'test')

  const status = await fairlead('release', 'status', ...store, '--target', 'shop/dev')
  expect(status.stdout).toContain(String(deployment.value['deploymentId']))
  repository.git('tag', 'v1.0.0')
  const gates = ['--deployed-to', 'shop/dev', '--on-branch', 'main']
  const check = await fairlead('release', 'check', 'v1.0.0', '--repository', repository.path, ...store, ...gates)
  expect(check).toMatchObject({ exitCode: 0, stdout: 'v1.0.0 may be promoted\n' })
  const refused = await fairlead(
    'release',
    'check',
    'v1.0.0',
    '--repository',
    repository.path,
    ...store,
    '--deployed-to',
    'shop/qa',
  )
  expect(refused.exitCode).toBe(1)
  const release = await answerOf('release', 'release', 'resolve', 'v1.0.0', '--repository', repository.path, ...store)
  await answerOf('second', 'deployment', 'start', release.file, '--target', 'shop/dev', '--when-busy', 'wait')
  expect((await fairlead('deployment', 'wait', join(folder, 'second.json'))).exitCode).toBe(0)
})

test('a host: staged, given its secrets, live, rolled back', async () => {
  const root = join(folder, 'srv')
  for (const id of ['d-ONE', 'd-TWO']) {
    const zip = join(folder, `${id}.zip`)
    repository.commit({ 'id.txt': id })
    await answerOf(id, 'artifact', 'build', '--root', repository.path, '--include', '**', '--output', zip)
    const alone = ['--host', join(folder, 'rehearsal'), '--id', id, '--sandbox', 'none', '--as-root']
    const rehearsal = await fairlead('rehearse', zip, ...alone)
    expect(rehearsal, rehearsal.stderr).toMatchObject({ exitCode: 0 })
    const archive = join(folder, 'rehearsal/opt/codedeploy-agent/deployment-root/rehearsal', id, 'deployment-archive')
    const staged = await fairleadHost('host', 'stage', '--root', root, '--from', archive, '--id', id, '--json')
    const file = join(folder, `${id}-staged.json`)
    writeFileSync(file, staged.stdout)
    const { path } = JSON.parse(staged.stdout) as { path: string }
    const secrets = ['--dotenv-file', '.env.local', '--from', 'shop/dev/env', '--file', 'config/key.txt=shop/dev/key']
    expect(await fairleadHost('secrets', 'inject', '--directory', path, ...secrets)).toMatchObject({ exitCode: 0 })
    expect(await fairleadHost('host', 'activate', file)).toMatchObject({ exitCode: 0 })
    expect(readFileSync(join(root, 'current/config/key.txt'), 'utf8')).toBe('a key\n')
    expect(readFileSync(join(root, 'current/id.txt'), 'utf8')).toBe(id)
  }
  expect((await fairleadHost('host', 'rollback', '--root', root)).exitCode).toBe(0)
  expect(readFileSync(join(root, 'current/id.txt'), 'utf8')).toBe('d-ONE')
  expect((await fairleadHost('host', 'list', '--root', root)).stdout).toMatch(/live .*d-ONE/)
  expect((await fairleadHost('host', 'prune', '--root', root, '--keep', '1')).exitCode).toBe(0)
})

test('appspec render fills in what the file names, and refuses a value that is missing', async () => {
  const file = join(folder, 'template.yml')
  writeFileSync(file, 'version: 0.0\nfiles: [{source: a, destination: $(ROOT)/a}]\n')
  const rendered = await fairlead('appspec', 'render', file, '--set', 'ROOT=/srv')
  expect(rendered.stdout).toBe('version: 0.0\nfiles: [{source: a, destination: "/srv/a"}]\n')
  expect(await fairlead('appspec', 'render', file)).toMatchObject({ exitCode: 1, stdout: '' })
})

test('appspec check ends with 1 where the file is wrong, and names the line', async () => {
  const file = join(folder, 'appspec.yml')
  writeFileSync(file, 'version: "0.0"\nos: linux\n')
  const { exitCode, stdout } = await fairlead('appspec', 'check', file)
  expect(exitCode).toBe(1)
  expect(stdout).toContain(`${file}:1:`)
  expect(await fairlead('appspec', 'check', join(repository.path, 'appspec.yml'))).toMatchObject({ exitCode: 0 })
})

test('local-aws runs until it is stopped, and says how to reach it', async () => {
  const stopping = new AbortController()
  let stdout = ''
  const running = runFairlead(['local-aws', '--bucket', 'mine', '--json'], {
    stdout: (text) => {
      stdout += text
      stopping.abort()
    },
    stderr: () => {},
    signal: stopping.signal,
  })
  expect(await running).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    environment: { AWS_ENDPOINT_URL: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+/) },
  })
})

test('local-aws keeps what it has in the folder that --data names', async () => {
  const data = join(folder, 'local-aws-data')
  for (const args of [['--bucket', 'kept'], []]) {
    const stopping = new AbortController()
    const exitCode = runFairlead(['local-aws', '--data', data, '--json', ...args], {
      stdout: () => stopping.abort(),
      stderr: () => {},
      signal: stopping.signal,
    })
    expect(await exitCode).toBe(0)
  }
  const aws = await startLocalAws({ folder: data })
  try {
    expect(aws.inspect.buckets()).toEqual(['kept'])
  } finally {
    await aws.close()
  }
})

test('a file of seeds that is no JSON is refused without a word of it', async () => {
  const secret = canary()
  const file = join(folder, 'seeds.json')
  for (const text of [`{"secrets": {"shop/dev/env": "${secret.value}", oops`, secret.value, `["${secret.value}"]`]) {
    writeFileSync(file, text)
    const { exitCode, stdout, stderr } = await fairlead('local-aws', '--config', file, '--json')
    expect(exitCode).toBe(1)
    expect(JSON.parse(stderr)).toMatchObject({ code: 'INPUT_NOT_JSON' })
    expect(secret.leaksInto(stdout + stderr)).toBe(false)
  }
})

describe('a wrong call', () => {
  test.each([
    ['an unknown subcommand', ['artifact', 'bild'], /Did you mean build/],
    ['an unknown option', ['appspec', 'check', '--jsn'], /Did you mean --json/],
    ['a missing option', ['release', 'status', '--target', 'shop/dev'], /--store/],
    [
      'a store that is none',
      ['release', 'status', '--target', 'shop/dev', '--store', 'https://x'],
      /STORE_ADDRESS_INVALID/,
    ],
    ['a target that is none', ['release', 'status', '--target', 'dev', ...store], /TARGET_INVALID/],
    ['a dotenv file without a secret', ['secrets', 'inject', '--directory', '.', '--dotenv-file', 'x'], /OPTION_ALONE/],
    ['a secret without a dotenv file', ['secrets', 'inject', '--directory', '.', '--from', 'x'], /OPTION_ALONE/],
    ['an assignment that is none', ['secrets', 'inject', '--directory', '.', '--file', 'x'], /ASSIGNMENT_INVALID/],
  ])('ends with 2 for %s', async (_name, args, words) => {
    const { exitCode, stderr } = await fairlead(...args)
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(words)
  })

  test('a file that cannot be read, or is another record, fails with 1 and says which', async () => {
    const missing = await fairlead('artifact', 'publish', join(folder, 'none.json'), ...store)
    expect(missing).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('INPUT_UNREADABLE') })
    const file = join(folder, 'other.json')
    writeFileSync(file, '{}')
    const other = await fairlead('artifact', 'publish', file, ...store, '--json')
    expect(other.exitCode).toBe(1)
    expect(JSON.parse(other.stderr)).toMatchObject({ code: 'INVALID_RECORD' })
  })
})

test('every subcommand has help', async () => {
  for (const noun of ['artifact', 'deployment', 'release', 'secrets', 'host', 'hook', 'appspec']) {
    expect((await fairlead(noun, '--help')).stdout).toContain('Commands:')
  }
})
