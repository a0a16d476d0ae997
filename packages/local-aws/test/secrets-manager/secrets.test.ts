import { randomUUID } from 'node:crypto'
import {
  BatchGetSecretValueCommand,
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetResourcePolicyCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
  paginateListSecrets,
  PutSecretValueCommand,
  RestoreSecretCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateSecretCommand,
  UpdateSecretVersionStageCommand,
  type BatchGetSecretValueCommandInput,
} from '@aws-sdk/client-secrets-manager'
import { systemClock, type Clock } from '@fairlead/core'
import { describe, expect, test } from 'vitest'
import { running, send, sendSigned } from '../running.ts'

async function manager(secrets: Record<string, string | Uint8Array> = {}, clock?: Clock) {
  return (await running({ secrets, clock })).clients.secretsManager
}

type Manager = Awaited<ReturnType<typeof manager>>

async function valueOf(client: Manager, SecretId: string, which: { VersionId?: string; VersionStage?: string } = {}) {
  return (await client.send(new GetSecretValueCommand({ SecretId, ...which }))).SecretString
}

const notFound = {
  name: 'ResourceNotFoundException',
  message: "Secrets Manager can't find the specified secret.",
}
const marked = {
  name: 'InvalidRequestException',
  message: "You can't perform this operation on the secret because it was marked for deletion.",
}

describe('a secret', () => {
  test('is read by its name, its ARN, and its ARN without the random end', async () => {
    const client = await manager()
    const { ARN = '', VersionId } = await client.send(
      new CreateSecretCommand({ Name: 'shop/dev/env', SecretString: 'A=1\n' }),
    )
    expect(ARN).toMatch(/^arn:aws:secretsmanager:us-east-1:123456789012:secret:shop\/dev\/env-[A-Za-z0-9]{6}$/)
    for (const SecretId of ['shop/dev/env', ARN, ARN.slice(0, -7)]) {
      const value = await client.send(new GetSecretValueCommand({ SecretId }))
      expect(value).toMatchObject({
        ARN,
        Name: 'shop/dev/env',
        VersionId,
        SecretString: 'A=1\n',
        VersionStages: ['AWSCURRENT'],
      })
      expect(Math.abs(Date.now() - (value.CreatedDate?.getTime() ?? 0))).toBeLessThan(60_000)
    }
    for (const SecretId of ['shop/dev', ARN.replace('us-east-1', 'eu-west-1'), ARN.slice(0, -1)]) {
      await expect(valueOf(client, SecretId)).rejects.toMatchObject(notFound)
    }
  })

  test('may be binary', async () => {
    const bytes = Uint8Array.from([0, 255, 10, 13])
    const client = await manager({ seeded: bytes })
    await client.send(new CreateSecretCommand({ Name: 'created', SecretBinary: bytes }))
    for (const SecretId of ['seeded', 'created']) {
      const value = await client.send(new GetSecretValueCommand({ SecretId }))
      expect([...(value.SecretBinary ?? [])]).toEqual([...bytes])
      expect(value.SecretString).toBeUndefined()
    }
  })

  test.each(['a"b\\c\n\r\t\u0000', 'größe 🚢', ' ', '{"a":1}', 'x'.repeat(65_536)])(
    'keeps its value to the byte: %.20j',
    async (value) => {
      const client = await manager({ seeded: value })
      expect(await valueOf(client, 'seeded')).toBe(value)
    },
  )

  test('is created once under a token, however often it is asked for', async () => {
    const client = await manager()
    const ClientRequestToken = randomUUID()
    const create = (SecretString: string) =>
      client.send(new CreateSecretCommand({ Name: 'a', SecretString, ClientRequestToken }))
    const first = await create('x')
    expect(await create('x')).toMatchObject({ ARN: first.ARN, VersionId: ClientRequestToken })
    await expect(create('y')).rejects.toMatchObject({ name: 'ResourceExistsException' })
    const another = new CreateSecretCommand({ Name: 'a', SecretString: 'x' })
    await expect(client.send(another)).rejects.toMatchObject({
      name: 'ResourceExistsException',
      message: 'The operation failed because the secret a already exists.',
    })
  })

  test.each([
    ['with a name that is not allowed', { Name: 'a b', SecretString: 'x' }],
    ['with two values', { Name: 'a', SecretString: 'x', SecretBinary: Uint8Array.of(1) }],
    ['with an empty value', { Name: 'a', SecretString: '' }],
    ['with a value that is too large', { Name: 'a', SecretString: 'x'.repeat(65_537) }],
    ['with a token that is too short', { Name: 'a', SecretString: 'x', ClientRequestToken: 'short' }],
  ])('is not created %s', async (_, input) => {
    const client = await manager()
    await expect(client.send(new CreateSecretCommand(input))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    })
    expect((await client.send(new ListSecretsCommand({}))).SecretList).toEqual([])
  })

  test('without a value has none to read', async () => {
    const client = await manager()
    expect((await client.send(new CreateSecretCommand({ Name: 'a' }))).VersionId).toBeUndefined()
    await expect(valueOf(client, 'a')).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
    })
  })
})

