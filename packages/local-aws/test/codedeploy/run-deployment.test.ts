import type { JsonObject } from '@fairlead/core'
import { describe, expect, test } from 'vitest'
import { gate, scriptFailed, scripted, type Scripted } from './scripted.ts'

const lifecycle = [
  'ApplicationStop',
  'DownloadBundle',
  'BeforeInstall',
  'Install',
  'AfterInstall',
  'ApplicationStart',
  'ValidateService',
]
const stopped = { name: 'ServiceUnavailableException' }

async function targetsOf({ call }: Scripted, deploymentId: string): Promise<Record<string, string>> {
  const { targetIds } = await call('ListDeploymentTargets', { deploymentId })
  const answer = await call('BatchGetDeploymentTargets', { deploymentId, targetIds })
  const targets = (answer['deploymentTargets'] as JsonObject[]).map((target) => target['instanceTarget'] as JsonObject)
  return Object.fromEntries(targets.map((target) => [target['targetId'], target['status']])) as Record<string, string>
}

async function eventsOf({ call }: Scripted, deploymentId: string, targetId: string): Promise<JsonObject[]> {
  const answer = await call('GetDeploymentTarget', { deploymentId, targetId })
  const { instanceTarget } = answer['deploymentTarget'] as { instanceTarget: { lifecycleEvents: JsonObject[] } }
  return instanceTarget.lifecycleEvents
}

/** Which event of which host began, as `<host> <event>`; hosts that run side by side mix. */
function began({ events }: Scripted): readonly string[] {
  return events.flatMap((event) =>
    event.type === 'codedeploy.lifecycle-event-changed' && event.status === 'InProgress'
      ? [`${event.host} ${event.event}`]
      : [],
  )
}

