import { describe, expect, test } from 'vitest'
import { watchDeployment, type DeploymentEvent, type WatchDeploymentOptions } from '../src/index.ts'
import { failureOf, target } from './support/deploy-values.ts'
import { fault, hangUp, page, scriptedCodeDeploy, silence, type Handler } from './support/scripted-codedeploy.ts'
import { at, broken, done, installing, pending, timeline, unhealthy, type Frame } from './support/timeline.ts'
import { virtualClock } from './support/virtual-clock.ts'

type Frames = Parameters<typeof timeline>[0]

async function serve(frames: Frames, handlers: Readonly<Record<string, Handler>> = {}) {
  const server = await scriptedCodeDeploy({ ...timeline(frames), ...handlers })
  const clock = virtualClock()
  const watch = async (options: WatchDeploymentOptions = {}) => {
    const events: DeploymentEvent[] = []
    for await (const event of watchDeployment({ deploymentId: 'd-1' }, { client: server.client, clock, ...options })) {
      events.push(event)
    }
    return events
  }
  return { ...server, clock, watch }
}

const summaries = (events: readonly DeploymentEvent[]) => events.map(({ summary }) => summary)

const running: Frame = { status: 'InProgress', targets: { a: installing, b: pending } }
const succeeded: Frame = { status: 'Succeeded', targets: { a: done, b: done }, info: { completeTime: at(10) } }
const failed: Frame = { status: 'Failed', targets: { a: broken, b: done }, info: unhealthy }

