import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { canary, temporaryFolder } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import {
  diffInjection,
  injectSecrets,
  planInjection,
  readSecrets,
  secret,
  withSecrets,
  type InjectionEvent,
  type InjectSecretsOptions,
} from '../src/index.ts'
import { injectInto } from '../src/inject-secrets.ts'
import { dialects } from '../src/plan/dialects.ts'
import { requireReadBack } from '../src/plan/env-text.ts'
import { nodeFiles } from '../src/ports/files.ts'
import { secretValue } from '../src/secret-value.ts'
import { answerOf, startScriptedServer, type Reply, type Script } from './support/scripted-secrets-manager.ts'

const { value: planted, leaksInto } = canary(48)

const environment = JSON.stringify({ A: planted, B: `${planted}'"\`` })
const envFile = { name: '.env.local', dialect: 'symfony', from: secret('env') } as const
const both = { envFile, files: { 'keys/token': secret('token') } }
const secrets = { env: environment, token: planted }

/** All that a program could print of what came of it. */
function everythingShown(outcome: unknown): string {
  const shown = [inspect(outcome, { depth: 20, showHidden: true, getters: true }), inspect(outcome, { customInspect: false, depth: 20, showHidden: true })] // prettier-ignore
  for (let error = outcome; error instanceof Error; error = error.cause) {
    shown.push(String(error), error.message, error.stack ?? '', JSON.stringify(error))
  }
  return `${shown.join('\n')}\n${JSON.stringify(outcome)}`
}

async function expectNoLeak(
  options: Partial<InjectSecretsOptions>,
  script?: Script,
  stored: Record<string, string | Uint8Array> = secrets,
) {
  const { client } = await startScriptedServer(stored, script)
  const events: InjectionEvent[] = []
  const directory = temporaryFolder()
  const outcome = await injectSecrets({ directory, client, onEvent: (event) => events.push(event), ...options }).catch((error: unknown) => error) // prettier-ignore
  expect(leaksInto(everythingShown(outcome))).toBe(false)
  expect(leaksInto(JSON.stringify(events) + inspect(events, { depth: 9 }))).toBe(false)
  return outcome
}

const bodies: Readonly<Record<string, Reply>> = {
  'an answer that is the secret alone': { body: planted },
  'an answer that is the secret as a JSON text': { body: JSON.stringify(planted) },
  'an answer that is cut in the secret': { body: `{"SecretString":"${planted}` },
  'an answer with rubbish behind it': { body: `{"SecretString":"${planted}"} ${planted}` },
  'a failure that is the secret': { status: 400, body: planted },
  'a failure named after the secret': { status: 400, body: { __type: planted, message: planted } },
  'a known failure that quotes the secret': {
    status: 400,
    body: { __type: 'InvalidRequestException', message: planted },
  },
  'access denied, quoting the secret': { status: 400, body: { __type: 'AccessDeniedException', message: planted } },
  'throttling, quoting the secret': { status: 400, body: { __type: 'ThrottlingException', message: planted } },
  'a server failure that quotes the secret': {
    status: 500,
    body: { __type: 'InternalServiceError', message: planted },
  },
  'a page of a proxy that quotes the secret': { status: 502, body: `<html>${planted}</html>`, headers: { 'content-type': 'text/html' } }, // prettier-ignore
  'an answer about another secret': { body: { ...answerOf(planted, planted), VersionId: 'v' } },
}