describe('versions', () => {
  test('move AWSCURRENT to the newest and AWSPREVIOUS to the one before', async () => {
    const client = await manager({ a: 'one' })
    const put = async (SecretString: string) =>
      (await client.send(new PutSecretValueCommand({ SecretId: 'a', SecretString }))).VersionId ?? ''
    const two = await put('two')
    const three = await put('three')
    expect(await valueOf(client, 'a')).toBe('three')
    expect(await valueOf(client, 'a', { VersionStage: 'AWSPREVIOUS' })).toBe('two')
    expect(await valueOf(client, 'a', { VersionId: two })).toBe('two')
    const { VersionIdsToStages } = await client.send(new DescribeSecretCommand({ SecretId: 'a' }))
    expect(VersionIdsToStages).toEqual({ [three]: ['AWSCURRENT'], [two]: ['AWSPREVIOUS'] })
    const list = async (IncludeDeprecated: boolean) =>
      (await client.send(new ListSecretVersionIdsCommand({ SecretId: 'a', IncludeDeprecated }))).Versions?.length
    expect([await list(false), await list(true)]).toEqual([2, 3])
  })

  test('may be put under another stage, and become current later', async () => {
    const client = await manager({ a: 'current' })
    const current = (await client.send(new GetSecretValueCommand({ SecretId: 'a' }))).VersionId
    const { VersionId } = await client.send(
      new PutSecretValueCommand({ SecretId: 'a', SecretString: 'pending', VersionStages: ['AWSPENDING'] }),
    )
    expect(await valueOf(client, 'a')).toBe('current')
    expect(await valueOf(client, 'a', { VersionStage: 'AWSPENDING' })).toBe('pending')
    const move = (RemoveFromVersionId?: string) =>
      client.send(
        new UpdateSecretVersionStageCommand({
          SecretId: 'a',
          VersionStage: 'AWSCURRENT',
          MoveToVersionId: VersionId,
          RemoveFromVersionId,
        }),
      )
    await expect(move()).rejects.toMatchObject({ name: 'InvalidParameterException' })
    await move(current)
    expect(await valueOf(client, 'a')).toBe('pending')
    expect(await valueOf(client, 'a', { VersionStage: 'AWSPREVIOUS' })).toBe('current')
  })

  test('are put once under a token', async () => {
    const client = await manager({ a: 'x' })
    const ClientRequestToken = randomUUID()
    const put = (SecretString: string) =>
      client.send(new PutSecretValueCommand({ SecretId: 'a', SecretString, ClientRequestToken }))
    await put('y')
    await put('y')
    await expect(put('z')).rejects.toMatchObject({ name: 'ResourceExistsException' })
    expect(await valueOf(client, 'a', { VersionStage: 'AWSPREVIOUS' })).toBe('x')
  })

  test('that do not exist, or whose stage is another, are refused', async () => {
    const client = await manager({ a: 'x' })
    const id = randomUUID()
    await expect(valueOf(client, 'a', { VersionId: id })).rejects.toMatchObject({
      message: `Secrets Manager can't find the specified secret value for VersionId: ${id}`,
    })
    await expect(valueOf(client, 'a', { VersionStage: 'AWSPREVIOUS' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    })
    const current = (await client.send(new GetSecretValueCommand({ SecretId: 'a' }))).VersionId
    const both = { VersionStage: 'AWSPREVIOUS', ...(current === undefined ? {} : { VersionId: current }) }
    await expect(valueOf(client, 'a', both)).rejects.toMatchObject({ name: 'InvalidRequestException' })
  })

  test('are made by an update of the value, and not by one of the description', async () => {
    const client = await manager({ a: 'x' })
    const described = await client.send(new UpdateSecretCommand({ SecretId: 'a', Description: 'words' }))
    expect(described.VersionId).toBeUndefined()
    expect((await client.send(new DescribeSecretCommand({ SecretId: 'a' }))).Description).toBe('words')
    await client.send(new UpdateSecretCommand({ SecretId: 'a', SecretString: 'y' }))
    expect(await valueOf(client, 'a')).toBe('y')
  })
})

describe('a batch', () => {
  test('answers values and errors together', async () => {
    const client = await manager({ a: '1', b: '2', gone: '3' })
    await client.send(new DeleteSecretCommand({ SecretId: 'gone' }))
    const { ARN } = await client.send(new DescribeSecretCommand({ SecretId: 'b' }))
    const answer = await client.send(new BatchGetSecretValueCommand({ SecretIdList: ['a', ARN ?? '', 'none', 'gone'] }))
    expect(answer.SecretValues).toMatchObject([
      { Name: 'a', SecretString: '1' },
      { Name: 'b', SecretString: '2' },
    ])
    expect(answer.Errors).toEqual([
      { SecretId: 'none', ErrorCode: 'ResourceNotFoundException', Message: notFound.message },
      { SecretId: 'gone', ErrorCode: 'InvalidRequestException', Message: marked.message },
    ])
  })

  test('takes at most twenty, and either names or filters', async () => {
    const client = await manager({ a: 'x' })
    const batch = (input: BatchGetSecretValueCommandInput) => client.send(new BatchGetSecretValueCommand(input))
    const names = (count: number) => Array.from({ length: count }, (_, index) => `s${index}`)
    expect((await batch({ SecretIdList: names(20) })).Errors).toHaveLength(20)
    const invalid = { name: 'InvalidParameterException' }
    await expect(batch({ SecretIdList: names(21) })).rejects.toMatchObject(invalid)
    await expect(batch({ SecretIdList: [] })).rejects.toMatchObject(invalid)
    await expect(batch({})).rejects.toMatchObject(invalid)
    await expect(batch({ SecretIdList: ['a'], MaxResults: 1 })).rejects.toMatchObject(invalid)
  })

  test('pages through what a filter finds', async () => {
    const client = await manager({ 'dev/a': '1', 'dev/b': '2', 'dev/c': '3', 'prod/a': '4' })
    const seen: (string | undefined)[] = []
    let NextToken: string | undefined
    do {
      const page = await client.send(
        new BatchGetSecretValueCommand({ Filters: [{ Key: 'name', Values: ['dev/'] }], MaxResults: 2, NextToken }),
      )
      seen.push(...(page.SecretValues ?? []).map(({ SecretString }) => SecretString))
      NextToken = page.NextToken
    } while (NextToken !== undefined)
    expect(seen).toEqual(['1', '2', '3'])
  })
})

describe('a deletion', () => {
  test('is scheduled, hides the value, and is taken back', async () => {
    const client = await manager({ a: 'x' })
    const { DeletionDate } = await client.send(new DeleteSecretCommand({ SecretId: 'a', RecoveryWindowInDays: 7 }))
    const days = ((DeletionDate?.getTime() ?? 0) - Date.now()) / 86_400_000
    expect(Math.round(days)).toBe(7)
    await expect(valueOf(client, 'a')).rejects.toMatchObject(marked)
    await expect(client.send(new PutSecretValueCommand({ SecretId: 'a', SecretString: 'y' }))).rejects.toMatchObject(
      marked,
    )
    await expect(client.send(new CreateSecretCommand({ Name: 'a', SecretString: 'y' }))).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: "You can't create this secret because a secret with this name is already scheduled for deletion.",
    })
    expect((await client.send(new DescribeSecretCommand({ SecretId: 'a' }))).DeletedDate).toBeInstanceOf(Date)
    const names = async (IncludePlannedDeletion: boolean) =>
      (await client.send(new ListSecretsCommand({ IncludePlannedDeletion }))).SecretList?.map(({ Name }) => Name)
    expect([await names(false), await names(true)]).toEqual([[], ['a']])
    await client.send(new RestoreSecretCommand({ SecretId: 'a' }))
    expect(await valueOf(client, 'a')).toBe('x')
  })

  test('comes true when its time has come', async () => {
    let offsetMs = 0
    const client = await manager({ a: 'x' }, { ...systemClock, now: () => Date.now() + offsetMs })
    await client.send(new DeleteSecretCommand({ SecretId: 'a', RecoveryWindowInDays: 7 }))
    offsetMs = 7 * 86_400_000
    await expect(client.send(new DescribeSecretCommand({ SecretId: 'a' }))).rejects.toMatchObject(notFound)
    await client.send(new CreateSecretCommand({ Name: 'a', SecretString: 'new' }))
    expect(await valueOf(client, 'a')).toBe('new')
  })

  test('by force is at once, and a secret of the same name has another ARN', async () => {
    const client = await manager({ a: 'x' })
    const { ARN } = await client.send(new DeleteSecretCommand({ SecretId: 'a', ForceDeleteWithoutRecovery: true }))
    await expect(valueOf(client, 'a')).rejects.toMatchObject(notFound)
    const again = await client.send(new CreateSecretCommand({ Name: 'a', SecretString: 'y' }))
    expect(again.ARN).not.toBe(ARN)
  })

  test.each([
    [{ RecoveryWindowInDays: 6 }],
    [{ RecoveryWindowInDays: 31 }],
    [{ RecoveryWindowInDays: 7, ForceDeleteWithoutRecovery: true }],
  ])('is refused with %j', async (input) => {
    const client = await manager({ a: 'x' })
    await expect(client.send(new DeleteSecretCommand({ SecretId: 'a', ...input }))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    })
    expect(await valueOf(client, 'a')).toBe('x')
  })
})