describe('the order', () => {
  test('one host gets the seven events in order, and the deployment succeeds', async () => {
    const run = scripted()
    const id = await run.deploy('dev', 'v1.zip', { description: 'first' })
    expect(id).toMatch(/^d-[A-Z0-9]{9}$/)
    await run.service.whenIdle()
    expect(run.asked).toEqual(lifecycle.map((event) => `web-1 ${event} v1.zip`))
    expect(await run.info(id)).toMatchObject({
      status: 'Succeeded',
      description: 'first',
      creator: 'user',
      deploymentConfigName: 'CodeDeployDefault.OneAtATime',
      fileExistsBehavior: 'DISALLOW',
      deploymentOverview: { Pending: 0, InProgress: 0, Succeeded: 1, Failed: 0, Skipped: 0, Ready: 0 },
      computePlatform: 'Server',
    })
    const [first] = await eventsOf(run, id, 'web-1')
    expect(first).toMatchObject({
      lifecycleEventName: 'ApplicationStop',
      status: 'Succeeded',
      diagnostics: { errorCode: 'Success', scriptName: '', message: 'Succeeded', logTail: '' },
    })
  })

  test('one at a time ends a host before it begins the next', async () => {
    const run = scripted()
    await run.deploy('production', 'v1.zip')
    await run.service.whenIdle()
    expect(began(run)).toEqual(
      ['web-1', 'web-2', 'web-3'].flatMap((host) => lifecycle.map((event) => `${host} ${event}`)),
    )
  })

  test('all at once begins every host before any has ended', async () => {
    const all = gate()
    let waiting = 0
    const run = scripted(async ({ event }) => {
      if (event !== 'ApplicationStop') return
      if (++waiting === 3) all.open()
      await all.opened
    })
    const id = await run.deploy('plain', 'v1.zip')
    await run.service.whenIdle()
    expect(began(run).slice(0, 3)).toEqual(['web-1', 'web-2', 'web-3'].map((host) => `${host} ApplicationStop`))
    expect(await run.info(id)).toMatchObject({ status: 'Succeeded' })
  })

  test('two of three may be out of service where the call names a configuration of its own', async () => {
    const run = scripted()
    await run.call('CreateDeploymentConfig', {
      deploymentConfigName: 'keep-one',
      minimumHealthyHosts: { type: 'HOST_COUNT', value: 1 },
    })
    const id = await run.deploy('production', 'v1.zip', { deploymentConfigName: 'keep-one' })
    await run.service.whenIdle()
    expect(began(run).slice(0, 2)).toEqual(['web-1 ApplicationStop', 'web-2 ApplicationStop'])
    expect(began(run).indexOf('web-3 ApplicationStop')).toBeGreaterThan(began(run).indexOf('web-1 ValidateService'))
    expect(await run.info(id)).toMatchObject({ status: 'Succeeded', deploymentConfigName: 'keep-one' })
  })

  test('every status is told, in order, with times that do not run backwards', async () => {
    const run = scripted()
    const id = await run.deploy('dev', 'v1.zip')
    expect(await run.info(id)).toMatchObject({ status: 'Created' })
    expect(await run.info(id)).not.toHaveProperty('startTime', expect.anything())
    await run.service.whenIdle()
    const told = run.events.map((event) => ('status' in event ? `${event.type} ${event.status}` : event.type))
    expect(told.filter((line) => line.startsWith('codedeploy.deployment'))).toEqual([
      'codedeploy.deployment-created',
      'codedeploy.deployment-status-changed Queued',
      'codedeploy.deployment-status-changed InProgress',
      'codedeploy.deployment-status-changed Succeeded',
    ])
    expect(told.filter((line) => line.startsWith('codedeploy.host'))).toEqual([
      'codedeploy.host-status-changed InProgress',
      'codedeploy.host-status-changed Succeeded',
    ])
    const { createTime, startTime, completeTime } = (await run.info(id)) as Record<string, number>
    expect(Math.abs((createTime ?? 0) - Date.now() / 1000)).toBeLessThan(60)
    expect(startTime).toBeGreaterThanOrEqual(createTime ?? Infinity)
    expect(completeTime).toBeGreaterThanOrEqual(startTime ?? Infinity)
  })

  test('agents get the revision, its pins and the environment of their host', async () => {
    const seen: unknown[] = []
    const run = scripted(undefined, {
      hosts: [{ name: 'web-1', folder: '/hosts/web-1', environment: { REGION: 'own' } }],
      applications: [{ name: 'shop', groups: [{ name: 'dev', hosts: ['web-1'] }] }],
      hostEnvironment: { REGION: 'shared', ENDPOINT: 'http://127.0.0.1:1' },
      runLifecycleEvent: (host, { deployment, event }) => {
        if (event === 'DownloadBundle') seen.push({ host, deployment })
        return Promise.resolve({ status: 'Succeeded', code: 'Success' })
      },
    })
    run.objects.add('artifacts/v1.zip?7')
    const s3Location = { bucket: 'artifacts', key: 'v1.zip', bundleType: 'zip', version: '7', eTag: 'abc' }
    const revision = { revisionType: 'S3', s3Location }
    const id = await run.deploy('dev', 'v1.zip', { revision, fileExistsBehavior: 'RETAIN' })
    await run.service.whenIdle()
    expect(seen).toMatchObject([
      {
        host: { name: 'web-1', folder: '/hosts/web-1', environment: { REGION: 'own', ENDPOINT: 'http://127.0.0.1:1' } },
        deployment: {
          deploymentId: id,
          applicationName: 'shop',
          deploymentGroupName: 'dev',
          fileExistsBehavior: 'RETAIN',
          revision: { bucket: 'artifacts', key: 'v1.zip', bundleType: 'zip', versionId: '7', eTag: 'abc' },
        },
      },
    ])
  })
})

