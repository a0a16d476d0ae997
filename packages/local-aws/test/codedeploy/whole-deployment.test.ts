import { execFile } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import {
  BatchGetDeploymentTargetsCommand,
  CreateDeploymentCommand,
  CreateDeploymentGroupCommand,
  DeploymentDoesNotExistException,
  DeploymentLimitExceededException,
  GetDeploymentCommand,
  GetDeploymentGroupCommand,
  ListDeploymentTargetsCommand,
  paginateListDeployments,
  RevisionDoesNotExistException,
  StopDeploymentCommand,
  UpdateDeploymentGroupCommand,
  waitUntilDeploymentSuccessful,
  type CreateDeploymentCommandInput,
  type DeploymentInfo,
  type InstanceTarget,
} from '@aws-sdk/client-codedeploy'
import { withTools } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import { loopback, type Loopback, type Pins } from './loopback.ts'
import { zip, type ZipFile } from './zip.ts'

const shopDev = { applicationName: 'shop', deploymentGroupName: 'dev' } as const

const script = (text: string): ZipFile => ({ text: `#!/bin/sh\n${text}\n`, mode: 0o755 })

/** A release whose hooks write what they see into their host's `/trace`, `ROOT` being the host's folder. */
function release(version: string, hooks: Readonly<Record<string, string>> = {}): Buffer {
  const all: Record<string, string> = { AfterInstall: `echo "${version} installed on $HOST_NAME"`, ...hooks }
  const appSpec = [
    'version: 0.0',
    'os: linux',
    'files:',
    '  - source: site/index.html',
    '    destination: /var/www',
    'hooks:',
    ...Object.keys(all).flatMap((event) => [`  ${event}:`, `    - location: hooks/${event}.sh`, '      timeout: 20']),
  ]
  return zip({
    'appspec.yml': `${appSpec.join('\n')}\n`,
    'site/index.html': `<h1>${version}</h1>\n`,
    ...Object.fromEntries(Object.entries(all).map(([event, text]) => [`hooks/${event}.sh`, script(text)])),
  })
}

async function deploy({ client }: Loopback, key: string, pins: Partial<Pins> = {}): Promise<string> {
  const { deploymentId } = await client.send(
    new CreateDeploymentCommand({
      applicationName: 'shop',
      deploymentGroupName: 'dev',
      revision: { revisionType: 'S3', s3Location: { bucket: 'artifacts', key, bundleType: 'zip', ...pins } },
    }),
  )
  if (!deploymentId) throw new Error('no id')
  return deploymentId
}

async function info({ client }: Loopback, deploymentId: string): Promise<DeploymentInfo> {
  const { deploymentInfo } = await client.send(new GetDeploymentCommand({ deploymentId }))
  if (!deploymentInfo) throw new Error('no deployment')
  return deploymentInfo
}

async function targets({ client }: Loopback, deploymentId: string): Promise<readonly InstanceTarget[]> {
  const { targetIds } = await client.send(new ListDeploymentTargetsCommand({ deploymentId }))
  const answer = await client.send(new BatchGetDeploymentTargetsCommand({ deploymentId, targetIds }))
  return (answer.deploymentTargets ?? []).flatMap(({ instanceTarget }) => instanceTarget ?? [])
}

const page = (world: Loopback, host: string) => readFileSync(`${world.folder(host)}/var/www/index.html`, 'utf8')