describe('a deployment that is watched', () => {
  test('is told from its creation to its end, with every event of every host', async () => {
    const { watch } = await serve({ 'd-1': [{ status: 'Created' }, running, succeeded] })
    const events = await watch()
    expect(summaries(events)).toEqual([
      'd-1 created',
      'd-1 in-progress',
      'd-1 a in-progress',
      'd-1 a Install in-progress',
      'd-1 a Install succeeded in 1.0 s',
      'd-1 b Install succeeded in 1.0 s',
      'd-1 a ValidateService succeeded in 1.0 s',
      'd-1 b ValidateService succeeded in 1.0 s',
      'd-1 a succeeded',
      'd-1 b succeeded',
      'd-1 succeeded',
      'd-1 succeeded after 10.0 s',
    ])
    expect(events.at(-1)).toEqual({
      type: 'deployment.ended',
      at: expect.any(String) as string,
      summary: 'd-1 succeeded after 10.0 s',
      deploymentId: 'd-1',
      report: {
        deploymentId: 'd-1',
        target,
        status: 'succeeded',
        instances: ['a', 'b'].map((id) => ({
          id,
          status: 'succeeded',
          events: [
            expect.objectContaining({ event: 'Install', status: 'succeeded', durationMs: 1_000 }) as unknown,
            expect.objectContaining({ event: 'ValidateService', status: 'succeeded', durationMs: 1_000 }) as unknown,
          ],
        })),
        startedAt: '2026-01-02T03:00:00.000Z',
        endedAt: '2026-01-02T03:00:10.000Z',
        durationMs: 10_000,
      },
    })
    expect(JSON.parse(JSON.stringify(events))).toEqual(JSON.parse(JSON.stringify(structuredClone(events))))
  })

  test('and fails is something to tell, not to throw', async () => {
    const { watch } = await serve({ 'd-1': [failed] })
    const events = await watch()
    const last = events.at(-1)
    if (last?.type !== 'deployment.ended') throw new Error('the last event is the end')
    expect(last.report).toMatchObject({
      status: 'failed',
      reason: { code: 'HEALTH_CONSTRAINTS' },
      failure: { instance: 'a', event: 'ValidateService', scriptName: 'hooks/validate.mjs' },
    })
    expect(
      events.find((event) => event.type === 'deployment.lifecycle-event' && event.status === 'failed'),
    ).toMatchObject({
      diagnostics: {
        errorCode: 'ScriptFailed',
        logTail: 'Script - hooks/validate.mjs\n[stderr]the home page answers 500\n',
      },
    })
  })

  test('is followed into its rollback, whose events carry its own id', async () => {
    const { watch } = await serve({
      'd-1': [running, { ...failed, info: { ...unhealthy, rollbackInfo: { rollbackDeploymentId: 'd-2' } } }],
      'd-2': [
        { status: 'Created' },
        { status: 'InProgress', targets: { a: installing } },
        { status: 'Succeeded', targets: { a: done } },
      ],
    })
    const events = await watch()
    const told = events.map(({ type, deploymentId }) => `${deploymentId} ${type.replace('deployment.', '')}`)
    expect(told.slice(told.indexOf('d-1 rollback-started'))).toEqual([
      'd-1 rollback-started',
      'd-2 status-changed',
      'd-2 status-changed',
      'd-2 instance-status-changed',
      'd-2 lifecycle-event',
      'd-2 lifecycle-event',
      'd-2 lifecycle-event',
      'd-2 instance-status-changed',
      'd-2 status-changed',
      'd-1 ended',
    ])
    expect(events.at(-1)).toMatchObject({ report: { rollback: { deploymentId: 'd-2', status: 'succeeded' } } })
  })

  test('waits for the id of a rollback that was announced', async () => {
    const autoRollbackConfiguration = { enabled: true, events: ['DEPLOYMENT_FAILURE'] }
    const announced = { ...unhealthy, autoRollbackConfiguration, previousRevision: { revisionType: 'S3' } }
    const named = { ...announced, rollbackInfo: { rollbackDeploymentId: 'd-2' } }
    const { watch } = await serve({
      'd-1': [
        { ...failed, info: announced },
        { ...failed, info: announced },
        { ...failed, info: named },
      ],
      'd-2': [{ status: 'Succeeded', targets: { a: done } }],
    })
    expect((await watch()).at(-1)).toMatchObject({ report: { rollback: { deploymentId: 'd-2', status: 'succeeded' } } })
  })

  test('does not wait for ever for a rollback that never comes', async () => {
    const autoRollbackConfiguration = { enabled: true, events: ['DEPLOYMENT_FAILURE'] }
    const announced = { ...unhealthy, autoRollbackConfiguration, previousRevision: { revisionType: 'S3' } }
    const { watch, clock } = await serve({ 'd-1': [{ ...failed, info: announced }] })
    const last = (await watch()).at(-1)
    if (last?.type !== 'deployment.ended') throw new Error('the last event is the end')
    expect(last.report.rollback).toBeUndefined()
    expect(clock.elapsed()).toBeGreaterThanOrEqual(20_000)
    expect(clock.elapsed()).toBeLessThan(60_000)
  })

  test('passes on why there is no rollback', async () => {
    const rollbackInfo = { rollbackMessage: 'no previous revision to roll back to' }
    const { watch } = await serve({ 'd-1': [{ ...failed, info: { ...unhealthy, rollbackInfo } }] })
    expect((await watch()).at(-1)).toMatchObject({
      report: { rollbackMessage: 'no previous revision to roll back to' },
    })
  })

  test('whose end is known before its hosts’ last events is asked once more', async () => {
    const early: Frame = { ...failed, targets: { a: { status: 'Failed', events: installing.events }, b: done } }
    const { watch } = await serve({ 'd-1': [early, failed] })
    expect((await watch()).at(-1)).toMatchObject({ report: { failure: { event: 'ValidateService' } } })
  })

  test('on ninety hosts is read in pages, 25 at a time, and a host that has ended is not read again', async () => {
    const hosts = (host: typeof done | typeof pending) =>
      Object.fromEntries(Array.from({ length: 90 }, (_, index) => [`i-${index}`, host]))
    const half = { ...hosts(pending), ...Object.fromEntries(Object.entries(hosts(done)).slice(0, 60)) }
    const { watch, callsOf } = await serve({
      'd-1': [
        { status: 'InProgress', targets: half },
        { status: 'Succeeded', targets: hosts(done) },
      ],
    })
    const events = await watch()
    expect(events.filter((event) => event.type === 'deployment.instance-status-changed')).toHaveLength(90)
    const sizes = callsOf('BatchGetDeploymentTargets').map(({ targetIds }) => (targetIds as string[]).length)
    expect(sizes).toEqual([25, 25, 25, 15, 25, 5])
  })

  test('survives a host that was terminated since it was listed', async () => {
    const { watch } = await serve(
      { 'd-1': [succeeded] },
      {
        BatchGetDeploymentTargets: (input) => {
          const ids = input['targetIds'] as string[]
          if (ids.includes('a')) return fault('DeploymentTargetDoesNotExistException')
          return timeline({ 'd-1': [succeeded] }).BatchGetDeploymentTargets(input)
        },
      },
    )
    expect((await watch()).at(-1)).toMatchObject({ report: { status: 'succeeded' } })
  })

  test('shows words that are newer than this library as unknown', async () => {
    const odd = { status: 'Hibernating', events: [{ name: 'Install', status: 'Dreaming' }] }
    const { watch } = await serve({ 'd-1': [{ status: 'Meditating', targets: { a: odd } }, succeeded] })
    expect(summaries(await watch()).slice(0, 3)).toEqual(['d-1 unknown', 'd-1 a unknown', 'd-1 a Install unknown'])
  })
})

