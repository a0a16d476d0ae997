import type { AgentDeployment, AgentRevision } from '../model.ts'
import { failUnknown } from './event-failure.ts'

/** A deployment as the service describes it to an agent. */
export interface SpecificationEnvelope {
  /** `PKCS7/JSON`: another one is refused. */
  readonly format: string
  /** The JSON that is in the envelope. The signature around it is the transport's. */
  readonly payload: string
}

type Members = Readonly<Record<string, unknown>>

/**
 * Reads a specification with the official agent's checks, in its order and words. Fails the event where that one refuses
 * it, before the command is acknowledged.
 */
export function readSpecification({ format, payload }: SpecificationEnvelope): AgentDeployment {
  if (format !== 'PKCS7/JSON') throw failUnknown(`Unsupported DeploymentSpecification format: ${format}`)
  const members = parseMembers(payload)
  const text = (name: string) => {
    const value = optionalText(members, name)
    if (value === undefined) throw failUnknown(`Deployment Spec has no ${name}`)
    return value
  }
  const deploymentId = idOf(text('DeploymentId'))
  const deploymentGroupId = text('DeploymentGroupId')
  requireFolderName(deploymentId)
  requireFolderName(deploymentGroupId)
  const events = members['AllPossibleLifecycleEvents']
  return {
    deploymentId,
    deploymentGroupId,
    deploymentGroupName: text('DeploymentGroupName'),
    applicationName: text('ApplicationName'),
    creator: optionalText(members, 'DeploymentCreator') ?? 'user',
    type: optionalText(members, 'DeploymentType') === 'BLUE_GREEN' ? 'BLUE_GREEN' : 'IN_PLACE',
    appSpecFilename: optionalText(members, 'AppSpecFilename'),
    revision: readRevision(members),
    fileExistsBehavior: readFileExistsBehavior(members),
    possibleEvents: Array.isArray(events) && events.length > 0 ? events.map(String) : undefined,
  }
}

function readRevision(members: Members): AgentRevision {
  const revision = members['Revision']
  if (!isMembers(revision)) throw failUnknown('Must specify a revison')
  const type = revision['RevisionType']
  if (typeof type !== 'string') throw failUnknown('Must specify a revision source')
  switch (type) {
    case 'S3':
      return readS3Revision(revision['S3Revision'])
    case 'GitHub':
      return readGitHubRevision(revision['GitHubRevision'])
    default:
      throw failUnknown('Exactly one of S3Revision, GitHubRevision, or LocalRevision must be specified')
  }
}

function readS3Revision(given: unknown): AgentRevision {
  const revision = isMembers(given) ? given : {}
  if (!['Bucket', 'Key', 'BundleType'].every((name) => name in revision)) {
    throw failUnknown('S3Revision in Deployment Spec must specify Bucket, Key and BundleType')
  }
  const bundleType = revision['BundleType']
  if (bundleType !== 'zip' && bundleType !== 'tar' && bundleType !== 'tgz') {
    throw failUnknown('BundleType in S3Revision must be tar, tgz or zip')
  }
  const versionId = revision['Version'] ?? undefined
  const eTag = revision['ETag'] ?? undefined
  return {
    type: 'S3',
    bucket: String(revision['Bucket']),
    key: String(revision['Key']),
    bundleType,
    ...(versionId === undefined ? {} : { versionId: String(versionId) }),
    ...(eTag === undefined ? {} : { eTag: String(eTag) }),
  }
}

function readGitHubRevision(given: unknown): AgentRevision {
  const revision = isMembers(given) ? given : {}
  if (!['Account', 'Repository', 'CommitId'].every((name) => name in revision)) {
    throw failUnknown('GitHubRevision in Deployment Spec must specify Account, Repository and CommitId')
  }
  const repository = `${String(revision['Account'])}/${String(revision['Repository'])}`
  const bundleType = revision['BundleType'] === 'zip' ? 'zip' : 'tar'
  return { type: 'GitHub', repository, commitId: String(revision['CommitId']), bundleType }
}

/** The value of the API, in whatever case it comes; what it means is found out when a file is in the way. */
function readFileExistsBehavior(members: Members): string | undefined {
  const overrides = members['AgentActionOverrides']
  const agent = isMembers(overrides) ? overrides['AgentOverrides'] : undefined
  return isMembers(agent) ? optionalText(agent, 'FileExistsBehavior')?.toUpperCase() : undefined
}

function parseMembers(payload: string): Members {
  try {
    const members: unknown = JSON.parse(payload)
    if (isMembers(members)) return members
  } catch (error) {
    throw failUnknown((error as Error).message)
  }
  throw failUnknown('Deployment Spec has no DeploymentId')
}

/** The id of an ARN: what follows the first slash of its resource. */
function idOf(given: string): string {
  return given.startsWith('arn:') ? given.split(':').slice(5).join(':').split('/').slice(1).join('/') : given
}

function requireFolderName(id: string): void {
  // Ids become names of folders; the service's own are nothing else.
  if (!/^[\w.-]+$/.test(id) || /^\.+$/.test(id)) throw failUnknown(`the id ${id} is no name of a folder`)
}

function optionalText(members: Members, name: string): string | undefined {
  const value = members[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
