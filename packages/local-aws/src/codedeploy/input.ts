/** Reads the parameters of a call. As in AWS's JSON protocol, `null` is the same as leaving a parameter out. */
import type { JsonObject, JsonValue } from '@fairlead/core'
import * as faults from './faults.ts'
import { deploymentIdPattern, maximumDescriptionLength, maximumNameLength, namePattern } from './limits.ts'
import type { AutoRollback, AutoRollbackEvent, Revision } from './model.ts'

/** Says whether a value of a parameter that local-aws does not support changes nothing, so that it may pass. */
type Harmless = (value: JsonValue) => boolean

/**
 * Refuses a parameter that would change what AWS does and that this action does not read. A parameter in `harmless` may
 * be there with a value that means the default.
 */
export function checkParameters(
  action: string,
  input: JsonObject,
  known: readonly string[],
  harmless: Readonly<Record<string, Harmless>> = {},
): void {
  for (const [name, value] of Object.entries(input)) {
    if (value === undefined || value === null || known.includes(name)) continue
    const test = Object.hasOwn(harmless, name) ? harmless[name] : undefined
    if (!test?.(value)) throw faults.notSupported(action, `the parameter ${name}`)
  }
}

/** Whether a list or an object has nothing in it. */
export const isEmpty: Harmless = (value) =>
  typeof value === 'object' && value !== null && Object.values(value).every((field) => field === null)

export function readText(input: JsonObject, name: string): string | undefined {
  const value = input[name] ?? undefined
  if (value !== undefined && typeof value !== 'string') throw faults.serialization(name, 'a string')
  return value
}

export function readFlag(input: JsonObject, name: string): boolean | undefined {
  const value = input[name] ?? undefined
  if (value !== undefined && typeof value !== 'boolean') throw faults.serialization(name, 'true or false')
  return value
}

export function readNumber(input: JsonObject, name: string): number | undefined {
  const value = input[name] ?? undefined
  if (value !== undefined && typeof value !== 'number') throw faults.serialization(name, 'a number')
  return value
}

export function readObject(input: JsonObject, name: string): JsonObject | undefined {
  const value = input[name] ?? undefined
  if (value === undefined || isObject(value)) return value
  throw faults.serialization(name, 'a structure')
}

export function readList(input: JsonObject, name: string): readonly JsonValue[] | undefined {
  const value = input[name] ?? undefined
  if (value === undefined || isList(value)) return value
  throw faults.serialization(name, 'a list')
}

export function readTexts(input: JsonObject, name: string): readonly string[] | undefined {
  return readList(input, name)?.map((value) => {
    if (typeof value !== 'string') throw faults.serialization(name, 'a list of strings')
    return value
  })
}

export function readObjects(input: JsonObject, name: string): readonly JsonObject[] | undefined {
  return readList(input, name)?.map((value) => {
    if (!isObject(value)) throw faults.serialization(name, 'a list of structures')
    return value
  })
}

export function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}

/** A name as the limits of CodeDeploy allow it. */
export function isName(name: string): boolean {
  return name.length <= maximumNameLength && namePattern.test(name)
}

/** The empty string is no name: AWS says that none was specified. */
export function readApplicationName(input: JsonObject): string {
  const name = readText(input, 'applicationName')
  if (!name) throw faults.applicationNameRequired()
  if (!isName(name)) throw faults.invalidApplicationName(name)
  return name
}

export function readDeploymentGroupName(input: JsonObject, parameter = 'deploymentGroupName'): string {
  const name = readText(input, parameter)
  if (!name) throw faults.deploymentGroupNameRequired()
  if (!isName(name)) throw faults.invalidDeploymentGroupName(name)
  return name
}

export function readDeploymentConfigName(input: JsonObject): string {
  const name = readText(input, 'deploymentConfigName')
  if (!name) throw faults.deploymentConfigNameRequired()
  if (!isName(name)) throw faults.invalidDeploymentConfigName(name)
  return name
}

export function readDeploymentId(input: JsonObject): string {
  const id = readText(input, 'deploymentId')
  if (!id) throw faults.deploymentIdRequired()
  return checkDeploymentId(id)
}

export function checkDeploymentId(id: string): string {
  if (!deploymentIdPattern.test(id)) throw faults.invalidDeploymentId(id)
  return id
}

export function readDescription(input: JsonObject): string | undefined {
  const description = readText(input, 'description')
  if (description !== undefined && description.length > maximumDescriptionLength) {
    throw faults.descriptionTooLong(description.length)
  }
  return description
}

const rollbackEvents = ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM', 'DEPLOYMENT_STOP_ON_REQUEST'] as const

export function readAutoRollback(input: JsonObject): AutoRollback | undefined {
  const configuration = readObject(input, 'autoRollbackConfiguration')
  if (!configuration) return undefined
  const enabled = readFlag(configuration, 'enabled') ?? false
  const events = (readTexts(configuration, 'events') ?? []).map((event): AutoRollbackEvent => {
    const known = rollbackEvents.find((candidate) => candidate === event)
    if (!known)
      throw faults.invalidAutoRollbackConfig(`The event type ${event} is not one of ${rollbackEvents.join(', ')}.`)
    return known
  })
  if (enabled && events.length === 0) {
    throw faults.invalidAutoRollbackConfig('Automatic rollback is enabled, but no event types were listed.')
  }
  return { enabled, events }
}

/** A bundle in S3 or a commit on GitHub: what a deployment to Server takes. */
export function readRevision(input: JsonObject, parameter = 'revision'): Revision {
  const location = readObject(input, parameter)
  if (!location) throw faults.revisionRequired()
  return readRevisionLocation(location)
}

export function readRevisionLocation(location: JsonObject): Revision {
  const type = readText(location, 'revisionType')
  if (type === 'GitHub') return readGitHubRevision(location)
  if (type === 'S3') return readS3Revision(location)
  throw faults.invalidRevision(`The revision type is ${type ?? 'missing'}; deployments to Server take S3 or GitHub.`)
}

function readGitHubRevision(location: JsonObject): Revision {
  const gitHub = readObject(location, 'gitHubLocation')
  const repository = gitHub && readText(gitHub, 'repository')
  const commitId = gitHub && readText(gitHub, 'commitId')
  if (!repository || !/^[^/\s]+\/[^/\s]+$/.test(repository)) {
    throw faults.invalidRevision('The gitHubLocation needs a repository, in the form account/repository.')
  }
  if (!commitId || !/^[0-9a-f]{40}$/i.test(commitId)) {
    throw faults.invalidRevision('The gitHubLocation needs a commitId, the 40 hex digits of a SHA1.')
  }
  return { type: 'GitHub', repository, commitId }
}

function readS3Revision(location: JsonObject): Revision {
  const s3 = readObject(location, 's3Location')
  if (!s3) throw faults.invalidRevision('The revision has the type S3 and no s3Location.')
  const bucket = readText(s3, 'bucket')
  const key = readText(s3, 'key')
  if (!bucket || !key) throw faults.invalidRevision('The s3Location needs a bucket and a key.')
  const given = readText(s3, 'bundleType')
  const bundleType = (['zip', 'tar', 'tgz'] as const).find((candidate) => candidate === given)
  if (!bundleType) throw faults.invalidRevision(`The bundleType is ${given ?? 'missing'}; expected zip, tar or tgz.`)
  // An empty version or eTag comes from callers that spread a HeadObject answer; AWS treats it as not given.
  const version = readText(s3, 'version') || undefined
  const eTag = readText(s3, 'eTag') || undefined
  return { type: 'S3', bucket, key, bundleType, ...(version ? { version } : {}), ...(eTag ? { eTag } : {}) }
}
