import { describeAwsFailure, isDeployError, type ArtifactFormat, type DeployError, type Target } from '@fairlead/core'
import type * as CodeDeploySdk from '@aws-sdk/client-codedeploy'
import type {
  CodeDeployClient,
  CreateDeploymentCommandInput,
  DeploymentInfo,
  DeploymentTarget,
  LifecycleEvent,
} from '@aws-sdk/client-codedeploy'
import { codeDeployErrors } from '../errors.ts'
import { callTimeoutMs, maxDeploymentsPerCall, maxTargetsPerCall } from '../limits.ts'
import type {
  DeploymentStatus,
  Diagnostics,
  InstanceStatus,
  LifecycleEventReport,
  LifecycleEventStatus,
} from '../model.ts'
import type { DeploymentReading, InstanceReading, RollbackTrigger } from '../plan/progress.ts'

/** What is used of a `CodeDeployClient`: a client of the AWS SDK, or anything that sends its commands. */
export interface CodeDeploySender {
  readonly send: (command: never, options?: { readonly abortSignal?: AbortSignal }) => Promise<unknown>
  readonly config?: { readonly region?: unknown } | undefined
}

/** An object in S3, as CodeDeploy names a revision. */
export interface Revision {
  readonly bucket: string
  readonly key: string
  readonly versionId?: string | undefined
  readonly eTag?: string | undefined
}

/** A deployment as the look-up by run token needs it. */
export interface FoundDeployment {
  readonly deploymentId: string
  readonly status: DeploymentStatus
  readonly description?: string | undefined
  readonly createdAt?: string | undefined
  /** `user` for CreateDeployment; CodeDeploy and Auto Scaling start deployments too. */
  readonly creator?: string | undefined
  readonly revision?: Revision | undefined
}

export interface NewDeployment {
  readonly target: Target
  readonly revision: Revision
  /** How the revision is packed. */
  readonly format: ArtifactFormat
  readonly description: string
  readonly deploymentConfig?: string | undefined
  readonly autoRollback?: readonly RollbackTrigger[] | undefined
  readonly ignoreApplicationStopFailures?: boolean | undefined
  readonly fileExistsBehavior?: 'DISALLOW' | 'OVERWRITE' | 'RETAIN' | undefined
}

/** How CreateDeployment went. `unanswered`: it was sent, and may or may not have taken effect. */
export type Creation =
  | { readonly outcome: 'created'; readonly deploymentId: string }
  | { readonly outcome: 'busy' }
  | { readonly outcome: 'unanswered'; readonly reason: string }

type Signal = AbortSignal | undefined

/** CodeDeploy, as the verbs of this package see it. */
export interface CodeDeploy {
  readonly createDeployment: (deployment: NewDeployment, signal: Signal) => Promise<Creation>
  readonly listDeploymentIds: (
    target: Target,
    filter: { readonly active: true } | { readonly createdAfter: Date },
    signal: Signal,
  ) => Promise<readonly string[]>
  readonly readDeployments: (
    ids: readonly string[],
    target: Target,
    signal: Signal,
  ) => Promise<readonly FoundDeployment[]>
  readonly readDeployment: (deploymentId: string, signal: Signal) => Promise<DeploymentReading>
  /** The instances, without those of `known`; none for a deployment that has not started. */
  readonly readInstances: (
    deploymentId: string,
    known: ReadonlySet<string>,
    signal: Signal,
  ) => Promise<readonly InstanceReading[]>
  readonly stopDeployment: (
    deploymentId: string,
    rollback: boolean | undefined,
    signal: Signal,
  ) => Promise<{ readonly alreadyEnded: boolean; readonly message?: string | undefined }>
  readonly continueDeployment: (
    deploymentId: string,
    phase: 'traffic' | 'termination' | undefined,
    signal: Signal,
  ) => Promise<void>
  /** Closes a client that was created here; a given one stays open. */
  readonly close: () => void
}

type Sdk = typeof CodeDeploySdk

