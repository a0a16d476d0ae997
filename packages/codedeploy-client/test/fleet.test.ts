import { createRequire } from 'node:module'
import { CreateDeploymentCommand, CreateDeploymentGroupCommand } from '@aws-sdk/client-codedeploy'
import { isDeployError, type S3Location } from '@fairlead/core'
import { startLocalAws, type SimulatedHost } from '@fairlead/local-aws'
import { expect, onTestFinished, test } from 'vitest'
import {
  codeDeployErrors,
  continueDeployment,
  startDeployment,
  waitForDeployment,
  watchDeployment,
} from '../src/index.ts'
import { failureOf } from './support/deploy-values.ts'

/** local-aws brings the client that fills its buckets; this package has none of its own. */
const { PutObjectCommand } = createRequire(createRequire(import.meta.url).resolve('@fairlead/local-aws'))(
  '@aws-sdk/client-s3',
) as {
  readonly PutObjectCommand: new (input: {
    readonly Bucket: string
    readonly Key: string
    readonly Body: string
  }) => never
}

const target = { application: 'shop', deploymentGroup: 'dev' }
const commit = 'a1'.repeat(20)
const sha256 = 'ab'.repeat(32)

/** local-aws with hosts that run no script, and a publication that nobody opens. */
async function fleet(simulatedHosts: readonly SimulatedHost[]) {
  const aws = await startLocalAws({
    buckets: [{ name: 'artifacts', versioned: true }],
    simulatedHosts,
    applications: [
      {
        name: 'shop',
        groups: [
          {
            name: 'dev',
            hosts: simulatedHosts.map(({ name }) => name),
            deploymentConfig: 'CodeDeployDefault.HalfAtATime',
          },
        ],
      },
    ],
  })
  onTestFinished(() => aws.close())
  const key = `artifacts/${sha256}.zip`
  const put = (await aws.clients.s3.send(new PutObjectCommand({ Bucket: 'artifacts', Key: key, Body: 'zip' }))) as {
    readonly VersionId?: string
    readonly ETag?: string
  }
  const location: S3Location = {
    kind: 's3',
    bucket: 'artifacts',
    key,
    versionId: put.VersionId ?? '',
    eTag: (put.ETag ?? '').replaceAll('"', ''),
  }
  return { client: aws.clients.codeDeploy, location }
}

test('a deployment to a thousand hosts is watched to its end, and every host is in the report', async () => {
  const names = Array.from({ length: 1000 }, (_, index) => `web-${index}`)
  const { client, location } = await fleet(
    names.map((name) => ({
      name,
      answer: async () => {
        await new Promise((resolve) => setImmediate(resolve))
      },
    })),
  )
  const deployment = await startDeployment({ commit, sha256, location }, target, { client })
  const report = await waitForDeployment(deployment, { client })
  expect(report.status).toBe('succeeded')
  expect(report.instances.filter(({ status }) => status === 'succeeded')).toHaveLength(1000)
})

test('a failure among a thousand hosts is explained by the host that failed', async () => {
  const names = Array.from({ length: 1000 }, (_, index) => `web-${index}`)
  const { client, location } = await fleet(
    names.map((name) => ({
      name,
      answer: ({ event }) =>
        event === 'ValidateService' ? { scriptName: 'check.sh', message: 'not well' } : undefined,
    })),
  )
  const deployment = await startDeployment({ commit, sha256, location }, target, { client })
  const error = await failureOf(waitForDeployment(deployment, { client }))
  if (!isDeployError(error, codeDeployErrors.DEPLOYMENT_FAILED)) throw error
  expect(error.message).toContain('not well')
})

test('a blue/green deployment waits to be continued, then goes over to its replacements', async () => {
  const byColour = (Value: string) => [{ Key: 'colour', Value, Type: 'KEY_AND_VALUE' as const }]
  const { client, location } = await fleet([
    { name: 'blue-1', tags: { colour: 'blue' } },
    { name: 'green-1', tags: { colour: 'green' } },
  ])
  const site = { applicationName: 'shop', deploymentGroupName: 'site' }
  await client.send(
    new CreateDeploymentGroupCommand({
      ...site,
      serviceRoleArn: 'arn:aws:iam::123456789012:role/deploy',
      ec2TagFilters: byColour('blue'),
      deploymentStyle: { deploymentType: 'BLUE_GREEN', deploymentOption: 'WITH_TRAFFIC_CONTROL' },
      loadBalancerInfo: { targetGroupInfoList: [{ name: 'site' }] },
      blueGreenDeploymentConfiguration: {
        deploymentReadyOption: { actionOnTimeout: 'STOP_DEPLOYMENT', waitTimeInMinutes: 60 },
        terminateBlueInstancesOnDeploymentSuccess: { action: 'TERMINATE', terminationWaitTimeInMinutes: 0 },
      },
    }),
  )
  const { bucket, key } = location
  const { deploymentId = '' } = await client.send(
    new CreateDeploymentCommand({
      ...site,
      revision: { revisionType: 'S3', s3Location: { bucket, key, bundleType: 'zip' } },
      targetInstances: { tagFilters: byColour('green') },
    }),
  )
  const subject = { deploymentId, target: { application: 'shop', deploymentGroup: 'site' } }
  const seen: string[] = []
  for await (const event of watchDeployment(subject, { client, pollIntervalMs: 20 })) {
    if (event.type === 'deployment.status-changed') seen.push(event.to)
    if (event.type === 'deployment.status-changed' && event.to === 'ready')
      await continueDeployment(subject, { client })
    if (event.type === 'deployment.ended') {
      expect(event.report.status).toBe('succeeded')
      expect(event.report.instances.map(({ id, status }) => [id, status])).toEqual([
        ['blue-1', 'succeeded'],
        ['green-1', 'succeeded'],
      ])
    }
  }
  expect(seen).toContain('ready')
  expect(seen.at(-1)).toBe('succeeded')
})
