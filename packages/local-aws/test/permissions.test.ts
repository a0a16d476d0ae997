import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CreateDeploymentCommand, GetDeploymentCommand } from '@aws-sdk/client-codedeploy'
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import {
  BatchGetSecretValueCommand,
  CreateSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { isDeployError } from '@fairlead/core'
import { temporaryFolder } from '@fairlead/test-support'
import { describe, expect, onTestFinished, test } from 'vitest'
import { covers, matchesPattern, parseGrant } from '../src/permissions/grant.ts'
import { zip } from './codedeploy/zip.ts'
import { running } from './running.ts'

describe('a permission as text', () => {
  test.each([
    ['s3:PutObject on arn:aws:s3:::b/*', { action: 's3:PutObject', resource: 'arn:aws:s3:::b/*' }],
    ['s3:*', { action: 's3:*', resource: '*' }],
    ['*', { action: '*', resource: '*' }],
    ['s3:PutObject on *', { action: 's3:PutObject', resource: '*' }],
    ['PutObject', undefined],
    ['s3:PutObject on bucket', undefined],
    ['s3:PutObject  on arn:aws:s3:::b', undefined],
    ['', undefined],
  ])('%s', (text, expected) => {
    expect(parseGrant(text)).toEqual(expected)
  })

  test.each([
    ['', '', true],
    ['*', '', true],
    ['?', '', false],
    ['a*c', 'abbbc', true],
    ['a*c', 'abbb', false],
    ['a*b*c', 'aXbXbXc', true],
    ['arn:?:*', 'arn:x:', true],
    ['a.c', 'abc', false],
    [`${'a*'.repeat(30)}b`, 'a'.repeat(200), false],
  ])('the pattern %j of %j', (pattern, text, expected) => {
    expect(matchesPattern(pattern, text)).toBe(expected)
  })

  test('covers actions without case, and resources with it', () => {
    const grant = { action: 's3:put*', resource: 'arn:aws:s3:::b/k' }
    expect(covers(grant, 's3:PutObject', 'arn:aws:s3:::b/k')).toBe(true)
    expect(covers(grant, 's3:PutObject', 'arn:aws:s3:::b/K')).toBe(false)
  })
})

describe('a user', () => {
  test('may do what is allowed, and is told in the words of AWS what is missing', async () => {
    const aws = await running({
      buckets: [{ name: 'artifacts', objects: { 'in/a': 'x', 'out/a': 'x' } }],
      users: [{ name: 'deployer', allow: ['s3:PutObject on arn:aws:s3:::artifacts/in/*'] }],
    })
    const { clients, arn } = aws.user('deployer')
    await clients.s3.send(new PutObjectCommand({ Bucket: 'artifacts', Key: 'in/b', Body: 'x' }))
    await expect(
      clients.s3.send(new PutObjectCommand({ Bucket: 'artifacts', Key: 'out/b', Body: 'x' })),
    ).rejects.toMatchObject({
      name: 'AccessDenied',
      message: `User: ${arn} is not authorized to perform: s3:PutObject on resource: arn:aws:s3:::artifacts/out/b because no identity-based policy allows the s3:PutObject action`,
      $metadata: { httpStatusCode: 403 },
    })
    expect((await clients.sts.send(new GetCallerIdentityCommand({}))).Arn).toBe(arn)
    expect(aws.inspect.objects({ bucket: 'artifacts' }).map(({ key }) => key)).toEqual(['in/a', 'in/b', 'out/a'])
    expect(aws.calls.map(({ action, status }) => `${action} ${status}`)).toEqual([
      'PutObject 200',
      'PutObject 403',
      'GetCallerIdentity 200',
    ])
  })

  test('is stopped by a denial whatever is allowed', async () => {
    const aws = await running({ buckets: [{ name: 'artifacts', objects: { k: 'x' } }] })
    const { s3 } = aws.addUser({
      name: 'reader',
      allow: ['s3:*'],
      deny: ['s3:GetObject on arn:aws:s3:::artifacts/k'],
    }).clients
    await expect(s3.send(new GetObjectCommand({ Bucket: 'artifacts', Key: 'k' }))).rejects.toThrow(
      'with an explicit deny in an identity-based policy',
    )
  })

  test('who may not list is not told what is missing', async () => {
    const aws = await running({ buckets: [{ name: 'artifacts' }] })
    const read = ['s3:GetObject on arn:aws:s3:::artifacts/*']
    const blind = aws.addUser({ name: 'blind', allow: read }).clients.s3
    const seeing = aws.addUser({ name: 'seeing', allow: [...read, 's3:ListBucket on arn:aws:s3:::artifacts'] }).clients
      .s3
    const missing = { Bucket: 'artifacts', Key: 'none' }
    await expect(blind.send(new GetObjectCommand(missing))).rejects.toMatchObject({ name: 'AccessDenied' })
    await expect(blind.send(new HeadObjectCommand(missing))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 403 },
    })
    await expect(seeing.send(new GetObjectCommand(missing))).rejects.toMatchObject({ name: 'NoSuchKey' })
    await expect(seeing.send(new HeadObjectCommand(missing))).rejects.toMatchObject({ name: 'NotFound' })
  })

  test('needs more for what does more: a copy, tags, a version, a condition', async () => {
    const aws = await running({
      buckets: [
        { name: 'artifacts', versioned: true, objects: { tagged: { body: 'x', tags: { a: '1' } }, plain: 'x' } },
      ],
    })
    const denied = async (allow: readonly string[], act: (s3: typeof aws.clients.s3) => Promise<unknown>) => {
      const { clients } = aws.addUser({ name: `user-${aws.calls.length}`, allow })
      return act(clients.s3).then(
        () => undefined,
        (error: Error) => /perform: (\S+)/.exec(error.message)?.[1],
      )
    }
    const copy = (Key: string, CopySource: string) => new CopyObjectCommand({ Bucket: 'artifacts', Key, CopySource })
    expect(await denied(['s3:PutObject'], (s3) => s3.send(copy('c', 'artifacts/plain')))).toBe('s3:GetObject')
    expect(await denied(['s3:GetObject'], (s3) => s3.send(copy('c', 'artifacts/plain')))).toBe('s3:PutObject')
    expect(await denied(['s3:GetObject', 's3:PutObject'], (s3) => s3.send(copy('c', 'artifacts/plain')))).toBe(
      undefined,
    )
    expect(await denied(['s3:GetObject', 's3:PutObject'], (s3) => s3.send(copy('c', 'artifacts/tagged')))).toBe(
      's3:GetObjectTagging',
    )
    const put = { Bucket: 'artifacts', Key: 'k', Body: 'x' }
    expect(await denied(['s3:PutObject'], (s3) => s3.send(new PutObjectCommand({ ...put, Tagging: 'a=1' })))).toBe(
      's3:PutObjectTagging',
    )
    expect(await denied(['s3:PutObject'], (s3) => s3.send(new PutObjectCommand({ ...put, IfMatch: '"x"' })))).toBe(
      's3:GetObject',
    )
    const VersionId = aws.inspect.findObject({ bucket: 'artifacts', key: 'plain' })?.versionId
    const get = new GetObjectCommand({ Bucket: 'artifacts', Key: 'plain', VersionId })
    expect(await denied(['s3:GetObject'], (s3) => s3.send(get))).toBe('s3:GetObjectVersion')
  })

  test('is refused object by object where it deletes many', async () => {
    const aws = await running({ buckets: [{ name: 'artifacts', objects: { a: 'x', b: 'x' } }] })
    const { s3 } = aws.addUser({ name: 'cleaner', allow: ['s3:DeleteObject on arn:aws:s3:::artifacts/a'] }).clients
    const { Deleted, Errors } = await s3.send(
      new DeleteObjectsCommand({ Bucket: 'artifacts', Delete: { Objects: [{ Key: 'a' }, { Key: 'b' }] } }),
    )
    expect(Deleted).toEqual([{ Key: 'a' }])
    expect(Errors).toMatchObject([{ Key: 'b', Code: 'AccessDenied' }])
    expect(aws.inspect.objects({ bucket: 'artifacts' }).map(({ key }) => key)).toEqual(['b'])
  })

  test('reads the secrets that are named, by ARN with and without its six letters', async () => {
    const aws = await running({ secrets: { 'shop/dev/env': 'one', 'shop/prod/env': 'two' } })
    const base = `arn:aws:secretsmanager:${aws.region}:${aws.account}:secret`
    const { secretsManager } = aws.addUser({
      name: 'host',
      allow: [`secretsmanager:GetSecretValue on ${base}:shop/dev/*`, 'secretsmanager:BatchGetSecretValue'],
    }).clients
    const read = (SecretId: string) => secretsManager.send(new GetSecretValueCommand({ SecretId }))
    const { ARN } = await read('shop/dev/env')
    expect((await read(ARN ?? '')).SecretString).toBe('one')
    await expect(read('shop/prod/env')).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringMatching(
        /secretsmanager:GetSecretValue on resource: arn:\S+:shop\/prod\/env-\w{6} because/,
      ),
    })
    const batch = await secretsManager.send(
      new BatchGetSecretValueCommand({ SecretIdList: ['shop/dev/env', 'shop/prod/env'] }),
    )
    expect(batch.SecretValues?.map(({ Name }) => Name)).toEqual(['shop/dev/env'])
    expect(batch.Errors).toMatchObject([{ SecretId: 'shop/prod/env', ErrorCode: 'AccessDeniedException' }])
    const create = new CreateSecretCommand({ Name: 'shop/dev/new', SecretString: 'x' })
    await expect(secretsManager.send(create)).rejects.toThrow(`${base}:shop/dev/new-??????`)
  })

  test('deploys to the groups that are named, and asks for their deployments alone', async () => {
    const aws = await running({
      buckets: [{ name: 'artifacts', objects: { 'v1.zip': 'no zip' } }],
      applications: [
        {
          name: 'shop',
          groups: [
            { name: 'dev', hosts: [] },
            { name: 'prod', hosts: [] },
          ],
        },
      ],
    })
    const group = `arn:aws:codedeploy:${aws.region}:${aws.account}:deploymentgroup:shop/dev`
    const { codeDeploy } = aws.addUser({
      name: 'deployer',
      allow: [`codedeploy:CreateDeployment on ${group}`, `codedeploy:GetDeployment on ${group}`],
    }).clients
    const create = (deploymentGroupName: string) =>
      new CreateDeploymentCommand({
        applicationName: 'shop',
        deploymentGroupName,
        revision: { revisionType: 'S3', s3Location: { bucket: 'artifacts', key: 'v1.zip', bundleType: 'zip' } },
      })
    await expect(codeDeploy.send(create('prod'))).rejects.toMatchObject({ name: 'AccessDeniedException' })
    const { deploymentId } = await aws.clients.codeDeploy.send(create('dev'))
    const { deploymentInfo } = await codeDeploy.send(new GetDeploymentCommand({ deploymentId }))
    expect(deploymentInfo?.deploymentGroupName).toBe('dev')
    await aws.whenIdle()
  })

  test('of the hosts is a role, whose keys hooks have', async () => {
    const root = temporaryFolder()
    const secrets = { 'shop/dev/env': 'x', 'shop/prod/env': 'x' }
    const aws = await running({
      secrets,
      buckets: [{ name: 'artifacts' }],
      hosts: [{ name: 'web-1', folder: root, environment: { TRACE: join(root, 'trace') } }],
      applications: [{ name: 'shop', groups: [{ name: 'dev', hosts: ['web-1'] }] }],
      hostRole: { allow: ['secretsmanager:GetSecretValue on arn:aws:secretsmanager:*:secret:shop/dev/*'] },
    })
    const appSpec = 'version: 0.0\nos: linux\nhooks:\n  AfterInstall:\n    - location: hook.sh\n'
    const hook = { text: '#!/bin/sh\nenv > "$TRACE"\n', mode: 0o755 }
    const Body = zip({ 'appspec.yml': appSpec, 'hook.sh': hook })
    await aws.clients.s3.send(new PutObjectCommand({ Bucket: 'artifacts', Key: 'v1.zip', Body }))
    await aws.clients.codeDeploy.send(
      new CreateDeploymentCommand({
        applicationName: 'shop',
        deploymentGroupName: 'dev',
        revision: { revisionType: 'S3', s3Location: { bucket: 'artifacts', key: 'v1.zip', bundleType: 'zip' } },
      }),
    )
    await aws.whenIdle()
    const seen = (name: string) =>
      new RegExp(`^${name}=(.*)$`, 'm').exec(readFileSync(join(root, 'trace'), 'utf8'))?.[1] ?? ''
    const client = new SecretsManagerClient({
      endpoint: aws.endpoint,
      region: aws.region,
      credentials: {
        accessKeyId: seen('AWS_ACCESS_KEY_ID'),
        secretAccessKey: seen('AWS_SECRET_ACCESS_KEY'),
        sessionToken: seen('AWS_SESSION_TOKEN'),
      },
    })
    onTestFinished(() => client.destroy())
    await client.send(new GetSecretValueCommand({ SecretId: 'shop/dev/env' }))
    await expect(client.send(new GetSecretValueCommand({ SecretId: 'shop/prod/env' }))).rejects.toThrow(
      /User: arn:aws:sts::\d+:assumed-role\/local-aws-host\/i-\w+ is not authorized/,
    )
  })

  test.each([
    ['a name that is taken', { name: 'local-aws' }, 'name'],
    ['a permission that is none', { name: 'x', allow: ['PutObject'] }, 'allow[0]'],
    ['permissions that are no list', { name: 'x', allow: 's3:*' as never }, 'allow'],
  ])('is refused with %s', async (_, user, option) => {
    const aws = await running()
    expect(() => aws.addUser(user)).toThrow(expect.objectContaining({ context: expect.objectContaining({ option }) }))
  })

  test('who was never added is no user', async () => {
    const aws = await running()
    const error: unknown = await Promise.resolve()
      .then(() => aws.user('nobody'))
      .catch((failure: unknown) => failure)
    expect(isDeployError(error)).toBe(true)
  })
})

