import { randomBytes, randomInt, randomUUID } from 'node:crypto'
import type { Clock } from '@fairlead/core'
import type { ObjectFiles } from '../ports/object-files.ts'
import { ServiceFault } from '../service.ts'
import { secretFaults } from './input.ts'
import type { RotationRules, Secret, SecretVersion } from './model.ts'

/** The content of a version to make. */
export interface NewValue {
  readonly text: string | undefined
  /** In base64. */
  readonly binary: string | undefined
}

export interface SecretsState {
  readonly nowMs: () => number
  /** All, by creation; those whose time has come are gone. */
  readonly all: () => readonly Secret[]
  /** By name, ARN, or ARN without its six random characters. */
  readonly find: (secretId: string) => Secret | undefined
  readonly require: (secretId: string) => Secret
  readonly create: (facts: Pick<Secret, 'name' | 'description' | 'kmsKeyId' | 'tags'>) => Secret
  /** Adds a version and moves the stages to it. The same token with the same content changes nothing. */
  readonly addVersion: (secret: Secret, token: string, value: NewValue, stages: readonly string[]) => SecretVersion
  readonly moveStage: (secret: Secret, stage: string, to: SecretVersion | undefined) => void
  /** Notes how the secret is rotated, and adds the empty version that a rotation fills. */
  readonly beginRotation: (
    secret: Secret,
    rotation: {
      readonly lambdaArn: string
      readonly rules: RotationRules | undefined
      readonly token: string | undefined
    },
  ) => Promise<void>
  /** After the last step: the version is pending no more. */
  readonly endRotation: (secret: Secret, token: string) => Promise<void>
  readonly cancelRotation: (secret: Secret) => Promise<void>
  readonly remove: (secret: Secret) => void
  /** Makes the change last, where the server has a folder. */
  readonly save: () => Promise<void>
}

interface SecretsRecord {
  readonly schema: 1
  readonly secrets: readonly (Omit<Secret, 'versions'> & { readonly versions: readonly SecretVersion[] })[]
}

const recordName = 'secrets-manager'

