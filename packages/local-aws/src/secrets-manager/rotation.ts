import type { DeployEvent, JsonObject } from '@fairlead/core'
import type { SdkClients } from '../ports/sdk-clients.ts'
import { asObject, optionalFlag, optionalNumber, optionalText, requireKnown, secretFaults } from './input.ts'
import type { RotationRules, Secret, SecretVersion } from './model.ts'
import { newToken, type SecretsState } from './state.ts'
import { readToken, requireLive } from './write.ts'

/** What Secrets Manager calls a rotation function with, member for member what Lambda hands to a handler. */
export interface RotationStep {
  readonly Step: 'createSecret' | 'setSecret' | 'testSecret' | 'finishSecret'
  /** The ARN of the secret. */
  readonly SecretId: string
  /** The id of the version that is to be filled under AWSPENDING and to become AWSCURRENT. */
  readonly ClientRequestToken: string
}

/** A rotation function: `rotate(event, { clients })`. What it throws ends the rotation, and AWSPENDING stays. */
export type RotateSecretFunction = (
  event: RotationStep,
  context: { readonly clients: SdkClients },
) => void | Promise<void>

/** A rotation came to its end. */
export interface RotationEndedEvent extends DeployEvent {
  readonly type: 'local-aws.rotation-ended'
  readonly secret: string
  readonly outcome: 'succeeded' | 'failed'
  /** The step that failed, and the name of what it threw; never its message, which may hold a value. */
  readonly failure?: { readonly step: RotationStep['Step']; readonly error: string } | undefined
}

/** How rotations run behind the caller's back. */
export interface Rotations {
  /** Whether there is a function at all. */
  readonly isPossible: boolean
  readonly start: (secret: Secret, token: string, steps: readonly RotationStep['Step'][]) => void
  /** Resolves when none runs. */
  readonly whenIdle: () => Promise<void>
}

const everyStep = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const

export function createRotations(options: {
  readonly state: SecretsState
  readonly rotate: RotateSecretFunction | undefined
  readonly clients: () => SdkClients
  readonly tell: (event: Omit<RotationEndedEvent, 'at' | 'summary'>) => void
}): Rotations {
  const { state, rotate, clients, tell } = options
  const running = new Set<Promise<void>>()
  const run = async (secret: Secret, token: string, steps: readonly RotationStep['Step'][]) => {
    for (const Step of steps) {
      try {
        await rotate?.({ Step, SecretId: secret.arn, ClientRequestToken: token }, { clients: clients() })
      } catch (error) {
        const failure = { step: Step, error: error instanceof Error ? error.name : 'Error' }
        tell({ type: 'local-aws.rotation-ended', secret: secret.arn, outcome: 'failed', failure })
        return
      }
    }
    await state.endRotation(secret, token)
    tell({ type: 'local-aws.rotation-ended', secret: secret.arn, outcome: 'succeeded' })
  }
  return {
    isPossible: rotate !== undefined,
    start: (secret, token, steps) => {
      // The answer to RotateSecret comes before its first step, as it does on AWS.
      const task = new Promise<void>((resolve) => setImmediate(resolve))
        .then(() => run(secret, token, steps))
        // The server was closed, and its files are gone: there is nobody left to tell.
        .catch(() => {})
        .finally(() => running.delete(task))
      running.add(task)
    },
    whenIdle: async () => {
      while (running.size > 0) await Promise.all(running)
    },
  }
}

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html */
export async function rotateSecret(state: SecretsState, input: JsonObject, rotations: Rotations): Promise<JsonObject> {
  requireKnown('RotateSecret', input, [
    'SecretId',
    'ClientRequestToken',
    'RotationLambdaARN',
    'RotationRules',
    'RotateImmediately',
  ])
  const secret = requireLive(state, input)
  const token = optionalText(input, 'ClientRequestToken') === undefined ? newToken() : readToken(input)
  const lambdaArn = optionalText(input, 'RotationLambdaARN') ?? secret.rotation?.lambdaArn
  if (lambdaArn === undefined) {
    throw secretFaults.invalidRequest('No Lambda rotation function ARN is associated with this secret.')
  }
  if (!/^arn:aws[\w-]*:lambda:[\w-]+:\d{12}:function:\S+$/.test(lambdaArn)) {
    throw secretFaults.invalidParameter(`Invalid lambda ARN: ${lambdaArn}`)
  }
  if (!rotations.isPossible)
    throw secretFaults.notImplemented('RotateSecret without the option rotate of startLocalAws')
  const rules = readRules(input) ?? secret.rotation?.rules
  const immediately = input['RotateImmediately'] === undefined || optionalFlag(input, 'RotateImmediately')
  const pending = pendingVersion(secret)
  if (pending) {
    rotations.start(secret, pending.id, everyStep)
    throw secretFaults.invalidRequest("A previous rotation isn't complete. That rotation will be reattempted.")
  }
  await state.beginRotation(secret, { lambdaArn, rules, token: immediately ? token : undefined })
  rotations.start(secret, token, immediately ? everyStep : ['testSecret'])
  return { ARN: secret.arn, Name: secret.name, VersionId: immediately ? token : undefined }
}