describe('the policy of a bucket', () => {
  /** https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html, example 1. */
  const createOnly = (bucket: string) => ({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'BlockNonConditionalObjectCreation',
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:PutObject',
        Resource: `arn:aws:s3:::${bucket}/*`,
        Condition: { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } },
      },
    ],
  })

  test('demands a condition of whoever puts, and none of the parts of an upload', async () => {
    const aws = await running({ buckets: [{ name: 'artifacts', policy: createOnly('artifacts') }] })
    const { s3 } = aws.clients
    const put = { Bucket: 'artifacts', Key: 'k', Body: 'x' }
    await expect(s3.send(new PutObjectCommand(put))).rejects.toThrow('with an explicit deny in a resource-based policy')
    await s3.send(new PutObjectCommand({ ...put, IfNoneMatch: '*' }))
    const place = { Bucket: 'artifacts', Key: 'parts' }
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(place))
    const { ETag, ChecksumCRC32 } = await s3.send(
      new UploadPartCommand({ ...place, UploadId, PartNumber: 1, Body: 'x' }),
    )
    const complete = { ...place, UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag, ChecksumCRC32 }] } }
    await expect(s3.send(new CompleteMultipartUploadCommand(complete))).rejects.toMatchObject({ name: 'AccessDenied' })
    await s3.send(new CompleteMultipartUploadCommand({ ...complete, IfNoneMatch: '*' }))
    const copy = new CopyObjectCommand({ Bucket: 'artifacts', Key: 'c', CopySource: 'artifacts/k' })
    await expect(s3.send(copy)).rejects.toMatchObject({ name: 'AccessDenied' })
  })

  test('can demand encryption, and a prefix of who lists', async () => {
    const aws = await running({ buckets: [{ name: 'artifacts' }] })
    const { s3 } = aws.clients
    const policy = {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Deny',
          Principal: { AWS: '*' },
          Action: ['s3:PutObject'],
          Resource: ['arn:aws:s3:::artifacts/*'],
          Condition: { StringNotEquals: { 's3:x-amz-server-side-encryption': 'aws:kms' } },
        },
        {
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:ListBucket',
          Resource: 'arn:aws:s3:::artifacts',
          Condition: { StringNotLike: { 's3:prefix': 'mine/*' } },
        },
        {
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:*',
          Resource: ['arn:aws:s3:::artifacts', 'arn:aws:s3:::artifacts/*'],
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        },
      ],
    }
    await s3.send(new PutBucketPolicyCommand({ Bucket: 'artifacts', Policy: JSON.stringify(policy) }))
    const { Policy } = await s3.send(new GetBucketPolicyCommand({ Bucket: 'artifacts' }))
    expect(JSON.parse(Policy ?? '')).toEqual(policy)
    const put = { Bucket: 'artifacts', Key: 'k', Body: 'x' }
    await expect(s3.send(new PutObjectCommand(put))).rejects.toMatchObject({ name: 'AccessDenied' })
    const kms = await s3.send(new PutObjectCommand({ ...put, ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'key' }))
    expect(kms).toMatchObject({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'key' })
    await expect(s3.send(new ListObjectsV2Command({ Bucket: 'artifacts' }))).rejects.toMatchObject({
      name: 'AccessDenied',
    })
    await s3.send(new ListObjectsV2Command({ Bucket: 'artifacts', Prefix: 'mine/x' }))
  })

  test('allows what no policy of the user does', async () => {
    const aws = await running({ buckets: [{ name: 'artifacts', objects: { k: 'x' } }] })
    const user = aws.addUser({ name: 'stranger' })
    const get = new GetObjectCommand({ Bucket: 'artifacts', Key: 'k' })
    await expect(user.clients.s3.send(get)).rejects.toMatchObject({ name: 'AccessDenied' })
    const statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::artifacts/*' }
    const Policy = JSON.stringify({ Statement: { ...statement, Principal: { AWS: user.arn } } })
    await aws.clients.s3.send(new PutBucketPolicyCommand({ Bucket: 'artifacts', Policy }))
    expect(await (await user.clients.s3.send(get)).Body?.transformToString()).toBe('x')
  })

  const statement = { Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::artifacts/*' }
  test.each([
    ['text that is no JSON', '{', 'MalformedPolicy'],
    ['no statement', '{}', 'MalformedPolicy'],
    ['a resource of another bucket', { ...statement, Resource: 'arn:aws:s3:::other/*' }, 'MalformedPolicy'],
    ['an action of another service', { ...statement, Action: 'sts:AssumeRole' }, 'MalformedPolicy'],
    ['no principal', { ...statement, Principal: undefined }, 'MalformedPolicy'],
    ['an effect that is none', { ...statement, Effect: 'Refuse' }, 'MalformedPolicy'],
    ['a member that a statement has not', { ...statement, Actions: 's3:*' }, 'MalformedPolicy'],
    [
      'a key that is not evaluated',
      { ...statement, Condition: { IpAddress: { 'aws:SourceIp': '::1' } } },
      'NotImplemented',
    ],
    ['NotAction', { ...statement, Action: undefined, NotAction: 's3:GetObject' }, 'NotImplemented'],
  ])('is refused with %s', async (_, policy, name) => {
    const aws = await running({ buckets: [{ name: 'artifacts' }] })
    const Policy = typeof policy === 'string' ? policy : JSON.stringify({ Statement: [policy] })
    await expect(
      aws.clients.s3.send(new PutBucketPolicyCommand({ Bucket: 'artifacts', Policy })),
    ).rejects.toMatchObject({ name })
  })
})
