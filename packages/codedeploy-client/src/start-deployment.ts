import {
  ambientOptionNames,
  artifactFormat,
  checkOptions,
  commitId,
  coreErrors,
  describeValue,
  isDeployError,
  nonEmptyText,
  object,
  oneOf,
  optional,
  parseDeployment,
  parseTarget,
  formatTarget,
  recordReader,
  sha256Text,
  systemClock,
  timestamp,
  type AmbientOptions,
  type ArtifactFormat,
  type Clock,
  type Deployment,
  type ObjectLocation,
  type S3Location,
  type Target,
} from '@fairlead/core'
import { codeDeployErrors } from './errors.ts'
import {
  defaultWaitTimeoutMs,
  lookUpPausesMs,
  maxBusyGlimpses,
  maxCreations,
  maxRunTokenLength,
  runTokenLookBackMs,
} from './limits.ts'
import type { DeploymentStartEvent } from './model.ts'
import { backOffMs, nextPollMs } from './plan/pace.ts'
import { describeRun, isRunToken, roomForDescription, runTokenIn } from './plan/run-token.ts'
import { formatDuration, type RollbackTrigger } from './plan/progress.ts'
import {
  formatRevision,
  isPassing,
  openCodeDeploy,
  type CodeDeploy,
  type CodeDeploySender,
  type Creation,
  type FoundDeployment,
  type NewDeployment,
  type Revision,
} from './ports/codedeploy.ts'
import { readClient, readFlag, readMilliseconds, readText, readWord } from './subject.ts'

/** What is deployed: a publication, or anything that has these facts of it. */
export interface DeployablePublication {
  readonly commit: string
  readonly sha256: string
  /** How the bytes are packed, which CodeDeploy calls the bundle's type. Default: `zip`. */
  readonly format?: ArtifactFormat | undefined
  /** Of kind `s3`: CodeDeploy reads revisions from there alone. */
  readonly location: ObjectLocation
}

export interface StartDeploymentOptions extends AmbientOptions<DeploymentStartEvent> {
  /**
   * Names this start: at most 64 of the characters `A-Z a-z 0-9 . _ : / + = @ -`. A repeat with the same token answers
   * the deployment that the first one created, if that was within 30 days. Default: a random UUID, which begins anew.
   */
  readonly runToken?: string | undefined
  /**
   * On which ends CodeDeploy puts the last successful revision back. `[]`: on none, whatever the deployment group says.
   * Default: what the deployment group says.
   */
  readonly autoRollback?: readonly RollbackTrigger[] | undefined
  /** While another deployment is active in the group: `fail` at once, or `wait` for its end. Default: `fail`. */
  readonly whenBusy?: 'fail' | 'wait' | undefined
  /** How long `whenBusy: 'wait'` waits. Default: 30 minutes. */
  readonly waitTimeoutMs?: number | undefined
  /** For example `CodeDeployDefault.OneAtATime`. Default: that of the deployment group. */
  readonly deploymentConfig?: string | undefined
  /** Shown by CodeDeploy behind the token and the commit; 256 characters with these. */
  readonly description?: string | undefined
  /**
   * Lets a deployment go on when ApplicationStop, BeforeBlockTraffic or AfterBlockTraffic fails: these run the scripts of
   * the revision that is there, which no new revision can correct. Default: false.
   */
  readonly ignoreApplicationStopFailures?: boolean | undefined
  /** What happens to a file that no deployment put there. The AppSpec's own word wins. Default: CodeDeploy's, `DISALLOW`. */
  readonly fileExistsBehavior?: 'DISALLOW' | 'OVERWRITE' | 'RETAIN' | undefined
  /** A `CodeDeployClient`. Default: one of the target's region and the standard environment, created by the first call. */
  readonly client?: CodeDeploySender | undefined
}

const optionNames = [
  ...ambientOptionNames,
  'client',
  'runToken',
  'autoRollback',
  'whenBusy',
  'waitTimeoutMs',
  'deploymentConfig',
  'description',
  'ignoreApplicationStopFailures',
  'fileExistsBehavior',
]

