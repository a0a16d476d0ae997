import {
  BatchGetDeploymentTargetsCommand,
  CreateDeploymentCommand,
  GetDeploymentCommand,
  ListDeploymentTargetsCommand,
  type CodeDeployClient,
  type CreateDeploymentCommandInput,
  type DeploymentInfo,
  type InstanceTarget,
} from '@aws-sdk/client-codedeploy'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { onTestFinished } from 'vitest'
import { startLocalAws, type LocalAws, type LocalAwsEvent, type LocalAwsOptions } from '../../src/index.ts'

/** All of local-aws over HTTP, with hosts that run no script, and the bundles `v1.zip` to `v3.zip`, which nobody opens. */
export interface Simulated {
  readonly aws: LocalAws
  readonly client: CodeDeployClient
  readonly events: LocalAwsEvent[]
  /** Creates a deployment of shop/dev, and answers its id. */
  readonly deploy: (key: string, input?: Partial<CreateDeploymentCommandInput>) => Promise<string>
  readonly info: (deploymentId: string) => Promise<DeploymentInfo>
  /** Every host of a deployment, in the order of the list. */
  readonly targets: (deploymentId: string) => Promise<readonly InstanceTarget[]>
}

export const shopDev = { applicationName: 'shop', deploymentGroupName: 'dev' } as const
export const serviceRoleArn = 'arn:aws:iam::123456789012:role/deploy'

export async function simulated(options: LocalAwsOptions = {}): Promise<Simulated> {
  const events: LocalAwsEvent[] = []
  const aws = await startLocalAws({
    buckets: [{ name: 'artifacts', versioned: true }],
    onEvent: (event) => events.push(event),
    ...options,
  })
  onTestFinished(aws.close)
  const { codeDeploy: client, s3 } = aws.clients
  for (const Key of ['v1.zip', 'v2.zip', 'v3.zip']) {
    await s3.send(new PutObjectCommand({ Bucket: 'artifacts', Key, Body: Key }))
  }
  return {
    aws,
    client,
    events,
    deploy: async (key, input = {}) => {
      const revision = { revisionType: 'S3', s3Location: { bucket: 'artifacts', key, bundleType: 'zip' } } as const
      const { deploymentId } = await client.send(new CreateDeploymentCommand({ ...shopDev, revision, ...input }))
      if (deploymentId === undefined) throw new Error('no id')
      return deploymentId
    },
    info: async (deploymentId) => {
      const { deploymentInfo } = await client.send(new GetDeploymentCommand({ deploymentId }))
      if (!deploymentInfo) throw new Error('no deployment')
      return deploymentInfo
    },
    targets: async (deploymentId) => {
      const found: InstanceTarget[] = []
      let nextToken: string | undefined
      do {
        const page = await client.send(new ListDeploymentTargetsCommand({ deploymentId, nextToken }))
        const ids = page.targetIds ?? []
        for (let start = 0; start < ids.length; start += 25) {
          const targetIds = ids.slice(start, start + 25)
          const answer = await client.send(new BatchGetDeploymentTargetsCommand({ deploymentId, targetIds }))
          found.push(...(answer.deploymentTargets ?? []).flatMap(({ instanceTarget }) => instanceTarget ?? []))
        }
        nextToken = page.nextToken
      } while (nextToken !== undefined)
      return found
    },
  }
}

/** `<host> <event>`, in the order in which the events began. */
export function began(events: readonly LocalAwsEvent[]): readonly string[] {
  return events.flatMap((event) =>
    event.type === 'codedeploy.lifecycle-event-changed' && event.status === 'InProgress'
      ? [`${event.host} ${event.event}`]
      : [],
  )
}

/** The status of each event of a target, by name. */
export function statusesOf({ lifecycleEvents = [] }: InstanceTarget): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    lifecycleEvents.map(({ lifecycleEventName = '', status }) => [lifecycleEventName, status] as const),
  )
}
