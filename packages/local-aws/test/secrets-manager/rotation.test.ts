import {
  CancelRotateSecretCommand,
  DescribeSecretCommand,
  GetRandomPasswordCommand,
  type GetRandomPasswordCommandInput,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager'
import { canary } from '@fairlead/test-support'
import { describe, expect, test } from 'vitest'
import type { LocalAwsEvent, RotateSecretFunction, RotationStep } from '../../src/index.ts'
import { running } from '../running.ts'

const RotationLambdaARN = 'arn:aws:lambda:us-east-1:123456789012:function:rotate'

/** What the templates of AWS do, written down in the SDK's words. */
function rotator(steps: string[], fail?: RotationStep['Step']): RotateSecretFunction {
  return async ({ Step, SecretId, ClientRequestToken }, { clients: { secretsManager } }) => {
    steps.push(Step)
    if (Step === fail) throw new TypeError('the value was: secret')
    const describeSecret = () => secretsManager.send(new DescribeSecretCommand({ SecretId }))
    switch (Step) {
      case 'createSecret':
        await secretsManager.send(
          new PutSecretValueCommand({
            SecretId,
            ClientRequestToken,
            SecretString: `rotated ${ClientRequestToken}`,
            VersionStages: ['AWSPENDING'],
          }),
        )
        break
      case 'finishSecret': {
        const { VersionIdsToStages = {} } = await describeSecret()
        const current = Object.entries(VersionIdsToStages).find(([, stages]) => stages.includes('AWSCURRENT'))?.[0]
        await secretsManager.send(
          new UpdateSecretVersionStageCommand({
            SecretId,
            VersionStage: 'AWSCURRENT',
            MoveToVersionId: ClientRequestToken,
            RemoveFromVersionId: current,
          }),
        )
        break
      }
      case 'setSecret':
      case 'testSecret':
        expect((await describeSecret()).VersionIdsToStages?.[ClientRequestToken]).toEqual(['AWSPENDING'])
    }
  }
}

describe('a rotation', () => {
  test('runs the four steps and ends with the new version as the current one', async () => {
    const steps: string[] = []
    const aws = await running({ secrets: { a: 'first' }, rotate: rotator(steps) })
    const { secretsManager } = aws.clients
    const { VersionId } = await secretsManager.send(
      new RotateSecretCommand({ SecretId: 'a', RotationLambdaARN, RotationRules: { AutomaticallyAfterDays: 30 } }),
    )
    await aws.whenIdle()
    expect(steps).toEqual(['createSecret', 'setSecret', 'testSecret', 'finishSecret'])
    const current = await secretsManager.send(new GetSecretValueCommand({ SecretId: 'a' }))
    expect(current).toMatchObject({ SecretString: `rotated ${VersionId}`, VersionId, VersionStages: ['AWSCURRENT'] })
    expect(aws.inspect.readSecret({ name: 'a', stage: 'AWSPREVIOUS' })).toBe('first')
    const described = await secretsManager.send(new DescribeSecretCommand({ SecretId: 'a' }))
    expect(described).toMatchObject({
      RotationEnabled: true,
      RotationLambdaARN,
      RotationRules: { AutomaticallyAfterDays: 30 },
    })
    const { LastRotatedDate, NextRotationDate } = described
    expect(Number(NextRotationDate) - Number(LastRotatedDate)).toBe(30 * 24 * 60 * 60 * 1000)
    const again = await secretsManager.send(new RotateSecretCommand({ SecretId: 'a' }))
    await aws.whenIdle()
    expect(aws.inspect.readSecret({ name: 'a' })).toBe(`rotated ${again.VersionId}`)
  })

  test('that fails leaves the current version, says so, and is attempted again', async () => {
    const steps: string[] = []
    const events: LocalAwsEvent[] = []
    const secret = canary()
    let fail: RotationStep['Step'] | undefined = 'testSecret'
    const aws = await running({
      secrets: { a: secret.value },
      onEvent: (event) => events.push(event),
      rotate: (event, context) => rotator(steps, fail)(event, context),
    })
    const { secretsManager } = aws.clients
    const rotate = () => secretsManager.send(new RotateSecretCommand({ SecretId: 'a', RotationLambdaARN }))
    await rotate()
    await aws.whenIdle()
    expect(aws.inspect.readSecret({ name: 'a' })).toBe(secret.value)
    expect(events.find(({ type }) => type === 'local-aws.rotation-ended')).toMatchObject({
      outcome: 'failed',
      failure: { step: 'testSecret', error: 'TypeError' },
    })
    expect(JSON.stringify(events)).not.toContain('the value was')
    fail = undefined
    await expect(rotate()).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: "A previous rotation isn't complete. That rotation will be reattempted.",
    })
    await aws.whenIdle()
    expect(aws.inspect.readSecret({ name: 'a', stage: 'AWSPREVIOUS' })).toBe(secret.value)
  })

  test('can only be tested, and can be cancelled', async () => {
    const steps: string[] = []
    const aws = await running({ secrets: { a: 'first' }, rotate: ({ Step }) => void steps.push(Step) })
    const { secretsManager } = aws.clients
    await secretsManager.send(new RotateSecretCommand({ SecretId: 'a', RotationLambdaARN, RotateImmediately: false }))
    await aws.whenIdle()
    expect(steps).toEqual(['testSecret'])
    await secretsManager.send(new CancelRotateSecretCommand({ SecretId: 'a' }))
    const { RotationEnabled } = await secretsManager.send(new DescribeSecretCommand({ SecretId: 'a' }))
    expect(RotationEnabled).toBe(false)
  })

  test('is refused without a function', async () => {
    const aws = await running({ secrets: { a: 'first' } })
    const { secretsManager } = aws.clients
    await expect(secretsManager.send(new RotateSecretCommand({ SecretId: 'a' }))).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: 'No Lambda rotation function ARN is associated with this secret.',
    })
    await expect(
      secretsManager.send(new RotateSecretCommand({ SecretId: 'a', RotationLambdaARN })),
    ).rejects.toMatchObject({ name: 'NotImplementedException' })
  })
})

describe('a random password', () => {
  test('has every kind of character that is not excluded', async () => {
    const { clients } = await running()
    const make = async (input: GetRandomPasswordCommandInput) =>
      (await clients.secretsManager.send(new GetRandomPasswordCommand(input))).RandomPassword ?? ''
    const plain = await make({})
    expect(plain).toHaveLength(32)
    expect(plain).toMatch(/^(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])(?=.*[^a-zA-Z0-9])/)
    expect(await make({ ExcludePunctuation: true, ExcludeNumbers: true, PasswordLength: 8 })).toMatch(/^[a-zA-Z]{8}$/)
    const digits = { ExcludePunctuation: true, ExcludeLowercase: true, ExcludeUppercase: true }
    expect(await make({ ...digits, ExcludeCharacters: '02468' })).toMatch(/^[13579]{32}$/)
    await expect(make({ PasswordLength: 2 })).rejects.toMatchObject({ name: 'InvalidParameterException' })
  })
})