/**
 * Starts a deployment of a publication on a target, exactly once: CreateDeployment knows no client token, so that the run
 * token goes into the deployment's description and is looked for before anything that may have happened is repeated.
 * Nothing is created before the group has been found and seen idle. The account of the target is not compared with that
 * of the credentials: that takes a call of STS, which belongs to the pipeline.
 *
 * @throws DEPLOYMENT_NEEDS_S3, INVALID_OPTION, UNKNOWN_OPTION, INVALID_RECORD, TARGET_REGION_MISMATCH: nothing was asked
 * @throws APPLICATION_NOT_FOUND, DEPLOYMENT_GROUP_NOT_FOUND, DEPLOYMENT_CONFIG_NOT_FOUND, DEPLOYMENT_GROUP_BUSY,
 * REVISION_REFUSED, SERVICE_ROLE_REFUSED, RUN_TOKEN_TAKEN, AWS_ACCESS_DENIED…: nothing was started
 * @throws DEPLOYMENT_UNCONFIRMED: call again with the token that the error names
 */
export async function startDeployment(
  publication: DeployablePublication,
  target: Target,
  options: StartDeploymentOptions = {},
): Promise<Deployment> {
  const start = readStart(publication, target, options)
  const { signal, clock = systemClock, onEvent: tell = () => {}, client } = options
  signal?.throwIfAborted()
  const codeDeploy = openCodeDeploy({ client, target: start.target })
  try {
    return await startOnce(start, { codeDeploy, clock, tell, signal })
  } finally {
    codeDeploy.close()
  }
}

/** A start that was checked. */
interface Start {
  readonly publication: { readonly commit: string; readonly sha256: string; readonly location: S3Location }
  readonly target: Target
  readonly runToken: string
  /** Whether the caller named the token, so that an earlier start may have had it. */
  readonly tokenGiven: boolean
  readonly whenBusy: 'fail' | 'wait'
  readonly waitTimeoutMs: number
  readonly creation: NewDeployment
}

interface Means {
  readonly codeDeploy: CodeDeploy
  readonly clock: Clock
  readonly tell: (event: DeploymentStartEvent) => void
  readonly signal: AbortSignal | undefined
}

async function startOnce(start: Start, means: Means): Promise<Deployment> {
  if (start.tokenGiven) {
    const earlier = await findRun(start, means)
    if (earlier) return deploymentOf(start, means, earlier, true)
  }
  const queue = makeQueue(start, means)
  let unanswered = 0
  for (;;) {
    const active = await queue.readActive()
    const creation: Creation = active.length > 0 ? { outcome: 'busy' } : await create(start, means)
    if (creation.outcome === 'created') {
      return deploymentOf(start, means, { deploymentId: creation.deploymentId }, false)
    }
    if (creation.outcome === 'unanswered') {
      const found = await lookAfter(start, means, creation.reason)
      if (found) return deploymentOf(start, means, found, false)
      unanswered += 1
      if (unanswered >= maxCreations) throw unconfirmed(start, creation.reason)
      continue
    }
    // The active one may be ours: an unanswered creation that took effect late, or the same token in another process.
    const own = start.tokenGiven || unanswered > 0 ? await findRun(start, means) : undefined
    if (own) return deploymentOf(start, means, own, unanswered === 0)
    await queue.wait(active)
  }
}

async function create(start: Start, { clock, codeDeploy, signal, tell }: Means): Promise<Creation> {
  const { target, runToken, publication } = start
  tell({
    type: 'deployment.starting',
    at: timestamp(clock),
    summary: `${formatTarget(target)} gets ${publication.commit} (run token ${runToken})`,
    target,
    runToken,
    commit: publication.commit,
  })
  return await codeDeploy.createDeployment(start.creation, signal)
}