/** Makes the port. The SDK is loaded, and a client created where none is given, by the first call. */
export function openCodeDeploy(facts: {
  readonly client: CodeDeploySender | undefined
  readonly target: Target | undefined
}): CodeDeploy {
  const { client: given, target } = facts
  let opened: Promise<{ readonly sdk: Sdk; readonly client: CodeDeploySender }> | undefined
  let own: CodeDeployClient | undefined

  const open = async (): Promise<{ readonly sdk: Sdk; readonly client: CodeDeploySender }> => {
    const sdk = await import('@aws-sdk/client-codedeploy')
    if (given) {
      await requireRegion(given, target)
      return { sdk, client: given }
    }
    own = new sdk.CodeDeployClient(target?.region === undefined ? {} : { region: target.region })
    return { sdk, client: own }
  }

  /** Sends a command, bounded in time, and wraps what goes wrong. */
  const call = async <T>(
    action: string,
    about: About,
    makeCommand: (sdk: Sdk) => unknown,
    signal: Signal,
    expected: Readonly<Record<string, () => T>> = {},
  ): Promise<T> => {
    signal?.throwIfAborted()
    opened ??= open()
    const { sdk, client } = await opened
    signal?.throwIfAborted()
    const deadline = boundedSignal(signal)
    try {
      return (await client.send(makeCommand(sdk) as never, { abortSignal: deadline.signal })) as T
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      const name = (error as Error | undefined)?.name ?? ''
      const answer = Object.hasOwn(expected, name) ? expected[name] : undefined
      if (answer) return answer()
      throw describeFailure(deadline.expired() ? timeoutError() : error, `codedeploy:${action}`, about)
    } finally {
      deadline.release()
    }
  }

  const readTargets = async (
    deploymentId: string,
    targetIds: readonly string[],
    signal: Signal,
  ): Promise<readonly DeploymentTarget[]> => {
    const answer = await call<{ deploymentTargets?: DeploymentTarget[] } | 'gone'>(
      'BatchGetDeploymentTargets',
      { deploymentId },
      (sdk) => new sdk.BatchGetDeploymentTargetsCommand({ deploymentId, targetIds: [...targetIds] }),
      signal,
      {
        DeploymentNotStartedException: () => ({}),
        // An instance that was terminated since it was listed must not hide the others.
        DeploymentTargetDoesNotExistException: () => 'gone',
        InstanceDoesNotExistException: () => 'gone',
      },
    )
    if (answer !== 'gone') return answer.deploymentTargets ?? []
    if (targetIds.length <= 1) return []
    const middle = Math.ceil(targetIds.length / 2)
    return [
      ...(await readTargets(deploymentId, targetIds.slice(0, middle), signal)),
      ...(await readTargets(deploymentId, targetIds.slice(middle), signal)),
    ]
  }

  return {
    createDeployment: async (deployment, signal) => {
      const { target: aim, revision, deploymentConfig } = deployment
      let unanswered: Unanswered | undefined
      try {
        const answer = await call<{ deploymentId?: string } | 'busy'>(
          'CreateDeployment',
          { target: aim, revision, deploymentConfig },
          (sdk) => {
            const command = new sdk.CreateDeploymentCommand(createInput(deployment))
            command.middlewareStack.add(
              (next) => async (args) => {
                if (unanswered) throw unanswered
                try {
                  return await next(args)
                } catch (error) {
                  if (wasRefused(error)) throw error
                  unanswered = new Unanswered(error)
                  throw unanswered
                }
              },
              { name: 'fairleadSendOnce', step: 'finalizeRequest', priority: 'low' },
            )
            return command
          },
          signal,
          { DeploymentLimitExceededException: () => 'busy' },
        )
        if (answer === 'busy') return { outcome: 'busy' }
        if (answer.deploymentId) return { outcome: 'created', deploymentId: answer.deploymentId }
        return { outcome: 'unanswered', reason: 'an answer without a deployment id' }
      } catch (error) {
        if (signal?.aborted) throw signal.reason
        if (unanswered === undefined) throw error
        return { outcome: 'unanswered', reason: unanswered.reason }
      }
    },

    listDeploymentIds: async (aim, filter, signal) => {
      const ids: string[] = []
      let nextToken: string | undefined
      do {
        const page: { deployments?: string[]; nextToken?: string } = await call(
          'ListDeployments',
          { target: aim },
          (sdk) =>
            new sdk.ListDeploymentsCommand({
              applicationName: aim.application,
              deploymentGroupName: aim.deploymentGroup,
              ...('active' in filter
                ? { includeOnlyStatuses: ['Created', 'Queued', 'InProgress', 'Baking', 'Ready'] }
                : { createTimeRange: { start: filter.createdAfter } }),
              nextToken,
            }),
          signal,
        )
        ids.push(...(page.deployments ?? []))
        nextToken = page.nextToken
      } while (nextToken)
      return ids
    },

    readDeployments: async (ids, aim, signal) => {
      const found: FoundDeployment[] = []
      for (const deploymentIds of batches(ids, maxDeploymentsPerCall)) {
        const answer: { deploymentsInfo?: DeploymentInfo[] } = await call(
          'BatchGetDeployments',
          { target: aim },
          (sdk) => new sdk.BatchGetDeploymentsCommand({ deploymentIds }),
          signal,
        )
        found.push(...(answer.deploymentsInfo ?? []).map(readFound))
      }
      return found
    },

    readDeployment: async (deploymentId, signal) => {
      const answer: { deploymentInfo?: DeploymentInfo } = await call(
        'GetDeployment',
        { deploymentId },
        (sdk) => new sdk.GetDeploymentCommand({ deploymentId }),
        signal,
      )
      return readDeploymentInfo(deploymentId, answer.deploymentInfo ?? {})
    },

    readInstances: async (deploymentId, known, signal) => {
      const ids: string[] = []
      let nextToken: string | undefined
      do {
        const page: { targetIds?: string[]; nextToken?: string } = await call(
          'ListDeploymentTargets',
          { deploymentId },
          (sdk) => new sdk.ListDeploymentTargetsCommand({ deploymentId, nextToken }),
          signal,
          { DeploymentNotStartedException: () => ({}) },
        )
        ids.push(...(page.targetIds ?? []))
        nextToken = page.nextToken
      } while (nextToken)
      const targets: DeploymentTarget[] = []
      for (const batch of batches(
        ids.filter((id) => !known.has(id)),
        maxTargetsPerCall,
      )) {
        targets.push(...(await readTargets(deploymentId, batch, signal)))
      }
      return targets.flatMap(readInstance)
    },

    stopDeployment: (deploymentId, rollback, signal) =>
      call<{ status?: string; statusMessage?: string } | 'ended'>(
        'StopDeployment',
        { deploymentId },
        (sdk) => new sdk.StopDeploymentCommand({ deploymentId, autoRollbackEnabled: rollback }),
        signal,
        { DeploymentAlreadyCompletedException: () => 'ended' },
      ).then((answer) =>
        answer === 'ended' ? { alreadyEnded: true } : { alreadyEnded: false, message: answer.statusMessage },
      ),

    continueDeployment: async (deploymentId, phase, signal) => {
      await call(
        'ContinueDeployment',
        { deploymentId },
        (sdk) =>
          new sdk.ContinueDeploymentCommand({
            deploymentId,
            deploymentWaitType:
              phase === undefined ? undefined : phase === 'traffic' ? 'READY_WAIT' : 'TERMINATION_WAIT',
          }),
        signal,
      )
    },

    close: () => own?.destroy(),
  }
}

