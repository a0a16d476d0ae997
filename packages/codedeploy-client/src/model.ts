import type { DeployEvent, Target } from '@fairlead/core'

/** Where a deployment stands. `ready` waits for somebody in a blue/green deployment; `unknown` is a word newer than this library. */
export type DeploymentStatus =
  'created' | 'queued' | 'in-progress' | 'baking' | 'ready' | 'succeeded' | 'failed' | 'stopped' | 'unknown'

/** How a deployment ended. */
export type DeploymentOutcome = 'succeeded' | 'failed' | 'stopped'

/** Where an instance stands in a deployment. */
export type InstanceStatus = 'pending' | 'in-progress' | 'ready' | 'succeeded' | 'failed' | 'skipped' | 'unknown'

/** Where a lifecycle event stands on an instance. */
export type LifecycleEventStatus = 'pending' | 'in-progress' | 'succeeded' | 'failed' | 'skipped' | 'unknown'

/** What CodeDeploy says about an end: a code (`HEALTH_CONSTRAINTS`, `ALARM_ACTIVE`…) and a sentence. */
export type DeploymentReason = { readonly code: string; readonly message?: string | undefined }

/** Why a lifecycle event failed. The log tail is the script's own output: what the script printed is in it. */
export type Diagnostics = {
  /** `ScriptFailed`, `ScriptMissing`, `ScriptNotExecutable`, `ScriptTimedOut` or `UnknownError`. */
  readonly errorCode: string
  /** As appspec.yml names it, relative to the archive. */
  readonly scriptName?: string | undefined
  readonly message?: string | undefined
  /** The last lines, at most 4 KB. */
  readonly logTail?: string | undefined
}

/** A lifecycle event of one instance. Times are ISO 8601, by CodeDeploy's clock. */
export type LifecycleEventReport = {
  /** For example `ValidateService`. */
  readonly event: string
  readonly status: LifecycleEventStatus
  readonly startedAt?: string | undefined
  readonly endedAt?: string | undefined
  readonly durationMs?: number | undefined
  /** Only where something went wrong. */
  readonly diagnostics?: Diagnostics | undefined
}

/** One instance in a deployment. */
export type InstanceReport = {
  /** An EC2 instance id or the name of an on-premises instance. */
  readonly id: string
  readonly status: InstanceStatus
  /** In the order in which they run. */
  readonly events: readonly LifecycleEventReport[]
}

/** The lifecycle event that explains a failure: the earliest one that failed. */
export type DeploymentFailure = Diagnostics & { readonly instance: string; readonly event: string }

/** The deployment that put the previous revision back. */
export type RollbackReport = {
  readonly deploymentId: string
  /** `unknown`: it could not be followed to its end; `unobserved` says why. */
  readonly status: DeploymentOutcome | 'unknown'
  readonly reason?: DeploymentReason | undefined
  readonly failure?: DeploymentFailure | undefined
  readonly instances: readonly InstanceReport[]
  readonly unobserved?: string | undefined
}

/** How a deployment ended, on every instance, and how its rollback did. JSON-safe. */
export type DeploymentReport = {
  readonly deploymentId: string
  readonly target: Target
  readonly status: DeploymentOutcome
  /** CodeDeploy's own reason, often a symptom: `failure` is the cause. */
  readonly reason?: DeploymentReason | undefined
  readonly failure?: DeploymentFailure | undefined
  readonly instances: readonly InstanceReport[]
  /** When it was created: ISO 8601, by CodeDeploy's clock. */
  readonly startedAt: string
  readonly endedAt: string
  readonly durationMs: number
  readonly rollback?: RollbackReport | undefined
  /** CodeDeploy's words about a rollback, also where there was none. */
  readonly rollbackMessage?: string | undefined
}

interface AboutDeployment extends DeployEvent {
  /** The deployment that the event is about; that of a rollback has its own. */
  readonly deploymentId: string
}

