import { execFileSync } from 'node:child_process'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { canary, temporaryFolder, withTools } from '@fairlead/test-support'
import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import {
  injectSecrets,
  readSecrets,
  secret,
  secretsByConvention,
  type EnvFileOptions,
  type InjectionEvent,
  type InjectSecretsOptions,
} from '../src/index.ts'
import { failure, startScriptedServer, type Script } from './support/scripted-secrets-manager.ts'

const { value: planted, leaksInto } = canary(32)

function isTmpfs(path: string): boolean {
  try {
    return statfsSync(path).type === 0x01021994
  } catch {
    return false
  }
}

async function start(stored: Readonly<Record<string, string | Uint8Array>>, script?: Script) {
  const server = await startScriptedServer(stored, script)
  const directory = temporaryFolder()
  const events: InjectionEvent[] = []
  const inject = (options: Partial<InjectSecretsOptions>) =>
    injectSecrets({ directory, client: server.client, onEvent: (event) => events.push(event), ...options })
  const env = (options: Partial<EnvFileOptions>) =>
    inject({ envFile: { name: '.env', dialect: 'symfony', from: secret('env'), ...options } })
  const written = () => readFileSync(join(directory, '.env'), 'utf8')
  return { server, directory, events, inject, env, written }
}

describe('sources', () => {
  test('names by convention are secrets of their own, in one call', async () => {
    const { server, env, written } = await start({ 'shop/dev/A': 'a', 'shop/dev/B': 'b' })
    await env({ from: secretsByConvention({ application: 'shop', environment: 'dev', names: ['A', 'B'] }) })
    expect(written()).toBe("A='a'\nB='b'\n")
    expect(server.calls.map(({ action }) => action)).toEqual(['BatchGetSecretValue'])
  })

  test('parameters stand beside a whole secret, and defaults stand in for what it lacks', async () => {
    const { env, written } = await start({ env: '{"A":"secret","B":""}' })
    await env({ parameters: { APP_ENV: 'prod' }, defaults: { B: 'not used', C: 'default' } })
    expect(written()).toBe("A='secret'\nAPP_ENV='prod'\nB=''\nC='default'\n")
  })

  test('a parameter that the secret has too is refused', async () => {
    const { env, directory } = await start({ env: '{"A":"secret"}' })
    await expect(env({ parameters: { A: 'x' } })).rejects.toMatchObject({ code: 'VARIABLE_GIVEN_TWICE' })
    await expect(env({ from: { A: secret('env') }, parameters: { A: 'x' } })).rejects.toMatchObject({
      code: 'VARIABLE_GIVEN_TWICE',
    })
    expect(readdirSync(directory)).toEqual([])
  })

  test('a source with a default may lack its field or its secret, alone and in a batch', async () => {
    const { env, written } = await start({ env: '{"A":"a"}' })
    const field = secret('env', { key: 'B', default: 'b' })
    const gone = secret('gone', { default: 'g' })
    const report = await env({ from: { A: secret('env', { key: 'A' }), B: field, C: gone, D: secret('gone', { key: 'x', default: '' }) } }) // prettier-ignore
    expect(written()).toBe("A='a'\nB='b'\nC='g'\nD=''\n")
    expect(report.files[0]?.sources.map(({ name }) => name)).toEqual(['env'])
    await env({ from: { C: gone } })
    expect(written()).toBe("C='g'\n")
  })

  test('a secret that one source needs fails, whatever default another one has', async () => {
    const { env } = await start({ env: '{}' })
    await expect(env({ from: { A: secret('gone', { default: 'x' }), B: secret('gone') } })).rejects.toMatchObject({
      code: 'SECRET_NOT_FOUND',
      context: { secret: 'gone' },
    })
  })

  test('a secret that is scheduled for deletion is not one that is missing', async () => {
    const marked = () => failure('InvalidRequestException', 'it was marked for deletion')
    const { env } = await start({}, marked)
    await expect(env({ from: { A: secret('old', { default: 'x' }) } })).rejects.toMatchObject({
      code: 'SECRET_DELETED',
    })
  })

  test('another store is asked instead of AWS, for each secret once', async () => {
    const asked: string[] = []
    const store = {
      readSecret: async ({ name }: { readonly name: string }) => {
        asked.push(name)
        return name === 'gone'
          ? undefined
          : { value: name === 'key' ? new Uint8Array([0, 1]) : '{"A":"a"}', versionId: '7' }
      },
    }
    const { directory, server } = await start({})
    const envFile = { name: '.env', dialect: 'symfony', from: secret('env') } as const
    const report = await injectSecrets({ directory, store, envFile, files: { key: secret('key') } })
    expect(report.files.map(({ sources }) => sources)).toEqual([
      [{ name: 'env', versionId: '7' }],
      [{ name: 'key', versionId: '7' }],
    ])
    expect(asked.sort()).toEqual(['env', 'key'])
    expect(server.calls).toEqual([])
    await expect(injectSecrets({ directory, store, files: { key: secret('gone') } })).rejects.toMatchObject({ code: 'SECRET_NOT_FOUND' }) // prettier-ignore
  })

  test('what a store throws is told by its class alone', async () => {
    const readSecret = () => Promise.reject(new TypeError(`cannot read ${planted}`))
    const failed = injectSecrets({ directory: temporaryFolder(), store: { readSecret }, files: { a: secret('x') } })
    const error: unknown = await failed.catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'SECRET_STORE_FAILED', context: { secret: 'x', name: 'TypeError' } })
    expect(leaksInto(inspect(error, { depth: 9, showHidden: true }))).toBe(false)
  })

  test('time that is over fails before anything is written, and a signal of the caller stays a signal', async () => {
    const { directory, inject } = await start({ env: '{}' }, () => 'silence')
    const files = { key: secret('env') }
    await expect(inject({ files, timeoutMs: 50 })).rejects.toMatchObject({ code: 'SECRETS_TIMED_OUT', retryable: true })
    const reason = new Error('stop')
    await expect(inject({ files, timeoutMs: 60_000, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(readdirSync(directory)).toEqual([])
  })

  test('a fleet that starts at once waits for any time up to jitterMs, and after throttling once more', async () => {
    const stored = { a: '1', b: '2' }
    const throttled: Script = ({ action }) =>
      action === 'BatchGetSecretValue' ? failure('ThrottlingException') : undefined
    const { inject } = await start(stored, throttled)
    const waits: number[] = []
    const clock = { now: () => Date.now(), monotonic: () => performance.now(), sleep: (ms: number) => Promise.resolve(void waits.push(ms)) } // prettier-ignore
    await inject({ files: { a: secret('a'), b: secret('b') }, jitterMs: 5_000, clock })
    expect(waits).toHaveLength(2)
    expect(waits[0]).toBeLessThanOrEqual(5_000)
    expect(waits[1]).toBeLessThanOrEqual(1_000)
  })

  test.each([
    ['a time of zero', { timeoutMs: 0 }],
    ['a wait below zero', { jitterMs: -1 }],
    ['a store beside a client', { store: { readSecret: () => Promise.resolve(undefined) } }],
    ['a store that cannot read', { client: undefined, store: {} as never }],
  ])('%s is refused', async (_what, options) => {
    const { inject } = await start({})
    await expect(inject({ files: { a: secret('a') }, ...options })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })
})

describe('JSON', () => {
  test.each([
    ['at the top', '{"A":"1","B":"2","A":"3"}', 'A'],
    ['written in another way', '{"A":"1","\\u0041":"3"}', 'A'],
    ['further down', '{"A":{"x":1,"x":2}}', 'x'],
  ])('a name twice, %s, is refused: which is meant nobody can tell', async (_where, stored, key) => {
    const { env, directory } = await start({ env: stored })
    await expect(env({ acceptNestedJson: true })).rejects.toMatchObject({ code: 'SECRET_NAME_TWICE', context: { key } })
    expect(readdirSync(directory)).toEqual([])
  })

  test('the same name in two objects, or as a value, is no name twice', async () => {
    const { env, written } = await start({ env: '{"A":[{"x":1},{"x":2}],"x":"x","B":"\\"A\\":"}' })
    await env({ acceptNestedJson: true })
    expect(written()).toBe(`A='[{"x":1},{"x":2}]'\nB='"A":'\nx='x'\n`)
  })

  test.each([
    ['nested JSON without a rule', '{"A":{"b":1}}', {}],
    ['null', '{"A":null}', { acceptNestedJson: true, acceptIntegersAndBooleans: true }],
    ['a nested number that is not whole', '{"A":[1.50]}', { acceptNestedJson: true }],
    ['a nested number above 2^53', '{"A":[9007199254740993]}', { acceptNestedJson: true }],
    ['a number without a rule', '{"A":1}', { acceptNestedJson: true }],
  ])('%s is refused', async (_what, stored, options) => {
    const { env } = await start({ env: stored })
    await expect(env(options)).rejects.toMatchObject({ code: 'SECRET_FIELD_NOT_TEXT', context: { key: 'A' } })
  })
})

describe('what is expected', () => {
  test('names that it does not know are told, refused or let through', async () => {
    const { env, events, directory } = await start({ env: '{"A":"a","OLD":"o"}' })
    await expect(env({ expect: ['A'], extra: 'refuse' })).rejects.toMatchObject({
      code: 'SECRETS_EXTRA_KEYS',
      context: { extra: ['OLD'] },
    })
    expect(readdirSync(directory)).toEqual([])
    await env({ expect: ['A'], extra: 'allow' })
    expect(events.map(({ type }) => type)).not.toContain('secrets.extra-variables')
    await env({ expect: ['A'] })
    expect(events).toContainEqual(expect.objectContaining({ type: 'secrets.extra-variables', names: ['OLD'] }))
  })

  test('a Standard Schema names all that is missing in one error', async () => {
    const { env } = await start({ env: '{"A":"a"}' })
    const expected = z.object({ A: z.string(), B: z.string(), C: z.string() })
    await expect(env({ expect: expected })).rejects.toMatchObject({
      code: 'SECRETS_MISSING_KEYS',
      context: { missing: ['B', 'C'], expectedBy: 'the schema (zod)' },
    })
  })

  test('a Standard Schema that refuses a value names it, and its words are not passed on', async () => {
    const { env, directory } = await start({ env: JSON.stringify({ A: planted, B: 'x' }) })
    const expected = z.object({ A: z.string().refine(() => false, { error: `not ${planted}` }), B: z.string() })
    const error: unknown = await env({ expect: expected }).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'SECRETS_UNEXPECTED', context: { refused: ['A'] } })
    expect(leaksInto(inspect(error, { depth: 9, showHidden: true }))).toBe(false)
    expect(readdirSync(directory)).toEqual([])
  })

  test('what a schema makes of the values is not written, and one that throws has refused', async () => {
    const { env, written } = await start({ env: '{"A":"1"}' })
    await env({ expect: z.object({ A: z.coerce.number() }) })
    expect(written()).toBe("A='1'\n")
    const throws = { '~standard': { version: 1, vendor: planted, validate: () => { throw new Error(planted) } } } as const // prettier-ignore
    const error: unknown = await env({ expect: throws }).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'SECRETS_UNEXPECTED', context: { refused: ['the whole'] } })
    expect(leaksInto(String(error) + JSON.stringify(error))).toBe(false)
  })
})

