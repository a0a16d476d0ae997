/** What the service asks of the agent on a host; `runLifecycleEvent` of `@fairlead/host-agent` answers it. */
import type { Clock } from '@fairlead/core'
import type { Host, HostDeployment, HostEvent, LifecycleEventName, LifecycleEventResult } from '@fairlead/host-agent'
import type { FetchRevision } from './context.ts'
import type { Deployment, Diagnostics } from './model.ts'

export type AgentAnswer = Pick<LifecycleEventResult, 'status' | 'code' | 'scriptName' | 'message' | 'logTail'>

/** Runs one lifecycle event on a host. A failing script is an answer; an abort rejects with `signal.reason`. */
export type RunLifecycleEvent = (
  host: Host,
  options: {
    readonly deployment: HostDeployment
    readonly event: LifecycleEventName
    readonly fetchBundle: FetchRevision
    readonly signal: AbortSignal
    readonly clock: Clock
    readonly onEvent: (event: HostEvent) => void
  },
) => Promise<AgentAnswer>

/** What the service tells an agent about a deployment. */
export function hostDeployment(deployment: Deployment): HostDeployment {
  const { deploymentId, deploymentGroupId, deploymentGroupName, applicationName } = deployment
  const { fileExistsBehavior, creator } = deployment
  const { bucket, key, bundleType, version: versionId, eTag } = deployment.revision
  return {
    deploymentId,
    deploymentGroupId,
    deploymentGroupName,
    applicationName,
    revision: { bucket, key, bundleType, versionId, eTag },
    fileExistsBehavior,
    creator,
  }
}

/** What the API says of an event; of one that succeeded it says `Succeeded`. */
export function diagnosticsOf({ status, code, scriptName, message, logTail }: AgentAnswer): Diagnostics {
  return {
    errorCode: code,
    scriptName: scriptName ?? '',
    message: message ?? (status === 'Succeeded' ? 'Succeeded' : ''),
    logTail: logTail ?? '',
  }
}
