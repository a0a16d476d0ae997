import { randomBytes, randomInt } from 'node:crypto'
import { join, resolve } from 'node:path'
import {
  ambientOptionNames,
  checkOptions,
  coreErrors,
  describeValue,
  systemClock,
  timestamp,
  type Clock,
} from '@fairlead/core'
import { answerJson } from './aws-json/answer.ts'
import { createCodeDeploy, type CodeDeployService } from './codedeploy/service.ts'
import type { FetchRevision } from './codedeploy/context.ts'
import { header, isWellFormed, readSmallBody, type HttpRequest, type HttpResponse } from './http.ts'
import { jsonLimitBytes, secretLimitBytes } from './limits.ts'
import type { LocalAws, LocalAwsEvent, LocalAwsOptions, RecordedCall } from './model.ts'
import { openCliEndpoints } from './ports/cli-endpoints.ts'
import { startHttpServer } from './ports/http-server.ts'
import { openObjectFiles } from './ports/object-files.ts'
import { lazyClients } from './ports/sdk-clients.ts'
import { answerS3 } from './s3/answer.ts'
import { s3Faults } from './s3/fault.ts'
import { isBucketName } from './s3/operations/buckets.ts'
import { currentObject, openS3State, type S3State } from './s3/state.ts'
import { createSecretsManager } from './secrets-manager/service.ts'
import { openSecretsState, type SecretsState } from './secrets-manager/state.ts'
import { createSecret, putSecretValue } from './secrets-manager/write.ts'
import type { JsonService } from './service.ts'
import type { Credentials } from './sigv4/verify.ts'
import { answerSts, type Identity } from './sts/answer.ts'

const verb = 'startLocalAws'
const optionNames = [
  'account',
  'region',
  'port',
  'buckets',
  'secrets',
  'hosts',
  'simulatedHosts',
  'applications',
  'folder',
  ...ambientOptionNames,
] as const

/**
 * Starts S3, Secrets Manager, CodeDeploy and STS on one port of 127.0.0.1. Every request must be signed with the
 * random credentials of this start; what AWS has and this server has not is refused by name with status 501.
 *
 * `clock` dates objects, secrets and deployments; signatures are held to the real time. `signal` cancels the start.
 *
 * @throws UNKNOWN_OPTION, INVALID_OPTION
 */
export async function startLocalAws(options: LocalAwsOptions = {}): Promise<LocalAws> {
  checkLocalAwsOptions(options)
  const { account = '123456789012', region = 'us-east-1', port = 0, clock = systemClock, signal } = options
  signal?.throwIfAborted()
  const closing = new AbortController()
  const cleanups: (() => void | Promise<void>)[] = []
  const failures: unknown[] = []
  const calls: RecordedCall[] = []
  const tell = (event: LocalAwsEvent) => {
    try {
      options.onEvent?.(event)
    } catch (error) {
      // There is no caller to tell while a request is answered: `close` tells.
      failures.push(error)
    }
  }
  const keys = makeKeys(account)
  const findCredentials = (accessKeyId: string) =>
    keys.find(({ credentials }) => credentials.accessKeyId === accessKeyId)?.credentials

  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= (async () => {
      closing.abort(new Error('local-aws is closing'))
      // The last to be opened is the first to go; one that fails does not keep the rest.
      for (const cleanup of cleanups.reverse()) {
        try {
          await cleanup()
        } catch (error) {
          failures.push(error)
        }
      }
      if (failures.length > 0) throw failures[0]
    })()
    return closed
  }

  try {
    const folderOf = (name: string) => (options.folder === undefined ? undefined : join(resolve(options.folder), name))
    const objectFiles = await openObjectFiles(folderOf('s3'))
    cleanups.push(objectFiles.close)
    const s3 = await openS3State(objectFiles, clock)
    const secrets = await openSecretsState({
      account,
      region,
      clock,
      files: options.folder === undefined ? objectFiles : await openObjectFiles(folderOf('secrets-manager')),
    })
    await seed(options, s3, secrets)
    const services: JsonService[] = [createSecretsManager(secrets)]
    const common = { account, region, findCredentials, signingNowMs: systemClock.now }
    const handle = dispatcher({
      record: (call) => {
        calls.push(call)
        tell(describeCall(call))
      },
      clock,
      s3: (request) => answerS3(request, { ...common, state: s3 }),
      json: (request, target, body) =>
        answerJson(request, target, body, { ...common, services, closing: closing.signal }),
      sts: (request, body) => answerSts(request, body, { ...common, identify: identifyWith(keys) }),
    })
    const server = await startHttpServer({ port, handle })
    cleanups.push(server.close)
    const { endpoint } = server
    const cliEndpoints = await openCliEndpoints({ endpoint, region })
    cleanups.push(cliEndpoints.close)
    const environmentOf = (of: Credentials) => ({
      ...environmentFor(endpoint, region, of),
      AWS_DATA_PATH: cliEndpoints.folder,
    })
    const [user, role] = keys
    const codeDeploy: CodeDeployService = createCodeDeploy({
      account,
      region,
      clock,
      hosts: (options.hosts ?? []).map((host) => ({ ...host, folder: resolve(host.folder) })),
      simulatedHosts: options.simulatedHosts ?? [],
      applications: options.applications ?? [],
      fetchRevision: revisionFetcher(s3),
      hostEnvironment: environmentOf(role.credentials),
      onEvent: tell,
    })
    cleanups.push(codeDeploy.close)
    services.push(codeDeploy, codeDeploy.commands)
    const credentials = {
      accessKeyId: user.credentials.accessKeyId,
      secretAccessKey: user.credentials.secretAccessKey,
    }
    const sdk = lazyClients({ endpoint, region, credentials })
    cleanups.push(sdk.destroy)
    signal?.throwIfAborted()
    return {
      endpoint,
      region,
      account,
      credentials,
      clients: sdk.clients,
      environment: environmentOf(credentials),
      hosts: codeDeploy.hosts,
      calls,
      whenIdle: codeDeploy.whenIdle,
      setAlarm: codeDeploy.setAlarm,
      close,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close().catch(() => {})
    throw error
  }
}

