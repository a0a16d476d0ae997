import {
  CreateDeploymentConfigCommand,
  CreateDeploymentCommand,
  CreateDeploymentGroupCommand,
  GetDeploymentGroupCommand,
  UpdateDeploymentGroupCommand,
} from '@aws-sdk/client-codedeploy'
import { describe, expect, test } from 'vitest'
import type { AnswerEvent } from '../../src/index.ts'
import { gate } from './scripted.ts'
import { began, serviceRoleArn, shopDev, simulated, statusesOf, type Simulated } from './simulated.ts'

const hosts = ['web-1', 'web-2', 'web-3']

function threeHosts(answer?: AnswerEvent, autoRollback: readonly ('failure' | 'alarm')[] = []): Promise<Simulated> {
  return simulated({
    simulatedHosts: hosts.map((name) => ({ name, answer })),
    applications: [{ name: 'shop', groups: [{ name: 'dev', hosts, autoRollback }] }],
  })
}

/** The hosts in the order in which they were begun, since the last call. */
function order({ events }: Simulated): readonly string[] {
  const lines = began(events).filter((line) => line.endsWith(' ApplicationStop'))
  events.length = 0
  return lines.map((line) => line.split(' ')[0] ?? '')
}

describe('a restart', () => {
  test('stops, starts and validates what the last successful deployment installed, on every host', async () => {
    const run = await threeHosts()
    const first = await run.deploy('v1.zip')
    await run.aws.whenIdle()
    const { deploymentId = '' } = await run.client.send(
      new CreateDeploymentCommand({ ...shopDev, deploymentMode: 'RESTART' }),
    )
    await run.aws.whenIdle()
    const info = await run.info(deploymentId)
    expect(info).toMatchObject({
      status: 'Succeeded',
      deploymentMode: 'RESTART',
      revision: { s3Location: { key: 'v1.zip' } },
      deploymentOverview: { Succeeded: 3 },
    })
    const [target] = await run.targets(deploymentId)
    expect(Object.keys(target ? statusesOf(target) : {})).toEqual([
      'ApplicationStop',
      'ApplicationStart',
      'ValidateService',
    ])
    expect((await run.info(first)).deploymentMode).toBeUndefined()
  })
})

describe('only the outdated hosts', () => {
  test('are those that do not run the revision, or failed with it', async () => {
    let isBroken = true
    const run = await threeHosts(({ host, event }) =>
      isBroken && host === 'web-3' && event === 'Install' ? {} : undefined,
    )
    await run.deploy('v1.zip')
    await run.aws.whenIdle()
    isBroken = false
    const id = await run.deploy('v1.zip', { updateOutdatedInstancesOnly: true })
    await run.aws.whenIdle()
    expect(await run.info(id)).toMatchObject({ status: 'Succeeded', updateOutdatedInstancesOnly: true })
    expect((await run.targets(id)).map(({ targetId }) => targetId)).toEqual(['web-3'])
    const none = await run.deploy('v1.zip', { updateOutdatedInstancesOnly: true })
    await run.aws.whenIdle()
    expect(await run.info(none)).toMatchObject({ status: 'Failed', errorInformation: { code: 'NO_INSTANCES' } })
  })
})

describe('the order of the hosts', () => {
  test('unhealthy ones come first, then those that know no revision, then old ones, then those that are current', async () => {
    const failing = new Set<string>()
    const run = await threeHosts(({ host, event }) => (failing.has(host) && event === 'Install' ? {} : undefined))
    await run.client.send(
      new CreateDeploymentConfigCommand({
        deploymentConfigName: 'any-two',
        minimumHealthyHosts: { type: 'HOST_COUNT', value: 0 },
      }),
    )
    failing.add('web-2').add('web-3')
    await run.deploy('v1.zip', { deploymentConfigName: 'any-two' })
    await run.aws.whenIdle()
    order(run)
    failing.clear()
    await run.deploy('v2.zip')
    await run.aws.whenIdle()
    expect(order(run)).toEqual(['web-2', 'web-3', 'web-1'])
  })

  test('a host that is out of service already counts against the minimum of healthy ones', async () => {
    const failing = new Set(['web-2'])
    const run = await threeHosts(({ host, event }) => (failing.has(host) && event === 'Install' ? {} : undefined))
    await run.deploy('v1.zip', { deploymentConfigName: 'CodeDeployDefault.AllAtOnce' })
    await run.aws.whenIdle()
    order(run)
    // It fails again: were another host begun now, one of three would be healthy where two must be.
    const id = await run.deploy('v2.zip')
    await run.aws.whenIdle()
    expect(order(run)).toEqual(['web-2'])
    expect(await run.info(id)).toMatchObject({
      status: 'Failed',
      deploymentOverview: { Failed: 1, Skipped: 2 },
      errorInformation: { code: 'HEALTH_CONSTRAINTS' },
    })
  })
})

