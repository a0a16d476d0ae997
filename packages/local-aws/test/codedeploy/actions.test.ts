import { Readable } from 'node:stream'
import type { JsonObject } from '@fairlead/core'
import { isDeployError } from '@fairlead/core'
import { describe, expect, test } from 'vitest'
import { createCodeDeploy, type CodeDeployOptions } from '../../src/codedeploy/service.ts'
import { account, gate, region, scripted } from './scripted.ts'

const s3 = { bucket: 'artifacts', key: 'v1.zip', bundleType: 'zip' }
const revision = { revisionType: 'S3', s3Location: s3 }
const shop = { applicationName: 'shop' }
const dev = { ...shop, deploymentGroupName: 'dev' }
const create = { ...dev, revision }
const group = { ...shop, deploymentGroupName: 'new', serviceRoleArn: 'arn:aws:iam::123456789012:role/deploy' }
const config = { deploymentConfigName: 'mine', minimumHealthyHosts: { type: 'HOST_COUNT', value: 1 } }
const unknownId = 'd-ABCDEF123'
const iamUserArn = `arn:aws:iam::${account}:user/AWS/CodeDeploy/web`
const iamSessionArn = `arn:aws:sts::${account}:assumed-role/host/web`
const blueGreen = { deploymentType: 'BLUE_GREEN', deploymentOption: 'WITH_TRAFFIC_CONTROL' }
const loadBalancerInfo = { elbInfoList: [{ name: 'lb' }] }

