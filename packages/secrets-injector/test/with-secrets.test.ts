import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import { secret, withSecrets, type WithSecretsOptions } from '../src/index.ts'
import { startScriptedServer } from './support/scripted-secrets-manager.ts'

async function start() {
  const { client } = await startScriptedServer({
    env: JSON.stringify({ A: "it's $b\n", B: '' }),
    nul: '{"A":"\\u0000"}',
    dashed: '{"A-B":"x"}',
  })
  const folder = temporaryFolder()
  const script = `require('node:fs').writeFileSync('seen', JSON.stringify([process.env.A, process.env.B, process.env.HOME, process.argv[1]]))`
  const run = (options: Partial<WithSecretsOptions> = {}) =>
    withSecrets({ command: [process.execPath, '-e', script, '--', '$A'], from: secret('env'), client, cwd: folder, ...options }) // prettier-ignore
  return { run, folder, seen: () => JSON.parse(readFileSync(join(folder, 'seen'), 'utf8')) as unknown }
}

describe('withSecrets', () => {
  test('runs a program with them in its environment, without a shell, and writes no file', async () => {
    const { run, folder, seen } = await start()
    expect(await run({ environment: { HOME: '/h', A: 'not this' } })).toEqual({ exitCode: 0, signal: undefined })
    expect(seen()).toEqual(["it's $b\n", '', '/h', '$A'])
    expect(readdirSync(folder)).toEqual(['seen'])
    expect(process.env['A']).toBeUndefined()
  })

  test('answers how it ended', async () => {
    const { run } = await start()
    expect(await run({ command: [process.execPath, '-e', 'process.exit(7)'] })).toEqual({
      exitCode: 7,
      signal: undefined,
    })
    const end = await run({ command: [process.execPath, '-e', 'process.kill(process.pid, "SIGKILL")'] })
    expect(end).toEqual({ exitCode: undefined, signal: 'SIGKILL' })
  })

  test('ends the program when it is cancelled', async () => {
    const { run } = await start()
    const controller = new AbortController()
    const reason = new Error('stop')
    const running = run({
      command: [process.execPath, '-e', 'setInterval(() => {}, 1000)'],
      signal: controller.signal,
      onEvent: () => setTimeout(() => controller.abort(reason), 300),
    })
    await expect(running).rejects.toBe(reason)
  })

  test.each<[string, Partial<WithSecretsOptions>, string]>([
    ['a program that is not there', { command: ['/nowhere/program'] }, 'CHILD_NOT_STARTED'],
    ['no program', { command: [] as never }, 'INVALID_OPTION'],
    ['a command for a shell', { command: 'php worker.php' as never }, 'INVALID_OPTION'],
    ['a NUL', { from: secret('nul') }, 'SECRET_NOT_ENCODABLE'],
    ['a missing variable', { expect: ['C'] }, 'SECRETS_MISSING_KEYS'],
    ['a name that is none', { parameters: { 'A-B': 'x' } }, 'VARIABLE_NAME_INVALID'],
    ['an unknown option', { envFile: {} } as never, 'UNKNOWN_OPTION'],
    ['a source that is none', { from: 5 as never }, 'INVALID_OPTION'],
  ])('%s is refused', async (_what, options, code) => {
    const { run, folder } = await start()
    await expect(run(options)).rejects.toMatchObject({ code })
    expect(readdirSync(folder)).toEqual([])
  })

  test.each<[Partial<WithSecretsOptions>, string]>([
    [{ parameters: { 'A-B': 'x' } }, 'the environment of the program cannot hold a variable named "A-B": it takes letters, digits and underscores, not beginning with a digit'], // prettier-ignore
    [{ from: secret('dashed') }, 'the environment of the program cannot hold a variable named "A-B": it takes letters, digits and underscores, not beginning with a digit'], // prettier-ignore
    [{ from: secret('nul') }, 'the environment of the program cannot hold the value of A: it holds a NUL character, which no environment variable can'], // prettier-ignore
    [{ expect: ['C'] }, 'the environment of the program would lack C, expected by the list in expect'],
    [{ from: 5 as never }, 'withSecrets: the option from is a number, expected a secret that holds the variables, or a source or text for each variable'], // prettier-ignore
  ])('speaks of the environment of a program, not of a file: %j', async (options, message) => {
    const { run } = await start()
    await expect(run(options)).rejects.toMatchObject({ message })
  })
})
