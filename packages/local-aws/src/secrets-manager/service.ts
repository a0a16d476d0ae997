import type { JsonObject } from '@fairlead/core'
import { ServiceFault, type JsonService } from '../service.ts'
import { batchGetSecretValue, describeSecret, getSecretValue, listSecrets, listSecretVersionIds } from './read.ts'
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

type Action = (state: SecretsState, input: JsonObject) => JsonObject | Promise<JsonObject>

const actions: Readonly<Record<string, Action>> = {
  BatchGetSecretValue: batchGetSecretValue,
  CreateSecret: createSecret,
  DeleteSecret: deleteSecret,
  DescribeSecret: describeSecret,
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
export function createSecretsManager(state: SecretsState): JsonService {
  return {
    targetPrefix: 'secretsmanager',
    signingName: 'secretsmanager',
    handle: async (action, input) => {
      const run = Object.hasOwn(actions, action) ? actions[action] : undefined
      if (!run) {
        throw new ServiceFault('NotImplementedException', `local-aws does not implement secretsmanager:${action}`, 501)
      }
      return run(state, input)
    },
    close: async () => {},
  }
}
