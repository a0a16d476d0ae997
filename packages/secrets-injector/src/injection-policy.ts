import { checkOptions, coreErrors } from '@fairlead/core'
import { planFetch } from './plan/batches.ts'
import { kindOf } from './plan/sources.ts'
import type { InjectionPlan } from './model.ts'

export interface InjectionPolicyOptions {
  readonly region: string
  /** The account's number, 12 digits. */
  readonly account: string
  /** Default: `aws`. */
  readonly partition?: string | undefined
  /** ARNs of the customer managed keys that the secrets are encrypted with. Default: none, for the key of the account. */
  readonly keys?: readonly string[] | undefined
}

export interface PolicyStatement {
  readonly Sid: string
  readonly Effect: 'Allow'
  readonly Action: string
  readonly Resource: readonly string[]
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>> | undefined
}

export interface PolicyDocument {
  readonly Version: '2012-10-17'
  readonly Statement: readonly PolicyStatement[]
}

const verb = 'injectionPolicy'

/**
 * The IAM policy that an injection needs, no more: its secrets, one by one. A name becomes an ARN that ends in six question marks,
 * for the letters that Secrets Manager adds to it. BatchGetSecretValue can only be allowed for `*`, and reads nothing that
 * GetSecretValue does not allow too.
 *
 * @throws UNKNOWN_OPTION, INVALID_OPTION
 */
export function injectionPolicy(plan: Pick<InjectionPlan, 'secrets'>, options: InjectionPolicyOptions): PolicyDocument {
  checkOptions(verb, options, ['region', 'account', 'partition', 'keys'])
  const { region, account, partition = 'aws', keys = [] } = options
  const refuse = (option: string, given: unknown, expected: string): never => {
    throw coreErrors.INVALID_OPTION({ verb, option, given: kindOf(given), expected })
  }
  if (typeof region !== 'string' || !/^[a-z0-9-]+$/.test(region)) refuse('region', region, 'the name of a region')
  if (typeof account !== 'string' || !/^\d{12}$/.test(account)) refuse('account', account, 'text of 12 digits')
  if (!Array.isArray(keys) || !keys.every((key) => /^arn:[^:]+:kms:/.test(String(key)))) {
    refuse('keys', keys, 'a list of ARNs of KMS keys')
  }
  const resources = plan.secrets.map(({ name }) =>
    arnPattern(name, `arn:${partition}:secretsmanager:${region}:${account}`),
  )
  const statement = (Sid: string, Action: string, Resource: readonly string[]): PolicyStatement => {
    return { Sid, Effect: 'Allow', Action, Resource }
  }
  const viaSecretsManager = { StringEquals: { 'kms:ViaService': `secretsmanager.${region}.amazonaws.com` } }
  return {
    Version: '2012-10-17',
    Statement: [
      ...(resources.length > 0
        ? [statement('ReadSecrets', 'secretsmanager:GetSecretValue', [...new Set(resources)].sort())]
        : []),
      ...(planFetch(plan.secrets).batches.length > 0
        ? [statement('ReadSecretsTogether', 'secretsmanager:BatchGetSecretValue', ['*'])]
        : []),
      ...(keys.length > 0
        ? [{ ...statement('DecryptSecrets', 'kms:Decrypt', [...new Set(keys)].sort()), Condition: viaSecretsManager }]
        : []),
    ],
  }
}

/** The ARN of a secret. One that is given without its six letters gets a pattern for them. */
function arnPattern(name: string, prefix: string): string {
  if (!name.startsWith('arn:')) return `${prefix}:secret:${name}-??????`
  return /-[A-Za-z0-9]{6}$/.test(name) ? name : `${name}-??????`
}