describe('a listing', () => {
  test('pages, filters by name and tag, and shows no value', async () => {
    const client = await manager(Object.fromEntries(Array.from({ length: 7 }, (_, index) => [`s${index}`, 'x'])))
    const names: (string | undefined)[] = []
    for await (const page of paginateListSecrets({ client, pageSize: 3 }, { SortOrder: 'asc' })) {
      expect(JSON.stringify(page.SecretList)).not.toContain('SecretString')
      names.push(...(page.SecretList ?? []).map(({ Name }) => Name))
    }
    expect(names).toEqual(['s0', 's1', 's2', 's3', 's4', 's5', 's6'])
    await client.send(new TagResourceCommand({ SecretId: 's3', Tags: [{ Key: 'stage', Value: 'dev' }] }))
    const found = async (Key: 'name' | 'tag-key' | 'tag-value', ...Values: string[]) =>
      (await client.send(new ListSecretsCommand({ Filters: [{ Key, Values }], SortOrder: 'asc' }))).SecretList?.map(
        ({ Name }) => Name,
      )
    expect(await found('tag-value', 'dev')).toEqual(['s3'])
    expect(await found('name', 's1', 's2')).toEqual(['s1', 's2'])
    expect(await found('name', '!s')).toEqual([])
    await client.send(new UntagResourceCommand({ SecretId: 's3', TagKeys: ['stage'] }))
    expect(await found('tag-key', 'stage')).toEqual([])
  })

  test('refuses a token that it did not give', async () => {
    const client = await manager()
    const list = new ListSecretsCommand({ NextToken: 'nonsense' })
    await expect(client.send(list)).rejects.toMatchObject({ name: 'InvalidNextTokenException' })
  })
})

