import type { JsonObject } from '@fairlead/core'
import { secretLimitBytes } from '../limits.ts'
import {
  asObject,
  optionalFlag,
  optionalList,
  optionalNumber,
  optionalText,
  optionalTexts,
  requiredText,
  requireKnown,
  secretFaults,
} from './input.ts'
import type { Secret } from './model.ts'
import { seconds } from './read.ts'
import { newToken, type NewValue, type SecretsState } from './state.ts'

const dayMs = 24 * 60 * 60 * 1000

export async function createSecret(state: SecretsState, input: JsonObject): Promise<JsonObject> {
  requireKnown('CreateSecret', input, [
    'Name',
    'Description',
    'KmsKeyId',
    'Tags',
    'ClientRequestToken',
    'SecretString',
    'SecretBinary',
    'ForceOverwriteReplicaSecret',
  ])
  const name = requiredText(input, 'Name')
  if (!/^[A-Za-z0-9/_+=.@!-]{1,512}$/.test(name)) {
    throw secretFaults.invalidParameter(
      'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
    )
  }
  const token = readToken(input)
  const value = readValue(input)
  const tags = readTags(input)
  // The SDK repeats a request whose answer was lost, under the same token.
  const repeated = state.find(name)
  const before = repeated?.deletion ? undefined : repeated?.versions.get(token)
  if (repeated && before && before.text === value?.text && before.binary === value?.binary) {
    return { ARN: repeated.arn, Name: repeated.name, VersionId: before.id }
  }
  const secret = state.create({
    name,
    description: optionalText(input, 'Description'),
    kmsKeyId: optionalText(input, 'KmsKeyId'),
    tags,
  })
  const version = value && state.addVersion(secret, token, value, ['AWSCURRENT'])
  await state.save()
  return { ARN: secret.arn, Name: secret.name, VersionId: version?.id }
}

export async function putSecretValue(state: SecretsState, input: JsonObject): Promise<JsonObject> {
  requireKnown('PutSecretValue', input, [
    'SecretId',
    'ClientRequestToken',
    'SecretString',
    'SecretBinary',
    'VersionStages',
  ])
  const secret = requireLive(state, input)
  const token = readToken(input)
  const value = readValue(input)
  if (!value) throw secretFaults.invalidParameter('You must provide either SecretString or SecretBinary.')
  const stages = optionalTexts(input, 'VersionStages') ?? ['AWSCURRENT']
  if (stages.length < 1 || stages.length > 20) {
    throw secretFaults.invalidParameter('VersionStages must have between 1 and 20 items.')
  }
  const version = state.addVersion(secret, token, value, stages)
  await state.save()
  return { ARN: secret.arn, Name: secret.name, VersionId: version.id, VersionStages: version.stages }
}

export async function updateSecret(state: SecretsState, input: JsonObject): Promise<JsonObject> {
  requireKnown('UpdateSecret', input, [
    'SecretId',
    'ClientRequestToken',
    'Description',
    'KmsKeyId',
    'SecretString',
    'SecretBinary',
  ])
  const secret = requireLive(state, input)
  const token = readToken(input)
  const value = readValue(input)
  const version = value && state.addVersion(secret, token, value, ['AWSCURRENT'])
  secret.description = optionalText(input, 'Description') ?? secret.description
  secret.kmsKeyId = optionalText(input, 'KmsKeyId') ?? secret.kmsKeyId
  secret.changedMs = state.nowMs()
  await state.save()
  return { ARN: secret.arn, Name: secret.name, VersionId: version?.id }
}

export async function updateSecretVersionStage(state: SecretsState, input: JsonObject): Promise<JsonObject> {
  requireKnown('UpdateSecretVersionStage', input, [
    'SecretId',
    'VersionStage',
    'RemoveFromVersionId',
    'MoveToVersionId',
  ])
  const secret = requireLive(state, input)
  const stage = requiredText(input, 'VersionStage')
  const [removeFrom, moveTo] = [optionalText(input, 'RemoveFromVersionId'), optionalText(input, 'MoveToVersionId')]
  const holder = [...secret.versions.values()].find(({ stages }) => stages.includes(stage))
  if (holder && holder.id !== removeFrom && holder.id !== moveTo) {
    throw secretFaults.invalidParameter(
      `The parameter RemoveFromVersionId can't be empty. Staging label ${stage} is currently attached to version ${holder.id}, so you must explicitly reference that version in RemoveFromVersionId.`,
    )
  }
  if (removeFrom !== undefined && holder?.id !== removeFrom) {
    throw secretFaults.invalidParameter(`Staging label ${stage} is not attached to version ${removeFrom}.`)
  }
  if (moveTo === undefined && stage === 'AWSCURRENT') {
    throw secretFaults.invalidParameter(
      'You can only move staging label AWSCURRENT to a different secret version. It can’t be completely removed.',
    )
  }
  const target = moveTo === undefined ? undefined : secret.versions.get(moveTo)
  if (moveTo !== undefined && !target) throw secretFaults.noValue(`VersionId: ${moveTo}`)
  state.moveStage(secret, stage, target)
  secret.changedMs = state.nowMs()
  await state.save()
  return { ARN: secret.arn, Name: secret.name }
}

