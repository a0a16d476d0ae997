import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { temporaryFolder } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import { injectSecrets, secret, type InjectionEvent, type InjectSecretsOptions } from '../src/index.ts'
import { failure, startScriptedServer } from './support/scripted-secrets-manager.ts'

const pem = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
}) as string
const environment = JSON.stringify({ DATABASE_URL: "mysql://u:p$a'ss@db/shop", APP_SECRET: 'c:\\', EMPTY: '' })
const binary = new Uint8Array([0, 255, 13, 10])
const secrets = {
  'shop/dev/env': environment,
  'shop/dev/jwt': pem,
  'shop/dev/keystore': binary,
  'shop/dev/token': 'hunter2',
}

const envFile = { name: '.env.local', dialect: 'symfony', from: secret('shop/dev/env') } as const
const files = { 'config/jwt/private.pem': secret('shop/dev/jwt'), 'config/keystore': secret('shop/dev/keystore') }
const isRoot = process.geteuid?.() === 0

async function start(options: Partial<InjectSecretsOptions> = {}) {
  const server = await startScriptedServer(secrets)
  const directory = temporaryFolder()
  const events: InjectionEvent[] = []
  const inject = (more: Partial<InjectSecretsOptions> = {}) =>
    injectSecrets({ directory, client: server.client, onEvent: (event) => events.push(event), ...options, ...more })
  return { server, directory, events, inject }
}

