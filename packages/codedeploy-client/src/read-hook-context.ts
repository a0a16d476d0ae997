import { checkOptions, coreErrors, describeValue, manifestPath, parseManifest } from '@fairlead/core'
import { fileURLToPath } from 'node:url'
import { codeDeployErrors } from './errors.ts'
import { findArchive } from './ports/archive-files.ts'

/** The events whose scripts CodeDeploy's agent runs on an instance, in their order. */
export type HookEvent =
  | 'BeforeBlockTraffic'
  | 'AfterBlockTraffic'
  | 'ApplicationStop'
  | 'BeforeInstall'
  | 'AfterInstall'
  | 'ApplicationStart'
  | 'ValidateService'
  | 'BeforeAllowTraffic'
  | 'AfterAllowTraffic'

/** The revision that a deployment brings, as CodeDeploy names it. */
export type IncomingRevision = {
  readonly bucket: string
  readonly key: string
  readonly versionId?: string | undefined
  /** Without quotes. */
  readonly eTag?: string | undefined
}

/** Where a hook runs, and for what. JSON-safe. */
export type HookContext = {
  /** The lifecycle event: {@link HookEvent}, or a newer one. */
  readonly event: HookEvent | (string & {})
  readonly application: string
  readonly deploymentGroup: string
  readonly deploymentGroupId: string
  readonly deploymentId: string
  /**
   * The archive whose script is running: the incoming revision's, except in ApplicationStop, BeforeBlockTraffic and
   * AfterBlockTraffic, where the script of the previous revision runs.
   */
  readonly archive: {
    /** Absolute, without symbolic links. */
    readonly path: string
    readonly commit: string
    readonly contentDigest: string
  }
  /** The revision that the deployment brings. Missing where that does not come from S3. */
  readonly incoming: IncomingRevision | undefined
}

export interface HookSource {
  /** `import.meta.url` of the script, or its path. */
  readonly from: string | URL
  /** Default: `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
}

const required = {
  event: 'LIFECYCLE_EVENT',
  deploymentId: 'DEPLOYMENT_ID',
  application: 'APPLICATION_NAME',
  deploymentGroup: 'DEPLOYMENT_GROUP_NAME',
  deploymentGroupId: 'DEPLOYMENT_GROUP_ID',
} as const

/**
 * Reads what a lifecycle hook has to know: which event of which deployment it runs in, and in which archive it lies. The
 * archive is found from the script's own place, since the agent starts hooks in a folder of its own.
 *
 * @throws HOOK_ENVIRONMENT_MISSING, HOOK_ARCHIVE_NOT_FOUND, INVALID_RECORD (a manifest that was changed), INVALID_OPTION,
 * UNKNOWN_OPTION
 */
export async function readHookContext(source: string | URL | HookSource): Promise<HookContext> {
  const { from, environment = process.env } = readSource(source)
  const missing = Object.values(required).filter((name) => !environment[name])
  if (missing.length > 0) throw codeDeployErrors.HOOK_ENVIRONMENT_MISSING({ variables: missing })
  const found = await findArchive(from, manifestPath)
  if (found === undefined) throw codeDeployErrors.HOOK_ARCHIVE_NOT_FOUND({ from, manifest: manifestPath })
  const { commit, contentDigest } = parseManifest(found.markerText, `${found.path}/${manifestPath}`)
  const fact = (name: keyof typeof required) => environment[required[name]] ?? ''
  return {
    event: fact('event'),
    application: fact('application'),
    deploymentGroup: fact('deploymentGroup'),
    deploymentGroupId: fact('deploymentGroupId'),
    deploymentId: fact('deploymentId'),
    archive: { path: found.path, commit, contentDigest },
    incoming: readIncoming(environment),
  }
}

function readIncoming(environment: NonNullable<HookSource['environment']>): IncomingRevision | undefined {
  const { BUNDLE_BUCKET: bucket, BUNDLE_KEY: key, BUNDLE_VERSION: version, BUNDLE_ETAG: eTag } = environment
  if (!bucket || !key) return undefined
  // The agent passes the ETag on as it was given to CreateDeployment, with or without its quotes.
  const bare = eTag?.replaceAll('"', '')
  return { bucket, key, ...(version ? { versionId: version } : {}), ...(bare ? { eTag: bare } : {}) }
}

function readSource(source: string | URL | HookSource): {
  readonly from: string
  readonly environment: HookSource['environment']
} {
  const verb = 'readHookContext'
  if (typeof source === 'string' || source instanceof URL) return { from: toPath(source), environment: undefined }
  checkOptions(verb, source, ['from', 'environment'])
  return { from: toPath(source?.from), environment: source.environment }
}

function toPath(from: unknown): string {
  const isUrl = from instanceof URL || (typeof from === 'string' && from.startsWith('file:'))
  if (isUrl) return fileURLToPath(from)
  if (typeof from === 'string' && from !== '') return from
  throw coreErrors.INVALID_OPTION({
    verb: 'readHookContext',
    option: 'from',
    given: describeValue(from),
    expected: 'import.meta.url of the script, or its path',
  })
}