export async function deleteSecret(state: SecretsState, input: JsonObject): Promise<JsonObject> {
  requireKnown('DeleteSecret', input, ['SecretId', 'RecoveryWindowInDays', 'ForceDeleteWithoutRecovery'])
  const id = requiredText(input, 'SecretId')
  const force = optionalFlag(input, 'ForceDeleteWithoutRecovery')
  const days = optionalNumber(input, 'RecoveryWindowInDays')
  if (force && days !== undefined) {
    throw secretFaults.invalidParameter(
      "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
    )
  }
  if (days !== undefined && (!Number.isInteger(days) || days < 7 || days > 30)) {
    throw secretFaults.invalidParameter('The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).')
  }
  const secret = state.require(id)
  const nowMs = state.nowMs()
  if (force) {
    state.remove(secret)
    await state.save()
    return { ARN: secret.arn, Name: secret.name, DeletionDate: seconds(nowMs) }
  }
  if (secret.deletion) throw secretFaults.markedForDeletion()
  secret.deletion = { atMs: nowMs, goneMs: nowMs + (days ?? 30) * dayMs }
  await state.save()
  return { ARN: secret.arn, Name: secret.name, DeletionDate: seconds(secret.deletion.goneMs) }
}

export async function restoreSecret(state: SecretsState, input: JsonObject): Promise<JsonObject> {
  requireKnown('RestoreSecret', input, ['SecretId'])
  const secret = state.require(requiredText(input, 'SecretId'))
  secret.deletion = undefined
  await state.save()
  return { ARN: secret.arn, Name: secret.name }
}

export async function tagResource(state: SecretsState, input: JsonObject): Promise<JsonObject> {
  requireKnown('TagResource', input, ['SecretId', 'Tags'])
  const secret = requireLive(state, input)
  const tags = readTags(input)
  const names = new Set(tags.map(({ Key }) => Key))
  secret.tags = [...secret.tags.filter(({ Key }) => !names.has(Key)), ...tags]
  await state.save()
  return {}
}

export async function untagResource(state: SecretsState, input: JsonObject): Promise<JsonObject> {
  requireKnown('UntagResource', input, ['SecretId', 'TagKeys'])
  const secret = requireLive(state, input)
  const names = new Set(optionalTexts(input, 'TagKeys') ?? [])
  secret.tags = secret.tags.filter(({ Key }) => !names.has(Key))
  await state.save()
  return {}
}

/** The secret that the input names, unless it is about to go. */
export function requireLive(state: SecretsState, input: JsonObject): Secret {
  const secret = state.require(requiredText(input, 'SecretId'))
  if (secret.deletion) throw secretFaults.markedForDeletion()
  return secret
}

/** The caller's token, or a new one. */
export function readToken(input: JsonObject): string {
  const token = optionalText(input, 'ClientRequestToken')
  if (token === undefined) return newToken()
  if (token.length < 32 || token.length > 64) {
    throw secretFaults.invalidParameter('ClientRequestToken must be 32-64 characters long.')
  }
  return token
}

function readValue(input: JsonObject): NewValue | undefined {
  const [text, binary] = [optionalText(input, 'SecretString'), optionalText(input, 'SecretBinary')]
  if (text !== undefined && binary !== undefined) {
    throw secretFaults.invalidParameter(
      'You can’t specify both a binary secret value and a string secret value in the same secret.',
    )
  }
  if (text === undefined && binary === undefined) return undefined
  const bytes = text === undefined ? Buffer.from(binary ?? '', 'base64') : Buffer.from(text)
  if (bytes.length > secretLimitBytes) {
    throw secretFaults.invalidParameter(
      `1 validation error detected: Value at 'secretString' failed to satisfy constraint: Member must have length less than or equal to ${secretLimitBytes}`,
    )
  }
  if (bytes.length === 0) {
    throw secretFaults.invalidParameter(
      "1 validation error detected: Value at 'secretString' failed to satisfy constraint: Member must have length greater than or equal to 1",
    )
  }
  return { text, binary: binary === undefined ? undefined : bytes.toString('base64') }
}

function readTags(input: JsonObject): Secret['tags'] {
  return (optionalList(input, 'Tags') ?? []).map((value) => {
    const tag = asObject(value, 'Tags')
    return { Key: requiredText(tag, 'Key'), Value: optionalText(tag, 'Value') ?? '' }
  })
}