describe('the SDK, the service, the agents and the scripts together', () => {
  test('a zip with hooks reaches every host, and the waiter of the SDK sees it', async () => {
    const world = await loopback('web-1', 'web-2')
    await world.put('v1.zip', release('v1'))
    const deploymentId = await deploy(world, 'v1.zip')
    await waitUntilDeploymentSuccessful({ client: world.client, maxWaitTime: 20, minDelay: 1 }, { deploymentId })
    expect(page(world, 'web-1')).toBe('<h1>v1</h1>\n')
    expect(page(world, 'web-2')).toBe('<h1>v1</h1>\n')
    const done = await info(world, deploymentId)
    expect(done.createTime).toBeInstanceOf(Date)
    expect(done.completeTime?.getTime()).toBeGreaterThanOrEqual(done.startTime?.getTime() ?? Infinity)
    const [first] = await targets(world, deploymentId)
    expect(first?.lifecycleEvents?.map(({ lifecycleEventName, status }) => `${lifecycleEventName} ${status}`)).toEqual([
      'ApplicationStop Succeeded',
      'DownloadBundle Succeeded',
      'BeforeInstall Succeeded',
      'Install Succeeded',
      'AfterInstall Succeeded',
      'ApplicationStart Succeeded',
      'ValidateService Succeeded',
    ])
  })

  test('a failing ValidateService is explained by its own output, and every host goes back', async () => {
    const world = await loopback('web-1', 'web-2', 'web-3')
    await world.put('v1.zip', release('v1'))
    await world.put('v2.zip', release('v2', { ValidateService: 'echo "no answer from $HOST_NAME" >&2; exit 7' }))
    await deploy(world, 'v1.zip')
    await world.aws.whenIdle()
    const failed = await deploy(world, 'v2.zip')
    await world.aws.whenIdle()
    const end = await info(world, failed)
    expect(end).toMatchObject({
      status: 'Failed',
      errorInformation: { code: 'HEALTH_CONSTRAINTS' },
      deploymentOverview: { Failed: 1, Skipped: 2, Succeeded: 0 },
    })
    const [broken] = await targets(world, failed)
    expect(broken?.lifecycleEvents?.find(({ status }) => status === 'Failed')).toMatchObject({
      lifecycleEventName: 'ValidateService',
      diagnostics: {
        errorCode: 'ScriptFailed',
        scriptName: 'hooks/ValidateService.sh',
        message: expect.stringContaining('7'),
        logTail: expect.stringContaining('no answer from web-1'),
      },
    })
    const lines = world.events.flatMap((event) => (event.type === 'host.script-output' ? [event.line] : []))
    expect(lines).toContain('no answer from web-1')
    const rollback = await info(world, end.rollbackInfo?.rollbackDeploymentId ?? '')
    expect(rollback).toMatchObject({ status: 'Succeeded', creator: 'codeDeployRollback' })
    for (const host of ['web-1', 'web-2', 'web-3']) expect(page(world, host)).toBe('<h1>v1</h1>\n')
    const group = await world.client.send(
      new GetDeploymentGroupCommand({ applicationName: 'shop', deploymentGroupName: 'dev' }),
    )
    expect(group.deploymentGroupInfo?.targetRevision?.s3Location?.key).toBe('v1.zip')
  })

  test('a pinned version is deployed though the key has moved on, and a wrong eTag fails the download', async () => {
    const world = await loopback('web-1')
    const pins = await world.put('release.zip', release('v1'))
    await world.put('release.zip', release('v2'))
    const wrong = await deploy(world, 'release.zip', { eTag: pins.eTag })
    await world.aws.whenIdle()
    const [target] = await targets(world, wrong)
    const event = target?.lifecycleEvents?.find(({ status }) => status === 'Failed')
    expect(event).toMatchObject({ lifecycleEventName: 'DownloadBundle', diagnostics: { errorCode: 'UnknownError' } })
    expect(existsSync(`${world.folder('web-1')}/var/www`)).toBe(false)
    const right = await deploy(world, 'release.zip', pins)
    await world.aws.whenIdle()
    expect(await info(world, right)).toMatchObject({ status: 'Succeeded' })
    expect(page(world, 'web-1')).toBe('<h1>v1</h1>\n')
  })

  test('faults come as the typed exceptions of the SDK', async () => {
    const world = await loopback('web-1')
    await world.put('slow.zip', release('slow', { ApplicationStart: 'sleep 20' }))
    await expect(deploy(world, 'none.zip')).rejects.toBeInstanceOf(RevisionDoesNotExistException)
    for (const version of ['AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 'no version']) {
      await expect(deploy(world, 'slow.zip', { version })).rejects.toBeInstanceOf(RevisionDoesNotExistException)
    }
    await expect(info(world, 'd-ABCDEFGH1')).rejects.toBeInstanceOf(DeploymentDoesNotExistException)
    const first = await deploy(world, 'slow.zip')
    const refusal = await deploy(world, 'slow.zip').catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(DeploymentLimitExceededException)
    expect((refusal as Error).message).toContain(first)
    const active: string[] = []
    const input = { applicationName: 'shop', deploymentGroupName: 'dev', includeOnlyStatuses: ['InProgress' as const] }
    await waitFor(async () => (await info(world, first)).status === 'InProgress')
    for await (const answer of paginateListDeployments({ client: world.client }, input)) {
      active.push(...(answer.deployments ?? []))
    }
    expect(active).toEqual([first])
  })

  test('close ends a script that runs, with everything that it started', async () => {
    const world = await loopback('web-1')
    const folder = world.folder('web-1')
    await world.put('v1.zip', release('v1', { ApplicationStart: `sleep 60 & echo $! > ${folder}/child; wait` }))
    const deploymentId = await deploy(world, 'v1.zip')
    await waitFor(() => existsSync(`${folder}/child`) && readFileSync(`${folder}/child`, 'utf8').endsWith('\n'))
    const child = Number(readFileSync(`${folder}/child`, 'utf8'))
    expect(isAlive(child)).toBe(true)
    await world.aws.close()
    await waitFor(() => !isAlive(child))
    expect(world.events.at(-1)).toMatchObject({
      type: 'codedeploy.deployment-status-changed',
      deploymentId,
      status: 'Stopped',
    })
  })

  test('stop lets the script that runs come to its end', async () => {
    const world = await loopback('web-1', 'web-2')
    const folder = world.folder('web-1')
    const hook = `touch ${folder}/begun; while [ ! -e ${folder}/go ]; do sleep 0.05; done; touch ${folder}/ended`
    await world.put('v1.zip', release('v1', { BeforeInstall: hook }))
    const deploymentId = await deploy(world, 'v1.zip')
    await waitFor(() => existsSync(`${folder}/begun`))
    const answer = await world.client.send(new StopDeploymentCommand({ deploymentId }))
    expect(answer.status).toBe('Pending')
    expect(await info(world, deploymentId)).toMatchObject({ status: 'InProgress' })
    writeFileSync(`${folder}/go`, '')
    await world.aws.whenIdle()
    expect(existsSync(`${folder}/ended`)).toBe(true)
    expect(await info(world, deploymentId)).toMatchObject({ status: 'Stopped' })
    expect(existsSync(`${folder}/var/www`)).toBe(false)
    expect(existsSync(world.folder('web-2'))).toBe(false)
  })

  test('hooks of a host may ask the services of the same server, with keys of their own', async () => {
    const world = await loopback('web-1')
    const hook = 'echo "$AWS_ENDPOINT_URL $AWS_ACCESS_KEY_ID $LIFECYCLE_EVENT $DEPLOYMENT_GROUP_NAME"'
    await world.put('v1.zip', release('v1', { BeforeInstall: hook }))
    await deploy(world, 'v1.zip')
    await world.aws.whenIdle()
    const lines = world.events.flatMap((event) => (event.type === 'host.script-output' ? [event.line] : []))
    expect(lines[0]).toMatch(new RegExp(`^${world.aws.endpoint} ASIA[A-Z2-7]{16} BeforeInstall dev$`))
  })
})

describe('the aws CLI', () => {
  withTools(['aws'], 'creates, waits for and reads a deployment', async () => {
    const world = await loopback('web-1')
    await world.put('v1.zip', release('v1'))
    const cli = async (...args: readonly string[]) => {
      const env = { ...world.aws.environment, PATH: process.env['PATH'], HOME: world.folder('home') }
      const all = ['--endpoint-url', world.aws.endpoint, '--output', 'json', 'deploy', ...args]
      const { stdout } = await promisify(execFile)('aws', all, { env })
      return stdout === '' ? {} : (JSON.parse(stdout) as Record<string, unknown>)
    }
    const where = ['--application-name', 'shop', '--deployment-group-name', 'dev']
    const revision = ['--s3-location', 'bucket=artifacts,key=v1.zip,bundleType=zip']
    const { deploymentId } = (await cli('create-deployment', ...where, ...revision)) as { deploymentId: string }
    await world.aws.whenIdle()
    await cli('wait', 'deployment-successful', '--deployment-id', deploymentId)
    expect(await cli('list-deployments', ...where)).toEqual({ deployments: [deploymentId] })
    expect(await cli('get-deployment', '--deployment-id', deploymentId)).toMatchObject({
      deploymentInfo: { status: 'Succeeded', deploymentOverview: { Succeeded: 1 } },
    })
    const target = await cli('get-deployment-target', '--deployment-id', deploymentId, '--target-id', 'web-1')
    expect(target).toHaveProperty('deploymentTarget.instanceTarget.lifecycleEvents[6].status', 'Succeeded')
  })
})

async function waitFor(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20)
}

