import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startLocalAws, type LocalAws } from '@fairlead/local-aws'
import { canary, temporaryFolder } from '@fairlead/test-support'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const hostFile = fileURLToPath(new URL('../dist/fairlead-host.mjs', import.meta.url))
const { value: planted, leaksInto } = canary(32)
const env = JSON.stringify({ A: "it's", TOKEN: planted })

let aws: LocalAws
beforeAll(async () => {
  aws = await startLocalAws({
    secrets: {
      'shop/dev/env': env,
      'shop/dev/key': planted,
      'shop/dev/numbers': '{"PORT":3306}',
      'shop/dev/list': '[]',
    },
  })
})
afterAll(() => aws.close())

/** Runs the one file for hosts as a hook would, with the variables of CodeDeploy's agent. */
function host(...args: readonly string[]) {
  return hostWith({}, ...args)
}

function hostWith(
  variables: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const hook = { APPLICATION_NAME: 'shop', DEPLOYMENT_GROUP_NAME: 'dev' }
  const environment = { PATH: process.env['PATH'], ...aws.environment, ...hook, ...variables }
  return new Promise((resolve) => {
    execFile(process.execPath, [hostFile, 'secrets', ...args], { env: environment }, (error, stdout, stderr) =>
      resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })
}

const envFile = ['--dotenv-file', '.env', '--from', '{application}/{group}/env']

describe('the one file for hosts', () => {
  test('has at most a megabyte', () => {
    expect(statSync(hostFile).size).toBeLessThan(1_000_000)
  })

  test('injects in one line of a hook, with group and application of the deployment, and says little', async () => {
    const directory = temporaryFolder()
    const inject = () => host('inject', '--directory', directory, ...envFile, '--dialect', 'shell', '--set', 'APP_ENV=prod', '--file', 'key={application}/{group}/key') // prettier-ignore
    expect(await inject()).toEqual({
      exitCode: 0,
      stdout: 'written  .env\nwritten  key\n',
      stderr: expect.not.stringContaining('Warning') as string,
    })
    expect(readFileSync(join(directory, '.env'), 'utf8')).toBe(`A='it'\\''s'\nAPP_ENV='prod'\nTOKEN='${planted}'\n`)
    const again = await inject()
    expect(again.stdout).toBe('unchanged  .env\nunchanged  key\n')
    expect(leaksInto(again.stdout + again.stderr)).toBe(false)
  })

  test.each([
    ['it makes the call', {}],
    ['the SDK does', { AWS_MAX_ATTEMPTS: '2' }],
  ])('prints nothing but its answer when it is told to be quiet, where %s', async (_who, variables) => {
    expect(await hostWith(variables, 'inject', '--quiet', '--directory', temporaryFolder(), ...envFile)).toEqual({
      exitCode: 0,
      stdout: 'written  .env\n',
      stderr: '',
    })
  })

  test.each(['truncated', 'cut-answer', 'lost-reply'] as const)(
    'prints no piece of a secret where every answer is %s',
    async (kind) => {
      const fault = aws.faults.add({ action: 'GetSecretValue', times: 100, fault: { kind } })
      const { exitCode, stdout, stderr } = await host('check', '--json', '--directory', temporaryFolder(), ...envFile)
      fault.remove()
      expect([exitCode, stdout]).toEqual([1, ''])
      expect(stderr).toContain('"code"')
      expect(leaksInto(stderr)).toBe(false)
    },
  )

  test('puts files live at one moment', async () => {
    const directory = temporaryFolder()
    expect(await host('inject', '--versioned', '--directory', directory, ...envFile)).toMatchObject({ exitCode: 0 })
    expect(readFileSync(join(directory, 'current/.env'), 'utf8')).toContain("A=`it's`")
  })

  test('tells what would change by name, and writes nothing', async () => {
    const directory = temporaryFolder()
    expect(await host('diff', '--quiet', '--directory', directory, ...envFile)).toEqual({
      exitCode: 0,
      stdout: 'added      .env\n  + A\n  + TOKEN\n',
      stderr: '',
    })
    expect(await host('check', '--quiet', '--directory', directory, ...envFile)).toMatchObject({
      stdout: 'ready  .env\n',
    })
    expect(readdirSync(directory)).toEqual([])
  })

  test('runs a program with secrets and ends as it does', async () => {
    const script = 'process.stdout.write(process.env.A + process.env.PORT); process.exit(7)'
    const from = ['--from', 'shop/dev/env', '--set', 'PORT=80', '--expect', 'A', '--extra', 'allow']
    expect(await host('run', '--quiet', ...from, '--', process.execPath, '-e', script)).toEqual({
      exitCode: 7,
      stdout: "it's80",
      stderr: '',
    })
    const died = await host(
      'run',
      '--quiet',
      ...from,
      '--',
      process.execPath,
      '-e',
      'process.kill(process.pid, "SIGKILL")',
    )
    expect(died.exitCode).toBe(137)
  })

  test('numbers are taken by rule', async () => {
    const args = ['inject', '--directory', temporaryFolder(), '--dotenv-file', 'x', '--from', 'shop/dev/numbers']
    expect((await host(...args)).stderr).toContain('SECRET_FIELD_NOT_TEXT')
    expect(await host(...args, '--numbers')).toMatchObject({ exitCode: 0 })
  })

  test.each<[string, readonly string[], number, string]>([
    [
      'a placeholder that nothing fills in',
      ['--dotenv-file', 'x', '--from', 'shop/{env}/env'],
      2,
      'PLACEHOLDER_UNKNOWN',
    ],
    ['a dialect that does not exist', [...envFile, '--dialect', 'godotenv'], 2, 'INVALID_OPTION'],
    ['a number that is none', [...envFile, '--timeout-ms', 'soon'], 2, 'INVALID_OPTION'],
    ['a list', ['--dotenv-file', 'x', '--from', 'shop/dev/list'], 1, 'SECRET_NOT_JSON'],
    ['a secret that is not there', ['--file', 'x=shop/dev/none'], 1, 'SECRET_NOT_FOUND'],
    ['a variable that is missing', [...envFile, '--expect', '.env.example'], 1, 'EXPECTATION_UNREADABLE'],
  ])('says why for %s, and writes nothing', async (_what, args, exitCode, code) => {
    const directory = temporaryFolder()
    const ran = await host('inject', '--directory', directory, ...args)
    expect(ran).toMatchObject({ exitCode, stdout: '', stderr: expect.stringContaining(code) as string })
    expect(leaksInto(ran.stderr)).toBe(false)
    expect(readdirSync(directory)).toEqual([])
  })
})
