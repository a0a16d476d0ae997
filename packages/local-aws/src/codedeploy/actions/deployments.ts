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
import type { Deployment, DeploymentGroup, Revision, TargetInstances } from '../model.ts'
import { isActive, requestContinuation, requestStop } from '../plan/deployment.ts'
import { isBlueGreen, isReroutedBack } from '../plan/lifecycle.ts'
import { findActive, findLastSuccessful } from '../plan/rollback.ts'
import { selectReplacements } from '../plan/select-hosts.ts'
import { changeDeployment } from '../plan/state.ts'
import { readAlarms } from '../routing-input.ts'
import { readTagFilters } from '../tag-input.ts'
import { seconds, wireDeployment } from '../wire.ts'

const statuses = ['Created', 'Queued', 'InProgress', 'Baking', 'Ready', 'Succeeded', 'Failed', 'Stopped']

const parameters = [
  'applicationName',
  'deploymentGroupName',
  'revision',
  'deploymentConfigName',
  'description',
  'ignoreApplicationStopFailures',
  'autoRollbackConfiguration',
  'fileExistsBehavior',
  'targetInstances',
  'updateOutdatedInstancesOnly',
  'deploymentMode',
  'overrideAlarmConfiguration',
]

export const createDeployment: Action = async (input, context) => {
  checkParameters('CreateDeployment', input, parameters)
  const applicationName = readApplicationName(input)
  const deploymentGroupName = readDeploymentGroupName(input)
  const group = findGroup(context, applicationName, deploymentGroupName)
  const source = readSource(input, group, context)
  const config = findConfig(context, readText(input, 'deploymentConfigName') || group.deploymentConfigName)
  const override = readAlarms(input, 'overrideAlarmConfiguration')
  const rules = {
    description: readDescription(input),
    ignoreApplicationStopFailures: readIgnoreApplicationStopFailures(input),
    fileExistsBehavior: readFileExistsBehavior(input),
    autoRollback: readAutoRollback(input) ?? group.autoRollback,
    targetInstances: readTargetInstances(input, group, context),
    updateOutdatedInstancesOnly: readUpdateOutdatedInstancesOnly(input),
    alarms: override ?? group.alarms,
    alarmsAreOverridden: override !== undefined,
  }
  if (source.restartOf === undefined) await checkRevisionExists(context, source.revision)
  // Looked up after the last wait: whatever came meanwhile counts.
  const { deployments } = context.state()
  const active = findActive(deployments, group.id)
  if (active) throw faults.deploymentLimitExceeded(deploymentGroupName, active.deploymentId)
  const deployment: Deployment = {
    ...rules,
    ...source,
    deploymentId: context.newDeploymentId(),
    applicationName,
    deploymentGroupId: group.id,
    deploymentGroupName,
    deploymentConfigName: config.name,
    minimumHealthyHosts: config.minimumHealthyHosts,
    style: group.style,
    loadBalancers: group.loadBalancers,
    blueGreen: group.blueGreen,
    previousRevision: findLastSuccessful(deployments, group.id)?.revision,
    creator: 'user',
    status: 'Created',
    terminationWaitStarted: false,
    createTime: context.now(),
    targets: [],
  }
  context.start(deployment)
  return { deploymentId: deployment.deploymentId }
}

/** What is deployed: the revision that is named, or in a restart the one that is there. */
function readSource(
  input: JsonObject,
  group: DeploymentGroup,
  { state }: ActionContext,
): Pick<Deployment, 'revision' | 'restartOf'> {
  const mode = readText(input, 'deploymentMode') ?? 'STANDARD'
  if (mode === 'STANDARD') return { revision: readRevision(input) }
  if (mode !== 'RESTART') throw faults.invalidInput(`deploymentMode is ${mode}; expected STANDARD or RESTART.`)
  if (group.style.type === 'BLUE_GREEN') {
    throw faults.invalidInput('The deploymentMode RESTART is for in-place deployments only.')
  }
  if (readObject(input, 'revision')) {
    throw faults.invalidInput(
      'The deploymentMode RESTART takes no revision: it is that of the last successful deployment.',
    )
  }
  if (readFlag(input, 'updateOutdatedInstancesOnly')) {
    throw faults.invalidUpdateOutdatedInstancesOnlyValue(
      'The deploymentMode RESTART restarts up-to-date instances too.',
    )
  }
  const last = findLastSuccessful(state().deployments, group.id)
  if (!last) throw faults.revisionDoesNotExist(`the deployment group ${group.name} has no successful deployment`)
  return { revision: last.revision, restartOf: last.restartOf ?? last.deploymentId }
}

