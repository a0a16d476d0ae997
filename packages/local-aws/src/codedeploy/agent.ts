/** What the service asks of the agent on a host; `runLifecycleEvent` of `@fairlead/host-agent` answers it. */
import type { Clock } from '@fairlead/core'
import type { FetchRevision } from './context.ts'
import type { Deployment, Diagnostics, FileExistsBehavior, LifecycleErrorCode, S3Revision } from './model.ts'

/** In place and without a load balancer, in order. */
export const lifecycleEvents = [
  'ApplicationStop',
  'DownloadBundle',
  'BeforeInstall',
  'Install',
  'AfterInstall',
  'ApplicationStart',
  'ValidateService',
] as const

export type LifecycleEvent = (typeof lifecycleEvents)[number]

/** A folder that stands for a machine. */
export interface AgentHost {
  readonly name: string
  /** Absolute. */
  readonly folder: string
  /** What hooks find in their environment, besides the documented variables. */
  readonly environment?: Readonly<Record<string, string>> | undefined
}

export interface AgentDeployment {
  readonly deploymentId: string
  readonly deploymentGroupId: string
  readonly deploymentGroupName: string
  readonly applicationName: string
  readonly revision: {
    readonly bucket: string
    readonly key: string
    readonly bundleType: S3Revision['bundleType']
    readonly versionId?: string
    readonly eTag?: string
  }
  readonly fileExistsBehavior: FileExistsBehavior
}

export interface AgentAnswer {
  readonly status: 'Succeeded' | 'Failed'
  readonly code: LifecycleErrorCode
  readonly scriptName?: string | undefined
  readonly message?: string | undefined
  readonly logTail?: string | undefined
}

/** Runs one lifecycle event on a host. A failing script is an answer; an abort rejects with `signal.reason`. */
export type RunLifecycleEvent = (
  host: AgentHost,
  options: {
    readonly deployment: AgentDeployment
    readonly event: LifecycleEvent
    readonly fetchBundle: FetchRevision
    readonly signal: AbortSignal
    readonly clock: Clock
  },
) => Promise<AgentAnswer>

export function agentDeployment(deployment: Deployment): AgentDeployment {
  const { deploymentId, deploymentGroupId, deploymentGroupName, applicationName, fileExistsBehavior } = deployment
  const { bucket, key, bundleType, version, eTag } = deployment.revision
  const pin = { ...(version === undefined ? {} : { versionId: version }), ...(eTag === undefined ? {} : { eTag }) }
  return {
    deploymentId,
    deploymentGroupId,
    deploymentGroupName,
    applicationName,
    revision: { bucket, key, bundleType, ...pin },
    fileExistsBehavior,
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