describe('a poll without an answer', () => {
  test('is told and repeated, and never taken for a failure', async () => {
    const { watch, clock } = await serve({
      'd-1': [running, fault('ThrottlingException'), hangUp(), fault('InternalFailure', 500), page(503), succeeded],
    })
    const events = await watch()
    const silent = events.filter((event) => event.type === 'deployment.poll-unanswered')
    expect(silent.map(({ code, retryInMs }) => [code, retryInMs])).toEqual([
      ['AWS_THROTTLED', 5_000],
      ['AWS_UNREACHABLE', 10_000],
      ['AWS_REQUEST_FAILED', 20_000],
      ['AWS_REQUEST_FAILED', 40_000],
    ])
    expect(events.at(-1)).toMatchObject({ report: { status: 'succeeded' } })
    expect(clock.sleeps).toEqual([1_000, 5_000, 10_000, 20_000, 40_000])
  })

  test('about the hosts leaves what is known as it was', async () => {
    const frames = timeline({ 'd-1': [running, running, succeeded] })
    const { watch } = await serve(
      {},
      {
        ...frames,
        BatchGetDeploymentTargets: (input, { count }) =>
          count === 2 ? fault('ThrottlingException') : frames.BatchGetDeploymentTargets(input),
      },
    )
    const events = await watch()
    expect(summaries(events).filter((line) => line === 'd-1 a Install in-progress')).toHaveLength(1)
    expect(events.at(-1)).toMatchObject({ report: { status: 'succeeded' } })
  })

  test('again and again ends with an error that says how long and what was last seen', async () => {
    const { watch, clock } = await serve(
      { 'd-1': [running] },
      {
        ListDeploymentTargets: (_, { count }) => (count === 1 ? {} : hangUp()),
      },
    )
    const error = await failureOf(watch({ maxSilenceMs: 60_000 }))
    expect(error.code).toBe('DEPLOYMENT_OUT_OF_SIGHT')
    expect(error.context).toMatchObject({ deploymentId: 'd-1', lastStatus: 'in-progress', code: 'AWS_UNREACHABLE' })
    expect(error.retryable).toBe(true)
    expect(clock.elapsed()).toBe(60_000)
  })

  test('is no excuse for one that was denied', async () => {
    const { watch, callsOf } = await serve({ 'd-1': [running, fault('AccessDeniedException')] })
    const error = await failureOf(watch())
    expect(error.code).toBe('AWS_ACCESS_DENIED')
    expect(error.context).toMatchObject({ action: 'codedeploy:GetDeployment', resource: 'd-1' })
    expect(callsOf('GetDeployment')).toHaveLength(2)
  })

  test('is no excuse for credentials that have expired', async () => {
    const { watch } = await serve({ 'd-1': [fault('ExpiredTokenException')] })
    expect((await failureOf(watch())).code).toBe('AWS_CREDENTIALS_MISSING')
  })
})

