import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { isDeployError } from '@fairlead/core'
import { temporaryFolder } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import { activateOn } from '../src/activate-release.ts'
import { errors } from '../src/errors.ts'
import { activateRelease, readInstalledReleases, rollbackRelease, stageRelease } from '../src/index.ts'
import type { HistoryEntry, ReleaseEvent } from '../src/model.ts'
import { systemDisk } from '../src/ports/disk.ts'
import { commitOf, unpackArchive } from './support/archive.ts'
import { leftovers, testHost, type TestHost } from './support/host.ts'
import { refusal } from './support/refusal.ts'
import { webServer } from './support/web-server.ts'

const quick = { attempts: 3, intervalMs: 0 }

function historyOf(host: TestHost): HistoryEntry[] {
  const lines = readFileSync(join(host.root, '.fairlead/history.jsonl'), 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line) as HistoryEntry)
}

describe('an activation', () => {
  test('puts a relative link to the release in place', async () => {
    const host = testHost()
    const staged = await host.stage('a')
    const report = await activateRelease(staged)
    expect(readlinkSync(join(host.root, 'current'))).toBe(`releases/${staged.name}`)
    expect(report).toMatchObject({ root: host.root, to: staged.name, alreadyLive: false })
    expect(report.from).toBeUndefined()
    expect(Date.parse(report.switchedAt ?? '')).toBeGreaterThan(Date.parse('2026-01-01'))
    expect(leftovers(host.root)).toEqual([])
  })

  test('names the release before, and says in the history who went from where to where', async () => {
    const host = testHost()
    const a = await host.deploy('a')
    const b = await host.stage('b')
    expect(await activateRelease(b)).toMatchObject({ from: a.name, to: b.name })
    expect(host.live()).toBe('b')
    expect(historyOf(host)).toMatchObject([
      { outcome: 'activated', to: a.name, commit: a.commit, contentDigest: a.contentDigest },
      { outcome: 'activated', from: a.name, to: b.name, live: b.name, commit: b.commit },
    ])
  })

  test('of the live release has nothing to do', async () => {
    const host = testHost()
    const a = await host.deploy('a')
    const events: ReleaseEvent[] = []
    const reload = () => Promise.reject(new Error('was reloaded'))
    const report = await activateRelease(a, { reload, onEvent: (event) => events.push(event) })
    expect(report).toEqual({ root: host.root, from: a.name, to: a.name, alreadyLive: true })
    expect(events.map(({ type }) => type)).toEqual(['activation.already-live'])
    expect(historyOf(host)).toHaveLength(1)
  })

  test('checks before the switch and reloads after it, with the release in hand', async () => {
    const host = testHost()
    await host.deploy('a')
    const b = await host.stage('b')
    const seen: unknown[] = []
    const note = (what: string) => (release: unknown) => void seen.push([what, host.live(), release])
    await activateRelease(b, { check: note('check'), reload: note('reload') })
    const folder = { root: host.root, name: b.name, path: b.path, commit: b.commit, id: 'd-b' }
    expect(seen).toEqual([
      ['check', 'a', folder],
      ['reload', 'b', folder],
    ])
  })

  test('tells of each step as it is done', async () => {
    const host = testHost()
    const a = await host.stage('a')
    const events: ReleaseEvent[] = []
    await activateRelease(a, { onEvent: (event) => events.push(event) })
    expect(events.map((event) => ('step' in event ? event.step : event.type))).toEqual([
      'link',
      'switch',
      'sync',
      'confirm',
      'record',
      'activation.live',
    ])
    expect(JSON.parse(JSON.stringify(events))).toEqual(events)
  })
})