interface Key {
  readonly credentials: Credentials
  readonly identity: Identity
}

/** The caller's key, and the temporary one of the role that the hosts have. */
function makeKeys(account: string): readonly [user: Key, role: Key] {
  const letters = (count: number) =>
    Array.from({ length: count }, () => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[randomInt(32)]).join('')
  const secretAccessKey = () => randomBytes(30).toString('base64')
  const session = `i-${randomBytes(9).toString('hex').slice(0, 17)}`
  return [
    {
      credentials: { accessKeyId: `AKIA${letters(16)}`, secretAccessKey: secretAccessKey() },
      identity: { arn: `arn:aws:iam::${account}:user/local-aws`, userId: `AIDA${letters(17)}` },
    },
    {
      credentials: {
        accessKeyId: `ASIA${letters(16)}`,
        secretAccessKey: secretAccessKey(),
        sessionToken: randomBytes(96).toString('base64'),
      },
      identity: {
        arn: `arn:aws:sts::${account}:assumed-role/local-aws-host/${session}`,
        userId: `AROA${letters(17)}:${session}`,
      },
    },
  ]
}

function identifyWith(keys: readonly Key[]): (accessKeyId: string) => Identity {
  return (accessKeyId) => {
    const key = keys.find(({ credentials }) => credentials.accessKeyId === accessKeyId)
    if (!key) throw new Error('a key that was verified is not known')
    return key.identity
  }
}

function environmentFor(endpoint: string, region: string, credentials: Credentials): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    // Empty, or the token of the caller's own session would go with these keys.
    AWS_SESSION_TOKEN: credentials.sessionToken ?? '',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  }
}

interface Dispatch {
  readonly clock: Clock
  readonly record: (call: RecordedCall) => void
  readonly s3: (request: HttpRequest) => ReturnType<typeof answerS3>
  readonly json: (request: HttpRequest, target: string, body: Buffer) => ReturnType<typeof answerJson>
  readonly sts: (request: HttpRequest, body: Buffer) => ReturnType<typeof answerSts>
}

/** One endpoint for all services: each protocol is known by its headers, and S3 is what is left. */
function dispatcher({ clock, record, s3, json, sts }: Dispatch): (request: HttpRequest) => Promise<HttpResponse> {
  const done = (call: Omit<RecordedCall, 'at' | 'status'>, response: HttpResponse): HttpResponse => {
    const { service, action, permissions, resource } = call
    const facts = { service, action, permissions, at: timestamp(clock), status: response.status }
    record(resource === undefined ? facts : { ...facts, resource })
    return response
  }
  return async (request) => {
    const target = header(request, 'x-amz-target')
    const isForm = (header(request, 'content-type') ?? '').startsWith('application/x-www-form-urlencoded')
    const isSts = isForm && request.method === 'POST' && request.rawPath === '/'
    if (target === undefined && !isSts) {
      const { response, ...call } = await s3(request)
      return done({ service: 's3', ...call }, response)
    }
    const body = isWellFormed(request)
      ? await readSmallBody(request.body, jsonLimitBytes).catch(() => undefined)
      : undefined
    if (body === undefined) {
      const service = target === undefined ? 'sts' : (target.split('.')[0] ?? '')
      return done({ service, action: 'Unknown', permissions: [] }, unreadable)
    }
    if (target !== undefined) {
      const { response, ...call } = await json(request, target, body)
      return done(call, response)
    }
    const { response, action } = sts(request, body)
    return done({ service: 'sts', action, permissions: [`sts:${action}`] }, response)
  }
}

/** A target that is not percent-encoded, a body that is cut or far larger than any action's. */
const unreadable: HttpResponse = {
  status: 400,
  headers: { 'content-type': 'application/x-amz-json-1.1' },
  body: JSON.stringify({ __type: 'SerializationException', message: 'The request cannot be read.' }),
}

