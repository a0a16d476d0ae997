import { setImmediate as nextTurn } from 'node:timers/promises'
import { inPlaceEvents, type LifecycleEventName } from '@fairlead/host-agent'
import { diagnosticsOf, type AgentAnswer } from './agent.ts'
import type { Deployment, DeploymentEnd } from './model.ts'
import {
  beginDeployment,
  beginEvent,
  beginTarget,
  endEvent,
  endTarget,
  nextStep,
  queueDeployment,
} from './plan/deployment.ts'

/** One deployment, as its runner sees it. */
export interface DeploymentRun {
  readonly read: () => Deployment
  readonly change: (change: (deployment: Deployment, at: number) => Deployment) => void
  /** Ends the deployment, and begins its rollback where it is to have one. */
  readonly end: (end: DeploymentEnd) => void
  /** The names of the group's hosts; `undefined` when the group is gone. */
  readonly hosts: () => readonly string[] | undefined
  readonly runEvent: (targetId: string, event: LifecycleEventName, signal: AbortSignal) => Promise<AgentAnswer>
  /** Aborts when the service closes. */
  readonly signal: AbortSignal
}

/** Runs a deployment to its end, and leaves no script of it running. It rejects only where that end cannot be noted. */
export async function runDeployment(run: DeploymentRun): Promise<void> {
  const failure = new AbortController()
  const signal = AbortSignal.any([run.signal, failure.signal])
  const running = new Map<string, Promise<void>>()
  try {
    // Each status can be seen from outside before the next one comes, as in AWS.
    await nextTurn()
    run.change(queueDeployment)
    await nextTurn()
    const hosts = run.hosts()
    if (!hosts) {
      const message = 'The deployment group was deleted before the deployment began.'
      run.end({ status: 'Failed', error: { code: 'DEPLOYMENT_GROUP_MISSING', message } })
      return
    }
    run.change((deployment, at) => beginDeployment(deployment, hosts, inPlaceEvents, at))
    for (;;) {
      const step = nextStep(run.read())
      if (step.do === 'end') {
        run.end(step.end)
        return
      }
      if (step.do === 'wait') await Promise.race(running.values())
      else {
        for (const targetId of step.targetIds) {
          running.set(
            targetId,
            deployTo(run, targetId, signal).finally(() => running.delete(targetId)),
          )
        }
      }
    }
  } catch (error) {
    failure.abort(error)
    await Promise.allSettled(running.values())
    run.end(run.signal.aborted ? stoppedByClosing : brokenEngine(error))
  }
}

/** Runs the lifecycle on one host. Rejects when it is aborted. */
async function deployTo(run: DeploymentRun, targetId: string, signal: AbortSignal): Promise<void> {
  run.change((deployment, at) => beginTarget(deployment, targetId, at))
  for (const event of inPlaceEvents) {
    if (run.read().stop) {
      run.change((deployment, at) => endTarget(deployment, targetId, 'Skipped', at))
      return
    }
    signal.throwIfAborted()
    run.change((deployment, at) => beginEvent(deployment, targetId, event, at))
    const answer = await askAgent(run, targetId, event, signal)
    const outcome = { status: answer.status, diagnostics: diagnosticsOf(answer) }
    run.change((deployment, at) => endEvent(deployment, targetId, event, outcome, at))
    const ignored = event === 'ApplicationStop' && run.read().ignoreApplicationStopFailures
    if (answer.status === 'Failed' && !ignored) {
      run.change((deployment, at) => endTarget(deployment, targetId, 'Failed', at))
      return
    }
  }
  run.change((deployment, at) => endTarget(deployment, targetId, 'Succeeded', at))
}

/** An agent that throws is what a broken host is to AWS: the event fails there, with what is known. */
async function askAgent(
  run: DeploymentRun,
  targetId: string,
  event: LifecycleEventName,
  signal: AbortSignal,
): Promise<AgentAnswer> {
  try {
    return await run.runEvent(targetId, event, signal)
  } catch (error) {
    if (signal.aborted) throw signal.reason
    return { status: 'Failed', code: 'UnknownError', message: `the agent of ${targetId} failed: ${messageOf(error)}` }
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
