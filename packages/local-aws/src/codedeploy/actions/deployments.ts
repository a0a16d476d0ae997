import type { JsonObject } from '@fairlead/core'
import { describeValue } from '@fairlead/core'
import type { FileExistsBehavior } from '@fairlead/host-agent'
import { findConfig, findDeployment, findGroup, readPage, type Action, type ActionContext } from '../context.ts'
import * as faults from '../faults.ts'
import {
  checkDeploymentId,
  checkParameters,
  isEmpty,
  readApplicationName,
  readAutoRollback,
  readDeploymentGroupName,
  readDeploymentId,
  readDescription,
  readFlag,
  readNumber,
  readObject,
  readRevision,
  readText,
  readTexts,
} from '../input.ts'
import { maximumBatchSize } from '../limits.ts'
import type { Deployment, S3Revision } from '../model.ts'
import { isActive, requestStop } from '../plan/deployment.ts'
import { findActive, findLastSuccessful } from '../plan/rollback.ts'
import { changeDeployment } from '../plan/state.ts'
import { seconds, wireDeployment } from '../wire.ts'

const statuses = ['Created', 'Queued', 'InProgress', 'Baking', 'Ready', 'Succeeded', 'Failed', 'Stopped']

export const createDeployment: Action = async (input, context) => {
  const action = 'CreateDeployment'
  checkParameters(
    action,
    input,
    [
      'applicationName',
      'deploymentGroupName',
      'revision',
      'deploymentConfigName',
      'description',
      'ignoreApplicationStopFailures',
      'autoRollbackConfiguration',
      'fileExistsBehavior',
    ],
    {
      deploymentMode: (value) => value === 'STANDARD',
      updateOutdatedInstancesOnly: (value) => value === false,
      targetInstances: isEmpty,
    },
  )
  const applicationName = readApplicationName(input)
  const deploymentGroupName = readDeploymentGroupName(input)
  const group = findGroup(context, applicationName, deploymentGroupName)
  const revision = readRevision(action, input)
  const config = findConfig(context, readText(input, 'deploymentConfigName') || group.deploymentConfigName)
  const rules = {
    description: readDescription(input),
    ignoreApplicationStopFailures: readIgnoreApplicationStopFailures(input),
    fileExistsBehavior: readFileExistsBehavior(input),
    autoRollback: readAutoRollback(input) ?? group.autoRollback,
  }
  await checkRevisionExists(context, revision)
  // Looked up after the last wait: whatever came meanwhile counts.
  const { deployments } = context.state()
  const active = findActive(deployments, group.id)
  if (active) throw faults.deploymentLimitExceeded(deploymentGroupName, active.deploymentId)
  const deployment: Deployment = {
    ...rules,
    deploymentId: context.newDeploymentId(),
    applicationName,
    deploymentGroupId: group.id,
    deploymentGroupName,
    deploymentConfigName: config.name,
    minimumHealthyHosts: config.minimumHealthyHosts,
    revision,
    previousRevision: findLastSuccessful(deployments, group.id)?.revision,
    creator: 'user',
    status: 'Created',
    createTime: context.now(),
    targets: [],
  }
  context.start(deployment)
  return { deploymentId: deployment.deploymentId }
}

export const getDeployment: Action = (input, context) => {
  checkParameters('GetDeployment', input, ['deploymentId'])
  return { deploymentInfo: wireDeployment(findDeployment(context, readDeploymentId(input))) }
}

/** Ids that nobody knows are left out of the answer. */
export const batchGetDeployments: Action = (input, { state }) => {
  checkParameters('BatchGetDeployments', input, ['deploymentIds'])
  const ids = readTexts(input, 'deploymentIds')
  if (!ids || ids.length === 0) throw faults.deploymentIdRequired()
  if (ids.length > maximumBatchSize) throw faults.batchLimitExceeded(ids.length)
  ids.forEach(checkDeploymentId)
  const { deployments } = state()
  const found = ids.flatMap((id) => deployments.filter(({ deploymentId }) => deploymentId === id))
  return { deploymentsInfo: found.map(wireDeployment) }
}

