import type {
  APIErrorType,
  BatchGetSecretValueCommandOutput,
  GetSecretValueCommandOutput,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { describeAwsFailure, type DeployError } from '@fairlead/core'
import { errors } from '../errors.ts'
import { connectionTimeoutMs, requestTimeoutMs } from '../limits.ts'
import type { SecretRequest, SecretsClient } from '../model.ts'
import { versionWanted } from '../plan/sources.ts'
import { secretValue, type SecretValue } from '../secret-value.ts'

export const getAction = 'secretsmanager:GetSecretValue'
export const batchAction = 'secretsmanager:BatchGetSecretValue'

/** A secret as the service answered it. */
export interface AnsweredSecret {
  readonly name: string | undefined
  readonly arn: string | undefined
  readonly versionId: string | undefined
  readonly stages: readonly string[]
  /** Missing from an answer that is not Secrets Manager's. */
  readonly value: SecretValue | undefined
}

/** A secret of a batch that could not be read; `error` is missing where a call for it alone may still succeed. */
export interface RefusedSecret {
  readonly id: string
  readonly error: DeployError | undefined
}

export interface BatchPage {
  readonly values: readonly AnsweredSecret[]
  readonly refused: readonly RefusedSecret[]
  readonly nextToken: string | undefined
}

/** Where secrets are read. */
export interface SecretsPort {
  /** Missing where there are no batches. */
  readonly getBatch?: (ids: readonly string[], nextToken: string | undefined, signal: AbortSignal) => Promise<BatchPage>
  readonly getOne: (request: SecretRequest, signal: AbortSignal) => Promise<AnsweredSecret>
  /** Closes the client if it is ours. */
  readonly close: () => void
}

export interface SecretsManagerOptions {
  readonly client?: SecretsClient | undefined
  readonly region?: string | undefined
  readonly endpoint?: string | undefined
}

/** Secrets Manager over the AWS SDK, which is loaded by the first call. */
export function secretsManager({ client, region, endpoint }: SecretsManagerOptions): SecretsPort {
  let own: SecretsManagerClient | undefined
  const open = async () => {
    const sdk = await import('@aws-sdk/client-secrets-manager')
    own ??= client
      ? undefined
      : withoutVersionWarning(() => new sdk.SecretsManagerClient(clientOptions(region, endpoint)))
    return { sdk, send: client ?? own! }
  }
  return {
    close: () => own?.destroy(),
    getBatch: async (ids, nextToken, signal) => {
      try {
        const { sdk, send } = await open()
        const input = { SecretIdList: [...ids], ...(nextToken === undefined ? {} : { NextToken: nextToken }) }
        return pageOf(await send.send(new sdk.BatchGetSecretValueCommand(input), { abortSignal: signal }))
      } catch (error) {
        throw describeAwsFailure(withoutWords(error), {
          action: batchAction,
          // The IAM action cannot be scoped to the secrets.
          resource: '*',
          signal,
          withhold: true,
        })
      }
    },
    getOne: async (request, signal) => {
      const { name, versionId, versionStage } = request
      try {
        const { sdk, send } = await open()
        const input = {
          SecretId: name,
          ...(versionId === undefined ? {} : { VersionId: versionId }),
          ...(versionStage === undefined ? {} : { VersionStage: versionStage }),
        }
        return answerOf(name, await send.send(new sdk.GetSecretValueCommand(input), { abortSignal: signal }))
      } catch (error) {
        const { name: code, message } = error as Error
        const known = signal.aborted ? undefined : failureOf(code, message, name, versionWanted(request))
        throw (
          known ??
          describeAwsFailure(withoutWords(error), { action: getAction, resource: name, signal, withhold: true })
        )
      }
    },
  }
}

function clientOptions(region: string | undefined, endpoint: string | undefined) {
  return {
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    requestHandler: {
      connectionTimeout: connectionTimeoutMs,
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
    },
  }
}

/**
 * The constructor warns on Node 20, on standard error, once for each process; CodeDeploy cuts the output of a hook at 2 KB. The
 * switch is the SDK's own (@aws-sdk/core, submodule client) and read in the constructor alone, so it is on for no longer.
 */
function withoutVersionWarning<T>(create: () => T): T {
  const name = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'
  const before = process.env[name]
  process.env[name] = 'true'
  try {
    return create()
  } finally {
    if (before === undefined) delete process.env[name]
    else process.env[name] = before
  }
}

function pageOf({ SecretValues = [], Errors = [], NextToken }: BatchGetSecretValueCommandOutput): BatchPage {
  return {
    values: SecretValues.map((entry) => answerOf(entry.Name ?? entry.ARN ?? 'without a name', entry)),
    refused: Errors.map(refusalOf),
    nextToken: NextToken,
  }
}

function refusalOf({ SecretId: id = '', ErrorCode: code = '', Message: message = '' }: APIErrorType): RefusedSecret {
  const isDenied = isDenial(code) && !isAboutKey(message)
  const denied = isDenied
    ? (describeAwsFailure({ name: code }, { action: getAction, resource: id, withhold: true }) as DeployError)
    : undefined
  return { id, error: denied ?? failureOf(code, message, id, undefined) }
}

type Answer = Pick<
  GetSecretValueCommandOutput,
  'Name' | 'ARN' | 'VersionId' | 'VersionStages' | 'SecretString' | 'SecretBinary'
>

function answerOf(label: string, answer: Answer): AnsweredSecret {
  const { Name: name, ARN: arn, VersionId: versionId, VersionStages: stages = [] } = answer
  const held = answer.SecretString ?? answer.SecretBinary
  return { name, arn, versionId, stages, value: held === undefined ? undefined : secretValue(label, held) }
}

/** The failures that mean something here, alone or in a batch. The service's words are looked at, and not passed on. */
function failureOf(
  code: string,
  message: string,
  secret: string,
  version: string | undefined,
): DeployError | undefined {
  if (isDenial(code) && isAboutKey(message)) return errors.SECRET_KEY_DENIED({ secret })
  switch (code) {
    case 'ResourceNotFoundException':
      return errors.SECRET_NOT_FOUND({ secret, version })
    case 'InvalidRequestException':
      // Only its message tells a deleted secret: "You can't perform this operation on the secret because it was marked for deletion."
      return /deletion|deleted/i.test(message)
        ? errors.SECRET_DELETED({ secret })
        : errors.SECRET_REQUEST_REFUSED({ secret, name: code })
    case 'InvalidParameterException':
    case 'ValidationException':
      return errors.SECRET_REQUEST_REFUSED({ secret, name: code })
    case 'DecryptionFailure':
    case 'DecryptionFailureException':
      return errors.SECRET_NOT_DECRYPTED({ secret })
    default:
      return undefined
  }
}

function isDenial(code: string): boolean {
  return code === 'AccessDeniedException' || code === 'AccessDenied'
}

/** Only its message tells a key that is denied from a secret: "Access to KMS is not allowed". */
function isAboutKey(message: string): boolean {
  return /\bkms\b/i.test(message)
}

/** What may be told of an SDK error: its words, its stack and the answer that hangs on it can hold the secret. */
function withoutWords(error: unknown): unknown {
  const {
    name,
    code,
    $metadata,
    $retryable,
    address,
    port,
    errors: parts,
    cause,
  } = error as Record<string, unknown> & {
    $metadata?: { httpStatusCode?: unknown; requestId?: unknown }
    $retryable?: unknown
  }
  const { httpStatusCode, requestId } = $metadata ?? {}
  return {
    name: word(name) ?? 'Error',
    code: word(code),
    address: word(address),
    port: typeof port === 'number' ? port : undefined,
    $metadata: {
      httpStatusCode: typeof httpStatusCode === 'number' ? httpStatusCode : undefined,
      requestId: word(requestId),
    },
    $retryable,
    errors: Array.isArray(parts) ? parts.map(withoutWords) : undefined,
    cause: cause === undefined || cause === null ? undefined : withoutWords(cause),
  }
}

/** A name of ASCII letters, or nothing: an error's name is taken from the answer's body. */
function word(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w.:-]{1,80}$/.test(value) ? value : undefined
}
