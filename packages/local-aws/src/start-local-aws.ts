import { join, resolve } from 'node:path'
import { ambientOptionNames, checkOptions, coreErrors, describeValue, systemClock, timestamp } from '@fairlead/core'
import { answerJson } from './aws-json/answer.ts'
import { bodyOfBytes } from './body.ts'
import { defaultChecksum, digestOf } from './checksum/checksums.ts'
import { createCodeDeploy, type CodeDeployService } from './codedeploy/service.ts'
import type { FetchRevision } from './codedeploy/context.ts'
import { dispatcher } from './dispatch.ts'
import { createFaults } from './faults/order.ts'
import { inspection } from './inspect.ts'
import { keyLimitBytes, secretLimitBytes } from './limits.ts'
import type {
  BucketSeed,
  LocalAws,
  LocalAwsEvent,
  LocalAwsOptions,
  LocalAwsUser,
  ObjectSeed,
  RecordedCall,
  UserSeed,
} from './model.ts'
import { openCliEndpoints } from './ports/cli-endpoints.ts'
import { startHttpServer } from './ports/http-server.ts'
import { openObjectFiles } from './ports/object-files.ts'
import { lazyClients } from './ports/sdk-clients.ts'
import { answerS3 } from './s3/answer.ts'
import { parseBucketPolicy } from './s3/bucket-policy.ts'
import { s3Faults } from './s3/fault.ts'
import type { Bucket } from './s3/model.ts'
import { isBucketName } from './s3/operations/buckets.ts'
import { currentObject, openS3State, type S3State } from './s3/state.ts'
import { createRotations, type RotationEndedEvent } from './secrets-manager/rotation.ts'
import { createSecretsManager } from './secrets-manager/service.ts'
import { openSecretsState, type SecretsState } from './secrets-manager/state.ts'
import { createSecret, putSecretValue } from './secrets-manager/write.ts'
import type { JsonService } from './service.ts'
import type { Credentials } from './sigv4/verify.ts'
import { answerSts } from './sts/answer.ts'
import { createUsers, type Key } from './users.ts'

const verb = 'startLocalAws'
const optionNames = [
  'account',
  'region',
  'port',
  'buckets',
  'secrets',
  'users',
  'hostRole',
  'faults',
  'rotate',
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
  const users = createUsers(account, options.hostRole)
  const { faults, next: nextFault } = createFaults()
  for (const rule of options.faults ?? []) faults.add(rule)

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
    const rotations = createRotations({
      state: secrets,
      rotate: options.rotate,
      clients: () => sdk.clients,
      tell: (event) => tell({ ...event, at: timestamp(clock), summary: describeRotationEnd(event) }),
    })
    const services: JsonService[] = [createSecretsManager(secrets, rotations)]
    const { findCredentials, identify } = users
    const common = { account, region, findCredentials, identify, signingNowMs: systemClock.now }
    const handle = dispatcher({
      record: (call) => {
        calls.push(call)
        tell(describeCall(call))
      },
      clock,
      nextFault,
      s3: (request) => answerS3(request, { ...common, state: s3 }),
      json: (request, target, body) =>
        answerJson(request, target, body, { ...common, services, closing: closing.signal }),
      sts: (request, body) => answerSts(request, body, common),
    })
    const server = await startHttpServer({ port, handle })
    cleanups.push(server.close)
    const { endpoint } = server
    const cliEndpoints = await openCliEndpoints({ endpoint, region })
    cleanups.push(cliEndpoints.close)
    const place = { endpoint, region, cliModels: cliEndpoints.folder }
    const codeDeploy: CodeDeployService = createCodeDeploy({
      account,
      region,
      clock,
      hosts: (options.hosts ?? []).map((host) => ({ ...host, folder: resolve(host.folder) })),
      simulatedHosts: options.simulatedHosts ?? [],
      applications: options.applications ?? [],
      fetchRevision: revisionFetcher(s3),
      hostEnvironment: environmentFor(place, users.role.credentials),
      onEvent: tell,
    })
    cleanups.push(codeDeploy.close)
    services.push(codeDeploy, codeDeploy.commands)
    const open = (key: Key) => openUser(key, place)
    const owner = open(users.owner)
    const sdk = owner.sdk
    cleanups.push(sdk.destroy)
    const opened = new Map<string, LocalAwsUser>()
    const addUser = (user: UserSeed): LocalAwsUser => {
      const { sdk: own, ...facts } = open(users.add(user))
      cleanups.push(own.destroy)
      const added = { name: user.name, ...facts }
      opened.set(user.name, added)
      return added
    }
    options.users?.forEach(addUser)
    signal?.throwIfAborted()
    return {
      endpoint,
      region,
      account,
      credentials: owner.credentials,
      clients: owner.clients,
      environment: owner.environment,
      addUser,
      user: (name) => {
        const user = opened.get(name)
        if (user) return user
        const expected = [...opened.keys()].join(', ') || 'a user that was added; there is none'
        throw coreErrors.INVALID_OPTION({ verb: 'user', option: 'name', given: describeValue(name), expected })
      },
      faults,
      inspect: inspection(s3, secrets),
      hosts: codeDeploy.hosts,
      calls,
      whenIdle: async () => {
        await rotations.whenIdle()
        await codeDeploy.whenIdle()
      },
      setAlarm: codeDeploy.setAlarm,
      close,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close().catch(() => {})
    throw error
  }
}