describe('the canary is shown nowhere', () => {
  test('the canary is one that the test would find', async () => {
    const outcome = await expectNoLeak(both)
    expect(outcome).toMatchObject({ changed: true })
    expect(leaksInto(everythingShown(new Error('x', { cause: new Error(`it is ${planted.slice(3, 9)}`) })))).toBe(true)
  })

  test.each(Object.keys(bodies))('%s, to a single call', async (what) => {
    const outcome = await expectNoLeak({ envFile }, () => bodies[what])
    expect(outcome).toHaveProperty('code')
  })

  test.each(Object.keys(bodies))('%s, to a batch', async (what) => {
    await expectNoLeak(both, ({ action }) => (action === 'BatchGetSecretValue' ? bodies[what] : undefined))
  })

  test.each(Object.keys(bodies))('%s, to the verbs that write nothing', async (what) => {
    const { client } = await startScriptedServer(secrets, () => bodies[what])
    const directory = temporaryFolder()
    const events: InjectionEvent[] = []
    const common = { client, onEvent: (event: InjectionEvent) => void events.push(event) }
    const command = [process.execPath, '-e', '0'] as const
    const outcomes = await Promise.allSettled([
      diffInjection({ ...common, directory, envFile }),
      injectSecrets({ ...common, directory, envFile, versioned: true }),
      readSecrets({ ...common, from: envFile.from }),
      withSecrets({ ...common, command: [...command], from: { A: secret('env') } }),
    ])
    const shown = outcomes.map((outcome) => everythingShown('reason' in outcome ? outcome.reason : outcome.value))
    expect(leaksInto(shown.join('\n') + JSON.stringify(events))).toBe(false)
    expect(outcomes.slice(0, 3).map(({ status }) => status)).toEqual(Array(3).fill('rejected'))
  })

  test('to the verbs that write nothing, as it should be', async () => {
    const { client } = await startScriptedServer(secrets)
    const directory = temporaryFolder()
    const outcomes = [
      await diffInjection({ client, directory, ...both }),
      await injectSecrets({ client, directory, ...both, versioned: true }),
      await diffInjection({ client, directory, ...both, versioned: true }),
      await readSecrets({ client, from: envFile.from }),
      planInjection(both),
    ]
    expect(leaksInto(outcomes.map(everythingShown).join('\n'))).toBe(false)
  })

  test.each([
    [
      'a failure of one secret that quotes it',
      [{ SecretId: 'token', ErrorCode: 'InvalidRequestException', Message: planted }],
    ],
    ['a failure named after it', [{ SecretId: 'token', ErrorCode: planted, Message: planted }]],
    [
      'a failure of a secret of its name',
      [{ SecretId: planted, ErrorCode: 'ResourceNotFoundException', Message: planted }],
    ],
  ])('%s, in a batch', async (_what, Errors) => {
    await expectNoLeak(both, ({ action }) =>
      action === 'BatchGetSecretValue'
        ? { body: { SecretValues: [answerOf('env', environment)], Errors, NextToken: undefined } }
        : undefined,
    )
  })

  const dotenv = { ...envFile, dialect: 'dotenv' as const }
  test.each<[string, Partial<InjectSecretsOptions>, string | Uint8Array, string]>([
    ['text where JSON belongs', { envFile }, planted, 'SECRET_NOT_JSON'],
    ['JSON that is cut', { envFile }, `{"A":"${planted}`, 'SECRET_NOT_JSON'],
    ['a list', { envFile }, `["${planted}"]`, 'SECRET_NOT_JSON'],
    ['nested JSON', { envFile }, `{"A":{"B":"${planted}"}}`, 'SECRET_FIELD_NOT_TEXT'],
    ['bytes where JSON belongs', { envFile }, Buffer.from(planted), 'SECRET_IS_BINARY'],
    [
      'a missing field',
      { envFile: { ...envFile, from: { A: secret('env', { key: 'x' }) } } },
      environment,
      'SECRET_KEY_MISSING',
    ],
    ['a missing key', { envFile: { ...envFile, expect: ['C'] } }, environment, 'SECRETS_MISSING_KEYS'],
    ['a NUL', { envFile }, JSON.stringify({ A: `${planted}\0` }), 'SECRET_NOT_ENCODABLE'],
    ['half of a surrogate pair', { envFile }, `{"A":"${planted}\\ud800"}`, 'SECRET_NOT_ENCODABLE'],
    [
      'what the dialect cannot hold',
      { envFile: dotenv },
      JSON.stringify({ A: `${planted}\n#'"\`` }),
      'SECRET_NOT_ENCODABLE',
    ],
    [
      'a broken key',
      { files: { 'k.pem': secret('env') } },
      `-----BEGIN PRIVATE KEY-----\n${planted}\n-----END PRIVATE KEY-----\n`,
      'KEY_FILE_INVALID',
    ],
    [
      'a broken certificate',
      { files: { k: secret('env') } },
      `-----BEGIN CERTIFICATE-----\n${planted}\n-----END CERTIFICATE-----\n`,
      'KEY_FILE_INVALID',
    ],
    ['no key', { files: { 'k.pem': secret('env') } }, planted, 'KEY_FILE_INVALID'],
    ['the value where its source belongs', { files: { k: planted as never } }, '', 'INVALID_OPTION'],
    ['the value where the variables belong', { envFile: { ...envFile, from: planted as never } }, '', 'INVALID_OPTION'],
  ])('%s', async (_what, options, stored, code) => {
    expect(await expectNoLeak(options, undefined, { env: stored })).toMatchObject({ code })
  })

  test('a file that does not read back', () => {
    for (const text of [`A='${planted}'\nB=''\n`, `A='${planted}'\n'`, `A='x'\n`]) {
      const check = () => requireReadBack('.env', dialects.symfony, Buffer.from(text), [{ name: 'A', value: secretValue('A', `${planted}.`) }]) // prettier-ignore
      try {
        check()
        expect.unreachable()
      } catch (error) {
        expect(error).toMatchObject({ code: 'READ_BACK_DIFFERS' })
        expect(leaksInto(everythingShown(error))).toBe(false)
      }
    }
  })

  test('a call of the file system that fails, each of them', async () => {
    const { client } = await startScriptedServer(secrets)
    const inject = async (failAt: number) => {
      let calls = 0
      const events: InjectionEvent[] = []
      const files = nodeFiles((call) => {
        if (++calls === failAt) throw Object.assign(new Error(`${call} ${planted}`), { code: 'ENOSPC' })
      })
      const directory = temporaryFolder()
      const onEvent = (event: InjectionEvent) => void events.push(event)
      const outcome = await injectInto({ directory, client, onEvent, ...both }, files).catch((error: unknown) => error)
      expect(leaksInto(everythingShown(outcome) + JSON.stringify(events))).toBe(false)
      return calls
    }
    const count = await inject(0)
    expect(count).toBeGreaterThan(30)
    for (let failAt = 1; failAt <= count; failAt++) await inject(failAt)
  })

  test.each(['', '{"SecretString":"', '{"Name":"env","ARN":"env","VersionId":"v","SecretString":"{\\"A\\":"'])(
    'a program that prints all that it gets, and dies of the error, of an answer that begins with %s',
    async (start) => {
      const { endpoint } = await startScriptedServer({}, () => ({ body: `${start}${planted}"}` }))
      const dist = fileURLToPath(new URL('../dist/index.js', import.meta.url))
      const directory = temporaryFolder()
      const options = JSON.stringify({ directory, envFile, endpoint, region: 'eu-west-1' })
      const code = `
        import { injectSecrets } from ${JSON.stringify(dist)}
        try {
          console.log(await injectSecrets({ ...${options}, onEvent: console.log }))
        } catch (error) {
          console.log(error, String(error), error.stack, JSON.stringify(error))
          console.error(error)
          throw error
        }`
      const output = await new Promise<string>((resolve) => {
        const env = { PATH: process.env['PATH'], AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'example' }
        execFile(
          process.execPath,
          ['--input-type=module', '--trace-uncaught', '--eval', code],
          { env },
          (error, stdout, stderr) => resolve(`exit ${String(error?.code)}\n${stdout}\n${stderr}`),
        )
      })
      expect(output).toContain('exit 1')
      expect(output).toContain('DeployError')
      expect(leaksInto(output)).toBe(false)
    },
  )

  test('but the files have it', async () => {
    const { client } = await startScriptedServer(secrets)
    const directory = temporaryFolder()
    await injectSecrets({ directory, client, ...both })
    expect(readFileSync(join(directory, 'keys/token'), 'utf8')).toBe(planted)
    expect(readFileSync(join(directory, '.env.local'), 'utf8')).toContain(planted)
  })
})
