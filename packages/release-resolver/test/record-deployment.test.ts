import { hostname, userInfo } from 'node:os'
import { parseLedgerEntry, type Deployment, type S3Location } from '@fairlead/core'
import { describe, expect, test, vi } from 'vitest'
import { readTarget, readTargetHistory, recordDeployment, type ReleaseEvent } from '../src/index.ts'
import { newCommit, target, useWorld } from './world.ts'

const world = useWorld()
const dev = target('dev')

describe('recordDeployment', () => {
  test('writes how the deployment ended, as CodeDeploy says it, into the ledger of its target', async () => {
    const store = world.makeStore()
    const publication = await world.publish(store, newCommit())
    const deployment = await world.deploy(publication, dev)
    const events: ReleaseEvent[] = []
    const entry = await recordDeployment(deployment, {
      store,
      tag: 'v1.0.0',
      by: 'build 17',
      onEvent: (event) => events.push(event),
    })
    const info = await world.ask(deployment.deploymentId)
    expect(entry).toEqual({
      schema: 'fairlead/ledger-entry/1',
      sequence: 1,
      target: dev,
      deploymentId: deployment.deploymentId,
      commit: publication.commit,
      sha256: publication.sha256,
      location: publication.location,
      tag: 'v1.0.0',
      status: 'succeeded',
      startedAt: info?.createTime?.toISOString(),
      endedAt: info?.completeTime?.toISOString(),
      recordedAt: expect.any(String),
      by: 'build 17',
    })
    expect(parseLedgerEntry(JSON.stringify(entry))).toEqual(entry)
    expect(await readTarget(dev, { store })).toMatchObject({ latest: entry, current: entry })
    expect(events).toMatchObject([{ type: 'ledger.deployment-recorded', sequence: 1, status: 'succeeded' }])
  })

  test('a second time answers the entry that is there and says so', async () => {
    const store = world.makeStore()
    const deployment = await world.deploy(await world.publish(store, newCommit()), dev)
    const entry = await recordDeployment(deployment, { store })
    const events: ReleaseEvent[] = []
    const onEvent = (event: ReleaseEvent) => void events.push(event)
    expect(await recordDeployment(deployment, { store, by: 'somebody else', onEvent })).toEqual(entry)
    expect(events).toMatchObject([{ type: 'ledger.already-recorded', sequence: 1 }])
    const history = []
    for await (const past of readTargetHistory(dev, { store })) history.push(past)
    expect(history).toEqual([entry])
  })

  test('names the user and the machine where the caller names nobody', async () => {
    const store = world.makeStore()
    const deployment = await world.deploy(await world.publish(store, newCommit()), dev)
    expect((await recordDeployment(deployment, { store })).by).toBe(`${userInfo().username}@${hostname()}`)
  })

  test('records a failure, and the target runs what it ran', async () => {
    const store = world.makeStore()
    const good = await world.deploy(await world.publish(store, newCommit()), dev)
    await recordDeployment(good, { store })
    const bad = await world.deploy(await world.publish(store, newCommit(), { ValidateService: 'exit 1' }), dev)
    const entry = await recordDeployment(bad, { store })
    expect(entry).toMatchObject({ sequence: 2, status: 'failed' })
    expect(entry).not.toHaveProperty('rollback')
    expect(await readTarget(dev, { store })).toMatchObject({
      latest: { deploymentId: bad.deploymentId },
      current: { deploymentId: good.deploymentId },
    })
  })

  test('follows the rollback of a failure', async () => {
    const store = world.makeStore()
    const place = target('rolling-back')
    const good = await world.deploy(await world.publish(store, newCommit()), place)
    await recordDeployment(good, { store })
    const bad = await world.deploy(await world.publish(store, newCommit(), { ValidateService: 'exit 1' }), place)
    const info = await world.ask(bad.deploymentId)
    expect(await recordDeployment(bad, { store })).toMatchObject({
      status: 'failed',
      rollback: { deploymentId: info?.rollbackInfo?.rollbackDeploymentId, status: 'succeeded' },
    })
  })

  test('refuses while the deployment runs, and records it when it was stopped: DEPLOYMENT_NOT_ENDED', async () => {
    const store = world.makeStore()
    const publication = await world.publish(store, newCommit(), { BeforeInstall: 'sleep 1' })
    const deployment = await world.start(publication, dev)
    await expect(recordDeployment(deployment, { store })).rejects.toMatchObject({
      code: 'DEPLOYMENT_NOT_ENDED',
      retryable: true,
      context: { deploymentId: deployment.deploymentId },
    })
    expect(await readTarget(dev, { store })).toBeUndefined()
    await world.stop(deployment)
    expect(await recordDeployment(deployment, { store })).toMatchObject({ status: 'stopped' })
  })

  test('of several recorders at once makes one entry', async () => {
    const store = world.makeStore()
    const deployment = await world.deploy(await world.publish(store, newCommit()), dev)
    const entries = await Promise.all(Array.from({ length: 5 }, () => recordDeployment(deployment, { store })))
    for (const entry of entries) expect(entry).toEqual(entries[0])
    expect((await readTarget(dev, { store }))?.recent).toHaveLength(1)
  })

  test('keeps the success of a target that was recorded before that of an older deployment', async () => {
    const store = world.makeStore()
    const older = await world.deploy(await world.publish(store, newCommit()), dev)
    const newer = await world.deploy(await world.publish(store, newCommit()), dev)
    await recordDeployment(newer, { store })
    await recordDeployment(older, { store })
    expect(await readTarget(dev, { store })).toMatchObject({
      latest: { deploymentId: older.deploymentId },
      current: { deploymentId: newer.deploymentId },
    })
  })

  describe('refuses a record that CodeDeploy contradicts: DEPLOYMENT_MISMATCH,', () => {
    test.each<[string, (deployment: Deployment) => Partial<Deployment>]>([
      ['application', () => ({ target: { application: 'blog', deploymentGroup: 'dev' } })],
      ['deployment group', () => ({ target: target('staging') })],
      ['bucket', ({ location }) => ({ location: { ...(location as S3Location), bucket: 'other' } })],
      ['key', ({ location }) => ({ location: { ...(location as S3Location), key: 'other.zip' } })],
      ['version', ({ location }) => ({ location: { ...(location as S3Location), versionId: 'other' } })],
      ['eTag', ({ location }) => ({ location: { ...(location as S3Location), eTag: 'other' } })],
      ['revision', () => ({ location: { kind: 'folder', path: '/srv/artifacts/a.zip' } })],
    ])('another %s', async (field, change) => {
      const store = world.makeStore()
      const deployment = await world.deploy(await world.publish(store, newCommit()), dev)
      const changed = { ...deployment, ...change(deployment) }
      await expect(recordDeployment(changed, { store })).rejects.toMatchObject({
        code: 'DEPLOYMENT_MISMATCH',
        context: { field, deploymentId: deployment.deploymentId },
      })
      expect(await readTarget(changed.target, { store })).toBeUndefined()
    })
  })

  describe('refuses', () => {
    const made: Deployment = {
      schema: 'fairlead/deployment/1',
      deploymentId: 'd-ABCDEF123',
      target: dev,
      commit: '4'.repeat(40),
      sha256: 'a'.repeat(64),
      location: { kind: 's3', bucket: 'artifacts', key: 'k.zip' },
      runToken: 'token',
      alreadyStarted: false,
      startedAt: '2026-11-22T10:00:00.000Z',
    }

    test.each(['d-ABCDEF123', 'no id at all'])(
      'a deployment that CodeDeploy does not know, %s: DEPLOYMENT_NOT_FOUND',
      async (deploymentId) => {
        await expect(recordDeployment({ ...made, deploymentId }, { store: world.makeStore() })).rejects.toMatchObject({
          code: 'DEPLOYMENT_NOT_FOUND',
          context: { deploymentId },
        })
      },
    )

    test('an endpoint that does not answer: AWS_UNREACHABLE', async () => {
      vi.stubEnv('AWS_ENDPOINT_URL_CODEDEPLOY', 'http://127.0.0.1:1')
      try {
        await expect(recordDeployment(made, { store: world.makeStore() })).rejects.toMatchObject({
          code: 'AWS_UNREACHABLE',
          context: { action: 'codedeploy:GetDeployment' },
        })
      } finally {
        vi.stubEnv('AWS_ENDPOINT_URL_CODEDEPLOY', '')
      }
    })

    test('credentials that may not, naming the action: AWS_ACCESS_DENIED', async () => {
      const denied = Object.assign(new Error('no'), {
        name: 'AccessDeniedException',
        $metadata: { httpStatusCode: 400 },
      })
      const client = { send: () => Promise.reject(denied) }
      await expect(recordDeployment(made, { store: world.makeStore(), client })).rejects.toMatchObject({
        code: 'AWS_ACCESS_DENIED',
        context: { action: 'codedeploy:GetDeployment' },
      })
    })

    test.each<[string, unknown, string]>([
      ['no options', undefined, 'INVALID_OPTION'],
      ['no store', {}, 'INVALID_OPTION'],
      ['nobody as the one who deployed', { by: '' }, 'INVALID_OPTION'],
      ['a client that cannot send', { client: {} }, 'INVALID_OPTION'],
      ['a tag that is no name', { tag: 'v 1' }, 'TAG_NAME_INVALID'],
      ['an option that it does not have', { who: 'me' }, 'UNKNOWN_OPTION'],
    ])('%s', async (name, options, code) => {
      const given = name.startsWith('no ') ? options : { store: world.makeStore(), ...(options as object) }
      await expect(recordDeployment(made, given as never)).rejects.toMatchObject({ code })
    })

    test('what is no deployment: INVALID_RECORD', async () => {
      await expect(recordDeployment({ ...made, commit: 'main' }, { store: world.makeStore() })).rejects.toMatchObject({
        code: 'INVALID_RECORD',
        context: { path: 'commit' },
      })
    })

    test('to go on when it is cancelled, with the reason itself', async () => {
      const store = world.makeStore()
      const reason = new Error('enough')
      await expect(recordDeployment(made, { store, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
      const stop = new AbortController()
      const client = {
        send: (_command: never, options?: { readonly abortSignal?: AbortSignal }) =>
          new Promise((_resolve, reject) => {
            options?.abortSignal?.addEventListener('abort', () => reject(new Error('the SDK says AbortError')))
            stop.abort(reason)
          }),
      }
      await expect(recordDeployment(made, { store, client, signal: stop.signal })).rejects.toBe(reason)
    })
  })

  test('never destroys a client that was given', async () => {
    const store = world.makeStore()
    const deployment = await world.deploy(await world.publish(store, newCommit()), dev)
    let destroyed = 0
    const { codeDeploy } = world.aws.clients
    const client = { send: codeDeploy.send.bind(codeDeploy), destroy: () => destroyed++ }
    await recordDeployment(deployment, { store, client })
    expect(destroyed).toBe(0)
  })
})
