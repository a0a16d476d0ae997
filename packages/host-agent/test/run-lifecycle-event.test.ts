import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { coreErrors, isDeployError, systemClock } from '@fairlead/core'
import { canary, temporaryFolder } from '@fairlead/test-support'
import { describe, expect, onTestFinished, test } from 'vitest'
import { hostAgentErrors } from '../src/errors.ts'
import type { FetchBundle, Host, HostEvent, LifecycleEventName } from '../src/model.ts'
import { runLifecycle } from '../src/run-lifecycle.ts'
import { runLifecycleEvent } from '../src/run-lifecycle-event.ts'
import { findAccounts } from './conformance/accounts.ts'
import { bundleOf, deploymentRoot, filesOf, makeDeployment, makeHost, serve } from './support/host.ts'

const neverFetched: FetchBundle = () => Promise.reject(new Error('nothing is to be fetched'))

/** Runs DownloadBundle and then the scripts of AfterInstall. */
async function runHook(
  script: string,
  {
    host = makeHost(),
    timeout = 20,
    more = '',
    ...ambient
  }: { host?: Host; timeout?: number; more?: string; signal?: AbortSignal; onEvent?: (event: HostEvent) => void } = {},
) {
  const appspec = `hooks:\n  AfterInstall:\n    - location: hook.sh\n      timeout: ${timeout}\n${more}`
  const deployment = makeDeployment()
  const fetchBundle = serve(bundleOf(appspec, { 'hook.sh': script }))
  await runLifecycleEvent(host, { deployment, event: 'DownloadBundle', fetchBundle })
  return runLifecycleEvent(host, { deployment, event: 'AfterInstall', fetchBundle: neverFetched, ...ambient })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // A zombie that nobody has waited for yet is no longer running.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await wait(10)
}

