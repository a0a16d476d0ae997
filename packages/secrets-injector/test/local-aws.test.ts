import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { DeleteSecretCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import { startLocalAws } from '@fairlead/local-aws'
import { temporaryFolder } from '@fairlead/test-support'
import { describe, expect, onTestFinished, test } from 'vitest'
import { injectSecrets, secret } from '../src/index.ts'

async function start(secrets: Readonly<Record<string, string | Uint8Array>>) {
  const aws = await startLocalAws({ secrets })
  onTestFinished(() => aws.close())
  return { aws, client: aws.clients.secretsManager, directory: temporaryFolder() }
}

const envFile = { name: '.env.local', dialect: 'symfony', from: secret('shop/dev/env') } as const

describe('against local-aws', () => {
  test('a rotated secret is a change, and the version before it can still be named', async () => {
    const { client, directory } = await start({ 'shop/dev/env': '{"A":"one"}', 'shop/dev/key': new Uint8Array([0, 1]) })
    const inject = (options: object = {}) =>
      injectSecrets({ directory, client, envFile, files: { key: secret('shop/dev/key') }, ...options })
    const first = await inject()
    await client.send(new PutSecretValueCommand({ SecretId: 'shop/dev/env', SecretString: '{"A":"two"}' }))
    const second = await inject()
    expect(second.files.map(({ changed }) => changed)).toEqual([true, false])
    expect(second.files[0]?.sources[0]?.versionId).not.toBe(first.files[0]?.sources[0]?.versionId)
    expect(readFileSync(join(directory, '.env.local'), 'utf8')).toBe("A='two'\n")

    const previous = secret('shop/dev/env', { versionStage: 'AWSPREVIOUS' })
    expect((await inject({ envFile: { ...envFile, from: previous } })).files[0]?.sources).toEqual(
      first.files[0]?.sources,
    )
    expect(readFileSync(join(directory, '.env.local'), 'utf8')).toBe("A='one'\n")
    const { versionId } = second.files[0]!.sources[0]!
    await inject({ envFile: { ...envFile, from: secret('shop/dev/env', { versionId }) } })
    expect(readFileSync(join(directory, '.env.local'), 'utf8')).toBe("A='two'\n")
  })

  test('secrets that are missing or deleted are told by name, alone and among others', async () => {
    const { client, directory } = await start({ 'shop/dev/env': '{}', 'shop/dev/old': 'x' })
    await client.send(new DeleteSecretCommand({ SecretId: 'shop/dev/old', RecoveryWindowInDays: 7 }))
    const inject = (name: string, beside: object) =>
      injectSecrets({ directory, client, files: { token: secret(name) }, ...beside })
    for (const beside of [{}, { envFile }]) {
      await expect(inject('shop/dev/gone', beside)).rejects.toMatchObject({ code: 'SECRET_NOT_FOUND', context: { secret: 'shop/dev/gone' } }) // prettier-ignore
      await expect(inject('shop/dev/old', beside)).rejects.toMatchObject({ code: 'SECRET_DELETED', context: { secret: 'shop/dev/old' } }) // prettier-ignore
    }
  })

  test('43 secrets are two batches of twenty and one of three; AWSCURRENT is no pin, text is no call, and nothing is listed', async () => {
    const secrets = Object.fromEntries(Array.from({ length: 43 }, (_, index) => [`s${index}`, `value ${index}`]))
    const { aws, client, directory } = await start(secrets)
    const named = Object.keys(secrets).map((name) => [name.toUpperCase(), secret(name)] as const)
    const from = { ...Object.fromEntries(named), PINNED: secret('s0', { versionStage: 'AWSCURRENT' }), OWN: 'text' }
    await injectSecrets({ directory, client, envFile: { name: '.env', dialect: 'dotenv', from } })
    expect(aws.calls.map(({ action }) => action)).toEqual(Array(3).fill('BatchGetSecretValue'))
    expect(readFileSync(join(directory, '.env'), 'utf8')).toContain("S42='value 42'\n")
  })

  test("the README's permissions are those that are asked for", async () => {
    const { aws, client, directory } = await start({ 'shop/dev/env': '{"A":"x"}', 'shop/dev/key': 'k' })
    await injectSecrets({ directory, client, envFile })
    await injectSecrets({ directory, client, envFile, files: { key: secret('shop/dev/key') } })
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
    const documented = [...readme.matchAll(/^\| `((?!kms:)[a-z]+:[A-Za-z]+)`/gm)].map(([, action]) => action)
    const asked = new Set(aws.calls.flatMap(({ permissions }) => permissions))
    expect([...asked].sort()).toEqual(documented.toSorted())
  })

  test('a hook finds its server, region and credentials in the environment', async () => {
    const { aws, directory } = await start({ 'shop/dev/env': '{"A":"x"}' })
    const dist = fileURLToPath(new URL('../dist/index.js', import.meta.url))
    const code = `
      import { injectSecrets } from ${JSON.stringify(dist)}
      await injectSecrets(${JSON.stringify({ directory, envFile })})`
    const output = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code], {
      env: { PATH: process.env['PATH'], ...aws.environment },
    })
    expect(output).toEqual({ stdout: '', stderr: '' })
    expect(readFileSync(join(directory, '.env.local'), 'utf8')).toBe("A='x'\n")
  })
})
