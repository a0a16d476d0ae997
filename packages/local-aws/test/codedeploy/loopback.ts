import { PutObjectCommand } from '@aws-sdk/client-s3'
import type { CodeDeployClient } from '@aws-sdk/client-codedeploy'
import { temporaryFolder } from '@fairlead/test-support'
import { onTestFinished } from 'vitest'
import { startLocalAws, type LocalAws, type LocalAwsEvent } from '../../src/index.ts'

export interface Pins {
  readonly eTag: string
  readonly version: string
}

export interface Loopback {
  readonly aws: LocalAws
  readonly client: CodeDeployClient
  /** The folder of a host. */
  readonly folder: (host: string) => string
  /** Puts an object into the bucket `artifacts` and answers its pins. */
  readonly put: (key: string, body: Buffer) => Promise<Pins>
  readonly events: LocalAwsEvent[]
}

/** All of local-aws with the group shop/dev on hosts of their own: real agents, the real SDK, real HTTP. */
export async function loopback(...hosts: readonly string[]): Promise<Loopback> {
  const root = temporaryFolder()
  const events: LocalAwsEvent[] = []
  const aws = await startLocalAws({
    buckets: [{ name: 'artifacts', versioned: true }],
    hosts: hosts.map((name) => ({ name, folder: `${root}/${name}`, environment: { HOST_NAME: name } })),
    applications: [{ name: 'shop', groups: [{ name: 'dev', hosts, autoRollback: ['failure'] }] }],
    onEvent: (event) => events.push(event),
  })
  onTestFinished(aws.close)
  const { codeDeploy, s3 } = aws.clients
  return {
    aws,
    events,
    client: codeDeploy,
    folder: (host) => `${root}/${host}`,
    put: async (key, body) => {
      const { ETag, VersionId } = await s3.send(new PutObjectCommand({ Bucket: 'artifacts', Key: key, Body: body }))
      if (ETag === undefined || VersionId === undefined) throw new Error('the bucket gave no pins')
      return { eTag: ETag, version: VersionId }
    },
  }
}
