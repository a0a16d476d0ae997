import { coreErrors, parseDeployment, type Deployment } from '@fairlead/core'
import { describe, expect, test } from 'vitest'
import {
  codeDeployErrors,
  startDeployment,
  type DeploymentStartEvent,
  type StartDeploymentOptions,
} from '../src/index.ts'
import { commit, failureOf, publication, sha256, target } from './support/deploy-values.ts'
import { groupHandlers } from './support/group.ts'
import { fault, hangUp, page, scriptedCodeDeploy, silence, type Handler } from './support/scripted-codedeploy.ts'
import { virtualClock } from './support/virtual-clock.ts'

async function serve(handlers: Readonly<Record<string, Handler>> = {}) {
  const group = groupHandlers()
  const server = await scriptedCodeDeploy({ ...group.handlers, ...handlers })
  return { ...group, ...server }
}

function recorded() {
  const events: DeploymentStartEvent[] = []
  return {
    events,
    onEvent: (event: DeploymentStartEvent) => events.push(event),
    types: () => events.map((e) => e.type),
  }
}

describe('a start', () => {
  test('pins the revision, names its token in the description and answers a record', async () => {
    const { client, callsOf } = await serve()
    const { onEvent, types } = recorded()
    const clock = virtualClock()
    const deployment = await startDeployment(publication, target, { client, clock, onEvent, runToken: 'build-42' })
    expect(callsOf('CreateDeployment')).toEqual([
      {
        applicationName: 'shop',
        deploymentGroupName: 'production',
        description: `fairlead run=build-42 commit=${commit}`,
        revision: {
          revisionType: 'S3',
          s3Location: {
            bucket: 'artifacts',
            key: `shop/artifacts/${sha256}.zip`,
            bundleType: 'zip',
            version: 'v1',
            eTag: 'e1',
          },
        },
      },
    ])
    expect(deployment).toEqual({
      schema: 'fairlead/deployment/1',
      deploymentId: 'd-000000001',
      target,
      ...publication,
      runToken: 'build-42',
      alreadyStarted: false,
      startedAt: '2026-01-02T03:04:05.000Z',
    } satisfies Deployment)
    expect(parseDeployment(JSON.stringify(deployment))).toEqual(deployment)
    expect(types()).toEqual(['deployment.starting', 'deployment.started'])
  })

  test.each(['zip', 'tar', 'tgz'] as const)('tells CodeDeploy that a %s is one', async (format) => {
    const { client, callsOf } = await serve()
    await startDeployment({ ...publication, format }, target, { client, clock: virtualClock() })
    expect(callsOf('CreateDeployment')).toMatchObject([{ revision: { s3Location: { bundleType: format } } }])
  })

  test('refuses a publication of a format that CodeDeploy does not take', async () => {
    const { client } = await serve()
    const failure = await failureOf(startDeployment({ ...publication, format: 'rar' as never }, target, { client }))
    expect(failure).toMatchObject({ code: 'INVALID_RECORD', context: { path: 'format' } })
  })

  test('sends the options that were given, and no others', async () => {
    const { client, callsOf } = await serve()
    await startDeployment(publication, target, {
      client,
      runToken: 't',
      autoRollback: ['failure', 'alarm', 'stop-on-request'],
      deploymentConfig: 'CodeDeployDefault.AllAtOnce',
      description: 'release 1.2.3',
      ignoreApplicationStopFailures: true,
      fileExistsBehavior: 'OVERWRITE',
    })
    expect(callsOf('CreateDeployment')[0]).toMatchObject({
      deploymentConfigName: 'CodeDeployDefault.AllAtOnce',
      description: `fairlead run=t commit=${commit} release 1.2.3`,
      ignoreApplicationStopFailures: true,
      fileExistsBehavior: 'OVERWRITE',
      autoRollbackConfiguration: {
        enabled: true,
        events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM', 'DEPLOYMENT_STOP_ON_REQUEST'],
      },
    })
  })

  test('switches rollbacks off for an empty list, instead of leaving them to the group', async () => {
    const { client, callsOf } = await serve()
    await startDeployment(publication, target, { client, autoRollback: [] })
    expect(callsOf('CreateDeployment')[0]).toMatchObject({ autoRollbackConfiguration: { enabled: false, events: [] } })
  })

  test('takes a location without version and ETag as it is', async () => {
    const { client, callsOf } = await serve()
    const location = { kind: 's3', bucket: 'b', key: 'k' } as const
    const deployment = await startDeployment({ ...publication, location }, target, { client })
    expect(callsOf('CreateDeployment')[0]?.['revision']).toEqual({
      revisionType: 'S3',
      s3Location: { bucket: 'b', key: 'k', bundleType: 'zip' },
    })
    expect(deployment.location).toEqual(location)
  })

  test('without a token is another one each time', async () => {
    const { client, deployments } = await serve()
    const first = await startDeployment(publication, target, { client })
    for (const deployment of deployments) deployment.status = 'Succeeded'
    const second = await startDeployment(publication, target, { client })
    expect(second.runToken).not.toBe(first.runToken)
    expect(deployments).toHaveLength(2)
  })

  test('creates a client of the target’s region from the environment, and closes it', async () => {
    const { endpoint, connections } = await serve()
    const environment = { AWS_ENDPOINT_URL: endpoint, AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' }
    const before = { ...process.env }
    Object.assign(process.env, environment)
    try {
      await startDeployment(publication, { ...target, region: 'eu-west-3' })
    } finally {
      process.env = before
    }
    await expect.poll(connections).toBe(0)
  })

  test('accepts a client of the target’s region', async () => {
    const { client } = await serve()
    const deployment = await startDeployment(publication, { ...target, region: 'eu-central-1' }, { client })
    expect(deployment.target.region).toBe('eu-central-1')
  })
})

describe('a run token', () => {
  const options = { runToken: 'build-42', clock: virtualClock() }

  test('that began a deployment answers it, also when it has ended, behind a hundred others', async () => {
    const { client, deployments, add, callsOf } = await serve()
    const first = await startDeployment(publication, target, { client, ...options })
    for (let index = 0; index < 100; index++) add({ description: `by hand ${index}` })
    for (const deployment of deployments) deployment.status = 'Failed'
    const { onEvent, types } = recorded()
    const second = await startDeployment(publication, target, { client, ...options, onEvent })
    expect(second).toMatchObject({ deploymentId: first.deploymentId, alreadyStarted: true })
    expect(second.startedAt).toBe('2026-01-02T03:00:00.000Z')
    expect(types()).toEqual(['deployment.started'])
    expect(callsOf('CreateDeployment')).toHaveLength(1)
  })

  test('that began a deployment more than 30 days ago begins anew', async () => {
    const { client, add } = await serve()
    add({ description: `fairlead run=build-42 commit=${commit}` }, 'user', '2025-12-01T00:00:00.000Z').status = 'Failed'
    expect(await startDeployment(publication, target, { client, ...options })).toMatchObject({ alreadyStarted: false })
  })

  test('is a whole word: a longer token is another one', async () => {
    const { client, deployments } = await serve()
    await startDeployment(publication, target, { client, runToken: 'build-421' })
    for (const deployment of deployments) deployment.status = 'Succeeded'
    expect(await startDeployment(publication, target, { client, ...options })).toMatchObject({ alreadyStarted: false })
  })

  test('in the description of a rollback is not a start', async () => {
    const { client, add, deployments } = await serve()
    add({ description: `fairlead run=build-42 commit=${commit}` }, 'codeDeployRollback').status = 'Succeeded'
    await startDeployment(publication, target, { client, ...options })
    expect(deployments).toHaveLength(2)
  })

  test('that began another revision is refused', async () => {
    const { client, deployments } = await serve()
    await startDeployment(publication, target, { client, ...options })
    for (const deployment of deployments) deployment.status = 'Succeeded'
    const other = { ...publication, location: { ...publication.location, versionId: 'v2' } }
    const error = await failureOf(startDeployment(other, target, { client, ...options }))
    expect(error.code).toBe('RUN_TOKEN_TAKEN')
    expect(error.context).toMatchObject({ runToken: 'build-42', deploymentId: 'd-000000001' })
    expect(deployments).toHaveLength(1)
  })

  test('given by two processes at once begins one deployment, which both answer', async () => {
    const { client, callsOf, deployments } = await serve()
    const both = await Promise.all([1, 2].map(() => startDeployment(publication, target, { client, ...options })))
    expect(both.map(({ deploymentId }) => deploymentId)).toEqual(['d-000000001', 'd-000000001'])
    expect(both.map(({ alreadyStarted }) => alreadyStarted).sort()).toEqual([false, true])
    expect(deployments).toHaveLength(1)
    expect(callsOf('CreateDeployment').length).toBeLessThanOrEqual(2)
  })
})

describe('a creation that got no answer', () => {
  /** CreateDeployment takes effect, and the answer to the first `lost` ones is replaced. */
  async function losing(lost: number, replace: () => unknown, takesEffect = true) {
    const group = groupHandlers()
    const server = await scriptedCodeDeploy({
      ...group.handlers,
      CreateDeployment: (input, { count }) => {
        if (count > lost) return group.handlers.CreateDeployment(input)
        if (takesEffect) group.handlers.CreateDeployment(input)
        return replace()
      },
    })
    return { ...group, ...server }
  }

  const answers: readonly [string, () => unknown][] = [
    ['the connection was closed', hangUp],
    ['the service said 500', () => fault('InternalFailure', 500)],
    ['a proxy said 502', () => page(502)],
    ['a proxy said 504', () => page(504)],
    ['a captive page said 200', () => page(200)],
  ]

  test.each(answers)('and took effect is found and never doubled: %s', async (_, replace) => {
    const { makeClient, deployments, callsOf } = await losing(1, replace)
    const { onEvent, types } = recorded()
    // A client as a caller has it, whose own retries would create a second deployment.
    const client = makeClient({ maxAttempts: 5 })
    const deployment = await startDeployment(publication, target, { client, clock: virtualClock(), onEvent })
    expect(deployment).toMatchObject({ deploymentId: 'd-000000001', alreadyStarted: false })
    expect(deployments).toHaveLength(1)
    expect(callsOf('CreateDeployment')).toHaveLength(1)
    expect(types()).toEqual(['deployment.starting', 'deployment.unanswered', 'deployment.started'])
  })

  test('and took no effect is sent again', async () => {
    const { client, deployments, callsOf } = await losing(2, hangUp, false)
    const deployment = await startDeployment(publication, target, { client, clock: virtualClock() })
    expect(deployment).toMatchObject({ deploymentId: 'd-000000001', alreadyStarted: false })
    expect(deployments).toHaveLength(1)
    expect(callsOf('CreateDeployment')).toHaveLength(3)
  })

  test('and takes effect later than it was looked for is recognised as the active one', async () => {
    const group = groupHandlers()
    const clock = virtualClock()
    const { client, callsOf } = await scriptedCodeDeploy({
      ...group.handlers,
      CreateDeployment: (input, { count }) => (count === 1 ? hangUp() : group.handlers.CreateDeployment(input)),
      ListDeployments: (input) => {
        const first = callsOf('CreateDeployment')[0]
        if (clock.elapsed() >= 15_000 && first && group.deployments.length === 0) group.handlers.CreateDeployment(first)
        return input['includeOnlyStatuses'] ? { deployments: [] } : group.handlers.ListDeployments(input)
      },
    })
    const deployment = await startDeployment(publication, target, { client, clock })
    expect(deployment).toMatchObject({ deploymentId: 'd-000000001', alreadyStarted: false })
    expect(group.deployments).toHaveLength(1)
  })

  test('and that nobody can look for is unconfirmed, with the token to go on with', async () => {
    const group = groupHandlers()
    const { client, callsOf } = await scriptedCodeDeploy({
      ...group.handlers,
      CreateDeployment: (input) => {
        group.handlers.CreateDeployment(input)
        return hangUp()
      },
      BatchGetDeployments: () => hangUp(),
    })
    const error = await failureOf(startDeployment(publication, target, { client, clock: virtualClock() }))
    expect(error.code).toBe('DEPLOYMENT_UNCONFIRMED')
    expect(error.retryable).toBe(true)
    expect(callsOf('CreateDeployment')).toHaveLength(1)
    // Later, the service answers again, and the caller does what the hint says.
    const later = await scriptedCodeDeploy(group.handlers)
    const runToken = String(error.context['runToken'])
    expect(error.hint).toContain(runToken)
    const deployment = await startDeployment(publication, target, {
      client: later.client,
      runToken,
      clock: virtualClock(),
    })
    expect(deployment).toMatchObject({ deploymentId: 'd-000000001', alreadyStarted: true })
    expect(group.deployments).toHaveLength(1)
  })

  test('is unconfirmed at once where the look is denied', async () => {
    const { client } = await serve({
      CreateDeployment: () => hangUp(),
      ListDeployments: (input) => (input['includeOnlyStatuses'] ? {} : fault('AccessDeniedException')),
    })
    const error = await failureOf(startDeployment(publication, target, { client, clock: virtualClock() }))
    expect(error.code).toBe('DEPLOYMENT_UNCONFIRMED')
    expect(error.cause).toMatchObject({ code: 'AWS_ACCESS_DENIED' })
  })

  test('is unconfirmed when every repeat is lost too', async () => {
    const { client, callsOf } = await serve({ CreateDeployment: () => hangUp() })
    const error = await failureOf(startDeployment(publication, target, { client, clock: virtualClock() }))
    expect(error.code).toBe('DEPLOYMENT_UNCONFIRMED')
    expect(callsOf('CreateDeployment')).toHaveLength(3)
  })

  test('is another thing than a throttled one, which the SDK may repeat', async () => {
    const group = groupHandlers()
    const { makeClient, callsOf } = await scriptedCodeDeploy({
      ...group.handlers,
      CreateDeployment: (input, { count }) =>
        count === 1 ? fault('ThrottlingException') : group.handlers.CreateDeployment(input),
    })
    const { onEvent, types } = recorded()
    await startDeployment(publication, target, { client: makeClient({ maxAttempts: 2 }), onEvent })
    expect(callsOf('CreateDeployment')).toHaveLength(2)
    expect(types()).toEqual(['deployment.starting', 'deployment.started'])
  })
})

describe('a busy group', () => {
  test('is refused with the id of what runs, before anything is sent', async () => {
    const { client, add, callsOf } = await serve()
    add({ description: 'by hand' })
    const error = await failureOf(startDeployment(publication, target, { client }))
    expect(error.code).toBe('DEPLOYMENT_GROUP_BUSY')
    expect(error.context).toEqual({ target, activeDeploymentIds: ['d-000000001'] })
    expect(error.message).toContain('d-000000001')
    expect(callsOf('CreateDeployment')).toEqual([])
  })

  test('is refused with the id, also when another process was faster between look and creation', async () => {
    const group = groupHandlers()
    const { client } = await scriptedCodeDeploy({
      ...group.handlers,
      CreateDeployment: (input, { count }) => {
        if (count === 1) group.add({ description: 'somebody else' })
        return group.handlers.CreateDeployment(input)
      },
    })
    const error = await failureOf(startDeployment(publication, target, { client, clock: virtualClock() }))
    expect(error.context).toMatchObject({ activeDeploymentIds: ['d-000000001'] })
  })

  test('that was busy for a moment only is tried again', async () => {
    const group = groupHandlers()
    const { client } = await scriptedCodeDeploy({
      ...group.handlers,
      CreateDeployment: (input, { count }) =>
        count <= 2 ? fault('DeploymentLimitExceededException') : group.handlers.CreateDeployment(input),
    })
    expect(await startDeployment(publication, target, { client, clock: virtualClock() })).toMatchObject({
      deploymentId: 'd-000000001',
    })
  })

  test('that refuses again and again and lists nothing is refused', async () => {
    const { client } = await serve({ CreateDeployment: () => fault('DeploymentLimitExceededException') })
    const error = await failureOf(startDeployment(publication, target, { client, clock: virtualClock() }))
    expect(error.code).toBe('DEPLOYMENT_GROUP_BUSY')
    expect(error.context).toMatchObject({ activeDeploymentIds: [] })
  })

  test('is waited for where that is asked, told once for each change of what is active', async () => {
    const group = groupHandlers()
    const clock = virtualClock()
    const { client } = await scriptedCodeDeploy({
      ...group.handlers,
      ListDeployments: (input, { count }) => {
        const [first, second] = group.deployments
        if (count === 4 && first) {
          first.status = 'Failed'
          group.add({ description: 'its rollback' }, 'codeDeployRollback')
        }
        if (count === 7 && second) second.status = 'Succeeded'
        if (count === 6) return fault('ThrottlingException')
        return group.handlers.ListDeployments(input)
      },
    })
    group.add({ description: 'by hand' })
    const { onEvent, events } = recorded()
    const deployment = await startDeployment(publication, target, { client, clock, onEvent, whenBusy: 'wait' })
    expect(deployment.deploymentId).toBe('d-000000003')
    expect(events.map((event) => [event.type, 'activeDeploymentIds' in event && event.activeDeploymentIds])).toEqual([
      ['deployment.waiting', ['d-000000001']],
      ['deployment.waiting', ['d-000000002']],
      ['deployment.poll-unanswered', false],
      ['deployment.starting', false],
      ['deployment.started', false],
    ])
  })

  test('is waited for no longer than that is allowed', async () => {
    const { client, add, callsOf } = await serve()
    add({ description: 'by hand' })
    const clock = virtualClock()
    const options: StartDeploymentOptions = { client, clock, whenBusy: 'wait', waitTimeoutMs: 60_000 }
    const error = await failureOf(startDeployment(publication, target, options))
    expect(error.context).toEqual({ target, activeDeploymentIds: ['d-000000001'], waitedMs: 60_000 })
    expect(clock.elapsed()).toBe(60_000)
    expect(callsOf('CreateDeployment')).toEqual([])
  })

  test('is looked at once where the wait may take no time', async () => {
    const { client, add, callsOf } = await serve()
    add({})
    const error = await failureOf(
      startDeployment(publication, target, { client, clock: virtualClock(), whenBusy: 'wait', waitTimeoutMs: 0 }),
    )
    expect(error.context).toMatchObject({ waitedMs: 0 })
    expect(callsOf('ListDeployments')).toHaveLength(1)
  })

  test('is left alone when the wait is cancelled', async () => {
    const { client, add, callsOf } = await serve()
    add({})
    const controller = new AbortController()
    const reason = new Error('the job was cancelled')
    const onEvent = (event: DeploymentStartEvent) => {
      if (event.type === 'deployment.waiting') setTimeout(() => controller.abort(reason), 5)
    }
    const started = startDeployment(publication, target, {
      client,
      whenBusy: 'wait',
      signal: controller.signal,
      onEvent,
    })
    await expect(started).rejects.toBe(reason)
    expect(callsOf('CreateDeployment')).toEqual([])
  })
})

describe('a start is refused', () => {
  const refusals: readonly [string, unknown, unknown, Record<string, unknown>, string][] = [
    ['for a folder', { ...publication, location: { kind: 'folder', path: '/x' } }, target, {}, 'DEPLOYMENT_NEEDS_S3'],
    ['without a commit', { ...publication, commit: 'main' }, target, {}, 'INVALID_RECORD'],
    ['without a key', { ...publication, location: { kind: 's3', bucket: 'b' } }, target, {}, 'INVALID_RECORD'],
    ['without a group', publication, { application: 'shop' }, {}, 'INVALID_RECORD'],
    ['with a misspelt option', publication, target, { whenbusy: 'wait' }, 'UNKNOWN_OPTION'],
    ['with null', publication, target, { runToken: null }, 'INVALID_OPTION'],
    ['with a token that has a space', publication, target, { runToken: 'build 42' }, 'INVALID_OPTION'],
    ['with an empty token', publication, target, { runToken: '' }, 'INVALID_OPTION'],
    ['with a token that is too long', publication, target, { runToken: 'x'.repeat(65) }, 'INVALID_OPTION'],
    ['with a description that is too long', publication, target, { description: 'x'.repeat(200) }, 'INVALID_OPTION'],
    ['with another word for whenBusy', publication, target, { whenBusy: 'later' }, 'INVALID_OPTION'],
    ['with a trigger that does not exist', publication, target, { autoRollback: ['alarms'] }, 'INVALID_OPTION'],
    ['with a trigger outside a list', publication, target, { autoRollback: 'failure' }, 'INVALID_OPTION'],
    ['with a negative time', publication, target, { waitTimeoutMs: -1 }, 'INVALID_OPTION'],
    ['with lower case', publication, target, { fileExistsBehavior: 'overwrite' }, 'INVALID_OPTION'],
    ['with "yes"', publication, target, { ignoreApplicationStopFailures: 'yes' }, 'INVALID_OPTION'],
    ['with an empty configuration', publication, target, { deploymentConfig: '' }, 'INVALID_OPTION'],
  ]

  test.each(refusals)('%s, before anybody was asked', async (_, subject, aim, options, code) => {
    const { client, calls } = await serve()
    const error = await failureOf(startDeployment(subject as never, aim as never, { client, ...options }))
    expect(error.code).toBe(code)
    expect(calls).toEqual([])
  })

  test('with something else than a client', async () => {
    const error = await failureOf(startDeployment(publication, target, { client: {} as never }))
    expect(error.code).toBe('INVALID_OPTION')
  })

  test('with a client of another region, before anybody was asked', async () => {
    const { client, calls } = await serve()
    const error = await failureOf(startDeployment(publication, { ...target, region: 'us-east-1' }, { client }))
    expect(error.code).toBe('TARGET_REGION_MISMATCH')
    expect(error.context).toMatchObject({ clientRegion: 'eu-central-1' })
    expect(calls).toEqual([])
  })

  test('when it was cancelled before', async () => {
    const { client, calls } = await serve()
    const reason = new Error('stop')
    const signal = AbortSignal.abort(reason)
    await expect(startDeployment(publication, target, { client, signal })).rejects.toBe(reason)
    expect(calls).toEqual([])
  })

  test('for an application that does not exist, with nothing created', async () => {
    const { client, callsOf } = await serve()
    const error = await failureOf(startDeployment(publication, { ...target, application: 'shpo' }, { client }))
    expect(error.code).toBe('APPLICATION_NOT_FOUND')
    expect(error.message).toContain('"shpo"')
    expect(callsOf('CreateDeployment')).toEqual([])
  })

  test('for a deployment group that does not exist, with nothing created', async () => {
    const { client, callsOf } = await serve()
    const error = await failureOf(startDeployment(publication, { ...target, deploymentGroup: 'prod' }, { client }))
    expect(error.code).toBe('DEPLOYMENT_GROUP_NOT_FOUND')
    expect(callsOf('CreateDeployment')).toEqual([])
  })

  const answers: readonly [string, number, string][] = [
    ['DeploymentConfigDoesNotExistException', 400, 'DEPLOYMENT_CONFIG_NOT_FOUND'],
    ['RevisionDoesNotExistException', 400, 'REVISION_REFUSED'],
    ['InvalidRevisionException', 400, 'REVISION_REFUSED'],
    ['InvalidRoleException', 400, 'SERVICE_ROLE_REFUSED'],
    ['AccessDeniedException', 400, 'AWS_ACCESS_DENIED'],
    ['ThrottlingException', 400, 'AWS_THROTTLED'],
    ['ExpiredTokenException', 400, 'AWS_CREDENTIALS_MISSING'],
    ['DescriptionTooLongException', 400, 'AWS_REQUEST_FAILED'],
  ]

  test.each(answers)('where CreateDeployment answers %s', async (name, status, code) => {
    const { client, callsOf } = await serve({ CreateDeployment: () => fault(name, status, 'words of the service') })
    const error = await failureOf(
      startDeployment(publication, target, { client, deploymentConfig: 'Mine', clock: virtualClock() }),
    )
    expect(error.code).toBe(code)
    expect(error.cause).toMatchObject({ name })
    expect(callsOf('CreateDeployment')).toHaveLength(1)
  })

  test('with the IAM action where access is denied', async () => {
    const { client } = await serve({ ListDeployments: () => fault('AccessDeniedException') })
    const error = await failureOf(startDeployment(publication, target, { client }))
    expect(error.context).toMatchObject({
      action: 'codedeploy:ListDeployments',
      resource: 'deploymentgroup:shop/production',
    })
  })

  test('with the action that AWS names, where CreateDeployment is denied for another one', async () => {
    const arn = 'arn:aws:codedeploy:eu-central-1:111122223333:deploymentconfig:Mine'
    const words = `User: arn:aws:iam::1:user/ci is not authorized to perform: codedeploy:GetDeploymentConfig on resource: ${arn}`
    const { client } = await serve({ CreateDeployment: () => fault('AccessDeniedException', 400, words) })
    const error = await failureOf(startDeployment(publication, target, { client }))
    expect(error.context).toMatchObject({ action: 'codedeploy:GetDeploymentConfig', resource: arn })
  })

  test('where nobody listens, as unreachable', async () => {
    const { client, close } = await serve()
    await close()
    const error = await failureOf(startDeployment(publication, target, { client }))
    expect(error.code).toBe('AWS_UNREACHABLE')
  })

  test('with errors of the two catalogues alone', () => {
    expect(codeDeployErrors.DEPLOYMENT_GROUP_BUSY.package).toBe('codedeploy-client')
    expect(coreErrors.AWS_UNREACHABLE.package).toBe('core')
  })
})

test('a start that is cancelled while CodeDeploy is silent rejects with the reason, and leaves no connection', async () => {
  const controller = new AbortController()
  const reason = new Error('the job was cancelled')
  const { client, connections } = await serve({
    CreateDeployment: () => {
      setTimeout(() => controller.abort(reason), 5)
      return silence()
    },
  })
  await expect(startDeployment(publication, target, { client, signal: controller.signal })).rejects.toBe(reason)
  client.destroy()
  await expect.poll(connections).toBe(0)
})
