/** The nouns of the CodeDeploy service. Times are milliseconds since 1970; on the wire they are seconds. */
import type { DeployEvent } from '@fairlead/core'
import type { FileExistsBehavior, LifecycleErrorCode } from '@fairlead/host-agent'

/** `Ready`: a blue/green deployment has installed its replacement hosts, and waits to be told to reroute traffic. */
export type DeploymentStatus = 'Created' | 'Queued' | 'InProgress' | 'Ready' | 'Succeeded' | 'Failed' | 'Stopped'
/** Of a target, and of a lifecycle event on it. Only a replacement host is ever `Ready`: it has no traffic yet. */
export type ProgressStatus = 'Pending' | 'InProgress' | 'Ready' | 'Succeeded' | 'Failed' | 'Skipped'
export type AutoRollbackEvent = 'DEPLOYMENT_FAILURE' | 'DEPLOYMENT_STOP_ON_ALARM' | 'DEPLOYMENT_STOP_ON_REQUEST'
export type BundleType = 'zip' | 'tar' | 'tgz'

export interface AutoRollback {
  readonly enabled: boolean
  readonly events: readonly AutoRollbackEvent[]
}

/** A bundle in S3, as the caller named it. */
export interface S3Revision {
  readonly type: 'S3'
  readonly bucket: string
  readonly key: string
  readonly bundleType: BundleType
  readonly version?: string | undefined
  readonly eTag?: string | undefined
}

/** A commit on GitHub, which the agent of a host fetches by itself. */
export interface GitHubRevision {
  readonly type: 'GitHub'
  readonly repository: string
  readonly commitId: string
}

export type Revision = S3Revision | GitHubRevision

/** How many hosts must stay healthy. `MOST_CONCURRENCY` is how AWS describes `CodeDeployDefault.OneAtATime`. */
export interface MinimumHealthyHosts {
  readonly type: 'HOST_COUNT' | 'FLEET_PERCENT' | 'MOST_CONCURRENCY'
  readonly value: number
}

export interface DeploymentConfig {
  readonly id: string
  readonly name: string
  readonly minimumHealthyHosts: MinimumHealthyHosts
  readonly createTime: number
}

export interface Application {
  readonly id: string
  readonly name: string
  readonly createTime: number
}

/** A machine that is none of AWS's, as RegisterOnPremisesInstance made it known. */
export interface OnPremisesInstance {
  readonly name: string
  readonly arn: string
  /** Who the agent on it says that it is: the ARN of a user or of a session. */
  readonly identityArn: string
  readonly registerTime: number
  readonly deregisterTime?: number | undefined
  readonly tags: Readonly<Record<string, string>>
}

/** Tags of an application or a group, by the ARN. */
export type ResourceTags = Readonly<Record<string, Readonly<Record<string, string>>>>

export interface TagFilter {
  readonly Key?: string | undefined
  readonly Value?: string | undefined
  readonly Type: 'KEY_ONLY' | 'VALUE_ONLY' | 'KEY_AND_VALUE'
}

/** How a group finds its hosts. A filter list means *any of them*; a tag set means *any of each list*. */
export interface HostSelection {
  readonly ec2TagFilters: readonly TagFilter[]
  readonly onPremisesInstanceTagFilters: readonly TagFilter[]
  readonly ec2TagSet: readonly (readonly TagFilter[])[]
  readonly onPremisesTagSet: readonly (readonly TagFilter[])[]
}

export interface DeploymentStyle {
  readonly type: 'IN_PLACE' | 'BLUE_GREEN'
  /** `WITH_TRAFFIC_CONTROL`: behind a load balancer. */
  readonly option: 'WITH_TRAFFIC_CONTROL' | 'WITHOUT_TRAFFIC_CONTROL'
}

/** The names of a group's load balancers and target groups, which stand for themselves: there are none here. */
export interface LoadBalancers {
  readonly elbs: readonly string[]
  readonly targetGroups: readonly string[]
}

/** How a blue/green deployment changes over. Waiting times are whole minutes, as in the API. */
export interface BlueGreen {
  readonly whenReady: 'CONTINUE_DEPLOYMENT' | 'STOP_DEPLOYMENT'
  readonly readyWaitMinutes: number
  readonly originals: 'TERMINATE' | 'KEEP_ALIVE'
  readonly terminationWaitMinutes: number
}

export interface Alarms {
  readonly enabled: boolean
  readonly ignorePollAlarmFailure: boolean
  readonly names: readonly string[]
}

/** Which hosts replace the originals of a blue/green deployment. */
export interface TargetInstances {
  readonly tagFilters: readonly TagFilter[]
  readonly tagSet: readonly (readonly TagFilter[])[]
}

export interface DeploymentGroup {
  readonly id: string
  readonly applicationName: string
  readonly name: string
  readonly deploymentConfigName: string
  readonly serviceRoleArn: string
  readonly selection: HostSelection
  readonly autoRollback: AutoRollback
  readonly outdatedInstancesStrategy: 'UPDATE' | 'IGNORE'
  readonly style: DeploymentStyle
  readonly loadBalancers?: LoadBalancers | undefined
  readonly blueGreen?: BlueGreen | undefined
  readonly alarms?: Alarms | undefined
}

/** A revision that an application knows, because it was registered or deployed. */
export interface RegisteredRevision {
  readonly applicationName: string
  readonly revision: Revision
  readonly description?: string | undefined
  readonly registerTime: number
  readonly firstUsedTime?: number | undefined
  readonly lastUsedTime?: number | undefined
}

