import { ambientOptionNames, checkOptions, systemClock, type AmbientOptions } from '@fairlead/core'
import { hostAgentErrors } from './errors.ts'
import type { AgentDeployment, Host, HostEvent, LifecycleEventResult, LocalHostRevision } from './model.ts'
import { localEventsProblem, planLocalEvents } from './plan/local-tool.ts'
import { kindAt } from './ports/host-files.ts'
import { runEvent } from './steps/run-event.ts'
import { openScene } from './steps/scene.ts'
import { requireDeployment, requireHost } from './subject.ts'

/** What the official agent's `codedeploy-local` takes. */
export interface LocalDeployment {
  /** The absolute path of a folder or an archive. */
  readonly location: string
  /** Default `directory`. */
  readonly bundleType?: LocalHostRevision['bundleType'] | undefined
  readonly deploymentId: string
  /** Default `default-local-deployment-group`. */
  readonly deploymentGroupId?: string | undefined
  /** Default `LocalFleet`. */
  readonly deploymentGroupName?: string | undefined
  /** Default: the location. */
  readonly applicationName?: string | undefined
  /** Default `DISALLOW`. Any other text fails where a file is in the way. */
  readonly fileExistsBehavior?: string | undefined
  /** Default `appspec.yml`. */
  readonly appSpecFilename?: string | undefined
}

export interface RunLocalDeploymentOptions extends AmbientOptions<HostEvent> {
  readonly deployment: LocalDeployment
  /**
   * What to run, also events of one's own that the AppSpec has hooks for; DownloadBundle and Install are put in front
   * where they are missing. Default: all that the agent runs, without those of the service.
   */
  readonly events?: readonly string[] | undefined
}

export interface LocalDeploymentResult {
  readonly status: 'Succeeded' | 'Failed'
  /** The events that ran; the last one is the failed one. */
  readonly events: readonly LifecycleEventResult<string>[]
}

/**
 * Deploys a folder or an archive of this machine as the official agent's `codedeploy-local` does: no service is asked,
 * scripts find no variables of a bundle, and a hook of an event that is not run is refused in Install.
 *
 * @throws HOST_INVALID, HOST_DEPLOYMENT_INVALID, HOST_LOCAL_DEPLOYMENT_REFUSED, UNKNOWN_OPTION
 */
export async function runLocalDeployment(
  host: Host,
  options: RunLocalDeploymentOptions,
): Promise<LocalDeploymentResult> {
  checkOptions('runLocalDeployment', options, ['deployment', 'events', ...ambientOptionNames])
  const { deployment, events: wanted, signal, onEvent, clock = systemClock } = options
  requireHost(host)
  const agentDeployment = toAgent(deployment)
  requireDeployment({ ...agentDeployment, fileExistsBehavior: undefined })
  await requireBundle(deployment)
  const problem = localEventsProblem(wanted ?? [])
  if (problem !== undefined) throw hostAgentErrors.HOST_LOCAL_DEPLOYMENT_REFUSED({ words: problem })

  const { events, hookEvents, possibleEvents } = planLocalEvents(wanted)
  const task = { host, deployment: { ...agentDeployment, possibleEvents }, hookEvents, isMarked: false } as const
  const results: LifecycleEventResult<string>[] = []
  for (const event of events) {
    signal?.throwIfAborted()
    const result = await runEvent(await openScene({ ...task, event, clock, signal, onEvent }), undefined)
    results.push(result)
    if (result.status === 'Failed') return { status: 'Failed', events: results }
  }
  return { status: 'Succeeded', events: results }
}

function toAgent(deployment: LocalDeployment): AgentDeployment {
  const { location, bundleType = 'directory', deploymentId, fileExistsBehavior = 'DISALLOW' } = deployment
  return {
    deploymentId,
    deploymentGroupId: deployment.deploymentGroupId ?? 'default-local-deployment-group',
    deploymentGroupName: deployment.deploymentGroupName ?? 'LocalFleet',
    applicationName: deployment.applicationName ?? location,
    revision: { type: 'Local', location, bundleType },
    fileExistsBehavior: typeof fileExistsBehavior === 'string' ? fileExistsBehavior.toUpperCase() : undefined,
    appSpecFilename: deployment.appSpecFilename,
  }
}

/** In the tool's words: it looks at what it is given before it begins. */
async function requireBundle({ location, bundleType = 'directory', appSpecFilename }: LocalDeployment): Promise<void> {
  const refuse = (words: string): never => {
    throw hostAgentErrors.HOST_LOCAL_DEPLOYMENT_REFUSED({ words })
  }
  const kind = await kindAt(location)
  if (kind === 'missing') refuse(`location ${location} is specified as a file or directory which does not exist`)
  if (bundleType === 'directory' && kind === 'file') {
    refuse(`location ${location} is specified with type directory but it is a file`)
  }
  if (bundleType !== 'directory') {
    if (kind === 'directory')
      refuse(`location ${location} is specified as a compressed local file but it is a directory`)
    return
  }
  const names = appSpecFilename === undefined ? ['appspec.yml', 'appspec.yaml'] : [appSpecFilename]
  for (const name of names) if ((await kindAt(`${location}/${name}`)) !== 'missing') return
  const paths = names.map((name) => `${location}/${name}`).join(' or ')
  const called = names.join(' or ')
  refuse(
    `Expecting appspec file at location ${paths} but it is not found there. Please either run the CLI from within a directory containing the ${called} file or specify a bundle location containing an ${called} file in its root directory`,
  )
}
