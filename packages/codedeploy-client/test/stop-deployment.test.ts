import { describe, expect, test } from 'vitest'
import { continueDeployment, stopDeployment } from '../src/index.ts'
import { failureOf, target } from './support/deploy-values.ts'
import { fault, scriptedCodeDeploy, type Handler } from './support/scripted-codedeploy.ts'

const serve = (StopDeployment: Handler) => scriptedCodeDeploy({ StopDeployment, ContinueDeployment: StopDeployment })

describe(stopDeployment.name, () => {
  test.each([
    [undefined, {}],
    [true, { autoRollbackEnabled: true }],
    [false, { autoRollbackEnabled: false }],
  ])('asks for the stop, with rollback: %s', async (rollback, sent) => {
    const { client, callsOf } = await serve(() => ({ status: 'Pending', statusMessage: 'stopping' }))
    const events: string[] = []
    const onEvent = ({ type }: { readonly type: string }) => events.push(type)
    const answer = await stopDeployment({ deploymentId: 'd-1', target }, { client, rollback, onEvent })
    expect(answer).toEqual({ deploymentId: 'd-1', alreadyEnded: false, message: 'stopping' })
    expect(callsOf('StopDeployment')).toEqual([{ deploymentId: 'd-1', ...sent }])
    expect(events).toEqual(['deployment.stop-requested'])
  })

  test('has nothing to do for a deployment that has ended', async () => {
    const { client } = await serve(() => fault('DeploymentAlreadyCompletedException'))
    expect(await stopDeployment({ deploymentId: 'd-1' }, { client })).toEqual({
      deploymentId: 'd-1',
      alreadyEnded: true,
    })
  })

  test.each([
    ['DeploymentDoesNotExistException', 'DEPLOYMENT_NOT_FOUND'],
    ['InvalidDeploymentIdException', 'DEPLOYMENT_NOT_FOUND'],
    ['AccessDeniedException', 'AWS_ACCESS_DENIED'],
    ['UnsupportedActionForDeploymentTypeException', 'AWS_REQUEST_FAILED'],
  ])('says what %s means', async (name, code) => {
    const { client } = await serve(() => fault(name))
    expect((await failureOf(stopDeployment({ deploymentId: 'd-1' }, { client }))).code).toBe(code)
  })

  test('refuses what it does not know', async () => {
    const { client, calls } = await serve(() => ({}))
    const refusals = [
      stopDeployment({ deploymentId: '' }, { client }),
      stopDeployment({ deploymentId: 'd-1' }, { client, rollback: 'yes' as never }),
      stopDeployment({ deploymentId: 'd-1' }, { client, autoRollback: true } as never),
    ]
    const codes = await Promise.all(refusals.map(async (refusal) => (await failureOf(refusal)).code))
    expect(codes).toEqual(['INVALID_RECORD', 'INVALID_OPTION', 'UNKNOWN_OPTION'])
    expect(calls).toEqual([])
  })
})

describe(continueDeployment.name, () => {
  test.each([
    [undefined, {}],
    ['traffic', { deploymentWaitType: 'READY_WAIT' }],
    ['termination', { deploymentWaitType: 'TERMINATION_WAIT' }],
  ] as const)('lets %s go on', async (phase, sent) => {
    const { client, callsOf } = await serve(() => ({}))
    const events: string[] = []
    await continueDeployment({ deploymentId: 'd-1' }, { client, phase, onEvent: ({ type }) => events.push(type) })
    expect(callsOf('ContinueDeployment')).toEqual([{ deploymentId: 'd-1', ...sent }])
    expect(events).toEqual(['deployment.continued'])
  })

  test.each([
    ['DeploymentIsNotInReadyStateException', 'DEPLOYMENT_NOT_READY'],
    ['DeploymentAlreadyCompletedException', 'DEPLOYMENT_NOT_READY'],
    ['UnsupportedActionForDeploymentTypeException', 'DEPLOYMENT_NOT_READY'],
    ['DeploymentDoesNotExistException', 'DEPLOYMENT_NOT_FOUND'],
  ])('says what %s means', async (name, code) => {
    const { client } = await serve(() => fault(name, 400, 'in the words of the service'))
    expect((await failureOf(continueDeployment({ deploymentId: 'd-1' }, { client }))).code).toBe(code)
  })

  test('refuses a phase that does not exist', async () => {
    const { client } = await serve(() => ({}))
    const error = await failureOf(continueDeployment({ deploymentId: 'd-1' }, { client, phase: 'READY_WAIT' as never }))
    expect(error.code).toBe('INVALID_OPTION')
  })
})