/** A zombie that nobody has waited for is dead. */
function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[2] !== 'Z'
  } catch {
    return false
  }
}

describe('a restart', () => {
  test('runs the scripts of the archive that is there, and downloads and installs nothing', async () => {
    const world = await loopback('web-1')
    const hooks = {
      ApplicationStop: 'echo "stop" >> "$PWD/restarted"',
      ApplicationStart: 'echo "start" >> "$PWD/restarted"',
    }
    await world.put('v1.zip', release('v1', hooks))
    await deploy(world, 'v1.zip')
    await world.aws.whenIdle()
    const trace = `${world.folder('web-1')}/restarted`
    writeFileSync(trace, '')
    const installed = `${world.folder('web-1')}/var/www/index.html`
    writeFileSync(installed, 'edited')
    const { deploymentId } = await world.client.send(
      new CreateDeploymentCommand({
        applicationName: 'shop',
        deploymentGroupName: 'dev',
        deploymentMode: 'RESTART',
      }),
    )
    await world.aws.whenIdle()
    expect(await info(world, deploymentId ?? '')).toMatchObject({ status: 'Succeeded', deploymentMode: 'RESTART' })
    expect(readFileSync(trace, 'utf8')).toBe('stop\nstart\n')
    expect(readFileSync(installed, 'utf8')).toBe('edited')
  })
})

