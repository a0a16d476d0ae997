import { isDeployError } from '@fairlead/core'
import { describe, expect, test } from 'vitest'
import {
  codeDeployErrors,
  waitForDeployment,
  type DeploymentEvent,
  type WaitForDeploymentOptions,
} from '../src/index.ts'
import { failureOf, target } from './support/deploy-values.ts'
import { fault, hangUp, scriptedCodeDeploy, type Handler } from './support/scripted-codedeploy.ts'
import { at, broken, done, installing, pending, timeline, unhealthy, type Frame } from './support/timeline.ts'
import { virtualClock } from './support/virtual-clock.ts'

async function serve(frames: Parameters<typeof timeline>[0], handlers: Readonly<Record<string, Handler>> = {}) {
  const server = await scriptedCodeDeploy({ ...timeline(frames), ...handlers })
  const clock = virtualClock()
  const wait = (options: WaitForDeploymentOptions = {}) =>
    waitForDeployment({ deploymentId: 'd-1', target }, { client: server.client, clock, ...options })
  return { ...server, clock, wait }
}

const running: Frame = { status: 'InProgress', targets: { a: installing, b: pending } }
const rollingBack = (info: Readonly<Record<string, unknown>> = {}): Frame => ({
  status: 'Failed',
  targets: { a: broken, b: { status: 'Skipped', events: [] } },
  info: { ...unhealthy, rollbackInfo: { rollbackDeploymentId: 'd-2' }, ...info },
})

