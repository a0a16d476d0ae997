import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  AddTagsToOnPremisesInstancesCommand,
  CreateDeploymentCommand,
  CreateDeploymentGroupCommand,
  DeregisterOnPremisesInstanceCommand,
  RegisterOnPremisesInstanceCommand,
  StopDeploymentCommand,
} from '@aws-sdk/client-codedeploy'
import { temporaryFolder, withTools } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import type { LocalAwsOptions } from '../../src/index.ts'
import { send } from '../running.ts'
import { acknowledge, command, complete, envelopeOf, poll, pollUntil, type HostCommand } from './polling-agent.ts'
import { serviceRoleArn, shopDev, simulated, type Simulated } from './simulated.ts'

const run = promisify(execFile)
const events = [
  'ApplicationStop',
  'DownloadBundle',
  'BeforeInstall',
  'Install',
  'AfterInstall',
  'ApplicationStart',
  'ValidateService',
]

interface Rack extends Simulated {
  /** What the agent of `rack-1` says that it is. */
  readonly identity: string
}

/** The group shop/dev on `rack-1`, a machine whose own agent polls. */
async function rack(options: LocalAwsOptions = {}): Promise<Rack> {
  const world = await simulated({ applications: [{ name: 'shop', groups: [] }], ...options })
  const identity = 'arn:aws:iam::123456789012:user/AWS/CodeDeploy/rack-1'
  await world.client.send(new RegisterOnPremisesInstanceCommand({ instanceName: 'rack-1', iamUserArn: identity }))
  const role = { Key: 'role', Value: 'web' }
  await world.client.send(new AddTagsToOnPremisesInstancesCommand({ instanceNames: ['rack-1'], tags: [role] }))
  await world.client.send(
    new CreateDeploymentGroupCommand({
      ...shopDev,
      serviceRoleArn,
      onPremisesInstanceTagFilters: [{ ...role, Type: 'KEY_AND_VALUE' }],
    }),
  )
  return { ...world, identity }
}

/** What stands in an envelope, without a look at its signature. */
function specificationIn(payload: string): Record<string, unknown> {
  const der = Buffer.from(payload.replace(/-----[^-]+-----|\s/g, ''), 'base64').toString('latin1')
  return JSON.parse(
    der.slice(der.indexOf('{"DeploymentId"'), der.indexOf('}}}', der.lastIndexOf('"Revision"')) + 3),
  ) as Record<string, unknown>
}

/** Runs what it is given to the end of the deployment, as an agent whose scripts all succeed. */
async function serve({ aws, identity }: Rack, seen: HostCommand[]): Promise<void> {
  for (const _ of events) {
    const next = await pollUntil(aws, identity)
    seen.push(next)
    await envelopeOf(aws, next)
    if ((await acknowledge(aws, next)) === 'InProgress') await complete(aws, next, 'Succeeded')
  }
}