/** Where clients find this server. */
interface Place {
  readonly endpoint: string
  readonly region: string
  /** The folder that leads commands of the CLI here which know no endpoint. */
  readonly cliModels: string
}

/** What a key's owner is given. */
function openUser({ credentials, caller }: Key, place: Place) {
  const { accessKeyId, secretAccessKey } = credentials
  const own = { accessKeyId, secretAccessKey }
  const sdk = lazyClients({ endpoint: place.endpoint, region: place.region, credentials: own })
  return {
    arn: caller.arn,
    credentials: own,
    clients: sdk.clients,
    environment: environmentFor(place, own),
    sdk,
  }
}

function describeRotationEnd({ secret, outcome, failure }: Omit<RotationEndedEvent, 'at' | 'summary'>): string {
  return `rotation of ${secret}: ${outcome}${failure ? ` at ${failure.step} with ${failure.error}` : ''}`
}

function environmentFor({ endpoint, region, cliModels }: Place, credentials: Credentials): Record<string, string> {
  return {
    AWS_DATA_PATH: cliModels,
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
  for (const { name, versioned, policy, objects = {} } of options.buckets ?? []) {
    if (!s3.buckets.has(name)) await s3.createBucket(name, versioned ? 'Enabled' : undefined)
    const bucket = s3.buckets.get(name) as Bucket
    const text = typeof policy === 'object' ? JSON.stringify(policy) : policy
    if (text !== undefined && text !== bucket.policy) await s3.setPolicy(bucket, text)
    for (const [key, object] of Object.entries(objects)) await seedObject(s3, bucket, key, object)
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

/** Puts an object, unless the bucket keeps these very bytes already: a second start adds no second version. */
async function seedObject(
  s3: S3State,
  bucket: Bucket,
  key: string,
  seed: string | Uint8Array | ObjectSeed,
): Promise<void> {
  const object = typeof seed === 'string' || seed instanceof Uint8Array ? { body: seed } : seed
  const bytes = Buffer.from(object.body)
  const md5 = digestOf('MD5', bytes).toString('hex')
  if (currentObject(bucket, key)?.eTag === md5) return
  const condition = { absent: false, eTag: undefined }
  const { segment } = await s3.files.write(bodyOfBytes(bytes), { digests: [], sizeBytes: bytes.length })
  await s3.commitWrite(bucket, s3.beginWrite(bucket, key, condition), condition, {
    key,
    sizeBytes: bytes.length,
    eTag: md5,
    system: { 'content-type': object.contentType ?? 'binary/octet-stream' },
    user: Object.fromEntries(Object.entries(object.metadata ?? {}).map(([name, value]) => [name.toLowerCase(), value])),
    tags: Object.entries(object.tags ?? {}),
    checksum: {
      algorithm: defaultChecksum,
      type: 'FULL_OBJECT',
      value: digestOf(defaultChecksum, bytes).toString('base64'),
    },
    segments: [segment],
    partCount: 0,
  })
}

function checkLocalAwsOptions(options: LocalAwsOptions): void {
  checkOptions(verb, options, optionNames)
  const refuse = (option: string, given: string, expected: string) => {
    throw coreErrors.INVALID_OPTION({ verb, option, given, expected })
  }
  const { account, region, port, folder, buckets = [], secrets = {}, hosts = [], applications = [] } = options
  const { users = [], faults = [], rotate, simulatedHosts = [] } = options
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
  for (const [name, value] of Object.entries({ buckets, users, faults, hosts, simulatedHosts, applications })) {
    if (!Array.isArray(value)) refuse(name, describeValue(value), 'a list')
  }
  if (rotate !== undefined && typeof rotate !== 'function') refuse('rotate', describeValue(rotate), 'a function')
  buckets.forEach((bucket, index) => {
    const option = `buckets[${index}]`
    checkOptions(`${verb} ${option}`, bucket, ['name', 'versioned', 'objects', 'policy'])
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
    checkPolicy(`${option}.policy`, bucket)
    for (const [key, object] of Object.entries(bucket.objects ?? {})) checkObject(option, key, object)
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

function checkPolicy(option: string, { name, policy }: BucketSeed): void {
  if (policy === undefined) return
  try {
    parseBucketPolicy(typeof policy === 'string' ? policy : JSON.stringify(policy), name)
  } catch (error) {
    const expected = `a bucket policy that can be evaluated (${error instanceof Error ? error.message : String(error)})`
    throw coreErrors.INVALID_OPTION({ verb, option, given: describeValue(policy), expected })
  }
}

function checkObject(bucketOption: string, key: string, object: string | Uint8Array | ObjectSeed): void {
  const option = `${bucketOption}.objects[${JSON.stringify(key)}]`
  const refuse = (name: string, given: unknown, expected: string) =>
    coreErrors.INVALID_OPTION({ verb, option: name, given: describeValue(given), expected })
  const keyBytes = Buffer.byteLength(key)
  if (keyBytes < 1 || keyBytes > keyLimitBytes) throw refuse(option, key, `a key of 1 to ${keyLimitBytes} bytes`)
  if (typeof object === 'string' || object instanceof Uint8Array) return
  checkOptions(`${verb} ${option}`, object, ['body', 'contentType', 'metadata', 'tags'])
  const { body } = object
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) throw refuse(`${option}.body`, body, 'text or bytes')
}
