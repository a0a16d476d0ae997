import { startLocalAws } from '@fairlead/local-aws'
import { temporaryFolder } from '@fairlead/test-support'
import { describe, expect, onTestFinished, test } from 'vitest'
import { injectionPolicy, injectSecrets, planInjection, secret, type InjectionRequest, type PolicyStatement } from '../src/index.ts' // prettier-ignore

const where = { region: 'eu-west-1', account: '123456789012' }
const arn = (name: string) => `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${name}`

function allows({ Action, Resource }: PolicyStatement, action: string, resource: string): boolean {
  const matches = (pattern: string) =>
    new RegExp(`^${pattern.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')}$`).test(resource) // prettier-ignore
  return Action === action && Resource.some(matches)
}

describe('the policy of a plan', () => {
  test('names its secrets one by one, the batch only where there is one, and the keys that are given', () => {
    const key = 'arn:aws:kms:eu-west-1:123456789012:key/1'
    const one = planInjection({ files: { a: secret('x') } })
    expect(injectionPolicy(one, { ...where, keys: [key] })).toEqual({
      Version: '2012-10-17',
      Statement: [
        { Sid: 'ReadSecrets', Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: [arn('x-??????')] },
        {
          Sid: 'DecryptSecrets',
          Effect: 'Allow',
          Action: 'kms:Decrypt',
          Resource: [key],
          Condition: { StringEquals: { 'kms:ViaService': 'secretsmanager.eu-west-1.amazonaws.com' } },
        },
      ],
    })
    const full = 'arn:aws:secretsmanager:us-east-1:999999999999:secret:y-AbCdEf'
    const two = planInjection({ files: { a: secret('x'), b: secret(full), c: secret('x', { key: 'k' }) } })
    expect(injectionPolicy(two, where).Statement.map(({ Action, Resource }) => [Action, Resource])).toEqual([
      ['secretsmanager:GetSecretValue', [arn('x-??????'), full]],
      ['secretsmanager:BatchGetSecretValue', ['*']],
    ])
  })

  test.each([
    ['no account', { region: 'eu-west-1' }],
    ['an account that is none', { ...where, account: '12' }],
    ['a key that is no ARN', { ...where, keys: ['alias/x'] }],
    ['an unknown option', { ...where, partitions: 'aws' }],
  ])('%s is refused', (_what, options) => {
    expect(() => injectionPolicy({ secrets: [] }, options as never)).toThrow()
  })

  test.each<[string, Pick<InjectionRequest, 'files'>]>([
    ['one secret', { files: { a: secret('s0') } }],
    ['three secrets', { files: { a: secret('s0'), b: secret('s1'), c: secret('s2') } }],
    ['pinned ones', { files: { a: secret('s0', { versionStage: 'AWSCURRENT' }), b: secret('s1', { versionStage: 'AWSPREVIOUS' }) } }], // prettier-ignore
  ])('allows what local-aws was asked for, and nothing else: %s', async (_what, request) => {
    const aws = await startLocalAws({ secrets: { s0: 'a', s1: 'b', s2: 'c' } })
    onTestFinished(() => aws.close())
    const { secretsManager: client } = aws.clients
    await injectSecrets({ directory: temporaryFolder(), client, ...request }).catch((error: unknown) => {
      // There is no version before; the permission was asked for all the same.
      if ((error as { code?: string }).code !== 'SECRET_NOT_FOUND') throw error
    })
    const { Statement } = injectionPolicy(planInjection(request), where)
    const names = planInjection(request).secrets.map(({ name }) => name)
    const asked = aws.calls.flatMap(({ permissions }) => permissions)
    const needs = [...new Set(asked)].flatMap(
      (action) =>
      action.endsWith('BatchGetSecretValue') ? [[action, '*'] as const] : names.map((name) => [action, arn(`${name}-AbCdEf`)] as const), // prettier-ignore
    )
    for (const [action, resource] of needs) {
      expect(Statement.some((statement) => allows(statement, action, resource))).toBe(true)
    }
    const spare = Statement.flatMap((statement) => statement.Resource.filter((resource) => !needs.some(([action, needed]) => allows({ ...statement, Resource: [resource] }, action, needed)))) // prettier-ignore
    expect(spare).toEqual([])
  })

  test('43 secrets and two pinned ones cost three batches and two calls', async () => {
    const stored = Object.fromEntries(Array.from({ length: 43 }, (_, index) => [`s${index}`, 'x']))
    const aws = await startLocalAws({ secrets: stored })
    onTestFinished(() => aws.close())
    const { secretsManager: client } = aws.clients
    const { files: first } = await injectSecrets({ directory: temporaryFolder(), client, files: { a: secret('s0'), b: secret('s1') } }) // prettier-ignore
    const pinned = first.map(({ sources }) => sources[0]!).map(({ name, versionId }) => secret(name, { versionId }))
    const before = aws.calls.length
    const files = Object.fromEntries([...Object.keys(stored).map((name) => secret(name)), ...pinned].map((source, index) => [`f${index}`, source])) // prettier-ignore
    await injectSecrets({ directory: temporaryFolder(), client, files })
    const actions = aws.calls.slice(before).map(({ action }) => action)
    expect(actions.sort()).toEqual([...Array<string>(3).fill('BatchGetSecretValue'), ...Array<string>(2).fill('GetSecretValue')]) // prettier-ignore
  })
})