describe('failure', () => {
  test('a failing script ends its host and the deployment, and the other hosts are skipped', async () => {
    const run = scripted(({ event, host }) =>
      event === 'ValidateService' && host === 'web-1' ? scriptFailed : undefined,
    )
    const id = await run.deploy('production', 'v1.zip', { autoRollbackConfiguration: { enabled: false } })
    await run.service.whenIdle()
    expect(await run.info(id)).toMatchObject({
      status: 'Failed',
      errorInformation: { code: 'HEALTH_CONSTRAINTS' },
      deploymentOverview: { Succeeded: 0, Failed: 1, Skipped: 2 },
    })
    expect(await targetsOf(run, id)).toEqual({ 'web-1': 'Failed', 'web-2': 'Skipped', 'web-3': 'Skipped' })
    expect((await eventsOf(run, id, 'web-1')).at(-1)).toMatchObject({
      status: 'Failed',
      diagnostics: {
        errorCode: 'ScriptFailed',
        scriptName: 'hooks/validate.sh',
        message: scriptFailed.message,
        logTail: scriptFailed.logTail,
      },
    })
    expect((await eventsOf(run, id, 'web-2')).map(({ status }) => status)).toEqual(lifecycle.map(() => 'Skipped'))
  })

  test('the events after the failed one are skipped', async () => {
    const run = scripted(({ event }) => (event === 'BeforeInstall' ? scriptFailed : undefined))
    const id = await run.deploy('dev', 'v1.zip', { autoRollbackConfiguration: { enabled: false } })
    await run.service.whenIdle()
    const states = (await eventsOf(run, id, 'web-1')).map(({ status }) => status)
    expect(states).toEqual(['Succeeded', 'Succeeded', 'Failed', 'Skipped', 'Skipped', 'Skipped', 'Skipped'])
    expect(run.asked).toHaveLength(3)
  })

  test('the last host may fail, one at a time', async () => {
    const run = scripted(({ host, event }) => (host === 'web-3' && event === 'Install' ? scriptFailed : undefined))
    const id = await run.deploy('production', 'v1.zip')
    await run.service.whenIdle()
    expect(await run.info(id)).toMatchObject({ status: 'Succeeded', deploymentOverview: { Succeeded: 2, Failed: 1 } })
    expect(await run.info(id)).not.toHaveProperty('rollbackInfo.rollbackMessage')
  })

  test('all at once succeeds with one host of three', async () => {
    const run = scripted(({ host, event }) => (host !== 'web-2' && event === 'Install' ? scriptFailed : undefined))
    const id = await run.deploy('plain', 'v1.zip')
    await run.service.whenIdle()
    expect(await run.info(id)).toMatchObject({ status: 'Succeeded', deploymentOverview: { Succeeded: 1, Failed: 2 } })
  })

  test('a failing ApplicationStop fails the deployment, unless the call ignores it', async () => {
    const run = scripted(({ event }) => (event === 'ApplicationStop' ? scriptFailed : undefined))
    const off = { autoRollbackConfiguration: { enabled: false } }
    const strict = await run.deploy('dev', 'v1.zip', off)
    await run.service.whenIdle()
    expect(await run.info(strict)).toMatchObject({ status: 'Failed' })
    const lenient = await run.deploy('dev', 'v1.zip', { ...off, ignoreApplicationStopFailures: true })
    await run.service.whenIdle()
    expect(await run.info(lenient)).toMatchObject({ status: 'Succeeded', ignoreApplicationStopFailures: true })
    const states = (await eventsOf(run, lenient, 'web-1')).map(({ status }) => status)
    expect(states).toEqual(['Failed', ...lifecycle.slice(1).map(() => 'Succeeded')])
  })

  test('an agent that throws fails its event with what it threw', async () => {
    const run = scripted(({ event }) => {
      if (event === 'Install') throw new Error('disk full')
    })
    const id = await run.deploy('dev', 'v1.zip')
    await run.service.whenIdle()
    const failed = (await eventsOf(run, id, 'web-1')).find(({ status }) => status === 'Failed')
    expect(failed).toMatchObject({
      lifecycleEventName: 'Install',
      diagnostics: { errorCode: 'UnknownError', message: 'the agent of web-1 failed: disk full' },
    })
  })

  test('a bug of the engine fails the deployment honestly, stops its other hosts, and hurts no other deployment', async () => {
    const run = scripted(undefined, {
      runLifecycleEvent: (host, { event, signal, deployment }) => {
        if (deployment.deploymentGroupName !== 'plain') return Promise.resolve({ status: 'Succeeded', code: 'Success' })
        // Not even an answer: what the types forbid is what a bug is.
        if (host.name === 'web-2' && event === 'Install') return Promise.resolve(undefined as never)
        if (host.name !== 'web-1') return Promise.resolve({ status: 'Succeeded', code: 'Success' })
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
      },
    })
    const broken = await run.deploy('plain', 'v1.zip')
    const other = await run.deploy('dev', 'v1.zip')
    await run.service.whenIdle()
    const info = await run.info(broken)
    expect(info).toMatchObject({ status: 'Failed', errorInformation: { code: 'INTERNAL_ERROR' } })
    expect(info).toHaveProperty('errorInformation.message', expect.stringContaining('local-aws itself failed'))
    expect(await targetsOf(run, broken)).toMatchObject({ 'web-1': 'Skipped', 'web-2': 'Skipped' })
    expect(await run.info(other)).toMatchObject({ status: 'Succeeded' })
  })

  test('a group without hosts fails with NO_INSTANCES', async () => {
    const run = scripted()
    await run.call('CreateDeploymentGroup', {
      applicationName: 'shop',
      deploymentGroupName: 'empty',
      serviceRoleArn: 'arn:aws:iam::123456789012:role/deploy',
      ec2TagFilters: [{ Key: 'role', Value: 'nobody', Type: 'KEY_AND_VALUE' }],
    })
    const id = await run.deploy('empty', 'v1.zip')
    await run.service.whenIdle()
    expect(await run.info(id)).toMatchObject({ status: 'Failed', errorInformation: { code: 'NO_INSTANCES' } })
  })

  test('a group that is deleted before the deployment begins fails it', async () => {
    const run = scripted()
    const id = await run.deploy('dev', 'v1.zip')
    await run.call('DeleteDeploymentGroup', { applicationName: 'shop', deploymentGroupName: 'dev' })
    await run.service.whenIdle()
    expect(await run.info(id)).toMatchObject({
      status: 'Failed',
      errorInformation: { code: 'DEPLOYMENT_GROUP_MISSING' },
    })
    expect(run.asked).toEqual([])
  })
})

