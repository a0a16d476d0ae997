import { mkdtempSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as sdk from '@aws-sdk/client-secrets-manager'
import { startLocalAws, type LocalAws } from '@fairlead/local-aws'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import * as standIn from '../../host-file/secrets-manager.ts'

type Fault = Parameters<LocalAws['faults']['add']>[0]['fault']

const requestHandler = { connectionTimeout: 5_000, requestTimeout: 15_000, throwOnRequestTimeout: true }
const { signal: abortSignal } = new AbortController()
const secrets = { text: 'é "x"\n', binary: new Uint8Array([0, 255, 10]), json: '{"A":""}' }

let aws: LocalAws
beforeEach(async () => {
  for (const name of Object.keys(process.env)) if (/^AWS_(?!SDK_JS)/.test(name)) vi.stubEnv(name, undefined)
  onTestFinished(() => void vi.unstubAllEnvs())
  aws = await startLocalAws({ secrets })
  onTestFinished(() => aws.close())
  for (const [name, value] of Object.entries(aws.environment)) vi.stubEnv(name, value)
})

type Answer = Partial<sdk.GetSecretValueCommandOutput & sdk.BatchGetSecretValueCommandOutput>
type Library = Pick<typeof standIn, keyof typeof standIn> | typeof sdk

/** What of an answer the injector looks at; of a failure, its name. */
async function outcomeOf(library: Library, input: { SecretId: string } | { SecretIdList: string[] }): Promise<unknown> {
  const { SecretsManagerClient, GetSecretValueCommand, BatchGetSecretValueCommand } = library as typeof standIn
  const client = new SecretsManagerClient({ requestHandler })
  const command = 'SecretId' in input ? new GetSecretValueCommand(input) : new BatchGetSecretValueCommand(input)
  try {
    const answer = (await client.send(command, { abortSignal })) as Answer
    const { Name, ARN, VersionId, VersionStages, SecretString, SecretBinary, SecretValues, Errors } = answer
    const values = SecretValues?.map(({ Name, SecretString, SecretBinary }) => [
      Name,
      SecretString,
      bytes(SecretBinary),
    ])
    return { Name, ARN, VersionId, VersionStages, SecretString, SecretBinary: bytes(SecretBinary), values, Errors }
  } catch (error) {
    return (error as Error).name
  } finally {
    client.destroy()
  }
}

function bytes(given: Uint8Array | undefined): readonly number[] | undefined {
  return given && [...given]
}

const inputs = [
  ...Object.keys(secrets).map((SecretId) => ({ SecretId })),
  { SecretId: 'none' },
  { SecretId: 'text', VersionStage: 'AWSPREVIOUS' },
  { SecretIdList: [...Object.keys(secrets), 'none'] },
]

describe('Secrets Manager on a host', () => {
  test.each(inputs)('answers as the SDK does: %j', async (input) => {
    expect(await outcomeOf(standIn, input)).toEqual(await outcomeOf(sdk, input))
  })

  test('is asked once, and again by the SDK where it refuses', async () => {
    await outcomeOf(standIn, { SecretId: 'text' })
    expect(aws.calls.length).toBe(1)
    await outcomeOf(standIn, { SecretId: 'none' })
    expect(aws.calls.map(({ status }) => status)).toEqual([200, 400, 400])
  })

  test.each<Fault>([
    { kind: 'throttled' },
    { kind: 'error', code: 'InternalServiceError', status: 500 },
    { kind: 'html' },
    { kind: 'truncated' },
    { kind: 'cut-request' },
    { kind: 'cut-answer' },
    { kind: 'lost-reply' },
  ])('is asked again after %j', async (fault) => {
    aws.faults.add({ action: 'GetSecretValue', fault })
    expect(await outcomeOf(standIn, { SecretId: 'text' })).toMatchObject({ SecretString: secrets.text })
  })

  test('gives up when it is told to', async () => {
    const stop = new AbortController()
    const client = new standIn.SecretsManagerClient({ requestHandler })
    const sent = client.send(new standIn.GetSecretValueCommand({ SecretId: 'text' }), { abortSignal: stop.signal })
    stop.abort()
    await expect(sent).rejects.toMatchObject({ name: 'AbortError' })
    client.destroy()
  })

  test('keys of a profile, and an endpoint that it names, are found by the SDK', async () => {
    const { AWS_ENDPOINT_URL: endpoint, AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: key } = aws.environment
    const config = join(mkdtempSync(join(tmpdir(), 'fairlead-profile-')), 'config')
    writeFileSync(config, `[profile shop]\nregion=${aws.region}\nendpoint_url=${endpoint}\naws_access_key_id=${id}\naws_secret_access_key=${key}\n`) // prettier-ignore
    for (const name of Object.keys(aws.environment)) vi.stubEnv(name, undefined)
    vi.stubEnv('AWS_CONFIG_FILE', config)
    vi.stubEnv('AWS_PROFILE', 'shop')
    expect(await outcomeOf(standIn, { SecretId: 'text' })).toMatchObject({ SecretString: secrets.text })
  })

  test('the role of the instance is used', async () => {
    const { AWS_ACCESS_KEY_ID: AccessKeyId, AWS_SECRET_ACCESS_KEY: SecretAccessKey } = aws.environment
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_EC2_METADATA_DISABLED'])
      vi.stubEnv(name, undefined)
    const role = { AccessKeyId, SecretAccessKey, Token: '', Expiration: new Date(Date.now() + 3_600_000).toISOString() }
    vi.stubEnv('AWS_EC2_METADATA_SERVICE_ENDPOINT', await startMetadata(role))
    expect(await outcomeOf(standIn, { SecretId: 'text' })).toMatchObject({ SecretString: secrets.text })
    expect(aws.calls.length).toBe(1)
  })
})

/** As much of the metadata service of EC2 as a role takes. */
async function startMetadata(role: object): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url === '/latest/api/token') response.end('token')
    else if (request.headers['x-aws-ec2-metadata-token'] !== 'token') response.writeHead(401).end()
    else response.end(request.url?.endsWith('/shop') ? JSON.stringify(role) : 'shop')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