describe('a probe', () => {
  test('passes on the commit in the header', async () => {
    const host = testHost()
    const server = await webServer((_request, response) => {
      response.setHeader('x-release-commit', commitOf(host.live())).end('ok')
    })
    await host.deploy('a')
    const b = await host.stage('b')
    const { probe } = await activateRelease(b, { probe: { url: server.url, expectCommit: b.commit } })
    expect(probe).toEqual({ url: server.url, status: 200, attempt: 1, commitIn: 'header' })
  })

  test.each<[string, string | undefined, string, boolean]>([
    ['the full commit in another header that was named', commitOf('a'), '', true],
    ['its first twelve digits', commitOf('a').slice(0, 12), '', true],
    ['its first eleven digits', commitOf('a').slice(0, 11), '', false],
    ['another commit in the header, although the body names it', commitOf('b'), commitOf('a'), false],
    ['the full commit in the body', undefined, `{"commit":"${commitOf('a')}"}`, true],
    ['a piece of it in the body', undefined, commitOf('a').slice(0, 12), false],
  ])('judges an answer with %s', async (_name, header, body, passes) => {
    const host = testHost()
    const server = await webServer((_request, response) => {
      if (header !== undefined) response.setHeader('X-Version', header)
      response.end(body)
    })
    const a = await host.stage('a')
    const attempt = activateRelease(a, {
      probe: { url: server.url, expectCommit: true, header: 'X-Version', ...quick },
    })
    if (passes) expect((await attempt).to).toBe(a.name)
    else expect(await refusal(attempt)).toMatch(/^ACTIVATION_FAILED: /)
  })

  test('asks again until the workers have changed', async () => {
    const host = testHost()
    const server = await webServer((_request, response) => {
      response.statusCode = server.requests() < 3 ? 503 : 204
      response.end()
    })
    const a = await host.stage('a')
    const { probe } = await activateRelease(a, { probe: { url: server.url, ...quick } })
    expect(probe).toMatchObject({ status: 204, attempt: 3 })
  })

  test('sends the headers that were given, and takes the status that was named', async () => {
    const host = testHost()
    const server = await webServer((request, response) => {
      response.statusCode = request.headers.host === 'shop.example.com' ? 301 : 500
      response.end()
    })
    const a = await host.stage('a')
    const probe = { url: server.url, expectStatus: 301, requestHeaders: { host: 'shop.example.com' }, ...quick }
    expect((await activateRelease(a, { probe })).probe?.status).toBe(301)
  })

  test.each<[string, (host: TestHost) => Promise<string>, RegExp]>([
    [
      'the status is wrong',
      async () => (await webServer((_request, response) => response.writeHead(500).end('secret page'))).url,
      /did not pass the probe in 2 attempts: the status was 500, expected 200 to 299/,
    ],
    [
      'the old release answers',
      async () =>
        (await webServer((_request, response) => response.writeHead(200, { 'x-release-commit': commitOf('a') }).end()))
          .url,
      /another release answers: x-release-commit is "ca978112/,
    ],
    [
      'nobody says which release it is',
      async () => (await webServer((_request, response) => response.end('ok'))).url,
      /neither the header x-release-commit nor the body names the commit 3e23e816/,
    ],
    ['nobody listens', () => Promise.resolve('http://127.0.0.1:1/'), /there was no answer: ECONNREFUSED/],
    ['nobody answers in time', async () => (await webServer(() => undefined)).url, /there was no answer within 500 ms/],
  ])('that fails because %s puts the old release back and marks the new one', async (_name, start, words) => {
    const host = testHost()
    const a = await host.deploy('a')
    const b = await host.stage('b')
    const reloaded: string[] = []
    // Long enough for an answer of a busy machine, and only the last row waits for it to pass.
    const probe = { url: await start(host), expectCommit: b.commit, attempts: 2, intervalMs: 0, timeoutMs: 500 }
    const error: unknown = await activateRelease(b, {
      probe,
      reload: ({ name }) => void reloaded.push(`${name} with ${host.live()} live`),
    }).catch((caught: unknown) => caught)

    expect(isDeployError(error, errors.ACTIVATION_FAILED) && error.context).toMatchObject({
      from: a.name,
      to: b.name,
      step: 'probe',
      live: a.name,
      problems: [],
    })
    expect((error as Error).message).toMatch(words)
    expect((error as Error).message).not.toContain('secret page')
    expect(isDeployError((error as Error).cause, errors.PROBE_FAILED)).toBe(true)
    expect((error as Error).cause).toHaveProperty('code', 'PROBE_FAILED')
    expect(host.live()).toBe('a')
    expect(reloaded).toEqual([`${b.name} with b live`, `${a.name} with a live`])
    const installed = await readInstalledReleases({ root: host.root })
    expect(installed.releases.find(({ name }) => name === b.name)?.bad?.reason).toMatch(/^probe: /)
    expect(installed).toMatchObject({ current: a.name, settled: true })
    expect(leftovers(host.root)).toEqual([])
  })

  test.each([
    ['probe.url', { url: 'ftp://127.0.0.1/' }],
    ['probe.url', { url: 'health' }],
    ['probe.expectCommit', { expectCommit: 'main' }],
    ['probe.expectCommit', { expectCommit: commitOf('b') }],
    ['probe.attempts', { attempts: 0 }],
    ['probe.timeoutMs', { timeoutMs: 0 }],
    ['probe.intervalMs', { intervalMs: -1 }],
    ['probe.expectStatus', { expectStatus: 1000 }],
  ])('is refused before anything changes: %s %j', async (option, given) => {
    const host = testHost()
    const a = await host.stage('a')
    const words = await refusal(activateRelease(a, { probe: { url: 'http://127.0.0.1/', ...given } }))
    expect(words).toMatch(new RegExp(`^INVALID_OPTION: activateRelease: the option ${option} is`))
    expect(existsSync(join(host.root, 'current'))).toBe(false)
  })
})

