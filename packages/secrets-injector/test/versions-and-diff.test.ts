import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs' // prettier-ignore
import { join } from 'node:path'
import { canary, temporaryFolder } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import { diffInjection, injectSecrets, secret, type InjectSecretsOptions } from '../src/index.ts'
import { injectInto } from '../src/inject-secrets.ts'
import { nodeFiles } from '../src/ports/files.ts'
import { snapshot } from './support/release-folder.ts'
import { startScriptedServer } from './support/scripted-secrets-manager.ts'

const envFile = { name: '.env', dialect: 'symfony', from: secret('env') } as const
const files = { 'tls/key': secret('key') }

async function start() {
  const stored: Record<string, string> = { env: '{"A":"1","B":"2"}', key: 'k1' }
  const { client } = await startScriptedServer(stored)
  const directory = temporaryFolder()
  const options: InjectSecretsOptions = { directory, client, envFile, files }
  return { stored, directory, options }
}

describe('a versioned injection', () => {
  test('is read through one link, keeps the version before, and touches nothing that is the same', async () => {
    const { stored, directory, options } = await start()
    const versioned = { ...options, versioned: true }
    const first = await injectSecrets(versioned)
    expect(first).toMatchObject({ changed: true, live: join(directory, 'current') })
    expect(readFileSync(join(first.live, '.env'), 'utf8')).toBe("A='1'\nB='2'\n")
    expect(lstatSync(join(first.live, 'tls/key')).mode & 0o777).toBe(0o600)
    const [one] = readdirSync(join(directory, 'versions'))

    expect(await injectSecrets(versioned)).toMatchObject({ changed: false })
    expect(readlinkSync(join(directory, 'current'))).toBe(`versions/${one}`)

    for (const word of ['k2', 'k3']) {
      stored['key'] = word
      expect(await injectSecrets(versioned)).toMatchObject({ changed: true })
    }
    expect(readFileSync(join(directory, 'current/tls/key'), 'utf8')).toBe('k3')
    const kept = readdirSync(join(directory, 'versions')).sort()
    expect(kept.map((id) => readFileSync(join(directory, 'versions', id, 'tls/key'), 'utf8'))).toEqual(['k2', 'k3'])
    expect(readdirSync(directory).sort()).toEqual(['current', 'versions'])
  })

  test('that lacks a file of the version before is another version', async () => {
    const { directory, options } = await start()
    await injectSecrets({ ...options, versioned: true })
    expect(await injectSecrets({ ...options, files: undefined, versioned: true })).toMatchObject({ changed: true })
    expect(readdirSync(join(directory, 'current'))).toEqual(['.env'])
  })

  test.each(['/etc', 'versions/../../etc', 'versions/x'])('refuses a link that is not its own: %s', async (target) => {
    const { directory, options } = await start()
    symlinkSync(target, join(directory, 'current'))
    await expect(injectSecrets({ ...options, versioned: true })).rejects.toMatchObject({ code: 'TARGET_REFUSED' })
    expect(readlinkSync(join(directory, 'current'))).toBe(target)
  })

  test('whose call of the file system fails, each of them, leaves what was current, and the next one leaves nothing of it', async () => {
    const { stored, directory, options } = await start()
    await injectSecrets({ ...options, versioned: true })
    let failures = 0
    for (let failAt = 1; ; failAt++) {
      const was = snapshot(join(directory, 'versions'))
      const live = readlinkSync(join(directory, 'current'))
      stored['key'] = `k${failAt + 1}`
      let calls = 0
      const broken = nodeFiles((call) => {
        if (++calls === failAt) throw Object.assign(new Error(call), { code: 'ENOSPC' })
      })
      const outcome = await injectInto({ ...options, versioned: true }, broken).catch((error: unknown) => error)
      if (calls < failAt) break
      const isFlipped = readlinkSync(join(directory, 'current')) !== live
      if (!isFlipped) {
        failures++
        expect(outcome).toHaveProperty('code')
        expect(Object.entries(snapshot(join(directory, 'versions')))).toEqual(
          expect.arrayContaining(Object.entries(was)),
        )
      } else expect(outcome).toMatchObject({ changed: true })
      await injectSecrets({ ...options, versioned: true })
      expect(readFileSync(join(directory, 'current/tls/key'), 'utf8')).toBe(`k${failAt + 1}`)
      expect(readdirSync(directory).sort()).toEqual(['current', 'versions'])
      expect(readdirSync(join(directory, 'versions')).length).toBeLessThanOrEqual(2)
    }
    expect(failures).toBeGreaterThan(20)
  })
})

describe('diffInjection', () => {
  const { value: planted, leaksInto } = canary(24)

  test('names what would come, go and change, and writes nothing', async () => {
    const { stored, directory, options } = await start()
    expect(await diffInjection(options)).toMatchObject({
      changed: true,
      files: [
        { path: '.env', state: 'added', added: ['A', 'B'] },
        { path: 'tls/key', state: 'added' },
      ],
    })
    expect(readdirSync(directory)).toEqual([])
    await injectSecrets(options)
    expect(await diffInjection(options)).toMatchObject({ changed: false })
    stored['env'] = JSON.stringify({ A: planted, C: planted })
    const was = snapshot(directory)
    const difference = await diffInjection(options)
    expect(difference.files[0]).toEqual({
      path: '.env',
      state: 'changed',
      added: ['C'],
      removed: ['B'],
      changed: ['A'],
    })
    expect(difference.files[1]).toEqual({ path: 'tls/key', state: 'unchanged' })
    expect(leaksInto(JSON.stringify(difference))).toBe(false)
    expect(snapshot(directory)).toEqual(was)
  })

  test('tells a mode that is wrong, and a file that its dialect cannot read', async () => {
    const { directory, options } = await start()
    await injectSecrets(options)
    chmodSync(join(directory, '.env'), 0o644)
    expect((await diffInjection(options)).files[0]).toEqual({ path: '.env', state: 'mode' })
    writeFileSync(join(directory, '.env'), 'not a variable')
    expect((await diffInjection(options)).files[0]).toMatchObject({ state: 'changed', added: ['A', 'B'], removed: [] })
  })

  test('compares with the version that is current', async () => {
    const { options } = await start()
    const versioned = { ...options, versioned: true }
    expect((await diffInjection(versioned)).files[0]).toMatchObject({ state: 'added' })
    await injectSecrets(versioned)
    expect(await diffInjection(versioned)).toMatchObject({ changed: false })
  })

  test('fails as the injection would', async () => {
    const { directory, options } = await start()
    mkdirSync(join(directory, '.env'))
    await expect(diffInjection(options)).rejects.toMatchObject({ code: 'TARGET_REFUSED' })
    await expect(diffInjection({ ...options, envFile: { ...envFile, expect: ['X'] } })).rejects.toMatchObject({
      code: 'SECRETS_MISSING_KEYS',
    })
  })
})