/** Newest first. */
export const listDeployments: Action = (input, context) => {
  checkParameters('ListDeployments', input, [
    'applicationName',
    'deploymentGroupName',
    'includeOnlyStatuses',
    'createTimeRange',
    'nextToken',
  ])
  const given = [readText(input, 'applicationName'), readText(input, 'deploymentGroupName')]
  const group = given.some((name) => name !== undefined)
    ? findGroup(context, readApplicationName(input), readDeploymentGroupName(input))
    : undefined
  const only = readTexts(input, 'includeOnlyStatuses') ?? []
  for (const status of only) if (!statuses.includes(status)) throw faults.invalidDeploymentStatus(status)
  const { start, end } = readTimeRange(input)
  const ids = context
    .state()
    .deployments.filter(
      ({ deploymentGroupId, status, createTime }) =>
        (group === undefined || deploymentGroupId === group.id) &&
        (only.length === 0 || only.includes(status)) &&
        seconds(createTime) >= start &&
        seconds(createTime) <= end,
    )
    .map(({ deploymentId }) => deploymentId)
  const { items, nextToken } = readPage(input, ids.toReversed())
  return { deployments: [...items], nextToken }
}

/**
 * Lets the lifecycle events that run come to their end and starts no other. With `autoRollbackEnabled` left out, the
 * deployment's own configuration says whether a stop on request rolls back.
 */
export const stopDeployment: Action = (input, context) => {
  checkParameters('StopDeployment', input, ['deploymentId', 'autoRollbackEnabled'])
  const deployment = findDeployment(context, readDeploymentId(input))
  const { deploymentId, autoRollback } = deployment
  if (!isActive(deployment)) throw faults.deploymentAlreadyCompleted(deploymentId)
  const configured = autoRollback.enabled && autoRollback.events.includes('DEPLOYMENT_STOP_ON_REQUEST')
  const rollback = readFlag(input, 'autoRollbackEnabled') ?? configured
  context.change((state) => changeDeployment(state, deploymentId, (current) => requestStop(current, rollback)))
  const running = deployment.targets.some(({ status }) => status === 'InProgress')
  return {
    status: running ? 'Pending' : 'Succeeded',
    // AWS's words.
    statusMessage: 'No more commands will be scheduled for execution in the deployment instances',
  }
}

/** Continues a blue/green deployment that waits; there are none here. */
export const continueDeployment: Action = (input, context) => {
  checkParameters('ContinueDeployment', input, ['deploymentId', 'deploymentWaitType'])
  const deployment = findDeployment(context, readDeploymentId(input))
  if (!isActive(deployment)) throw faults.deploymentAlreadyCompleted(deployment.deploymentId)
  throw faults.unsupportedActionForDeploymentType('ContinueDeployment', deployment.deploymentId)
}

function readIgnoreApplicationStopFailures(input: JsonObject): boolean {
  const given = input['ignoreApplicationStopFailures'] ?? false
  if (typeof given !== 'boolean') throw faults.invalidIgnoreApplicationStopFailuresValue(describeValue(given))
  return given
}

function readFileExistsBehavior(input: JsonObject): FileExistsBehavior {
  const given = input['fileExistsBehavior'] ?? 'DISALLOW'
  if (given === 'DISALLOW' || given === 'OVERWRITE' || given === 'RETAIN') return given
  throw faults.invalidFileExistsBehavior(describeValue(given))
}

function readTimeRange(input: JsonObject): { readonly start: number; readonly end: number } {
  const range = readObject(input, 'createTimeRange')
  const start = (range && readNumber(range, 'start')) ?? Number.NEGATIVE_INFINITY
  const end = (range && readNumber(range, 'end')) ?? Number.POSITIVE_INFINITY
  if (start > end) throw faults.invalidTimeRange(`The range begins at ${start}, after its end, ${end}.`)
  return { start, end }
}

/** The names that S3 gives to what is not there. */
const missing = ['NoSuchBucket', 'NoSuchKey', 'NoSuchVersion', 'MethodNotAllowed', 'NotFound']

/**
 * Refuses a deployment of an object that is not there, before anything runs. AWS is said to find out only when a host
 * downloads the bundle; a wrong eTag is found then, here too.
 */
async function checkRevisionExists({ fetchRevision, signal }: ActionContext, revision: S3Revision): Promise<void> {
  const { bucket, key, version, eTag } = revision
  try {
    const { body } = await fetchRevision({ bucket, key, versionId: version, eTag }, { signal })
    // A stream that nobody begins to read is not closed by leaving it.
    const chunks = body[Symbol.asyncIterator]()
    await chunks.next()
    await chunks.return?.()
  } catch (error) {
    const { name, code } = error as { readonly name?: unknown; readonly code?: unknown }
    // S3 says of a version id that it never gave that the argument is invalid.
    const absent = version === undefined ? missing : [...missing, 'InvalidArgument']
    const reason = [code, name].find((word) => absent.includes(word as string))
    if (reason === undefined) throw error
    const what = version === undefined ? '' : `?versionId=${version}`
    throw faults.revisionDoesNotExist(`s3://${bucket}/${key}${what} (${String(reason)})`)
  }
}
