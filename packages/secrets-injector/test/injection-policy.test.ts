import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import { startLocalAws } from '@fairlead/local-aws'
import { temporaryFolder } from '@fairlead/test-support'
import { describe, expect, onTestFinished, test } from 'vitest'
import { injectionPolicy, injectSecrets, planInjection, secret, type InjectionEvent, type InjectionRequest, type PolicyStatement } from '../src/index.ts' // prettier-ignore

const where = { region: 'eu-west-1', account: '123456789012' }
const arn = (name: string) => `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${name}`

const envFile = { name: '.env', dialect: 'symfony', from: secret('s0') } as const

/** `action on resource`, as local-aws takes it. */
function grantsOf({ Action, Resource }: PolicyStatement): readonly string[] {
  return Resource.map((resource) => `${Action} on ${resource}`)
}

function actionOf(grant: string): string | undefined {
  return grant.split(' on ')[0]
}

/** The grants of the policy of a request, and injections by users who have some of them; each answers why it went without a batch. */
async function startWith(request: Pick<InjectionRequest, 'envFile' | 'files'>) {
  const aws = await startLocalAws({ secrets: { s0: '{"A":"old"}', s1: 'b', s2: 'c', 's0-2': 'd' } })
  onTestFinished(() => aws.close())
  await aws.clients.secretsManager.send(new PutSecretValueCommand({ SecretId: 's0', SecretString: '{"A":"new"}' }))
  const before = aws.calls.length
  const { region, account } = aws
  const grants = injectionPolicy(planInjection(request), { region, account }).Statement.flatMap(grantsOf)
  let users = 0
  const injectWith = async (allow: readonly string[], other = request) => {
    const { secretsManager: client } = aws.addUser({ name: `user-${users++}`, allow }).clients
    const reasons: string[] = []
    const onEvent = (event: InjectionEvent) => {
      if (event.type === 'secrets.batch-unavailable') reasons.push(event.reason)
    }
    await injectSecrets({ directory: temporaryFolder(), client, onEvent, ...other })
    return reasons
  }
  return { grants, injectWith, calls: () => aws.calls.slice(before) }
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

  describe.each<[string, Pick<InjectionRequest, 'envFile' | 'files'>]>([
    ['one secret', { files: { a: secret('s0') } }],
    ['an environment and files', { envFile, files: { a: secret('s1'), b: secret('s2'), c: secret('s1') } }],
    ['pinned ones', { files: { a: secret('s0', { versionStage: 'AWSPREVIOUS' }), b: secret('s1'), c: secret('s2') } }],
    ['a pinned one alone', { files: { a: secret('s0', { versionStage: 'AWSPREVIOUS' }) } }],
  ])('of %s', (_what, request) => {
    test('is enough for a user who may do nothing else', async () => {
      const { grants, injectWith, calls } = await startWith(request)
      expect(await injectWith(grants)).toEqual([])
      expect(calls().map(({ status }) => status)).not.toContain(403)
      expect(new Set(calls().flatMap(({ permissions }) => permissions))).toEqual(new Set(grants.map(actionOf)))
    })

    test('has nothing that can be left out', async () => {
      const { grants, injectWith } = await startWith(request)
      for (const grant of grants) {
        const injecting = injectWith(grants.filter((other) => other !== grant))
        if (actionOf(grant) === 'secretsmanager:GetSecretValue') {
          await expect(injecting).rejects.toMatchObject({
            code: 'AWS_ACCESS_DENIED',
            context: { action: 'secretsmanager:GetSecretValue' },
          })
        } else {
          // Without the batch the secrets are fetched one by one, and that is told.
          expect(await injecting).toEqual(['denied'])
        }
      }
    })

    test('is of no use for a secret beside those of the plan', async () => {
      const { grants, injectWith } = await startWith(request)
      const other = { files: { a: secret('s0-2') } }
      await expect(injectWith(grants, other)).rejects.toMatchObject({ code: 'AWS_ACCESS_DENIED' })
    })
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