describe('a deployment that is waited for', () => {
  test('and succeeds is the report', async () => {
    const { wait } = await serve({ 'd-1': [running, { status: 'Succeeded', targets: { a: done, b: done } }] })
    const events: DeploymentEvent[] = []
    const report = await wait({ onEvent: (event) => events.push(event) })
    expect(report).toMatchObject({ deploymentId: 'd-1', target, status: 'succeeded' })
    const last = events.at(-1)
    expect(last?.type === 'deployment.ended' && last.report).toEqual(report)
  })

  test('and fails explains itself: symptom, cause, the script’s own words, and how it was left', async () => {
    const { wait } = await serve({
      'd-1': [running, rollingBack()],
      'd-2': [{ status: 'Succeeded', targets: { a: done } }],
    })
    const error = await failureOf(wait())
    expect(error.code).toBe('DEPLOYMENT_FAILED')
    expect(error.message.split('\n')).toEqual([
      'd-1 on shop/production failed: HEALTH_CONSTRAINTS (too many individual instances failed)',
      'a failed in ValidateService (ScriptFailed hooks/validate.mjs): Script at specified location: hooks/validate.mjs failed with exit code 1',
      '  | Script - hooks/validate.mjs',
      '  | [stderr]the home page answers 500',
      'rolled back: d-2 put the previous revision back',
    ])
    expect(error.hint).toContain('hooks/validate.mjs')
    if (!isDeployError(error, codeDeployErrors.DEPLOYMENT_FAILED)) throw error
    expect(error.context).toMatchObject({
      deploymentId: 'd-1',
      target,
      status: 'failed',
      failure: { instance: 'a', event: 'ValidateService', errorCode: 'ScriptFailed' },
      rollback: { deploymentId: 'd-2', status: 'succeeded', instances: [{ id: 'a', status: 'succeeded' }] },
    })
  })

  test('and fails on several hosts names the others', async () => {
    const later = { status: 'Failed', events: [{ name: 'ValidateService', status: 'Failed', from: 5, to: 6 }] }
    const { wait } = await serve({
      'd-1': [{ status: 'Failed', info: unhealthy, targets: { b: later, a: broken, c: later } }],
    })
    const error = await failureOf(wait())
    expect(error.message).toContain('a failed in ValidateService')
    expect(error.message).toContain('also failed: b, c')
    expect(error.message).toContain('no rollback')
  })

  test('and fails before any host was reached has no event to show', async () => {
    const errorInformation = { code: 'NO_INSTANCES', message: 'No instances found' }
    const { wait } = await serve({ 'd-1': [{ status: 'Failed', info: { errorInformation } }] })
    const error = await failureOf(wait())
    expect(error.message.split('\n')).toEqual([
      'd-1 on shop/production failed: NO_INSTANCES (No instances found)',
      'no rollback',
    ])
    expect(error.hint).toContain('NO_INSTANCES')
  })

  test('and whose rollback fails too says so loudly, with the cause', async () => {
    const { wait } = await serve({
      'd-1': [rollingBack()],
      'd-2': [{ status: 'Failed', targets: { a: broken }, info: unhealthy }],
    })
    const error = await failureOf(wait())
    expect(error.message).toContain('THE ROLLBACK FAILED TOO: d-2: HEALTH_CONSTRAINTS')
    expect(error.context).toMatchObject({ rollback: { status: 'failed', failure: { event: 'ValidateService' } } })
    expect(error.hint).toContain('d-2')
  })

  test('and whose rollback cannot be followed is still the failure that it is', async () => {
    const frames = timeline({ 'd-1': [rollingBack()], 'd-2': [running] })
    const { wait } = await serve(
      {},
      {
        ...frames,
        GetDeployment: (input, call) =>
          input['deploymentId'] === 'd-2' && call.count > 2
            ? fault('AccessDeniedException')
            : frames.GetDeployment(input),
      },
    )
    const error = await failureOf(wait())
    expect(error.code).toBe('DEPLOYMENT_FAILED')
    expect(error.message).toContain('rolling back: d-2 could not be followed to its end')
    expect(error.context).toMatchObject({ rollback: { status: 'unknown', instances: [{ id: 'a' }, { id: 'b' }] } })
  })

  test('and is itself a rollback does not call the deployment that it rolls back its own', async () => {
    const rollbackInfo = { rollbackTriggeringDeploymentId: 'd-0', rollbackMessage: 'd-1 rolls back d-0' }
    const { wait } = await serve({
      'd-1': [{ status: 'Failed', targets: { a: broken }, info: { ...unhealthy, rollbackInfo } }],
    })
    const error = await failureOf(wait())
    expect(error.message.split('\n').at(-1)).toBe('no rollback')
    expect(error.context['rollbackMessage']).toBeUndefined()
  })

  test('and was stopped by somebody says that', async () => {
    const errorInformation = { code: 'MANUAL_STOP', message: 'stopped by the user' }
    const { wait } = await serve({ 'd-1': [running, { status: 'Stopped', info: { errorInformation }, targets: {} }] })
    const error = await failureOf(wait())
    expect(error.code).toBe('DEPLOYMENT_STOPPED')
    expect(error.message).toContain('was stopped: MANUAL_STOP (stopped by the user)')
    expect(error.context).toMatchObject({ status: 'stopped', instances: [{ id: 'a' }, { id: 'b' }] })
  })

  test('and was stopped by an alarm says that', async () => {
    const { wait } = await serve({
      'd-1': [{ status: 'Stopped', info: { errorInformation: { code: 'ALARM_ACTIVE' } } }],
    })
    const error = await failureOf(wait())
    expect(error.code).toBe('DEPLOYMENT_STOPPED')
    expect(error.hint).toContain('alarm')
  })

  test.each<[string, string, Readonly<Record<string, string>>, string]>([
    [
      'an agent that does not run',
      'ApplicationStop',
      { errorCode: 'UnknownError', message: 'not able to receive' },
      'agent',
    ],
    [
      'the script of another revision',
      'ApplicationStop',
      { errorCode: 'ScriptFailed', scriptName: 'stop.sh' },
      'before',
    ],
    ['the script at fault', 'AfterInstall', { errorCode: 'ScriptMissing', scriptName: 'no.sh' }, 'no.sh'],
  ])('and fails hints at %s', async (_, name, diagnostics, word) => {
    const host = { status: 'Failed', events: [{ name, status: 'Failed', from: 1, to: 2, diagnostics }] }
    const { wait } = await serve({ 'd-1': [{ status: 'Failed', info: unhealthy, targets: { a: host } }] })
    expect((await failureOf(wait())).hint).toContain(word)
  })
})