/**
 * CreateDeployment has no client token, so that the SDK's own retry after a lost answer would create a second
 * deployment. What was certainly refused may still be retried by the SDK; anything else comes back at once, marked.
 * A middleware of the command does this for a given client too, whatever its retry settings.
 */
class Unanswered extends Error {
  override readonly name = 'Unanswered'
  readonly reason: string

  constructor(error: unknown) {
    // No `cause`: the SDK's retry strategy looks through causes for a network error.
    super('CreateDeployment got no answer')
    const { name, code, message } = error as { name?: string; code?: string; message?: string }
    // The caller's own abort is told as such before this is read, so that this one is the end of the time for a call.
    this.reason = name === 'AbortError' ? `TimeoutError: ${callTimeoutMs} ms` : `${code ?? name}: ${message}`
  }
}

const neverConnected = new Set(['ECONNREFUSED', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND'])

/** Whether nothing can have come of a request: it was answered with a refusal, or never reached a server. */
function wasRefused(error: unknown): boolean {
  const { $metadata, code } = error as { $metadata?: { httpStatusCode?: number }; code?: string }
  const status = $metadata?.httpStatusCode
  if (status === undefined) return code !== undefined && neverConnected.has(code)
  return status >= 400 && status < 500 && status !== 408
}

interface About {
  readonly target?: Target | undefined
  readonly deploymentId?: string | undefined
  readonly revision?: Revision | undefined
  readonly deploymentConfig?: string | undefined
}

function describeFailure(error: unknown, action: string, about: About): DeployError | Error {
  const { target, deploymentId, revision, deploymentConfig } = about
  const { name, message } = error as Error
  const options = { cause: error }
  const detail = message || undefined
  switch (name) {
    case 'ApplicationDoesNotExistException':
      return codeDeployErrors.APPLICATION_NOT_FOUND({ application: target?.application ?? '', action }, options)
    case 'DeploymentGroupDoesNotExistException':
      if (target === undefined) break
      return codeDeployErrors.DEPLOYMENT_GROUP_NOT_FOUND(
        { application: target.application, deploymentGroup: target.deploymentGroup, action },
        options,
      )
    case 'DeploymentConfigDoesNotExistException':
      return codeDeployErrors.DEPLOYMENT_CONFIG_NOT_FOUND({ deploymentConfig: deploymentConfig ?? '' }, options)
    case 'RevisionDoesNotExistException':
    case 'InvalidRevisionException':
      if (revision === undefined) break
      return codeDeployErrors.REVISION_REFUSED({ revision: formatRevision(revision), name, detail }, options)
    case 'InvalidRoleException':
      if (target === undefined) break
      return codeDeployErrors.SERVICE_ROLE_REFUSED({ target, detail }, options)
    case 'DeploymentDoesNotExistException':
    case 'InvalidDeploymentIdException':
      return codeDeployErrors.DEPLOYMENT_NOT_FOUND({ deploymentId: deploymentId ?? '', action }, options)
    case 'DeploymentIsNotInReadyStateException':
    case 'DeploymentAlreadyCompletedException':
    case 'UnsupportedActionForDeploymentTypeException':
      if (action !== 'codedeploy:ContinueDeployment') break
      return codeDeployErrors.DEPLOYMENT_NOT_READY({ deploymentId: deploymentId ?? '', detail }, options)
  }
  const resource = deploymentId ?? (target ? `deploymentgroup:${target.application}/${target.deploymentGroup}` : '*')
  return describeAwsFailure(error, deniedCall(detail) ?? { action, resource })
}

/**
 * What AWS says was denied: CreateDeployment needs GetDeploymentConfig and RegisterApplicationRevision too, and a hint
 * to allow what is allowed already would send its reader the wrong way.
 */
function deniedCall(message: string | undefined): { readonly action: string; readonly resource: string } | undefined {
  const [, action, resource] = /is not authorized to perform: (\S+) on resource: (\S+)/.exec(message ?? '') ?? []
  return action !== undefined && resource !== undefined ? { action, resource } : undefined
}

/** Whether an error says nothing about the deployment, so that the same question may be answered a little later. */
export function isPassing(error: unknown): error is DeployError {
  if (!isDeployError(error)) return false
  if (error.code === 'AWS_REQUEST_FAILED') {
    const status = error.context['httpStatus']
    return typeof status === 'number' && status >= 500
  }
  return error.code === 'AWS_THROTTLED' || error.code === 'AWS_UNREACHABLE'
}

/** The revision in a few characters. */
export function formatRevision({ bucket, key, versionId }: Revision): string {
  return `s3://${bucket}/${key}${versionId === undefined ? '' : ` (version ${versionId})`}`
}

async function requireRegion(client: CodeDeploySender, target: Target | undefined): Promise<void> {
  if (target?.region === undefined) return
  const region = client.config?.region
  const clientRegion: unknown = typeof region === 'function' ? await (region as () => unknown)() : region
  if (typeof clientRegion === 'string' && clientRegion !== target.region) {
    throw codeDeployErrors.TARGET_REGION_MISMATCH({ target, clientRegion })
  }
}

/** A signal that follows the caller's and aborts by itself after {@link callTimeoutMs}; `release` leaves nothing behind. */
function boundedSignal(signal: Signal) {
  const controller = new AbortController()
  let expired = false
  const follow = () => controller.abort(signal?.reason)
  const timer = setTimeout(() => {
    expired = true
    controller.abort()
  }, callTimeoutMs)
  signal?.addEventListener('abort', follow, { once: true })
  return {
    signal: controller.signal,
    expired: () => expired,
    release: () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', follow)
    },
  }
}

function timeoutError(): Error {
  return Object.assign(new Error(`no answer within ${callTimeoutMs} ms`), { name: 'TimeoutError' })
}

function createInput(deployment: NewDeployment): CreateDeploymentCommandInput {
  const { target, revision, format, description, deploymentConfig, autoRollback } = deployment
  const { ignoreApplicationStopFailures, fileExistsBehavior } = deployment
  return {
    applicationName: target.application,
    deploymentGroupName: target.deploymentGroup,
    description,
    revision: {
      revisionType: 'S3',
      s3Location: {
        bucket: revision.bucket,
        key: revision.key,
        bundleType: format,
        version: revision.versionId,
        eTag: revision.eTag,
      },
    },
    deploymentConfigName: deploymentConfig,
    ignoreApplicationStopFailures,
    fileExistsBehavior,
    autoRollbackConfiguration:
      autoRollback === undefined
        ? undefined
        : { enabled: autoRollback.length > 0, events: autoRollback.map((trigger) => rollbackEvents[trigger]) },
  }
}

const rollbackEvents = {
  failure: 'DEPLOYMENT_FAILURE',
  alarm: 'DEPLOYMENT_STOP_ON_ALARM',
  'stop-on-request': 'DEPLOYMENT_STOP_ON_REQUEST',
} as const satisfies Record<RollbackTrigger, string>

function readFound(info: DeploymentInfo): FoundDeployment {
  const location = info.revision?.s3Location
  return {
    deploymentId: info.deploymentId ?? '',
    status: readDeploymentStatus(info.status),
    description: info.description,
    createdAt: info.createTime?.toISOString(),
    creator: info.creator,
    revision:
      location?.bucket === undefined || location.key === undefined
        ? undefined
        : { bucket: location.bucket, key: location.key, versionId: location.version, eTag: location.eTag },
  }
}

function readDeploymentInfo(deploymentId: string, info: DeploymentInfo): DeploymentReading {
  const { errorInformation, rollbackInfo, autoRollbackConfiguration } = info
  const triggers = autoRollbackConfiguration?.enabled ? (autoRollbackConfiguration.events ?? []) : []
  return {
    deploymentId,
    application: info.applicationName ?? '',
    deploymentGroup: info.deploymentGroupName ?? '',
    status: readDeploymentStatus(info.status),
    reason: errorInformation?.code ? { code: errorInformation.code, message: errorInformation.message } : undefined,
    createdAt: info.createTime?.toISOString(),
    startedAt: info.startTime?.toISOString(),
    endedAt: info.completeTime?.toISOString(),
    rollback: readRollback(rollbackInfo),
    autoRollback: (Object.keys(rollbackEvents) as RollbackTrigger[]).filter((trigger) =>
      triggers.includes(rollbackEvents[trigger]),
    ),
    hasPreviousRevision: info.previousRevision !== undefined,
  }
}

function readRollback(info: DeploymentInfo['rollbackInfo']): DeploymentReading['rollback'] {
  const { rollbackDeploymentId, rollbackTriggeringDeploymentId, rollbackMessage } = info ?? {}
  // A rollback has the same field, and tells there which deployment it rolls back.
  if (rollbackTriggeringDeploymentId && !rollbackDeploymentId) return undefined
  if (!rollbackDeploymentId && !rollbackMessage) return undefined
  return { deploymentId: rollbackDeploymentId, message: rollbackMessage }
}

function readInstance(target: DeploymentTarget): InstanceReading[] {
  const facts = target.instanceTarget ?? target.ecsTarget ?? target.lambdaTarget
  if (facts?.targetId === undefined) return []
  return [
    {
      id: facts.targetId,
      status: readInstanceStatus(facts.status),
      changedAt: facts.lastUpdatedAt?.toISOString(),
      events: (facts.lifecycleEvents ?? []).map(readLifecycleEvent),
    },
  ]
}

function readLifecycleEvent(event: LifecycleEvent): LifecycleEventReport {
  const { lifecycleEventName, status, startTime, endTime } = event
  return {
    event: lifecycleEventName ?? '',
    status: readEventStatus(status),
    startedAt: startTime?.toISOString(),
    endedAt: endTime?.toISOString(),
    durationMs: startTime && endTime ? Math.max(0, endTime.getTime() - startTime.getTime()) : undefined,
    diagnostics: readDiagnostics(event.diagnostics),
  }
}

function readDiagnostics(diagnostics: LifecycleEvent['diagnostics']): Diagnostics | undefined {
  const { errorCode, scriptName, message, logTail } = diagnostics ?? {}
  if (errorCode === undefined || errorCode === 'Success') return undefined
  // The service answers empty text where there is nothing to tell.
  const told = (text: string | undefined) => (text === '' ? undefined : text)
  return { errorCode, scriptName: told(scriptName), message: told(message), logTail: told(logTail) }
}

const deploymentStatuses: Readonly<Record<string, DeploymentStatus>> = {
  Created: 'created',
  Queued: 'queued',
  InProgress: 'in-progress',
  Baking: 'baking',
  Ready: 'ready',
  Succeeded: 'succeeded',
  Failed: 'failed',
  Stopped: 'stopped',
}
const eventStatuses: Readonly<Record<string, LifecycleEventStatus>> = {
  Pending: 'pending',
  InProgress: 'in-progress',
  Succeeded: 'succeeded',
  Failed: 'failed',
  Skipped: 'skipped',
}

function readDeploymentStatus(word: string | undefined): DeploymentStatus {
  return deploymentStatuses[word ?? ''] ?? 'unknown'
}

function readEventStatus(word: string | undefined): LifecycleEventStatus {
  return eventStatuses[word ?? ''] ?? 'unknown'
}

function readInstanceStatus(word: string | undefined): InstanceStatus {
  return word === 'Ready' ? 'ready' : readEventStatus(word)
}

function batches<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  )
}