describe('injectSecrets', () => {
  test('writes an environment file, a key and a binary file, private and exact, and reports names and versions', async () => {
    const { directory, inject, server } = await start({ envFile, files })
    const report = await inject()
    expect(report).toEqual({
      schema: 'fairlead/injection/1',
      directory,
      live: directory,
      changed: true,
      files: [
        {
          path: '.env.local',
          names: ['APP_SECRET', 'DATABASE_URL', 'EMPTY'],
          changed: true,
          sources: [{ name: 'shop/dev/env', versionId: 'v-shop/dev/env' }],
        },
        {
          path: 'config/jwt/private.pem',
          changed: true,
          sources: [{ name: 'shop/dev/jwt', versionId: 'v-shop/dev/jwt' }],
        },
        {
          path: 'config/keystore',
          changed: true,
          sources: [{ name: 'shop/dev/keystore', versionId: 'v-shop/dev/keystore' }],
        },
      ],
    })
    expect(readFileSync(join(directory, '.env.local'), 'utf8')).toBe(
      `APP_SECRET='c:\\'\nDATABASE_URL='mysql://u:p$a'"'"'ss@db/shop'\nEMPTY=''\n`,
    )
    expect(readFileSync(join(directory, 'config/jwt/private.pem'), 'utf8')).toBe(pem)
    expect(new Uint8Array(readFileSync(join(directory, 'config/keystore')))).toEqual(binary)
    for (const { path } of report.files) expect(lstatSync(join(directory, path)).mode & 0o777).toBe(0o600)
    expect(lstatSync(join(directory, 'config/jwt')).mode & 0o777).toBe(0o750)
    expect(server.calls.map(({ action }) => action)).toEqual(['BatchGetSecretValue'])
    expect(readdirSync(directory).sort()).toEqual(['.env.local', 'config'])
  })

  test('a repeat changes nothing and says so; a change of one file leaves the others', async () => {
    const { directory, inject, events } = await start({ envFile, files })
    await inject()
    const inode = lstatSync(join(directory, '.env.local')).ino
    events.length = 0
    expect(await inject()).toMatchObject({
      changed: false,
      files: [{ changed: false }, { changed: false }, { changed: false }],
    })
    expect(events.map(({ type }) => type)).toEqual([...Array<string>(3).fill('secrets.secret-fetched'), ...Array<string>(3).fill('secrets.file-unchanged')]) // prettier-ignore
    writeFileSync(join(directory, 'config/keystore'), 'x')
    expect(await inject()).toMatchObject({
      changed: true,
      files: [{ changed: false }, { changed: false }, { changed: true }],
    })
    expect(lstatSync(join(directory, '.env.local')).ino).toBe(inode)
  })

  test('a map names variables, with plain text beside secrets', async () => {
    const { directory, inject } = await start()
    const from = {
      APP_ENV: 'prod',
      TOKEN: secret('shop/dev/token'),
      URL: secret('shop/dev/env', { key: 'DATABASE_URL' }),
    }
    const report = await inject({ envFile: { name: '.env', dialect: 'dotenv', from } })
    expect(readFileSync(join(directory, '.env'), 'utf8')).toBe(
      "APP_ENV='prod'\nTOKEN='hunter2'\nURL=`mysql://u:p$a'ss@db/shop`\n",
    )
    expect(report.files[0]?.sources.map(({ name }) => name)).toEqual(['shop/dev/env', 'shop/dev/token'])
  })

  test('reads what is expected from a file of the directory, and names all that is missing before it writes', async () => {
    const { directory, inject } = await start()
    writeFileSync(join(directory, '.env'), 'APP_ENV=prod\nAPP_SECRET=\nMISSING=\nALSO=""\n')
    await expect(inject({ envFile: { ...envFile, expect: '.env' }, files })).rejects.toMatchObject({
      code: 'SECRETS_MISSING_KEYS',
      context: { missing: ['ALSO', 'MISSING'], expectedBy: '.env' },
    })
    await expect(inject({ envFile: { ...envFile, expect: ['EMPTY', 'NOT_THERE'] } })).rejects.toMatchObject({
      context: { missing: ['NOT_THERE'] },
    })
    expect(readdirSync(directory)).toEqual(['.env'])
    await inject({ envFile: { ...envFile, expect: ['EMPTY'] } })
  })

  test('an expectation that cannot be read is no expectation that is met', async () => {
    const { directory, inject, server } = await start()
    const expectFile = (path: string) => inject({ envFile: { ...envFile, expect: path } })
    await expect(expectFile('.env')).rejects.toMatchObject({ code: 'EXPECTATION_UNREADABLE' })
    await expect(expectFile('no/folder/.env')).rejects.toMatchObject({ code: 'EXPECTATION_UNREADABLE' })
    symlinkSync('/etc/passwd', join(directory, '.env'))
    await expect(expectFile('.env')).rejects.toMatchObject({ code: 'TARGET_REFUSED' })
    expect(server.calls).toEqual([])
  })

  test('follows a link to the directory once, and reports where it led', async () => {
    const { directory, inject } = await start({ envFile })
    const link = join(temporaryFolder(), 'current')
    symlinkSync(directory, link)
    expect(await inject({ directory: link })).toMatchObject({ directory, changed: true })
    expect(readdirSync(directory)).toEqual(['.env.local'])
  })

  test.each([
    [
      'a link in the place of the file',
      (folder: string) => symlinkSync('/etc/hostname', join(folder, '.env.local')),
      'a symbolic link',
    ],
    [
      'a link that leads nowhere',
      (folder: string) => symlinkSync('gone', join(folder, '.env.local')),
      'a symbolic link',
    ],
    ['a folder in the place of the file', (folder: string) => mkdirSync(join(folder, '.env.local')), 'it is a folder'],
    [
      'a link in the place of a folder',
      (folder: string) => symlinkSync('/tmp', join(folder, 'config')),
      'a symbolic link',
    ],
    [
      'a file in the place of a folder',
      (folder: string) => writeFileSync(join(folder, 'config'), ''),
      'it is not a folder',
    ],
    [
      'a folder that everybody can write to',
      (folder: string) => {
        mkdirSync(join(folder, 'config'))
        chmodSync(join(folder, 'config'), 0o1777)
      },
      'everybody can write to it',
    ],
  ])('refuses %s before anything is fetched', async (_what, prepare, problem) => {
    const { directory, inject, server } = await start({ envFile, files })
    prepare(directory)
    await expect(inject()).rejects.toMatchObject({
      code: 'TARGET_REFUSED',
      context: { problem: expect.stringContaining(problem) },
    })
    expect(server.calls).toEqual([])
  })

  test('replaces a file that has another hard link without writing through it', async () => {
    const { directory, inject } = await start({ envFile })
    writeFileSync(join(directory, 'other'), 'kept', { mode: 0o644 })
    linkSync(join(directory, 'other'), join(directory, '.env.local'))
    await inject()
    expect(readFileSync(join(directory, 'other'), 'utf8')).toBe('kept')
  })

  test.each([
    ['that does not exist', (folder: string) => join(folder, 'gone'), 'there is no such folder'],
    [
      'that is a file',
      (folder: string) => (writeFileSync(join(folder, 'file'), ''), join(folder, 'file')),
      'it is not a folder',
    ],
    [
      'that everybody can write to',
      (folder: string) => (chmodSync(folder, 0o777), folder),
      'everybody can write to it',
    ],
  ])('refuses a directory %s', async (_what, prepare, problem) => {
    const { directory, inject, server } = await start({ envFile })
    await expect(inject({ directory: prepare(directory) })).rejects.toMatchObject({
      code: 'DIRECTORY_REFUSED',
      context: { problem },
    })
    expect(server.calls).toEqual([])
  })

  test('gives the files and the folders on the way to their owner before they have their name', async () => {
    const { directory, inject } = await start({ envFile, files })
    const owned = inject({ owner: isRoot ? 'daemon' : 'root' })
    if (!isRoot) {
      await expect(owned).rejects.toMatchObject({ code: 'FILE_OPERATION_FAILED', context: { reason: 'EPERM' } })
      expect(readdirSync(directory)).toEqual([])
      return
    }
    await owned
    const daemon = readFileSync('/etc/passwd', 'utf8').split('\n').find((line) => line.startsWith('daemon:'))!.split(':') // prettier-ignore
    for (const path of ['.env.local', 'config', 'config/jwt', 'config/jwt/private.pem']) {
      const { uid, gid } = statSync(join(directory, path))
      expect([uid, gid]).toEqual([Number(daemon[2]), Number(daemon[3])])
    }
    expect(await inject({ owner: Number(daemon[2]), group: daemon[3]! })).toMatchObject({ changed: false })
    expect(await inject({ owner: 'daemon', group: 0 })).toMatchObject({ changed: true })
    expect(statSync(join(directory, '.env.local')).gid).toBe(0)
  })

  test('the owner and the group of this process are valid by name and by number', async () => {
    const { directory, inject } = await start({ envFile })
    const { uid, gid } = statSync(directory)
    await inject({ owner: uid, group: gid })
    expect(await inject({ owner: String(uid), group: String(gid) })).toMatchObject({ changed: false })
  })

  test.each([
    [{ owner: 'no-such-user' }, 'owner'],
    [{ group: 'no-such-group' }, 'group'],
    [{ owner: '--help' }, 'owner'],
    [{ owner: '-1' }, 'owner'],
    [{ group: String(2 ** 32 - 1) }, 'group'],
  ])('an account that this host does not know is refused before anything: %j', async (account, option) => {
    const { inject, server, directory } = await start({ envFile })
    await expect(inject(account)).rejects.toMatchObject({ code: 'OWNER_UNKNOWN', context: { option } })
    expect(server.calls).toEqual([])
    expect(readdirSync(directory)).toEqual([])
  })

  test.each([
    ['an unknown option', { ownr: 'x' }, 'UNKNOWN_OPTION'],
    ['no directory', { directory: undefined }, 'INVALID_OPTION'],
    ['an empty directory', { directory: '' }, 'INVALID_OPTION'],
    ['null', { owner: null }, 'INVALID_OPTION'],
    ['an owner that is no id', { owner: 1.5 }, 'INVALID_OPTION'],
    ['an empty group', { group: '' }, 'INVALID_OPTION'],
    ['a client and a region', { region: 'eu-west-1' }, 'INVALID_OPTION'],
    ['a client without send', { client: {} }, 'INVALID_OPTION'],
    ['nothing to write', { envFile: undefined }, 'INVALID_OPTION'],
    ['a path that leads out', { files: { '../x': secret('a') } }, 'TARGET_PATH_INVALID'],
    ['a path of the library itself', { files: { '.fairlead-inject-x': secret('a') } }, 'TARGET_PATH_INVALID'],
  ])('refuses %s', async (_what, option, code) => {
    const { inject, server } = await start({ envFile })
    await expect(inject(option as never)).rejects.toMatchObject({ code })
    expect(server.calls).toEqual([])
  })

  test.each([
    ['a secret that does not exist', { token: secret('shop/dev/gone') }, 'SECRET_NOT_FOUND'],
    ['a key that is none', { 'key.pem': secret('shop/dev/token') }, 'KEY_FILE_INVALID'],
    ['a field that is missing', { token: secret('shop/dev/env', { key: 'TOKEN' }) }, 'SECRET_KEY_MISSING'],
    ['a field of a secret that is not JSON', { token: secret('shop/dev/token', { key: 'TOKEN' }) }, 'SECRET_NOT_JSON'],
    ['a field of a binary secret', { token: secret('shop/dev/keystore', { key: 'TOKEN' }) }, 'SECRET_IS_BINARY'],
  ])('%s leaves every old file as it was', async (_what, file, code) => {
    const { directory, inject } = await start({ envFile })
    writeFileSync(join(directory, '.env.local'), 'OLD=1')
    const { ino } = lstatSync(join(directory, '.env.local'))
    await expect(inject({ files: file })).rejects.toMatchObject({ code })
    expect(readFileSync(join(directory, '.env.local'), 'utf8')).toBe('OLD=1')
    expect(lstatSync(join(directory, '.env.local')).ino).toBe(ino)
    expect(readdirSync(directory)).toEqual(['.env.local'])
  })

  test('a value that the dialect cannot hold is refused with a way out', async () => {
    const { directory, inject } = await start()
    const from = { A: '\n#\'"`' }
    await expect(inject({ envFile: { name: '.env', dialect: 'dotenv', from } })).rejects.toMatchObject({
      code: 'SECRET_NOT_ENCODABLE',
      context: { file: '.env', dialect: 'dotenv', variable: 'A' },
    })
    expect(readdirSync(directory)).toEqual([])
  })

  test('an unreachable endpoint is an error, and our own client takes region and endpoint', async () => {
    const { inject } = await start({ envFile })
    process.env['AWS_ACCESS_KEY_ID'] = 'AKIDEXAMPLE'
    process.env['AWS_SECRET_ACCESS_KEY'] = 'example'
    const own = { client: undefined, region: 'eu-west-1', endpoint: 'http://127.0.0.1:1' }
    await expect(inject(own)).rejects.toMatchObject({ code: 'AWS_UNREACHABLE', retryable: true })
  })

  test('tells what it recovered', async () => {
    const { directory, inject, events } = await start({ envFile })
    mkdirSync(join(directory, '.fairlead-inject-0-0-0-0-beef'), { mode: 0o700 })
    writeFileSync(join(directory, '.fairlead-inject-0-0-0-0-beef/new-0'), 'secret')
    await inject()
    expect(events[0]).toMatchObject({ type: 'secrets.recovered', outcome: 'swept', files: [] })
    expect(readdirSync(directory)).toEqual(['.env.local'])
  })

  test('cancelled before or while it fetches, it rejects with the reason and leaves nothing', async () => {
    const { directory, inject, server } = await start({ envFile, files })
    const reason = new Error('stop')
    await expect(inject({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(server.calls).toEqual([])
    const controller = new AbortController()
    const onEvent = () => controller.abort(reason)
    await expect(inject({ signal: controller.signal, onEvent })).rejects.toBe(reason)
    expect(readdirSync(directory)).toEqual([])
  })

  test('what onEvent throws reaches the caller, and nothing is written', async () => {
    const { directory, inject } = await start({ envFile })
    const thrown = new Error('from onEvent')
    const onEvent = () => {
      throw thrown
    }
    await expect(inject({ onEvent })).rejects.toBe(thrown)
    expect(readdirSync(directory)).toEqual([])
  })

  test('events are plain, timed by the clock, and end in what was written', async () => {
    const clock = { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() }
    const { inject, events } = await start({ envFile, clock })
    await inject()
    expect(JSON.parse(JSON.stringify(events))).toEqual(events)
    expect(events).toEqual([
      {
        type: 'secrets.secret-fetched',
        at: '1970-01-01T00:00:00.000Z',
        summary: 'fetched shop/dev/env, version v-shop/dev/env',
        name: 'shop/dev/env',
        versionId: 'v-shop/dev/env',
      },
      { type: 'secrets.file-written', at: '1970-01-01T00:00:00.000Z', summary: 'wrote .env.local', path: '.env.local' },
    ])
  })

  test('where the batch is denied and the single calls are not, it says so and succeeds', async () => {
    const server = await startScriptedServer(secrets, ({ action }) =>
      action === 'BatchGetSecretValue' ? failure('AccessDeniedException') : undefined,
    )
    const events: InjectionEvent[] = []
    const directory = temporaryFolder()
    await injectSecrets({ directory, envFile, files, client: server.client, onEvent: (event) => events.push(event) })
    expect(events[0]).toMatchObject({ type: 'secrets.batch-unavailable', reason: 'denied' })
    expect(readdirSync(directory).sort()).toEqual(['.env.local', 'config'])
  })
})

describe('the built package', () => {
  const dist = fileURLToPath(new URL('../dist/index.js', import.meta.url))
  const node = (code: string, environment: NodeJS.ProcessEnv = {}) =>
    promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code], {
      env: {
        PATH: process.env['PATH'],
        AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
        AWS_SECRET_ACCESS_KEY: 'example',
        ...environment,
      },
    })

  test('injects without a word on standard output or error, and leaves the environment as it was', async () => {
    const { endpoint } = await startScriptedServer(secrets)
    const options = JSON.stringify({ directory: temporaryFolder(), envFile, endpoint, region: 'eu-west-1' })
    const code = `
      import { injectSecrets } from ${JSON.stringify(dist)}
      const before = JSON.stringify(process.env)
      await injectSecrets(${options})
      if (JSON.stringify(process.env) !== before) throw new Error('the environment has changed')`
    expect(await node(code)).toEqual({ stdout: '', stderr: '' })
  })

  test('loads no client of the SDK when it is imported', async () => {
    const code = `
      import { createRequire } from 'node:module'
      import { planInjection, secret } from ${JSON.stringify(dist)}
      planInjection({ files: { a: secret('x') } })
      // The client is CommonJS: what was loaded of it is in this cache, from import() too.
      const { cache } = createRequire(import.meta.url)
      const loaded = () => Object.keys(cache).filter((path) => path.includes('@aws-sdk')).length
      const before = loaded()
      await import(${JSON.stringify(import.meta.resolve('@aws-sdk/client-secrets-manager'))})
      console.log(before, loaded() > 0)`
    expect((await node(code)).stdout.trim()).toBe('0 true')
  })
})