describe('an agent that polls', () => {
  test('is given each event in turn, and its reports are the deployment', async () => {
    const world = await rack()
    const id = await world.deploy('v1.zip', { fileExistsBehavior: 'OVERWRITE' })
    const seen: HostCommand[] = []
    await serve(world, seen)
    await world.aws.whenIdle()
    expect(seen.map(({ CommandName }) => CommandName)).toEqual(events)
    expect(new Set(seen.map(({ HostCommandIdentifier }) => HostCommandIdentifier)).size).toBe(events.length)
    for (const { HostIdentifier, DeploymentExecutionId } of seen) {
      expect(HostIdentifier).toBe(world.identity)
      // The pattern and the length of the agent's own model.
      expect(DeploymentExecutionId).toMatch(/^[^/]+\/[^/]+\/[^/]+\/.+$/)
      expect(DeploymentExecutionId.length).toBeLessThanOrEqual(129)
    }
    expect(await world.info(id)).toMatchObject({ status: 'Succeeded', deploymentOverview: { Succeeded: 1 } })
    const [target] = await world.targets(id)
    expect(target).toMatchObject({ targetId: 'rack-1', status: 'Succeeded' })
    expect(target?.lifecycleEvents?.map(({ diagnostics }) => diagnostics?.message)).toEqual(
      events.map(() => 'Succeeded: '),
    )
    expect(await poll(world.aws, world.identity)).toBeUndefined()
  })

  test('finds in the specification what the official agent reads, pins included', async () => {
    const world = await rack()
    const revision = {
      revisionType: 'S3',
      s3Location: { bucket: 'artifacts', key: 'v1.zip', bundleType: 'zip', eTag: 'abc' },
    } as const
    const id = await world.deploy('', { revision, fileExistsBehavior: 'RETAIN' })
    const first = await pollUntil(world.aws, world.identity)
    const { Format, Payload } = await envelopeOf(world.aws, first)
    expect(Format).toBe('PKCS7/JSON')
    expect(Payload.length).toBeLessThanOrEqual(8192)
    expect(specificationIn(Payload)).toEqual({
      DeploymentId: id,
      DeploymentGroupId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      DeploymentGroupName: 'dev',
      ApplicationName: 'shop',
      DeploymentCreator: 'user',
      DeploymentType: 'IN_PLACE',
      AgentActionOverrides: { AgentOverrides: { FileExistsBehavior: 'RETAIN' } },
      Revision: {
        RevisionType: 'S3',
        S3Revision: { Bucket: 'artifacts', Key: 'v1.zip', BundleType: 'zip', Version: null, ETag: 'abc' },
      },
    })
  })

  withTools(
    ['openssl'],
    'is told in an envelope whose signature openssl finds good, and nobody can alter',
    async () => {
      const world = await rack()
      const id = await world.deploy('v1.zip')
      const { Payload } = await envelopeOf(world.aws, await pollUntil(world.aws, world.identity))
      const folder = temporaryFolder()
      const verify = async (payload: string) => {
        writeFileSync(join(folder, 'spec.pem'), payload)
        // As the agent does: the signature is checked, the chain of its certificate is not.
        const args = ['smime', '-verify', '-noverify', '-inform', 'PEM', '-in', join(folder, 'spec.pem')]
        return (await run('openssl', args)).stdout
      }
      expect(JSON.parse(await verify(Payload))).toMatchObject({ DeploymentId: id, ApplicationName: 'shop' })
      const der = Buffer.from(Payload.replace(/-----[^-]+-----|\s/g, ''), 'base64')
      const at = der.indexOf('"shop"') + 1
      der.write('shoq', at, 'latin1')
      const forged = `-----BEGIN PKCS7-----\n${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END PKCS7-----\n`
      await expect(verify(forged)).rejects.toThrow(/failure|digest/i)
    },
  )

  withTools(['ruby'], 'is told in an envelope that Ruby reads as the official agent does', async () => {
    const world = await rack()
    const id = await world.deploy('v1.zip')
    const { Payload } = await envelopeOf(world.aws, await pollUntil(world.aws, world.identity))
    const file = join(temporaryFolder(), 'spec.pem')
    writeFileSync(file, Payload)
    const script =
      'require "openssl"; p = OpenSSL::PKCS7.new(File.read(ARGV[0])); ' +
      'print p.verify([], OpenSSL::X509::Store.new, nil, OpenSSL::PKCS7::NOVERIFY), " ", p.data'
    const { stdout } = await run('ruby', ['-e', script, file])
    expect(stdout).toMatch(/^true /)
    expect(JSON.parse(stdout.slice('true '.length))).toMatchObject({ DeploymentId: id })
  })

  test('with nothing to do in an event is told to leave it, and it has succeeded', async () => {
    const world = await rack()
    const id = await world.deploy('v1.zip')
    const first = await pollUntil(world.aws, world.identity)
    expect(await acknowledge(world.aws, first, true)).toBe('Succeeded')
    const second = await pollUntil(world.aws, world.identity)
    expect(second.CommandName).toBe('DownloadBundle')
    expect(await acknowledge(world.aws, second)).toBe('InProgress')
    const update = { HostCommandIdentifier: second.HostCommandIdentifier, EstimatedCompletionTime: 1 }
    expect(await command(world.aws, 'PostHostCommandUpdate', update)).toEqual({
      status: 200,
      output: { CommandStatus: 'InProgress' },
    })
    const [target] = await world.targets(id)
    expect(target?.lifecycleEvents?.slice(0, 2)).toMatchObject([{ status: 'Succeeded' }, { status: 'InProgress' }])
  })

  test('reports a failed script, and the second report, which 1.8 sends after it, is not heard', async () => {
    const world = await rack()
    const id = await world.deploy('v1.zip')
    const first = await pollUntil(world.aws, world.identity)
    await acknowledge(world.aws, first)
    const report = {
      error_code: 4,
      script_name: 'scripts/stop.sh',
      message: 'Script at specified location: scripts/stop.sh failed with exit code 3',
      log: 'LifecycleEvent - ApplicationStop\n[stderr]no such service\n',
    }
    expect((await complete(world.aws, first, 'Failed', report)).status).toBe(200)
    const empty = { error_code: 5, script_name: '', message: '', log: '' }
    expect((await complete(world.aws, first, 'Failed', empty)).status).toBe(200)
    await world.aws.whenIdle()
    const [target] = await world.targets(id)
    expect(target?.lifecycleEvents?.[0]).toMatchObject({
      status: 'Failed',
      diagnostics: {
        errorCode: 'ScriptFailed',
        scriptName: 'scripts/stop.sh',
        message: report.message,
        logTail: report.log,
      },
    })
    expect(await acknowledge(world.aws, first)).toBe('Failed')
  })

  test('that is restarted in a hook completes the command that it finds noted, without another poll', async () => {
    const world = await rack()
    const id = await world.deploy('v1.zip')
    const first = await pollUntil(world.aws, world.identity)
    await acknowledge(world.aws, first)
    const message = 'Failed: Failing in-progress lifecycle event after an agent restart.'
    await complete(world.aws, first, 'Failed', { error_code: 7, script_name: '', message, log: '' })
    await world.aws.whenIdle()
    const [target] = await world.targets(id)
    expect(target?.lifecycleEvents?.[0]?.diagnostics).toMatchObject({ errorCode: 'UnknownError', message })
  })

  test('ends its event when the deployment is stopped, and is given no other', async () => {
    const world = await rack()
    const id = await world.deploy('v1.zip')
    const first = await pollUntil(world.aws, world.identity)
    await acknowledge(world.aws, first)
    await world.client.send(new StopDeploymentCommand({ deploymentId: id }))
    await complete(world.aws, first, 'Succeeded')
    await world.aws.whenIdle()
    expect(await world.info(id)).toMatchObject({ status: 'Stopped' })
    expect(await poll(world.aws, world.identity)).toBeUndefined()
  })

  test('that has not come for its command is not waited for when the deployment is stopped', async () => {
    const world = await rack()
    const id = await world.deploy('v1.zip')
    for (;;) {
      if ((await world.info(id)).deploymentOverview?.InProgress === 1) break
    }
    await world.client.send(new StopDeploymentCommand({ deploymentId: id }))
    await world.aws.whenIdle()
    expect(await world.info(id)).toMatchObject({ status: 'Stopped', deploymentOverview: { Skipped: 1 } })
    expect(await poll(world.aws, world.identity)).toBeUndefined()
  })

  test('is told in a restart which archive to start again', async () => {
    const world = await rack()
    const first = await world.deploy('v1.zip')
    await serve(world, [])
    await world.aws.whenIdle()
    await world.client.send(new CreateDeploymentCommand({ ...shopDev, deploymentMode: 'RESTART' }))
    const { Payload } = await envelopeOf(world.aws, await pollUntil(world.aws, world.identity))
    expect(specificationIn(Payload)).toMatchObject({ DeploymentId: first })
  })
})