describe('a wait', () => {
  test('that is over leaves the deployment alone and says where it stood', async () => {
    const { wait, clock, calls } = await serve({ 'd-1': [running] })
    const error = await failureOf(wait({ timeoutMs: 60_000 }))
    expect(error.code).toBe('DEPLOYMENT_TIMED_OUT')
    expect(error.message).toContain('d-1 is still in-progress after 1 min 0 s (a in Install)')
    expect(error.context).toMatchObject({ status: 'in-progress', instances: [{ id: 'a' }, { id: 'b' }] })
    expect(clock.elapsed()).toBe(60_000)
    expect(calls.some(({ action }) => action === 'StopDeployment')).toBe(false)
  })

  test('of no time looks once', async () => {
    const { wait, callsOf } = await serve({ 'd-1': [running] })
    expect((await failureOf(wait({ timeoutMs: 0 }))).code).toBe('DEPLOYMENT_TIMED_OUT')
    expect(callsOf('GetDeployment')).toHaveLength(1)
  })

  test('of no time answers what has ended', async () => {
    const { wait } = await serve({ 'd-1': [{ status: 'Succeeded', targets: { a: done } }] })
    expect(await wait({ timeoutMs: 0 })).toMatchObject({ status: 'succeeded' })
  })

  test('that is over during the rollback tells the failure', async () => {
    const { wait } = await serve({ 'd-1': [rollingBack()], 'd-2': [running] })
    const error = await failureOf(wait({ timeoutMs: 30_000 }))
    expect(error.code).toBe('DEPLOYMENT_FAILED')
    expect(error.message).toContain('d-2 is still in-progress')
  })

  test('without a limit of its own ends after twelve hours', async () => {
    const { wait, clock } = await serve({ 'd-1': [{ status: 'InProgress', targets: {} }] })
    expect((await failureOf(wait({ pollIntervalMs: 600_000 }))).code).toBe('DEPLOYMENT_TIMED_OUT')
    expect(clock.elapsed()).toBe(12 * 3_600_000)
  })

  test('in which nobody answers is out of sight after ten minutes', async () => {
    const { wait, clock } = await serve({}, { GetDeployment: () => hangUp() })
    const error = await failureOf(wait())
    expect(error.code).toBe('DEPLOYMENT_OUT_OF_SIGHT')
    expect(error.message).toContain('it was never seen')
    expect(clock.elapsed()).toBe(600_000)
  })

  test('reads the target where none was given', async () => {
    const { client, clock } = await serve({ 'd-1': [{ status: 'Succeeded', info: { completeTime: at(5) } }] })
    const report = await waitForDeployment({ deploymentId: 'd-1' }, { client, clock })
    expect(report).toMatchObject({ target: { application: 'shop', deploymentGroup: 'production' }, durationMs: 5_000 })
  })

  test('that was cancelled before asks nobody', async () => {
    const { wait, calls } = await serve({ 'd-1': [running] })
    const reason = new Error('stop')
    await expect(wait({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(calls).toEqual([])
  })

  test('passes on what its listener throws', async () => {
    const { wait } = await serve({ 'd-1': [running] })
    const fallen = new Error('the listener fell over')
    const onEvent = () => {
      throw fallen
    }
    await expect(wait({ onEvent })).rejects.toBe(fallen)
  })

  test.each<[string, unknown, Record<string, unknown>, string]>([
    ['without an id', { deploymentId: '' }, {}, 'INVALID_RECORD'],
    ['with a target that is none', { deploymentId: 'd-1', target: { application: 'shop' } }, {}, 'INVALID_RECORD'],
    ['with a time that is none', { deploymentId: 'd-1' }, { timeoutMs: '12h' }, 'INVALID_OPTION'],
    ['with an option of the stock waiter', { deploymentId: 'd-1' }, { maxWaitTime: 1 }, 'UNKNOWN_OPTION'],
    [
      'in another region',
      { deploymentId: 'd-1', target: { ...target, region: 'us-east-1' } },
      {},
      'TARGET_REGION_MISMATCH',
    ],
  ])('is refused %s', async (_, subject, options, code) => {
    const { client, calls } = await serve({ 'd-1': [running] })
    expect((await failureOf(waitForDeployment(subject as never, { client, ...options }))).code).toBe(code)
    expect(calls).toEqual([])
  })
})
