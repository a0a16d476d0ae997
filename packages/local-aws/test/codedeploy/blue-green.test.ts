import {
  ContinueDeploymentCommand,
  CreateDeploymentGroupCommand,
  DeploymentIsNotInReadyStateException,
  GetDeploymentGroupCommand,
  InvalidTargetInstancesException,
  ListDeploymentTargetsCommand,
  SkipWaitTimeForInstanceTerminationCommand,
  StopDeploymentCommand,
  type BlueGreenDeploymentConfiguration,
} from '@aws-sdk/client-codedeploy'
import { describe, expect, test } from 'vitest'
import type { AnswerEvent, LocalAwsOptions } from '../../src/index.ts'
import { began, serviceRoleArn, shopDev, simulated, statusesOf, type Simulated } from './simulated.ts'

const install = [
  'ApplicationStop',
  'DownloadBundle',
  'BeforeInstall',
  'Install',
  'AfterInstall',
  'ApplicationStart',
  'ValidateService',
]
const block = ['BeforeBlockTraffic', 'BlockTraffic', 'AfterBlockTraffic']
const allow = ['BeforeAllowTraffic', 'AllowTraffic', 'AfterAllowTraffic']
const byColour = (colour: string) => [{ Key: 'colour', Value: colour, Type: 'KEY_AND_VALUE' as const }]
const toGreen = { targetInstances: { tagFilters: byColour('green') } }

/** Two original hosts, blue, and two that may replace them, green. */
async function fleet(
  configuration: BlueGreenDeploymentConfiguration = {},
  answer?: AnswerEvent,
  options: LocalAwsOptions = {},
): Promise<Simulated> {
  const run = await simulated({
    simulatedHosts: ['blue-1', 'blue-2', 'green-1', 'green-2'].map((name) => ({
      name,
      tags: { colour: name.split('-')[0] ?? '' },
      answer,
    })),
    applications: [{ name: 'shop', groups: [] }],
    ...options,
  })
  await run.client.send(
    new CreateDeploymentGroupCommand({
      ...shopDev,
      serviceRoleArn,
      ec2TagFilters: byColour('blue'),
      deploymentStyle: { deploymentType: 'BLUE_GREEN', deploymentOption: 'WITH_TRAFFIC_CONTROL' },
      loadBalancerInfo: { targetGroupInfoList: [{ name: 'shop-web' }] },
      blueGreenDeploymentConfiguration: {
        greenFleetProvisioningOption: { action: 'DISCOVER_EXISTING' },
        ...configuration,
      },
      autoRollbackConfiguration: { enabled: true, events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_REQUEST'] },
    }),
  )
  return run
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve))
}