describe('an agent that is lost', () => {
  /** A clock whose sleeps end at once, but for those that `holds`. */
  const hastyClock = (holds: (ms: number) => boolean) => ({
    now: () => Date.now(),
    monotonic: () => performance.now(),
    sleep: (ms: number, signal?: AbortSignal) =>
      holds(ms)
        ? new Promise<void>((_, reject) => {
            signal?.addEventListener('abort', () => reject(signal.reason as Error))
          })
        : Promise.resolve(),
  })

  test('takes no command for five minutes: the event fails, and its message says what to look at', async () => {
    const world = await rack({ clock: hastyClock(() => false) })
    const id = await world.deploy('v1.zip')
    await world.aws.whenIdle()
    const [target] = await world.targets(id)
    expect(target?.lifecycleEvents?.[0]).toMatchObject({
      status: 'Failed',
      diagnostics: { errorCode: 'UnknownError', message: expect.stringContaining('make sure the agent is running') },
    })
  })

  test('dies with a command: the event fails when its time is over', async () => {
    const world = await rack({ clock: hastyClock((ms) => ms === 300_000) })
    const id = await world.deploy('v1.zip')
    const first = await pollUntil(world.aws, world.identity)
    await acknowledge(world.aws, first)
    await world.aws.whenIdle()
    const [target] = await world.targets(id)
    expect(target?.lifecycleEvents?.[0]).toMatchObject({
      status: 'Failed',
      diagnostics: { errorCode: 'ScriptTimedOut', message: expect.stringContaining('4200 seconds') },
    })
    expect(await acknowledge(world.aws, first)).toBe('Failed')
  })

  test('does not keep local-aws from closing', async () => {
    const world = await rack()
    await world.deploy('v1.zip')
    await pollUntil(world.aws, world.identity)
    await world.aws.close()
  })
})

