import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateDeploymentCommand, GetDeploymentCommand, StopDeploymentCommand } from '@aws-sdk/client-codedeploy'
import type { ArtifactStore, Deployment, Publication, Release, S3Location, Target } from '@fairlead/core'
import { startLocalAws, type LocalAws } from '@fairlead/local-aws'
import { s3Store } from '@fairlead/s3-publisher'
import { afterAll, beforeAll, vi } from 'vitest'
import { bundleOf } from './bundle.ts'
import { publish } from './publishing.ts'

const groups = ['dev', 'staging', 'rolling-back'] as const

export function target(deploymentGroup: (typeof groups)[number] | string): Target {
  return { application: 'shop', deploymentGroup }
}

let commits = 0

/** An id that no other test uses. */
export function newCommit(): string {
  return String(++commits).padStart(40, '0')
}

/** S3 and CodeDeploy for the tests of a file, with a host for each group, in whose environment the SDK finds them. */
export function useWorld() {
  let aws: LocalAws | undefined
  let folder = ''
  const running = () => {
    if (!aws) throw new Error('local-aws runs only while tests do')
    return aws
  }
  beforeAll(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'fairlead-test-')))
    const hosts = groups.map((name) => ({ name, folder: join(folder, name) }))
    for (const host of hosts) mkdirSync(host.folder)
    aws = await startLocalAws({
      buckets: [{ name: 'artifacts', versioned: true }],
      hosts,
      applications: [
        {
          name: 'shop',
          groups: groups.map((name) => ({
            name,
            hosts: [name],
            ...(name === 'rolling-back' ? { autoRollback: ['failure' as const] } : {}),
          })),
        },
        { name: 'blog', groups: [{ name: 'dev', hosts: ['dev'] }] },
      ],
    })
    for (const [name, value] of Object.entries(aws.environment)) vi.stubEnv(name, value)
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await aws?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const start = async (publication: Publication, where: Target): Promise<Deployment> => {
    const location = publication.location as S3Location
    const { bucket, key, versionId, eTag } = location
    const { deploymentId } = await running().clients.codeDeploy.send(
      new CreateDeploymentCommand({
        applicationName: where.application,
        deploymentGroupName: where.deploymentGroup,
        revision: { revisionType: 'S3', s3Location: { bucket, key, version: versionId, eTag, bundleType: 'zip' } },
      }),
    )
    return {
      schema: 'fairlead/deployment/1',
      deploymentId: String(deploymentId),
      target: where,
      commit: publication.commit,
      sha256: publication.sha256,
      location,
      runToken: randomUUID(),
      alreadyStarted: false,
      startedAt: new Date().toISOString(),
    }
  }

  return {
    get aws() {
      return running()
    },
    /** A store of its own for each test: another ledger. */
    makeStore: (): ArtifactStore => s3Store({ bucket: 'artifacts', prefix: randomUUID() }),
    publish: (store: ArtifactStore, commit: string, hooks?: Readonly<Record<string, string>>) =>
      // The commit stands in the bytes, so that no two have the same digest.
      publish(store, commit, bundleOf({ AfterInstall: `: ${commit}`, ...hooks })),
    start,
    /** Starts a deployment and waits until nothing runs, rollbacks included. */
    deploy: async (publication: Publication, where: Target): Promise<Deployment> => {
      const deployment = await start(publication, where)
      await running().whenIdle()
      return deployment
    },
    stop: async ({ deploymentId }: Deployment) => {
      await running().clients.codeDeploy.send(new StopDeploymentCommand({ deploymentId }))
      await running().whenIdle()
    },
    ask: async (deploymentId: string) =>
      (await running().clients.codeDeploy.send(new GetDeploymentCommand({ deploymentId }))).deploymentInfo,
  }
}

export function releaseOf(publication: Publication, repository = '/srv/no-repository'): Release {
  return { schema: 'fairlead/release/1', tag: 'v1.0.0', commit: publication.commit, repository, publication }
}