describe('refusals, each by the name that the SDK knows', () => {
  const rows: readonly (readonly [string, string, JsonObject, string, RegExp?])[] = [
    ['no application name', 'GetApplication', {}, 'ApplicationNameRequiredException'],
    ['an empty application name', 'GetApplication', { applicationName: '' }, 'ApplicationNameRequiredException'],
    [
      'an application name with a slash',
      'CreateApplication',
      { applicationName: 'a/b' },
      'InvalidApplicationNameException',
    ],
    [
      'an application name of 101 characters',
      'CreateApplication',
      { applicationName: 'a'.repeat(101) },
      'InvalidApplicationNameException',
    ],
    [
      'an application that is not there',
      'GetApplication',
      { applicationName: 'nope' },
      'ApplicationDoesNotExistException',
      /No application found for name: nope/,
    ],
    ['an application that is there', 'CreateApplication', shop, 'ApplicationAlreadyExistsException'],
    [
      'an application for Lambda',
      'CreateApplication',
      { applicationName: 'l', computePlatform: 'Lambda' },
      'InvalidComputePlatformException',
    ],
    [
      'a tag without a key',
      'CreateApplication',
      { applicationName: 't', tags: [{ Value: 'b' }] },
      'InvalidTagsToAddException',
    ],
    ['a name that is a number', 'GetApplication', { applicationName: 7 }, 'SerializationException', /applicationName/],
    ['no group name', 'GetDeploymentGroup', shop, 'DeploymentGroupNameRequiredException'],
    [
      'a group that is not there',
      'GetDeploymentGroup',
      { ...shop, deploymentGroupName: 'qa' },
      'DeploymentGroupDoesNotExistException',
      /No Deployment Group found for name: qa/,
    ],
    [
      'a group of an application that is not there',
      'GetDeploymentGroup',
      { ...dev, applicationName: 'nope' },
      'ApplicationDoesNotExistException',
    ],
    [
      'a group that is there',
      'CreateDeploymentGroup',
      { ...group, deploymentGroupName: 'dev' },
      'DeploymentGroupAlreadyExistsException',
    ],
    [
      'a group without a role',
      'CreateDeploymentGroup',
      { ...group, serviceRoleArn: undefined },
      'RoleRequiredException',
    ],
    [
      'a group with an unknown configuration',
      'CreateDeploymentGroup',
      { ...group, deploymentConfigName: 'nope' },
      'DeploymentConfigDoesNotExistException',
    ],
    [
      'a blue/green group without traffic control',
      'CreateDeploymentGroup',
      { ...group, deploymentStyle: { deploymentType: 'BLUE_GREEN' } },
      'InvalidDeploymentStyleException',
    ],
    [
      'a deployment style that nobody knows',
      'CreateDeploymentGroup',
      { ...group, deploymentStyle: { deploymentType: 'RED' } },
      'InvalidDeploymentStyleException',
    ],
    [
      'a blue/green group that does not say how',
      'CreateDeploymentGroup',
      { ...group, deploymentStyle: blueGreen, loadBalancerInfo },
      'InvalidBlueGreenDeploymentConfigurationException',
    ],
    [
      'a wait of three days before termination',
      'CreateDeploymentGroup',
      {
        ...group,
        deploymentStyle: blueGreen,
        loadBalancerInfo,
        blueGreenDeploymentConfiguration: {
          terminateBlueInstancesOnDeploymentSuccess: { terminationWaitTimeInMinutes: 4320 },
        },
      },
      'InvalidBlueGreenDeploymentConfigurationException',
      /2880/,
    ],
    [
      'replacement hosts out of an Auto Scaling group',
      'CreateDeploymentGroup',
      {
        ...group,
        deploymentStyle: blueGreen,
        loadBalancerInfo,
        blueGreenDeploymentConfiguration: { greenFleetProvisioningOption: { action: 'COPY_AUTO_SCALING_GROUP' } },
      },
      'OperationNotSupportedException',
      /COPY_AUTO_SCALING_GROUP/,
    ],
    ['a role that is none', 'CreateDeploymentGroup', { ...group, serviceRoleArn: 'deploy' }, 'InvalidRoleException'],
    [
      'four groups of tags',
      'CreateDeploymentGroup',
      { ...group, ec2TagSet: { ec2TagSetList: Array.from({ length: 4 }, () => [{ Key: 'a', Type: 'KEY_ONLY' }]) } },
      'TagSetListLimitExceededException',
    ],
    [
      'traffic control without a load balancer',
      'CreateDeploymentGroup',
      { ...group, deploymentStyle: { deploymentOption: 'WITH_TRAFFIC_CONTROL' } },
      'InvalidLoadBalancerInfoException',
    ],
    [
      'pairs of target groups, which are for ECS',
      'CreateDeploymentGroup',
      { ...group, loadBalancerInfo: { targetGroupPairInfoList: [{ prodTrafficRoute: { listenerArns: ['a'] } }] } },
      'InvalidLoadBalancerInfoException',
    ],
    [
      'an Auto Scaling group',
      'CreateDeploymentGroup',
      { ...group, autoScalingGroups: ['asg'] },
      'OperationNotSupportedException',
      /autoScalingGroups/,
    ],
    [
      'alarms that are switched on and named by nobody',
      'CreateDeploymentGroup',
      { ...group, alarmConfiguration: { enabled: true } },
      'InvalidAlarmConfigException',
    ],
    [
      'an alarm that is listed twice',
      'CreateDeploymentGroup',
      { ...group, alarmConfiguration: { enabled: true, alarms: [{ name: 'a' }, { name: 'a' }] } },
      'InvalidAlarmConfigException',
    ],
    [
      'eleven alarms',
      'CreateDeploymentGroup',
      {
        ...group,
        alarmConfiguration: { enabled: true, alarms: Array.from({ length: 11 }, (_, i) => ({ name: `${i}` })) },
      },
      'AlarmsLimitExceededException',
    ],
    [
      'triggers',
      'CreateDeploymentGroup',
      { ...group, triggerConfigurations: [{ triggerName: 't' }] },
      'OperationNotSupportedException',
      /triggerConfigurations/,
    ],
    [
      'a filter without a value',
      'CreateDeploymentGroup',
      { ...group, ec2TagFilters: [{ Key: 'a', Type: 'KEY_AND_VALUE' }] },
      'InvalidEC2TagException',
    ],
    [
      'an on-premises filter of an unknown type',
      'CreateDeploymentGroup',
      { ...group, onPremisesInstanceTagFilters: [{ Key: 'a', Type: 'X' }] },
      'InvalidTagException',
    ],
    [
      'filters and a tag set together',
      'CreateDeploymentGroup',
      {
        ...group,
        ec2TagFilters: [{ Key: 'a', Type: 'KEY_ONLY' }],
        ec2TagSet: { ec2TagSetList: [[{ Key: 'a', Type: 'KEY_ONLY' }]] },
      },
      'InvalidEC2TagCombinationException',
    ],
    [
      'a rollback without events',
      'CreateDeploymentGroup',
      { ...group, autoRollbackConfiguration: { enabled: true } },
      'InvalidAutoRollbackConfigException',
    ],
    [
      'a rollback on an unknown event',
      'CreateDeployment',
      { ...create, autoRollbackConfiguration: { enabled: true, events: ['FULL_MOON'] } },
      'InvalidAutoRollbackConfigException',
      /FULL_MOON/,
    ],
    [
      'a group renamed to one that is there',
      'UpdateDeploymentGroup',
      { ...shop, currentDeploymentGroupName: 'dev', newDeploymentGroupName: 'production' },
      'DeploymentGroupAlreadyExistsException',
    ],
    ['no revision', 'CreateDeployment', dev, 'RevisionRequiredException'],
    ['a revision of no type', 'CreateDeployment', { ...dev, revision: { s3Location: s3 } }, 'InvalidRevisionException'],
    [
      'a revision of AppSpec text',
      'CreateDeployment',
      { ...dev, revision: { revisionType: 'AppSpecContent' } },
      'InvalidRevisionException',
    ],
    [
      'a revision in GitHub without a repository',
      'CreateDeployment',
      { ...dev, revision: { revisionType: 'GitHub', gitHubLocation: {} } },
      'InvalidRevisionException',
      /repository/,
    ],
    [
      'a revision in GitHub that is a branch',
      'CreateDeployment',
      { ...dev, revision: { revisionType: 'GitHub', gitHubLocation: { repository: 'a/b', commitId: 'main' } } },
      'InvalidRevisionException',
      /commitId/,
    ],
    [
      'a revision without a key',
      'CreateDeployment',
      { ...dev, revision: { revisionType: 'S3', s3Location: { ...s3, key: undefined } } },
      'InvalidRevisionException',
    ],
    [
      'a bundle that is no archive',
      'CreateDeployment',
      { ...dev, revision: { revisionType: 'S3', s3Location: { ...s3, bundleType: 'YAML' } } },
      'InvalidRevisionException',
      /YAML/,
    ],
    [
      'an object that is not there',
      'CreateDeployment',
      { ...dev, revision: { revisionType: 'S3', s3Location: { ...s3, key: 'v9.zip' } } },
      'RevisionDoesNotExistException',
      /s3:\/\/artifacts\/v9\.zip \(NoSuchKey\)/,
    ],
    [
      'a bucket that is not there',
      'CreateDeployment',
      { ...dev, revision: { revisionType: 'S3', s3Location: { ...s3, bucket: 'b' } } },
      'RevisionDoesNotExistException',
      /NoSuchBucket/,
    ],
    [
      'a version that is not there',
      'CreateDeployment',
      { ...dev, revision: { revisionType: 'S3', s3Location: { ...s3, version: '9' } } },
      'RevisionDoesNotExistException',
      /versionId=9/,
    ],
    [
      'an unknown configuration',
      'CreateDeployment',
      { ...create, deploymentConfigName: 'nope' },
      'DeploymentConfigDoesNotExistException',
    ],
    [
      'a description of 513 characters',
      'CreateDeployment',
      { ...create, description: 'x'.repeat(513) },
      'DescriptionTooLongException',
    ],
    [
      'a file behaviour in small letters',
      'CreateDeployment',
      { ...create, fileExistsBehavior: 'overwrite' },
      'InvalidFileExistsBehaviorException',
    ],
    [
      'a text where true or false belongs',
      'CreateDeployment',
      { ...create, ignoreApplicationStopFailures: 'yes' },
      'InvalidIgnoreApplicationStopFailuresValueException',
    ],
    [
      'a restart with a revision',
      'CreateDeployment',
      { ...create, deploymentMode: 'RESTART' },
      'InvalidInputException',
      /RESTART takes no revision/,
    ],
    [
      'a restart of what was never deployed',
      'CreateDeployment',
      { ...dev, deploymentMode: 'RESTART' },
      'RevisionDoesNotExistException',
    ],
    [
      'a restart of the outdated hosts only',
      'CreateDeployment',
      { ...dev, deploymentMode: 'RESTART', updateOutdatedInstancesOnly: true },
      'InvalidUpdateOutdatedInstancesOnlyValueException',
    ],
    ['a mode that nobody knows', 'CreateDeployment', { ...create, deploymentMode: 'REBOOT' }, 'InvalidInputException'],
    [
      'other alarms, of which none is named',
      'CreateDeployment',
      { ...create, overrideAlarmConfiguration: { enabled: true } },
      'InvalidAlarmConfigException',
    ],
    [
      'only the outdated hosts, as a text',
      'CreateDeployment',
      { ...create, updateOutdatedInstancesOnly: 'true' },
      'InvalidUpdateOutdatedInstancesOnlyValueException',
    ],
    [
      'target instances of a deployment in place',
      'CreateDeployment',
      { ...create, targetInstances: { tagFilters: [{ Key: 'Name', Type: 'KEY_ONLY' }] } },
      'InvalidTargetInstancesException',
    ],
    [
      'a parameter that nobody knows',
      'CreateDeployment',
      { ...create, colour: 'red' },
      'OperationNotSupportedException',
      /colour/,
    ],
    ['no deployment id', 'GetDeployment', {}, 'DeploymentIdRequiredException'],
    ['an id that is none', 'GetDeployment', { deploymentId: '42' }, 'InvalidDeploymentIdException'],
    ['a deployment that is not there', 'GetDeployment', { deploymentId: unknownId }, 'DeploymentDoesNotExistException'],
    [
      'a stop of a deployment that is not there',
      'StopDeployment',
      { deploymentId: unknownId },
      'DeploymentDoesNotExistException',
    ],
    ['no ids', 'BatchGetDeployments', { deploymentIds: [] }, 'DeploymentIdRequiredException'],
    [
      '26 ids',
      'BatchGetDeployments',
      { deploymentIds: Array.from({ length: 26 }, () => unknownId) },
      'BatchLimitExceededException',
    ],
    ['an application without a group', 'ListDeployments', shop, 'DeploymentGroupNameRequiredException'],
    [
      'a group without an application',
      'ListDeployments',
      { deploymentGroupName: 'dev' },
      'ApplicationNameRequiredException',
    ],
    [
      'an unknown status',
      'ListDeployments',
      { includeOnlyStatuses: ['Done'] },
      'InvalidDeploymentStatusException',
      /Done/,
    ],
    [
      'a time range that ends before it begins',
      'ListDeployments',
      { createTimeRange: { start: 2, end: 1 } },
      'InvalidTimeRangeException',
    ],
    ['a token that nobody gave', 'ListDeployments', { nextToken: 'x' }, 'InvalidNextTokenException'],
    [
      'targets of a deployment that is not there',
      'ListDeploymentTargets',
      { deploymentId: unknownId },
      'DeploymentDoesNotExistException',
    ],
    ['no configuration name', 'GetDeploymentConfig', {}, 'DeploymentConfigNameRequiredException'],
    [
      'a configuration that is not there',
      'GetDeploymentConfig',
      { deploymentConfigName: 'nope' },
      'DeploymentConfigDoesNotExistException',
    ],
    [
      'a configuration in the name of AWS',
      'CreateDeploymentConfig',
      { ...config, deploymentConfigName: 'CodeDeployDefault.Mine' },
      'InvalidDeploymentConfigNameException',
    ],
    [
      'a configuration without a minimum',
      'CreateDeploymentConfig',
      { deploymentConfigName: 'mine' },
      'InvalidMinimumHealthyHostValueException',
    ],
    [
      'a minimum of 101 %',
      'CreateDeploymentConfig',
      { ...config, minimumHealthyHosts: { type: 'FLEET_PERCENT', value: 101 } },
      'InvalidMinimumHealthyHostValueException',
    ],
    [
      'a minimum of half a host',
      'CreateDeploymentConfig',
      { ...config, minimumHealthyHosts: { type: 'HOST_COUNT', value: 0.5 } },
      'InvalidMinimumHealthyHostValueException',
    ],
    [
      'a minimum of the type that only AWS sets',
      'CreateDeploymentConfig',
      { ...config, minimumHealthyHosts: { type: 'MOST_CONCURRENCY', value: 1 } },
      'InvalidMinimumHealthyHostValueException',
    ],
    [
      'zones',
      'CreateDeploymentConfig',
      { ...config, zonalConfig: { monitorDurationInSeconds: 1 } },
      'OperationNotSupportedException',
      /zonalConfig/,
    ],
    [
      'the end of a configuration of AWS',
      'DeleteDeploymentConfig',
      { deploymentConfigName: 'CodeDeployDefault.AllAtOnce' },
      'InvalidOperationException',
    ],
    [
      'a revision that nobody registered',
      'GetApplicationRevision',
      { ...shop, revision },
      'RevisionDoesNotExistException',
    ],
    [
      'a key prefix without a bucket',
      'ListApplicationRevisions',
      { ...shop, s3KeyPrefix: 'a' },
      'BucketNameFilterRequiredException',
    ],
    ['an unknown order', 'ListApplicationRevisions', { ...shop, sortBy: 'size' }, 'InvalidSortByException'],
    ['an unknown direction', 'ListApplicationRevisions', { ...shop, sortOrder: 'up' }, 'InvalidSortOrderException'],
    [
      'an unknown filter',
      'ListApplicationRevisions',
      { ...shop, deployed: 'maybe' },
      'InvalidDeployedStateFilterException',
    ],
    ['an action that is not here', 'CreateFleet', {}, 'UnknownOperationException', /CreateFleet/],
    ['no instance name', 'RegisterOnPremisesInstance', {}, 'InstanceNameRequiredException'],
    [
      'an instance name of EC2',
      'RegisterOnPremisesInstance',
      { instanceName: 'i-0123456789abcdef0', iamUserArn },
      'InvalidInstanceNameException',
    ],
    ['an instance of nobody', 'RegisterOnPremisesInstance', { instanceName: 'a' }, 'IamArnRequiredException'],
    [
      'an instance of two',
      'RegisterOnPremisesInstance',
      { instanceName: 'a', iamUserArn, iamSessionArn },
      'MultipleIamArnsProvidedException',
    ],
    [
      'a user that is a role',
      'RegisterOnPremisesInstance',
      { instanceName: 'a', iamUserArn: iamSessionArn },
      'InvalidIamUserArnException',
    ],
    [
      'a session that is a user',
      'RegisterOnPremisesInstance',
      { instanceName: 'a', iamSessionArn: iamUserArn },
      'InvalidIamSessionArnException',
    ],
    [
      'an instance that is not registered',
      'GetOnPremisesInstance',
      { instanceName: 'a' },
      'InstanceNotRegisteredException',
    ],
    [
      'tags of an instance that is not registered',
      'AddTagsToOnPremisesInstances',
      { instanceNames: ['a'], tags: [{ Key: 'a' }] },
      'InstanceNotRegisteredException',
    ],
    [
      'no tags for an instance',
      'AddTagsToOnPremisesInstances',
      { instanceNames: ['a'], tags: [] },
      'TagRequiredException',
    ],
    [
      'a tag of an instance without a key',
      'RemoveTagsFromOnPremisesInstances',
      { instanceNames: ['a'], tags: [{ Value: 'a' }] },
      'InvalidTagException',
    ],
    ['no names of instances', 'BatchGetOnPremisesInstances', { instanceNames: [] }, 'InstanceNameRequiredException'],
    [
      '26 names of instances',
      'BatchGetOnPremisesInstances',
      { instanceNames: Array.from({ length: 26 }, () => 'a') },
      'BatchLimitExceededException',
    ],
    [
      '101 instances to tag',
      'AddTagsToOnPremisesInstances',
      { instanceNames: Array.from({ length: 101 }, () => 'a'), tags: [{ Key: 'a' }] },
      'InstanceLimitExceededException',
    ],
    [
      'an unknown registration status',
      'ListOnPremisesInstances',
      { registrationStatus: 'Lost' },
      'InvalidRegistrationStatusException',
    ],
    [
      'a filter of instances that is none',
      'ListOnPremisesInstances',
      { tagFilters: [{ Type: 'KEY_ONLY' }] },
      'InvalidTagFilterException',
    ],
    [
      'an application in a batch that is not there',
      'BatchGetApplications',
      { applicationNames: ['shop', 'nope'] },
      'ApplicationDoesNotExistException',
    ],
    [
      'an empty batch of applications',
      'BatchGetApplications',
      { applicationNames: [] },
      'ApplicationNameRequiredException',
    ],
    [
      '101 applications',
      'BatchGetApplications',
      { applicationNames: Array.from({ length: 101 }, () => 'shop') },
      'BatchLimitExceededException',
    ],
    [
      'an empty batch of groups',
      'BatchGetDeploymentGroups',
      { ...shop, deploymentGroupNames: [] },
      'DeploymentGroupNameRequiredException',
    ],
    [
      'an empty batch of revisions',
      'BatchGetApplicationRevisions',
      { ...shop, revisions: [] },
      'RevisionRequiredException',
    ],
    ['no ARN', 'ListTagsForResource', {}, 'ResourceArnRequiredException'],
    ['an ARN that is none', 'ListTagsForResource', { ResourceArn: 'shop' }, 'InvalidArnException'],
    [
      'the ARN of an instance',
      'ListTagsForResource',
      { ResourceArn: `arn:aws:codedeploy:${region}:${account}:instance:web-1` },
      'ArnNotSupportedException',
    ],
    [
      'the ARN of an application that is not there',
      'TagResource',
      { ResourceArn: `arn:aws:codedeploy:${region}:${account}:application:nope`, Tags: [{ Key: 'a' }] },
      'ApplicationDoesNotExistException',
    ],
    [
      'no tags for a resource',
      'TagResource',
      { ResourceArn: `arn:aws:codedeploy:${region}:${account}:application:shop`, Tags: [] },
      'TagRequiredException',
    ],
    ['a token without a name', 'DeleteGitHubAccountToken', {}, 'GitHubAccountTokenNameRequiredException'],
    [
      'a token that is not there',
      'DeleteGitHubAccountToken',
      { tokenName: 'x' },
      'GitHubAccountTokenDoesNotExistException',
    ],
    ['an action that every object inherits', 'constructor', {}, 'UnknownOperationException'],
  ]

  for (const [title, action, input, name, message = /./] of rows) {
    test(title, async () => {
      const run = scripted()
      const before = JSON.stringify(await run.call('ListApplications'))
      await expect(run.call(action, input)).rejects.toMatchObject({ name, message: expect.stringMatching(message) })
      expect(run.service.deployments()).toEqual([])
      expect(JSON.stringify(await run.call('ListApplications'))).toBe(before)
    })
  }

  test('what S3 cannot tell is no answer that the revision is missing', async () => {
    const run = scripted(undefined, { fetchRevision: () => Promise.reject(new Error('disk error')) })
    await expect(run.deploy('dev', 'v1.zip')).rejects.toThrow('disk error')
    expect(run.service.deployments()).toEqual([])
  })

  test('looking whether a revision exists leaves no stream open', async () => {
    const opened: Readable[] = []
    const fetchRevision = () => {
      const body = Readable.from(Array.from({ length: 100 }, () => Buffer.alloc(1000)))
      opened.push(body)
      return Promise.resolve({ eTag: undefined, body })
    }
    const run = scripted(undefined, { fetchRevision })
    await run.deploy('dev', 'v1.zip')
    expect(opened.map(({ destroyed }) => destroyed)).toEqual([true])
    await run.service.whenIdle()
  })

  test('targets of a deployment that has not started, and targets of another one', async () => {
    const run = scripted()
    const id = await run.deploy('dev', 'v1.zip')
    await expect(run.call('ListDeploymentTargets', { deploymentId: id })).rejects.toMatchObject({
      name: 'DeploymentNotStartedException',
    })
    await run.service.whenIdle()
    const refused: readonly (readonly [string, JsonObject, string])[] = [
      ['GetDeploymentTarget', { deploymentId: id }, 'DeploymentTargetIdRequiredException'],
      ['GetDeploymentTarget', { deploymentId: id, targetId: 'web-2' }, 'DeploymentTargetDoesNotExistException'],
      ['BatchGetDeploymentTargets', { deploymentId: id, targetIds: [] }, 'DeploymentTargetIdRequiredException'],
      [
        'BatchGetDeploymentTargets',
        { deploymentId: id, targetIds: Array.from({ length: 26 }, () => 'web-1') },
        'DeploymentTargetListSizeExceededException',
      ],
      [
        'ListDeploymentTargets',
        { deploymentId: id, targetFilters: { Size: ['Blue'] } },
        'InvalidTargetFilterNameException',
      ],
      [
        'ListDeploymentTargets',
        { deploymentId: id, targetFilters: { TargetStatus: ['Done'] } },
        'InvalidInstanceStatusException',
      ],
      [
        'ListDeploymentTargets',
        { deploymentId: id, targetFilters: { ServerInstanceLabel: ['Red'] } },
        'InvalidInstanceTypeException',
      ],
      ['GetDeploymentInstance', { deploymentId: id }, 'InstanceIdRequiredException'],
      ['GetDeploymentInstance', { deploymentId: id, instanceId: 'web-2' }, 'InstanceDoesNotExistException'],
      ['BatchGetDeploymentInstances', { deploymentId: id, instanceIds: [] }, 'InstanceIdRequiredException'],
      ['ContinueDeployment', { deploymentId: id }, 'DeploymentAlreadyCompletedException'],
      ['ContinueDeployment', { deploymentId: id, deploymentWaitType: 'TEA' }, 'InvalidDeploymentWaitTypeException'],
      ['SkipWaitTimeForInstanceTermination', { deploymentId: id }, 'DeploymentAlreadyCompletedException'],
      [
        'PutLifecycleEventHookExecutionStatus',
        { deploymentId: id, lifecycleEventHookExecutionId: 'x', status: 'Succeeded' },
        'UnsupportedActionForDeploymentTypeException',
      ],
    ]
    for (const [action, input, name] of refused) await expect(run.call(action, input)).rejects.toMatchObject({ name })
  })

  test('an in-place deployment that runs has nothing to continue', async () => {
    const held = gate()
    const run = scripted(() => held.opened)
    const id = await run.deploy('dev', 'v1.zip')
    await expect(run.call('ContinueDeployment', { deploymentId: id })).rejects.toMatchObject({
      name: 'UnsupportedActionForDeploymentTypeException',
    })
    held.open()
    await run.service.whenIdle()
  })
})