/** The wait for a busy group, or the refusal to wait. */
function makeQueue(start: Start, { clock, codeDeploy, signal, tell }: Means) {
  const { target, whenBusy, waitTimeoutMs } = start
  let since: number | undefined
  let pauseMs: number | undefined
  let shown: string | undefined
  let glimpses = 0
  let failures = 0

  const waitedMs = () => (since === undefined ? 0 : clock.monotonic() - since)
  const sleep = (ms: number) => clock.sleep(Math.max(0, Math.min(ms, waitTimeoutMs - waitedMs())), signal)
  const requireTime = (activeDeploymentIds: readonly string[]) => {
    if (waitedMs() < waitTimeoutMs) return
    throw codeDeployErrors.DEPLOYMENT_GROUP_BUSY({ target, activeDeploymentIds, waitedMs: Math.round(waitedMs()) })
  }

  return {
    readActive: async (): Promise<readonly string[]> => {
      for (;;) {
        try {
          const active = await codeDeploy.listDeploymentIds(target, { active: true }, signal)
          failures = 0
          return active
        } catch (error) {
          // Before the wait, a service that does not answer is the caller's to know; in it, it is one poll of many.
          if (since === undefined || !isPassing(error)) throw error
          requireTime([])
          failures += 1
          const retryInMs = backOffMs(failures)
          tell({
            type: 'deployment.poll-unanswered',
            at: timestamp(clock),
            summary: `${error.message}; asking again in ${formatDuration(retryInMs)}`,
            code: error.code,
            retryInMs,
          })
          await sleep(retryInMs)
        }
      }
    },
    wait: async (activeDeploymentIds: readonly string[]): Promise<void> => {
      if (whenBusy === 'fail') {
        // A group that refuses as busy and lists nothing active has just changed: a second look tells which it is.
        if (activeDeploymentIds.length > 0 || glimpses >= maxBusyGlimpses) {
          throw codeDeployErrors.DEPLOYMENT_GROUP_BUSY({ target, activeDeploymentIds })
        }
        glimpses += 1
        await clock.sleep(nextPollMs(undefined, false), signal)
        return
      }
      since ??= clock.monotonic()
      requireTime(activeDeploymentIds)
      const ids = activeDeploymentIds.toSorted().join(', ')
      const changed = ids !== shown
      if (changed) {
        tell({
          type: 'deployment.waiting',
          at: timestamp(clock),
          summary: `${formatTarget(target)} is busy with ${ids || 'another deployment'}: waiting`,
          target,
          activeDeploymentIds,
        })
      }
      shown = ids
      pauseMs = nextPollMs(pauseMs, changed)
      await sleep(pauseMs)
    },
  }
}

/**
 * After a creation without an answer: looks until the service has had the time to show what it did. A look that fails
 * proves nothing, so that nothing may be created after it.
 */
async function lookAfter(start: Start, means: Means, reason: string): Promise<FoundDeployment | undefined> {
  const { clock, signal, tell } = means
  tell({
    type: 'deployment.unanswered',
    at: timestamp(clock),
    summary: `CreateDeployment for ${formatTarget(start.target)} got no answer (${reason}): looking for run token ${start.runToken}`,
    target: start.target,
    runToken: start.runToken,
    reason,
  })
  let lastFailure: unknown
  for (const pauseMs of lookUpPausesMs) {
    await clock.sleep(pauseMs, signal)
    try {
      const found = await findRun(start, means)
      if (found) return found
      lastFailure = undefined
    } catch (error) {
      if (signal?.aborted || isDeployError(error, codeDeployErrors.RUN_TOKEN_TAKEN)) throw error
      lastFailure = error
      if (!isPassing(error)) break
    }
  }
  if (lastFailure !== undefined) throw unconfirmed(start, reason, lastFailure)
  return undefined
}

function unconfirmed({ target, runToken }: Start, reason: string, cause?: unknown) {
  return codeDeployErrors.DEPLOYMENT_UNCONFIRMED({ target, runToken, reason }, { cause })
}

/** The deployment that a start with this token created in the group, the earliest where there are several. */
async function findRun(start: Start, means: Means): Promise<FoundDeployment | undefined> {
  const { target, runToken, publication } = start
  const { codeDeploy, clock, signal } = means
  const createdAfter = new Date(clock.now() - runTokenLookBackMs)
  const ids = await codeDeploy.listDeploymentIds(target, { createdAfter }, signal)
  const deployments = await codeDeploy.readDeployments(ids, target, signal)
  const found = deployments
    // CodeDeploy and Auto Scaling start deployments of their own, and may carry a description over to them.
    .filter(({ creator }) => creator === undefined || creator === 'user')
    .filter(({ description }) => runTokenIn(description) === runToken)
    .sort((a, b) => ((a.createdAt ?? '') < (b.createdAt ?? '') ? -1 : 1))[0]
  if (found?.revision && !isSameRevision(found.revision, publication.location)) {
    throw codeDeployErrors.RUN_TOKEN_TAKEN({
      runToken,
      deploymentId: found.deploymentId,
      target,
      startedRevision: formatRevision(found.revision),
      givenRevision: formatRevision(publication.location),
    })
  }
  return found
}

function isSameRevision(a: Revision, b: Revision): boolean {
  return (
    a.bucket === b.bucket && a.key === b.key && a.versionId === b.versionId && unquoted(a.eTag) === unquoted(b.eTag)
  )
}

function unquoted(eTag: string | undefined): string | undefined {
  return eTag?.replaceAll('"', '')
}

