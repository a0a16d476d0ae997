/** What the service knows, in the shapes of the API's answers. Times are seconds since 1970, with milliseconds. */
import type { JsonObject } from '@fairlead/core'
import type {
  Application,
  AutoRollback,
  Deployment,
  DeploymentConfig,
  DeploymentGroup,
  RegisteredRevision,
  S3Revision,
  TagFilter,
  Target,
} from './model.ts'

/** Where a host's ARN says that it is. */
export interface Place {
  readonly account: string
  readonly region: string
}

const inPlace: JsonObject = { deploymentType: 'IN_PLACE', deploymentOption: 'WITHOUT_TRAFFIC_CONTROL' }

export function seconds(milliseconds: number): number {
  return milliseconds / 1000
}

function secondsIfAny(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : seconds(milliseconds)
}

export function wireApplication({ id, name, createTime }: Application): JsonObject {
  return {
    applicationId: id,
    applicationName: name,
    createTime: seconds(createTime),
    linkedToGitHub: false,
    computePlatform: 'Server',
  }
}

export function wireConfig({ id, name, minimumHealthyHosts, createTime }: DeploymentConfig): JsonObject {
  return {
    deploymentConfigId: id,
    deploymentConfigName: name,
    minimumHealthyHosts: { ...minimumHealthyHosts },
    createTime: seconds(createTime),
    computePlatform: 'Server',
  }
}

export function wireGroup(
  group: DeploymentGroup,
  last: { readonly successful: Deployment | undefined; readonly attempted: Deployment | undefined },
): JsonObject {
  const { ec2TagFilters, onPremisesInstanceTagFilters, ec2TagSet, onPremisesTagSet } = group.selection
  return {
    applicationName: group.applicationName,
    deploymentGroupId: group.id,
    deploymentGroupName: group.name,
    deploymentConfigName: group.deploymentConfigName,
    ec2TagFilters: ec2TagFilters.map(wireTagFilter),
    onPremisesInstanceTagFilters: onPremisesInstanceTagFilters.map(wireTagFilter),
    autoScalingGroups: [],
    serviceRoleArn: group.serviceRoleArn,
    targetRevision: last.successful ? wireRevision(last.successful.revision) : undefined,
    triggerConfigurations: [],
    autoRollbackConfiguration: wireAutoRollback(group.autoRollback),
    deploymentStyle: inPlace,
    outdatedInstancesStrategy: group.outdatedInstancesStrategy,
    lastSuccessfulDeployment: last.successful ? wireLastDeployment(last.successful) : undefined,
    lastAttemptedDeployment: last.attempted ? wireLastDeployment(last.attempted) : undefined,
    ec2TagSet: ec2TagSet.length > 0 ? { ec2TagSetList: ec2TagSet.map((list) => list.map(wireTagFilter)) } : undefined,
    onPremisesTagSet:
      onPremisesTagSet.length > 0
        ? { onPremisesTagSetList: onPremisesTagSet.map((list) => list.map(wireTagFilter)) }
        : undefined,
    computePlatform: 'Server',
    terminationHookEnabled: false,
  }
}

function wireTagFilter({ Key, Value, Type }: TagFilter): JsonObject {
  return { Key, Value, Type }
}

function wireAutoRollback({ enabled, events }: AutoRollback): JsonObject {
  return { enabled, events: [...events] }
}

function wireLastDeployment({ deploymentId, status, createTime, completeTime }: Deployment): JsonObject {
  return { deploymentId, status, createTime: seconds(createTime), endTime: secondsIfAny(completeTime) }
}

export function wireRevision({ bucket, key, bundleType, version, eTag }: S3Revision): JsonObject {
  return { revisionType: 'S3', s3Location: { bucket, key, bundleType, version, eTag } }
}

export function wireRevisionInfo(known: RegisteredRevision, deploymentGroups: readonly string[]): JsonObject {
  return {
    description: known.description,
    deploymentGroups: [...deploymentGroups],
    firstUsedTime: secondsIfAny(known.firstUsedTime),
    lastUsedTime: secondsIfAny(known.lastUsedTime),
    registerTime: seconds(known.registerTime),
  }
}

export function wireDeployment(deployment: Deployment): JsonObject {
  const { rollback, targets } = deployment
  const count = (wanted: Target['status']) => targets.filter(({ status }) => status === wanted).length
  return {
    applicationName: deployment.applicationName,
    deploymentGroupName: deployment.deploymentGroupName,
    deploymentConfigName: deployment.deploymentConfigName,
    deploymentId: deployment.deploymentId,
    previousRevision: deployment.previousRevision ? wireRevision(deployment.previousRevision) : undefined,
    revision: wireRevision(deployment.revision),
    status: deployment.status,
    errorInformation: deployment.error ? { ...deployment.error } : undefined,
    createTime: seconds(deployment.createTime),
    startTime: secondsIfAny(deployment.startTime),
    completeTime: secondsIfAny(deployment.completeTime),
    deploymentOverview:
      deployment.startTime === undefined
        ? undefined
        : {
            Pending: count('Pending'),
            InProgress: count('InProgress'),
            Succeeded: count('Succeeded'),
            Failed: count('Failed'),
            Skipped: count('Skipped'),
            Ready: 0,
          },
    description: deployment.description,
    creator: deployment.creator,
    ignoreApplicationStopFailures: deployment.ignoreApplicationStopFailures,
    autoRollbackConfiguration: wireAutoRollback(deployment.autoRollback),
    updateOutdatedInstancesOnly: false,
    rollbackInfo: rollback
      ? {
          rollbackDeploymentId: rollback.deploymentId,
          rollbackTriggeringDeploymentId: rollback.triggeredBy,
          rollbackMessage: rollback.message,
        }
      : undefined,
    deploymentStyle: inPlace,
    instanceTerminationWaitTimeStarted: false,
    fileExistsBehavior: deployment.fileExistsBehavior,
    deploymentStatusMessages: [],
    computePlatform: 'Server',
  }
}

export function wireTarget(deploymentId: string, target: Target, { account, region }: Place): JsonObject {
  return {
    deploymentTargetType: 'InstanceTarget',
    instanceTarget: {
      deploymentId,
      targetId: target.targetId,
      targetArn: `arn:aws:codedeploy:${region}:${account}:instance/${target.targetId}`,
      status: target.status,
      lastUpdatedAt: seconds(target.lastUpdatedAt),
      lifecycleEvents: target.events.map(({ name, status, startTime, endTime, diagnostics }) => ({
        lifecycleEventName: name,
        status,
        startTime: secondsIfAny(startTime),
        endTime: secondsIfAny(endTime),
        diagnostics: diagnostics ? { ...diagnostics } : undefined,
      })),
    },
  }
}