describe('what passes', () => {
  test('parameters that mean the default, and null for none', async () => {
    const run = scripted()
    const id = await run.deploy('dev', 'v1.zip', {
      deploymentMode: 'STANDARD',
      updateOutdatedInstancesOnly: false,
      targetInstances: {},
      overrideAlarmConfiguration: null,
      description: null,
      deploymentConfigName: null,
    })
    await run.service.whenIdle()
    expect(await run.info(id)).toMatchObject({ status: 'Succeeded' })
  })

  test('an empty version and an empty eTag are none', async () => {
    const run = scripted()
    const pinned = { revisionType: 'S3', s3Location: { ...s3, version: '', eTag: '' } }
    const id = await run.deploy('dev', 'v1.zip', { revision: pinned })
    await run.service.whenIdle()
    expect(await run.info(id)).toMatchObject({ status: 'Succeeded', revision })
    expect((await run.info(id))['revision']).toEqual(revision)
  })

  test('a description of 512 characters, and the empty one', async () => {
    const run = scripted()
    for (const description of ['x'.repeat(512), '']) {
      const id = await run.deploy('dev', 'v1.zip', { description })
      await run.service.whenIdle()
      expect(await run.info(id)).toMatchObject({ description })
    }
  })
})

describe('applications and groups', () => {
  test('what startLocalAws was given is there', async () => {
    const run = scripted()
    expect(await run.call('ListApplications')).toEqual({ applications: ['shop'] })
    expect(await run.call('GetApplication', shop)).toMatchObject({
      application: { applicationName: 'shop', computePlatform: 'Server', linkedToGitHub: false },
    })
    expect(await run.call('ListDeploymentGroups', shop)).toMatchObject({
      deploymentGroups: ['dev', 'production', 'plain'],
    })
    expect(await run.call('GetDeploymentGroup', { ...shop, deploymentGroupName: 'plain' })).toMatchObject({
      deploymentGroupInfo: {
        deploymentConfigName: 'CodeDeployDefault.AllAtOnce',
        autoRollbackConfiguration: { enabled: false, events: [] },
        deploymentStyle: { deploymentType: 'IN_PLACE', deploymentOption: 'WITHOUT_TRAFFIC_CONTROL' },
        serviceRoleArn: 'arn:aws:iam::123456789012:role/CodeDeployServiceRole',
      },
    })
  })

  test('an application and a group that the API makes are deployed to, by tags', async () => {
    const run = scripted(undefined, {
      hosts: ['a', 'b'].map((name) => ({ name, folder: `/hosts/${name}`, tags: { role: `${name}-role` } })),
      applications: [],
    })
    const made = await run.call('CreateApplication', shop)
    expect(made['applicationId']).toMatch(/^[0-9a-f-]{36}$/)
    await run.call('CreateDeploymentGroup', {
      ...group,
      ec2TagFilters: [{ Key: 'role', Value: 'b-role', Type: 'KEY_AND_VALUE' }],
    })
    const id = await run.deploy('new', 'v1.zip')
    await run.service.whenIdle()
    expect(await run.call('ListDeploymentTargets', { deploymentId: id })).toEqual({ targetIds: ['b'] })
  })

  test('a group tells its last attempt and its last success', async () => {
    const run = scripted(({ key }) => (key === 'v2.zip' ? { status: 'Failed', code: 'ScriptFailed' } : undefined))
    const good = await run.deploy('dev', 'v1.zip', { autoRollbackConfiguration: { enabled: false } })
    await run.service.whenIdle()
    const bad = await run.deploy('dev', 'v2.zip', { autoRollbackConfiguration: { enabled: false } })
    await run.service.whenIdle()
    expect(await run.call('GetDeploymentGroup', dev)).toMatchObject({
      deploymentGroupInfo: {
        targetRevision: revision,
        lastSuccessfulDeployment: { deploymentId: good, status: 'Succeeded' },
        lastAttemptedDeployment: { deploymentId: bad, status: 'Failed' },
      },
    })
  })

  test('an update changes what is given and keeps the rest and the history', async () => {
    const run = scripted()
    const id = await run.deploy('dev', 'v1.zip')
    await run.service.whenIdle()
    await run.call('UpdateDeploymentGroup', {
      ...shop,
      currentDeploymentGroupName: 'dev',
      newDeploymentGroupName: 'qa',
      deploymentConfigName: 'CodeDeployDefault.AllAtOnce',
    })
    const qa = { ...shop, deploymentGroupName: 'qa' }
    expect(await run.call('GetDeploymentGroup', qa)).toMatchObject({
      deploymentGroupInfo: {
        deploymentConfigName: 'CodeDeployDefault.AllAtOnce',
        autoRollbackConfiguration: { enabled: true, events: ['DEPLOYMENT_FAILURE'] },
      },
    })
    expect(await run.call('ListDeployments', qa)).toEqual({ deployments: [id] })
    const again = await run.deploy('qa', 'v1.zip')
    await run.service.whenIdle()
    expect(await run.call('ListDeploymentTargets', { deploymentId: again })).toEqual({ targetIds: ['web-1'] })
  })

  test('a deleted application takes its groups with it and leaves the history', async () => {
    const run = scripted()
    const id = await run.deploy('dev', 'v1.zip')
    await run.service.whenIdle()
    await run.call('DeleteApplication', shop)
    await run.call('DeleteApplication', shop)
    await run.call('CreateApplication', shop)
    expect(await run.call('ListDeploymentGroups', shop)).toMatchObject({ deploymentGroups: [] })
    expect(await run.info(id)).toMatchObject({ status: 'Succeeded' })
  })

  test('configurations: the three of AWS, one of our own, and one in use that stays', async () => {
    const run = scripted()
    await run.call('CreateDeploymentConfig', config)
    await expect(run.call('CreateDeploymentConfig', config)).rejects.toMatchObject({
      name: 'DeploymentConfigAlreadyExistsException',
    })
    expect(await run.call('ListDeploymentConfigs')).toEqual({
      deploymentConfigsList: [
        'CodeDeployDefault.OneAtATime',
        'CodeDeployDefault.HalfAtATime',
        'CodeDeployDefault.AllAtOnce',
        'mine',
      ],
    })
    expect(
      await run.call('GetDeploymentConfig', { deploymentConfigName: 'CodeDeployDefault.OneAtATime' }),
    ).toMatchObject({
      deploymentConfigInfo: { minimumHealthyHosts: { type: 'MOST_CONCURRENCY', value: 1 } },
    })
    await run.call('CreateDeploymentGroup', { ...group, deploymentConfigName: 'mine' })
    const mine = { deploymentConfigName: 'mine' }
    await expect(run.call('DeleteDeploymentConfig', mine)).rejects.toMatchObject({
      name: 'DeploymentConfigInUseException',
    })
    await run.call('DeleteDeploymentGroup', { ...shop, deploymentGroupName: 'new' })
    await run.call('DeleteDeploymentConfig', mine)
    await expect(run.call('GetDeploymentConfig', mine)).rejects.toMatchObject({
      name: 'DeploymentConfigDoesNotExistException',
    })
  })
})

