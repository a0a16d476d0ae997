/** What the service knows, in the shapes of the API's answers. Times are seconds since 1970, with milliseconds. */
import type { JsonObject } from '@fairlead/core'
import { hostArn } from './arns.ts'
import type {
  Alarms,
  Application,
  AutoRollback,
  Deployment,
  DeploymentConfig,
  DeploymentGroup,
  DeploymentStyle,
  OnPremisesInstance,
  RegisteredRevision,
  Revision,
  TagFilter,
  Target,
  TargetEvent,
} from './model.ts'

/** Where a host's ARN says that it is. */
export interface Place {
  readonly account: string
  readonly region: string
}

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
    deploymentStyle: wireStyle(group.style),
    ...wireRouting(group),
    alarmConfiguration: group.alarms ? wireAlarms(group.alarms) : undefined,
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

function wireStyle({ type, option }: DeploymentStyle): JsonObject {
  return { deploymentType: type, deploymentOption: option }
}

function wireRouting({ loadBalancers, blueGreen }: Pick<DeploymentGroup, 'loadBalancers' | 'blueGreen'>): JsonObject {
  const named = (names: readonly string[]) => (names.length > 0 ? names.map((name) => ({ name })) : undefined)
  return {
    loadBalancerInfo: loadBalancers && {
      elbInfoList: named(loadBalancers.elbs),
      targetGroupInfoList: named(loadBalancers.targetGroups),
    },
    blueGreenDeploymentConfiguration: blueGreen && {
      terminateBlueInstancesOnDeploymentSuccess: {
        action: blueGreen.originals,
        terminationWaitTimeInMinutes: blueGreen.terminationWaitMinutes,
      },
      deploymentReadyOption: { actionOnTimeout: blueGreen.whenReady, waitTimeInMinutes: blueGreen.readyWaitMinutes },
      greenFleetProvisioningOption: { action: 'DISCOVER_EXISTING' },
    },
  }
}

function wireAlarms({ enabled, ignorePollAlarmFailure, names }: Alarms): JsonObject {
  return { enabled, ignorePollAlarmFailure, alarms: names.map((name) => ({ name })) }
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

export function wireRevision(revision: Revision): JsonObject {
  if (revision.type === 'GitHub') {
    const { repository, commitId } = revision
    return { revisionType: 'GitHub', gitHubLocation: { repository, commitId } }
  }
  const { bucket, key, bundleType, version, eTag } = revision
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
  const { rollback, targets, targetInstances } = deployment
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
            Ready: count('Ready'),
          },
    description: deployment.description,
    creator: deployment.creator,
    ignoreApplicationStopFailures: deployment.ignoreApplicationStopFailures,
    autoRollbackConfiguration: wireAutoRollback(deployment.autoRollback),
    updateOutdatedInstancesOnly: deployment.updateOutdatedInstancesOnly,
    rollbackInfo: rollback
      ? {
          rollbackDeploymentId: rollback.deploymentId,
          rollbackTriggeringDeploymentId: rollback.triggeredBy,
          rollbackMessage: rollback.message,
        }
      : undefined,
    deploymentStyle: wireStyle(deployment.style),
    targetInstances: targetInstances && {
      tagFilters: targetInstances.tagFilters.map(wireTagFilter),
      ec2TagSet:
        targetInstances.tagSet.length > 0
          ? { ec2TagSetList: targetInstances.tagSet.map((list) => list.map(wireTagFilter)) }
          : undefined,
    },
    instanceTerminationWaitTimeStarted: deployment.terminationWaitStarted,
    ...wireRouting(deployment),
    fileExistsBehavior: deployment.fileExistsBehavior,
    // Absent for STANDARD, as in AWS.
    deploymentMode: deployment.restartOf === undefined ? undefined : 'RESTART',
    overrideAlarmConfiguration:
      deployment.alarmsAreOverridden && deployment.alarms ? wireAlarms(deployment.alarms) : undefined,
    deploymentStatusMessages: [],
    computePlatform: 'Server',
  }
}

export function wireTarget(deploymentId: string, target: Target, place: Place): JsonObject {
  return {
    deploymentTargetType: 'InstanceTarget',
    instanceTarget: {
      deploymentId,
      targetId: target.targetId,
      targetArn: hostArn(place, target.targetId),
      status: target.status,
      lastUpdatedAt: seconds(target.lastUpdatedAt),
      lifecycleEvents: target.events.map(wireLifecycleEvent),
      instanceLabel: target.label,
    },
  }
}

/** What a target was called before. */
export function wireInstanceSummary(deploymentId: string, target: Target, place: Place): JsonObject {
  return {
    deploymentId,
    instanceId: hostArn(place, target.targetId),
    status: target.status,
    lastUpdatedAt: seconds(target.lastUpdatedAt),
    lifecycleEvents: target.events.map(wireLifecycleEvent),
    instanceType: target.label,
  }
}

function wireLifecycleEvent({ name, status, startTime, endTime, diagnostics }: TargetEvent): JsonObject {
  return {
    lifecycleEventName: name,
    status,
    startTime: secondsIfAny(startTime),
    endTime: secondsIfAny(endTime),
    diagnostics: diagnostics ? { ...diagnostics } : undefined,
  }
}

export function wireInstance(instance: OnPremisesInstance): JsonObject {
  const { name, arn, identityArn, registerTime, deregisterTime, tags } = instance
  return {
    instanceName: name,
    ...(identityArn.includes(':sts:') ? { iamSessionArn: identityArn } : { iamUserArn: identityArn }),
    instanceArn: arn,
    registerTime: seconds(registerTime),
    deregisterTime: secondsIfAny(deregisterTime),
    tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
  }
}
