import { randomUUID } from 'node:crypto'
import {
  BatchGetSecretValueCommand,
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetRandomPasswordCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  RotateSecretCommand,
  SecretsManagerClient,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager'
import { expect } from 'vitest'
import { casesOf, refused, secretsApi, type World } from './suite.ts'

const create = ({ secretsManager }: World, Name: string, more: object = { SecretString: 'one' }) =>
  secretsManager.send(new CreateSecretCommand({ Name, ...more }))
const put = ({ secretsManager }: World, SecretId: string, more: object) =>
  secretsManager.send(new PutSecretValueCommand({ SecretId, ...more }))
const get = ({ secretsManager }: World, SecretId: string, more: object = {}) =>
  secretsManager.send(new GetSecretValueCommand({ SecretId, ...more }))
const describeSecret = ({ secretsManager }: World, SecretId: string) =>
  secretsManager.send(new DescribeSecretCommand({ SecretId }))
const schedule = ({ secretsManager }: World, SecretId: string, more: object = {}) =>
  secretsManager.send(new DeleteSecretCommand({ SecretId, ...more }))
/** A secret with this value. */
const secret = async (world: World, SecretString = 'one') => {
  const name = world.secretName()
  const { VersionId = '', ARN = '' } = await create(world, name, { SecretString })
  return { name, ARN, VersionId }
}

export const secretCases = [
  ...casesOf(`${secretsApi}API_CreateSecret.html`, {
    'a secret has a name, an ARN with six letters more, and a first version that is current': async (world) => {
      const { name, ARN, VersionId } = await secret(world)
      expect(ARN).toMatch(new RegExp(`^arn:aws:secretsmanager:[\\w-]+:\\d{12}:secret:${name}-[A-Za-z0-9]{6}$`))
      expect(await get(world, name)).toMatchObject({
        Name: name,
        ARN,
        VersionId,
        SecretString: 'one',
        VersionStages: ['AWSCURRENT'],
      })
    },
    'the token of the caller becomes the version id': async (world) => {
      const [name, ClientRequestToken] = [world.secretName(), randomUUID()]
      expect((await create(world, name, { SecretString: 'one', ClientRequestToken })).VersionId).toBe(
        ClientRequestToken,
      )
    },
    'the same call again, by its token, succeeds and changes nothing': async (world) => {
      const [name, ClientRequestToken] = [world.secretName(), randomUUID()]
      const more = { SecretString: 'one', ClientRequestToken }
      const first = await create(world, name, more)
      expect(await create(world, name, more)).toMatchObject({ ARN: first.ARN, VersionId: first.VersionId })
    },
    'a name that is taken is refused': async (world) => {
      const { name } = await secret(world)
      await refused(create(world, name), {
        name: 'ResourceExistsException',
        status: 400,
        message: `The operation failed because the secret ${name} already exists.`,
      })
    },
    'a name with letters that no name has is invalid': async (world) => {
      await refused(create(world, 'a b'), { name: /^(InvalidParameter|Validation)Exception$/, status: 400 })
    },
    'text and bytes at once are refused': async (world) => {
      const more = { SecretString: 'one', SecretBinary: Buffer.from('one') }
      await refused(create(world, world.secretName(), more), { name: 'InvalidParameterException', status: 400 })
    },
    'more than 65,536 bytes are refused': async (world) => {
      const SecretString = 'x'.repeat(65_537)
      await refused(create(world, world.secretName(), { SecretString }), { status: 400 })
    },
    '65,536 bytes are accepted': async (world) => {
      const { name } = await secret(world, 'x'.repeat(65_536))
      expect((await get(world, name)).SecretString).toHaveLength(65_536)
    },
    'a secret without a value has none to get': async (world) => {
      const name = world.secretName()
      await create(world, name, {})
      await refused(get(world, name), {
        name: 'ResourceNotFoundException',
        message: /can't find the specified secret value for staging label: AWSCURRENT/,
      })
    },
    'bytes come back as bytes': async (world) => {
      const name = world.secretName()
      const SecretBinary = Buffer.from([0, 1, 254, 255])
      await create(world, name, { SecretBinary })
      const answer = await get(world, name)
      expect(Buffer.from(answer.SecretBinary ?? [])).toEqual(SecretBinary)
      expect(answer.SecretString).toBeUndefined()
    },
  }),
  ...casesOf(`${secretsApi}API_GetSecretValue.html`, {
    'a secret that does not exist is not found': async (world) => {
      await refused(get(world, world.secretName()), {
        name: 'ResourceNotFoundException',
        status: 400,
        message: "Secrets Manager can't find the specified secret.",
      })
    },
    'a secret is found by its whole ARN': async (world) => {
      const { ARN } = await secret(world)
      expect((await get(world, ARN)).SecretString).toBe('one')
    },
    'a secret is found by its ARN without the six letters': async (world) => {
      const { ARN } = await secret(world)
      expect((await get(world, ARN.slice(0, -7))).SecretString).toBe('one')
    },
    'a version is found by its id and by its stage': async (world) => {
      const { name, VersionId } = await secret(world)
      await put(world, name, { SecretString: 'two' })
      expect((await get(world, name, { VersionId })).SecretString).toBe('one')
      expect((await get(world, name, { VersionStage: 'AWSPREVIOUS' })).SecretString).toBe('one')
      expect((await get(world, name, { VersionId, VersionStage: 'AWSPREVIOUS' })).SecretString).toBe('one')
    },
    'a version that does not have the stage is refused': async (world) => {
      const { name, VersionId } = await secret(world)
      await put(world, name, { SecretString: 'two' })
      await refused(get(world, name, { VersionId, VersionStage: 'AWSCURRENT' }), { status: 400 })
    },
    'a stage that no version has is not found': async (world) => {
      const { name } = await secret(world)
      await refused(get(world, name, { VersionStage: 'mine' }), {
        name: 'ResourceNotFoundException',
        message: "Secrets Manager can't find the specified secret value for staging label: mine",
      })
    },
    'a version id that no version has is not found': async (world) => {
      const { name } = await secret(world)
      const VersionId = randomUUID()
      await refused(get(world, name, { VersionId }), {
        name: 'ResourceNotFoundException',
        message: `Secrets Manager can't find the specified secret value for VersionId: ${VersionId}`,
      })
    },
    'a wrong secret key is refused': async (world) => {
      const { secretsManager: endpoint, region, credentials } = world.endpoint
      const forged = { accessKeyId: credentials.accessKeyId, secretAccessKey: 'wrong' }
      const client = new SecretsManagerClient({ endpoint, region, credentials: forged, maxAttempts: 1 })
      try {
        await refused(client.send(new ListSecretsCommand({})), { name: 'InvalidSignatureException', status: 400 })
      } finally {
        client.destroy()
      }
    },
  }),
  ...casesOf(`${secretsApi}API_PutSecretValue.html`, {
    'a new value is current, and the one before is previous': async (world) => {
      const { name } = await secret(world)
      const answer = await put(world, name, { SecretString: 'two' })
      expect(answer.VersionStages).toEqual(['AWSCURRENT'])
      expect((await get(world, name)).SecretString).toBe('two')
      expect((await get(world, name, { VersionStage: 'AWSPREVIOUS' })).SecretString).toBe('one')
    },
    'the third value leaves the first without a stage': async (world) => {
      const { name, VersionId } = await secret(world)
      for (const SecretString of ['two', 'three']) await put(world, name, { SecretString })
      const { VersionIdsToStages = {} } = await describeSecret(world, name)
      expect(Object.keys(VersionIdsToStages)).not.toContain(VersionId)
      expect((await get(world, name, { VersionId })).SecretString).toBe('one')
    },
    'a value under a stage of its own leaves the current one': async (world) => {
      const { name } = await secret(world)
      await put(world, name, { SecretString: 'next', VersionStages: ['AWSPENDING'] })
      expect((await get(world, name)).SecretString).toBe('one')
      expect((await get(world, name, { VersionStage: 'AWSPENDING' })).SecretString).toBe('next')
    },
    'the same value under the same token changes nothing': async (world) => {
      const { name } = await secret(world)
      const more = { SecretString: 'two', ClientRequestToken: randomUUID() }
      await put(world, name, more)
      await put(world, name, { SecretString: 'three' })
      await put(world, name, more)
      expect((await get(world, name)).SecretString).toBe('three')
    },
    'another value under the same token is refused': async (world) => {
      const { name } = await secret(world)
      const ClientRequestToken = randomUUID()
      await put(world, name, { SecretString: 'two', ClientRequestToken })
      await refused(put(world, name, { SecretString: 'three', ClientRequestToken }), {
        name: 'ResourceExistsException',
        status: 400,
      })
    },
    'no value at all is refused': async (world) => {
      const { name } = await secret(world)
      await refused(put(world, name, {}), { status: 400 })
    },
    'a secret that does not exist takes no value': async (world) => {
      await refused(put(world, world.secretName(), { SecretString: 'x' }), { name: 'ResourceNotFoundException' })
    },
    'a token of less than 32 letters is refused': async (world) => {
      const { name } = await secret(world)
      await refused(put(world, name, { SecretString: 'x', ClientRequestToken: 'short' }), { status: 400 })
    },
  }),
  ...casesOf(`${secretsApi}API_BatchGetSecretValue.html`, {
    'many are read at once, and what fails is told inside the answer': async (world) => {
      const [a, b] = [await secret(world, 'a'), await secret(world, 'b')]
      const missing = world.secretName()
      const { SecretValues, Errors } = await world.secretsManager.send(
        new BatchGetSecretValueCommand({ SecretIdList: [a.name, missing, b.ARN] }),
      )
      expect(SecretValues?.map(({ SecretString }) => SecretString).sort()).toEqual(['a', 'b'])
      expect(Errors).toMatchObject([{ SecretId: missing, ErrorCode: 'ResourceNotFoundException' }])
    },
    'twenty are the most': async (world) => {
      const SecretIdList = Array.from({ length: 21 }, (_, index) => `conformance/${index}`)
      await refused(world.secretsManager.send(new BatchGetSecretValueCommand({ SecretIdList })), { status: 400 })
    },
    'ids and filters exclude each other': async (world) => {
      const both = new BatchGetSecretValueCommand({ SecretIdList: ['a'], Filters: [{ Key: 'name', Values: ['a'] }] })
      await refused(world.secretsManager.send(both), { name: 'InvalidParameterException', status: 400 })
      await refused(world.secretsManager.send(new BatchGetSecretValueCommand({})), { status: 400 })
    },
    'a filter reads page by page': async (world) => {
      const prefix = world.secretName()
      const names = ['1', '2', '3'].map((end) => `${prefix}-${end}`)
      try {
        for (const name of names) await create(world, name, { SecretString: name })
        const seen: (string | undefined)[] = []
        let NextToken: string | undefined
        do {
          const page = await world.secretsManager.send(
            new BatchGetSecretValueCommand({ Filters: [{ Key: 'name', Values: [prefix] }], MaxResults: 2, NextToken }),
          )
          seen.push(...(page.SecretValues ?? []).map(({ Name }) => Name))
          NextToken = page.NextToken
        } while (NextToken !== undefined)
        expect(seen.sort()).toEqual(names)
      } finally {
        for (const name of names) await schedule(world, name, { ForceDeleteWithoutRecovery: true }).catch(() => {})
      }
    },
    'a secret that is about to go is an error inside the answer': async (world) => {
      const { name } = await secret(world)
      await schedule(world, name)
      const { Errors } = await world.secretsManager.send(new BatchGetSecretValueCommand({ SecretIdList: [name] }))
      expect(Errors).toMatchObject([{ ErrorCode: 'InvalidRequestException' }])
    },
  }),
  ...casesOf(`${secretsApi}API_UpdateSecret.html`, {
    'an update can change the description alone': async (world) => {
      const { name, VersionId } = await secret(world)
      const update = new UpdateSecretCommand({ SecretId: name, Description: 'changed' })
      await world.secretsManager.send(update)
      expect((await describeSecret(world, name)).Description).toBe('changed')
      expect((await get(world, name)).VersionId).toBe(VersionId)
    },
    'an update with a value makes a version': async (world) => {
      const { name } = await secret(world)
      await world.secretsManager.send(new UpdateSecretCommand({ SecretId: name, SecretString: 'two' }))
      expect((await get(world, name)).SecretString).toBe('two')
    },
  }),
  ...casesOf(`${secretsApi}API_UpdateSecretVersionStage.html`, {
    'a current stage that moves leaves AWSPREVIOUS behind': async (world) => {
      const { name, VersionId: first } = await secret(world)
      const { VersionId: second } = await put(world, name, { SecretString: 'two' })
      await world.secretsManager.send(
        new UpdateSecretVersionStageCommand({
          SecretId: name,
          VersionStage: 'AWSCURRENT',
          MoveToVersionId: first,
          RemoveFromVersionId: second,
        }),
      )
      expect((await get(world, name)).SecretString).toBe('one')
      expect((await get(world, name, { VersionStage: 'AWSPREVIOUS' })).SecretString).toBe('two')
    },
    'a stage of the caller can be given and taken': async (world) => {
      const { name, VersionId } = await secret(world)
      const move = (more: object) =>
        world.secretsManager.send(
          new UpdateSecretVersionStageCommand({ SecretId: name, VersionStage: 'mine', ...more }),
        )
      await move({ MoveToVersionId: VersionId })
      expect((await get(world, name, { VersionStage: 'mine' })).VersionId).toBe(VersionId)
      await move({ RemoveFromVersionId: VersionId })
      await refused(get(world, name, { VersionStage: 'mine' }), { name: 'ResourceNotFoundException' })
    },
    'a stage that another version has moves only from the one that is named': async (world) => {
      const { name, VersionId } = await secret(world)
      await put(world, name, { SecretString: 'two' })
      const move = new UpdateSecretVersionStageCommand({
        SecretId: name,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: VersionId,
      })
      await refused(world.secretsManager.send(move), { name: 'InvalidParameterException', status: 400 })
    },
  }),
  ...casesOf(`${secretsApi}API_DeleteSecret.html`, {
    'a deletion is scheduled thirty days ahead, and the value cannot be read': async (world) => {
      const { name } = await secret(world)
      const { DeletionDate } = await schedule(world, name)
      const days = (Number(DeletionDate) - Date.now()) / (24 * 60 * 60 * 1000)
      expect(days).toBeGreaterThan(29.5)
      expect(days).toBeLessThan(30.5)
      await refused(get(world, name), { name: 'InvalidRequestException', status: 400 })
      expect((await describeSecret(world, name)).DeletedDate).toBeInstanceOf(Date)
    },
    'the window is seven days at least, and thirty at most': async (world) => {
      const { name } = await secret(world)
      for (const RecoveryWindowInDays of [6, 31]) {
        await refused(schedule(world, name, { RecoveryWindowInDays }), { name: 'InvalidParameterException' })
      }
      await schedule(world, name, { RecoveryWindowInDays: 7 })
    },
    'a window and a deletion without recovery exclude each other': async (world) => {
      const { name } = await secret(world)
      const both = { RecoveryWindowInDays: 7, ForceDeleteWithoutRecovery: true }
      await refused(schedule(world, name, both), { name: 'InvalidParameterException', status: 400 })
    },
    'a deletion without recovery is at once': async (world) => {
      const { name } = await secret(world)
      await schedule(world, name, { ForceDeleteWithoutRecovery: true })
      await refused(get(world, name), { name: /^(ResourceNotFound|InvalidRequest)Exception$/ })
    },
    'a name that is about to go is not free': async (world) => {
      const { name } = await secret(world)
      await schedule(world, name)
      await refused(create(world, name), { name: 'InvalidRequestException', status: 400 })
    },
    'a secret that is about to go takes no value': async (world) => {
      const { name } = await secret(world)
      await schedule(world, name)
      await refused(put(world, name, { SecretString: 'x' }), { name: 'InvalidRequestException' })
    },
  }),
  ...casesOf(`${secretsApi}API_RestoreSecret.html`, {
    'a scheduled deletion can be taken back': async (world) => {
      const { name } = await secret(world)
      await schedule(world, name)
      await world.secretsManager.send(new RestoreSecretCommand({ SecretId: name }))
      expect((await get(world, name)).SecretString).toBe('one')
    },
  }),
  ...casesOf(`${secretsApi}API_ListSecrets.html`, {
    'a list is filtered by the beginning of the name': async (world) => {
      const { name } = await secret(world)
      const list = (Values: string[]) =>
        world.secretsManager.send(new ListSecretsCommand({ Filters: [{ Key: 'name', Values }] }))
      expect((await list([name.slice(0, -2)])).SecretList?.map(({ Name }) => Name)).toEqual([name])
      expect((await list([`${name}-more`])).SecretList).toEqual([])
    },
    'a list is filtered by tags and by the description, whatever its case': async (world) => {
      const name = world.secretName()
      const tag = `tag${name.slice(-8)}`
      const more = { SecretString: 'x', Tags: [{ Key: tag, Value: `v${tag}` }], Description: `About ${tag}` }
      await create(world, name, more)
      for (const [Key, value] of [
        ['tag-key', tag],
        ['tag-value', `v${tag}`],
        ['description', `about ${tag}`],
      ] as const) {
        const Filters = [{ Key, Values: [value] }]
        const { SecretList } = await world.secretsManager.send(new ListSecretsCommand({ Filters }))
        expect(SecretList?.map((listed) => listed.Name)).toEqual([name])
      }
    },
    'a secret that is about to go is listed only when it is asked for': async (world) => {
      const { name } = await secret(world)
      await schedule(world, name)
      const list = (IncludePlannedDeletion: boolean) =>
        world.secretsManager.send(
          new ListSecretsCommand({ Filters: [{ Key: 'name', Values: [name] }], IncludePlannedDeletion }),
        )
      expect((await list(false)).SecretList).toEqual([])
      expect((await list(true)).SecretList?.map(({ Name }) => Name)).toEqual([name])
    },
    'a token of the next page that is none is refused': async (world) => {
      await refused(world.secretsManager.send(new ListSecretsCommand({ NextToken: 'no token' })), {
        name: /^(InvalidNextToken|InvalidParameter)Exception$/,
        status: 400,
      })
    },
  }),
  ...casesOf(`${secretsApi}API_ListSecretVersionIds.html`, {
    'versions without a stage are listed only when they are asked for': async (world) => {
      const { name } = await secret(world)
      for (const SecretString of ['two', 'three']) await put(world, name, { SecretString })
      const count = async (IncludeDeprecated: boolean) =>
        (await world.secretsManager.send(new ListSecretVersionIdsCommand({ SecretId: name, IncludeDeprecated })))
          .Versions?.length
      expect([await count(false), await count(true)]).toEqual([2, 3])
    },
  }),
  ...casesOf(`${secretsApi}API_DescribeSecret.html`, {
    'a description tells all but the value': async (world) => {
      const name = world.secretName()
      await create(world, name, { SecretString: 'one', Description: 'mine', Tags: [{ Key: 'a', Value: '1' }] })
      const answer = await describeSecret(world, name)
      expect(answer).toMatchObject({ Name: name, Description: 'mine', Tags: [{ Key: 'a', Value: '1' }] })
      expect(Object.values(answer.VersionIdsToStages ?? {})).toEqual([['AWSCURRENT']])
      expect(answer.CreatedDate).toBeInstanceOf(Date)
      expect(JSON.stringify(answer)).not.toContain('one')
    },
    'a reading is dated by its day': async (world) => {
      const { name } = await secret(world)
      await get(world, name)
      const { LastAccessedDate } = await describeSecret(world, name)
      expect(LastAccessedDate?.toISOString()).toMatch(/T00:00:00\.000Z$/)
    },
  }),
  ...casesOf(`${secretsApi}API_TagResource.html`, {
    'tags are given and taken': async (world) => {
      const { name } = await secret(world)
      const tag = new TagResourceCommand({ SecretId: name, Tags: [{ Key: 'a', Value: '1' }] })
      await world.secretsManager.send(tag)
      expect((await describeSecret(world, name)).Tags).toEqual([{ Key: 'a', Value: '1' }])
      await world.secretsManager.send(new UntagResourceCommand({ SecretId: name, TagKeys: ['a'] }))
      expect((await describeSecret(world, name)).Tags ?? []).toEqual([])
    },
  }),
  ...casesOf(`${secretsApi}API_RotateSecret.html`, {
    'a secret that has no function cannot be rotated': async (world) => {
      const { name } = await secret(world)
      await refused(world.secretsManager.send(new RotateSecretCommand({ SecretId: name })), {
        name: 'InvalidRequestException',
        status: 400,
      })
    },
  }),
  ...casesOf(`${secretsApi}API_GetRandomPassword.html`, {
    'a random password has 32 letters of every kind': async (world) => {
      const { RandomPassword } = await world.secretsManager.send(new GetRandomPasswordCommand({}))
      expect(RandomPassword).toMatch(/^(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])(?=.*[^a-zA-Z0-9]).{32}$/)
    },
    'a random password leaves out what is excluded': async (world) => {
      const { RandomPassword } = await world.secretsManager.send(
        new GetRandomPasswordCommand({
          PasswordLength: 50,
          ExcludePunctuation: true,
          ExcludeUppercase: true,
          ExcludeCharacters: 'abc',
        }),
      )
      expect(RandomPassword).toMatch(/^[d-z0-9]{50}$/)
    },
  }),
]