describe('revisions', () => {
  test('registered, then deployed: known once, with its times and the group that runs it', async () => {
    const run = scripted()
    await run.call('RegisterApplicationRevision', { ...shop, revision, description: 'built by 7' })
    const fresh = await run.call('GetApplicationRevision', { ...shop, revision })
    expect(fresh).toMatchObject({ revisionInfo: { description: 'built by 7', deploymentGroups: [] } })
    expect(fresh).not.toHaveProperty('revisionInfo.firstUsedTime', expect.anything())
    await run.deploy('dev', 'v1.zip')
    await run.service.whenIdle()
    const used = await run.call('GetApplicationRevision', { ...shop, revision })
    expect(used).toMatchObject({
      revision,
      revisionInfo: { description: 'built by 7', deploymentGroups: ['dev'], firstUsedTime: expect.any(Number) },
    })
  })

  test('the first use stays the first, the last is the last', async () => {
    let now = 1_700_000_000_000
    const clock = { now: () => (now += 1000), monotonic: () => 0, sleep: () => Promise.resolve() }
    const run = scripted(undefined, { clock })
    const times: { firstUsedTime: number; lastUsedTime: number }[] = []
    for (let deployment = 0; deployment < 2; deployment++) {
      await run.deploy('dev', 'v1.zip')
      await run.service.whenIdle()
      const { revisionInfo } = await run.call('GetApplicationRevision', { ...shop, revision })
      times.push(revisionInfo as (typeof times)[number])
    }
    const [before, after] = times
    expect(before?.lastUsedTime).toBe(before?.firstUsedTime)
    expect(after?.firstUsedTime).toBe(before?.firstUsedTime)
    expect(after?.lastUsedTime).toBeGreaterThan(before?.lastUsedTime ?? Infinity)
  })

  test('lists are filtered and sorted', async () => {
    let now = 1_700_000_000_000
    const clock = { now: () => (now += 1000), monotonic: () => 0, sleep: () => Promise.resolve() }
    const run = scripted(undefined, { clock })
    for (const [bucket, key] of [
      ['other', 'c.zip'],
      ['artifacts', 'v2.zip'],
      ['artifacts', 'w.zip'],
    ]) {
      const s3Location = { ...s3, bucket, key }
      await run.call('RegisterApplicationRevision', { ...shop, revision: { revisionType: 'S3', s3Location } })
    }
    await run.deploy('dev', 'v2.zip')
    await run.service.whenIdle()
    const keys = async (input: JsonObject) => {
      const { revisions } = await run.call('ListApplicationRevisions', { ...shop, ...input })
      return (revisions as { s3Location: { key: string } }[]).map(({ s3Location }) => s3Location.key)
    }
    expect(await keys({ sortBy: 'registerTime', sortOrder: 'descending' })).toEqual(['w.zip', 'v2.zip', 'c.zip'])
    expect(await keys({ s3Bucket: 'artifacts', s3KeyPrefix: 'v' })).toEqual(['v2.zip'])
    expect(await keys({ deployed: 'include' })).toEqual(['v2.zip'])
    expect(await keys({ deployed: 'exclude' })).toEqual(['c.zip', 'w.zip'])
  })
})

