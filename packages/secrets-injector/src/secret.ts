import { checkOptions } from '@fairlead/core'
import type { SecretSource } from './model.ts'
import { readSource } from './plan/sources.ts'

export interface SecretOptions {
  /** The field of a JSON secret that holds the value. Left out: the whole secret. */
  readonly key?: string | undefined
  /** Pins a version by its id. */
  readonly versionId?: string | undefined
  /** Pins a version by its stage, for example `AWSPREVIOUS`. Default: `AWSCURRENT`. */
  readonly versionStage?: string | undefined
}

/**
 * Names a secret of AWS Secrets Manager, by name or ARN. Reads nothing.
 *
 * @throws UNKNOWN_OPTION, INVALID_OPTION
 */
export function secret(name: string, options: SecretOptions = {}): SecretSource {
  checkOptions('secret', options, ['key', 'versionId', 'versionStage'])
  const { key, versionId, versionStage } = options
  return readSource('secret', 'name', {
    schema: 'fairlead/secret-source/1',
    name,
    ...(key === undefined ? {} : { key }),
    ...(versionId === undefined ? {} : { versionId }),
    ...(versionStage === undefined ? {} : { versionStage }),
  })
}
