export { continueDeployment, type ContinueDeploymentOptions } from './continue-deployment.ts'
export { codeDeployErrors } from './errors.ts'
export type {
  DeploymentContinued,
  DeploymentEnded,
  DeploymentEvent,
  DeploymentFailure,
  DeploymentOutcome,
  DeploymentReason,
  DeploymentReport,
  DeploymentStarted,
  DeploymentStartEvent,
  DeploymentStarting,
  DeploymentStatus,
  DeploymentStatusChanged,
  DeploymentStopRequested,
  DeploymentSubject,
  DeploymentUnanswered,
  DeploymentWaiting,
  Diagnostics,
  InstanceReport,
  InstanceStatus,
  InstanceStatusChanged,
  LifecycleEventChanged,
  LifecycleEventReport,
  LifecycleEventStatus,
  PollUnanswered,
  RollbackReport,
  RollbackStarted,
} from './model.ts'
export type { CodeDeploySender } from './ports/codedeploy.ts'
export type { RollbackTrigger } from './plan/progress.ts'
export { startDeployment, type DeployablePublication, type StartDeploymentOptions } from './start-deployment.ts'
export { stopDeployment, type StopAnswer, type StopDeploymentOptions } from './stop-deployment.ts'
export { waitForDeployment, type WaitForDeploymentOptions } from './wait-for-deployment.ts'
export { watchDeployment, type WatchDeploymentOptions } from './watch-deployment.ts'