export async function openSecretsState(options: {
  readonly account: string
  readonly region: string
  readonly clock: Clock
  readonly files: ObjectFiles
}): Promise<SecretsState> {
  const { account, region, clock, files } = options
  const secrets = new Map<string, Secret>()
  const record = (await files.loadRecords()).get(recordName) as SecretsRecord | undefined
  for (const stored of record?.secrets ?? []) {
    secrets.set(stored.name, { ...stored, versions: new Map(stored.versions.map((version) => [version.id, version])) })
  }
  const arnPrefix = `arn:aws:secretsmanager:${region}:${account}:secret:`
  let saving: Promise<void> = Promise.resolve()

  const purge = () => {
    for (const secret of secrets.values()) {
      if (secret.deletion && secret.deletion.goneMs <= clock.now()) secrets.delete(secret.name)
    }
  }
  const find = (secretId: string): Secret | undefined => {
    purge()
    if (!secretId.startsWith('arn:')) return secrets.get(secretId)
    const exact = [...secrets.values()].find(({ arn }) => arn === secretId)
    if (exact || !secretId.startsWith(arnPrefix)) return exact
    return secrets.get(secretId.slice(arnPrefix.length))
  }
  const moveStage = (secret: Secret, stage: string, to: SecretVersion | undefined) => {
    const from = [...secret.versions.values()].find(({ stages }) => stages.includes(stage))
    if (from === to) return
    if (from) from.stages = from.stages.filter((other) => other !== stage)
    if (to) to.stages = [...to.stages, stage]
    // The version that loses AWSCURRENT becomes AWSPREVIOUS.
    if (stage === 'AWSCURRENT' && from) moveStage(secret, 'AWSPREVIOUS', from)
  }
  const save = () => {
    saving = saving
      .catch(() => {})
      .then(() =>
        files.saveRecord(recordName, {
          schema: 1,
          secrets: [...secrets.values()].map((secret) => ({ ...secret, versions: [...secret.versions.values()] })),
        } satisfies SecretsRecord),
      )
    return saving
  }
  const isEmpty = ({ text, binary }: SecretVersion) => text === undefined && binary === undefined
  return {
    nowMs: () => clock.now(),
    all: () => {
      purge()
      return [...secrets.values()]
    },
    find,
    require: (secretId) => {
      const secret = find(secretId)
      if (!secret) throw secretFaults.notFound()
      return secret
    },
    create: ({ name, description, kmsKeyId, tags }) => {
      const existing = find(name)
      if (existing?.deletion) {
        throw secretFaults.invalidRequest(
          "You can't create this secret because a secret with this name is already scheduled for deletion.",
        )
      }
      if (existing) {
        throw new ServiceFault(
          'ResourceExistsException',
          `The operation failed because the secret ${name} already exists.`,
        )
      }
      const nowMs = clock.now()
      const secret: Secret = {
        name,
        arn: `${arnPrefix}${name}-${arnSuffix()}`,
        description,
        kmsKeyId,
        tags,
        createdMs: nowMs,
        changedMs: nowMs,
        accessedMs: undefined,
        deletion: undefined,
        versions: new Map(),
      }
      secrets.set(name, secret)
      return secret
    },
    addVersion: (secret, token, value, stages) => {
      const existing = secret.versions.get(token)
      if (existing && isEmpty(existing)) {
        Object.assign(existing, value)
        for (const stage of stages) moveStage(secret, stage, existing)
        secret.changedMs = clock.now()
        return existing
      }
      if (existing) {
        if (existing.text !== value.text || existing.binary !== value.binary) {
          throw secretFaults.tokenInUse(token, secret.arn)
        }
        return existing
      }
      const version: SecretVersion = { id: token, ...value, createdMs: clock.now(), stages: [] }
      secret.versions.set(token, version)
      // The first version of a secret is the current one, whatever stages were asked for.
      const hasCurrent = [...secret.versions.values()].some((other) => other.stages.includes('AWSCURRENT'))
      for (const stage of hasCurrent ? stages : new Set([...stages, 'AWSCURRENT'])) moveStage(secret, stage, version)
      secret.changedMs = clock.now()
      return version
    },
    moveStage,
    beginRotation: (secret, { lambdaArn, rules, token }) => {
      secret.rotation = { enabled: true, lambdaArn, rules, lastMs: secret.rotation?.lastMs }
      if (token !== undefined && !secret.versions.has(token)) {
        const version: SecretVersion = { id: token, createdMs: clock.now(), stages: [] }
        secret.versions.set(token, version)
        moveStage(secret, 'AWSPENDING', version)
      }
      return save()
    },
    endRotation: async (secret, token) => {
      const version = secret.versions.get(token)
      if (!version || !secret.rotation) return
      if (version.stages.includes('AWSCURRENT')) moveStage(secret, 'AWSPENDING', undefined)
      secret.rotation = { ...secret.rotation, lastMs: clock.now() }
      await save()
    },
    cancelRotation: (secret) => {
      if (secret.rotation) secret.rotation = { ...secret.rotation, enabled: false }
      return save()
    },
    remove: (secret) => void secrets.delete(secret.name),
    save,
  }
}

/** A version id where the caller gave no token. */
export function newToken(): string {
  return randomUUID()
}

function arnSuffix(): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
  return Array.from({ length: 6 }, () => letters[randomInt(letters.length)]).join('')
}

/** A place in a listing that means nothing to the caller. */
export function pageToken(offset: number): string {
  return Buffer.from(JSON.stringify({ offset, salt: randomBytes(4).toString('hex') })).toString('base64url')
}

export function readPageToken(token: string | undefined): number {
  if (token === undefined) return 0
  try {
    const { offset } = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as { offset?: unknown }
    if (Number.isSafeInteger(offset) && (offset as number) > 0) return offset as number
  } catch {
    // Not one of ours: refused below.
  }
  throw secretFaults.invalidNextToken()
}