describe('when a step fails', () => {
  test('a check leaves the old release untouched, and the new one is bad', async () => {
    const host = testHost()
    const a = await host.deploy('a')
    const b = await host.stage('b')
    const words = await refusal(
      activateRelease(b, {
        check: () => {
          throw new Error('php -l: parse error')
        },
      }),
    )
    expect(words).toContain(`the step "check" failed: php -l: parse error\nLive is ${a.name}.`)
    expect(host.live()).toBe('a')
    const installed = await readInstalledReleases({ root: host.root })
    expect(installed.releases.find(({ name }) => name === b.name)?.bad?.reason).toBe('check: php -l: parse error')
  })

  test('the first activation leaves no link', async () => {
    const host = testHost()
    const a = await host.stage('a')
    const words = await refusal(activateRelease(a, { reload: () => Promise.reject(new Error('no pm2')) }))
    expect(words).toMatch(/^ACTIVATION_FAILED: .*no pm2\nNo release is live\.$/s)
    expect(readdirSync(host.root).sort()).toEqual(['.fairlead', 'releases'])
  })

  test('CURRENT_CHANGED: another tool that switches at the same time is noticed', async () => {
    const host = testHost()
    const a = await host.deploy('a')
    const b = await host.stage('b')
    const error: unknown = await activateRelease(b, {
      reload: ({ name }) => {
        if (name !== b.name) return
        rmSync(join(host.root, 'current'))
        symlinkSync(`releases/${a.name}/`, join(host.root, 'current'))
      },
    }).catch((caught: unknown) => caught)
    expect(isDeployError((error as Error).cause, errors.CURRENT_CHANGED)).toBe(true)
    const installed = await readInstalledReleases({ root: host.root })
    expect(installed.current).toBe(a.name)
    expect(installed.releases.find(({ name }) => name === b.name)?.bad).toBeUndefined()
  })

  test('what could not be undone is said, with what is live, and a repeat recovers', async () => {
    const host = testHost()
    await host.deploy('a')
    const b = await host.stage('b')
    let renames = 0
    const disk = {
      ...systemDisk,
      rename: async (from: string, to: string) => {
        renames += 1
        if (renames === 2) throw errors.FILE_OPERATION_FAILED({ operation: 'rename', path: to, code: 'EROFS' })
        return await systemDisk.rename(from, to)
      },
    }
    const error: unknown = await activateOn(disk, b, { reload: () => Promise.reject(new Error('no reload')) }).catch(
      (caught: unknown) => caught,
    )
    expect(isDeployError(error, errors.ACTIVATION_FAILED) && error.context).toMatchObject({
      live: b.name,
      problems: [`switch: rename failed on ${join(host.root, 'current')}: EROFS`],
    })
    expect(host.live()).toBe('b')
    expect(leftovers(host.root)).toEqual([])
    expect((await readInstalledReleases({ root: host.root })).settled).toBe(false)

    expect((await activateRelease(b)).alreadyLive).toBe(false)
    expect(await readInstalledReleases({ root: host.root })).toMatchObject({ current: b.name, settled: true })
  })

  test('a release that failed can go live when its cause is gone', async () => {
    const host = testHost()
    await host.deploy('a')
    const b = await host.stage('b')
    await refusal(activateRelease(b, { check: () => Promise.reject(new Error('no database')) }))
    await activateRelease(b)
    const installed = await readInstalledReleases({ root: host.root })
    expect(installed.releases.every(({ bad }) => bad === undefined)).toBe(true)
  })
})