function deploymentOf(
  { target, publication, runToken }: Start,
  { clock, tell }: Means,
  found: { readonly deploymentId: string; readonly createdAt?: string | undefined },
  alreadyStarted: boolean,
): Deployment {
  const { deploymentId } = found
  const startedAt = found.createdAt ?? timestamp(clock)
  tell({
    type: 'deployment.started',
    at: startedAt,
    summary: alreadyStarted
      ? `${deploymentId} on ${formatTarget(target)} was started before, by the same run token: nothing to do`
      : `${deploymentId} on ${formatTarget(target)} started`,
    deploymentId,
    target,
    runToken,
    commit: publication.commit,
    alreadyStarted,
  })
  return parseDeployment({
    schema: 'fairlead/deployment/1',
    deploymentId,
    target,
    ...publication,
    runToken,
    alreadyStarted,
    startedAt,
  })
}

const parsePublicationFacts = recordReader(
  'publication',
  object({
    commit: commitId,
    sha256: sha256Text,
    format: artifactFormat,
    location: object({ kind: oneOf('s3', 'folder') }),
  }),
)
const parseS3Location = recordReader(
  'location in S3',
  object({ bucket: nonEmptyText, key: nonEmptyText, versionId: optional(nonEmptyText), eTag: optional(nonEmptyText) }),
)

function readStart(publication: DeployablePublication, target: Target, options: StartDeploymentOptions): Start {
  const verb = 'startDeployment'
  checkOptions(verb, options, optionNames)
  const { commit, sha256, format, location } = parsePublicationFacts(publication)
  if (location.kind !== 's3') throw codeDeployErrors.DEPLOYMENT_NEEDS_S3({ kind: location.kind, commit })
  const revision = parseS3Location(publication.location)
  const aim = parseTarget(target)
  const { autoRollback, deploymentConfig, description, ignoreApplicationStopFailures, fileExistsBehavior } = options
  const { whenBusy = 'fail', waitTimeoutMs = defaultWaitTimeoutMs } = options
  readWord(verb, 'whenBusy', options.whenBusy, ['fail', 'wait'])
  readWord(verb, 'fileExistsBehavior', fileExistsBehavior, ['DISALLOW', 'OVERWRITE', 'RETAIN'])
  readMilliseconds(verb, 'waitTimeoutMs', options.waitTimeoutMs)
  readFlag(verb, 'ignoreApplicationStopFailures', ignoreApplicationStopFailures)
  readText(verb, 'deploymentConfig', deploymentConfig)
  readClient(verb, options.client)
  readTriggers(verb, autoRollback)
  if (options.runToken !== undefined && (typeof options.runToken !== 'string' || !isRunToken(options.runToken))) {
    throw coreErrors.INVALID_OPTION({
      verb,
      option: 'runToken',
      given: describeValue(options.runToken),
      expected: `1 to ${maxRunTokenLength} letters, digits and . _ : / + = @ -`,
    })
  }
  const runToken = options.runToken ?? crypto.randomUUID()
  readDescription(verb, description, roomForDescription({ runToken, commit }))
  return {
    publication: { commit, sha256, location: { kind: 's3', ...(revision as Omit<S3Location, 'kind'>) } },
    target: aim,
    runToken,
    tokenGiven: options.runToken !== undefined,
    whenBusy,
    waitTimeoutMs,
    creation: {
      target: aim,
      revision,
      format,
      description: describeRun({ runToken, commit, description }),
      deploymentConfig,
      autoRollback: autoRollback === undefined ? undefined : [...autoRollback],
      ignoreApplicationStopFailures,
      fileExistsBehavior,
    },
  }
}

function readTriggers(verb: string, triggers: unknown): void {
  if (triggers === undefined) return
  const words = ['failure', 'alarm', 'stop-on-request']
  if (Array.isArray(triggers) && triggers.every((trigger) => words.includes(trigger as string))) return
  throw coreErrors.INVALID_OPTION({
    verb,
    option: 'autoRollback',
    given: describeValue(triggers),
    expected: `a list of ${words.map((word) => JSON.stringify(word)).join(', ')}`,
  })
}

function readDescription(verb: string, description: unknown, room: number): void {
  if (description === undefined) return
  if (typeof description === 'string' && description.length <= room) return
  throw coreErrors.INVALID_OPTION({
    verb,
    option: 'description',
    given: typeof description === 'string' ? `${description.length} characters` : describeValue(description),
    expected: `text of at most ${room} characters, beside the run token and the commit`,
  })
}