describe('a script', () => {
  test('finds the documented variables and the host’s settings, and nothing of the calling process', async () => {
    const secret = canary()
    for (const name of ['AWS_SECRET_ACCESS_KEY', 'GITHUB_TOKEN', 'CI', 'npm_config_registry']) {
      const before = process.env[name]
      process.env[name] = secret.value
      onTestFinished(() => {
        if (before === undefined) delete process.env[name]
        else process.env[name] = before
      })
    }
    const lines: string[] = []
    const host = makeHost({ environment: { SHOP_STAGE: 'dev' } })
    const onEvent = (event: HostEvent) => void (event.type === 'host.script-output' && lines.push(event.line))
    expect((await runHook('env', { host, onEvent })).status).toBe('Succeeded')
    expect(secret.leaksInto(lines.join('\n'))).toBe(false)
    const names = lines
      .map((line) => line.split('=')[0])
      .filter((name) => !['_', 'PWD', 'SHLVL', 'OLDPWD'].includes(name ?? ''))
    expect(names.sort()).toEqual([
      'APPLICATION_NAME',
      'BUNDLE_BUCKET',
      'BUNDLE_KEY',
      'DEPLOYMENT_GROUP_ID',
      'DEPLOYMENT_GROUP_NAME',
      'DEPLOYMENT_ID',
      'HOME',
      'LANG',
      'LIFECYCLE_EVENT',
      'PATH',
      'SHOP_STAGE',
      'USER',
    ])
  })

  test('may write to /dev/stdout and /dev/stderr, which are pipes as on a real host', async () => {
    const result = await runHook('echo one > /dev/stdout; echo two > /dev/stderr; test -p /dev/fd/1; exit $((3 + $?))')
    expect(result).toMatchObject({ status: 'Failed', message: expect.stringMatching(/exit code 3$/) as string })
    expect(result.logTail?.split('\n')).toEqual(expect.arrayContaining(['[stdout]one', '[stderr]two']))
  })

  test('runs in the host’s folder, finds its own path in $0, no arguments and an input that is at its end', async () => {
    const host = makeHost()
    const result = await runHook('pwd; echo "$0 $#"; read x || echo end; exit 1', { host })
    const path = join(host.folder, deploymentRoot, 'group-1/d-1/deployment-archive/hook.sh')
    expect(result.logTail?.split('\n').slice(2, -1)).toEqual([
      `[stdout]${host.folder}`,
      `[stdout]${path} 0`,
      '[stdout]end',
    ])
  })

  test('finds the Node that runs the agent', async () => {
    expect((await runHook('node -e "process.exit(7)"')).message).toMatch(/exit code 7$/)
  })

  test('that a signal ends has the exit code 1 for an agent of 2.x and none for one of 1.8', async () => {
    expect((await runHook('kill -9 $$')).message).toMatch(/failed with exit code 1$/)
    const host = makeHost({ profile: 'official-1.8' })
    expect((await runHook('kill -9 $$', { host })).message).toMatch(/failed with exit code $/)
  })

  test('that runs out of time is ended with its children, and its event fails', async () => {
    const host = makeHost()
    const result = await runHook('echo $$ > pids; sleep 60 & echo $! >> pids; wait', { host, timeout: 1 })
    expect(result).toMatchObject({
      status: 'Failed',
      code: 'ScriptTimedOut',
      wireCode: 3,
      scriptName: 'hook.sh',
      message: 'Script at specified location: hook.sh failed to complete in 1 seconds',
    })
    const pids = readFileSync(join(host.folder, 'pids'), 'utf8').trim().split('\n').map(Number)
    expect(pids).toHaveLength(2)
    await until(() => pids.every((pid) => !isAlive(pid)))
  })

  test('that ignores the request to end is killed five seconds later (agent 2.x)', async () => {
    const host = makeHost()
    const naps: number[] = []
    const clock = {
      ...systemClock,
      sleep: (ms: number, signal?: AbortSignal) => {
        naps.push(ms)
        return systemClock.sleep(ms > 1000 ? 50 : ms, signal)
      },
    }
    const deployment = makeDeployment()
    const appspec = 'hooks:\n  AfterInstall: [{location: hook.sh, timeout: 1}]\n'
    const fetchBundle = serve(
      bundleOf(appspec, { 'hook.sh': 'trap "" TERM; echo $$ > pid; while :; do sleep 0.1; done' }),
    )
    await runLifecycleEvent(host, { deployment, event: 'DownloadBundle', fetchBundle })
    const result = await runLifecycleEvent(host, { deployment, event: 'AfterInstall', fetchBundle, clock })
    expect(result.code).toBe('ScriptTimedOut')
    expect(naps).toEqual([1000, 5000])
    expect(isAlive(Number(readFileSync(join(host.folder, 'pid'), 'utf8')))).toBe(false)
  })

  test('whose background child keeps the output open fails its event, and the child runs on', async () => {
    const host = makeHost()
    const result = await runHook('sleep 30 & echo $! > pid; exit 0', { host, timeout: 1 })
    const pid = Number(readFileSync(join(host.folder, 'pid'), 'utf8'))
    onTestFinished(() => void (isAlive(pid) && process.kill(pid)))
    expect(result).toMatchObject({
      code: 'UnknownError',
      wireCode: 6,
      message: expect.stringMatching(/failed to close STDOUT$/) as string,
    })
    expect(isAlive(pid)).toBe(true)
  })

  test('that is not executable is made so', async () => {
    const host = makeHost()
    const bundle = [
      ...bundleOf('hooks:\n  AfterInstall: [{location: hook.sh}]\n'),
      { path: 'hook.sh', content: '#!/bin/sh\n' },
    ]
    const deployment = makeDeployment()
    const result = await runLifecycle(host, {
      deployment,
      fetchBundle: serve(bundle),
      events: ['DownloadBundle', 'AfterInstall'],
    })
    expect(result.status).toBe('Succeeded')
    const path = join(host.folder, deploymentRoot, 'group-1/d-1/deployment-archive/hook.sh')
    expect(statSync(path).mode & 0o777).toBe(0o755)
  })

  test('that prints bytes which are no UTF-8 fails whatever it exits with, and the service learns nothing', async () => {
    const host = makeHost()
    const result = await runHook(`printf 'a\\377b\\n'; echo never read`, { host })
    expect(result).toMatchObject({
      status: 'Failed',
      code: 'UnknownError',
      wireCode: 'Unknown',
      message: 'Attempting minimal diagnostics',
      logTail: 'Exception JSON::GeneratorError occured',
      detail: expect.stringMatching(/a line that hook\.sh printed to its stdout is not UTF-8/),
    })
    const log = readFileSync(join(host.folder, deploymentRoot, 'group-1/d-1/logs/scripts.log'))
    expect(log.includes(Buffer.from([0x61, 0xff, 0x62, 0x0a]))).toBe(true)
    expect(log.includes('never read')).toBe(false)
  })

  test('prints ten megabytes, which all reach the log in order', async () => {
    const host = makeHost()
    const script = 'i=0; while [ $i -lt 1000 ]; do printf "%010000d\\n" $i; i=$((i + 1)); done'
    expect((await runHook(script, { host })).status).toBe('Succeeded')
    const log = readFileSync(join(host.folder, deploymentRoot, 'group-1/d-1/logs/scripts.log'), 'utf8')
    const numbers = [...log.matchAll(/\[stdout\](\d{10000})$/gm)].map(([, digits]) => Number(digits))
    expect(numbers).toEqual(Array.from({ length: 1000 }, (_, index) => index))
  })
})

