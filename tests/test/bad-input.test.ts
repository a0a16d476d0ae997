/** What a user can get wrong, in one place: each is a typed error, and nothing has changed when it is thrown. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildArtifact } from '@fairlead/artifact-builder'
import { startDeployment, stopDeployment } from '@fairlead/codedeploy-client'
import type { Artifact, Publication } from '@fairlead/core'
import { startLocalAws, type LocalAws } from '@fairlead/local-aws'
import { publishArtifact, s3Store } from '@fairlead/s3-publisher'
import { injectSecrets, secret } from '@fairlead/secrets-injector'
import { createRepository, temporaryFolder, type TestRepository } from '@fairlead/test-support'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

let aws: LocalAws

beforeAll(async () => {
  aws = await startLocalAws({
    buckets: [{ name: 'artifacts', versioned: true }],
    hosts: [{ name: 'web-1', folder: join(hostsFolder, 'web-1') }],
    applications: [{ name: 'shop', groups: [{ name: 'dev', hosts: ['web-1'] }] }],
  })
})
afterAll(async () => {
  await aws.close()
  rmSync(hostsFolder, { recursive: true })
})

const hostsFolder = mkdtempSync(join(tmpdir(), 'bad-input-test-'))
const dev = { application: 'shop', deploymentGroup: 'dev' }
const sleepScript = { text: '#!/bin/sh\nsleep 30\n', mode: 0o755 }
const appspec = `version: 0.0
os: linux
hooks:
  AfterInstall:
    - location: hooks/wait.sh
`

function shop(): TestRepository {
  const repository = createRepository(join(temporaryFolder(), 'shop'))
  repository.commit({ 'appspec.yml': appspec, 'hooks/wait.sh': sleepScript, 'index.html': 'hello' })
  return repository
}

async function published(): Promise<{ artifact: Artifact; publication: Publication }> {
  const { path } = shop()
  const artifact = await buildArtifact({ root: path, include: ['**'], output: join(path, '../shop.zip') })
  const store = s3Store({ bucket: 'artifacts', client: aws.clients.s3 })
  return { artifact, publication: await publishArtifact(artifact, { store }) }
}

describe('buildArtifact', () => {
  test.each([
    ['a root that is missing', 'ARTIFACT_ROOT_MISSING', (path: string) => ({ root: join(path, 'none') })],
    [
      'an output that its own include would take in',
      'ARTIFACT_OUTPUT_INSIDE_ROOT',
      (path: string) => ({ output: join(path, 'shop.zip') }),
    ],
    ['an option that it does not have', 'UNKNOWN_OPTION', () => ({ includes: ['**'] })],
    ['no appspec.yml in a bundle for CodeDeploy', 'ARTIFACT_APPSPEC_MISSING', () => ({ include: ['index.html'] })],
  ])('refuses %s', async (_name, code, change) => {
    const { path } = shop()
    const output = join(path, '../out/shop.zip')
    const options = { root: path, include: ['**'], output, ...change(path) }
    await expect(buildArtifact(options)).rejects.toMatchObject({ name: 'DeployError', code })
    expect(existsSync(output)).toBe(false)
    expect(readdirSync(path).sort()).toEqual(['.git', 'appspec.yml', 'hooks', 'index.html'])
  })

  test('refuses tracked files that differ from the commit, and names them', async () => {
    const repository = shop()
    repository.write({ 'index.html': 'changed' })
    const output = join(repository.path, '../shop.zip')
    await expect(buildArtifact({ root: repository.path, include: ['**'], output })).rejects.toMatchObject({
      code: 'ARTIFACT_TREE_DIFFERS',
      message: expect.stringContaining('index.html'),
    })
    expect(existsSync(output)).toBe(false)
  })
})

describe('publishArtifact', () => {
  test('refuses a bucket that does not exist', async () => {
    const { artifact } = await published()
    const store = s3Store({ bucket: 'no-such-bucket', client: aws.clients.s3 })
    await expect(publishArtifact(artifact, { store })).rejects.toMatchObject({ code: 'S3_BUCKET_NOT_FOUND' })
  })

  test('says that an endpoint cannot be reached', async () => {
    const { artifact } = await published()
    const port = await unusedPort()
    const { S3Client } = await import('@aws-sdk/client-s3')
    const client = new S3Client({
      endpoint: `http://127.0.0.1:${port}`,
      region: aws.region,
      credentials: aws.credentials,
      forcePathStyle: true,
      maxAttempts: 1,
    })
    await expect(publishArtifact(artifact, { store: s3Store({ bucket: 'artifacts', client }) })).rejects.toMatchObject({
      code: 'AWS_UNREACHABLE',
      retryable: true,
    })
  })
})

describe('startDeployment', () => {
  test.each([
    ['an application that does not exist', { ...dev, application: 'shoop' }, 'APPLICATION_NOT_FOUND'],
    ['a deployment group that does not exist', { ...dev, deploymentGroup: 'deev' }, 'DEPLOYMENT_GROUP_NOT_FOUND'],
  ])('refuses %s', async (_name, target, code) => {
    const { publication } = await published()
    await expect(startDeployment(publication, target, { client: aws.clients.codeDeploy })).rejects.toMatchObject({
      code,
    })
  })

  test('refuses a second deployment while one is active, and names the active one', async () => {
    const { publication } = await published()
    const client = aws.clients.codeDeploy
    const first = await startDeployment(publication, dev, { client })
    await expect(startDeployment(publication, dev, { client })).rejects.toMatchObject({
      code: 'DEPLOYMENT_GROUP_BUSY',
      message: expect.stringContaining(first.deploymentId),
    })
    await stopDeployment(first, { client })
  })
})

test('injectSecrets refuses a secret that does not exist, and writes nothing', async () => {
  const directory = temporaryFolder()
  const envFile = { name: '.env.local', dialect: 'dotenv' as const, from: secret('shop/dev/none') }
  await expect(injectSecrets({ directory, envFile, client: aws.clients.secretsManager })).rejects.toMatchObject({
    code: 'SECRET_NOT_FOUND',
    message: expect.stringContaining('shop/dev/none'),
  })
  expect(readdirSync(directory)).toEqual([])
})

/** A port that was free a moment ago. */
async function unusedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