describe('alarms', () => {
  async function withAlarm(answer?: AnswerEvent): Promise<Simulated> {
    const run = await threeHosts(answer, ['alarm'])
    await run.client.send(
      new UpdateDeploymentGroupCommand({
        applicationName: 'shop',
        currentDeploymentGroupName: 'dev',
        alarmConfiguration: { enabled: true, alarms: [{ name: 'too-many-errors' }] },
      }),
    )
    return run
  }

  test('one that goes on stops the deployment, and rolls back where the configuration says so', async () => {
    const reached = gate()
    const held = gate()
    const run = await withAlarm(async ({ revision, event }) => {
      if (revision !== 'v2.zip' || event !== 'Install') return
      reached.open()
      await held.opened
    })
    await run.deploy('v1.zip')
    await run.aws.whenIdle()
    const id = await run.deploy('v2.zip')
    await reached.opened
    run.aws.setAlarm({ name: 'another', isOn: true })
    run.aws.setAlarm({ name: 'too-many-errors', isOn: true })
    held.open()
    await run.aws.whenIdle()
    const info = await run.info(id)
    expect(info).toMatchObject({
      status: 'Stopped',
      errorInformation: { code: 'ALARM_ACTIVE', message: expect.stringContaining('<too-many-errors>') },
    })
    expect(await run.info(info.rollbackInfo?.rollbackDeploymentId ?? '')).toMatchObject({
      status: 'Succeeded',
      revision: { s3Location: { key: 'v1.zip' } },
    })
  })

  test('one that is on stops every deployment, unless the call sets others in its place', async () => {
    const run = await withAlarm()
    run.aws.setAlarm({ name: 'too-many-errors', isOn: true })
    const stopped = await run.deploy('v1.zip')
    await run.aws.whenIdle()
    expect(await run.info(stopped)).toMatchObject({ status: 'Stopped', errorInformation: { code: 'ALARM_ACTIVE' } })
    const overridden = await run.deploy('v1.zip', { overrideAlarmConfiguration: { enabled: false } })
    await run.aws.whenIdle()
    expect(await run.info(overridden)).toMatchObject({
      status: 'Succeeded',
      overrideAlarmConfiguration: { enabled: false, alarms: [] },
    })
    run.aws.setAlarm({ name: 'too-many-errors', isOn: false })
    const quiet = await run.deploy('v1.zip')
    await run.aws.whenIdle()
    const info = await run.info(quiet)
    expect(info.status).toBe('Succeeded')
    expect(info.overrideAlarmConfiguration).toBeUndefined()
    const { deploymentGroupInfo } = await run.client.send(new GetDeploymentGroupCommand(shopDev))
    expect(deploymentGroupInfo?.alarmConfiguration).toMatchObject({
      enabled: true,
      alarms: [{ name: 'too-many-errors' }],
    })
  })
})

describe('a revision on GitHub', () => {
  const revision = {
    revisionType: 'GitHub',
    gitHubLocation: { repository: 'acme/shop', commitId: '0123456789abcdef0123456789abcdef01234567' },
  } as const

  test('is kept and shown, and a simulated host takes it', async () => {
    const seen: string[] = []
    const run = await threeHosts((event) => void seen.push(event.revision))
    const id = await run.deploy('', { revision })
    await run.aws.whenIdle()
    expect(await run.info(id)).toMatchObject({ status: 'Succeeded', revision })
    expect(new Set(seen)).toEqual(new Set([revision.gitHubLocation.commitId]))
  })
})

describe('limits and names', () => {
  test('hosts with the ids of EC2 have the ARNs of EC2', async () => {
    const run = await simulated({
      simulatedHosts: [{ name: 'i-0123456789abcdef0' }],
      applications: [{ name: 'shop', groups: [] }],
    })
    await run.client.send(
      new CreateDeploymentGroupCommand({
        ...shopDev,
        serviceRoleArn,
        ec2TagFilters: [{ Key: 'Name', Type: 'KEY_ONLY' }],
      }),
    )
    const id = await run.deploy('v1.zip')
    await run.aws.whenIdle()
    expect(await run.targets(id)).toMatchObject([
      { targetArn: 'arn:aws:ec2:us-east-1:123456789012:instance/i-0123456789abcdef0', status: 'Succeeded' },
    ])
  })

  test('a hook that throws fails its event and nothing else', async () => {
    const run = await threeHosts(({ event }) => {
      if (event === 'Install') throw new Error('the disk is on fire')
    })
    const id = await run.deploy('v1.zip')
    await run.aws.whenIdle()
    expect(await run.info(id)).toMatchObject({ status: 'Failed' })
    const [target] = await run.targets(id)
    const failed = target?.lifecycleEvents?.find(({ status }) => status === 'Failed')
    expect(failed).toMatchObject({
      lifecycleEventName: 'Install',
      diagnostics: { errorCode: 'UnknownError', message: expect.stringContaining('the disk is on fire') },
    })
  })
})