describe('a blue/green deployment', () => {
  test('installs on the replacements, gives them the traffic, then takes it from the originals', async () => {
    const run = await fleet({ terminateBlueInstancesOnDeploymentSuccess: { action: 'TERMINATE' } })
    const id = await run.deploy('v1.zip', toGreen)
    await run.aws.whenIdle()
    expect(began(run.events)).toEqual([
      ...['green-1', 'green-2'].flatMap((host) => install.map((event) => `${host} ${event}`)),
      ...['green-1', 'green-2'].flatMap((host) => allow.map((event) => `${host} ${event}`)),
      // Every original at once: side by side, each in its order.
      ...began(run.events).filter((line) => line.startsWith('blue-')),
    ])
    for (const host of ['blue-1', 'blue-2']) {
      expect(began(run.events).filter((line) => line.startsWith(host))).toEqual(
        block.map((event) => `${host} ${event}`),
      )
    }
    expect(await run.info(id)).toMatchObject({
      status: 'Succeeded',
      deploymentStyle: { deploymentType: 'BLUE_GREEN', deploymentOption: 'WITH_TRAFFIC_CONTROL' },
      loadBalancerInfo: { targetGroupInfoList: [{ name: 'shop-web' }] },
      instanceTerminationWaitTimeStarted: true,
      targetInstances: toGreen.targetInstances,
      deploymentOverview: { Succeeded: 4 },
    })
    expect((await run.targets(id)).map(({ targetId, instanceLabel }) => `${targetId} ${instanceLabel}`)).toEqual([
      'blue-1 Blue',
      'blue-2 Blue',
      'green-1 Green',
      'green-2 Green',
    ])
    const only = new ListDeploymentTargetsCommand({
      deploymentId: id,
      targetFilters: { ServerInstanceLabel: ['Green'] },
    })
    expect((await run.client.send(only)).targetIds).toEqual(['green-1', 'green-2'])
  })

  test('afterwards the group is its replacements, and hosts that were terminated are found by nobody', async () => {
    const run = await fleet({ terminateBlueInstancesOnDeploymentSuccess: { action: 'TERMINATE' } })
    await run.deploy('v1.zip', toGreen)
    await run.aws.whenIdle()
    const { deploymentGroupInfo } = await run.client.send(new GetDeploymentGroupCommand(shopDev))
    expect(deploymentGroupInfo).toMatchObject({ ec2TagFilters: byColour('green') })
    await expect(run.deploy('v2.zip', { targetInstances: { tagFilters: byColour('blue') } })).rejects.toThrow(
      InvalidTargetInstancesException,
    )
  })

  test('originals that are kept alive replace the replacements the next time', async () => {
    const run = await fleet({ terminateBlueInstancesOnDeploymentSuccess: { action: 'KEEP_ALIVE' } })
    const first = await run.deploy('v1.zip', toGreen)
    await run.aws.whenIdle()
    expect(await run.info(first)).toMatchObject({ status: 'Succeeded', instanceTerminationWaitTimeStarted: false })
    const second = await run.deploy('v2.zip', { targetInstances: { tagFilters: byColour('blue') } })
    await run.aws.whenIdle()
    expect(await run.info(second)).toMatchObject({ status: 'Succeeded' })
    expect((await run.targets(second)).map(({ targetId, instanceLabel }) => `${targetId} ${instanceLabel}`)).toEqual([
      'green-1 Blue',
      'green-2 Blue',
      'blue-1 Green',
      'blue-2 Green',
    ])
  })

  test('it waits until somebody continues it, its replacements Ready', async () => {
    const run = await fleet({
      deploymentReadyOption: { actionOnTimeout: 'STOP_DEPLOYMENT', waitTimeInMinutes: 60 },
      terminateBlueInstancesOnDeploymentSuccess: { action: 'TERMINATE', terminationWaitTimeInMinutes: 60 },
    })
    const id = await run.deploy('v1.zip', toGreen)
    const early = new ContinueDeploymentCommand({ deploymentId: id, deploymentWaitType: 'TERMINATION_WAIT' })
    await expect(run.client.send(early)).rejects.toThrow(DeploymentIsNotInReadyStateException)
    await until(async () => (await run.info(id)).status === 'Ready')
    expect(await run.info(id)).toMatchObject({ deploymentOverview: { Ready: 2, Pending: 2 } })
    expect(began(run.events).some((line) => line.includes('Traffic'))).toBe(false)
    await run.client.send(new ContinueDeploymentCommand({ deploymentId: id }))
    await until(async () => (await run.info(id)).instanceTerminationWaitTimeStarted === true)
    expect(await run.info(id)).toMatchObject({ status: 'InProgress', deploymentOverview: { Succeeded: 4 } })
    await run.client.send(new SkipWaitTimeForInstanceTerminationCommand({ deploymentId: id }))
    await run.aws.whenIdle()
    expect(await run.info(id)).toMatchObject({ status: 'Succeeded' })
  })

  test('nobody continues it in time: it is stopped, and there is nothing to roll back', async () => {
    const sleeps: number[] = []
    const clock = {
      now: () => Date.now(),
      monotonic: () => performance.now(),
      sleep: (ms: number) => {
        sleeps.push(ms)
        return Promise.resolve()
      },
    }
    const run = await fleet(
      { deploymentReadyOption: { actionOnTimeout: 'STOP_DEPLOYMENT', waitTimeInMinutes: 60 } },
      undefined,
      { clock },
    )
    const id = await run.deploy('v1.zip', toGreen)
    await run.aws.whenIdle()
    expect(sleeps).toEqual([3_600_000])
    expect(await run.info(id)).toMatchObject({ status: 'Stopped', errorInformation: { code: 'TIMEOUT' } })
    expect((await run.targets(id)).map(({ status }) => status)).toEqual(['Skipped', 'Skipped', 'Skipped', 'Skipped'])
  })

  test('a replacement that fails before traffic moves fails it, and the originals are not touched', async () => {
    const run = await fleet({}, ({ host, event }) => (host === 'green-1' && event === 'Install' ? {} : undefined))
    const id = await run.deploy('v1.zip', toGreen)
    await run.aws.whenIdle()
    const info = await run.info(id)
    expect(info).toMatchObject({ status: 'Failed', errorInformation: { code: 'HEALTH_CONSTRAINTS' } })
    expect(info.rollbackInfo?.rollbackMessage).toContain('no traffic was rerouted')
    expect(began(run.events).some((line) => line.startsWith('blue-'))).toBe(false)
  })

  test('an original that does not let go of its traffic fails it, and the rollback gives the traffic back', async () => {
    const run = await fleet({}, ({ host, event }) =>
      host === 'blue-2' && event === 'AfterBlockTraffic' ? { message: 'still draining' } : undefined,
    )
    const failed = await run.deploy('v1.zip', toGreen)
    await run.aws.whenIdle()
    const { rollbackInfo, status } = await run.info(failed)
    expect(status).toBe('Failed')
    const rollbackId = rollbackInfo?.rollbackDeploymentId ?? ''
    expect(await run.info(rollbackId)).toMatchObject({
      status: 'Succeeded',
      creator: 'codeDeployRollback',
      rollbackInfo: { rollbackTriggeringDeploymentId: failed },
    })
    const [blue, , green] = await run.targets(rollbackId)
    expect(Object.keys(blue ? statusesOf(blue) : {})).toEqual(allow)
    expect(Object.keys(green ? statusesOf(green) : {})).toEqual(block)
    const { deploymentGroupInfo } = await run.client.send(new GetDeploymentGroupCommand(shopDev))
    expect(deploymentGroupInfo).toMatchObject({ ec2TagFilters: byColour('blue') })
    expect(deploymentGroupInfo?.lastSuccessfulDeployment).toBeUndefined()
  })

  test('a stop while the originals are kept gives the traffic back to them', async () => {
    const run = await fleet({
      terminateBlueInstancesOnDeploymentSuccess: { action: 'TERMINATE', terminationWaitTimeInMinutes: 60 },
    })
    const id = await run.deploy('v1.zip', toGreen)
    await until(async () => (await run.info(id)).instanceTerminationWaitTimeStarted === true)
    await run.client.send(new StopDeploymentCommand({ deploymentId: id }))
    await run.aws.whenIdle()
    const info = await run.info(id)
    expect(info).toMatchObject({ status: 'Stopped', errorInformation: { code: 'MANUAL_STOP' } })
    expect(await run.info(info.rollbackInfo?.rollbackDeploymentId ?? '')).toMatchObject({ status: 'Succeeded' })
  })

  test('without hosts to replace the originals it is refused', async () => {
    const run = await fleet()
    await expect(run.deploy('v1.zip')).rejects.toThrow(InvalidTargetInstancesException)
    await expect(run.deploy('v1.zip', { targetInstances: { tagFilters: byColour('red') } })).rejects.toThrow(
      'not currently applied to any instances',
    )
  })
})

