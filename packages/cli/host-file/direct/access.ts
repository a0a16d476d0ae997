import { stat } from 'node:fs/promises'
import type { Agent } from 'node:http'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Credentials } from './signature.ts'

/** What a call needs. */
export interface Access {
  readonly url: URL
  readonly region: string
  readonly credentials: Credentials
  /** Keeps the connection for the next call. */
  readonly agent: Agent
}

/**
 * Variables that say no more than what is looked at here, or that mean nothing to the SDK for JavaScript. With any other one whose
 * name begins so (a profile, a role, FIPS, another retry mode, …) the SDK is asked: the list is of what is understood.
 */
const understood = new Set([
  ...['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_ENDPOINT_URL'],
  ...['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'],
  ...['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_EXECUTION_ENV'],
  ...['AWS_CA_BUNDLE', 'AWS_DATA_PATH', 'AWS_DEFAULT_OUTPUT', 'AWS_PAGER'],
  ...['AWS_EC2_METADATA_DISABLED', 'AWS_EC2_METADATA_SERVICE_ENDPOINT'],
  'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED',
])

/** Regions of the partition `aws`, whose endpoints are all named alike. */
const plainRegion = /^(?:af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-\d$/

/**
 * What there is to call with, where that is plain to see; else the SDK has to find it.
 *
 * @throws for what the SDK refuses too, as an endpoint that is no URL
 */
export async function openAccess(
  options: { readonly region?: string; readonly endpoint?: string },
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Access | undefined> {
  const isForSdk = Object.keys(environment).some((name) => name.startsWith('AWS_') && !understood.has(name))
  const region = options.region ?? environment['AWS_REGION']
  if (isForSdk || region === undefined || !plainRegion.test(region)) return undefined
  const given = options.endpoint ?? environment['AWS_ENDPOINT_URL']
  const url = new URL(given || `https://secretsmanager.${region}.amazonaws.com`)
  if (url.pathname !== '/' || url.search !== '' || url.username !== '') return undefined
  if (await hasSharedFiles(environment)) return undefined
  const credentials = keysIn(environment) ?? (await keysOfInstance(environment))
  if (credentials === undefined) return undefined
  const { Agent } = url.protocol === 'https:' ? await import('node:https') : await import('node:http')
  return { url, region, credentials, agent: new Agent({ keepAlive: true }) }
}

/** Whether a file for the tools of AWS says anything. */
async function hasSharedFiles(environment: NodeJS.ProcessEnv): Promise<boolean> {
  const folder = join(homedir(), '.aws')
  const files = [
    environment['AWS_CONFIG_FILE'] ?? join(folder, 'config'),
    environment['AWS_SHARED_CREDENTIALS_FILE'] ?? join(folder, 'credentials'),
  ]
  const sizes = await Promise.all(files.map(sizeOf))
  return sizes.some((size) => size > 0)
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 0 : Number.POSITIVE_INFINITY
  }
}

function keysIn(environment: NodeJS.ProcessEnv): Credentials | undefined {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = environment
  if (!accessKeyId || !secretAccessKey) return undefined
  return { accessKeyId, secretAccessKey, sessionToken: environment['AWS_SESSION_TOKEN'] }
}

/** Those of the role of an EC2 instance, from its metadata. */
async function keysOfInstance(environment: NodeJS.ProcessEnv): Promise<Credentials | undefined> {
  if (environment['AWS_EC2_METADATA_DISABLED']) return undefined
  const { fromInstanceMetadata } = await import('@smithy/credential-provider-imds')
  return fromInstanceMetadata()()
}
