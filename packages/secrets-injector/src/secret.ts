import { checkOptions, coreErrors } from '@fairlead/core'
import type { SecretSource } from './model.ts'
import { kindOf, readSource } from './plan/sources.ts'

export interface SecretOptions {
  /** The field of a JSON secret that holds the value. Left out: the whole secret. */
  readonly key?: string | undefined
  /** Pins a version by its id. */
  readonly versionId?: string | undefined
  /** Pins a version by its stage, for example `AWSPREVIOUS`. Default: `AWSCURRENT`. */
  readonly versionStage?: string | undefined
  /** What stands in, where there is no such secret or it has no such field. No secret. Default: that fails. */
  readonly default?: string | undefined
}

/**
 * Names a secret of AWS Secrets Manager, by name or ARN. Reads nothing.
 *
 * @throws UNKNOWN_OPTION, INVALID_OPTION
 */
export function secret(name: string, options: SecretOptions = {}): SecretSource {
  checkOptions('secret', options, ['key', 'versionId', 'versionStage', 'default'])
  const { key, versionId, versionStage, default: otherwise } = options
  return readSource('secret', 'name', {
    schema: 'fairlead/secret-source/1',
    name,
    ...(key === undefined ? {} : { key }),
    ...(versionId === undefined ? {} : { versionId }),
    ...(versionStage === undefined ? {} : { versionStage }),
    ...(otherwise === undefined ? {} : { default: otherwise }),
  })
}

export interface ConventionOptions {
  readonly application: string
  readonly environment: string
  /** The variables, each of which has a secret of its own. */
  readonly names: readonly string[]
}

/**
 * The sources of variables whose secrets are named by convention, `application/environment/NAME`, for `from`. Reads nothing.
 *
 * @throws UNKNOWN_OPTION, INVALID_OPTION
 */
export function secretsByConvention(options: ConventionOptions): Readonly<Record<string, SecretSource>> {
  checkOptions('secretsByConvention', options, ['application', 'environment', 'names'])
  const { application, environment, names } = options
  for (const [option, given] of Object.entries({ application, environment })) {
    if (typeof given !== 'string' || given === '') refuseConvention(option, given, 'text that is not empty')
  }
  if (!Array.isArray(names) || names.length === 0) refuseConvention('names', names, 'a list of names')
  return Object.fromEntries(names.map((name) => [name, secret(`${application}/${environment}/${name}`)]))
}

function refuseConvention(option: string, given: unknown, expected: string): never {
  throw coreErrors.INVALID_OPTION({ verb: 'secretsByConvention', option, given: kindOf(given), expected })
}
