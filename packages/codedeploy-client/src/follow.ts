import { isDeployError, systemClock, timestamp, type Clock, type Target } from '@fairlead/core'
import { codeDeployErrors } from './errors.ts'
import { defaultMaxSilenceMs, detailsGraceMs, rollbackGraceMs, stoppedGraceMs } from './limits.ts'
import type { DeploymentEvent, DeploymentSubject, RollbackReport } from './model.ts'
import { backOffMs, nextPollMs } from './plan/pace.ts'
import { advance, awaited, formatDuration, isEnded, isSettled, type Progress } from './plan/progress.ts'
import { reportOf, rollbackReportOf } from './plan/report.ts'
import { isPassing, openCodeDeploy, type CodeDeploy, type CodeDeploySender } from './ports/codedeploy.ts'

/** What the following of a deployment needs; the verbs have checked it. */
export interface FollowOptions {
  readonly client?: CodeDeploySender | undefined
  readonly signal?: AbortSignal | undefined
  readonly clock?: Clock | undefined
  readonly pollIntervalMs?: number | undefined
  readonly maxSilenceMs?: number | undefined
  /** From now on. Left out: for ever. */
  readonly timeoutMs?: number | undefined
}

/** Follows a deployment and the rollback after it; the last event holds the report. */
export async function* follow(subject: DeploymentSubject, options: FollowOptions): AsyncGenerator<DeploymentEvent> {
  const { client, signal, clock = systemClock, timeoutMs } = options
  const { deploymentId } = subject
  signal?.throwIfAborted()
  const codeDeploy = openCodeDeploy({ client, target: subject.target })
  const watch: Watch = {
    ...options,
    codeDeploy,
    clock,
    timeout: timeoutMs === undefined ? undefined : { timeoutMs, deadline: clock.monotonic() + timeoutMs },
  }
  try {
    const progress = yield* followOne(deploymentId, watch, () => {})
    const { deployment } = progress
    const { status } = deployment
    if (!isEnded(status)) throw new Error(`${deploymentId} was followed to its end and is ${status}`)
    const target: Target = subject.target ?? {
      application: deployment.application,
      deploymentGroup: deployment.deploymentGroup,
    }
    const rollbackId = deployment.rollback?.deploymentId
    const rollback = rollbackId === undefined ? undefined : yield* followRollback(progress, rollbackId, watch)
    const report = reportOf(progress, { status, target, rollback, observedAt: timestamp(clock) })
    yield {
      type: 'deployment.ended',
      at: timestamp(clock),
      summary:
        `${deploymentId} ${status} after ${formatDuration(report.durationMs)}` +
        (rollback ? `; its rollback ${rollback.deploymentId} ${rollback.status}` : ''),
      deploymentId,
      report,
    }
  } finally {
    codeDeploy.close()
  }
}

interface Watch extends FollowOptions {
  readonly codeDeploy: CodeDeploy
  readonly clock: Clock
  readonly timeout: { readonly timeoutMs: number; readonly deadline: number } | undefined
}

async function* followRollback(
  failed: Progress,
  rollbackId: string,
  watch: Watch,
): AsyncGenerator<DeploymentEvent, RollbackReport> {
  const { clock, signal } = watch
  const { deploymentId } = failed.deployment
  yield {
    type: 'deployment.rollback-started',
    at: timestamp(clock),
    summary: `${deploymentId} is rolled back by ${rollbackId}`,
    deploymentId,
    rollbackDeploymentId: rollbackId,
  }
  let latest: Progress | undefined
  try {
    latest = yield* followOne(rollbackId, watch, (progress) => (latest = progress))
  } catch (error) {
    // The failure that led here is what the caller has to know first; a rollback out of sight is a part of that story.
    if (signal?.aborted || !isDeployError(error)) throw error
    return rollbackReportOf(rollbackId, latest, { unobserved: error.message })
  }
  const { status } = latest.deployment
  return rollbackReportOf(rollbackId, latest, isEnded(status) ? { status } : { unobserved: status })
}

/** Polls one deployment until it has ended and nothing more is to come, and answers all that is known then. */
async function* followOne(
  deploymentId: string,
  watch: Watch,
  keep: (progress: Progress) => void,
): AsyncGenerator<DeploymentEvent, Progress> {
  const { codeDeploy, clock, signal, pollIntervalMs, maxSilenceMs = defaultMaxSilenceMs, timeout } = watch
  let progress: Progress | undefined
  let endedAt: number | undefined
  let answeredAt = clock.monotonic()
  let failures = 0
  let pauseMs: number | undefined

  const timeLeft = () => (timeout === undefined ? Infinity : timeout.deadline - clock.monotonic())
  const sleep = async (ms: number) => {
    if (timeout && timeLeft() <= 0) {
      throw codeDeployErrors.DEPLOYMENT_TIMED_OUT({
        deploymentId,
        timeoutMs: timeout.timeoutMs,
        status: progress?.deployment.status ?? 'unknown',
        instances: progress?.instances ?? [],
      })
    }
    await clock.sleep(Math.min(ms, timeLeft()), signal)
  }

  for (;;) {
    const previous = progress
    let events: readonly DeploymentEvent[]
    try {
      // The deployment first: what its instances say afterwards is at least as new.
      const deployment = await codeDeploy.readDeployment(deploymentId, signal)
      const settled = new Set(previous?.instances.filter(isSettled).map(({ id }) => id))
      const instances = await codeDeploy.readInstances(deploymentId, settled, signal)
      const step = advance(previous, { deployment, instances }, timestamp(clock))
      progress = step.progress
      events = step.events
    } catch (error) {
      if (!isPassing(error)) throw error
      const silenceMs = clock.monotonic() - answeredAt
      if (silenceMs >= maxSilenceMs) {
        throw codeDeployErrors.DEPLOYMENT_OUT_OF_SIGHT(
          {
            deploymentId,
            silenceMs: Math.round(silenceMs),
            lastStatus: previous?.deployment.status,
            code: error.code,
            reason: error.message,
          },
          { cause: error },
        )
      }
      failures += 1
      const retryInMs = Math.min(backOffMs(failures), maxSilenceMs - silenceMs)
      yield {
        type: 'deployment.poll-unanswered',
        at: timestamp(clock),
        summary: `${error.message}; asking again in ${formatDuration(retryInMs)}`,
        deploymentId,
        code: error.code,
        retryInMs,
      }
      await sleep(retryInMs)
      continue
    }
    answeredAt = clock.monotonic()
    failures = 0
    keep(progress)
    yield* events
    if (isEnded(progress.deployment.status)) {
      endedAt ??= clock.monotonic()
      if (clock.monotonic() - endedAt >= graceMs(progress) || timeLeft() <= 0) return progress
    }
    pauseMs = nextPollMs(pauseMs, events.length > 0)
    await sleep(pollIntervalMs ?? pauseMs)
  }
}

function graceMs(progress: Progress): number {
  switch (awaited(progress)) {
    case 'announced-rollback':
      return rollbackGraceMs
    case 'possible-rollback':
      return stoppedGraceMs
    case 'details':
      return detailsGraceMs
    case 'nothing':
      return 0
  }
}
