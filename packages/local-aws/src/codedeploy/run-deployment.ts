import { setImmediate as nextTurn } from 'node:timers/promises'
import type { LifecycleEventName } from '@fairlead/host-agent'
import { diagnosticsOf, type AgentAnswer } from './agent.ts'
import type { Deployment, DeploymentEnd, DeploymentError } from './model.ts'
import {
  awaitContinuation,
  beginDeployment,
  beginEvent,
  beginTarget,
  beginTerminationWait,
  endEvent,
  endTarget,
  nextStep,
  queueDeployment,
  readyTarget,
  resumeDeployment,
  type Participant,
} from './plan/deployment.ts'
import { isBlueGreen, isIgnorable, isReroutedBack, isServiceEvent, phasesOf, type Phase } from './plan/lifecycle.ts'

/** One deployment, as its runner sees it. */
export interface DeploymentRun {
  readonly read: () => Deployment
  readonly change: (change: (deployment: Deployment, at: number) => Deployment) => void
  /** Ends the deployment, and begins its rollback where it is to have one. */
  readonly end: (end: DeploymentEnd) => void
  /** Who takes part; why nobody can when the group or the application is gone. */
  readonly participants: () => readonly Participant[] | DeploymentError
  /**
   * The load balancer's events never get here: the service answers them. `withdrawn`: the deployment was stopped before
   * an agent came for the event.
   */
  readonly runEvent: (
    targetId: string,
    event: LifecycleEventName,
    signal: AbortSignal,
  ) => Promise<AgentAnswer | 'withdrawn'>
  /** Resolves at the next change of anything. */
  readonly nextChange: () => Promise<void>
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /** Aborts when the service closes. */
  readonly signal: AbortSignal
}

/** Runs a deployment to its end, and leaves no script of it running. It rejects only where that end cannot be noted. */
export async function runDeployment(run: DeploymentRun): Promise<void> {
  const failure = new AbortController()
  const signal = AbortSignal.any([run.signal, failure.signal])
  const running = new Set<Promise<void>>()
  try {
    // Each status can be seen from outside before the next one comes, as in AWS.
    await nextTurn()
    run.change(queueDeployment)
    await nextTurn()
    const participants = run.participants()
    if ('code' in participants) {
      run.end({ status: 'Failed', error: participants })
      return
    }
    run.change((deployment, at) => beginDeployment(deployment, participants, at))
    run.end(await runPhases(run, running, signal))
  } catch (error) {
    failure.abort(error)
    await Promise.allSettled(running)
    run.end(run.signal.aborted ? stoppedByClosing : brokenEngine(error))
  }
}

async function runPhases(run: DeploymentRun, running: Set<Promise<void>>, signal: AbortSignal): Promise<DeploymentEnd> {
  for (const phase of phasesOf(run.read())) {
    const end = (await waitUntilReady(run, phase, signal)) ?? (await runPhase(run, phase, running, signal))
    if (end) return end
  }
  return (await waitForTermination(run, signal)) ?? { status: 'Succeeded' }
}

/** Answers how the deployment ends, or nothing where it goes on. */
async function runPhase(
  run: DeploymentRun,
  phase: Phase,
  running: Set<Promise<void>>,
  signal: AbortSignal,
): Promise<DeploymentEnd | undefined> {
  // One waiter, whom every host rings: a race over a thousand hosts would be joined anew for each of them.
  let bell = newBell()
  const failures: unknown[] = []
  const begin = (targetId: string) => {
    run.change((deployment, at) => beginTarget(deployment, targetId, at))
    const done: Promise<void> = deployTo(run, targetId, phase, signal)
      .catch((error: unknown) => void failures.push(error))
      .then(() => {
        running.delete(done)
        bell.ring()
      })
    running.add(done)
  }
  for (;;) {
    signal.throwIfAborted()
    if (failures.length > 0) throw failures[0]
    const step = nextStep(run.read(), phase)
    switch (step.do) {
      case 'end':
        return step.end
      case 'pass':
        return undefined
      case 'wait':
        await bell.rung
        bell = newBell()
        break
      case 'start':
        step.targetIds.forEach(begin)
    }
  }
}

interface Bell {
  readonly rung: Promise<void>
  readonly ring: () => void
}

function newBell(): Bell {
  let ring = () => {}
  const rung = new Promise<void>((resolve) => (ring = resolve))
  return { rung, ring: () => ring() }
}