describe('rollback', () => {
  const failsWith = (key: string) =>
    scripted((call) => (call.key === key && call.event === 'ValidateService' ? scriptFailed : undefined))

  test('a failure goes back to the last successful revision, and each end names the other', async () => {
    const run = failsWith('v3.zip')
    await run.deploy('production', 'v1.zip')
    await run.service.whenIdle()
    await run.deploy('production', 'v2.zip')
    await run.service.whenIdle()
    const failed = await run.deploy('production', 'v3.zip')
    await run.service.whenIdle()
    const info = await run.info(failed)
    const { rollbackDeploymentId } = info['rollbackInfo'] as Record<string, string>
    const rollback = await run.info(rollbackDeploymentId ?? '')
    expect(info).toMatchObject({
      status: 'Failed',
      previousRevision: { s3Location: { key: 'v2.zip' } },
      rollbackInfo: {
        rollbackMessage: `Deployment ${rollbackDeploymentId} is triggered to roll back deployment ${failed}.`,
      },
    })
    expect(rollback).toMatchObject({
      status: 'Succeeded',
      creator: 'codeDeployRollback',
      revision: { s3Location: { key: 'v2.zip' } },
      autoRollbackConfiguration: { enabled: false },
      rollbackInfo: { rollbackTriggeringDeploymentId: failed },
      deploymentOverview: { Succeeded: 3 },
    })
    const after = run.asked.slice(run.asked.lastIndexOf('web-1 ValidateService v3.zip') + 1)
    expect(after).toEqual(
      ['web-1', 'web-2', 'web-3'].flatMap((host) => lifecycle.map((event) => `${host} ${event} v2.zip`)),
    )
  })

  test('a first deployment that fails has nothing to go back to, and says so', async () => {
    const run = failsWith('v1.zip')
    const id = await run.deploy('dev', 'v1.zip')
    await run.service.whenIdle()
    expect(run.service.deployments()).toHaveLength(1)
    expect(await run.info(id)).toHaveProperty(
      'rollbackInfo.rollbackMessage',
      expect.stringContaining('has no earlier deployment that succeeded'),
    )
  })

  test('a rollback that fails is not rolled back, and the next failure goes to the same revision', async () => {
    let broken = false
    const run = scripted(({ event }) => (broken && event === 'ValidateService' ? scriptFailed : undefined))
    await run.deploy('dev', 'v1.zip')
    await run.service.whenIdle()
    broken = true
    await run.deploy('dev', 'v2.zip')
    await run.service.whenIdle()
    const [, failed, rollback] = run.service.deployments()
    expect(run.service.deployments()).toHaveLength(3)
    expect(failed).toMatchObject({ status: 'Failed', rollback: { deploymentId: rollback?.deploymentId } })
    expect(rollback).toMatchObject({ status: 'Failed', creator: 'codeDeployRollback', revision: { key: 'v1.zip' } })
    broken = false
    await run.deploy('dev', 'v3.zip')
    await run.service.whenIdle()
    expect(run.service.deployments().at(-1)).toMatchObject({ status: 'Succeeded', revision: { key: 'v3.zip' } })
  })

  test('the configuration of the call comes before that of the group, either way', async () => {
    const run = failsWith('v2.zip')
    for (const group of ['dev', 'plain']) {
      await run.deploy(group, 'v1.zip')
      await run.service.whenIdle()
    }
    const off = await run.deploy('dev', 'v2.zip', { autoRollbackConfiguration: { enabled: false, events: [] } })
    await run.service.whenIdle()
    expect(await run.info(off)).not.toHaveProperty('rollbackInfo.rollbackMessage')
    const autoRollbackConfiguration = { enabled: true, events: ['DEPLOYMENT_FAILURE'] }
    const on = await run.deploy('plain', 'v2.zip', { autoRollbackConfiguration })
    await run.service.whenIdle()
    expect(await run.info(on)).toHaveProperty('rollbackInfo.rollbackDeploymentId', expect.stringMatching(/^d-/))
  })

  test('the rollback keeps the group busy from the moment of the failure', async () => {
    const run = failsWith('v2.zip')
    await run.deploy('dev', 'v1.zip')
    await run.service.whenIdle()
    const failed = await run.deploy('dev', 'v2.zip')
    while ((await run.info(failed))['status'] !== 'Failed') await new Promise((resolve) => setImmediate(resolve))
    const { rollbackDeploymentId } = (await run.info(failed))['rollbackInfo'] as Record<string, string>
    await expect(run.deploy('dev', 'v3.zip')).rejects.toMatchObject({
      name: 'DeploymentLimitExceededException',
      message: `The Deployment Group 'dev' already has an active Deployment '${rollbackDeploymentId}'`,
    })
    await run.service.whenIdle()
  })
})

