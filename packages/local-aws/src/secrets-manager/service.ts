import type { JsonObject } from '@fairlead/core'
import { ServiceFault, type JsonService, type ServiceCall } from '../service.ts'
import { batchGetSecretValue, describeSecret, getSecretValue, listSecrets, listSecretVersionIds } from './read.ts'
import { getRandomPassword } from './random-password.ts'
import { cancelRotateSecret, rotateSecret, type Rotations } from './rotation.ts'
import type { SecretsState } from './state.ts'
import {
  createSecret,
  deleteSecret,
  putSecretValue,
  restoreSecret,
  tagResource,
  untagResource,
  updateSecret,
  updateSecretVersionStage,
} from './write.ts'

type Action = (
  state: SecretsState,
  input: JsonObject,
  requireAccess: ServiceCall['requireAccess'],
) => JsonObject | Promise<JsonObject>

const actions: Readonly<Record<string, Action>> = {
  BatchGetSecretValue: batchGetSecretValue,
  CreateSecret: createSecret,
  DeleteSecret: deleteSecret,
  DescribeSecret: describeSecret,
  GetRandomPassword: (_state, input) => getRandomPassword(input),
  GetSecretValue: getSecretValue,
  ListSecrets: listSecrets,
  ListSecretVersionIds: listSecretVersionIds,
  PutSecretValue: putSecretValue,
  RestoreSecret: restoreSecret,
  TagResource: tagResource,
  UntagResource: untagResource,
  UpdateSecret: updateSecret,
  UpdateSecretVersionStage: updateSecretVersionStage,
}

/** Secrets Manager over its state. */
export function createSecretsManager(state: SecretsState, rotations: Rotations): JsonService {
  const all: Readonly<Record<string, Action>> = {
    ...actions,
    CancelRotateSecret: cancelRotateSecret,
    RotateSecret: (_state, input) => rotateSecret(state, input, rotations),
  }
  return {
    targetPrefix: 'secretsmanager',
    signingName: 'secretsmanager',
    findResource: (id) => state.find(id)?.arn,
    handle: async (action, input, { requireAccess }) => {
      const run = Object.hasOwn(all, action) ? all[action] : undefined
      if (!run) {
        throw new ServiceFault('NotImplementedException', `local-aws does not implement secretsmanager:${action}`, 501)
      }
      return run(state, input, requireAccess)
    },
    close: async () => {},
  }
}