describe('keys', () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const privateKey = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  const publicKey = createPublicKey(pair.privateKey).export({ type: 'spki', format: 'pem' }) as string
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }) as string // prettier-ignore
  const files = { 'a.pem': secret('private'), 'b.pem': secret('public') }
  const keys = { pairs: [{ privateKey: 'a.pem', publicKey: 'b.pem' }] }

  test('that belong together are written; others are not', async () => {
    const right = await start({ private: privateKey, public: publicKey })
    expect(await right.inject({ files, keys })).toMatchObject({ changed: true })
    const wrong = await start({ private: privateKey, public: other })
    await expect(wrong.inject({ files, keys })).rejects.toMatchObject({
      code: 'KEY_FILE_INVALID',
      context: { file: 'b.pem', secret: 'public', problem: expect.stringContaining('a.pem') as string },
    })
    expect(readdirSync(wrong.directory)).toEqual([])
  })

  test('that cannot be compared are refused', async () => {
    const swapped = await start({ private: publicKey, public: publicKey })
    await expect(swapped.inject({ files, keys })).rejects.toMatchObject({ code: 'KEY_FILE_INVALID', context: { file: 'a.pem' } }) // prettier-ignore
    const { inject } = await start({})
    const missing = { pairs: [{ privateKey: 'a.pem', publicKey: 'c.pem' }] }
    await expect(inject({ files, keys: missing })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  withTools(
    ['openssl'],
    'a certificate that has run out, or will soon, is refused, and one that is valid is not',
    async () => {
      const folder = temporaryFolder()
      const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=x', '-days', '10'] // prettier-ignore
      execFileSync('openssl', [...args, '-keyout', join(folder, 'k'), '-out', join(folder, 'c')], { stdio: 'ignore' })
      const { inject } = await start({ private: readFileSync(join(folder, 'k'), 'utf8'), public: readFileSync(join(folder, 'c'), 'utf8') }) // prettier-ignore
      const at = (days: number) => ({ now: () => Date.now() + days * 86_400_000, monotonic: () => performance.now(), sleep: () => Promise.resolve() }) // prettier-ignore
      for (const [validForDays, days, problem] of [
        [20, 0, 'runs out on'],
        [0, 11, 'ran out on'],
        [0, -2, 'is not valid before'],
      ] as const) {
        // prettier-ignore
        await expect(inject({ files, keys: { ...keys, validForDays }, clock: at(days) })).rejects.toMatchObject({
        code: 'KEY_FILE_INVALID',
        context: { file: 'b.pem', problem: expect.stringContaining(problem) as string },
      })
      }
      expect(await inject({ files, keys: { ...keys, validForDays: 5 } })).toMatchObject({ changed: true })
    },
  )
})

describe('a folder in memory', () => {
  test('is refused where it is on a disk', async () => {
    const { inject } = await start({ a: 'x' })
    await expect(inject({ files: { a: secret('a') }, inMemory: true, directory: process.cwd() })).rejects.toMatchObject({ code: 'DIRECTORY_REFUSED' }) // prettier-ignore
  })

  test.runIf(isTmpfs('/dev/shm'))('is taken where it is on tmpfs', async () => {
    const { inject } = await start({ a: 'x' })
    const directory = mkdtempSync('/dev/shm/fairlead-test-')
    onTestFinished(() => rmSync(directory, { recursive: true }))
    expect(await inject({ files: { a: secret('a') }, inMemory: true, directory })).toMatchObject({ changed: true })
  })
})

describe('readSecrets', () => {
  test('gives values that print as their names', async () => {
    const { server } = await start({ env: JSON.stringify({ A: planted }) })
    const values = await readSecrets({ from: secret('env'), parameters: { B: 'b' }, client: server.client })
    expect(values['A']?.reveal()).toBe(planted)
    const shown = [inspect(values, { depth: 9, showHidden: true }), JSON.stringify(values), `${String(values['A'])}`]
    expect(leaksInto(shown.join('\n'))).toBe(false)
    expect(shown[1]).toBe('{"A":"[secret env A]","B":"[secret B]"}')
  })
})