describe('what is not implemented says so by name', () => {
  test('an action', async () => {
    const client = await manager({ a: 'x' })
    await expect(client.send(new GetResourcePolicyCommand({ SecretId: 'a' }))).rejects.toMatchObject({
      name: 'NotImplementedException',
      message: 'local-aws does not implement secretsmanager:GetResourcePolicy',
      $metadata: { httpStatusCode: 501 },
    })
  })

  test('a parameter and a filter', async () => {
    const client = await manager()
    const replicated = new CreateSecretCommand({
      Name: 'a',
      SecretString: 'x',
      AddReplicaRegions: [{ Region: 'eu-west-1' }],
    })
    await expect(client.send(replicated)).rejects.toThrow('the parameter AddReplicaRegions of CreateSecret')
    const filtered = new ListSecretsCommand({ Filters: [{ Key: 'owning-service', Values: ['x'] }] })
    await expect(client.send(filtered)).rejects.toThrow('the filter owning-service')
  })
})

describe('a request of the JSON protocol', () => {
  const headers = {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': 'secretsmanager.GetSecretValue',
  }
  const body = JSON.stringify({ SecretId: 'a' })
  const raw = { method: 'POST', path: '/', headers, body }

  test.each([
    ['with a wrong secret', { secretAccessKey: 'wrong' }, 'InvalidSignatureException'],
    ['with an unknown key', { accessKeyId: 'AKIAIOSFODNN7EXAMPLE' }, 'UnrecognizedClientException'],
  ])('%s is refused', async (_, wrong, type) => {
    const aws = await running({ secrets: { a: 'x' } })
    const credentials = { ...aws.credentials, ...wrong }
    const refused = await sendSigned(aws, raw, { service: 'secretsmanager', credentials })
    expect(refused.status).toBe(400)
    expect(JSON.parse(refused.text)).toMatchObject({ __type: type })
  })

  test('is accepted without a hash of the body, which is verified nevertheless', async () => {
    const aws = await running({ secrets: { a: 'x' } })
    const options = { service: 'secretsmanager' }
    expect((await sendSigned(aws, raw, options)).status).toBe(200)
    const { sign } = await import('../running.ts')
    const { request } = sign(aws.endpoint, raw, { ...options, credentials: aws.credentials })
    const tampered = await send(aws.endpoint, { ...request, body: JSON.stringify({ SecretId: 'b' }) })
    expect(JSON.parse(tampered.text)).toMatchObject({ __type: 'InvalidSignatureException' })
    const unsigned = await send(aws.endpoint, raw)
    expect(JSON.parse(unsigned.text)).toMatchObject({ __type: 'MissingAuthenticationTokenException' })
  })

  test.each(['{', '[]', '"text"', 'null', '{"SecretId":["a"]}'])(
    'that is no JSON of the right shape does not come back in the error: %s',
    async (text) => {
      const aws = await running({ secrets: { a: 'x' } })
      const refused = await sendSigned(aws, { ...raw, body: text }, { service: 'secretsmanager' })
      expect(refused.status).toBe(400)
      expect(JSON.parse(refused.text)).toMatchObject({ __type: 'SerializationException' })
    },
  )

  test('for a service that is not here is refused', async () => {
    const aws = await running()
    const other = { ...raw, headers: { ...headers, 'x-amz-target': 'DynamoDB_20120810.ListTables' } }
    const refused = await sendSigned(aws, other, { service: 'dynamodb' })
    expect(JSON.parse(refused.text)).toMatchObject({ message: 'local-aws has no service DynamoDB_20120810' })
  })
})