describe('blue/green', () => {
  test('the originals run their own scripts when they let go of traffic, the replacements those of the new release', async () => {
    const world = await loopback('blue-1', 'green-1')
    const named = (Value: string) => [{ Key: 'Name', Value, Type: 'KEY_AND_VALUE' as const }]
    const traffic = {
      BeforeBlockTraffic: 'echo "$(cat "$PWD/var/www/index.html") blocks" >> "$PWD/traffic"',
      AfterAllowTraffic: 'echo "$(cat "$PWD/var/www/index.html") allows" >> "$PWD/traffic"',
    }
    await world.put('v1.zip', release('v1', traffic))
    await world.put('v2.zip', release('v2', traffic))
    const role = { serviceRoleArn: 'arn:aws:iam::123456789012:role/deploy' }
    const blueGreen = { ...shopDev, deploymentGroupName: 'site' }
    await world.client.send(new CreateDeploymentGroupCommand({ ...blueGreen, ...role, ec2TagFilters: named('blue-1') }))
    const to = async (key: string, input: Partial<CreateDeploymentCommandInput> = {}) => {
      const revision = { revisionType: 'S3', s3Location: { bucket: 'artifacts', key, bundleType: 'zip' } } as const
      const { deploymentId } = await world.client.send(
        new CreateDeploymentCommand({ ...blueGreen, revision, ...input }),
      )
      await world.aws.whenIdle()
      return info(world, deploymentId ?? '')
    }
    expect(await to('v1.zip')).toMatchObject({ status: 'Succeeded' })
    await world.client.send(
      new UpdateDeploymentGroupCommand({
        applicationName: 'shop',
        currentDeploymentGroupName: 'site',
        deploymentStyle: { deploymentType: 'BLUE_GREEN', deploymentOption: 'WITH_TRAFFIC_CONTROL' },
        loadBalancerInfo: { targetGroupInfoList: [{ name: 'site' }] },
        blueGreenDeploymentConfiguration: {
          terminateBlueInstancesOnDeploymentSuccess: { action: 'KEEP_ALIVE' },
        },
      }),
    )
    expect(await to('v2.zip', { targetInstances: { tagFilters: named('green-1') } })).toMatchObject({
      status: 'Succeeded',
    })
    expect(readFileSync(`${world.folder('blue-1')}/traffic`, 'utf8')).toBe('<h1>v1</h1> blocks\n')
    expect(readFileSync(`${world.folder('green-1')}/traffic`, 'utf8')).toBe('<h1>v2</h1> allows\n')
  })
})