describe('cancelling', () => {
  const cancelIn = (step: 'check' | 'reload') => async () => {
    const host = testHost()
    const a = await host.deploy('a')
    const b = await host.stage('b')
    const controller = new AbortController()
    const reason = new Error('stop')
    const action = ({ name }: { name: string }) => name === b.name && controller.abort(reason)
    await expect(activateRelease(b, { [step]: action, signal: controller.signal })).rejects.toBe(reason)
    expect(host.live()).toBe('a')
    expect(leftovers(host.root)).toEqual([])
    const installed = await readInstalledReleases({ root: host.root })
    expect(installed).toMatchObject({ current: a.name, settled: true })
    expect(installed.releases.every(({ bad }) => bad === undefined)).toBe(true)
    expect(historyOf(host).at(-1)).toMatchObject({ outcome: 'cancelled', to: b.name, live: a.name })
  }
  test('before the switch leaves the old release', cancelIn('check'))
  test('after the switch puts the old release back', cancelIn('reload'))

  test('while the probe waits ends at once', async () => {
    const host = testHost()
    await host.deploy('a')
    const b = await host.stage('b')
    const controller = new AbortController()
    const reason = new Error('stop')
    const attempt = activateRelease(b, {
      probe: { url: 'http://127.0.0.1:1/', intervalMs: 3_600_000 },
      signal: controller.signal,
      onEvent: ({ type }) => type === 'probe.refused' && controller.abort(reason),
    })
    await expect(attempt).rejects.toBe(reason)
    expect(host.live()).toBe('a')
  })

  test('while a probe is unanswered closes its connection', async () => {
    const host = testHost()
    const controller = new AbortController()
    const reason = new Error('stop')
    const server = await webServer((request) => {
      request.once('close', () => closed())
      controller.abort(reason)
    })
    let closed = () => {}
    const connectionClosed = new Promise<void>((resolve) => (closed = resolve))
    const a = await host.stage('a')
    const attempt = activateRelease(a, {
      probe: { url: server.url, timeoutMs: 3_600_000 },
      signal: controller.signal,
    })
    await expect(attempt).rejects.toBe(reason)
    await connectionClosed
    expect(existsSync(join(host.root, 'current'))).toBe(false)
  })

  test('what onEvent throws stops it, is undone and reaches the caller', async () => {
    const host = testHost()
    await host.deploy('a')
    const b = await host.stage('b')
    const reason = new Error('cannot print')
    const onEvent = (event: ReleaseEvent) => {
      if (event.type === 'activation.step-done' && event.step === 'switch') throw reason
    }
    await expect(activateRelease(b, { onEvent })).rejects.toBe(reason)
    expect(host.live()).toBe('a')
    expect(leftovers(host.root)).toEqual([])
  })
})