export async function cancelRotateSecret(state: SecretsState, input: JsonObject): Promise<JsonObject> {
  requireKnown('CancelRotateSecret', input, ['SecretId'])
  const secret = requireLive(state, input)
  if (!secret.rotation?.enabled) {
    throw secretFaults.invalidRequest('Rotation is not enabled for this secret.')
  }
  await state.cancelRotation(secret)
  return { ARN: secret.arn, Name: secret.name, VersionId: pendingVersion(secret)?.id }
}

/** The version of a rotation that did not come to its end. */
function pendingVersion(secret: Secret): SecretVersion | undefined {
  return [...secret.versions.values()].find(
    ({ stages }) => stages.includes('AWSPENDING') && !stages.includes('AWSCURRENT'),
  )
}

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotationRulesType.html */
function readRules(input: JsonObject): RotationRules | undefined {
  const value = input['RotationRules']
  if (value === undefined || value === null) return undefined
  const rules = asObject(value, 'RotationRules')
  requireKnown('RotationRules', rules, ['AutomaticallyAfterDays', 'Duration', 'ScheduleExpression'])
  const days = optionalNumber(rules, 'AutomaticallyAfterDays')
  const [duration, schedule] = [optionalText(rules, 'Duration'), optionalText(rules, 'ScheduleExpression')]
  if (days !== undefined && schedule !== undefined) {
    throw secretFaults.invalidParameter(
      'You can specify either AutomaticallyAfterDays or ScheduleExpression in RotationRules, but not both.',
    )
  }
  if (days !== undefined && (!Number.isInteger(days) || days < 1 || days > 1000)) {
    throw secretFaults.invalidParameter('AutomaticallyAfterDays must be between 1 and 1000.')
  }
  if (duration !== undefined && !/^[0-9]{1,2}h$/.test(duration)) {
    throw secretFaults.invalidParameter(`Invalid Duration: ${duration}`)
  }
  if (schedule !== undefined && !/^(rate|cron)\([0-9A-Za-z#?*\-/, ]+\)$/.test(schedule)) {
    throw secretFaults.invalidParameter(`Invalid ScheduleExpression: ${schedule}`)
  }
  return { days, duration, schedule }
}

/** What DescribeSecret and ListSecrets say of the rotation. */
export function describeRotation(secret: Secret): JsonObject {
  const { rotation } = secret
  if (!rotation) return {}
  const { days, duration, schedule } = rotation.rules ?? {}
  const dayMs = 24 * 60 * 60 * 1000
  const since = rotation.lastMs ?? secret.createdMs
  return {
    RotationEnabled: rotation.enabled,
    RotationLambdaARN: rotation.lambdaArn,
    RotationRules: rotation.rules && {
      AutomaticallyAfterDays: days,
      Duration: duration,
      ScheduleExpression: schedule,
    },
    LastRotatedDate: rotation.lastMs === undefined ? undefined : rotation.lastMs / 1000,
    NextRotationDate: rotation.enabled && days !== undefined ? (since + days * dayMs) / 1000 : undefined,
  }
}