function describeCall(call: RecordedCall): LocalAwsEvent {
  const { service, action, resource, status, at } = call
  const summary = `${service} ${action}${resource === undefined ? '' : ` ${resource}`}: ${status}`
  return { type: 'local-aws.call-answered', at, summary, call }
}

function revisionFetcher(state: S3State): FetchRevision {
  return async ({ bucket: bucketName, key, versionId }, { signal }) => {
    signal?.throwIfAborted()
    const bucket = state.buckets.get(bucketName)
    if (!bucket) throw s3Faults.noSuchBucket(bucketName)
    const version =
      versionId === undefined
        ? currentObject(bucket, key)
        : bucket.versions.get(key)?.find((other) => other.versionId === versionId)
    if (version?.kind !== 'object') {
      throw versionId === undefined ? s3Faults.noSuchKey(key) : s3Faults.noSuchVersion(key, versionId)
    }
    return {
      eTag: version.eTag,
      body: state.files.read(version.segments, { start: 0, end: version.sizeBytes - 1 }) as AsyncIterable<Uint8Array>,
    }
  }
}

async function seed(options: LocalAwsOptions, s3: S3State, secrets: SecretsState): Promise<void> {
  for (const { name, versioned } of options.buckets ?? []) {
    if (!s3.buckets.has(name)) await s3.createBucket(name, versioned ? 'Enabled' : undefined)
  }
  for (const [name, value] of Object.entries(options.secrets ?? {})) {
    const content =
      typeof value === 'string'
        ? { SecretString: value }
        : { SecretBinary: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') }
    const existing = secrets.find(name)
    if (!existing) await createSecret(secrets, { Name: name, ...content })
    else if (!existing.deletion) {
      const current = [...existing.versions.values()].find(({ stages }) => stages.includes('AWSCURRENT'))
      const same = current && current.text === content.SecretString && current.binary === content.SecretBinary
      if (!same) await putSecretValue(secrets, { SecretId: name, ...content })
    }
  }
}

function checkLocalAwsOptions(options: LocalAwsOptions): void {
  checkOptions(verb, options, optionNames)
  const refuse = (option: string, given: string, expected: string) => {
    throw coreErrors.INVALID_OPTION({ verb, option, given, expected })
  }
  const {
    account,
    region,
    port,
    folder,
    buckets = [],
    secrets = {},
    hosts = [],
    simulatedHosts = [],
    applications = [],
  } = options
  if (account !== undefined && !/^\d{12}$/.test(account)) refuse('account', describeValue(account), 'twelve digits')
  if (region !== undefined && !/^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$/.test(region)) {
    refuse('region', describeValue(region), 'the name of a region, for example eu-central-1')
  }
  if (port !== undefined && (!Number.isInteger(port) || port < 0 || port > 65_535)) {
    refuse('port', describeValue(port), 'a port from 0 to 65535')
  }
  if (folder !== undefined && (typeof folder !== 'string' || folder === '')) {
    refuse('folder', describeValue(folder), 'the path of a folder')
  }
  for (const [name, value] of Object.entries({ buckets, hosts, simulatedHosts, applications })) {
    if (!Array.isArray(value)) refuse(name, describeValue(value), 'a list')
  }
  buckets.forEach((bucket, index) => {
    const option = `buckets[${index}]`
    checkOptions(`${verb} ${option}`, bucket, ['name', 'versioned'])
    if (typeof bucket.name !== 'string' || !isBucketName(bucket.name)) {
      refuse(
        `${option}.name`,
        describeValue(bucket.name),
        'a name that S3 allows: 3 to 63 lowercase letters, digits, dots and dashes',
      )
    }
    if (buckets.findIndex(({ name }) => name === bucket.name) < index) {
      refuse(`${option}.name`, describeValue(bucket.name), 'a name that no other bucket has')
    }
  })
  hosts.forEach((host, index) => {
    if (typeof host?.folder !== 'string' || host.folder === '') {
      refuse(`hosts[${index}].folder`, describeValue(host?.folder), 'the path of a folder')
    }
  })
  for (const [name, value] of Object.entries(secrets)) {
    // The value itself is never described.
    const sizeBytes =
      typeof value === 'string' ? Buffer.byteLength(value) : value instanceof Uint8Array ? value.byteLength : -1
    if (!/^[A-Za-z0-9/_+=.@!-]{1,512}$/.test(name)) {
      refuse('secrets', `a secret named ${describeValue(name)}`, 'names of letters, digits and /_+=.@!-')
    }
    if (sizeBytes < 1 || sizeBytes > secretLimitBytes) {
      refuse(
        `secrets[${JSON.stringify(name)}]`,
        sizeBytes < 0 ? `a value of type ${typeof value}` : `${sizeBytes} bytes`,
        `text or bytes, 1 to ${secretLimitBytes} bytes long`,
      )
    }
  }
}