describe('one deployment at a time for each group', () => {
  test('a second deployment of a busy group is refused with the id of the first, other groups are free', async () => {
    const held = gate()
    const run = scripted(async ({ key, event }) => {
      if (key === 'v1.zip' && event === 'Install') await held.opened
    })
    const first = await run.deploy('dev', 'v1.zip')
    await expect(run.deploy('dev', 'v2.zip')).rejects.toMatchObject({
      name: 'DeploymentLimitExceededException',
      message: `The Deployment Group 'dev' already has an active Deployment '${first}'`,
    })
    await run.deploy('production', 'v2.zip')
    held.open()
    await run.service.whenIdle()
    await run.deploy('dev', 'v2.zip')
    await run.service.whenIdle()
    expect(run.service.deployments().map(({ status }) => status)).toEqual(['Succeeded', 'Succeeded', 'Succeeded'])
  })

  test('of many calls at the same moment one wins', async () => {
    const run = scripted()
    const results = await Promise.allSettled(Array.from({ length: 10 }, () => run.deploy('dev', 'v1.zip')))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await run.service.whenIdle()
    expect(run.service.deployments()).toHaveLength(1)
  })
})

describe('stop', () => {
  async function stopDuring(event: string, input: JsonObject, create: JsonObject = {}, previous = true) {
    const reached = gate()
    const held = gate()
    const run = scripted(async (call) => {
      if (call.key !== 'v2.zip' || call.event !== event) return
      reached.open()
      await held.opened
    })
    if (previous) {
      await run.deploy('production', 'v1.zip')
      await run.service.whenIdle()
    }
    const id = await run.deploy('production', 'v2.zip', create)
    await reached.opened
    const answer = await run.call('StopDeployment', { deploymentId: id, ...input })
    held.open()
    await run.service.whenIdle()
    return { run, id, answer }
  }

  test('the event that runs ends, nothing else begins, and the deployment is Stopped', async () => {
    const { run, id, answer } = await stopDuring('Install', {})
    expect(answer).toEqual({
      status: 'Pending',
      statusMessage: 'No more commands will be scheduled for execution in the deployment instances',
    })
    expect(await run.info(id)).toMatchObject({ status: 'Stopped', errorInformation: { code: 'MANUAL_STOP' } })
    expect((await eventsOf(run, id, 'web-1')).map(({ status }) => status)).toEqual([
      'Succeeded',
      'Succeeded',
      'Succeeded',
      'Succeeded',
      'Skipped',
      'Skipped',
      'Skipped',
    ])
    expect(await targetsOf(run, id)).toEqual({ 'web-1': 'Skipped', 'web-2': 'Skipped', 'web-3': 'Skipped' })
    expect(run.service.deployments()).toHaveLength(2)
  })

  test('a host whose last event was running has succeeded', async () => {
    const { run, id } = await stopDuring('ValidateService', {})
    expect(await targetsOf(run, id)).toEqual({ 'web-1': 'Succeeded', 'web-2': 'Skipped', 'web-3': 'Skipped' })
    expect(await run.info(id)).toMatchObject({ status: 'Stopped' })
  })

  test('with autoRollbackEnabled it goes back', async () => {
    const { run, id } = await stopDuring('Install', { autoRollbackEnabled: true })
    const rollback = run.service.deployments().at(-1)
    expect(rollback).toMatchObject({ creator: 'codeDeployRollback', status: 'Succeeded', revision: { key: 'v1.zip' } })
    expect(await run.info(id)).toHaveProperty('rollbackInfo.rollbackDeploymentId', rollback?.deploymentId)
  })

  test('without it the configuration says whether to go back', async () => {
    const autoRollbackConfiguration = { enabled: true, events: ['DEPLOYMENT_STOP_ON_REQUEST'] }
    const { run } = await stopDuring('Install', {}, { autoRollbackConfiguration })
    expect(run.service.deployments().at(-1)).toMatchObject({ creator: 'codeDeployRollback' })
    const against = await stopDuring('Install', { autoRollbackEnabled: false }, { autoRollbackConfiguration })
    expect(against.run.service.deployments()).toHaveLength(2)
  })

  test('a first deployment that is stopped with rollback says that there is nothing to go back to', async () => {
    const { run, id } = await stopDuring('Install', { autoRollbackEnabled: true }, {}, false)
    expect(await run.info(id)).toHaveProperty(
      'rollbackInfo.rollbackMessage',
      expect.stringContaining('not rolled back'),
    )
  })

  test('a deployment that has not begun runs nothing', async () => {
    const run = scripted()
    const id = await run.deploy('dev', 'v1.zip')
    expect(await run.call('StopDeployment', { deploymentId: id })).toMatchObject({ status: 'Succeeded' })
    await run.service.whenIdle()
    expect(run.asked).toEqual([])
    expect(await run.info(id)).toMatchObject({ status: 'Stopped' })
  })

  test('a deployment that has ended cannot be stopped', async () => {
    const run = scripted()
    const id = await run.deploy('dev', 'v1.zip')
    await run.service.whenIdle()
    await expect(run.call('StopDeployment', { deploymentId: id })).rejects.toMatchObject({
      name: 'DeploymentAlreadyCompletedException',
    })
  })
})

