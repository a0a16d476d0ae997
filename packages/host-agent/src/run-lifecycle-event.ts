import {
  ambientOptionNames,
  checkOptions,
  coreErrors,
  describeValue,
  systemClock,
  timestamp,
  type AmbientOptions,
} from '@fairlead/core'
import { lifecycleEvents } from '@fairlead/appspec'
import type { FetchBundle, Host, HostDeployment, HostEvent, LifecycleEventName, LifecycleEventResult } from './model.ts'
import { eventFailureOf, failUnknown, type EventFailure } from './plan/event-failure.ts'
import { wireCodeOf } from './plan/wire-code.ts'
import { openFence } from './ports/fence.ts'
import { makeFolders, openGrowingFile, removeTree } from './ports/host-files.ts'
import { downloadBundle } from './steps/download-bundle.ts'
import { install } from './steps/install.ts'
import { runScripts } from './steps/run-scripts.ts'
import { makeScene, type HostNews, type Scene } from './steps/scene.ts'
import { requireDeployment, requireHost } from './subject.ts'

export interface RunLifecycleEventOptions extends AmbientOptions<HostEvent> {
  readonly deployment: HostDeployment
  readonly event: LifecycleEventName
  readonly fetchBundle: FetchBundle
}

/**
 * Runs one lifecycle event of a deployment on a host, as CodeDeploy's agent does. What fails on the host (a script, a
 * file in the way, a bundle that cannot be read) is a result. Cancelling ends the process group of a running script
 * before it rejects.
 *
 * @throws HOST_INVALID, HOST_DEPLOYMENT_INVALID, UNKNOWN_OPTION, INVALID_OPTION
 */
export async function runLifecycleEvent(host: Host, options: RunLifecycleEventOptions): Promise<LifecycleEventResult> {
  checkOptions('runLifecycleEvent', options, ['deployment', 'event', 'fetchBundle', ...ambientOptionNames])
  const { deployment, event, fetchBundle, signal, onEvent, clock = systemClock } = options
  requireHost(host)
  requireDeployment(deployment)
  if (!lifecycleEvents.includes(event)) {
    const expected = lifecycleEvents.join(', ')
    throw coreErrors.INVALID_OPTION({
      verb: 'runLifecycleEvent',
      option: 'event',
      given: describeValue(event),
      expected,
    })
  }
  signal?.throwIfAborted()

  // A listener's own exception reaches the caller, and must not be taken for a failure of the host.
  let listenerFailure: { readonly error: unknown } | undefined
  const tell = (news: HostNews) => {
    const { deploymentId } = deployment
    try {
      onEvent?.({ at: timestamp(clock), host: host.name, deploymentId, event, ...news } as HostEvent)
    } catch (error) {
      listenerFailure = { error }
      throw error
    }
  }
  const scene = makeScene({ host, deployment, event, fence: await openFence(host.folder), clock, signal, tell })
  const startedAt = timestamp(clock)
  let tail: readonly Uint8Array[] = []
  const finish = (noop: boolean, failure?: EventFailure): LifecycleEventResult => {
    const times = { startedAt, endedAt: timestamp(clock) }
    if (!failure)
      return { event, status: 'Succeeded', noop, code: 'Success', wireCode: 0, message: 'Succeeded', ...times }
    const { code, message, scriptName, detail } = failure
    return {
      event,
      status: 'Failed',
      noop,
      code,
      wireCode: failure.wireCode ?? wireCodeOf(code),
      message,
      logTail: Buffer.concat(tail).toString('utf8'),
      ...(scriptName === undefined ? {} : { scriptName }),
      ...(detail === undefined ? {} : { detail }),
      ...times,
    }
  }

  tell({ type: 'host.event-started', summary: `${host.name}: ${event} started` })
  let result: LifecycleEventResult
  try {
    const { noop } = await runMarked(scene, fetchBundle, (kept) => (tail = kept))
    result = finish(noop)
  } catch (error) {
    if (listenerFailure) throw listenerFailure.error
    signal?.throwIfAborted()
    const failure = eventFailureOf(error) ?? systemFailure(error)
    if (!failure) throw error
    result = finish(isServiceEvent(event), failure)
  }
  const ending =
    result.status === 'Succeeded'
      ? result.noop
        ? 'had nothing to do'
        : 'succeeded'
      : `failed: ${result.message ?? ''}`
  tell({ type: 'host.event-ended', result, summary: `${host.name}: ${event} ${ending}` })
  return result
}

/** Runs the event behind a file that says so, as the official agent does: whoever finds it later knows of a crash. */
async function runMarked(
  scene: Scene,
  fetchBundle: FetchBundle,
  keep: (tail: readonly Uint8Array[]) => void,
): Promise<{ noop: boolean }> {
  const { layout, deployment, event } = scene
  await makeFolders(layout.instructions)
  const mark = `${layout.ongoing}/${deployment.deploymentId}`
  const file = await openGrowingFile(mark, 'replace')
  try {
    file.append(event)
    file.close()
    if (isServiceEvent(event)) throw failUnknown(`Unsupported command type: ${event}.`)
    if (event === 'DownloadBundle') await downloadBundle(scene, fetchBundle)
    else if (event === 'Install') await install(scene)
    else return await runScripts(scene, keep)
    return { noop: false }
  } finally {
    await removeTree(mark)
  }
}

/** The load balancer's part: the service does it by itself, and an agent that is asked to do it refuses. */
function isServiceEvent(event: LifecycleEventName): boolean {
  return event === 'BlockTraffic' || event === 'AllowTraffic'
}

/** A call that the system refused (no space, no permission) fails the event; anything else is a defect of this package. */
function systemFailure(error: unknown): EventFailure | undefined {
  const { code, syscall, message } = error as NodeJS.ErrnoException
  return typeof code === 'string' && typeof syscall === 'string' ? { code: 'UnknownError', message } : undefined
}
