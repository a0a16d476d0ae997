import {
  BatchGetApplicationRevisionsCommand,
  BatchGetApplicationsCommand,
  BatchGetDeploymentGroupsCommand,
  BatchGetDeploymentInstancesCommand,
  CreateApplicationCommand,
  CreateDeploymentGroupCommand,
  DeleteApplicationCommand,
  DeleteResourcesByExternalIdCommand,
  GetApplicationCommand,
  GetDeploymentGroupCommand,
  GetDeploymentInstanceCommand,
  ListDeploymentInstancesCommand,
  ListDeploymentsCommand,
  ListGitHubAccountTokenNamesCommand,
  ListTagsForResourceCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateApplicationCommand,
  UpdateDeploymentGroupCommand,
} from '@aws-sdk/client-codedeploy'
import * as codeDeploySdk from '@aws-sdk/client-codedeploy'
import { describe, expect, test } from 'vitest'
import { scripted } from './scripted.ts'
import { serviceRoleArn, shopDev, simulated, type Simulated } from './simulated.ts'

function oneHost(): Promise<Simulated> {
  return simulated({
    simulatedHosts: [{ name: 'web-1' }],
    applications: [{ name: 'shop', groups: [{ name: 'dev', hosts: ['web-1'] }] }],
  })
}

const arnOf = (kind: string, name: string) => `arn:aws:codedeploy:us-east-1:123456789012:${kind}:${name}`

describe('the operations', () => {
  test('are those of the SDK, every one', async () => {
    const names = Object.keys(codeDeploySdk).flatMap((name) => /^([A-Z]\w+)Command$/.exec(name)?.[1] ?? [])
    expect(names.length).toBeGreaterThan(40)
    const { call } = scripted()
    const answers = await Promise.allSettled(names.map((name) => call(name)))
    const unknown = names.filter((_, index) => {
      const answer = answers[index]
      return answer?.status === 'rejected' && (answer.reason as Error).name === 'UnknownOperationException'
    })
    expect(unknown).toEqual([])
  })

  test('answer errors of the SDK only', async () => {
    const { call } = scripted()
    const names = Object.keys(codeDeploySdk).flatMap((name) => /^([A-Z]\w+)Command$/.exec(name)?.[1] ?? [])
    for (const name of names) {
      await call(name).catch((error: unknown) => {
        expect(Object.keys(codeDeploySdk), name).toContain((error as Error).name)
      })
    }
  })
})

describe('tags of resources', () => {
  test('come with an application and a group, are added, taken away, and go with the resource', async () => {
    const { client } = await simulated()
    const tagsOf = async (ResourceArn: string) =>
      (await client.send(new ListTagsForResourceCommand({ ResourceArn }))).Tags
    const tags = [{ Key: 'team', Value: 'shop' }]
    await client.send(new CreateApplicationCommand({ applicationName: 'shop', tags }))
    await client.send(new CreateDeploymentGroupCommand({ ...shopDev, serviceRoleArn, tags }))
    expect(await tagsOf(arnOf('deploymentgroup', 'shop/dev'))).toEqual(tags)
    const ResourceArn = arnOf('application', 'shop')
    await client.send(new TagResourceCommand({ ResourceArn, Tags: [{ Key: 'stage', Value: 'dev' }] }))
    expect(await tagsOf(ResourceArn)).toEqual([...tags, { Key: 'stage', Value: 'dev' }])
    await client.send(new UntagResourceCommand({ ResourceArn, TagKeys: ['team'] }))
    expect(await tagsOf(ResourceArn)).toEqual([{ Key: 'stage', Value: 'dev' }])

    await client.send(new UpdateApplicationCommand({ applicationName: 'shop', newApplicationName: 'store' }))
    expect(await tagsOf(arnOf('application', 'store'))).toEqual([{ Key: 'stage', Value: 'dev' }])
    expect(await tagsOf(arnOf('deploymentgroup', 'store/dev'))).toEqual(tags)
    await client.send(
      new UpdateDeploymentGroupCommand({
        applicationName: 'store',
        currentDeploymentGroupName: 'dev',
        newDeploymentGroupName: 'qa',
      }),
    )
    expect(await tagsOf(arnOf('deploymentgroup', 'store/qa'))).toEqual(tags)
    await client.send(new DeleteApplicationCommand({ applicationName: 'store' }))
    await client.send(new CreateApplicationCommand({ applicationName: 'store' }))
    expect(await tagsOf(arnOf('application', 'store'))).toEqual([])
  })
})