/** CreateDeployment is about to be sent. The token finds the deployment again, whatever happens next. */
export interface DeploymentStarting extends DeployEvent {
  readonly type: 'deployment.starting'
  readonly target: Target
  readonly runToken: string
  readonly commit: string
}

/** Another deployment is active in the group, and `whenBusy` says to wait for it. Told again when the active ones change. */
export interface DeploymentWaiting extends DeployEvent {
  readonly type: 'deployment.waiting'
  readonly target: Target
  readonly activeDeploymentIds: readonly string[]
}

/** CreateDeployment was sent and got no answer: the deployment is looked for before anything is sent again. */
export interface DeploymentUnanswered extends DeployEvent {
  readonly type: 'deployment.unanswered'
  readonly target: Target
  readonly runToken: string
  readonly reason: string
}

export interface DeploymentStarted extends AboutDeployment {
  readonly type: 'deployment.started'
  readonly target: Target
  readonly runToken: string
  readonly commit: string
  /** Whether an earlier start with the same token had created it. */
  readonly alreadyStarted: boolean
}

export interface DeploymentStatusChanged extends AboutDeployment {
  readonly type: 'deployment.status-changed'
  /** Missing for the first status that was seen. */
  readonly from?: DeploymentStatus | undefined
  readonly to: DeploymentStatus
  readonly reason?: DeploymentReason | undefined
}

export interface InstanceStatusChanged extends AboutDeployment {
  readonly type: 'deployment.instance-status-changed'
  readonly instance: string
  readonly from: InstanceStatus
  readonly to: InstanceStatus
}

/** A lifecycle event of an instance began, ended or was skipped. One that began and ended between two polls is told once. */
export interface LifecycleEventChanged extends AboutDeployment {
  readonly type: 'deployment.lifecycle-event'
  readonly instance: string
  readonly event: string
  readonly status: LifecycleEventStatus
  readonly startedAt?: string | undefined
  readonly endedAt?: string | undefined
  readonly durationMs?: number | undefined
  readonly diagnostics?: Diagnostics | undefined
}

/** CodeDeploy puts the previous revision back, in a deployment of its own, whose events follow. */
export interface RollbackStarted extends AboutDeployment {
  readonly type: 'deployment.rollback-started'
  readonly rollbackDeploymentId: string
}

/** CodeDeploy throttled or did not answer. It says nothing about the deployment; the poll is repeated. */
export interface PollUnanswered extends DeployEvent {
  readonly type: 'deployment.poll-unanswered'
  /** Missing while a busy group is waited for. */
  readonly deploymentId?: string | undefined
  /** The code of the error: `AWS_THROTTLED`, `AWS_UNREACHABLE`… */
  readonly code: string
  readonly retryInMs: number
}

/** The last event: the deployment has ended, and so has its rollback. */
export interface DeploymentEnded extends AboutDeployment {
  readonly type: 'deployment.ended'
  readonly report: DeploymentReport
}

/** The answer of {@link DeploymentStopRequested}'s call came back. */
export interface DeploymentStopRequested extends AboutDeployment {
  readonly type: 'deployment.stop-requested'
  readonly alreadyEnded: boolean
}

export interface DeploymentContinued extends AboutDeployment {
  readonly type: 'deployment.continued'
}

/** What is told while a deployment is started. */
export type DeploymentStartEvent =
  DeploymentStarting | DeploymentWaiting | DeploymentUnanswered | DeploymentStarted | PollUnanswered

/** What is told about a deployment that runs; `deploymentId` tells its own events from those of its rollback. */
export type DeploymentEvent =
  | DeploymentStatusChanged
  | InstanceStatusChanged
  | LifecycleEventChanged
  | RollbackStarted
  | PollUnanswered
  | DeploymentEnded

/** A deployment as the verbs after `startDeployment` need it. */
export interface DeploymentSubject {
  /** CodeDeploy's id, `d-` and nine characters. */
  readonly deploymentId: string
  /** Its region, where given, is the client's region. Left out: read from CodeDeploy, in the region of the environment. */
  readonly target?: Target | undefined
}