describe('close', () => {
  test('it aborts the scripts that run, waits for them, begins no rollback and answers no more', async () => {
    const reached = gate()
    let ended = false
    const run = scripted(
      ({ event }, signal) =>
        event === 'Install' && run.service.deployments().length > 1
          ? new Promise((_, reject) => {
              reached.open()
              signal.addEventListener('abort', () => {
                setImmediate(() => {
                  ended = true
                  reject(signal.reason as Error)
                })
              })
            })
          : undefined,
      {},
    )
    await run.deploy('dev', 'v1.zip')
    await run.service.whenIdle()
    await run.deploy('dev', 'v2.zip', { autoRollbackConfiguration: { enabled: true, events: ['DEPLOYMENT_FAILURE'] } })
    await reached.opened
    await run.service.close()
    expect(ended).toBe(true)
    expect(run.service.deployments().map(({ status }) => status)).toEqual(['Succeeded', 'Stopped'])
    expect(run.service.deployments().at(-1)?.error?.message).toContain('local-aws was closed')
    await expect(run.call('ListApplications')).rejects.toMatchObject(stopped)
  })

  test('it waits for every host, however long one takes to let go', async () => {
    const all = gate()
    let held = 0
    const letGo: string[] = []
    const run = scripted(({ event, host }, signal) =>
      event === 'Install'
        ? new Promise((_, reject) => {
            if (++held === 3) all.open()
            const turns = host === 'web-2' ? 50 : 1
            signal.addEventListener('abort', () => {
              const wait = (left: number) => {
                if (left > 0) setImmediate(() => wait(left - 1))
                else {
                  letGo.push(host)
                  reject(signal.reason as Error)
                }
              }
              wait(turns)
            })
          })
        : undefined,
    )
    await run.deploy('plain', 'v1.zip')
    await all.opened
    await run.service.close()
    expect(letGo.toSorted()).toEqual(['web-1', 'web-2', 'web-3'])
  })

  test('an agent that will not be aborted is asked for nothing more', async () => {
    const reached = gate()
    const held = gate()
    const run = scripted(async ({ event }) => {
      if (event !== 'Install') return
      reached.open()
      await held.opened
    })
    const id = await run.deploy('production', 'v1.zip')
    await reached.opened
    const closed = run.service.close()
    held.open()
    await closed
    expect(run.asked.at(-1)).toBe('web-1 Install v1.zip')
    expect(run.service.deployments()).toMatchObject([{ deploymentId: id, status: 'Stopped' }])
  })

  test('a stop that was to roll back begins no rollback any more', async () => {
    const reached = gate()
    const held = gate()
    const run = scripted(async ({ key, event }) => {
      if (key !== 'v2.zip' || event !== 'ValidateService') return
      reached.open()
      await held.opened
    })
    await run.deploy('dev', 'v1.zip')
    await run.service.whenIdle()
    const id = await run.deploy('dev', 'v2.zip')
    await reached.opened
    await run.call('StopDeployment', { deploymentId: id, autoRollbackEnabled: true })
    const closed = run.service.close()
    held.open()
    await closed
    expect(run.service.deployments()).toHaveLength(2)
  })

  test('a deployment that was just created runs nothing after it', async () => {
    const run = scripted()
    await run.deploy('production', 'v1.zip')
    await run.service.close()
    expect(run.asked).toEqual([])
    expect(run.service.deployments().at(-1)?.status).toBe('Stopped')
  })

  test('closing twice is closing once', async () => {
    const run = scripted()
    await run.service.close()
    await run.service.close()
  })

  test('a listener that throws stops no deployment, and close tells of it', async () => {
    const run = scripted(undefined, {
      onEvent: () => {
        throw new Error('the printer is on fire')
      },
    })
    const id = await run.deploy('dev', 'v1.zip')
    await run.service.whenIdle()
    expect(await run.info(id)).toMatchObject({ status: 'Succeeded' })
    await expect(run.service.close()).rejects.toThrow('the printer is on fire')
  })
})