describe('cancelling', () => {
  test('ends the whole process group of a running script and rejects with the reason itself', async () => {
    const host = makeHost()
    const controller = new AbortController()
    const reason = new Error('enough')
    const onEvent = (event: HostEvent) => {
      if (event.type === 'host.script-output') controller.abort(reason)
    }
    const script = 'echo $$ > pids; (trap "" TERM; sleep 60) & echo $! >> pids; echo ready; wait'
    await expect(runHook(script, { host, signal: controller.signal, onEvent })).rejects.toBe(reason)
    const pids = readFileSync(join(host.folder, 'pids'), 'utf8').trim().split('\n').map(Number)
    await until(() => pids.every((pid) => !isAlive(pid)))
    expect(readdirSync(join(host.folder, deploymentRoot, 'ongoing-deployment'))).toEqual([])
  })

  test('before anything began leaves no folder', async () => {
    const host = makeHost()
    const reason = new Error('enough')
    const options = { deployment: makeDeployment(), event: 'Install', fetchBundle: neverFetched } as const
    await expect(runLifecycleEvent(host, { ...options, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(existsSync(host.folder)).toBe(false)
  })

  test('does not wait for a bundle that has stalled, and unpacks nothing of it', async () => {
    const host = makeHost()
    const controller = new AbortController()
    const reason = new Error('enough')
    const fetchBundle: FetchBundle = () =>
      Promise.resolve({
        eTag: undefined,
        body: {
          [Symbol.asyncIterator]: () => ({
            next: () => {
              controller.abort(reason)
              return new Promise(() => {})
            },
          }),
        },
      })
    const options = {
      deployment: makeDeployment(),
      event: 'DownloadBundle',
      fetchBundle,
      signal: controller.signal,
    } as const
    await expect(runLifecycleEvent(host, options)).rejects.toBe(reason)
    expect(readdirSync(join(host.folder, deploymentRoot, 'group-1/d-1'))).toEqual(['bundle.tar'])
  })

  test('a listener that throws ends the script too, and its exception reaches the caller', async () => {
    const host = makeHost()
    const failure = new Error('the listener is broken')
    const onEvent = (event: HostEvent) => {
      if (event.type === 'host.script-output') throw failure
    }
    await expect(runHook('echo $$ > pid; echo hi; sleep 60', { host, onEvent })).rejects.toBe(failure)
    expect(isAlive(Number(readFileSync(join(host.folder, 'pid'), 'utf8')))).toBe(false)
  })
})

describe('the events that are told', () => {
  test('say what happens in order, are JSON-safe, and name the revision whose script runs', async () => {
    const host = makeHost()
    const appspec = 'hooks:\n  ApplicationStop: [{location: stop.sh}]\n'
    const fetchBundle = serve(bundleOf(appspec, { 'stop.sh': 'echo stopping' }))
    await runLifecycle(host, { deployment: makeDeployment(), fetchBundle })
    const events: HostEvent[] = []
    const deployment = makeDeployment({ deploymentId: 'd-2' })
    await runLifecycleEvent(host, {
      deployment,
      event: 'ApplicationStop',
      fetchBundle,
      onEvent: (event) => events.push(event),
    })
    expect(events.map(({ type, summary }) => `${type}: ${summary}`)).toEqual([
      'host.event-started: web-1: ApplicationStop started',
      'host.script-started: ApplicationStop: stop.sh of d-1',
      'host.script-output: [stdout] stopping',
      'host.event-ended: web-1: ApplicationStop succeeded',
    ])
    expect(JSON.parse(JSON.stringify(events))).toEqual(events)
    expect(new Set(events.map(({ deploymentId }) => deploymentId))).toEqual(new Set(['d-2']))
  })
})

describe('nothing leaves the host’s folder', () => {
  const destination = (path: string) => `files:\n  - {source: a.txt, destination: ${path}}\n`
  const install = async (host: Host, appspec: string) => {
    const fetchBundle = serve([...bundleOf(appspec), { path: 'a.txt', content: 'a' }])
    return runLifecycle(host, { deployment: makeDeployment(), fetchBundle, events: ['DownloadBundle', 'Install'] })
  }

  test('an absolute destination lies below it', async () => {
    const host = makeHost()
    expect((await install(host, destination('/srv/shop'))).status).toBe('Succeeded')
    expect(filesOf(host)).toEqual(['srv', 'srv/shop', 'srv/shop/a.txt'])
  })

  test('a destination that climbs out is refused', async () => {
    const host = makeHost()
    const { events } = await install(host, destination('/../outside'))
    expect(events.at(-1)).toMatchObject({ status: 'Failed', code: 'UnknownError' })
    expect(readdirSync(join(host.folder, '..'))).toEqual(['host'])
  })

  test('a destination behind a symbolic link that leads out is refused, with the reason', async () => {
    const host = makeHost()
    const outside = temporaryFolder()
    mkdirSync(host.folder)
    symlinkSync(outside, join(host.folder, 'srv'))
    const { events } = await install(host, destination('/srv/shop'))
    expect(events.at(-1)?.message).toMatch(/^refused to leave the folder of the host/)
    expect(events.at(-1)?.detail).toContain(outside)
    expect(readdirSync(outside)).toEqual([])
  })

  test('a link in the way that leads out is not written through, dangling or not', async () => {
    for (const target of ['there.txt', 'absent.txt']) {
      const host = makeHost()
      const outside = temporaryFolder()
      writeFileSync(join(outside, 'there.txt'), 'theirs')
      mkdirSync(join(host.folder, 'srv'), { recursive: true })
      symlinkSync(join(outside, target), join(host.folder, 'srv/a.txt'))
      const { events } = await install(host, `file_exists_behavior: OVERWRITE\n${destination('/srv')}`)
      expect(events.at(-1)?.message).toMatch(/^refused to leave/)
      expect(readFileSync(join(outside, 'there.txt'), 'utf8')).toBe('theirs')
      expect(readdirSync(outside)).toEqual(['there.txt'])
    }
  })

  test('a source that climbs out is not read', async () => {
    const host = makeHost()
    const up = '../'.repeat(12)
    const { events } = await install(host, `files:\n  - {source: ${up}etc/passwd, destination: /srv}\n`)
    expect(events.at(-1)?.message).toMatch(/^refused to leave/)
    expect(filesOf(host)).toEqual(['srv'])
  })

  test('a cleanup list that names a path outside deletes nothing there', async () => {
    const host = makeHost()
    const outside = temporaryFolder()
    writeFileSync(join(outside, 'a.txt'), 'theirs')
    await install(host, destination('/srv'))
    writeFileSync(join(host.folder, deploymentRoot, 'deployment-instructions/group-1-cleanup'), `${outside}/a.txt\n`)
    const { events } = await install(host, destination('/srv'))
    expect(events.at(-1)?.message).toMatch(/^refused to leave/)
    expect(readdirSync(outside)).toEqual(['a.txt'])
  })

  test('a pointer to a previous revision outside runs nothing from there', async () => {
    const host = makeHost()
    const outside = temporaryFolder()
    await install(host, destination('/srv'))
    writeFileSync(join(host.folder, deploymentRoot, 'deployment-instructions/group-1_last_successful_install'), outside)
    const deployment = makeDeployment({ deploymentId: 'd-2' })
    const result = await runLifecycleEvent(host, { deployment, event: 'ApplicationStop', fetchBundle: neverFetched })
    expect(result.message).toMatch(/^refused to run scripts of/)
  })
})

describe('the load balancer’s part', () => {
  test.each<LifecycleEventName>(['BlockTraffic', 'AllowTraffic'])(
    '%s is the service’s own: an agent fails it',
    async (event) => {
      const result = await runLifecycleEvent(makeHost(), {
        deployment: makeDeployment(),
        event,
        fetchBundle: neverFetched,
      })
      expect(result).toMatchObject({ status: 'Failed', noop: true, message: `Unsupported command type: ${event}.` })
    },
  )
})

describe('what is refused before anything runs', () => {
  const run = (host: unknown, options: Record<string, unknown> = {}) =>
    runLifecycleEvent(
      host as Host,
      {
        deployment: makeDeployment(),
        event: 'Install',
        fetchBundle: neverFetched,
        ...options,
      } as never,
    )
  const refusal = async (attempt: Promise<unknown>) => {
    const error: unknown = await attempt.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    return isDeployError(error) ? `${error.code} ${String(error.context['field'] ?? error.context['option'])}` : error
  }

  test.each<[string, unknown, string]>([
    ['no host', undefined, 'HOST_INVALID name'],
    ['a host without name', { name: '', folder: '/h' }, 'HOST_INVALID name'],
    ['a relative folder', { name: 'h', folder: 'h' }, 'HOST_INVALID folder'],
    ['the whole machine as folder', { name: 'h', folder: '/' }, 'HOST_INVALID folder'],
    ['a folder with dots', { name: 'h', folder: '/a/../b' }, 'HOST_INVALID folder'],
    ['an environment with a number', { name: 'h', folder: '/h', environment: { A: 1 } }, 'HOST_INVALID environment.A'],
    [
      'an environment with = in a name',
      { name: 'h', folder: '/h', environment: { 'A=B': '' } },
      'HOST_INVALID environment',
    ],
    ['no revision to keep', { name: 'h', folder: '/h', maxRevisions: 0 }, 'HOST_INVALID maxRevisions'],
    ['an agent that does not exist', { name: 'h', folder: '/h', profile: 'official-3' }, 'HOST_INVALID profile'],
  ])('%s', async (_name, host, expected) => {
    expect(await refusal(run(host))).toBe(expected)
  })

  test.each<[string, Record<string, unknown>, string]>([
    ['an id that is a path', { deploymentId: '../d' }, 'HOST_DEPLOYMENT_INVALID deploymentId'],
    ['an id of dots', { deploymentGroupId: '..' }, 'HOST_DEPLOYMENT_INVALID deploymentGroupId'],
    ['a group without name', { deploymentGroupName: undefined }, 'HOST_DEPLOYMENT_INVALID deploymentGroupName'],
    ['no revision', { revision: undefined }, 'HOST_DEPLOYMENT_INVALID revision.bucket'],
    [
      'another type of bundle',
      { revision: { bucket: 'b', key: 'k', bundleType: 'rar' } },
      'HOST_DEPLOYMENT_INVALID revision.bundleType',
    ],
    ['another behaviour', { fileExistsBehavior: 'REPLACE' }, 'HOST_DEPLOYMENT_INVALID fileExistsBehavior'],
    ['an AppSpec outside of the bundle', { appSpecFilename: '../a.yml' }, 'HOST_DEPLOYMENT_INVALID appSpecFilename'],
  ])('%s', async (_name, facts, expected) => {
    const host = makeHost()
    expect(await refusal(run(host, { deployment: { ...makeDeployment(), ...facts } }))).toBe(expected)
    expect(existsSync(host.folder)).toBe(false)
  })

  test('an event or an option that it does not have', async () => {
    expect(await refusal(run(makeHost(), { event: 'Instal' }))).toBe('INVALID_OPTION event')
    expect(await refusal(run(makeHost(), { fetch: neverFetched }))).toBe('UNKNOWN_OPTION fetch')
    await expect(
      runLifecycle(makeHost(), { deployment: makeDeployment(), fetchBundle: neverFetched, events: ['Nope' as never] }),
    ).rejects.toSatisfy((error) => isDeployError(error, coreErrors.INVALID_OPTION))
  })

  test('a secret setting of the host is not in the refusal', async () => {
    const secret = canary()
    const host = { name: 'h', folder: '/h', environment: { TOKEN: `${secret.value}\0` } }
    const error: unknown = await run(host).catch((reason: unknown) => reason)
    expect(isDeployError(error, hostAgentErrors.HOST_INVALID)).toBe(true)
    expect(secret.leaksInto(JSON.stringify(error) + String((error as Error).stack))).toBe(false)
  })
})

describe('a run that is another user’s', () => {
  const { user } = findAccounts()
  const isPossible = process.getuid?.() === 0 && user !== undefined
  const name = 'runas goes through su, with the environment kept'
  const skipped = !isPossible && !process.env['FAIRLEAD_REQUIRE_TOOLS']
  test(skipped ? `${name} (skipped: needs root and an account with a shell)` : name, async (context) => {
    if (skipped) return context.skip()
    const host = makeHost()
    execFileSync('chmod', ['755', join(host.folder, '..')])
    const result = await runHook('id -un; echo $LIFECYCLE_EVENT; exit 4', { host, more: `      runas: ${user}\n` })
    expect(result.message).toBe(`Script at specified location: hook.sh run as user ${user} failed with exit code 4`)
    expect(result.logTail).toContain(`[stdout]${user}\n[stdout]AfterInstall\n`)
  })

  test('runas the user that this is needs no root', async () => {
    const user = execFileSync('id', ['-un'], { encoding: 'utf8' }).trim()
    expect((await runHook('id -un', { more: `      runas: ${user}\n` })).status).toBe('Succeeded')
  })
})