describe('lists of deployments', () => {
  test('newest first, by group, status and time, and paged without gap or repetition', async () => {
    let now = 1_700_000_000_000
    const clock = { now: () => (now += 1000), monotonic: () => 0, sleep: () => Promise.resolve() }
    const run = scripted(({ key }) => (key === 'v2.zip' ? { status: 'Failed', code: 'ScriptFailed' } : undefined), {
      clock,
    })
    const ids: string[] = []
    const off = { autoRollbackConfiguration: { enabled: false } }
    for (let index = 0; index < 103; index++) {
      ids.unshift(await run.deploy(index < 2 ? 'plain' : 'dev', index === 50 ? 'v2.zip' : 'v1.zip', off))
      await run.service.whenIdle()
    }
    const first = await run.call('ListDeployments')
    expect(first['deployments']).toEqual(ids.slice(0, 100))
    const second = await run.call('ListDeployments', { nextToken: first['nextToken'] })
    expect(second).toEqual({ deployments: ids.slice(100) })
    expect(await run.call('ListDeployments', { ...shop, deploymentGroupName: 'plain' })).toEqual({
      deployments: ids.slice(-2),
    })
    expect(await run.call('ListDeployments', { includeOnlyStatuses: ['Failed', 'Stopped'] })).toEqual({
      deployments: [ids[52]],
    })
    const { createTime } = (await run.info(ids[3] ?? '')) as { createTime: number }
    const range = (createTimeRange: JsonObject) => run.call('ListDeployments', { createTimeRange })
    expect(await range({ start: createTime })).toEqual({ deployments: ids.slice(0, 4) })
    expect(await range({ start: createTime, end: createTime })).toEqual({ deployments: [ids[3]] })
    const batch = await run.call('BatchGetDeployments', { deploymentIds: [ids[1] ?? '', unknownId, ids[0] ?? ''] })
    expect(batch).toMatchObject({ deploymentsInfo: [{ deploymentId: ids[1] }, { deploymentId: ids[0] }] })
    expect(batch['deploymentsInfo']).toHaveLength(2)
  })

  test('targets by status, and with the ARN of the host', async () => {
    const run = scripted(({ host }) => (host === 'web-1' ? { status: 'Failed', code: 'ScriptFailed' } : undefined))
    const id = await run.deploy('plain', 'v1.zip')
    await run.service.whenIdle()
    const list = (statuses: string[]) =>
      run.call('ListDeploymentTargets', { deploymentId: id, targetFilters: { TargetStatus: statuses } })
    expect(await list(['Failed'])).toEqual({ targetIds: ['web-1'] })
    expect(await list(['Succeeded', 'Pending'])).toEqual({ targetIds: ['web-2', 'web-3'] })
    expect(await run.call('GetDeploymentTarget', { deploymentId: id, targetId: 'web-2' })).toMatchObject({
      deploymentTarget: {
        deploymentTargetType: 'InstanceTarget',
        instanceTarget: { targetArn: `arn:aws:codedeploy:${region}:${account}:instance/web-2`, status: 'Succeeded' },
      },
    })
  })
})