describe('in place behind a load balancer', () => {
  test('each host lets go of its traffic before, and is given it again after', async () => {
    const run = await simulated({
      simulatedHosts: [{ name: 'web-1', tags: { role: 'web' } }],
      applications: [{ name: 'shop', groups: [] }],
    })
    await run.client.send(
      new CreateDeploymentGroupCommand({
        ...shopDev,
        serviceRoleArn,
        ec2TagFilters: [{ Key: 'role', Value: 'web', Type: 'KEY_AND_VALUE' }],
        deploymentStyle: { deploymentType: 'IN_PLACE', deploymentOption: 'WITH_TRAFFIC_CONTROL' },
        loadBalancerInfo: { elbInfoList: [{ name: 'shop' }] },
      }),
    )
    const id = await run.deploy('v1.zip')
    await run.aws.whenIdle()
    const [target] = await run.targets(id)
    expect(Object.keys(target ? statusesOf(target) : {})).toEqual([...block, ...install, ...allow])
    expect(await run.info(id)).toMatchObject({
      status: 'Succeeded',
      loadBalancerInfo: { elbInfoList: [{ name: 'shop' }] },
    })
  })

  test('with ignoreApplicationStopFailures the previous scripts of all three events may fail', async () => {
    const ignorable = ['BeforeBlockTraffic', 'AfterBlockTraffic', 'ApplicationStop']
    const run = await simulated({
      simulatedHosts: [{ name: 'web-1', answer: ({ event }) => (ignorable.includes(event) ? {} : undefined) }],
      applications: [{ name: 'shop', groups: [] }],
    })
    await run.client.send(
      new CreateDeploymentGroupCommand({
        ...shopDev,
        serviceRoleArn,
        ec2TagFilters: [{ Key: 'Name', Value: 'web-1', Type: 'KEY_AND_VALUE' }],
        deploymentStyle: { deploymentType: 'IN_PLACE', deploymentOption: 'WITH_TRAFFIC_CONTROL' },
        loadBalancerInfo: { elbInfoList: [{ name: 'shop' }] },
      }),
    )
    const strict = await run.deploy('v1.zip')
    await run.aws.whenIdle()
    expect(await run.info(strict)).toMatchObject({ status: 'Failed' })
    const lenient = await run.deploy('v1.zip', { ignoreApplicationStopFailures: true })
    await run.aws.whenIdle()
    expect(await run.info(lenient)).toMatchObject({ status: 'Succeeded' })
    const [target] = await run.targets(lenient)
    const failed = Object.entries(target ? statusesOf(target) : {}).filter(([, status]) => status === 'Failed')
    expect(failed.map(([name]) => name)).toEqual(ignorable)
  })
})