/** What a script did, as the API reports it. */
export interface Diagnostics {
  readonly errorCode: LifecycleErrorCode
  readonly scriptName: string
  readonly message: string
  /** The last lines of the script's log. */
  readonly logTail: string
}

export interface TargetEvent {
  readonly name: string
  readonly status: ProgressStatus
  readonly startTime?: number | undefined
  readonly endTime?: number | undefined
  readonly diagnostics?: Diagnostics | undefined
}

export type TargetLabel = 'Blue' | 'Green'

/** One host in one deployment. */
export interface Target {
  /** The host's name. */
  readonly targetId: string
  readonly status: ProgressStatus
  readonly lastUpdatedAt: number
  /** Of a blue/green deployment: whether it is an original host or a replacement. */
  readonly label?: TargetLabel | undefined
  /** In the order in which they run. */
  readonly events: readonly TargetEvent[]
}

export type DeploymentErrorCode =
  | 'ALARM_ACTIVE'
  | 'APPLICATION_MISSING'
  | 'DEPLOYMENT_GROUP_MISSING'
  | 'HEALTH_CONSTRAINTS'
  | 'HEALTH_CONSTRAINTS_INVALID'
  | 'INTERNAL_ERROR'
  | 'MANUAL_STOP'
  | 'NO_INSTANCES'
  | 'TIMEOUT'

export interface DeploymentError {
  readonly code: DeploymentErrorCode
  readonly message: string
}

/** Seen from the deployment that failed, `deploymentId` is its rollback; seen from the rollback, `triggeredBy` is what failed. */
export interface RollbackInfo {
  readonly deploymentId?: string | undefined
  readonly triggeredBy?: string | undefined
  readonly message: string
}

export interface Deployment {
  /** `d-` and nine capitals or digits. */
  readonly deploymentId: string
  readonly applicationName: string
  readonly deploymentGroupId: string
  /** The name that the group had when the deployment was created. */
  readonly deploymentGroupName: string
  readonly deploymentConfigName: string
  readonly minimumHealthyHosts: MinimumHealthyHosts
  readonly revision: Revision
  /** What the group's last successful deployment had put there. */
  readonly previousRevision?: Revision | undefined
  readonly description?: string | undefined
  readonly creator: 'user' | 'codeDeployRollback'
  readonly ignoreApplicationStopFailures: boolean
  readonly fileExistsBehavior: FileExistsBehavior
  readonly autoRollback: AutoRollback
  readonly style: DeploymentStyle
  readonly loadBalancers?: LoadBalancers | undefined
  readonly blueGreen?: BlueGreen | undefined
  readonly targetInstances?: TargetInstances | undefined
  readonly updateOutdatedInstancesOnly: boolean
  /** Starts the last successful deployment's revision anew on its hosts: the deployment whose archive is there. */
  readonly restartOf?: string | undefined
  /** The group's alarms, or those that the call set in their place. */
  readonly alarms?: Alarms | undefined
  readonly alarmsAreOverridden: boolean
  readonly status: DeploymentStatus
  /** Set once somebody asked to stop it, or an alarm did. */
  readonly stop?: { readonly rollback: boolean; readonly alarm?: string | undefined } | undefined
  /** How far somebody has asked a blue/green deployment not to wait. */
  readonly continued?: { readonly ready: boolean; readonly termination: boolean } | undefined
  readonly terminationWaitStarted: boolean
  readonly error?: DeploymentError | undefined
  readonly rollback?: RollbackInfo | undefined
  readonly createTime: number
  readonly startTime?: number | undefined
  readonly completeTime?: number | undefined
  /** None before it is in progress. */
  readonly targets: readonly Target[]
}

/** How a deployment ends. */
export interface DeploymentEnd {
  readonly status: 'Succeeded' | 'Failed' | 'Stopped'
  readonly error?: DeploymentError | undefined
}

/** Everything that the service knows. Replaced as a whole by each change; lists are in the order of creation. */
export interface CodeDeployState {
  readonly applications: readonly Application[]
  readonly instances: readonly OnPremisesInstance[]
  readonly tags: ResourceTags
  /** Names of hosts that blue/green deployments terminated. */
  readonly terminated: readonly string[]
  /** Names of alarms that are on. */
  readonly alarmsOn: readonly string[]
  readonly configs: readonly DeploymentConfig[]
  readonly groups: readonly DeploymentGroup[]
  readonly revisions: readonly RegisteredRevision[]
  readonly deployments: readonly Deployment[]
}

interface OfDeployment extends DeployEvent {
  readonly deploymentId: string
  readonly application: string
  readonly deploymentGroup: string
}

/** What the service tells while deployments run. */
export type CodeDeployEvent =
  | (OfDeployment & {
      readonly type: 'codedeploy.deployment-created'
      readonly creator: 'user' | 'codeDeployRollback'
      /** Missing where the revision is a commit on GitHub. */
      readonly bucket?: string | undefined
      readonly key?: string | undefined
    })
  | (OfDeployment & {
      readonly type: 'codedeploy.deployment-status-changed'
      readonly status: DeploymentStatus
      readonly error?: DeploymentError | undefined
    })
  | (OfDeployment & {
      readonly type: 'codedeploy.host-status-changed'
      readonly host: string
      readonly status: ProgressStatus
    })
  | (OfDeployment & {
      readonly type: 'codedeploy.lifecycle-event-changed'
      readonly host: string
      readonly event: string
      readonly status: ProgressStatus
      readonly diagnostics?: Diagnostics | undefined
    })