describe('options that make no sense are refused before anything starts', () => {
  const host = { name: 'web-1', folder: '/hosts/web-1' }
  const application = { name: 'shop', groups: [{ name: 'dev', hosts: ['web-1'] }] }
  const rows: readonly (readonly [string, Partial<CodeDeployOptions>, string])[] = [
    ['a host name with a space', { hosts: [{ ...host, name: 'web 1' }] }, 'hosts[0].name'],
    ['a host without a name', { hosts: [{ folder: '/hosts/web-1' } as never] }, 'hosts[0].name'],
    [
      'a group without hosts',
      { applications: [{ name: 'shop', groups: [{ name: 'dev' } as never] }] },
      'applications[0].groups[0].hosts',
    ],
    ['an application without groups', { applications: [{ name: 'shop' } as never] }, 'applications[0].groups'],
    ['two hosts of one name', { hosts: [host, { ...host, folder: '/other' }] }, 'hosts[0].name'],
    ['a relative folder', { hosts: [{ ...host, folder: 'web-1' }] }, 'hosts[0].folder'],
    ['two applications of one name', { applications: [application, application] }, 'applications[0].name'],
    [
      'a group with a host that is not there',
      { applications: [{ name: 'shop', groups: [{ name: 'dev', hosts: ['web-9'] }] }] },
      'applications[0].groups[0].hosts[0]',
    ],
    [
      'a configuration that AWS does not have',
      { applications: [{ name: 'shop', groups: [{ name: 'dev', hosts: [], deploymentConfig: 'Fast' }] }] },
      'applications[0].groups[0].deploymentConfig',
    ],
    [
      'an unknown reason to roll back',
      { applications: [{ name: 'shop', groups: [{ name: 'dev', hosts: [], autoRollback: ['moon' as 'alarm'] }] }] },
      'applications[0].groups[0].autoRollback',
    ],
  ]

  function refusalOf(options: Partial<CodeDeployOptions>): unknown {
    try {
      createCodeDeploy({
        account,
        region,
        hosts: [host],
        applications: [application],
        fetchRevision: () => Promise.reject(new Error('not asked')),
        runLifecycleEvent: () => Promise.reject(new Error('not asked')),
        ...options,
      })
    } catch (error) {
      return error
    }
    throw new Error('it was not refused')
  }

  test.each(rows)('%s', (_name, options, option) => {
    const refusal = refusalOf(options)
    expect(isDeployError(refusal)).toBe(true)
    expect(refusal).toMatchObject({ code: 'INVALID_OPTION', context: { option } })
  })

  test('a misspelt key, with the one that was meant', () => {
    expect(refusalOf({ hosts: [{ ...host, foldr: '/x' } as never] })).toMatchObject({
      code: 'UNKNOWN_OPTION',
      context: { verb: 'startLocalAws hosts[0]', option: 'foldr', nearest: 'folder' },
    })
    const groups = [{ name: 'dev', hosts: ['web-1'], rollback: [] } as never]
    expect(refusalOf({ applications: [{ name: 'shop', groups }] })).toMatchObject({ code: 'UNKNOWN_OPTION' })
  })
})