describe('what is refused', () => {
  test('a host that nobody registered, or that is not registered any more', async () => {
    const world = await rack()
    const stranger = { HostIdentifier: 'arn:aws:iam::123456789012:user/nobody' }
    expect(await command(world.aws, 'PollHostCommand', stranger)).toMatchObject({
      status: 400,
      output: { __type: 'ClientException', message: expect.stringContaining('RegisterOnPremisesInstance') },
    })
    await world.client.send(new DeregisterOnPremisesInstanceCommand({ instanceName: 'rack-1' }))
    expect(await command(world.aws, 'PollHostCommand', { HostIdentifier: world.identity })).toMatchObject({
      status: 400,
    })
  })

  test('a command, an execution and a status that nobody gave, and diagnostics that are too long', async () => {
    const world = await rack()
    await world.deploy('v1.zip')
    const { HostCommandIdentifier, DeploymentExecutionId } = await pollUntil(world.aws, world.identity)
    const rows: readonly (readonly [string, Record<string, unknown>])[] = [
      ['PollHostCommand', {}],
      ['PutHostCommandAcknowledgement', { HostCommandIdentifier: 'x' }],
      ['PutHostCommandComplete', { HostCommandIdentifier, CommandStatus: 'Pending' }],
      ['PutHostCommandComplete', { HostCommandIdentifier }],
      [
        'PutHostCommandComplete',
        { HostCommandIdentifier, CommandStatus: 'Failed', Diagnostics: { Format: 'JSON', Payload: 'x'.repeat(8193) } },
      ],
      ['GetDeploymentSpecification', { DeploymentExecutionId: 'a/b/c/d', HostIdentifier: world.identity }],
      ['GetDeploymentSpecification', { DeploymentExecutionId, HostIdentifier: 'arn:aws:iam::1:user/x' }],
    ]
    for (const [operation, input] of rows) {
      const answer = await command(world.aws, operation, input as never)
      expect(answer, operation).toMatchObject({ status: 400, output: { __type: 'ClientException' } })
    }
  })

  test('an operation that is not there, by its name', async () => {
    const world = await rack()
    expect(await command(world.aws, 'RebootHost', {})).toMatchObject({
      status: 400,
      output: { message: expect.stringContaining('RebootHost') },
    })
  })

  test('a request that is not signed, or signed for another service', async () => {
    const world = await rack()
    const wrong = await command(world.aws, 'PollHostCommand', { HostIdentifier: world.identity }, 'codedeploy')
    expect(wrong).toMatchObject({ status: 400, output: { __type: 'InvalidSignatureException' } })
    const unsigned = await send(world.aws.endpoint, {
      method: 'POST',
      path: '/',
      headers: {
        host: new URL(world.aws.endpoint).host,
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'CodeDeployCommandService_v20141006.PollHostCommand',
      },
      body: '{}',
    })
    expect(unsigned.status).toBe(400)
    expect(unsigned.text).toContain('MissingAuthenticationToken')
  })
})