describe('nothing is switched', () => {
  test('RELEASE_NOT_INSTALLED: without the release', async () => {
    const host = testHost()
    const a = await host.deploy('a')
    expect(await refusal(activateRelease({ ...a, name: '../..' }))).toMatch(
      /^RELEASE_NOT_INSTALLED: .*has no release "\.\.\/\.\."/,
    )
    rmSync(a.path, { recursive: true })
    expect(await refusal(activateRelease(a))).toMatch(/^RELEASE_NOT_INSTALLED: .*it has none$/)
  })

  test('RELEASE_ROOT_MISSING: without the root', async () => {
    const root = join(temporaryFolder(), 'no')
    const attempt = activateRelease({ root, name: 'x', commit: commitOf('a') })
    expect(await refusal(attempt)).toMatch(/^RELEASE_ROOT_MISSING: there is no folder/)
    expect(existsSync(root)).toBe(false)
  })

  test('CURRENT_NOT_A_LINK: over a folder of files', async () => {
    const host = testHost()
    const a = await host.stage('a')
    mkdirSync(join(host.root, 'current'))
    writeFileSync(join(host.root, 'current/precious'), '')
    expect(await refusal(activateRelease(a))).toMatch(/^CURRENT_NOT_A_LINK: /)
    expect(readdirSync(join(host.root, 'current'))).toEqual(['precious'])
  })

  test('INVALID_RECORD: with a history that somebody has damaged', async () => {
    const host = testHost()
    const a = await host.deploy('a')
    writeFileSync(join(host.root, '.fairlead/history.jsonl'), '{"schema":"other"}\n')
    expect(await refusal(activateRelease(a))).toMatch(/^INVALID_RECORD: .*history\.jsonl:1/)
  })

  test('INVALID_OPTION: with something else than a function', async () => {
    const host = testHost()
    const a = await host.stage('a')
    expect(await refusal(activateRelease(a, { reload: 'nginx -s reload' as never }))).toMatch(
      /^INVALID_OPTION: .*reload is "nginx -s reload", expected a function/,
    )
  })

  test('FILE_OPERATION_FAILED: with a disk that fails before the first step', async () => {
    const host = testHost()
    const a = await host.stage('a')
    const makeLink = (_target: string, path: string) =>
      Promise.reject(errors.FILE_OPERATION_FAILED({ operation: 'symlink', path, code: 'ENOSPC' }))
    expect(await refusal(activateOn({ ...systemDisk, makeLink }, a, {}))).toMatch(
      /^FILE_OPERATION_FAILED: symlink failed/,
    )
  })
})

test('a line of the history that was half written when the machine stopped is cut off by the next one', async () => {
  const host = testHost()
  await host.deploy('a')
  const path = join(host.root, '.fairlead/history.jsonl')
  writeFileSync(path, `${readFileSync(path, 'utf8')}{"schema":"fairlead/hist`)
  expect((await readInstalledReleases({ root: host.root })).settled).toBe(true)
  await host.deploy('b')
  expect(historyOf(host).map(({ outcome }) => outcome)).toEqual(['activated', 'activated'])
})

describe('a trial', () => {
  const serve = (answer: string) => [
    process.execPath,
    '-e',
    `require('node:http').createServer((request, response) => ${answer}).listen(Number(process.argv[1]), '127.0.0.1')`,
    '{port}',
  ]
  const patient = { attempts: 100, intervalMs: 50 }

  test('asks the release before it is live, in its own folder, and stops what it started', async () => {
    const host = testHost()
    await host.deploy('a')
    const b = await host.stage('b')
    const command = serve("response.end(process.cwd() + ' ' + process.env.PORT + process.env.MORE + request.url)")
    const answers: string[] = []
    const report = await activateRelease(b, {
      trial: { command, path: '/health', environment: { MORE: '!' }, ...patient },
      check: () => void answers.push(host.live()),
    })
    expect(report.trial).toMatchObject({
      status: 200,
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/health$/),
    })
    expect(answers).toEqual(['a'])
    expect(host.live()).toBe('b')
    await expect(fetch(report.trial?.url ?? '')).rejects.toThrow()
  })

  test('that does not pass leaves the old release, and the new one is bad', async () => {
    const host = testHost()
    await host.deploy('a')
    const b = await host.stage('b')
    const command = serve('{ response.statusCode = 500; response.end() }')
    const attempt = activateRelease(b, { trial: { command, attempts: 3, intervalMs: 200 } })
    expect(await refusal(attempt)).toMatch(/^ACTIVATION_FAILED: .*"trial" failed/)
    expect(host.live()).toBe('a')
    const { releases } = await readInstalledReleases({ root: host.root })
    expect(releases.find(({ name }) => name === b.name)?.bad?.reason).toMatch(/^trial: /)
  })

  test.each<[string, readonly string[], RegExp]>([
    ['ends', ['sh', '-c', 'exit 3'], /did not last until it answered: it ended with 3/],
    ['is not there', ['/nowhere/server'], /it could not be started: there is no such program/],
  ])('TRIAL_FAILED: of a program that %s does not wait for an answer', async (_name, command, words) => {
    const host = testHost()
    const a = await host.stage('a')
    const attempt = activateRelease(a, { trial: { command, attempts: 1_000, intervalMs: 1_000 } })
    const error: unknown = await attempt.catch((caught: unknown) => caught)
    expect(isDeployError((error as Error).cause, errors.TRIAL_FAILED)).toBe(true)
    expect((error as Error).message).toMatch(words)
  })

  test('stops the program where it is cancelled', async () => {
    const host = testHost()
    const a = await host.stage('a')
    const controller = new AbortController()
    const reason = new Error('stop')
    const attempt = activateRelease(a, {
      trial: { command: ['sleep', '60'], attempts: 1_000, intervalMs: 10 },
      signal: controller.signal,
      onEvent: ({ type }) => type === 'probe.refused' && controller.abort(reason),
    })
    await expect(attempt).rejects.toBe(reason)
  })

  test.each([{ command: [] }, { command: 'node' }, { command: ['a'], path: 'x' }, { command: ['a'], url: 'http://x' }])(
    'INVALID_OPTION: %j',
    async (trial) => {
      const host = testHost()
      const a = await host.stage('a')
      expect(await refusal(activateRelease(a, { trial: trial as never }))).toMatch(/^(INVALID|UNKNOWN)_OPTION: /)
    },
  )
})

