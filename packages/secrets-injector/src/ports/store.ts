import { isDeployError } from '@fairlead/core'
import { errors } from '../errors.ts'
import type { SecretStore } from '../model.ts'
import { versionWanted } from '../plan/sources.ts'
import { secretValue } from '../secret-value.ts'
import type { SecretsPort } from './secrets-manager.ts'

/** A store of the caller's own. What it throws stays here: it can quote the secret. */
export function secretsOfStore(store: SecretStore): SecretsPort {
  return {
    close: () => {},
    getOne: async (request, signal) => {
      const { name } = request
      const stored = await store.readSecret(request, { signal }).catch((error: unknown) => {
        signal.throwIfAborted()
        const kind = (error as { name?: unknown } | undefined)?.name
        const isWord = typeof kind === 'string' && /^[A-Z][A-Za-z]{0,39}$/.test(kind)
        throw errors.SECRET_STORE_FAILED({ secret: name, name: !isDeployError(error) && isWord ? kind : 'Error' })
      })
      if (stored === undefined) throw errors.SECRET_NOT_FOUND({ secret: name, version: versionWanted(request) })
      const { value, versionId } = stored
      const isValue = typeof value === 'string' || value instanceof Uint8Array
      return {
        name,
        arn: undefined,
        versionId,
        stages: [],
        value: isValue ? secretValue(name, value) : undefined,
      }
    },
  }
}