/** Runs a phase's events on one host. Rejects when it is aborted. */
async function deployTo(run: DeploymentRun, targetId: string, phase: Phase, signal: AbortSignal): Promise<void> {
  for (const event of phase.events) {
    if (run.read().stop) {
      run.change((deployment, at) => endTarget(deployment, targetId, 'Skipped', at))
      return
    }
    signal.throwIfAborted()
    run.change((deployment, at) => beginEvent(deployment, targetId, event, at))
    const answer = isServiceEvent(event) ? rerouted : await askAgent(run, targetId, event, signal)
    if (answer === 'withdrawn') {
      run.change((deployment, at) => endTarget(deployment, targetId, 'Skipped', at))
      return
    }
    const outcome = { status: answer.status, diagnostics: diagnosticsOf(answer) }
    run.change((deployment, at) => endEvent(deployment, targetId, event, outcome, at))
    const ignored = isIgnorable(event) && run.read().ignoreApplicationStopFailures
    if (answer.status === 'Failed' && !ignored) {
      run.change((deployment, at) => endTarget(deployment, targetId, 'Failed', at))
      return
    }
  }
  run.change((deployment, at) =>
    phase.to === 'Ready' ? readyTarget(deployment, targetId, at) : endTarget(deployment, targetId, 'Succeeded', at),
  )
}

/** There is no load balancer: what it would be asked to do always succeeds. */
const rerouted: AgentAnswer = { status: 'Succeeded', code: 'Success' }

/** An agent that throws is what a broken host is to AWS: the event fails there, with what is known. */
async function askAgent(
  run: DeploymentRun,
  targetId: string,
  event: LifecycleEventName,
  signal: AbortSignal,
): Promise<AgentAnswer | 'withdrawn'> {
  try {
    return await run.runEvent(targetId, event, signal)
  } catch (error) {
    if (signal.aborted) throw signal.reason
    return { status: 'Failed', code: 'UnknownError', message: `the agent of ${targetId} failed: ${messageOf(error)}` }
  }
}

/** Before traffic is rerouted, a blue/green deployment may wait until somebody says that it should. */
async function waitUntilReady(
  run: DeploymentRun,
  phase: Phase,
  signal: AbortSignal,
): Promise<DeploymentEnd | undefined> {
  const { blueGreen } = run.read()
  if (phase.from !== 'Ready' || blueGreen?.whenReady !== 'STOP_DEPLOYMENT' || run.read().stop) return undefined
  run.change(awaitContinuation)
  const minutes = blueGreen.readyWaitMinutes
  const isOver = await waitUntil(
    run,
    ({ continued, stop }) => continued?.ready === true || stop !== undefined,
    minutes,
    signal,
  )
  run.change(resumeDeployment)
  if (!isOver) return undefined
  const message = `Traffic was not rerouted within the ${minutes} minutes that the deployment group allows for it.`
  return { status: 'Stopped', error: { code: 'TIMEOUT', message } }
}

/** When the replacement hosts serve, the original hosts are kept for a while, in case somebody stops and rolls back. */
async function waitForTermination(run: DeploymentRun, signal: AbortSignal): Promise<DeploymentEnd | undefined> {
  const deployment = run.read()
  if (!isBlueGreen(deployment) || isReroutedBack(deployment)) return undefined
  if (deployment.blueGreen?.originals !== 'TERMINATE') return undefined
  run.change(beginTerminationWait)
  const minutes = deployment.blueGreen.terminationWaitMinutes
  const isEnough = ({ continued, stop }: Deployment) => continued?.termination === true || stop !== undefined
  await waitUntil(run, isEnough, minutes, signal)
  return run.read().stop ? { status: 'Stopped', error: stoppedLate } : undefined
}

const stoppedLate: DeploymentError = { code: 'MANUAL_STOP', message: 'The deployment was stopped on request.' }

/** Waits for a change that is enough. Answers whether the time was over first. */
async function waitUntil(
  run: DeploymentRun,
  isEnough: (deployment: Deployment) => boolean,
  minutes: number,
  signal: AbortSignal,
): Promise<boolean> {
  const enough = new AbortController()
  let isOver = false
  const time = run
    .sleep(minutes * 60_000, AbortSignal.any([signal, enough.signal]))
    .then(() => (isOver = true))
    .catch(() => undefined)
  try {
    while (!isOver && !isEnough(run.read())) {
      signal.throwIfAborted()
      await Promise.race([time, run.nextChange()])
    }
    signal.throwIfAborted()
    return isOver && !isEnough(run.read())
  } finally {
    enough.abort()
  }
}

const stoppedByClosing: DeploymentEnd = {
  status: 'Stopped',
  error: { code: 'MANUAL_STOP', message: 'The deployment was stopped because local-aws was closed.' },
}

function brokenEngine(error: unknown): DeploymentEnd {
  const message = `local-aws itself failed while it ran this deployment: ${messageOf(error)}`
  return { status: 'Failed', error: { code: 'INTERNAL_ERROR', message } }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
