import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { isDeployError, manifestPath, type Manifest, type S3Location } from '@fairlead/core'
import { startLocalAws } from '@fairlead/local-aws'
import { temporaryFolder } from '@fairlead/test-support'
import { expect, onTestFinished, test } from 'vitest'
import {
  codeDeployErrors,
  continueDeployment,
  startDeployment,
  stopDeployment,
  waitForDeployment,
  type DeploymentEvent,
} from '../src/index.ts'
import type { HookContext } from '../src/hook.ts'
import { failureOf } from './support/deploy-values.ts'
import { zip } from './support/zip.ts'

/** local-aws brings the client that fills its buckets; this package has none of its own. */
const { PutObjectCommand } = createRequire(createRequire(import.meta.url).resolve('@fairlead/local-aws'))(
  '@aws-sdk/client-s3',
) as {
  readonly PutObjectCommand: new (input: {
    readonly Bucket: string
    readonly Key: string
    readonly Body: Uint8Array
  }) => never
}

const target = { application: 'shop', deploymentGroup: 'dev' }

async function world(...hosts: readonly string[]) {
  const folder = temporaryFolder()
  const aws = await startLocalAws({
    buckets: [{ name: 'artifacts', versioned: true }],
    hosts: hosts.map((name) => ({ name, folder: join(folder, name) })),
    applications: [{ name: 'shop', groups: [{ name: 'dev', hosts }] }],
  })
  onTestFinished(() => aws.close())
  const client = aws.clients.codeDeploy

  /** Publishes an archive with these shell scripts as hooks; a script that begins with `import` is one of Node. */
  const publish = async (commit: string, hooks: Readonly<Record<string, string>>) => {
    const names = Object.entries(hooks).map(([event, script]) => ({
      event,
      path: `hooks/${event}.${script.startsWith('import') ? 'mjs' : 'sh'}`,
      text: script.startsWith('import') ? `#!${process.execPath}\n${script}` : `#!/bin/sh\n${script}\n`,
    }))
    const manifest: Manifest = {
      schema: 'fairlead/manifest/1',
      application: 'shop',
      commit,
      contentDigest: commit.slice(0, 2).repeat(32),
      entries: [],
      allowances: [],
    }
    const body = zip({
      'appspec.yml': [
        'version: 0.0',
        'os: linux',
        'hooks:',
        ...names.flatMap(({ event, path }) => [`  ${event}:`, `    - location: ${path}`, '      timeout: 20']),
        '',
      ].join('\n'),
      [manifestPath]: JSON.stringify(manifest),
      ...Object.fromEntries(names.map(({ path, text }) => [path, { text, mode: 0o755 }])),
    })
    const sha256 = createHash('sha256').update(body).digest('hex')
    const key = `artifacts/${sha256}.zip`
    const put = (await aws.clients.s3.send(new PutObjectCommand({ Bucket: 'artifacts', Key: key, Body: body }))) as {
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
    return { commit, sha256, location }
  }
  const deploy = async (
    publication: Awaited<ReturnType<typeof publish>>,
    options: Parameters<typeof startDeployment>[2] = {},
    onEvent?: (event: DeploymentEvent) => void,
  ) => {
    const deployment = await startDeployment(publication, target, { client, ...options })
    return await waitForDeployment(deployment, { client, pollIntervalMs: 20, onEvent })
  }
  return { aws, client, folder, publish, deploy }
}

const one = 'a1'.repeat(20)
const two = 'b2'.repeat(20)
const hookEntry = JSON.stringify(new URL('../dist/hook.js', import.meta.url).href)

test('a deployment runs on every host, one after the other, and each lifecycle event is told', async () => {
  const { publish, deploy } = await world('web-1', 'web-2')
  const events: DeploymentEvent[] = []
  const report = await deploy(await publish(one, { AfterInstall: 'sleep 0.2' }), {}, (event) => events.push(event))
  expect(report.instances.map(({ id, status }) => [id, status])).toEqual([
    ['web-1', 'succeeded'],
    ['web-2', 'succeeded'],
  ])
  const ended = events.flatMap((event) =>
    event.type === 'deployment.lifecycle-event' && event.status === 'succeeded'
      ? [`${event.instance} ${event.event}`]
      : [],
  )
  const lifecycle = ['ApplicationStop', 'DownloadBundle', 'BeforeInstall', 'Install', 'AfterInstall']
  const all = [...lifecycle, 'ApplicationStart', 'ValidateService']
  expect(ended).toEqual(['web-1', 'web-2'].flatMap((host) => all.map((event) => `${host} ${event}`)))
  expect(events.at(-1)?.type).toBe('deployment.ended')
})

test('a failure is explained by the script’s own words, after its rollback has come to its end', async () => {
  const { publish, deploy } = await world('web-1')
  await deploy(await publish(one, { ValidateService: 'exit 0' }))
  const bad = await publish(two, { ValidateService: 'echo "the home page answers 500" >&2; exit 3' })
  const error = await failureOf(deploy(bad, { autoRollback: ['failure'] }))
  if (!isDeployError(error, codeDeployErrors.DEPLOYMENT_FAILED)) throw error
  expect(error.message).toContain('HEALTH_CONSTRAINTS')
  expect(error.message).toContain('web-1 failed in ValidateService (ScriptFailed hooks/ValidateService.sh)')
  expect(error.message).toContain('the home page answers 500')
  expect(error.context.rollback).toMatchObject({
    status: 'succeeded',
    instances: [{ id: 'web-1', status: 'succeeded' }],
  })
  expect(error.message).toContain(`rolled back: ${error.context.rollback?.deploymentId}`)
})

test('a first deployment that fails says why there is no rollback', async () => {
  const { publish, deploy } = await world('web-1')
  const error = await failureOf(
    deploy(await publish(one, { ValidateService: 'exit 1' }), { autoRollback: ['failure'] }),
  )
  expect(error.code).toBe('DEPLOYMENT_FAILED')
  expect(error.context).toMatchObject({ rollbackMessage: expect.stringContaining('not rolled back') as string })
})

test('a hook knows its own archive, and in ApplicationStop that is not the revision that comes in', async () => {
  const { publish, deploy, folder } = await world('web-1')
  const told = join(folder, 'told')
  const tell = `import { appendFileSync } from 'node:fs'
    import { readHookContext } from ${hookEntry}
    appendFileSync(${JSON.stringify(told)}, JSON.stringify(await readHookContext(import.meta.url)) + '\\n')`
  const first = await publish(one, { ApplicationStop: tell, AfterInstall: tell })
  const second = await publish(two, { AfterInstall: tell })
  const before = await deploy(first)
  const after = await deploy(second)
  const contexts = readFileSync(told, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as HookContext)
  const incoming = ({ location: { bucket, key, versionId, eTag } }: { readonly location: S3Location }) => ({
    bucket,
    key,
    versionId,
    eTag,
  })
  expect(
    contexts.map(({ event, deploymentId, archive: { commit }, incoming }) => [event, deploymentId, commit, incoming]),
  ).toEqual([
    ['AfterInstall', before.deploymentId, one, incoming(first)],
    ['ApplicationStop', after.deploymentId, one, incoming(second)],
    ['AfterInstall', after.deploymentId, two, incoming(second)],
  ])
  expect(contexts[0]).toMatchObject({ application: 'shop', deploymentGroup: 'dev' })
  for (const { archive } of contexts) expect(existsSync(join(archive.path, 'appspec.yml'))).toBe(true)
})

test('two merges at once: one is refused, or waits its turn', async () => {
  const { publish, client, deploy } = await world('web-1')
  const slow = await publish(one, { AfterInstall: 'sleep 0.5' })
  const running = await startDeployment(slow, target, { client })
  const error = await failureOf(startDeployment(slow, target, { client }))
  expect(error).toMatchObject({
    code: 'DEPLOYMENT_GROUP_BUSY',
    context: { activeDeploymentIds: [running.deploymentId] },
  })
  const report = await deploy(slow, { whenBusy: 'wait' })
  expect(report.deploymentId).not.toBe(running.deploymentId)
})

test('a run token finds the deployment that it began, and takes no other revision', async () => {
  const { publish, client } = await world('web-1')
  const publication = await publish(one, {})
  const options = { client, runToken: 'build-42' }
  const first = await startDeployment(publication, target, options)
  await waitForDeployment(first, { client, pollIntervalMs: 20 })
  const again = await startDeployment(publication, target, options)
  expect(again).toMatchObject({ deploymentId: first.deploymentId, alreadyStarted: true })
  const error = await failureOf(startDeployment(await publish(two, {}), target, options))
  expect(error.code).toBe('RUN_TOKEN_TAKEN')
})

test('what does not exist is refused by name', async () => {
  const { publish, client } = await world('web-1')
  const publication = await publish(one, {})
  const missing = { ...publication, location: { ...publication.location, key: 'artifacts/none.zip' } }
  const codes = await Promise.all(
    [
      startDeployment(publication, { ...target, application: 'shpo' }, { client }),
      startDeployment(publication, { ...target, deploymentGroup: 'prod' }, { client }),
      startDeployment(publication, target, { client, deploymentConfig: 'None' }),
      startDeployment(missing, target, { client }),
      waitForDeployment({ deploymentId: 'd-ABCDEFGH1' }, { client }),
      stopDeployment({ deploymentId: 'd-ABCDEFGH1' }, { client }),
    ].map(async (work) => (await failureOf(work)).code),
  )
  expect(codes).toEqual([
    'APPLICATION_NOT_FOUND',
    'DEPLOYMENT_GROUP_NOT_FOUND',
    'DEPLOYMENT_CONFIG_NOT_FOUND',
    'REVISION_REFUSED',
    'DEPLOYMENT_NOT_FOUND',
    'DEPLOYMENT_NOT_FOUND',
  ])
})

test('a deployment that is stopped ends as stopped, and the README lists every action that was taken', async () => {
  const { aws, publish, client } = await world('web-1')
  const publication = await publish(one, { AfterInstall: 'sleep 0.5' })
  const deployment = await startDeployment(publication, target, { client, runToken: 'build-43' })
  // Found by its token, so that descriptions are read too.
  await startDeployment(publication, target, { client, runToken: 'build-43' })
  const ended = waitForDeployment(deployment, {
    client,
    pollIntervalMs: 20,
    onEvent: (event) => {
      if (event.type !== 'deployment.lifecycle-event' || event.event !== 'AfterInstall') return
      if (event.status === 'in-progress') void stopDeployment(deployment, { client })
    },
  })
  const error = await failureOf(ended)
  expect(error.code).toBe('DEPLOYMENT_STOPPED')
  expect(error.message).toContain('MANUAL_STOP')
  expect(await stopDeployment(deployment, { client })).toMatchObject({ alreadyEnded: true })
  expect((await failureOf(continueDeployment(deployment, { client }))).code).toBe('DEPLOYMENT_NOT_READY')

  const taken = aws.calls.flatMap(({ service, permissions }) => (service === 'codedeploy' ? permissions : []))
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const listed = [...readme.matchAll(/^\| `(codedeploy:\w+)`/gm)].map((match) => match[1])
  expect([...new Set(taken)].sort()).toEqual(listed.toSorted())
})