describe('an application that is renamed', () => {
  test('keeps its groups and what was deployed', async () => {
    const run = await oneHost()
    const id = await run.deploy('v1.zip')
    await run.aws.whenIdle()
    await run.client.send(new UpdateApplicationCommand({ applicationName: 'shop', newApplicationName: 'store' }))
    await expect(run.client.send(new GetApplicationCommand({ applicationName: 'shop' }))).rejects.toThrow('shop')
    expect(await run.info(id)).toMatchObject({ applicationName: 'store' })
    const { deploymentGroupInfo } = await run.client.send(
      new GetDeploymentGroupCommand({ applicationName: 'store', deploymentGroupName: 'dev' }),
    )
    expect(deploymentGroupInfo?.lastSuccessfulDeployment).toMatchObject({ deploymentId: id })
  })
})

describe('batches', () => {
  test('of applications, groups and revisions answer what there is, and name what there is not', async () => {
    const run = await oneHost()
    await run.deploy('v1.zip')
    await run.aws.whenIdle()
    const applications = await run.client.send(new BatchGetApplicationsCommand({ applicationNames: ['shop'] }))
    expect(applications.applicationsInfo).toMatchObject([{ applicationName: 'shop', computePlatform: 'Server' }])
    const groups = await run.client.send(
      new BatchGetDeploymentGroupsCommand({ applicationName: 'shop', deploymentGroupNames: ['dev', 'nope'] }),
    )
    expect(groups.deploymentGroupsInfo).toMatchObject([{ deploymentGroupName: 'dev' }])
    expect(groups.errorMessage).toContain('nope')
    const s3 = (key: string) =>
      ({ revisionType: 'S3', s3Location: { bucket: 'artifacts', key, bundleType: 'zip' } }) as const
    const revisions = await run.client.send(
      new BatchGetApplicationRevisionsCommand({ applicationName: 'shop', revisions: [s3('v1.zip'), s3('v9.zip')] }),
    )
    expect(revisions.revisions).toMatchObject([
      { revisionLocation: s3('v1.zip'), genericRevisionInfo: { deploymentGroups: ['dev'] } },
    ])
    expect(revisions.errorMessage).toContain('v9.zip')
  })
})

describe('the older names of targets', () => {
  test('say of instances what targets say', async () => {
    const run = await oneHost()
    const deploymentId = await run.deploy('v1.zip')
    await run.aws.whenIdle()
    const list = await run.client.send(
      new ListDeploymentInstancesCommand({ deploymentId, instanceStatusFilter: ['Succeeded'] }),
    )
    expect(list.instancesList).toEqual(['web-1'])
    const one = await run.client.send(new GetDeploymentInstanceCommand({ deploymentId, instanceId: 'web-1' }))
    expect(one.instanceSummary).toMatchObject({ status: 'Succeeded', deploymentId })
    expect(one.instanceSummary?.lifecycleEvents).toHaveLength(7)
    const instanceIds = [one.instanceSummary?.instanceId ?? '', 'nobody']
    const many = await run.client.send(new BatchGetDeploymentInstancesCommand({ deploymentId, instanceIds }))
    expect(many.instancesSummary).toHaveLength(1)
  })
})

describe('what belongs to other services', () => {
  test('there is no connection to GitHub, and nothing has an external id', async () => {
    const run = await oneHost()
    await run.deploy('v1.zip')
    await run.aws.whenIdle()
    expect((await run.client.send(new ListGitHubAccountTokenNamesCommand({}))).tokenNameList).toEqual([])
    expect((await run.client.send(new ListDeploymentsCommand({ externalId: 'stack' }))).deployments).toEqual([])
    await run.client.send(new DeleteResourcesByExternalIdCommand({ externalId: 'stack' }))
    expect((await run.client.send(new ListDeploymentsCommand({}))).deployments).toHaveLength(1)
  })
})