function readTargetInstances(
  input: JsonObject,
  { style }: DeploymentGroup,
  { fleet }: ActionContext,
): TargetInstances | undefined {
  const given = readObject(input, 'targetInstances')
  if (!given || isEmpty(given)) {
    if (style.type === 'IN_PLACE') return undefined
    throw faults.invalidTargetInstances(
      'A blue/green deployment that discovers existing instances needs targetInstances with tagFilters or an ec2TagSet.',
    )
  }
  if (style.type === 'IN_PLACE') {
    throw faults.invalidTargetInstances('targetInstances were specified for an in-place deployment.')
  }
  checkParameters('targetInstances', given, ['tagFilters', 'ec2TagSet'], { autoScalingGroups: isEmpty })
  const filters = readTagFilters(given, 'EC2', 'tagFilters', 'ec2TagSet', 'ec2TagSetList')
  const instances = { tagFilters: filters?.filters ?? [], tagSet: filters?.set ?? [] }
  if (selectReplacements(fleet(), instances).length === 0) {
    throw faults.invalidTargetInstances('A specified tag is not currently applied to any instances.')
  }
  return instances
}

function readUpdateOutdatedInstancesOnly(input: JsonObject): boolean {
  const given = input['updateOutdatedInstancesOnly'] ?? false
  if (typeof given === 'boolean') return given
  throw faults.invalidUpdateOutdatedInstancesOnlyValue(
    `updateOutdatedInstancesOnly is ${describeValue(given)}; true or false is expected.`,
  )
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
    'externalId',
    'nextToken',
  ])
  // Only CloudFormation gives deployments an external id, and there is none here.
  const isExternal = readText(input, 'externalId') !== undefined
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
        !isExternal &&
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

/** Reroutes the traffic of a blue/green deployment that is Ready, or terminates its original hosts at once. */
export const continueDeployment: Action = (input, context) => {
  checkParameters('ContinueDeployment', input, ['deploymentId', 'deploymentWaitType'])
  const deployment = findDeployment(context, readDeploymentId(input))
  const type = readText(input, 'deploymentWaitType') ?? 'READY_WAIT'
  if (type !== 'READY_WAIT' && type !== 'TERMINATION_WAIT') throw faults.invalidDeploymentWaitType(type)
  return endWait('ContinueDeployment', deployment, type === 'READY_WAIT' ? 'ready' : 'termination', context)
}

/** The older name of ContinueDeployment with TERMINATION_WAIT. */
export const skipWaitTimeForInstanceTermination: Action = (input, context) => {
  const action = 'SkipWaitTimeForInstanceTermination'
  checkParameters(action, input, ['deploymentId'])
  const deployment = findDeployment(context, readDeploymentId(input))
  if (isActive(deployment) && deployment.startTime === undefined) {
    throw faults.deploymentNotStarted(deployment.deploymentId)
  }
  return endWait(action, deployment, 'termination', context)
}

function endWait(
  action: string,
  deployment: Deployment,
  wait: 'ready' | 'termination',
  { change }: ActionContext,
): JsonObject {
  const { deploymentId, status, terminationWaitStarted } = deployment
  if (!isActive(deployment)) throw faults.deploymentAlreadyCompleted(deploymentId)
  if (!isBlueGreen(deployment) || isReroutedBack(deployment)) {
    throw faults.unsupportedActionForDeploymentType(action, deploymentId)
  }
  if (wait === 'ready' && status !== 'Ready') throw faults.deploymentIsNotInReadyState(deploymentId, `it is ${status}`)
  if (action === 'ContinueDeployment' && wait === 'termination' && !terminationWaitStarted) {
    throw faults.deploymentIsNotInReadyState(deploymentId, 'it does not wait to terminate instances')
  }
  change((state) => changeDeployment(state, deploymentId, (current) => requestContinuation(current, wait)))
  return {}
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
async function checkRevisionExists({ fetchRevision, signal }: ActionContext, revision: Revision): Promise<void> {
  // Nobody here looks into GitHub: whoever downloads finds out.
  if (revision.type === 'GitHub') return
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