test('current holds an absolute path where that is asked for, also after a rollback', async () => {
  const host = testHost()
  const a = await host.stage('a')
  await activateRelease(a, { link: 'absolute' })
  expect(readlinkSync(join(host.root, 'current'))).toBe(a.path)
  await host.deploy('b')
  await rollbackRelease({ root: host.root, link: 'absolute' })
  expect(readlinkSync(join(host.root, 'current'))).toBe(a.path)
  expect(await refusal(activateRelease(a, { link: 'hard' as never }))).toMatch(/^INVALID_OPTION: /)
})

test('the history says why', async () => {
  const host = testHost()
  const a = await host.stage('a')
  await activateRelease(a, { why: 'the release of the week' })
  const [line = ''] = readFileSync(join(host.root, '.fairlead/history.jsonl'), 'utf8').split('\n')
  expect(JSON.parse(line)).toMatchObject({ why: 'the release of the week', to: a.name, contentDigest: a.contentDigest })
  expect(await refusal(activateRelease(a, { why: '' }))).toMatch(/^INVALID_OPTION: /)
})

test('content that failed before is warned of, and goes live all the same: CodeDeploy may be rolling back', async () => {
  const host = testHost()
  await host.deploy('a')
  const files = { version: 'x', 'public/index.html': 'x' }
  const b = await host.stage('b', { files })
  await refusal(activateRelease(b, { check: () => Promise.reject(new Error('no')) }))
  const { from } = unpackArchive(join(host.folder, 'again'), files, b.commit)
  const again = await stageRelease({ root: host.root, from, id: 'd-again' })
  const events: ReleaseEvent[] = []
  await activateRelease(again, { onEvent: (event) => events.push(event) })
  expect(events).toContainEqual(expect.objectContaining({ type: 'activation.failed-before', release: b.name }))
  expect(host.live()).toBe('x')
})

test('fresh secrets are put in before the switch, and where they cannot be had the release is not to blame', async () => {
  const host = testHost()
  await host.deploy('a')
  const b = await host.stage('b')
  const attempt = activateRelease(b, { beforeSwitch: () => Promise.reject(new Error('no secret')) })
  expect(await refusal(attempt)).toMatch(/"prepare" failed: no secret/)
  const { releases } = await readInstalledReleases({ root: host.root })
  expect(releases.every(({ bad }) => bad === undefined)).toBe(true)
  const seen: string[] = []
  await activateRelease(b, { beforeSwitch: ({ name }) => void seen.push(`${name} ${host.live()}`) })
  expect(seen).toEqual([`${b.name} a`])
})
