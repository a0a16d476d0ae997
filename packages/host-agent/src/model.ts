import type { AgentProfile, FileExistsBehavior, LifecycleEventName } from '@fairlead/appspec'
import type { DeployEvent } from '@fairlead/core'

export type { AgentProfile, FileExistsBehavior, LifecycleEventName }

/** A folder that stands for a machine. */
export interface Host {
  readonly name: string
  /**
   * Absolute. The deployment root is `<folder>/opt/codedeploy-agent/deployment-root`. Absolute destinations of an
   * AppSpec are placed below the folder, except those that already name a path below it. Nothing is written outside.
   */
  readonly folder: string
  /** What hooks find in the agent's environment, besides PATH, HOME, LANG and USER. Never the caller's environment. */
  readonly environment?: Readonly<Record<string, string>> | undefined
  /** Revisions kept for each deployment group, the new one included. Default 5. */
  readonly maxRevisions?: number | undefined
  /** Which official agent is followed where versions differ. Default `official-2`. */
  readonly profile?: AgentProfile | undefined
}

/** Where the bundle of a deployment comes from: S3. */
export interface HostRevision {
  /** Default `S3`. */
  readonly type?: 'S3' | undefined
  readonly bucket: string
  readonly key: string
  readonly bundleType: 'zip' | 'tar' | 'tgz'
  readonly versionId?: string | undefined
  /** Compared without quotes with the one that the bundle comes with; another one fails DownloadBundle. */
  readonly eTag?: string | undefined
}

export interface GitHubHostRevision {
  readonly type: 'GitHub'
  /** `owner/name` */
  readonly repository: string
  readonly commitId: string
  /** Default `tar`. */
  readonly bundleType?: 'zip' | 'tar' | undefined
}

/** A bundle on this machine, as the official agent's local tool takes it. */
export interface LocalHostRevision {
  readonly type: 'Local'
  /** The absolute path of an archive or, for `directory`, of a folder. */
  readonly location: string
  readonly bundleType: 'zip' | 'tar' | 'tgz' | 'directory'
}

/** What the service tells an agent about a deployment. */
export interface HostDeployment {
  readonly deploymentId: string
  readonly deploymentGroupId: string
  readonly deploymentGroupName: string
  readonly applicationName: string
  readonly revision: HostRevision
  /** Default DISALLOW. The AppSpec's own value wins over it. */
  readonly fileExistsBehavior?: FileExistsBehavior | undefined
  /** Default IN_PLACE. */
  readonly type?: 'IN_PLACE' | 'BLUE_GREEN' | undefined
  /** Who began it; `codeDeployRollback` for an automatic rollback. Default `user`. */
  readonly creator?: string | undefined
  /** Default `appspec.yml`. */
  readonly appSpecFilename?: string | undefined
  /** Where given, Install refuses an AppSpec with hooks for other events. Default: such hooks are ignored. */
  readonly possibleEvents?: readonly string[] | undefined
}

/** A deployment as an agent takes it: also with a value that the API would refuse, which it finds out late. */
export type AgentDeployment = Omit<HostDeployment, 'fileExistsBehavior' | 'revision'> & {
  readonly revision: AgentRevision
  readonly fileExistsBehavior?: string | undefined
}

/** All that an agent can be asked to take a bundle from. */
export type AgentRevision = HostRevision | GitHubHostRevision | LocalHostRevision

/** How a bundle's bytes are had. Rejecting fails DownloadBundle with the message of the error. */
export type FetchBundle = (
  revision: HostRevision,
  options: { readonly signal?: AbortSignal },
) => Promise<{ readonly eTag: string | undefined; readonly body: AsyncIterable<Uint8Array> }>

/** The same for all that a command can name. */
export type FetchAgentBundle = (
  revision: HostRevision | GitHubHostRevision,
  options: { readonly signal?: AbortSignal },
) => ReturnType<FetchBundle>

/** The codes of CodeDeploy's API. */
export type LifecycleErrorCode =
  'Success' | 'ScriptMissing' | 'ScriptNotExecutable' | 'ScriptTimedOut' | 'ScriptFailed' | 'UnknownError'

export interface LifecycleEventResult<Event extends string = LifecycleEventName> {
  readonly event: Event
  readonly status: 'Succeeded' | 'Failed'
  /** No script ran and nothing was to do. */
  readonly noop: boolean
  readonly code: LifecycleErrorCode
  /**
   * The code on the agent's own protocol, which knows more: 6 is an output left open, 7 an agent that was restarted,
   * and `Unknown` a log that is not UTF-8.
   */
  readonly wireCode: number | 'Unknown'
  /** The script that failed, as the AppSpec writes it. */
  readonly scriptName?: string
  /** In the official agent's words, where it has them. */
  readonly message?: string
  /** The last whole lines of the failed event's log within 2 KB, without timestamps. */
  readonly logTail?: string
  /** What is known of the failure beyond the official agent's words. */
  readonly detail?: string
  readonly startedAt: string
  readonly endedAt: string
}

export interface LifecycleResult {
  readonly status: 'Succeeded' | 'Failed'
  /** The events that ran; the last one is the failed one. */
  readonly events: readonly LifecycleEventResult[]
}

interface HostFacts extends DeployEvent {
  readonly host: string
  readonly deploymentId: string
  readonly event: string
}

/** What a host tells while it deploys. */
export type HostEvent =
  | (HostFacts & { readonly type: 'host.event-started' })
  | (HostFacts & {
      readonly type: 'host.script-started'
      /** As the AppSpec writes it. */
      readonly script: string
      /** The deployment whose archive the script comes from: the previous one's in ApplicationStop. */
      readonly from: string
    })
  | (HostFacts & {
      readonly type: 'host.script-output'
      readonly script: string
      readonly stream: 'stdout' | 'stderr'
      /** Without its line end. */
      readonly line: string
    })
  | (HostFacts & { readonly type: 'host.event-ended'; readonly result: LifecycleEventResult<string> })
