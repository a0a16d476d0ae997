import {
  AddTagsToOnPremisesInstancesCommand,
  BatchGetOnPremisesInstancesCommand,
  CreateDeploymentGroupCommand,
  DeregisterOnPremisesInstanceCommand,
  GetOnPremisesInstanceCommand,
  IamUserArnAlreadyRegisteredException,
  InstanceNameAlreadyRegisteredException,
  ListOnPremisesInstancesCommand,
  RegisterOnPremisesInstanceCommand,
  RemoveTagsFromOnPremisesInstancesCommand,
  TagLimitExceededException,
  type ListOnPremisesInstancesCommandInput,
} from '@aws-sdk/client-codedeploy'
import { describe, expect, test } from 'vitest'
import { serviceRoleArn, simulated, shopDev, type Simulated } from './simulated.ts'

const userArn = (name: string) => `arn:aws:iam::123456789012:user/AWS/CodeDeploy/${name}`

function register({ client }: Simulated, instanceName: string) {
  return client.send(new RegisterOnPremisesInstanceCommand({ instanceName, iamUserArn: userArn(instanceName) }))
}

describe('on-premises instances', () => {
  test('one is registered, tagged, listed, found, untagged and deregistered', async () => {
    const run = await simulated()
    const { client } = run
    await register(run, 'rack-1')
    await client.send(
      new AddTagsToOnPremisesInstancesCommand({
        instanceNames: ['rack-1'],
        tags: [
          { Key: 'role', Value: 'web' },
          { Key: 'tier', Value: 'gold' },
        ],
      }),
    )
    const { instanceInfo } = await client.send(new GetOnPremisesInstanceCommand({ instanceName: 'rack-1' }))
    expect(instanceInfo).toMatchObject({
      instanceName: 'rack-1',
      iamUserArn: userArn('rack-1'),
      tags: [
        { Key: 'role', Value: 'web' },
        { Key: 'tier', Value: 'gold' },
      ],
    })
    expect(instanceInfo?.instanceArn).toMatch(
      /^arn:aws:codedeploy:us-east-1:123456789012:instance\/rack-1_[A-Za-z0-9]{10}$/,
    )
    expect(instanceInfo?.registerTime).toBeInstanceOf(Date)
    expect(instanceInfo?.deregisterTime).toBeUndefined()

    await register(run, 'rack-2')
    const tagFilters = [{ Key: 'role', Value: 'web', Type: 'KEY_AND_VALUE' }] as const
    const list = async (input: ListOnPremisesInstancesCommandInput) =>
      (await client.send(new ListOnPremisesInstancesCommand(input))).instanceNames
    expect(await list({ tagFilters: [...tagFilters] })).toEqual(['rack-1'])
    expect(await list({ registrationStatus: 'Registered' })).toEqual(['rack-1', 'rack-2'])

    await client.send(
      new RemoveTagsFromOnPremisesInstancesCommand({
        instanceNames: ['rack-1'],
        tags: [
          { Key: 'role', Value: 'web' },
          { Key: 'tier', Value: 'silver' },
        ],
      }),
    )
    await client.send(new DeregisterOnPremisesInstanceCommand({ instanceName: 'rack-2' }))
    const { instanceInfos } = await client.send(
      new BatchGetOnPremisesInstancesCommand({ instanceNames: ['rack-1', 'rack-2', 'nobody'] }),
    )
    expect(instanceInfos).toMatchObject([{ tags: [{ Key: 'tier', Value: 'gold' }] }, { instanceName: 'rack-2' }])
    expect(instanceInfos?.[1]?.deregisterTime).toBeInstanceOf(Date)
    expect(await list({ registrationStatus: 'Deregistered' })).toEqual(['rack-2'])
    expect(await list({})).toEqual(['rack-1', 'rack-2'])
    await register(run, 'rack-2')
    expect(await list({ registrationStatus: 'Deregistered' })).toEqual([])
  })

  test('neither a name nor an identity is registered twice', async () => {
    const run = await simulated()
    await register(run, 'rack-1')
    await expect(register(run, 'rack-1')).rejects.toThrow(InstanceNameAlreadyRegisteredException)
    const other = new RegisterOnPremisesInstanceCommand({ instanceName: 'rack-9', iamUserArn: userArn('rack-1') })
    await expect(run.client.send(other)).rejects.toThrow(IamUserArnAlreadyRegisteredException)
  })

  test('an instance has ten tags and no more', async () => {
    const run = await simulated()
    await register(run, 'rack-1')
    const add = (keys: readonly string[]) =>
      run.client.send(
        new AddTagsToOnPremisesInstancesCommand({
          instanceNames: ['rack-1'],
          tags: keys.map((Key) => ({ Key, Value: '' })),
        }),
      )
    await add(Array.from({ length: 10 }, (_, index) => `key-${index}`))
    await expect(add(['one-more'])).rejects.toThrow(TagLimitExceededException)
    await add(['key-3'])
  })

  test('names come in pages of a hundred', async () => {
    const run = await simulated()
    for (let index = 0; index < 101; index += 1) await register(run, `rack-${index}`)
    const first = await run.client.send(new ListOnPremisesInstancesCommand({}))
    expect(first.instanceNames).toHaveLength(100)
    const second = await run.client.send(new ListOnPremisesInstancesCommand({ nextToken: first.nextToken }))
    expect(second).toMatchObject({ instanceNames: ['rack-100'] })
    expect(second.nextToken).toBeUndefined()
  })

  test('tags find a host that is registered under its own name, and its agent here runs the deployment', async () => {
    const run = await simulated({
      simulatedHosts: [{ name: 'web-1' }, { name: 'web-2' }],
      applications: [{ name: 'shop', groups: [] }],
    })
    await register(run, 'web-2')
    await run.client.send(
      new AddTagsToOnPremisesInstancesCommand({
        instanceNames: ['web-2'],
        tags: [{ Key: 'role', Value: 'web' }],
      }),
    )
    await run.client.send(
      new CreateDeploymentGroupCommand({
        ...shopDev,
        serviceRoleArn,
        onPremisesInstanceTagFilters: [{ Key: 'role', Value: 'web', Type: 'KEY_AND_VALUE' }],
      }),
    )
    const id = await run.deploy('v1.zip')
    await run.aws.whenIdle()
    expect(await run.info(id)).toMatchObject({ status: 'Succeeded' })
    expect(await run.targets(id)).toMatchObject([
      { targetId: 'web-2', targetArn: 'arn:aws:codedeploy:us-east-1:123456789012:instance/web-2' },
    ])
  })
})
