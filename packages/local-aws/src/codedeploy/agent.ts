/** What the service asks of the agent on a host; `runLifecycleEvent` of `@fairlead/host-agent` answers it. */
import type { Clock } from '@fairlead/core'
import type {
  Host,
  HostDeployment,
  HostEvent,
  HostRevision,
  LifecycleErrorCode,
  LifecycleEventName,
  LifecycleEventResult,
} from '@fairlead/host-agent'
import type { FetchRevision } from './context.ts'
import type { Deployment, Diagnostics, Revision } from './model.ts'

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

/** A host that runs no script: what its hooks would do is answered in this process. */
export interface SimulatedHost {
  readonly name: string
  /** As those of a host with a folder. */
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** Default: every event succeeds at once. */
  readonly answer?: AnswerEvent | undefined
}

/** What a simulated host is asked. */
export interface SimulatedEvent {
  readonly host: string
  readonly deploymentId: string
  readonly event: LifecycleEventName
  /** The key of the bundle, or the commit on GitHub. */
  readonly revision: string
}

/** Answers an event; nothing means that it succeeded. An exception fails the event too. */
export type AnswerEvent = (
  event: SimulatedEvent,
  options: { readonly signal: AbortSignal },
) => SimulatedFailure | undefined | void | Promise<SimulatedFailure | undefined | void>

/** How an event failed. What is left out is what a script that exits with 1 leaves. */
export interface SimulatedFailure {
  readonly code?: Exclude<LifecycleErrorCode, 'Success'> | undefined
  readonly scriptName?: string | undefined
  readonly message?: string | undefined
  readonly logTail?: string | undefined
}

export async function askSimulated(
  { name, answer }: SimulatedHost,
  deployment: Deployment,
  event: LifecycleEventName,
  signal: AbortSignal,
): Promise<AgentAnswer> {
  const { deploymentId, revision } = deployment
  const asked = { host: name, deploymentId, event, revision: revision.type === 'S3' ? revision.key : revision.commitId }
  const failure = await answer?.(asked, { signal })
  if (!failure) return { status: 'Succeeded', code: 'Success' }
  const { code = 'ScriptFailed', scriptName = event, logTail = '' } = failure
  const message = failure.message ?? `Script at specified location: ${scriptName} failed with exit code 1`
  return { status: 'Failed', code, scriptName, message, logTail }
}

/** What the service tells an agent about a deployment; nothing where the revision is not one that it could fetch. */
export function hostDeployment(deployment: Deployment): HostDeployment | undefined {
  const { deploymentGroupId, deploymentGroupName, applicationName, fileExistsBehavior, creator, restartOf } = deployment
  const revision = hostRevision(deployment.revision)
  if (!revision) return undefined
  return {
    // A restart runs the scripts of the archive that is there: an agent finds it by its deployment.
    deploymentId: restartOf ?? deployment.deploymentId,
    deploymentGroupId,
    deploymentGroupName,
    applicationName,
    revision,
    fileExistsBehavior,
    creator,
    type: deployment.style.type,
  }
}

function hostRevision(revision: Revision): HostRevision | undefined {
  if (revision.type !== 'S3') return undefined
  const { bucket, key, bundleType, version: versionId, eTag } = revision
  return { bucket, key, bundleType, versionId, eTag }
}

/** What a host here says of a revision on GitHub: it talks to nobody outside. */
export const noGitHub: AgentAnswer = {
  status: 'Failed',
  code: 'UnknownError',
  message: 'The hosts of local-aws fetch nothing from GitHub; a host whose own agent polls local-aws does.',
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