describe('a watcher', () => {
  test('polls at the pace that was asked for', async () => {
    const { watch, clock } = await serve({ 'd-1': [running, running, running, succeeded] })
    await watch({ pollIntervalMs: 250 })
    expect(clock.sleeps).toEqual([250, 250, 250])
  })

  test('tells onEvent what it yields', async () => {
    const { watch } = await serve({ 'd-1': [running, succeeded] })
    const told: DeploymentEvent[] = []
    const yielded = await watch({ onEvent: (event) => told.push(event) })
    expect(told).toEqual(yielded)
  })

  test('that its reader leaves asks no more', async () => {
    const { client, clock, calls } = await serve({ 'd-1': [running] })
    for await (const event of watchDeployment({ deploymentId: 'd-1' }, { client, clock })) {
      if (event.type === 'deployment.lifecycle-event') break
    }
    expect(calls.map(({ action }) => action)).toEqual([
      'GetDeployment',
      'ListDeploymentTargets',
      'BatchGetDeploymentTargets',
    ])
  })

  test('begins anew with each iteration', async () => {
    const { client, clock } = await serve({ 'd-1': [succeeded] })
    const events = watchDeployment({ deploymentId: 'd-1' }, { client, clock })
    const counts: number[] = []
    for (let round = 0; round < 2; round++) {
      let count = 0
      for await (const _ of events) count += 1
      counts.push(count)
    }
    expect(counts[0]).toBeGreaterThan(0)
    expect(counts[1]).toBe(counts[0])
  })

  test('that is cancelled between two polls rejects with the reason', async () => {
    const { client } = await serve({ 'd-1': [running] })
    const controller = new AbortController()
    const reason = new Error('the job was cancelled')
    const watched = (async () => {
      for await (const event of watchDeployment({ deploymentId: 'd-1' }, { client, signal: controller.signal })) {
        if (event.type === 'deployment.lifecycle-event') setTimeout(() => controller.abort(reason), 5)
      }
    })()
    await expect(watched).rejects.toBe(reason)
  })

  test('that is cancelled while CodeDeploy is silent rejects with the reason, and leaves no connection', async () => {
    const controller = new AbortController()
    const reason = new Error('the job was cancelled')
    const { watch, client, connections } = await serve(
      {},
      {
        GetDeployment: () => {
          setTimeout(() => controller.abort(reason), 5)
          return silence()
        },
      },
    )
    await expect(watch({ signal: controller.signal })).rejects.toBe(reason)
    client.destroy()
    await expect.poll(connections).toBe(0)
  })

  test.each<[string, () => unknown, string]>([
    ['an id that is missing', () => watchDeployment({} as never), 'INVALID_RECORD'],
    ['a misspelt option', () => watchDeployment({ deploymentId: 'd-1' }, { interval: 1 } as never), 'UNKNOWN_OPTION'],
    ['a negative pause', () => watchDeployment({ deploymentId: 'd-1' }, { pollIntervalMs: -1 }), 'INVALID_OPTION'],
    ['no number', () => watchDeployment({ deploymentId: 'd-1' }, { maxSilenceMs: Number.NaN }), 'INVALID_OPTION'],
    ['another client', () => watchDeployment({ deploymentId: 'd-1' }, { client: 'x' as never }), 'INVALID_OPTION'],
  ])('refuses %s when it is called', (_, call, code) => {
    expect(call).toThrow(expect.objectContaining({ code }) as Error)
  })

  test('says that a deployment does not exist', async () => {
    const { client } = await serve({})
    const watched = (async () => {
      for await (const _ of watchDeployment({ deploymentId: 'd-404' }, { client })) throw new Error('an event')
    })()
    const error = await failureOf(watched)
    expect(error.code).toBe('DEPLOYMENT_NOT_FOUND')
    expect(error.message).toContain('"d-404"')
  })
})
